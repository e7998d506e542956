//! What is not there: evidence, and why; what the scope leaves out; the single score where it is switched off.

use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Act, DECISION, Decision};
use serde_json::json;

use super::{SCORE, Site, fill};
use crate::views::sample::{Sample, patches};

const KIND: &str = "patch.status";

/// Of one kind: a host that was never asked for it, one whose agent fell silent before it looked, one that denied it, one that lacks
/// a tool, and one that was seen.
fn lacking(sample: &Sample) {
    sample.rule_pack();
    sample.enrol("unasked");
    let mut silent = sample.enrol("silent");
    sample.heartbeat(&mut silent, &[KIND]);
    sample.wait_minutes(24 * 60);
    for (name, outcome) in [("denied", "denied"), ("toolless", "tool_missing")] {
        let mut agent = sample.enrol(name);
        sample.heartbeat(&mut agent, &[KIND]);
        sample.run(&mut agent, &[], &[(KIND, outcome)]);
    }
    let mut seen = sample.enrol("seen");
    sample.heartbeat(&mut seen, &[KIND]);
    sample.run(&mut seen, &[(KIND, patches(false))], &[]);
}

#[tokio::test]
async fn each_reason_for_no_evidence_stands_on_its_control_and_leads_to_its_target() {
    let site = Site::new(lacking);
    let cookie = site.enter().await;
    let page = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(page.contains("no evidence"), "{page}");
    for (target, says) in [
        (1, "not scheduled"),
        (2, "silent"),
        (3, "denied: /etc/shadow: permission denied; run the plugin as root"),
        (4, "tool_missing: "),
    ] {
        let link = format!("/targets/host:{target:032x}");
        let rows = page.split("<tr").filter(|row| row.contains(&link));
        let reason: Vec<&str> = rows.filter(|row| row.contains(says)).collect();
        assert!(!reason.is_empty(), "no {says:?} with {link} in {page}");
        assert_eq!(site.get(&link, &cookie).await.status, 200, "one step leads there");
    }
}

#[tokio::test]
async fn a_score_that_is_switched_off_is_nowhere() {
    let shown = Site::new(fill);
    let cookie = shown.enter().await;
    let page = shown.get("/rollup", &cookie).await.body;
    assert!(page.contains("Single score") && page.contains("big-number"), "{page}");
    let api = shown.get("/api/v1/rollup", &cookie).await.body;
    assert!(api.contains("\"score\":") && !api.contains("\"score\":null"), "{api}");
    SCORE.set(false);
    let site = Site::new(fill);
    let cookie = site.enter().await;
    for path in ["/rollup", "/", "/controls", "/soa", "/trends"] {
        let page = site.get(path, &cookie).await.body;
        assert!(!page.contains("Single score") && !page.contains("id=\"score\""), "{path}");
        assert!(!page.contains(exhibit_assessment::SCORE_DEFINITION), "{path}");
    }
    let api = site.get("/api/v1/rollup", &cookie).await.body;
    assert!(api.contains("\"score\":null"), "{api}");
}

/// A cloud account whose tags its agent brings, and a host without a label; only the first is in the scope.
fn scoped(sample: &Sample) {
    sample.rule_pack();
    let mut host = sample.enrol("test-1");
    sample.run(&mut host, &[(KIND, patches(true))], &[]);
    let mut cloud = sample.enrol_for("cloud", "aws:123456789012".parse().unwrap());
    sample.beat(&mut cloud, &[KIND], &[("environment", "production"), ("owner", "payments")]);
    sample.run(&mut cloud, &[(KIND, patches(false))], &[]);
    narrow(sample, "environment = production");
}

/// The scope of the ISMS is this selection from here on.
pub(super) fn narrow(sample: &Sample, isms: &str) {
    let value = Some(json!({"isms": isms}));
    let (register, id, after, act) = ("scope".into(), "isms".into(), None, Act::Put);
    let (by, reason) = ("ada".into(), "board of May".into());
    let decision = Decision { register, id, after, act, value, by, reason };
    sample.own(EntryType::Decision, DECISION, decision);
}

#[tokio::test]
async fn tags_of_a_cloud_account_bring_it_into_the_scope_and_what_stands_outside_is_listed() {
    let site = Site::new(scoped);
    let cookie = site.enter().await;
    let host = format!("host:{:032x}", 1);
    let page = site.get("/scope", &cookie).await.body;
    assert!(page.contains(&host) && page.contains("test-1"), "{page}");
    assert!(page.contains(&format!("href=\"/targets/{host}\"")), "{page}");
    assert!(!page.contains("aws:123456789012"), "{page}");
    let csv = site.get("/scope.csv", &cookie).await.body;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let api = site.get("/api/v1/scope/outside", &cookie).await.body;
    assert!(api.contains(&host) && api.contains("\"total\":1"), "{api}");
    let cloud = site.get("/api/v1/targets/aws:123456789012", &cookie).await.body;
    assert!(cloud.contains("\"owner\":\"payments\""), "{cloud}");
    assert!(cloud.contains("\"outside_scope\":false"), "{cloud}");
    // The host's failure decides nothing, and is told beside the control.
    let control = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(control.contains("and deciding nothing") && control.contains(&host), "{control}");
    let everything = Site::new(fill);
    let cookie = everything.enter().await;
    let page = everything.get("/scope", &cookie).await.body;
    assert!(page.contains("Every known target is inside of the scope"), "{page}");
}
