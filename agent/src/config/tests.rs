//! The shipped example is valid; bad input names value, line and way out.

use super::*;

#[test]
fn the_shipped_example_parses_and_shows_the_defaults() {
    let text = include_str!("../../../packaging/agent.example.toml");
    let config = Config::parse(text, Path::new("/etc/exhibit")).unwrap();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.plugins.len(), 2);
    let bare = Config::parse("state_dir = \"x\"", Path::new("/etc/exhibit")).unwrap();
    assert_eq!(bare.state_dir, Path::new("/etc/exhibit/x"));
    assert_eq!(bare.spool_max_bytes, config.spool_max_bytes);
    for (kind, line) in [
        ("capacity.metrics", "0 * * * *"),
        ("patch.status", "0 */6 * * *"),
        ("access.resource_permissions", "40 1 * * *"),
        ("continuity.tests", "0 4 * * SUN"),
    ] {
        let kind = kind.parse().unwrap();
        assert_eq!(bare.schedule.of(&kind).text(), line);
        assert_eq!(config.schedule.of(&kind).text(), line);
    }
    assert_eq!(bare.schedule.splay, config.schedule.splay);
}

#[test]
fn every_key_of_the_example_that_is_commented_out_is_known() {
    // A commented key starts its line with "# " and holds " = " or a table head; prose never does.
    let text = include_str!("../../../packaging/agent.example.toml");
    let key = |rest: &str| {
        let head = rest.split(" = ").next().unwrap_or_default();
        rest.starts_with("[[") || rest.contains(" = ") && !head.contains(' ')
    };
    let live: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if key(rest) => format!("{rest}\n"),
            Some(_) | None => format!("{line}\n"),
        })
        .collect();
    let config = Config::parse(&live, Path::new("/etc/exhibit")).unwrap();
    assert_eq!(config.target.unwrap().as_str(), "host:0123456789abcdef0123456789abcdef");
    assert_eq!(config.schedule.kinds.len(), 2);
    assert_eq!(config.redact.len(), 1);
    assert_eq!(config.labels.len(), 3);
    assert_eq!(config.plugins[1].secrets.len(), 1);
    assert_eq!(config.plugins[0].kinds.as_ref().unwrap().len(), 2);
}

#[test]
fn bad_input_names_value_line_and_way_out() {
    let table = [
        ("colour = \"red\"", 2, "colour"),
        ("target = \"host\"", 2, "type:id"),
        ("collector = \"http://a:1\"", 2, "https://HOST:PORT"),
        ("[limits]\ndeadline = \"5 minutes\"", 3, "5 minutes"),
        ("[limits]\nspeed = 1", 3, "speed"),
        ("[deny.fields]\n\"patch.status\" = [\"a/b\"]", 3, "names no field"),
        ("[schedule]\n\"patch.status\" = \"* * * * 1\"", 3, "write MON to SUN"),
        ("[schedule]\npatch.status = \"17 * * * *\"", 3, "quote the key"),
        ("[schedule]\nsometimes = \"17 * * * *\"", 3, "\"default\" and \"splay\""),
        ("[schedule]\ndefault = \"99 * * * *\"", 3, "99 * * * *"),
        ("[deny]\nkinds = [\"Patch\"]", 3, "Patch"),
        ("[[redact.pattern]]\nname = \"x\"\nregex = \"(\"", 4, "cannot be used"),
        ("[labels]\nsort = \"host\"", 3, "choose another name"),
        ("[labels]\n'a\"b' = \"x\"", 3, "none of them a control character or a quote"),
        ("[labels]\nowner = \"a\\nb\"", 3, "none of them a control character"),
        ("[labels]\nowner = 5", 3, "expected a string"),
        ("state_dir = 5", 2, ""),
    ];
    for (line, at, text) in table {
        let file = format!("state_dir = \"s\"\n{line}\n");
        let problems = Config::parse(&file, Path::new("/x")).unwrap_err();
        assert_eq!(problems[0].line, Some(at), "{line}: {problems:?}");
        assert!(problems[0].message.contains(text), "{line}: {problems:?}");
    }
    let many: String = (0..33).map(|n| format!("l{n} = \"x\"\n")).collect();
    let many = format!("state_dir = \"s\"\n[labels]\n{many}");
    let problems = Config::parse(&many, Path::new("/x")).unwrap_err();
    assert!(problems[0].message.contains("33 labels are more than 32"), "{problems:?}");
    let two = "state_dir = \"s\"\ntarget = \"x\"\n[deny]\nkinds = [\"Y\"]\n";
    assert_eq!(Config::parse(two, Path::new("/x")).unwrap_err().len(), 2);
    let missing = Config::load(Path::new("/nonexistent/agent.toml")).unwrap_err().to_string();
    assert!(missing.contains("/nonexistent/agent.toml") && missing.contains("--config"));
}
