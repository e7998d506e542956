//! Other frameworks, the 2013 edition and an organisation's own, through the public door.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;

use exhibit_assessment::{
    Attribute, Basis, Became, ControlId, Crosswalks, Framework, OwnFrameworkError, Reference,
    RulePack, Strength, Transition, evidence_kinds,
};

fn control(id: &str) -> ControlId {
    id.parse().unwrap()
}

#[test]
fn every_crosswalk_ships_whole_with_source_and_label() {
    let all = Crosswalks::builtin().unwrap();
    let told: Vec<(&str, Basis, usize)> = all
        .frameworks()
        .iter()
        .map(|framework| (framework.id.as_str(), framework.basis, framework.relations.len()))
        .collect();
    assert_eq!(
        told,
        [
            ("nist_800_53_r5", Basis::Published, 642),
            ("nist_csf_2_0", Basis::Published, 341),
            ("soc2_tsc", Basis::Indicative, 208),
            ("pci_dss_4_0", Basis::Indicative, 96),
            ("iso27017_2015", Basis::Numbering, 115),
            ("iso27018_2019", Basis::Numbering, 115),
            ("iso27701_2019", Basis::Numbering, 144),
            ("iso27701_2025", Basis::Numbering, 59),
        ]
    );
    for framework in all.frameworks() {
        for relation in &framework.relations {
            assert!(!relation.source.is_empty() && !relation.theirs.is_empty());
            assert_eq!(relation.cloud_guidance.is_some(), framework.id == "iso27017_2015");
        }
    }
    assert!(Basis::Indicative.explained().contains("no authority"));
    let guidance = |word: &str| {
        let of = all.framework("iso27017_2015").unwrap().relations.iter();
        of.filter(|relation| relation.cloud_guidance.as_deref() == Some(word))
            .map(|relation| &relation.theirs)
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert_eq!((guidance("confirmed"), guidance("unconfirmed")), (15, 22));
}

#[test]
fn one_finding_shows_what_it_says_in_each_framework_and_through_which_control() {
    let all = Crosswalks::builtin().unwrap();
    let pack = RulePack::builtin().unwrap();
    let rule = pack.rule(&"backup.jobs.last_success_recent".parse().unwrap()).unwrap();
    let said = all.of_rule(rule);
    let nist = said.iter().find(|said| said.framework == "nist_800_53_r5").unwrap();
    let backup = nist.ids.iter().find(|id| id.id == "CP-9").unwrap();
    assert!(backup.through.contains(&(control("A.8.13"), rule.strength(control("A.8.13")))));
    assert_eq!(backup.relationship, "intersects");
    // A control alone says the same, without a rule's strength.
    let alone = all.of_control(control("A.8.13"));
    let nist = alone.iter().find(|said| said.framework == "nist_800_53_r5").unwrap();
    assert_eq!(
        nist.ids.iter().find(|id| id.id == "CP-9").unwrap().through,
        [(control("A.8.13"), None::<Strength>)]
    );
    // NIST relates something to every control of Annex A but these two.
    let silent: Vec<String> = Framework::builtin()
        .unwrap()
        .controls()
        .iter()
        .filter(|row| !all.of_control(row.id).iter().any(|said| said.framework == "nist_800_53_r5"))
        .map(|row| row.id.to_string())
        .collect();
    assert_eq!(silent, ["A.7.6", "A.8.34"]);
}

#[test]
fn the_2013_edition_leads_to_2022_without_a_gap() {
    let framework = Framework::builtin().unwrap();
    let way = Transition::builtin(&framework).unwrap();
    assert_eq!((way.controls.len(), way.new.len(), way.clauses.len()), (114, 11, 30));
    let domains: BTreeSet<&str> = way.controls.iter().map(|row| row.domain.as_str()).collect();
    assert_eq!(domains.len(), 14);
    let mut reached: BTreeSet<ControlId> = way.new.iter().copied().collect();
    for row in &way.controls {
        assert!(!row.became.is_empty(), "{}", row.id);
        reached.extend(row.became.iter().map(|(id, _)| *id));
        assert_eq!(row.became.len() > 1, row.became.iter().all(|(_, how)| *how == Became::Split));
    }
    assert_eq!(reached.len(), 93);
    let moved = |from: &str| {
        let of = way.clauses.iter().filter(|row| row.from.as_deref() == Some(from));
        of.map(|row| row.to.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(moved("9.2"), ["9.2.1", "9.2.2"]);
    assert_eq!((moved("10.1"), moved("10.2")), (vec!["10.2".to_owned()], vec!["10.1".to_owned()]));
    assert!(way.clauses.iter().any(|row| row.from.is_none() && row.to.to_string() == "6.3"));
}

#[test]
fn clauses_say_what_the_amendment_of_2024_did() {
    let framework = Framework::builtin().unwrap();
    let amended: Vec<(String, &str)> = framework
        .clauses()
        .iter()
        .filter(|clause| clause.amended_2024)
        .map(|clause| (clause.id.to_string(), clause.amendment_effect.as_str()))
        .collect();
    assert_eq!(
        amended,
        [("4.1".to_owned(), "requirement added"), ("4.2".to_owned(), "note added")]
    );
}

#[test]
fn controls_are_filtered_by_all_five_attributes() {
    let framework = Framework::builtin().unwrap();
    for attribute in [
        Attribute::ControlTypes,
        Attribute::SecurityProperties,
        Attribute::CybersecurityConcepts,
        Attribute::OperationalCapabilities,
        Attribute::SecurityDomains,
    ] {
        let values = framework.values(attribute);
        assert!(values.len() >= 3, "{attribute:?}");
        let reached: BTreeSet<ControlId> = values
            .iter()
            .flat_map(|value| {
                let wanted = [(attribute, (*value).to_owned())];
                framework.with_attributes(&wanted).map(|row| row.id).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(reached.len(), 93, "{attribute:?}");
    }
    let both = [
        (Attribute::ControlTypes, "Detective".to_owned()),
        (Attribute::CybersecurityConcepts, "Protect".to_owned()),
    ];
    let few = framework.with_attributes(&both).count();
    assert!(few > 0 && few < framework.with_attributes(&both[..1]).count());
    assert_eq!(framework.with_attributes(&[]).count(), 93);
}

const MANIFEST: &str = r#"{"id": "acme", "title": "ACME baseline"}"#;
const ENTRIES: &str = "id,title\nB1,Backups are tested\nB2,\"Keys, kept safe\"\n";
const RELATIONS: &str =
    "id_2022,framework_id,relationship,source\nA.8.13,B1,direct,CISO\n6.1.2,B2,supports,CISO\n";

fn own(manifest: &str, entries: &str, relations: &str) -> Result<Crosswalks, OwnFrameworkError> {
    let files =
        [("framework.json", manifest), ("controls.csv", entries), ("crosswalk.csv", relations)];
    let files: Vec<(String, String)> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Crosswalks::builtin().unwrap().clone().with_own(&files)
}

#[test]
fn an_organisations_own_framework_speaks_like_the_others() {
    let all = own(MANIFEST, ENTRIES, RELATIONS).unwrap();
    let said = all.of_control(control("A.8.13"));
    let mine = said.iter().find(|said| said.framework == "acme").unwrap();
    assert_eq!((mine.basis.label(), mine.ids[0].id), ("own", "B1"));
    let acme = all.framework("acme").unwrap();
    assert_eq!(acme.title_of("B2"), Some("Keys, kept safe"));
    let clause: Reference = "6.1.2".parse().unwrap();
    assert_eq!(acme.of(&clause).count(), 1);
}

#[test]
fn a_broken_framework_is_refused_with_file_line_and_way_out() {
    for (manifest, entries, relations, starts, says) in [
        (
            "{\"id\": \"acme\",\n\"titel\": \"x\"}",
            ENTRIES,
            RELATIONS,
            "framework.json:2: ",
            "titel",
        ),
        (r#"{"id": "Acme", "title": "x"}"#, ENTRIES, RELATIONS, "framework.json:1: ", "a-z"),
        (
            MANIFEST,
            "id,title\nB1,x\nB2,y\nB1,z\n",
            RELATIONS,
            "controls.csv:4: ",
            "stands in line 2",
        ),
        (MANIFEST, "id,title\nB1\n", RELATIONS, "controls.csv:2: ", "fields"),
        (MANIFEST, "id,name\nB1,x\n", RELATIONS, "controls.csv:2: ", "name"),
        (
            MANIFEST,
            ENTRIES,
            "id_2022,framework_id,relationship,source\nA.9.1,B1,direct,me\n",
            "crosswalk.csv:2: ",
            "A.5.1 … A.8.34",
        ),
        (
            MANIFEST,
            ENTRIES,
            "id_2022,framework_id,relationship,source\nA.8.1,B9,direct,me\n",
            "crosswalk.csv:2: ",
            "no id of controls.csv",
        ),
        (
            MANIFEST,
            ENTRIES,
            "id_2022,framework_id,relationship,source\nA.8.1,B1,direct,\n",
            "crosswalk.csv:2: ",
            "source is empty",
        ),
        (
            MANIFEST,
            ENTRIES,
            &format!("{RELATIONS}A.8.13,B1,direct,CISO\n"),
            "crosswalk.csv:4: ",
            "in line 2",
        ),
        (
            r#"{"id": "soc2_tsc", "title": "x"}"#,
            ENTRIES,
            RELATIONS,
            "the framework id",
            "choose another",
        ),
    ] {
        let error = own(manifest, entries, relations).unwrap_err().to_string();
        assert!(error.starts_with(starts) && error.contains(says), "{error}");
    }
    let error = Crosswalks::builtin().unwrap().clone().with_own(&[]).unwrap_err().to_string();
    assert!(error.starts_with("framework.json is missing"), "{error}");
    let odd = [("readme.exe".to_owned(), String::new())];
    assert!(Crosswalks::builtin().unwrap().clone().with_own(&odd).is_err());
}

#[test]
fn known_kinds_speak_to_controls() {
    let kinds = evidence_kinds().unwrap();
    assert!(kinds.len() >= 65 && kinds.is_sorted_by(|a, b| a.kind < b.kind));
    let reached: BTreeSet<ControlId> =
        kinds.iter().flat_map(|kind| kind.controls.iter().copied()).collect();
    assert_eq!(reached.len(), 93);
}
