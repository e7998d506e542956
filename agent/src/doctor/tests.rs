use super::*;

fn kind() -> Kind {
    "identity.accounts".parse().unwrap()
}

fn told(word: OutcomeKind, remedy: &str) -> Outcome {
    let target = "host:test".parse().unwrap();
    crate::collect::outcome(&kind(), &target, word, "cannot read /etc/shadow", remedy)
}

#[test]
fn what_would_come_of_a_kind_follows_from_what_was_tried() {
    let seen = Tried { document: true, ..Tried::default() };
    let none = Tried::default();
    let named = Tried { named: true, ..none };
    let vetoed = Tried { vetoed: true, ..none };
    let table = [
        (seen, None, Sight::Collected, false),
        (seen, Some(OutcomeKind::Denied), Sight::InPart, true),
        (seen, Some(OutcomeKind::NotApplicable), Sight::InPart, false),
        (none, Some(OutcomeKind::Denied), Sight::Denied, true),
        (none, Some(OutcomeKind::ToolMissing), Sight::Nothing, true),
        (none, Some(OutcomeKind::TimedOut), Sight::Nothing, true),
        (none, Some(OutcomeKind::NotApplicable), Sight::NotApplicable, false),
        (none, Some(OutcomeKind::NotConfigured), Sight::Nothing, false),
        (named, Some(OutcomeKind::NotConfigured), Sight::Nothing, true),
        (vetoed, Some(OutcomeKind::Denied), Sight::Vetoed, false),
        (none, None, Sight::Nothing, true),
    ];
    for (tried, word, sight, lacking) in table {
        let outcomes: Vec<Outcome> =
            word.map(|word| told(word, "CAP_DAC_READ_SEARCH")).into_iter().collect();
        let found = find(&kind(), "u", tried, &outcomes);
        assert_eq!((found.sight, found.lacking), (sight, lacking), "{tried:?} {word:?}");
        assert_eq!(found.reasons.len(), outcomes.len());
    }
}

#[test]
fn the_lines_name_each_right_once_and_root_only_where_nothing_less_will_do() {
    let remedy =
        "give the plugin CAP_DAC_READ_SEARCH (or run it as root) so that it may read /etc/shadow";
    let seen = Tried { document: true, ..Tried::default() };
    let by_right = find(
        &kind(),
        "exhibit-plugin-linux@.service",
        seen,
        &[told(OutcomeKind::Denied, remedy), told(OutcomeKind::Denied, remedy)],
    );
    assert_eq!(by_right.rights, BTreeSet::from(["CAP_DAC_READ_SEARCH".to_owned()]));
    let by_root = Finding {
        kind: "crypto.at_rest".parse().unwrap(),
        rights: rights_of("run the plugin as root"),
        ..by_right.clone()
    };
    let elsewhere = Finding {
        kind: "backup.jobs".parse().unwrap(),
        unit: "exhibit-plugin-backup@.service".to_owned(),
        ..by_right.clone()
    };
    let lines = lines(&[by_right, by_root, elsewhere]);
    let [backup, linux] = lines.units.as_slice() else { panic!("{lines:?}") };
    assert_eq!(backup.unit, "exhibit-plugin-backup@.service");
    assert_eq!((backup.grant.len(), backup.grant_root.len()), (3, 0));
    assert_eq!(
        linux.grant,
        [
            "[Service]",
            "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
            "AmbientCapabilities=CAP_DAC_READ_SEARCH"
        ]
    );
    assert_eq!(linux.refuse, ["[Service]", "CapabilityBoundingSet=~CAP_DAC_READ_SEARCH"]);
    assert_eq!(
        lines.deny,
        ["[deny]", r#"kinds = ["backup.jobs", "crypto.at_rest", "identity.accounts"]"#]
    );
    assert_eq!(linux.root.len(), 1);
    assert_eq!(linux.grant_root, ["[Service]", "User=root", "CapabilityBoundingSet=~"]);
    assert_eq!(super::lines(&[]), Lines::default());
}

#[test]
fn a_remedy_without_a_right_gives_none() {
    assert!(rights_of("install nft in /usr/sbin").is_empty());
    assert_eq!(rights_of("CAP_NET_ADMIN, CAP_SYS_PTRACE").len(), 2);
}

#[test]
fn each_level_yields_what_its_rights_open_and_no_more() {
    let seen = Tried { document: true, ..Tried::default() };
    let capability = told(OutcomeKind::Denied, "give the plugin CAP_NET_ADMIN (or run it as root)");
    let root = told(OutcomeKind::Denied, "run the plugin as root");
    let setting = told(OutcomeKind::NotConfigured, "name a repository");
    let tool = told(OutcomeKind::ToolMissing, "install nft");
    let (all, part) = (Sight::Collected, Sight::InPart);
    for (tried, outcomes, levels) in [
        (seen, vec![], [all, all, all]),
        (seen, vec![capability.clone()], [part, all, all]),
        (seen, vec![capability.clone(), root.clone()], [part, part, all]),
        (seen, vec![capability.clone(), setting.clone()], [part, part, part]),
        (seen, vec![setting], [part, part, part]),
        (Tried::default(), vec![capability.clone()], [Sight::Denied, all, all]),
        (Tried::default(), vec![root.clone()], [Sight::Denied, Sight::Denied, all]),
        (Tried::default(), vec![tool], [Sight::Nothing; 3]),
        (Tried { vetoed: true, ..seen }, vec![capability], [Sight::Vetoed; 3]),
    ] {
        let found = find(&kind(), "u", tried, &outcomes);
        let given = [found.sight, found.with_capabilities, found.as_root];
        assert_eq!(given, levels, "{outcomes:?}");
    }
}
