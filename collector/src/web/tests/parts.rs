//! Parts that many pages use: digests, terms, intervals, and lists that can be taken away.

use super::*;

#[tokio::test]
async fn a_digest_stands_whole_to_be_copied_and_leads_to_where_it_is_verified() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let evidence = site.get(&format!("/evidence/4/patch.status/host:{:032x}", 1), &cookie).await;
    let (_, digest) = evidence.body.split_once("data-copy=\"").unwrap();
    let digest = digest.split('"').next().unwrap();
    assert_eq!(digest.len(), 64, "{digest}");
    assert!(
        evidence.body.contains(&format!("<code>{digest}</code>")),
        "it stands there without a script"
    );
    assert!(evidence.body.contains("href=\"#verify\"") && evidence.body.contains("id=\"verify\""));
    for page in ["/log", "/entries/4", "/agents/0193-agent-1", "/rules/packs/0"] {
        let page = site.get(page, &cookie).await.body;
        assert!(page.contains("<span class=\"digest\"><code>"), "{page}");
    }
}

#[tokio::test]
async fn what_stands_at_a_column_or_beside_a_number_is_explained_one_click_away() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let help = site.get("/help", &cookie).await.body;
    let explained = [
        ("/controls", "statuses"),
        ("/controls/A.8.8", "passing"),
        ("/controls/A.8.8", "freshness"),
        ("/findings", "verdicts"),
        ("/kinds", "outcomes"),
        ("/agents", "spool"),
        ("/rules", "severity"),
        ("/rules/patch.status.reboot_not_pending", "strengths"),
        ("/soa", "applicable"),
    ];
    for (page, place) in explained {
        let shown = site.get(page, &cookie).await.body;
        assert!(
            shown.contains(&format!("class=\"term\" href=\"/help#{place}\"")),
            "{page}: {place}"
        );
        assert!(help.contains(&format!("id=\"{place}\"")), "{place}");
    }
}

#[tokio::test]
async fn documents_stand_in_time_and_intervals_and_people_can_be_taken_away_as_lists() {
    let site = Site::new(fill);
    let admin = site.enter().await;
    let kind = format!("/targets/host:{:032x}/patch.status", 1);
    let page = site.get(&kind, &admin).await.body;
    assert!(page.contains("<svg class=\"interval\"") && page.contains("a document"), "{page}");
    let csv = site.get("/history/A.8.8/intervals.csv", &admin).await;
    assert_eq!(csv.status, StatusCode::OK);
    assert!(csv.body.starts_with("status,from,to,passing,"), "{}", csv.body);
    let none = site.get("/history/A.9.99/intervals.csv", &admin).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);

    site.entered("vera", Role::Viewer, None);
    let people = site.get("/settings/people.csv?role=viewer", &admin).await.body;
    assert!(people.starts_with("name,role,") && people.contains("\nvera,viewer,"), "{people}");
    assert!(!people.contains("\nadmin,"), "{people}");
    let shown = site.get("/settings/people?sort=-name", &admin).await.body;
    assert!(shown.find(">vera<") < shown.find(">admin</a>"), "{shown}");
    let viewer = site.entered("vic", Role::Viewer, None);
    assert_eq!(site.get("/settings/people.csv", &viewer).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_framework_names_each_source_once() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let all = site.get("/api/v1/frameworks", &cookie).await.body;
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    let mut named = 0;
    for one in all["items"].as_array().unwrap() {
        let sources = one["sources"].as_array().unwrap();
        named += sources.len();
        assert!(sources.iter().all(|source| !source.as_str().unwrap().contains(';')), "{one}");
    }
    assert!(named > 5, "{all}");
}
