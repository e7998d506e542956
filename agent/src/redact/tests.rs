//! Planted secrets do not come out, equality still shows, and evidence that only speaks of passwords stays.

use serde_json::json;

use super::*;

fn redactor() -> Redactor {
    Redactor::new([7; 32], &[])
}

#[test]
fn planted_secrets_do_not_come_out() {
    let pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----";
    let table = [
        ("secret-field", json!({"db_password": "hunter2hunter2"}), "hunter2hunter2"),
        (
            "secret-field",
            json!({"env": [{"name": "API_TOKEN", "value": "tok-12345"}]}),
            "tok-12345",
        ),
        ("secret-field", json!({"secrets": ["deep-secret-1"]}), "deep-secret-1"),
        ("url-credentials", json!(["https://joe:pa55word@example.com/x"]), "pa55word"),
        ("url-credentials", json!("postgres://:pa55word@db/x"), "pa55word"),
        ("private-key", json!({"file": format!("a\n{pem}\nb")}), "b3BlbnNzaC1rZXktdjEA"),
        ("token", json!("key AKIAIOSFODNN7EXAMPLE"), "AKIAIOSFODNN7EXAMPLE"),
        ("token", json!("ghp_0123456789abcdefghijklmnopqrstuvwxyz"), "ghp_0123456789"),
        ("token", json!("xoxb-123456789012-abcdef"), "xoxb-123456789012"),
        ("password-hash", json!("root:$6$saltsalt$abcdefghijklmnop:19000"), "saltsalt"),
        ("password-hash", json!("$y$j9T$abcdefgh$ijklmnopqrst"), "abcdefgh"),
        (
            "authorization",
            json!("curl -H 'Authorization: Bearer abc.def-123456'"),
            "abc.def-123456",
        ),
        ("secret-argument", json!("backup --password=opensesame --host a"), "opensesame"),
        ("secret-argument", json!("backup --db-password opensesame"), "opensesame"),
        ("secret-argument", json!("RESTIC_PASSWORD=opensesame restic snapshots"), "opensesame"),
    ];
    for (rule, mut value, secret) in table {
        let applied = redactor().value(&mut value);
        let text = value.to_string();
        assert!(!text.contains(secret), "{rule}: {text}");
        assert!(text.contains(MARK), "{text}");
        assert!(applied.contains(rule), "{rule} of {applied:?}");
        let again = value.clone();
        assert!(redactor().value(&mut value).is_empty(), "applied twice: {text}");
        assert_eq!(value, again);
    }
}

#[test]
fn equality_shows_on_one_host_and_nowhere_else() {
    let one = |key: u8, secret: &str| {
        let mut value = json!({ "password": secret });
        Redactor::new([key; 32], &[]).value(&mut value);
        value
    };
    assert_eq!(one(1, "a-secret"), one(1, "a-secret"));
    assert_ne!(one(1, "a-secret"), one(1, "b-secret"));
    assert_ne!(one(1, "a-secret"), one(2, "a-secret"));
}

#[test]
fn evidence_about_passwords_is_left_alone() {
    let mut value = json!({
        "password": {"state": "set", "hash_scheme": "yescrypt", "max_age_days": 90},
        "password_rules": {"min_length": 14, "empty_allowed": false},
        "settings": [{"name": "PasswordAuthentication", "value": "no"}, {"name": "PASS_MAX_DAYS", "value": "90"}],
        "url": "https://example.com/a:b@c",
        "price": "costs $5 or $6",
        "repository": "sftp:backup@nas:/srv/restic",
        "password_file": "/etc/restic/pw",
        "sudo": "alice ALL=(ALL) NOPASSWD: ALL",
        "prose": "the password expires soon, a token is kept elsewhere",
        "command": "restic --password-file /etc/restic/pw snapshots --json",
    });
    let before = value.clone();
    assert_eq!(redactor().value(&mut value), BTreeSet::new(), "{value}");
    assert_eq!(value, before);
}

#[test]
fn patterns_of_the_operator_apply_and_bad_ones_are_refused() {
    let pattern = compile("badge", r"badge (?P<secret>\d{6})").unwrap();
    let redactor = Redactor::new([7; 32], &[pattern]);
    let mut value = json!("badge 123456 of joe");
    assert!(redactor.value(&mut value).contains("badge"));
    assert!(value.as_str().unwrap().starts_with("badge redacted:"), "{value}");
    assert!(!redactor.text("badge 123456").contains("123456"));
    assert!(
        compile("x", "(").is_err() && compile("x", ".*").is_err() && compile("A b", "x").is_err()
    );
}
