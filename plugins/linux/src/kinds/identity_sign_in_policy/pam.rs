//! Reads PAM stacks (pam.d(5)) and tells which checks they really contain. A file no module reads enforces nothing.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::identity_sign_in_policy::{Lockout, Mfa, PamLine, PasswordRules};

use crate::look::{Found, Look};

/// Stacks that bear on sign-in: Debian's common files, those of other distributions, and the ways in.
const STACKS: [&str; 12] = [
    "common-auth",
    "common-account",
    "common-password",
    "common-session",
    "system-auth",
    "password-auth",
    "login",
    "sshd",
    "su",
    "sudo",
    "passwd",
    "other",
];

const QUALITY: [&str; 3] = ["pam_pwquality", "pam_cracklib", "pam_passwdqc"];
const SECOND_FACTORS: [&str; 7] = [
    "pam_google_authenticator",
    "pam_oath",
    "pam_u2f",
    "pam_duo",
    "pam_yubico",
    "pam_otpw",
    "pam_linotp",
];

/// Every line of the stacks; none when the host has no PAM, or a stack is not readable.
pub(super) fn observe(look: &mut Look<'_>) -> Option<Vec<PamLine>> {
    if !look.host.exists("/etc/pam.d") {
        return None;
    }
    let mut lines = Vec::new();
    for stack in STACKS {
        match look.text(&format!("/etc/pam.d/{stack}")) {
            Found::Here(text) => lines.extend(parse(stack, &text)),
            Found::Missing => {}
            Found::Unreadable => return None,
        }
    }
    Some(lines)
}

pub(crate) fn parse(stack: &str, text: &str) -> Vec<PamLine> {
    let text = text.replace("\\\n", " ");
    text.lines().filter_map(|line| pam_line(stack, line)).collect()
}

fn pam_line(stack: &str, line: &str) -> Option<PamLine> {
    let line = line.split('#').next().unwrap_or_default().trim();
    if let Some(other) = line.strip_prefix("@include") {
        return Some(PamLine {
            stack: stack.to_owned(),
            kind: "include".to_owned(),
            control: "include".to_owned(),
            module: other.trim().to_owned(),
            arguments: Vec::new(),
        });
    }
    let (kind, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (control, rest) = if rest.starts_with('[') {
        let (control, rest) = rest.split_once(']')?;
        (format!("{control}]"), rest)
    } else {
        let (control, rest) = rest.split_once(char::is_whitespace)?;
        (control.to_owned(), rest)
    };
    let mut words = rest.split_whitespace();
    let module = words.next()?.rsplit('/').next().unwrap_or_default();
    Some(PamLine {
        stack: stack.to_owned(),
        kind: kind.trim_start_matches('-').to_ascii_lowercase(),
        control,
        module: module.trim_end_matches(".so").to_owned(),
        arguments: words.map(str::to_owned).collect(),
    })
}

/// The line as it may be shown: modules of directories and second factors take their own password as an argument.
pub(super) fn without_secrets(mut line: PamLine) -> PamLine {
    const NAMES: [&str; 7] = ["pass", "pw", "secret", "key", "token", "cred", "psk"];
    for argument in &mut line.arguments {
        let Some((name, value)) = argument.split_once('=') else { continue };
        let lower = name.to_ascii_lowercase();
        let harmless = value.starts_with('/') || value.bytes().all(|byte| byte.is_ascii_digit());
        if NAMES.iter().any(|part| lower.contains(part)) && !harmless {
            *argument = format!("{name}=…");
        }
    }
    line
}

fn lines_of<'a>(lines: &'a [PamLine], kind: &str, modules: &[&str]) -> Vec<&'a PamLine> {
    lines
        .iter()
        .filter(|line| line.kind == kind && modules.contains(&line.module.as_str()))
        .collect()
}

/// Settings of a module: its file first, then its arguments, which win.
fn settings(files: &str, line: &PamLine) -> BTreeMap<String, String> {
    let from_files = files.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    from_files
        .chain(line.arguments.iter().map(String::as_str))
        .filter(|text| !text.is_empty())
        .map(|text| match text.split_once('=') {
            Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
            None => (text.to_owned(), String::new()),
        })
        .collect()
}

fn number<T: std::str::FromStr>(settings: &BTreeMap<String, String>, name: &str) -> Option<T> {
    settings.get(name)?.parse().ok()
}

/// Which rules for new passwords are in force.
pub(super) fn password_rules(look: &mut Look<'_>, lines: &[PamLine]) -> PasswordRules {
    let mut rules = PasswordRules { enforced: Some(false), ..PasswordRules::default() };
    let unix = lines_of(lines, "password", &["pam_unix"]);
    if let Some(line) = unix.first() {
        let own = settings("", line);
        rules.enforced = Some(true);
        rules.enforced_by = Some("pam_unix".to_owned());
        rules.min_length = Some(number(&own, "minlen").unwrap_or(6));
        rules.dictionary_check = Some(false);
        rules.remembered = number(&own, "remember");
        rules.binds_root = Some(false);
        let schemes = [
            ("yescrypt", "yescrypt"),
            ("gost_yescrypt", "gost-yescrypt"),
            ("blowfish", "bcrypt"),
            ("sha512", "sha512crypt"),
            ("sha256", "sha256crypt"),
            ("md5", "md5crypt"),
            ("bigcrypt", "bigcrypt"),
        ];
        let named = schemes.iter().find(|(argument, _)| own.contains_key(*argument));
        rules.hash_scheme = named.map(|(_, scheme)| (*scheme).to_owned());
    }
    if let Some(line) = lines_of(lines, "password", &QUALITY).first() {
        quality(look, line, &mut rules);
    }
    if let Some(line) = lines_of(lines, "password", &["pam_pwhistory"]).first() {
        let files = look.text("/etc/security/pwhistory.conf").here().unwrap_or_default();
        rules.remembered = Some(number(&settings(&files, line), "remember").unwrap_or(10));
    }
    let auth = lines_of(lines, "auth", &["pam_unix"]);
    rules.empty_allowed = (!auth.is_empty()).then(|| {
        auth.iter().any(|line| line.arguments.iter().any(|word| word.starts_with("nullok")))
    });
    rules
}

fn quality(look: &mut Look<'_>, line: &PamLine, rules: &mut PasswordRules) {
    rules.enforced = Some(true);
    rules.enforced_by = Some(line.module.clone());
    if line.module != "pam_pwquality" {
        // Their own defaults differ by version; only what is written is told.
        let own = settings("", line);
        rules.min_length = number(&own, "minlen");
        rules.dictionary_check = None;
        return;
    }
    // Drop-ins are read first, the main file last, and the last value wins.
    let mut files = String::new();
    let drop_ins = look.names("/etc/security/pwquality.conf.d").here().unwrap_or_default();
    let drop_ins = drop_ins.iter().filter(|name| name.ends_with(".conf"));
    let drop_ins = drop_ins.map(|name| format!("/etc/security/pwquality.conf.d/{name}"));
    for path in drop_ins.chain(["/etc/security/pwquality.conf".to_owned()]).collect::<Vec<_>>() {
        files.push_str(&look.text(&path).here().unwrap_or_default());
        files.push('\n');
    }
    let settings = settings(&files, line);
    let demanded = ["dcredit", "ucredit", "lcredit", "ocredit"]
        .iter()
        .filter(|name| number::<i32>(&settings, name).is_some_and(|credit| credit < 0))
        .count();
    let classes =
        number(&settings, "minclass").unwrap_or(0).max(u32::try_from(demanded).unwrap_or(0));
    // The module never accepts fewer than six characters.
    rules.min_length = Some(number::<u32>(&settings, "minlen").unwrap_or(8).max(6));
    rules.min_classes = Some(classes);
    rules.dictionary_check = Some(number::<u32>(&settings, "dictcheck") != Some(0));
    rules.binds_root = Some(settings.contains_key("enforce_for_root"));
    if number::<u32>(&settings, "enforcing") == Some(0) {
        rules.enforced = Some(false);
    }
}

/// Which lock after failed attempts is in force.
pub(super) fn lockout(look: &mut Look<'_>, lines: &[PamLine]) -> Lockout {
    let found = lines_of(lines, "auth", &["pam_faillock", "pam_tally2"]);
    let Some(line) = found.first() else {
        return Lockout { enforced: Some(false), ..Lockout::default() };
    };
    let files = if line.module == "pam_faillock" {
        look.text("/etc/security/faillock.conf").here().unwrap_or_default()
    } else {
        String::new()
    };
    let settings = settings(&files, line);
    let attempts = number(&settings, "deny").unwrap_or(3);
    // Counting needs the line that records a failure, not only the one that checks.
    let counts = line.module != "pam_faillock"
        || found.iter().any(|line| line.arguments.iter().any(|word| word == "authfail"));
    Lockout {
        enforced: Some(attempts > 0 && counts),
        enforced_by: Some(line.module.clone()),
        attempts: Some(attempts),
        window_seconds: Some(number(&settings, "fail_interval").unwrap_or(900)),
        unlock_seconds: Some(match settings.get("unlock_time").map(String::as_str) {
            Some("never") => 0,
            _ => number(&settings, "unlock_time").unwrap_or(600),
        }),
        binds_root: Some(settings.contains_key("even_deny_root")),
    }
}

/// Which second factors are asked for.
pub(super) fn mfa(lines: &[PamLine], ssh: &BTreeMap<String, String>) -> Mfa {
    let modules = lines_of(lines, "auth", &SECOND_FACTORS);
    let mut enforced_by: Vec<String> = modules.iter().map(|line| line.module.clone()).collect();
    let methods = ssh.get("authenticationmethods").map(String::as_str).unwrap_or("any");
    let both = methods != "any" && methods.split_whitespace().all(|list| list.contains(','));
    if both {
        enforced_by.push("authenticationmethods".to_owned());
    }
    let strict = |line: &&PamLine| {
        line.stack == "common-auth"
            && ["required", "requisite"].contains(&line.control.as_str())
            && !line.arguments.iter().any(|word| word.starts_with("nullok"))
    };
    Mfa { required: Some(modules.iter().any(strict)), enforced_by }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    const AUTH: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok # c\n-auth optional /lib/x/pam_cap.so\n";

    #[test]
    fn a_password_of_a_module_is_not_shown() {
        let line = "auth required pam_x.so bindpw=a passwd=b key=c shared_secret=d secret=/etc/x use_first_pass minlen=9 \
            authtok_type=x";
        let shown: Vec<PamLine> = parse("x", line).into_iter().map(without_secrets).collect();
        assert_eq!(
            shown[0].arguments.join(" "),
            "bindpw=… passwd=… key=… shared_secret=… secret=/etc/x use_first_pass minlen=9 authtok_type=x"
        );
    }

    #[test]
    fn lines_are_split_and_includes_are_kept() {
        let lines = parse("common-auth", &format!("@include other\n# c\nbroken\n{AUTH}"));
        assert_eq!(lines.len(), 3);
        assert_eq!((lines[0].kind.as_str(), lines[0].module.as_str()), ("include", "other"));
        assert_eq!(lines[1].control, "[success=1 default=ignore]");
        assert_eq!(lines[1].arguments, ["nullok"]);
        assert_eq!((lines[2].kind.as_str(), lines[2].module.as_str()), ("auth", "pam_cap"));
    }

    #[test]
    fn a_policy_file_without_its_module_enforces_nothing() {
        let root = planted(&[
            ("/etc/security/faillock.conf", "deny = 5\n"),
            ("/etc/security/pwquality.conf", "minlen = 14\n"),
        ]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        let lines = parse("common-auth", AUTH);
        assert_eq!(lockout(&mut look, &lines).enforced, Some(false));
        let rules = password_rules(&mut look, &lines);
        assert_eq!((rules.enforced, rules.min_length), (Some(false), None));
        assert_eq!(rules.empty_allowed, Some(true));
    }

    #[test]
    fn arguments_beat_the_file_and_the_file_beats_its_drop_ins() {
        let root = planted(&[
            ("/etc/security/pwquality.conf.d/a.conf", "minlen = 20\nminclass = 4\n"),
            ("/etc/security/pwquality.conf", "minlen = 14 # c\ndcredit=-1\n"),
            ("/etc/security/faillock.conf", "deny = 5\nunlock_time = never\neven_deny_root\n"),
        ]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        let lines = parse(
            "common-password",
            "password requisite pam_pwquality.so retry=3 enforce_for_root\n\
             password required pam_pwhistory.so remember=7\n\
             password [success=1] pam_unix.so obscure use_authtok yescrypt\n\
             auth required pam_faillock.so preauth deny=4\nauth [default=die] pam_faillock.so authfail deny=4\n",
        );
        let rules = password_rules(&mut look, &lines);
        assert_eq!((rules.min_length, rules.min_classes), (Some(14), Some(4)));
        assert_eq!((rules.remembered, rules.binds_root), (Some(7), Some(true)));
        assert_eq!(rules.hash_scheme.as_deref(), Some("yescrypt"));
        assert_eq!(rules.enforced_by.as_deref(), Some("pam_pwquality"));
        let lock = lockout(&mut look, &lines);
        assert_eq!(
            (lock.attempts, lock.unlock_seconds, lock.binds_root),
            (Some(4), Some(0), Some(true))
        );
        assert_eq!(lock.enforced, Some(true));
    }

    #[test]
    fn a_second_factor_is_required_only_where_nobody_gets_past_it() {
        let ssh = BTreeMap::new();
        let lines = parse("common-auth", "auth required pam_google_authenticator.so nullok\n");
        assert_eq!(mfa(&lines, &ssh).required, Some(false));
        assert_eq!(mfa(&lines, &ssh).enforced_by, ["pam_google_authenticator"]);
        let lines = parse("common-auth", "auth required pam_google_authenticator.so\n");
        assert_eq!(mfa(&lines, &ssh).required, Some(true));
        let ssh = BTreeMap::from([("authenticationmethods".into(), "publickey,password".into())]);
        assert_eq!(mfa(&[], &ssh).enforced_by, ["authenticationmethods"]);
    }
}
