//! Deletions, holds and what is still proven, on the pages.

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{HOLD, HOLD_LIFTED, Hold, HoldLifted};

use super::{Site, XSS};
use crate::views::sample::{Sample, patches};

const KIND: &str = "patch.status";

fn hold(sample: &Sample, reason: &str) -> u64 {
    let hold = Hold {
        target: None,
        kind: Some("identity.accounts".parse().unwrap()),
        from: None,
        to: None,
        by: "counsel".into(),
        reason: reason.into(),
    };
    sample.own(EntryType::Hold, HOLD, hold)
}

/// Entries: 0 the pack, 1 enrolment, 2 and 3 runs, then what follows.
fn fill(sample: &Sample) {
    sample.rule_pack();
    let mut agent = sample.enrol(XSS);
    let run = sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    sample.run_losing(&mut agent, &[("time.sync", patches(true))]);
    let rows = sample.views_at("look.db").document_history(agent.target.as_str(), KIND).unwrap();
    let gone: Digest =
        rows.iter().find(|row| row.from_index == run).unwrap().digest.parse().unwrap();
    sample.delete(&agent, KIND, &[gone]);
    let over = hold(sample, "over and done");
    let lifted = HoldLifted { hold: over, by: "counsel".into(), reason: "settled".into() };
    sample.own(EntryType::Hold, HOLD_LIFTED, lifted);
    hold(sample, XSS);
}

#[tokio::test]
async fn a_deleted_document_says_who_why_under_which_rule_and_what_is_still_proven() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let target = site.sample.views().agents().unwrap().remove(0).targets.remove(0);
    let item = |index: u64, kind: &str| format!("/evidence/{index}/{kind}/{target}");
    let gone = site.get(&item(2, KIND), &cookie).await.body;
    for shown in ["/entries/5", "patch.status 30 days", "dpo", "nobody needs it", "still proven"] {
        assert!(gone.contains(shown), "{shown}: {gone}");
    }
    assert!(!gone.contains("/document\""), "there is nothing to download: {gone}");
    let given_up = site.get(&item(4, "time.sync"), &cookie).await.body;
    assert!(given_up.contains("give it up before it was sent"), "{given_up}");
    assert!(!given_up.contains("role=\"alert\""));
    let held = site.get(&item(3, KIND), &cookie).await.body;
    assert!(held.contains("/document\"") && !held.contains("still proven"), "{held}");
}

#[tokio::test]
async fn the_retention_page_shows_rules_holds_the_last_pass_and_what_went() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let page = site.get("/retention", &cookie).await.body;
    for shown in [
        "30 days",
        "dpo",
        "none since this collector started",
        "settled",
        "every target",
        "identity.accounts",
        "nobody needs it",
        "exhibit-collector hold add",
        "in 30 days",
        "what they reach, counted ",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains(XSS));
    site.retention.step(site.sample.now(), 3, false);
    let page = site.get("/retention", &cookie).await.body;
    assert!(page.contains("3 documents deleted"), "{page}");
    let csv = site.get("/retention.csv", &cookie).await.body;
    assert!(csv.contains("patch.status 30 days"), "{csv}");
    let activity = site.get("/activity", &cookie).await.body;
    assert!(activity.contains("1 document deleted under the rule"), "{activity}");
}

#[tokio::test]
async fn a_document_that_was_stored_and_is_gone_without_a_tombstone_is_an_alarm() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let db = rusqlite::Connection::open(site.sample.dir.path().join("log.db")).unwrap();
    db.execute("DELETE FROM document WHERE idx = 3", []).unwrap();
    let target = site.sample.views().agents().unwrap().remove(0).targets.remove(0);
    let page = site.get(&format!("/evidence/3/{KIND}/{target}"), &cookie).await.body;
    assert!(page.contains("The document is missing"), "{page}");
}
