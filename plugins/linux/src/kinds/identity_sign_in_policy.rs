//! `identity.sign_in_policy` of a Linux host: sshd, PAM, login.defs, shell time-out. It tells what is in force, not what
//! a file wishes.

pub(crate) mod pam;
pub(crate) mod sshd;

use std::collections::BTreeMap;

use exhibit_plugin::{
    Entry, Job, Observation,
    kinds::identity_sign_in_policy::{KIND, Lockout, Mfa, PasswordRules, Session, SignInPolicy},
};

use crate::look::Look;

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "sshd -T",
        "/etc/ssh/sshd_config and what it includes",
        "/etc/pam.d/*",
        "/etc/security/pwquality.conf, pwquality.conf.d/*, faillock.conf, pwhistory.conf",
        "/etc/login.defs",
        "/etc/profile, /etc/profile.d/*.sh, /etc/bash.bashrc, /etc/environment",
    ],
    needs: &[
        "root: sshd -T wants to read its host keys; without it the files are read, which gives the same settings",
        "CAP_DAC_READ_SEARCH: drop-ins of sshd that only root may read",
    ],
    observe,
};

/// Keys of login.defs that bear on passwords and sign-in.
const LOGIN_DEFS: [&str; 16] = [
    "CREATE_HOME",
    "ENCRYPT_METHOD",
    "FAILLOG_ENAB",
    "FAIL_DELAY",
    "HOME_MODE",
    "LASTLOG_ENAB",
    "LOGIN_RETRIES",
    "LOGIN_TIMEOUT",
    "PASS_MAX_DAYS",
    "PASS_MIN_DAYS",
    "PASS_WARN_AGE",
    "SHA_CRYPT_MIN_ROUNDS",
    "SU_WHEEL_ONLY",
    "UID_MIN",
    "UMASK",
    "YESCRYPT_COST_FACTOR",
];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let login_defs = login_defs(&mut look);
    let ssh = sshd::observe(&mut look);
    let pam = pam::observe(&mut look);
    let (mut password_rules, lockout, mfa) = match &pam {
        Some(lines) => (
            pam::password_rules(&mut look, lines),
            pam::lockout(&mut look, lines),
            pam::mfa(lines, &ssh.settings),
        ),
        None => (PasswordRules::default(), Lockout::default(), Mfa::default()),
    };
    let days = |key: &str| login_defs.get(key).and_then(|value| value.parse::<u32>().ok());
    password_rules.max_age_days = days("PASS_MAX_DAYS").filter(|days| *days < 99_999);
    password_rules.min_age_days = days("PASS_MIN_DAYS").filter(|days| *days > 0);
    if password_rules.hash_scheme.is_none() {
        // pam_unix takes the method of login.defs when it has no argument of its own.
        password_rules.hash_scheme =
            login_defs.get("ENCRYPT_METHOD").and_then(|method| scheme(method));
    }
    let mut session = idle_timeout(&mut look);
    session.umask = login_defs.get("UMASK").cloned();
    session.notice_before_sign_in =
        ssh.settings.get("banner").map(|banner| banner != "none" && !banner.is_empty());
    let pam = pam.map(|lines| lines.into_iter().map(pam::without_secrets).collect::<Vec<_>>());
    let rows = pam.as_ref().map_or(0, Vec::len) + ssh.settings.len();
    let body =
        SignInPolicy { password_rules, lockout, mfa, session, ssh: Some(ssh), pam, login_defs };
    look.seen.document(body, rows);
    look.done()
}

fn scheme(method: &str) -> Option<String> {
    let scheme = match method.to_ascii_uppercase().as_str() {
        "YESCRYPT" => "yescrypt",
        "BCRYPT" => "bcrypt",
        "SHA512" => "sha512crypt",
        "SHA256" => "sha256crypt",
        "MD5" => "md5crypt",
        "DES" => "descrypt",
        _ => return None,
    };
    Some(scheme.to_owned())
}

fn login_defs(look: &mut Look<'_>) -> BTreeMap<String, String> {
    let text = look.text("/etc/login.defs").here().unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let line = line.split('#').next().unwrap_or_default().trim();
            let (key, value) = line.split_once(char::is_whitespace)?;
            LOGIN_DEFS
                .contains(&key)
                .then(|| (key.to_owned(), value.trim().trim_matches('"').to_owned()))
        })
        .collect()
}

/// The last `TMOUT` that a login shell meets; one made read-only stays.
fn idle_timeout(look: &mut Look<'_>) -> Session {
    let names = look.names("/etc/profile.d").here().unwrap_or_default();
    let drop_ins = names.iter().filter(|name| name.ends_with(".sh"));
    let drop_ins = drop_ins.map(|name| format!("/etc/profile.d/{name}"));
    let files: Vec<String> = ["/etc/environment", "/etc/profile"]
        .map(str::to_owned)
        .into_iter()
        .chain(drop_ins)
        .chain(["/etc/bash.bashrc".to_owned()])
        .collect();
    let mut session = Session::default();
    for path in files {
        let Some(text) = look.text(&path).here() else { continue };
        for statement in text.lines().flat_map(|line| line.split(';')) {
            let Some((seconds, fixed)) = tmout(statement) else { continue };
            if let Some(seconds) = seconds
                && session.idle_timeout_fixed != Some(true)
            {
                session.idle_timeout_seconds = Some(seconds).filter(|seconds| *seconds > 0);
                session.idle_timeout_source = Some(path.clone());
                session.idle_timeout_fixed = Some(false);
            }
            if fixed && session.idle_timeout_fixed.is_some() {
                session.idle_timeout_fixed = Some(true);
            }
        }
    }
    session
}

/// What one statement of a shell says about `TMOUT`: its value, and whether it becomes read-only.
fn tmout(statement: &str) -> Option<(Option<u32>, bool)> {
    let statement = statement.split('#').next().unwrap_or_default().trim();
    let mut words = statement.split_whitespace().peekable();
    let mut fixed = false;
    while let Some(word) = words.peek() {
        match *word {
            "readonly" => fixed = true,
            "export" | "declare" | "typeset" => {}
            flags if flags.starts_with('-') => fixed |= flags.contains('r'),
            _ => break,
        }
        words.next();
    }
    words.find_map(|word| match word.split_once('=') {
        Some(("TMOUT", value)) => Some((value.trim_matches(['"', '\'']).parse().ok(), fixed)),
        None if word == "TMOUT" => Some((None, fixed)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn a_planted_policy_is_told_as_it_is_in_force() {
        let root = planted(&[
            (
                "/etc/login.defs",
                "# PASS_MAX_DAYS 1\nPASS_MAX_DAYS\t365\nUMASK 027\nENCRYPT_METHOD SHA512\nMAIL_DIR /x\n",
            ),
            ("/etc/pam.d/common-auth", "auth required pam_unix.so\n"),
            ("/etc/pam.d/common-password", "password required pam_unix.so obscure\n"),
            ("/etc/profile.d/tmout.sh", "TMOUT=900; readonly TMOUT; export TMOUT\n"),
            ("/etc/bash.bashrc", "TMOUT=0 # never mind\n"),
            ("/usr/sbin/sshd", ""),
            ("/etc/ssh/sshd_config", "Banner /etc/issue.net\n"),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        assert_eq!(body["password_rules"]["hash_scheme"], "sha512crypt");
        assert_eq!(body["password_rules"]["max_age_days"], 365);
        assert_eq!(body["password_rules"]["enforced_by"], "pam_unix");
        assert_eq!(body["password_rules"]["empty_allowed"], false);
        assert_eq!(body["session"]["idle_timeout_seconds"], 900);
        assert_eq!(body["session"]["idle_timeout_fixed"], true);
        assert_eq!(body["session"]["notice_before_sign_in"], true);
        assert_eq!(body["login_defs"]["UMASK"], "027");
        assert!(body["login_defs"].get("MAIL_DIR").is_none());
    }

    #[test]
    fn a_host_without_pam_and_sshd_claims_nothing() {
        let body = body(KIND, &observe(&job(planted(&[]).path())));
        assert_eq!(body["pam"], serde_json::Value::Null);
        assert_eq!(body["password_rules"]["enforced"], serde_json::Value::Null);
        assert_eq!(body["ssh"]["installed"], false);
        assert_eq!(body["session"]["idle_timeout_seconds"], serde_json::Value::Null);
    }

    #[test]
    fn time_outs_are_found_in_every_spelling() {
        assert_eq!(tmout("export TMOUT=600"), Some((Some(600), false)));
        assert_eq!(tmout("declare -xr TMOUT=\"600\""), Some((Some(600), true)));
        assert_eq!(tmout("readonly TMOUT"), Some((None, true)));
        assert_eq!(tmout("# TMOUT=600"), None);
        assert_eq!(tmout("if [ -n x ]"), None);
    }

    #[test]
    fn this_machine_is_described_twice_in_the_same_words() {
        assert_eq!(body(KIND, &observe(&job("/"))), body(KIND, &observe(&job("/"))));
    }
}
