//! Today, trends, groups and the roll-up: the API and the lists to take away tell what the pages tell.

use axum::http::StatusCode;
use serde_json::Value;

use super::api::{full, json};
use super::{Sample, Site, fill};
use crate::views::sample::patches;

fn sum(list: &Value, field: &str) -> u64 {
    list["items"].as_array().unwrap().iter().map(|row| row[field].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn today_counts_what_its_lists_name() {
    let site = Site::new(full);
    let cookie = site.enter().await;
    let today = json(&site, "/api/v1/today", &cookie).await;
    let tasks = json(&site, "/api/v1/today/tasks?limit=1000", &cookie).await;
    let counted = |group: &str| {
        let all = today["tasks"].as_array().unwrap();
        all.iter().find(|one| one["group"] == group).map_or(0, |one| one["tasks"].as_u64().unwrap())
    };
    let groups = ["approvals", "not_met", "stale", "silent", "due", "waivers", "outside"];
    let in_all: u64 = groups.iter().map(|group| counted(group)).sum();
    assert!(in_all > 0 && tasks["total"] == in_all, "{today} {tasks}");
    let silent = json(&site, "/api/v1/today/tasks?group=silent", &cookie).await;
    assert!(silent["total"] == counted("silent") && counted("silent") > 0, "{silent}");
    let statuses = today["statuses"].as_array().unwrap();
    let controls: u64 = statuses.iter().map(|one| one["controls"].as_u64().unwrap()).sum();
    assert_eq!(controls, 93);
    assert_eq!(today["alarms"][0]["title"], "Gap", "{today}");
    let page = site.get("/", &cookie).await.body;
    let first = tasks["items"][0]["title"].as_str().unwrap();
    assert!(page.contains(first), "{first}");
    let noticed = json(&site, "/api/v1/log/noticed", &cookie).await;
    assert_eq!(noticed["items"][0]["stands"], true);
    let agent = noticed["items"][0]["agent"].as_str().unwrap();
    let own = json(&site, &format!("/api/v1/agents/{agent}/noticed"), &cookie).await;
    assert_eq!(own["items"], noticed["items"]);
    let nobody = site.get("/api/v1/agents/nobody/noticed", &cookie).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn groups_hold_every_failure_and_say_by_what() {
    let site = Site::new(full);
    let cookie = site.enter().await;
    let failures = json(&site, "/api/v1/findings?verdict=fail&limit=1", &cookie).await;
    for by in ["rule", "target"] {
        let groups = json(&site, &format!("/api/v1/findings/groups?by={by}"), &cookie).await;
        assert_eq!(sum(&groups, "failures"), failures["total"].as_u64().unwrap(), "{by}");
    }
    let controls = json(&site, "/api/v1/findings/groups?by=control&q=A.8.8", &cookie).await;
    assert_eq!(controls["items"][0]["group"], "A.8.8");
    let wrong = site.get("/api/v1/findings/groups?by=moon", &cookie).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
    assert!(wrong.body.contains("rule, target, control"), "{}", wrong.body);
}

#[tokio::test]
async fn trends_and_the_roll_up_are_taken_away_as_they_are_shown() {
    let site = Site::new(full);
    let cookie = site.enter().await;
    let statuses = json(&site, "/api/v1/trends/statuses?days=7&theme=technological", &cookie).await;
    let newest = &statuses["items"][0];
    let in_theme: u64 = ["not_met", "no_evidence", "stale", "met", "manual", "excluded"]
        .iter()
        .map(|field| newest[field].as_u64().unwrap())
        .sum();
    assert_eq!(in_theme, 34, "{newest}");
    for (path, words) in [
        ("/api/v1/trends/statuses?days=8", "30, 7, 90, 365"),
        ("/api/v1/trends/failures?by=moon", "no label of any target"),
    ] {
        let wrong = site.get(path, &cookie).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", wrong.body);
        assert!(wrong.body.contains(words), "{}", wrong.body);
    }
    for (list, head, row) in [
        ("/trends/statuses.csv?days=7", "theme,at,not_met", "Technological,"),
        ("/trends/failures.csv?by=sort", "control,title,label,group", "A.8.8,"),
        ("/trends/ages.csv", "of,kind,age,targets", "patch.status,"),
        ("/rollup.csv", "by,group,worst,not_met", "All controls,All controls,"),
    ] {
        let csv = site.get(list, &cookie).await;
        assert_eq!(csv.status, StatusCode::OK, "{list}: {}", csv.body);
        assert!(csv.body.contains(head) && csv.body.contains(row), "{list}: {}", csv.body);
    }
    let told = json(&site, "/api/v1/rollup", &cookie).await;
    let rows = site.get("/rollup.csv", &cookie).await.body.lines().count();
    let parts = |field: &str| told[field].as_array().unwrap().len();
    assert_eq!(rows, 1 + 1 + parts("themes") + parts("attributes"));
    let capable = told["attributes"].as_array().unwrap().iter();
    let whole: u64 = capable
        .filter(|one| one["attribute"] == "security_domains" && one["value"] == "resilience")
        .map(|one| one["part"]["controls"].as_u64().unwrap())
        .sum();
    let listed = json(&site, "/api/v1/controls?security_domains=resilience", &cookie).await;
    assert_eq!(listed["total"], whole);
}

#[tokio::test]
async fn nothing_is_said_to_pass_where_nothing_was_judged() {
    let empty = Site::new(|_| {});
    let cookie = empty.enter().await;
    let page = empty.get("/trends", &cookie).await.body;
    assert!(page.contains("No target is observed yet") && !page.contains("No rule that"), "{page}");
    assert_eq!(page.matches("Nothing was judged in this period yet").count(), 1);
    let healthy = Site::new(|sample: &Sample| {
        let mut agent = sample.enrol("calm.example.com");
        sample.run(&mut agent, &[("patch.status", patches(false))], &[]);
    });
    let cookie = healthy.enter().await;
    let page = healthy.get("/trends", &cookie).await.body;
    assert!(page.contains("No rule that decides a control fails on any target."), "{page}");
    let broken = Site::new(fill);
    let cookie = broken.enter().await;
    let page = broken.get("/trends", &cookie).await.body;
    assert!(page.contains(">sort of target</option>"), "{page}");
}

#[tokio::test]
async fn what_was_another_between_two_days_is_what_the_page_lists() {
    let site = Site::new(|sample| {
        let mut agent = sample.enrol("turned.example.com");
        sample.run(&mut agent, &[("patch.status", patches(true))], &[]);
        sample.wait_minutes(2 * 24 * 60);
        sample.run(&mut agent, &[("patch.status", patches(false))], &[]);
        sample.wait_minutes(2 * 60);
        sample.heartbeat(&mut agent, &["patch.status"]);
    });
    let cookie = site.enter().await;
    let all = json(&site, "/api/v1/history/statuses?limit=1000", &cookie).await;
    let oldest = all["items"].as_array().unwrap().last().unwrap();
    let day = oldest["at"].as_str().unwrap().split('T').next().unwrap().to_owned();
    let asked = |path: &str| format!("{path}?from={day}");
    let differing = json(&site, &asked("/api/v1/history/differing"), &cookie).await;
    let listed = site.get(&asked("/history/differing.csv"), &cookie).await.body;
    let total = differing["total"].as_u64().unwrap();
    assert!(total > 0 && total == listed.lines().count() as u64 - 1, "{differing} {listed}");
    let first = differing["items"][0]["control"].as_str().unwrap();
    assert!(listed.lines().nth(1).unwrap().contains(first), "{listed}");
    let wrong = site.get("/api/v1/history/statuses?from=soon", &cookie).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
}

#[tokio::test]
async fn a_version_that_nobody_froze_is_not_there() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    for path in [
        "/soa/versions/3",
        "/soa/compare?older=3",
        "/soa/compare?newer=moon",
        "/soa/compare.csv?older=3",
        "/api/v1/soa/versions/3",
        "/api/v1/soa/compare?older=3",
        "/api/v1/soa/compare?newer=moon",
    ] {
        let answer = site.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.body);
    }
}
