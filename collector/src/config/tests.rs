//! The example is read whole, and what is refused says where and why.

use super::*;
use crate::people::Role;

const EXAMPLE: &str = include_str!("../../../packaging/collector.example.toml");

fn load(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("collector.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path)
}

fn required() -> Config {
    Config {
        origin: "evidence.example.com/acme/2026".into(),
        data: "/var/lib/exhibit-collector".into(),
        names: vec!["evidence.example.com".into()],
        evidence: Evidence::default(),
        web: Web::default(),
        log: Log::default(),
        retention: Retention::default(),
        rules: Rules::default(),
        frameworks: Frameworks::default(),
        identity: Identity::default(),
        limits: Limits::default(),
        people: People::default(),
        oidc: None,
        approval: Approval::default(),
        label: Vec::new(),
        labels: Labels::default(),
        witness: Vec::new(),
        witnesses: Witnesses::default(),
        timestamp: Vec::new(),
        timestamps: Timestamps::default(),
    }
}

#[test]
fn example_parses_and_shows_the_defaults() {
    assert_eq!(load(EXAMPLE).unwrap(), required());
    let shown = EXAMPLE.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") && !rest.starts_with(char::is_uppercase) => rest,
        Some(rest) if rest.starts_with("[[") || rest.starts_with("[oidc") => rest,
        Some(_) | None => line,
    });
    let shown: Vec<&str> = shown.collect();
    let all = load(&shown.join("\n")).unwrap();
    let advertise = Some("evidence.example.com:8443".to_owned());
    let evidence = Evidence { advertise, ..Evidence::default() };
    let approval = Approval { second_person: vec!["waiver".into(), "applicability".into()] };
    assert_eq!(all.label.len(), 1);
    let label = all.label.clone();
    let (witness, timestamp) = (all.witness.clone(), all.timestamp.clone());
    assert_eq!((witness.len(), timestamp.len()), (2, 1));
    let retention = all.retention.clone();
    assert_eq!(retention.days.values().copied().collect::<Vec<_>>(), [400]);
    let rest =
        Retention { documents_per_second: retention.documents_per_second, ..Retention::default() };
    assert_eq!(rest, Retention::default());
    assert_eq!(all.rules.signers.len(), 1);
    let rules = Rules { signers: all.rules.signers.clone(), ..Rules::default() };
    let (people, oidc) = (all.people.clone(), all.oidc.clone());
    assert_eq!(people.second_factor, [Role::Admin, Role::Compliance]);
    let shown_oidc = oidc.as_ref().unwrap();
    let defaults: Oidc =
        toml::from_str("issuer = \"i\"\nclient_id = \"c\"\nredirect = \"r\"\nroles = {}\n")
            .unwrap();
    assert_eq!(
        shown_oidc.roles.values().copied().collect::<Vec<_>>(),
        [Role::Admin, Role::Compliance]
    );
    assert_eq!((&shown_oidc.scopes, &shown_oidc.label), (&defaults.scopes, &defaults.label));
    assert_eq!(shown_oidc.clock_skew, defaults.clock_skew);
    assert_eq!(shown_oidc.groups_claim, defaults.groups_claim);
    let frameworks = Frameworks { directory: Some("/etc/exhibit/frameworks".into()) };
    assert_eq!(all.frameworks, frameworks);
    let labels = Labels { from_agents: Some(["service", "owner"].map(str::to_owned).into()) };
    let first = Config { approval, frameworks, label, labels, ..required() };
    let others = Config { rules, people, oidc, ..first };
    assert_eq!(all, Config { evidence, witness, timestamp, retention, ..others });
    // Every key that can be read is shown.
    let keys = shown.iter().filter(|line| line.contains(" = ") && !line.starts_with('#'));
    assert_eq!(keys.count(), 60);
}

#[test]
fn bad_values_are_named_with_place_and_way_out() {
    let base = "origin = \"o\"\ndata = \"d\"\nnames = [\"a.example\"]\n";
    assert!(load(base).unwrap().data.is_absolute());
    let oidc = |keys: &str, roles: &str| {
        let redirect = "redirect = \"https://e.example/sign-in/oidc/callback\"";
        format!("{base}[oidc]\nclient_id = \"c\"\n{redirect}\n{keys}\n[oidc.roles]\n{roles}\n")
    };
    for (text, expected) in [
        (format!("{base}colour = 1\n"), "colour"),
        (base.replace("\"o\"", "\"https://o\""), "origin"),
        (base.replace("a.example", "a.example:1"), "a.example:1"),
        (base.replace("[\"a.example\"]", "[]"), "names"),
        (format!("{base}[limits]\nidle = \"soon\"\n"), "soon"),
        (format!("{base}[limits]\ndocument_bytes = 9000000000\n"), "document_bytes"),
        (format!("{base}[identity]\nclient_certificate_days = 0\n"), "expected 2 to 397"),
        (format!("{base}[evidence]\nadvertise = \"host\"\n"), "host:port"),
        (format!("{base}[log]\nscrub_days = 0\n"), "expected 1 to 365"),
        (format!("{base}[retention]\ndefault_days = 9\n"), "retention.approved_by"),
        (format!("{base}[retention]\ndefault_days = 0\n"), "at least 1 day"),
        (format!("{base}[rules]\nsigners = [\"ada\"]\n"), "name+id+key"),
        (format!("{base}[approval]\nsecond_person = [\"wavier\"]\n"), "wavier"),
        (format!("{base}[[label]]\ntargets = \"owner =\"\nset = {{}}\n"), "character"),
        (format!("{base}[web]\nlisten = \"everywhere\"\n"), "listen"),
        (format!("{base}[people]\nsecond_factor = [\"root\"]\n"), "there is no role"),
        (oidc("issuer = \"http://id\"", "g = \"admin\""), "oidc.issuer"),
        (oidc("issuer = \"https://id\"", "g = \"auditor\""), "auditors have an account"),
        (oidc("issuer = \"https://id\"", ""), "name at least one group"),
        (oidc("issuer = \"https://id\"\nclock_skew = \"1h\"", "g = \"admin\""), "oidc.clock_skew"),
        (oidc("issuer = \"https://id\"\nscopes = [\"email\"]", "g = \"admin\""), "oidc.scopes"),
    ] {
        let error = load(&text).unwrap_err();
        let text = match &error {
            ConfigError::Parse { source, .. } => format!("{error} {source}"),
            ConfigError::Read { .. } | ConfigError::Value { .. } => error.to_string(),
        };
        assert!(text.contains(expected), "{text} lacks {expected}");
    }
}
