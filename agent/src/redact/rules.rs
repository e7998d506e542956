//! The built-in redaction rules: names of fields that hold secrets, and what secrets look like in text.

use super::look::{AT, COLON, DASH, DOLLAR, EQUALS, GAP, LONG, Marks, QUERY, QUOTE, SLASH, SPACE};
use super::pattern::Pattern;

/// Name of the rule that goes by the name of a field.
pub(super) const SECRET_KEY: &str = "secret-field";

/// Name of the rule that goes by the fields in which kinds name persons.
pub(super) const PERSONAL_NAME: &str = "personal-name";

/// Name, expression, marks, hints in lower case.
type Rule = (&'static str, &'static str, Marks, &'static [&'static str]);

/// Parts of the words that precede a secret in an argument.
const WORDS: &[&str] = &["passw", "passp", "passc", "secret", "token", "key", "psk"];

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
        DASH,
        &["private key"],
    ),
    // Up to the last at sign: a password may hold a slash or an at sign although it should not. What is only digits before a
    // slash is a port. Backslashes as sudoers writes them.
    (
        "url-credentials",
        r#"(?:[A-Za-z][A-Za-z0-9+.-]*\\?:)?//[^ \t\r\n/:@"'<>\\]*\\?:(?P<secret>[^ \t\r\n/@"'<>]*[^ \t\r\n/@"'<>0-9][^ \t\r\n/@"'<>]*(?:[/@][^ \t\r\n"'<>]*)?|[0-9]+)@"#,
        SLASH | COLON | AT,
        &["//"],
    ),
    (
        "url-credentials",
        r#"(?i)(?-u:\b)https?\\?://(?P<secret>[^ \t\r\n/:@"'<>]+)@"#,
        SLASH | COLON | AT,
        &["http"],
    ),
    (
        "url-query",
        r#"(?i)[?&](?:sig|signature|key|auth|code|x-(?:amz|goog)-[a-z-]*)=(?P<secret>[^& \t\r\n"'<>;]+)"#,
        QUERY | EQUALS,
        &["sig", "key", "auth", "code", "x-"],
    ),
    (
        "webhook",
        r"(?i)(?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2|api\.telegram\.org)/(?P<secret>[A-Za-z0-9/_:@.-]+)",
        SLASH,
        &["webhook", "slack.com", "telegram.org"],
    ),
    (
        "password-hash",
        r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|md5|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*)\$[A-Za-z0-9./,=$+_-]{8,}",
        DOLLAR,
        &[],
    ),
    (
        "token",
        r"(?-u:\b)(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|sk_(?:live|test)_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})",
        LONG,
        &[
            "akia",
            "asia",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "xox",
            "xapp-",
            "sk_live_",
            "sk_test_",
            "aiza",
            "npm_",
            "eyj",
        ],
    ),
    (
        "authorization",
        r"(?i)(?-u:\b)(?:bearer|basic)[ \t\r\n]+(?P<secret>[A-Za-z0-9._~+/=-]{8,})",
        SPACE,
        &["bearer", "basic"],
    ),
    (
        "authorization",
        r#"(?i)(?-u:\b)(?:authorization|private-token|api-key|x-[a-z-]*(?:token|key|auth|secret))[ \t\r\n]*:[ \t\r\n]*(?:bearer[ \t\r\n]|basic[ \t\r\n]|token[ \t\r\n]|digest[ \t\r\n])?[ \t\r\n]*(?P<secret>[^ \t\r\n"',;]+)"#,
        COLON,
        &["authorization", "token", "key", "auth", "secret"],
    ),
    (
        "secret-argument",
        concat!(
            r#"(?i)"#,
            secret_words!(),
            r#"[ \t\r\n]?=[ \t\r\n]?(?P<secret>"[^"]+"|'[^']+'|[^ \t\r\n"',;&]+)"#
        ),
        EQUALS,
        WORDS,
    ),
    (
        "secret-argument",
        concat!(
            r#"(?i)(?:^|[[ \t\r\n]"'])--?[a-z0-9_.-]*"#,
            secret_words!(),
            r#"[ \t\r\n]+(?P<secret>"[^"]+"|'[^']+'|[^ \t\r\n"',;-][^ \t\r\n"',;]*)"#
        ),
        DASH | SPACE,
        WORDS,
    ),
    (
        "secret-argument",
        concat!(
            r#"(?i)["'][a-z0-9_.-]*"#,
            secret_words!(),
            r#"["'][ \t\r\n]*:[ \t\r\n]*["'](?P<secret>[^"']+)["']"#
        ),
        QUOTE | COLON,
        WORDS,
    ),
    // The working directory is PWD=/….
    (
        "secret-argument",
        r#"(?i)(?-u:\b)[a-z_]*(?:pwd|bindpw)[ \t\r\n]?=[ \t\r\n]?(?P<secret>"[^"/][^"]*"|'[^'/][^']*'|[^ \t\r\n"',;&/][^ \t\r\n"',;&]*)"#,
        EQUALS,
        &["pwd", "bindpw"],
    ),
    // Programs that take a password behind one letter.
    (
        "secret-argument",
        r#"(?:(?-u:\b)(?:mysql[a-z]*|mariadb[a-z-]*|mydumper|myloader|xtrabackup|mariabackup|sshpass|7z[ar]?)[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-p|(?-u:\b)(?:sshpass|mongo[a-z]*)[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-p[ \t\r\n]|(?-u:\b)ldap[a-z]+[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-w[ \t\r\n]?|(?-u:\b)redis-cli[ \t\r\n](?:[^|;&\n]*[ \t\r\n])?-a[ \t\r\n]?|(?-u:\b)pass:)(?P<secret>"[^"]+"|'[^']+'|[^ \t\r\n"',;|&]+)"#,
        GAP,
        &[
            "mysql",
            "mariadb",
            "mydumper",
            "myloader",
            "xtrabackup",
            "mariabackup",
            "sshpass",
            "7z",
            "mongo",
            "ldap",
            "redis-cli",
            "pass:",
        ],
    ),
    (
        "secret-argument",
        r#"(?-u:\b)curl[ \t\r\n](?:[^|;\n]*[ \t\r\n])?(?:-u|-U|--user|--proxy-user)[[ \t\r\n]=]*["']?[^ \t\r\n:"'\\]+\\?:(?P<secret>[^ \t\r\n"',;]+)"#,
        COLON | DASH | SPACE,
        &["curl"],
    ),
];

/// The rules that are always on, in the order in which they apply.
pub(super) fn builtin() -> Vec<Pattern> {
    let pattern =
        |&(name, expression, marks, hints): &Rule| Pattern::ours(name, expression, marks, hints);
    RULES.iter().map(pattern).collect()
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
    use super::super::look::{Look, TOKEN_BYTES};
    use super::*;

    #[test]
    fn every_constant_compiles_and_its_hints_are_in_lower_case() {
        for pattern in builtin() {
            assert!(!pattern.regex().is_match(""), "{}", pattern.name());
        }
        let mut hints = RULES.iter().flat_map(|(_, _, _, hints)| *hints);
        assert!(hints.all(|hint| *hint == hint.to_lowercase()));
    }

    #[test]
    fn the_shortest_token_is_long_enough() {
        let shortest = format!("xoxb-{}", "1".repeat(10));
        let look = Look::at(&shortest);
        let tried = RULES_IN_FORCE.iter().filter(|pattern| pattern.may_match(&look));
        let fitting: Vec<_> = tried.filter(|pattern| pattern.regex().is_match(&shortest)).collect();
        assert_eq!(fitting.iter().map(|pattern| pattern.name()).collect::<Vec<_>>(), ["token"]);
        assert_eq!(shortest.len(), TOKEN_BYTES);
    }

    /// What secrets and the words around them are made of.
    const PIECES: [&str; 64] = [
        "PaSsWord",
        "PASSWD",
        "passphrase",
        "Secret",
        "token",
        "ApiKey",
        "api_key",
        "psk",
        "pwd",
        "BINDPW",
        "key",
        "sig",
        "auth",
        "x-amz-date",
        "Authorization",
        "private-token",
        "X-Auth-Token",
        "Bearer",
        "BASIC",
        "https",
        "postgres",
        "mysql",
        "mariadb-dump",
        "sshpass",
        "7za",
        "mongosh",
        "ldapsearch",
        "redis-cli",
        "curl",
        "pass:",
        "hooks.slack.com",
        "/services",
        "api.telegram.org",
        "discord.com/api/webhooks",
        "webhook.office.com/webhookb2",
        "$6$",
        "$y$",
        "AKIA",
        "ghp_",
        "glpat-",
        "xoxb-",
        "sk_live_",
        "AIza",
        "npm_",
        "eyJ",
        "-----BEGIN ",
        "PRIVATE KEY-----",
        "ABCDEFGH12345678",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "joe",
        "-p",
        "-w",
        "-a",
        "-u",
        "--",
        "=",
        ":",
        "//",
        "@",
        "?",
        "&",
        "\"",
        " ",
        "\t",
    ];

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4000))]
        #[test]
        fn a_glance_never_passes_over_what_an_expression_finds(
            pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..12)
        ) {
            let text = pieces.concat();
            let look = Look::at(&text);
            for pattern in RULES_IN_FORCE.iter().filter(|pattern| !pattern.may_match(&look)) {
                proptest::prop_assert!(!pattern.regex().is_match(&text), "{} of {text:?}", pattern.name());
            }
        }
    }

    static RULES_IN_FORCE: std::sync::LazyLock<Vec<Pattern>> = std::sync::LazyLock::new(builtin);

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
