//! Reads shadow(5) down to what may be told: state, kind of hash, ages. The hash itself ends here.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::identity_accounts::{Password, PasswordState};
use jiff::{Span, civil::Date};

/// What shadow says of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) password: Password,
    /// Day after which the account is disabled.
    pub(super) expires: Option<Date>,
}

/// Entries by account, and the lines that are none.
pub(super) fn parse(text: &str) -> (BTreeMap<String, Entry>, Vec<String>) {
    let (mut entries, mut faults) = (BTreeMap::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with(['#', '+', '-']) {
            continue;
        }
        match entry(line) {
            Some((name, entry)) => {
                // The first line of a name is the one that is used.
                entries.entry(name).or_insert(entry);
            }
            None => faults.push(format!("line {} is not understood", index + 1)),
        }
    }
    (entries, faults)
}

fn entry(line: &str) -> Option<(String, Entry)> {
    let fields: Vec<_> = line.split(':').collect();
    let [name, field, changed, min, max, warn, inactive, expires, _] = fields.as_slice() else {
        return None;
    };
    if name.is_empty() {
        return None;
    }
    let changed = number(changed)?;
    let (state, hash_scheme) = classify(field);
    let password = Password {
        state,
        hash_scheme,
        last_changed: changed.filter(|days| *days > 0).and_then(day),
        must_change: changed == Some(0),
        min_age_days: bound(number(min)?).filter(|days| *days > 0),
        max_age_days: bound(number(max)?),
        warn_days: bound(number(warn)?).filter(|days| *days > 0),
        inactive_days: bound(number(inactive)?),
    };
    // Zero would mean 1970; shadow tools treat an empty field as never.
    let expires = number(expires)?.and_then(day);
    Some(((*name).to_owned(), Entry { password, expires }))
}

/// What a password field says, and the scheme of its hash.
pub(super) fn classify(field: &str) -> (PasswordState, Option<String>) {
    if field.is_empty() {
        return (PasswordState::Empty, None);
    }
    let bare = field.trim_start_matches('!');
    if let Some(scheme) = scheme(bare) {
        let state =
            if bare.len() == field.len() { PasswordState::Set } else { PasswordState::Locked };
        return (state, Some(scheme.to_owned()));
    }
    if bare.is_empty() || bare.starts_with('*') || bare == "x" || bare == "NP" {
        return (PasswordState::Disabled, None);
    }
    (PasswordState::Unknown, Some("unknown".to_owned()))
}

fn scheme(hash: &str) -> Option<&'static str> {
    const PREFIXES: [(&str, &str); 11] = [
        ("$y$", "yescrypt"),
        ("$gy$", "gost-yescrypt"),
        ("$7$", "scrypt"),
        ("$2a$", "bcrypt"),
        ("$2b$", "bcrypt"),
        ("$2x$", "bcrypt"),
        ("$2y$", "bcrypt"),
        ("$6$", "sha512crypt"),
        ("$5$", "sha256crypt"),
        ("$sha1$", "sha1crypt"),
        ("$1$", "md5crypt"),
    ];
    if let Some((_, name)) = PREFIXES.iter().find(|(prefix, _)| hash.starts_with(prefix)) {
        return Some(name);
    }
    let crypt = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    if hash.len() == 13 && hash.bytes().all(crypt) {
        return Some("descrypt");
    }
    if hash.len() == 20 && hash.starts_with('_') {
        return Some("bsdicrypt");
    }
    hash.starts_with('$').then_some("unknown")
}

/// An empty field is none; a field that is no number makes the line unreadable.
fn number(field: &str) -> Option<Option<i64>> {
    if field.is_empty() { Some(None) } else { field.parse().ok().map(Some) }
}

/// 99999 days and more, and negative numbers, are how shadow writes no bound.
fn bound(days: Option<i64>) -> Option<u32> {
    days.and_then(|days| u32::try_from(days).ok()).filter(|days| *days < 99_999)
}

fn day(days: i64) -> Option<Date> {
    let span = Span::new().try_days(days).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_have_no_password_is_told_apart() {
        let hash = "$6$salt$secretsecret";
        for (field, state, scheme) in [
            ("", PasswordState::Empty, None),
            ("*", PasswordState::Disabled, None),
            ("!", PasswordState::Disabled, None),
            ("!!", PasswordState::Disabled, None),
            ("!*", PasswordState::Disabled, None),
            (hash, PasswordState::Set, Some("sha512crypt")),
            ("!$6$salt$secret", PasswordState::Locked, Some("sha512crypt")),
            ("$y$j9T$x", PasswordState::Set, Some("yescrypt")),
            ("$1$x$y", PasswordState::Set, Some("md5crypt")),
            ("abcdefghijklm", PasswordState::Set, Some("descrypt")),
            ("$99$x", PasswordState::Set, Some("unknown")),
            ("hello", PasswordState::Unknown, Some("unknown")),
        ] {
            assert_eq!(classify(field), (state, scheme.map(str::to_owned)), "{field}");
        }
    }

    #[test]
    fn ages_and_expiry_are_days_and_never_the_hash() {
        let text = "bob:$1$salt$SECRET:19000:0:90:7:14:20500:\ncarol:!$6$a$SECRET:0:0:99999:7:::\n\
            bad:SECRET:x:::::::\nshort:x\n:x:1::::::\n";
        let (entries, faults) = parse(text);
        assert_eq!(faults.len(), 3);
        let bob = &entries["bob"];
        assert_eq!(bob.password.last_changed.unwrap().to_string(), "2022-01-08");
        assert_eq!((bob.password.max_age_days, bob.password.inactive_days), (Some(90), Some(14)));
        assert_eq!((bob.password.min_age_days, bob.password.must_change), (None, false));
        assert_eq!(bob.expires.unwrap().to_string(), "2026-02-16");
        let carol = &entries["carol"];
        assert!(carol.password.must_change);
        assert_eq!((carol.password.last_changed, carol.password.max_age_days), (None, None));
        assert!(!format!("{entries:?}{faults:?}").contains("SECRET"));
    }
}
