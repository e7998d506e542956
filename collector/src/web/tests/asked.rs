//! Rule packs on their pages, approved by a second person; the statement of applicability frozen from its page.

use exhibit_assessment::{GivenRules, RulePack};
use exhibit_proto::digest::Digest;
use exhibit_proto::statement::{Act, Decision, RulePackInForce};

use super::*;
use crate::requests::{PackGiven, Request as Asked};

const RULE: &str = "# METADATA
# title: Clocks agree
# description: d
# custom:
#   id: time.sync.agree
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: low
#   freshness: 24
#   why: w
#   fix: f
package exhibit.time.sync.agree

default verdict := \"error\"

verdict := \"pass\" if input.body.off == 0

message := \"m\"
";

/// The shipped pack with all its files is in force.
fn shipped(sample: &Sample) {
    let pack = RulePack::builtin().unwrap();
    let (digest, rules) = (pack.digest().parse().unwrap(), pack.rules().len() as u64);
    let said = RulePackInForce::shipped(pack.version(), digest, rules, "init");
    sample.rule_pack_of(&pack, said);
}

/// Proposes a rule more than ships; answers the entry.
async fn proposed(site: &Site, by: &str) -> u64 {
    let manifest = r#"{"name": "acme <b>", "version": "7", "extends": "builtin"}"#;
    let sources = [("pack.json", manifest), ("time.sync/agree.rego", RULE)];
    let sources = sources.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let archive = GivenRules::from_sources(sources.into()).unwrap().to_archive();
    let (archive, note) = (Some(String::from_utf8(archive).unwrap()), None);
    let (by, reason) = (by.to_owned(), "clocks matter".to_owned());
    let desk = crate::app::rules::tests::desk(&site.sample);
    let done = desk(Asked::ActivatePack(PackGiven { archive, note, by, reason })).await.unwrap();
    let crate::requests::Done::Pack { entry, proposed: true, .. } = done else {
        panic!("{done:?}")
    };
    entry
}

async fn approve(site: &Site, cookie: &str, entry: u64, reason: &str) -> Answer {
    let page = site.get(&format!("/rules/packs/{entry}"), cookie).await;
    let form = format!("csrf={}&reason={reason}", csrf(&page.body));
    site.post(&format!("/rules/packs/{entry}"), cookie, "same-origin", &form).await
}

#[tokio::test]
async fn a_proposed_pack_shows_what_it_changes_and_comes_into_force_by_another_person() {
    let site = Site::new(shipped);
    let cookie = site.enter().await;
    let entry = proposed(&site, "grace").await;
    let list = site.get("/rules/packs", &cookie).await;
    assert!(list.body.contains("waits for a second person"), "{}", list.body);
    assert!(!list.body.contains("<b>"), "the name of a pack is text");
    let page = site.get(&format!("/rules/packs/{entry}"), &cookie).await;
    for expected in ["1 added", "time.sync.agree", "clocks matter", "grace", "Approve</button>"] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    let silent = approve(&site, &cookie, entry, "").await;
    assert_eq!(silent.status, StatusCode::BAD_REQUEST);
    assert!(silent.body.contains("give a reason"), "{}", silent.body);
    let form = "csrf=wrong&reason=fine";
    let path = format!("/rules/packs/{entry}");
    let forged = site.post(&path, &cookie, "same-origin", form).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let foreign = site.post(&path, &cookie, "cross-site", form).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);

    let done = approve(&site, &cookie, entry, "tried+on+a+quarter").await;
    assert_eq!(done.location, "/rules/packs", "{}", done.body);
    let page = site.get(&format!("/rules/packs/{}", entry + 1), &cookie).await;
    for expected in ["in force", "tried on a quarter", "grace", "1 added"] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    let again = approve(&site, &cookie, entry, "once+more").await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.body.contains("proposes no pack that waits"), "{}", again.body);
    let csv = site.get("/rules/packs.csv", &cookie).await;
    assert!(csv.body.contains("approved by admin"), "{}", csv.body);
}

#[tokio::test]
async fn nobody_approves_their_own_pack_on_its_page() {
    let site = Site::new(shipped);
    let cookie = site.enter().await;
    let entry = proposed(&site, "Admin").await;
    let page = site.get(&format!("/rules/packs/{entry}"), &cookie).await;
    assert!(page.body.contains("somebody else must approve it"), "{}", page.body);
    assert!(!page.body.contains("Approve</button>"));
    // Whoever sends the form all the same is refused by the desk.
    let form = format!("csrf={}&reason=fine", csrf(&page.body));
    let path = format!("/rules/packs/{entry}");
    let refused = site.post(&path, &cookie, "same-origin", &form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("somebody else must approve it"), "{}", refused.body);
    assert_eq!(site.get("/rules/packs/9", &cookie).await.status, StatusCode::NOT_FOUND);
    let nothing = site.post("/rules/packs/9", &cookie, "same-origin", &form).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{}", nothing.body);
}

#[tokio::test]
async fn the_statement_is_frozen_from_its_page_and_named_by_its_entry() {
    let site = Site::new(shipped);
    let cookie = site.enter().await;
    let page = site.get("/soa", &cookie).await;
    let form = format!("csrf={}&reason=stage+2+%3Cb%3E", csrf(&page.body));
    let done = site.post("/soa", &cookie, "same-origin", &form).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/soa"));
    let head = site.sample.reader.head().unwrap().checkpoint.size;
    site.sample.views();
    let document = site.get(&format!("/soa/versions/{}", head - 1), &cookie).await;
    let told: serde_json::Value = serde_json::from_str(&document.body).unwrap();
    assert_eq!((&told["report"], &told["by"]), (&json!("soa"), &json!("admin")));
    assert_eq!(told["rows"].as_array().unwrap().len(), 93);
    // Pressed twice, or by two people.
    let twice = site.post("/soa", &cookie, "same-origin", &form).await;
    assert_eq!(twice.status, StatusCode::CONFLICT, "{}", twice.body);
    assert!(twice.body.contains(&format!("entry {} froze a version", head - 1)), "{}", twice.body);
    assert_eq!(site.sample.reader.head().unwrap().checkpoint.size, head);
    let again = format!("{form}&after={}", head - 1);
    assert!(
        twice.body.contains(&format!("name=\"after\" value=\"{}\"", head - 1)),
        "{}",
        twice.body
    );
    let again = site.post("/soa", &cookie, "same-origin", &again).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    let empty = format!("csrf={}&reason=+", csrf(&page.body));
    let refused = site.post("/soa", &cookie, "same-origin", &empty).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("Nothing was frozen: give a reason"), "{}", refused.body);
}

#[tokio::test]
async fn where_a_second_person_is_asked_for_a_version_is_proposed_and_frozen_by_another() {
    let site = Site::deciding(&["soa"]);
    let cookie = site.enter().await;
    let page = site.get("/soa", &cookie).await;
    let form = format!("csrf={}&reason=stage+2", csrf(&page.body));
    let done = site.post("/soa", &cookie, "same-origin", &form).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/soa"));
    let versions = || crate::report::versions(&site.views).unwrap();
    let [proposed] = &versions()[..] else { panic!("one version") };
    let (entry, record) = (proposed.entry, proposed.record.clone().unwrap());
    assert!(proposed.proposed && proposed.approved.is_none());
    // What is to be approved can be read, and no report repeats it yet.
    let href = format!("/decisions/soa/{record}");
    let shown = site.get("/soa", &cookie).await.body;
    assert!(shown.contains(&href) && shown.contains("another person has to approve"), "{shown}");
    let file = site.get(&format!("{href}/file/{entry}"), &cookie).await;
    assert_eq!(Digest::of(file.body.as_bytes()), proposed.sha256);
    let (kind, format) = (crate::report::Kind::Soa, crate::report::Format::Json);
    let selection = crate::report::Selection::default();
    let ask = crate::report::Ask {
        kind,
        format,
        selection,
        by: "ada".into(),
        frozen: Some(entry),
        from: None,
    };
    let repeated = || {
        let mut scratch = crate::report::Scratch::new(site.sample.dir.path()).unwrap();
        crate::report::write(&site.views, &ask, site.sample.now(), scratch.file()).map(drop)
    };
    assert!(repeated().unwrap_err().to_string().contains("another person approves it first"));
    // Who proposed it cannot; somebody else can, and the version says who did which.
    let again = format!("csrf={}&act=approve&after={entry}&reason=ok", csrf(&page.body));
    let own = site.post(&href, &cookie, "same-origin", &again).await;
    assert!(own.body.contains("somebody else must approve"), "{}", own.body);
    let decision = Decision {
        register: "soa".into(),
        id: record.clone(),
        after: Some(entry),
        act: Act::Approve,
        value: None,
        by: "bob".into(),
        reason: "read it".into(),
    };
    let decider = crate::app::decide::tests::decider(&site.sample, &site.views, &["soa"]);
    let deciding = crate::decisions::Deciding { decision, file: None };
    let now = site.sample.now();
    let approved = (decider.lent(Arc::new(move || now)))(deciding).await.unwrap();
    let [frozen] = &versions()[..] else { panic!("one version") };
    let hands = frozen.hands();
    assert!(!frozen.proposed && hands.contains("proposed by admin"), "{hands}");
    assert!(hands.contains("approved by bob") && hands.contains("read it"), "{hands}");
    assert_eq!(frozen.approved.as_ref().unwrap().entry, approved.entry);
    let shown = site.get("/soa", &cookie).await.body;
    assert!(shown.contains("proposed by admin") && shown.contains("approved by bob"), "{shown}");
    repeated().unwrap();
}
