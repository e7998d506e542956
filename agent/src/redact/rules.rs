//! The built-in redaction rules: names of fields that hold secrets, and what secrets look like in text.

use regex::Regex;

/// Name of the rule that goes by the name of a field.
pub(super) const SECRET_KEY: &str = "secret-field";

/// Name of the rule that goes by the fields in which kinds name persons.
pub(super) const PERSONAL_NAME: &str = "personal-name";

/// A named expression; the group `secret`, or else the whole match, is replaced.
#[derive(Clone, Debug)]
pub struct Pattern {
    name: String,
    regex: Regex,
    /// One of these must stand in a text before the expression is tried; empty: always tried.
    hints: &'static [&'static str],
}

/// A pattern of the operator's that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    #[error("pattern name {0:?} is not lower-case letters, digits and '-'")]
    Name(String),
    #[error("pattern {name:?} cannot be used: {source}")]
    Regex { name: String, source: Box<regex::Error> },
    #[error("pattern {0:?} fits the empty text, so it would replace everything; make it longer")]
    Empty(String),
}

impl Pattern {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn regex(&self) -> &Regex {
        &self.regex
    }

    pub(super) fn may_match(&self, text: &str) -> bool {
        self.hints.is_empty() || self.hints.iter().any(|hint| text.contains(hint))
    }
}

/// Reads one pattern of the operator's.
pub fn compile(name: &str, expression: &str) -> Result<Pattern, PatternError> {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(named) {
        return Err(PatternError::Name(name.to_owned()));
    }
    let regex = Regex::new(expression).map_err(|source| {
        let (name, source) = (name.to_owned(), Box::new(source));
        PatternError::Regex { name, source }
    })?;
    if regex.is_match("") {
        return Err(PatternError::Empty(name.to_owned()));
    }
    Ok(Pattern { name: name.to_owned(), regex, hints: &[] })
}

/// Name, expression, hints.
type Rule = (&'static str, &'static str, &'static [&'static str]);

/// Parts of the words that precede a secret in an argument, in the ways they are written.
const WORDS: &[&str] = &[
    "assw", "ASSW", "assp", "ASSP", "assc", "ASSC", "ecret", "ECRET", "oken", "OKEN", "key", "Key",
    "KEY", "psk", "PSK",
];

/// What a name that precedes a secret ends with.
macro_rules! secret_words {
    () => {
        "(?:password|passwd|passphrase|passcode|secret|token|psk|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|account[_-]?key|encryption[_-]?key|auth[_-]?key)"
    };
}

const RULES: [Rule; 15] = [
    (
        "private-key",
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\z)",
        &["PRIVATE KEY"],
    ),
    // Up to the last at sign: a password may hold a slash or an at sign although it should not. What is only digits before a
    // slash is a port. Backslashes as sudoers writes them.
    (
        "url-credentials",
        r#"(?:[A-Za-z][A-Za-z0-9+.-]*\\?:)?//[^ \t\r\n/:@"'<>\\]*\\?:(?P<secret>[^ \t\r\n/@"'<>]*[^ \t\r\n/@"'<>0-9][^ \t\r\n/@"'<>]*(?:[/@][^ \t\r\n"'<>]*)?|[0-9]+)@"#,
        &["//"],
    ),
    ("url-credentials", r#"(?i)(?-u:\b)https?\\?://(?P<secret>[^ \t\r\n/:@"'<>]+)@"#, &["://"]),
    (
        "url-query",
        r#"(?i)[?&](?:sig|signature|key|auth|code|x-(?:amz|goog)-[a-z-]*)=(?P<secret>[^& \t\r\n"'<>;]+)"#,
        &["?", "&"],
    ),
    (
        "webhook",
        r"(?i)(?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2|api\.telegram\.org)/(?P<secret>[A-Za-z0-9/_:@.-]+)",
        &["ebhook", "slack.com", "telegram.org"],
    ),
    (
        "password-hash",
        r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|md5|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*)\$[A-Za-z0-9./,=$+_-]{8,}",
        &["$"],
    ),
    (
        "token",
        r"(?-u:\b)(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|sk_(?:live|test)_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})",
        &["AKIA", "ASIA", "gh", "glpat-", "xox", "xapp-", "sk_", "AIza", "npm_", "eyJ"],
    ),
    (
        "authorization",
        r"(?i)(?-u:\b)(?:bearer|basic)[ \t\r\n]+(?P<secret>[A-Za-z0-9._~+/=-]{8,})",
        &["earer", "EARER", "asic", "ASIC"],
    ),
    (
        "authorization",
        r#"(?i)(?-u:\b)(?:authorization|private-token|api-key|x-[a-z-]*(?:token|key|auth|secret))[ \t\r\n]*:[ \t\r\n]*(?:bearer[ \t\r\n]|basic[ \t\r\n]|token[ \t\r\n]|digest[ \t\r\n])?[ \t\r\n]*(?P<secret>[^ \t\r\n"',;]+)"#,
        &["uthorization", "UTHORIZATION", "oken", "OKEN", "ey:", "EY:", "uth:", "ecret:"],
    ),
    (
        "secret-argument",
        concat!(
            r#"(?i)"#,
            secret_words!(),
            r#"[ \t\r\n]?=[ \t\r\n]?(?P<secret>"[^"]+"|'[^']+'|[^ \t\r\n"',;&]+)"#
        ),
        WORDS,
    ),
    (
        "secret-argument",
        concat!(
            r#"(?i)(?:^|[[ \t\r\n]"'])--?[a-z0-9_.-]*"#,
            secret_words!(),
            r#"[ \t\r\n]+(?P<secret>"[^"]+"|'[^']+'|[^ \t\r\n"',;-][^ \t\r\n"',;]*)"#
        ),
        WORDS,
    ),
    (
        "secret-argument",
        concat!(
            r#"(?i)["'][a-z0-9_.-]*"#,
            secret_words!(),
            r#"["'][ \t\r\n]*:[ \t\r\n]*["'](?P<secret>[^"']+)["']"#
        ),
        WORDS,
    ),
    // The working directory is PWD=/….
    (
        "secret-argument",
        r#"(?i)(?-u:\b)[a-z_]*(?:pwd|bindpw)[ \t\r\n]?=[ \t\r\n]?(?P<secret>"[^"/][^"]*"|'[^'/][^']*'|[^ \t\r\n"',;&/][^ \t\r\n"',;&]*)"#,
        &["pwd", "PWD", "Pwd", "pw=", "pw ="],
    ),
    // Programs that take a password behind one letter.
    (
        "secret-argument",
        r#"(?:(?-u:\b)(?:mysql[a-z]*|mariadb[a-z-]*|mydumper|myloader|xtrabackup|mariabackup|sshpass|7z[ar]?)[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-p|(?-u:\b)(?:sshpass|mongo[a-z]*)[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-p[ \t\r\n]|(?-u:\b)ldap[a-z]+[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-w[ \t\r\n]?|(?-u:\b)redis-cli[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-a[ \t\r\n]?|(?-u:\b)pass:)(?P<secret>"[^"]+"|'[^']+'|[^ \t\r\n"',;|&]+)"#,
        &["-p", "-w", "-a", "pass:"],
    ),
    (
        "secret-argument",
        r#"(?-u:\b)curl[ \t\r\n](?:[^|;\n]*[ \t\r\n])?(?:-u|-U|--user|--proxy-user)[[ \t\r\n]=]*["']?[^ \t\r\n:"'\\]+\\?:(?P<secret>[^ \t\r\n"',;]+)"#,
        &["curl"],
    ),
];

/// The rules that are always on, in the order in which they apply.
pub(super) fn builtin() -> Vec<Pattern> {
    RULES
        .iter()
        .filter_map(|(name, expression, hints)| {
            // A test holds that every constant compiles.
            let regex = Regex::new(expression).ok()?;
            Some(Pattern { name: (*name).to_owned(), regex, hints })
        })
        .collect()
}

/// Whether a field, variable or option of this name holds a secret: the last words decide, so `password_max_days` does
/// not and `DB_PASSWORD` does.
pub(super) fn names_a_secret(name: &str) -> bool {
    const LAST: [&str; 13] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "secrets",
        "token",
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "passwordhash",
        "credential",
        "psk",
    ];
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    LAST.iter().any(|last| plain.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constant_compiles() {
        assert_eq!(builtin().len(), RULES.len());
    }

    #[test]
    fn only_last_words_name_secrets() {
        for name in ["password", "DB_PASSWORD", "clientSecret", "api-key", "x.token", "wifi_psk"] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "password_max_days",
            "passwordauthentication",
            "hash_scheme",
            "key",
            "tokens_seen",
            "name",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
