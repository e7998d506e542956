use super::*;
use crate::kinds::testing::{job, outcomes, planted};

fn see(files: &[(&str, &str)]) -> (Sudoers, Vec<String>) {
    let root = planted(files);
    let job = job(root.path());
    let mut look = Look::new(&job);
    let sudoers = read(&mut look).unwrap();
    (sudoers, outcomes(&look.done()))
}

fn rule(text: &str) -> Rule {
    let (sudoers, _) = see(&[("/etc/sudoers", text)]);
    assert_eq!(sudoers.faults, [""; 0]);
    assert_eq!(sudoers.rules.len(), 1, "{:?}", sudoers.rules);
    sudoers.rules[0].clone()
}

#[test]
fn plain_rules_are_understood() {
    let all = rule("root\tALL=(ALL:ALL) ALL\n");
    assert_eq!((all.users, all.hosts), (vec!["root".to_owned()], vec!["ALL".to_owned()]));
    assert_eq!(all.run_as_users, Some(vec!["ALL".into()]));
    assert_eq!(all.run_as_groups, ["ALL"]);
    assert_eq!((all.commands, all.authenticate), (vec!["ALL".to_owned()], None));

    let tagged =
        rule("%ops, !eve ALL = NOPASSWD: SETENV: /bin/a -x, /bin/b\\, c, sha256:abc= /bin/d\n");
    assert_eq!(tagged.users, ["%ops", "!eve"]);
    assert_eq!(tagged.commands, ["/bin/a -x", "/bin/b\\, c", "/bin/d"]);
    assert_eq!((tagged.run_as_users, tagged.authenticate), (None, Some(false)));

    let options = rule("#1000, %#27 h1, h2 = (www) CWD=/x TIMEOUT=5m NOPASSWD : /bin/a\n");
    assert_eq!(options.users, ["#1000", "%#27"]);
    assert_eq!(options.hosts, ["h1", "h2"]);
    assert_eq!((options.commands, options.authenticate), (vec!["/bin/a".to_owned()], Some(false)));

    let spaced = rule("\"%domain admins\" ALL=(ALL) ALL # everything\n");
    assert_eq!(spaced.users, ["%domain admins"]);
}

#[test]
fn run_as_and_tags_hold_for_the_commands_after_them() {
    let (sudoers, _) = see(&[(
        "/etc/sudoers",
        "bob ALL = (www) /bin/a, NOPASSWD: /bin/b, (root) PASSWD: /bin/c : h1, h2 = /bin/d\n",
    )]);
    let told: Vec<_> = sudoers
        .rules
        .iter()
        .map(|r| {
            (r.commands[0].as_str(), r.run_as_users.clone().unwrap_or_default(), r.authenticate)
        })
        .collect();
    let list = |name: &str| vec![name.to_owned()];
    assert_eq!(
        told,
        [
            ("/bin/a", list("www"), None),
            ("/bin/b", list("www"), Some(false)),
            ("/bin/c", list("root"), Some(true)),
            ("/bin/d", vec![], None)
        ]
    );
    assert_eq!(sudoers.rules[3].hosts, ["h1", "h2"]);
}

#[test]
fn includes_are_followed_as_sudo_follows_them() {
    let (sudoers, said) = see(&[
        (
            "/etc/sudoers",
            "@include sudoers.local\n#includedir /etc/sudoers.d\n# include nothing\n#includes\n",
        ),
        ("/etc/sudoers.local", "a ALL=ALL\n"),
        ("/etc/sudoers.d/20-b", "b ALL=\\\n  ALL\n"),
        ("/etc/sudoers.d/10-c", "c ALL=ALL\n"),
        ("/etc/sudoers.d/old.bak", "evil ALL=ALL\n"),
        ("/etc/sudoers.d/old~", "evil ALL=ALL\n"),
    ]);
    let users: Vec<_> = sudoers.rules.iter().map(|rule| rule.users[0].as_str()).collect();
    assert_eq!(users, ["a", "c", "b"]);
    assert_eq!(sudoers.rules[2].source, "/etc/sudoers.d/20-b:1");
    assert!(sudoers.whole && said.is_empty(), "{said:?}");
}

#[test]
fn a_circle_and_a_missing_include_are_outcomes() {
    let (sudoers, said) = see(&[("/etc/sudoers", "@include sudoers\n")]);
    assert!(!sudoers.whole);
    assert!(said[0].starts_with("limit_exceeded"), "{said:?}");
    let (sudoers, said) = see(&[("/etc/sudoers", "@include nowhere\n")]);
    assert!(!sudoers.whole);
    assert!(said[0].contains("/etc/nowhere"), "{said:?}");
}

#[test]
fn aliases_expand_with_their_negation() {
    let (sudoers, _) = see(&[(
        "/etc/sudoers",
        "User_Alias OPS = alice, ADMINS : ADMINS = bob, !carol\nCmnd_Alias LOOP = LOOP, /bin/x\nOPS ALL = ALL\n",
    )]);
    assert_eq!(sudoers.expanded("User", &["OPS".into()]), ["alice", "bob", "!carol"]);
    assert_eq!(sudoers.expanded("User", &["!ADMINS".into()]), ["!bob", "carol"]);
    assert!(sudoers.expanded("Cmnd", &["LOOP".into()]).contains(&"/bin/x".to_owned()));
}

#[test]
fn defaults_keep_their_scope_and_sign() {
    let (sudoers, _) = see(&[(
        "/etc/sudoers",
        "Defaults env_reset, !lecture, timestamp_timeout=5\nDefaults:alice !authenticate\n\
         Defaults secure_path=\"/a:/b\", env_keep += \"A B\"\n",
    )]);
    let told: Vec<_> = sudoers
        .settings
        .iter()
        .map(|one| format!("{}{}={}", one.scope, one.name, one.value))
        .collect();
    assert_eq!(
        told,
        [
            "env_reset=true",
            "lecture=false",
            "timestamp_timeout=5",
            ":aliceauthenticate=false",
            "secure_path=/a:/b",
            "env_keep=+A B"
        ]
    );
}

#[test]
fn nonsense_is_a_fault_with_its_place() {
    let (sudoers, _) =
        see(&[("/etc/sudoers", "nonsense\nbob ALL\n= ALL\nbob = \nUser_Alias X\nbob ALL = (x\n")]);
    assert!(sudoers.rules.is_empty(), "{:?}", sudoers.rules);
    assert_eq!(sudoers.faults.len(), 6);
    assert!(sudoers.faults[1].contains("/etc/sudoers:2"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\\n\\\\#@%!:=,()\"a-zA-Z]{0,200}") {
        let mut sudoers = Sudoers::default();
        for (number, line) in logical_lines(&text) {
            if include(&line).is_none() {
                sudoers.line(without_comment(&line).trim(), &format!("x:{number}"));
            }
        }
        sudoers.expanded("User", &["ALL".into()]);
    }
}
