//! `identity.mfa` of a Linux host: second factors in PAM and sshd, and accounts whose own files show one.
//!
//! It looks whether such a file is there and, of shared ones, at names of accounts only: they hold secrets.

mod stack;

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::{
        identity_mfa::{Account, KIND, SecondFactors, Service},
        identity_sign_in_policy::Ssh,
    },
};

use super::identity_sign_in_policy::sshd;
use crate::{accounts::Tables, host::ReadError, look::Look};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/pam.d, /usr/lib/pam.d: ways in and what they include",
        "sshd -T, /etc/ssh/sshd_config and what it includes",
        "whether ~/.google_authenticator, ~/.config/Yubico/u2f_keys, ~/.yubico/authorized_yubikeys exist",
        "names of accounts in /etc/users.oath, /etc/u2f_mappings, /etc/yubikey_mappings",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH: home directories, /etc/users.oath",
        "root: sshd -T; without it its files are read",
    ],
    observe,
};

/// Ways in.
const SIGN_IN: [&str; 12] = [
    "login",
    "remote",
    "sshd",
    "gdm-password",
    "gdm-smartcard",
    "lightdm",
    "sddm",
    "xdm",
    "kde",
    "cockpit",
    "xrdp-sesman",
    "vsftpd",
];
/// Steps to more rights.
const ELEVATION: [&str; 6] = ["su", "su-l", "sudo", "sudo-i", "polkit-1", "doas"];

/// What an account has of its own, below its home.
const OWN: [(&str, &str); 3] = [
    (".google_authenticator", "totp"),
    (".config/Yubico/u2f_keys", "hardware_key"),
    (".yubico/authorized_yubikeys", "hardware_key"),
];
/// Shared files: place, method, and which word of a line names the account.
const SHARED: [(&str, &str, usize); 3] = [
    ("/etc/users.oath", "totp", 1),
    ("/etc/u2f_mappings", "hardware_key", 0),
    ("/etc/yubikey_mappings", "hardware_key", 0),
];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let ssh = sshd::observe(&mut look);
    let mut services = Vec::new();
    let named = SIGN_IN.iter().map(|name| (*name, "sign_in"));
    for (name, kind) in named.chain(ELEVATION.iter().map(|name| (*name, "elevation"))) {
        let Some(stack) = stack::read(&mut look, name) else { continue };
        if name == "sshd" && !ssh.installed {
            continue;
        }
        let pam = stack.required();
        let (required, methods) = match name {
            "sshd" => server(&ssh, pam),
            _ => (pam, Vec::new()),
        };
        services.push(Service {
            name: name.to_owned(),
            kind: kind.to_owned(),
            required,
            factors: stack.factors(),
            methods,
            source: stack.source,
        });
    }
    if services.is_empty() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "the host has no PAM service for signing in",
            "observe a host with PAM; other systems of sign-in are not read",
        );
    }
    let (accounts, accounts_complete) = accounts(&mut look);
    let rows = services.len() + accounts.len();
    let required = all(services.iter().filter(|one| one.kind == "sign_in").map(|one| one.required));
    look.seen.document(SecondFactors { required, services, accounts, accounts_complete }, rows);
    look.done()
}

/// False beats not determinable beats true; none of nothing.
fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let answers: Vec<_> = answers.collect();
    if answers.contains(&Some(false)) {
        return Some(false);
    }
    (!answers.is_empty() && !answers.contains(&None)).then_some(true)
}

/// What the SSH server asks for: combinations of methods, for everybody and in every Match block.
fn server(ssh: &Ssh, pam: Option<bool>) -> (Option<bool>, Vec<String>) {
    if ssh.settings_from.is_none() {
        return (None, Vec::new());
    }
    let mut combinations = BTreeSet::new();
    let mut answers = vec![one_policy(&ssh.settings, pam, &mut combinations)];
    for block in &ssh.matches {
        let bears = [
            "authenticationmethods",
            "pubkeyauthentication",
            "passwordauthentication",
            "kbdinteractiveauthentication",
        ];
        if block.settings.keys().any(|key| bears.contains(&key.as_str())) {
            let mut settings = ssh.settings.clone();
            settings.extend(block.settings.clone());
            answers.push(one_policy(&settings, pam, &mut combinations));
        }
    }
    (all(answers.into_iter()), combinations.into_iter().collect())
}

fn one_policy(
    settings: &BTreeMap<String, String>,
    pam: Option<bool>,
    combinations: &mut BTreeSet<String>,
) -> Option<bool> {
    let is = |key: &str, value: &str| settings.get(key).is_some_and(|found| found == value);
    // Without PAM, the server asks for a password by itself.
    let pam = if is("usepam", "yes") { pam } else { Some(false) };
    let methods = settings.get("authenticationmethods").map(String::as_str).unwrap_or("any");
    if methods == "any" {
        // Any single method does: all that are switched on must be PAM's.
        let others = ["pubkeyauthentication", "hostbasedauthentication", "gssapiauthentication"];
        return if others.iter().any(|key| is(key, "yes")) { Some(false) } else { pam };
    }
    let lists: Vec<&str> = methods.split_whitespace().collect();
    combinations.extend(lists.iter().map(|list| (*list).to_owned()));
    all(lists.into_iter().map(|list| {
        let kinds: BTreeSet<&str> =
            list.split(',').filter_map(|method| method.split(':').next()).collect();
        match (kinds.len(), kinds.first()) {
            (0 | 1, Some(&"keyboard-interactive" | &"password")) => pam,
            (0 | 1, _) => Some(false),
            // A password by two names is one factor.
            (2, _) if kinds.contains("password") && kinds.contains("keyboard-interactive") => pam,
            _ => Some(true),
        }
    }))
}

/// Accounts with a second factor of their own, and whether all could be looked at.
fn accounts(look: &mut Look<'_>) -> (Vec<Account>, bool) {
    let tables = Tables::read(look);
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut whole, mut denied) = (tables.whole && !tables.nis, 0_usize);
    for user in &tables.users {
        for (file, method) in OWN {
            match look.host.facts(&format!("{}/{file}", user.home.trim_end_matches('/'))) {
                Ok(Some(facts)) if !facts.directory => {
                    found.entry(user.name.clone()).or_default().insert(method.to_owned());
                }
                Ok(_) => {}
                Err(ReadError::Denied(_)) => denied += 1,
                Err(_) => whole = false,
            }
        }
    }
    look.seen.method("~/{.google_authenticator,.config/Yubico/u2f_keys,.yubico/authorized_yubikeys} of every account");
    if denied > 0 {
        whole = false;
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("{denied} places below home directories may not be looked at"),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root)",
        );
    }
    for (path, method, word) in SHARED {
        let text = match look.text(path) {
            crate::look::Found::Here(text) => text,
            crate::look::Found::Missing => continue,
            crate::look::Found::Unreadable => {
                whole = false;
                continue;
            }
        };
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let mut words =
                line.split(|c: char| c.is_whitespace() || c == ':').filter(|part| !part.is_empty());
            let Some(name) = words.nth(word) else { continue };
            // Only a name of an account may leave: everything else on the line is the secret.
            if tables.users.iter().any(|user| user.name == name) {
                found.entry(name.to_owned()).or_default().insert(method.to_owned());
            }
        }
    }
    let accounts = found.into_iter();
    let accounts =
        accounts.map(|(name, methods)| Account { name, methods: methods.into_iter().collect() });
    (accounts.collect(), whole)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing;

    fn see(files: &[(&str, &str)]) -> Value {
        let root = testing::planted(files);
        testing::body(KIND, &observe(&testing::job(root.path())))
    }

    const STRICT: &str =
        "auth required pam_unix.so\nauth required pam_google_authenticator.so secret=SECRET1\n";

    #[test]
    fn a_public_key_alone_goes_around_pam() {
        let with = |server: &str| {
            let files = [
                ("/usr/sbin/sshd", ""),
                ("/etc/pam.d/sshd", STRICT),
                ("/etc/ssh/sshd_config", server),
            ];
            see(&files)["services"][0]["required"].clone()
        };
        assert_eq!(with("UsePAM yes\n"), false);
        assert_eq!(with("UsePAM yes\nPubkeyAuthentication no\n"), true);
        assert_eq!(with("PubkeyAuthentication no\n"), false);
        assert_eq!(
            with("UsePAM yes\nAuthenticationMethods publickey,keyboard-interactive\n"),
            true
        );
        assert_eq!(with("UsePAM yes\nAuthenticationMethods publickey,publickey\n"), false);
        assert_eq!(with("UsePAM yes\nAuthenticationMethods publickey,password publickey\n"), false);
        assert_eq!(with("UsePAM yes\nAuthenticationMethods keyboard-interactive:pam\n"), true);
        assert_eq!(
            with(
                "UsePAM yes\nAuthenticationMethods publickey,password\nMatch User x\nAuthenticationMethods publickey\n"
            ),
            false
        );
    }

    #[test]
    fn accounts_with_a_factor_are_named_and_their_secrets_are_not() {
        let body = see(&[
            ("/etc/passwd", "bob:x:1:1::/home/bob:/bin/sh\nann:x:2:2::/home/ann:/bin/sh\n"),
            ("/etc/group", "users:x:100:\n"),
            ("/etc/pam.d/login", STRICT),
            ("/etc/pam.d/sudo", "@include common-auth\n"),
            ("/etc/pam.d/common-auth", "auth required pam_unix.so\n"),
            ("/home/bob/.google_authenticator", "SECRET2\n"),
            ("/etc/users.oath", "HOTP/T30/6 ann - SECRET3\nSECRET4 SECRET5 SECRET6\n"),
            ("/etc/u2f_mappings", "ann:SECRET7,es256\n"),
        ]);
        assert_eq!(
            body["accounts"],
            json!([{"name": "ann", "methods": ["hardware_key", "totp"]}, {"name": "bob", "methods": ["totp"]}])
        );
        assert_eq!(body["required"], true);
        assert_eq!(body["services"][1]["required"], false);
        assert_eq!(body["accounts_complete"], true);
        assert!(!body.to_string().contains("SECRET"), "{body}");
    }
}
