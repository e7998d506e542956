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
        ("secret-argument", json!("joe ALL=(root) /usr/bin/mysql -popensesame shop"), "opensesame"),
        (
            "secret-argument",
            json!("mysqldump --single-transaction -u x -popensesame db"),
            "opensesame",
        ),
        ("secret-argument", json!("sshpass -p opensesame ssh x"), "opensesame"),
        ("secret-argument", json!("redis-cli -h a -a opensesame ping"), "opensesame"),
        ("secret-argument", json!("openssl enc -pass pass:opensesame"), "opensesame"),
        ("secret-argument", json!("/usr/bin/curl -sS -u joe:opensesame https://x/"), "opensesame"),
        ("secret-argument", json!(r"/usr/bin/curl -u joe\:opensesame x"), "opensesame"),
        ("secret-argument", json!("server=db;Uid=x;Pwd=opensesame;"), "opensesame"),
        ("secret-argument", json!("auth required pam_ldap.so bindpw=opensesame"), "opensesame"),
        ("secret-argument", json!(r#"{"client_secret": "opensesame", "x": 1}"#), "opensesame"),
        ("url-credentials", json!("https://u:pa/opensesame@h/x"), "opensesame"),
        ("url-credentials", json!("https://u:p@opensesame@h/x"), "opensesame"),
        ("url-credentials", json!(r"https\://u\:opensesame@h/x"), "opensesame"),
        ("url-credentials", json!("https://opensesame@h/x"), "opensesame"),
        ("url-credentials", json!("postgres://joe:12345678@db"), "12345678"),
        ("url-credentials", json!("//joe:opensesame@nas/share"), "opensesame"),
        ("url-query", json!("https://blob.example/x?se=2026&sig=opensesame&sp=r"), "opensesame"),
        ("webhook", json!("https://hooks.slack.com/services/T0/B0/opensesame"), "opensesame"),
        ("authorization", json!("X-Auth-Token: opensesame"), "opensesame"),
        ("authorization", json!("Authorization: Token opensesame"), "opensesame"),
    ];
    let redactor = redactor();
    for (rule, mut value, secret) in table {
        let applied = redactor.value(&mut value);
        let text = value.to_string();
        assert!(!text.contains(secret), "{rule}: {text}");
        assert!(text.contains(MARK), "{text}");
        assert!(applied.contains(rule), "{rule} of {applied:?}");
        let again = value.clone();
        assert!(redactor.value(&mut value).is_empty(), "applied twice: {text}");
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
fn names_of_persons_go_where_it_is_asked_for_and_still_show_who_did_the_same() {
    let kind: Kind = "sdlc.change_records".parse().unwrap();
    let changes = json!({"changes": [
        {"actor": "Jane Doe", "approved_by": ["John Roe", "Jane Doe"], "summary": "Jane Doe", "source": "apt"},
        {"actor": null, "approved_by": [], "summary": "", "source": "apt"},
    ]});
    let mut kept = changes.clone();
    assert_eq!(redactor().document(&kind, &mut kept), BTreeSet::new());
    assert_eq!(kept, changes);

    let named = redactor().with_personal_names(true);
    let mut gone = changes.clone();
    let applied = named.document(&kind, &mut gone);
    assert_eq!(applied, BTreeSet::from(["personal-name".to_owned()]));
    let first = gone["changes"][0].clone();
    assert!(first["actor"].as_str().unwrap().starts_with(MARK), "{gone}");
    assert_eq!(first["actor"], first["approved_by"][1]);
    assert_ne!(first["actor"], first["approved_by"][0]);
    assert_eq!((&first["summary"], &first["source"]), (&json!("Jane Doe"), &json!("apt")));
    assert_eq!(gone["changes"][1], changes["changes"][1]);
    assert_eq!(named.document(&kind, &mut gone), BTreeSet::new(), "applied twice");

    // The same person is the same in another kind on this host.
    let mut keys = json!({"credentials": [{"label": "Jane Doe", "account": "jane"}]});
    named.document(&"identity.secrets_and_keys".parse().unwrap(), &mut keys);
    assert_eq!(keys["credentials"][0]["label"], first["actor"]);
    assert_eq!(keys["credentials"][0]["account"], "jane");
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
        "port": "https://example.com:8443/a@b",
        "guest": "sftp://backup@nas/srv",
        "place": "sudo: joe : TTY=pts/0 ; PWD=/home/joe ; USER=root ; COMMAND=/usr/bin/id",
        "image": "registry.example:5000/app@sha256:0123",
        "port_option": "mysql -P 3306 -p shop",
        "owner": "chown -R www:www /srv; docker run -u 1000:1000 x",
        "query": "https://example.com/?page=2&sort=name",
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
