//! Reads authorized_keys files down to fingerprints (sshd(8)). It keeps no key, no comment and no value of an option.

use std::collections::BTreeMap;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use exhibit_plugin::{OutcomeKind, kinds::identity_accounts::Credential};
use sha2::{Digest, Sha256};

use crate::{
    accounts::User,
    host::{Facts, ReadError},
    look::Look,
};

/// Keys of every account, by account; no entry where they are not readable, which one outcome then says.
pub(super) fn observe(
    look: &mut Look<'_>,
    users: &[User],
    files: &[String],
) -> BTreeMap<String, Vec<Credential>> {
    let mut found = BTreeMap::new();
    let mut denied: Vec<String> = Vec::new();
    for user in users {
        let mut keys = Some(Vec::new());
        for path in files.iter().map(|file| expand(file, user)) {
            match look.host.text(&path) {
                Ok(Some(text)) => {
                    let usable = is_usable(look, user, &path);
                    let (mut read, faults) = parse(&text, &path, usable);
                    if faults > 0 {
                        look.garbled(&path, &format!("{faults} lines are not understood"));
                    }
                    if let Some(keys) = &mut keys {
                        keys.append(&mut read);
                    }
                }
                Ok(None) => {}
                Err(ReadError::Denied(path)) => {
                    denied.push(path);
                    keys = None;
                }
                Err(error) => {
                    look.seen.outcome(error.outcome(), error.to_string(), error.remedy());
                    keys = None;
                }
            }
        }
        if let Some(keys) = keys {
            found.insert(user.name.clone(), keys);
        }
    }
    look.seen.method(format!("{} of every account", files.join(", ")));
    if let Some(first) = denied.first() {
        look.seen.outcome(
            OutcomeKind::Denied,
            format!(
                "permission denied reading {} files of keys, the first is {first}",
                denied.len()
            ),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root)",
        );
    }
    found
}

/// Replaces `%h`, `%u`, `%U` and `%%`; a relative path starts at the home directory.
pub(crate) fn expand(file: &str, user: &User) -> String {
    let mut path = String::new();
    let mut characters = file.chars();
    while let Some(character) = characters.next() {
        match (character, if character == '%' { characters.next() } else { None }) {
            ('%', Some('h')) => path.push_str(&user.home),
            ('%', Some('u')) => path.push_str(&user.name),
            ('%', Some('U')) => path.push_str(&user.uid.to_string()),
            ('%', Some('%') | None) => path.push('%'),
            ('%', Some(other)) => path.extend(['%', other]),
            (other, _) => path.push(other),
        }
    }
    if path.starts_with('/') { path } else { format!("{}/{path}", user.home.trim_end_matches('/')) }
}

/// As StrictModes has it: the file and its directories up to the home belong to the user or root, and nobody else may
/// write them.
pub(crate) fn is_usable(look: &Look<'_>, user: &User, path: &str) -> bool {
    let safe = |facts: Facts| facts.mode & 0o022 == 0 && (facts.uid == user.uid || facts.uid == 0);
    let mut place = Some(path);
    while let Some(current) = place.filter(|place| !place.is_empty()) {
        match look.host.facts(current) {
            Ok(Some(facts)) if safe(facts) => {}
            _ => return false,
        }
        if current == user.home {
            break;
        }
        place = current.rsplit_once('/').map(|(parent, _)| parent);
    }
    true
}

/// Keys of one file, and how many lines are none.
pub(crate) fn parse(text: &str, path: &str, usable: bool) -> (Vec<Credential>, usize) {
    let (mut keys, mut faults) = (Vec::new(), 0);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match credential(line) {
            Some(mut key) => {
                key.enabled = usable;
                key.source = format!("{path}:{}", index + 1);
                keys.push(key);
            }
            None => faults += 1,
        }
    }
    (keys, faults)
}

fn credential(line: &str) -> Option<Credential> {
    let (first, rest) = word(line);
    let (restrictions, algorithm, rest) = if is_algorithm(&first) {
        (Vec::new(), first, rest)
    } else {
        let (algorithm, rest) = word(rest);
        (option_names(&first), algorithm, rest)
    };
    if !is_algorithm(&algorithm) {
        return None;
    }
    let blob = STANDARD.decode(word(rest).0).ok()?;
    let authority = restrictions.iter().any(|option| option == "cert-authority");
    Some(Credential {
        kind: if authority { "ssh_ca" } else { "ssh_key" }.to_owned(),
        id: format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&blob))),
        bits: bits(&algorithm, &blob),
        algorithm: Some(algorithm),
        enabled: true,
        created: None,
        last_used: None,
        restrictions,
        source: String::new(),
    })
}

/// What follows the key on a line: a comment, in which people name themselves.
pub(crate) fn comment(line: &str) -> Option<String> {
    let (first, rest) = word(line);
    let rest = if is_algorithm(&first) { rest } else { word(rest).1 };
    let comment = word(rest).1.trim();
    (!comment.is_empty()).then(|| comment.to_owned())
}

fn is_algorithm(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|prefix| word.starts_with(prefix))
}

/// The first word, where quoted text may hold spaces, and the rest.
fn word(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let (mut quoted, mut escaped) = (false, false);
    for (index, character) in text.char_indices() {
        match character {
            '"' if !escaped => quoted = !quoted,
            space if space.is_whitespace() && !quoted => {
                let (word, rest) = text.split_at(index);
                return (word.to_owned(), rest);
            }
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    (text.to_owned(), "")
}

/// Names of options, in lower case, without their values.
fn option_names(options: &str) -> Vec<String> {
    let (mut quoted, mut escaped) = (false, false);
    let mut names = vec![String::new()];
    for character in options.chars() {
        match character {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => names.push(String::new()),
            other => {
                if let Some(name) = names.last_mut() {
                    name.push(other);
                }
            }
        }
        escaped = character == '\\' && !escaped;
    }
    let name =
        |text: &String| text.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
    names.iter().map(name).filter(|name| !name.is_empty()).collect()
}

/// Size of the key: fixed by most algorithms, the modulus of an RSA key otherwise (RFC 4253 section 6.6).
fn bits(algorithm: &str, blob: &[u8]) -> Option<u32> {
    match algorithm {
        "ssh-ed25519" | "sk-ssh-ed25519@openssh.com" => Some(256),
        "ecdsa-sha2-nistp256" | "sk-ecdsa-sha2-nistp256@openssh.com" => Some(256),
        "ecdsa-sha2-nistp384" => Some(384),
        "ecdsa-sha2-nistp521" => Some(521),
        "ssh-dss" => Some(1024),
        "ssh-rsa" => {
            let (_name, rest) = field(blob)?;
            let (_exponent, rest) = field(rest)?;
            let (modulus, _) = field(rest)?;
            let start = modulus.iter().position(|byte| *byte != 0)?;
            let modulus = modulus.get(start..)?;
            let length = u32::try_from(modulus.len()).ok()?;
            Some(length * 8 - modulus.first()?.leading_zeros())
        }
        _ => None,
    }
}

fn field(blob: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

    #[test]
    fn keys_are_told_by_fingerprint_and_names_of_options_only() {
        let line = format!(
            "from=\"10.0.0.0/8,SECRET\",command=\"echo \\\"SECRET, x\\\"\",no-pty ssh-ed25519 {KEY} SECRET@laptop"
        );
        let text = format!(
            "# comment\n\n{line}\nnonsense\nssh-rsa !!!\ncert-authority ssh-ed25519 {KEY}\n"
        );
        let (keys, faults) = parse(&text, "/k", true);
        assert_eq!((keys.len(), faults), (2, 2));
        assert_eq!(keys[0].restrictions, ["from", "command", "no-pty"]);
        assert_eq!(keys[0].bits, Some(256));
        assert_eq!(keys[0].source, "/k:3");
        assert!(keys[0].id.starts_with("SHA256:") && keys[0].id.len() == 50);
        assert_eq!(keys[1].kind, "ssh_ca");
        assert!(!format!("{keys:?}").contains("SECRET"));
    }

    #[test]
    fn size_of_an_rsa_key_is_that_of_its_modulus() {
        let mut blob = Vec::new();
        let mut modulus = vec![0, 0x80];
        modulus.extend([1; 255]);
        for part in [b"ssh-rsa".as_slice(), &[1, 0, 1], &modulus] {
            blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            blob.extend(part);
        }
        assert_eq!(bits("ssh-rsa", &blob), Some(2048));
        assert_eq!(bits("ssh-rsa", &blob[..20]), None);
        assert_eq!(bits("ssh-rsa", &[0xff; 8]), None);
    }

    #[test]
    fn tokens_of_a_path_are_expanded() {
        let user = User {
            name: "bob".into(),
            password: "x".into(),
            uid: 7,
            gid: 7,
            home: "/home/bob".into(),
            shell: String::new(),
            line: 1,
        };
        assert_eq!(expand(".ssh/authorized_keys", &user), "/home/bob/.ssh/authorized_keys");
        assert_eq!(expand("/etc/keys/%u-%U%%", &user), "/etc/keys/bob-7%");
        assert_eq!(expand("%h/k%", &user), "/home/bob/k%");
    }
}
