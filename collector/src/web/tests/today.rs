//! The first page and the picture of the controls.

use super::*;

fn reboot_pending(sample: &Sample, minutes: i64) {
    sample.rule_pack();
    let mut agent = sample.enrol("db-1.example.com");
    sample.heartbeat(&mut agent, &["patch.status"]);
    sample.run(&mut agent, &[("patch.status", patches(true))], &[]);
    sample.wait_minutes(minutes);
}

/// Titles of the groups that the first page shows.
fn groups(page: &str) -> Vec<&str> {
    let (todo, _) = page.split_once("<div class=\"side\">").unwrap();
    let heads = todo.split("<div class=\"theme-head\">").skip(1);
    heads.map(|head| head.split('>').nth(1).unwrap().split('<').next().unwrap()).collect()
}

#[tokio::test]
async fn first_page_names_what_needs_a_person_and_where_it_is_done() {
    let site = Site::new(|sample| reboot_pending(sample, 1));
    let cookie = site.enter().await;
    let page = site.get("/", &cookie).await.body;
    assert_eq!(groups(&page), ["Newly not met", "The log itself"], "{page}");
    for act in
        ["/controls/A.8.8#reasons", "href=\"/log\">How to mend it", "a week ago it was not judged"]
    {
        assert!(page.contains(act), "{act}: {page}");
    }
    let form = format!(
        "csrf={}&about=patch.status.reboot_not_pending&until={}&reason=window",
        csrf(&page),
        (site.sample.now() + jiff::SignedDuration::from_hours(72)).strftime("%Y-%m-%d")
    );
    let waived = site.post("/decide/waiver", &cookie, "same-origin", &form).await;
    assert_eq!(waived.status, StatusCode::SEE_OTHER, "{}", waived.body);
    let page = site.get("/", &cookie).await.body;
    assert!(groups(&page).contains(&"Waivers that end"), "{page}");
    assert!(
        page.contains("/decide/waiver?id=W-2026-001") && page.contains("covers 1 failure:"),
        "{page}"
    );
}

#[tokio::test]
async fn a_host_that_fell_silent_stands_on_the_first_page() {
    let site = Site::new(|sample| reboot_pending(sample, 3 * 24 * 60));
    let cookie = site.enter().await;
    let page = site.get("/", &cookie).await.body;
    assert!(groups(&page).contains(&"Silent agents"), "{page}");
    assert!(page.contains("href=\"/agents/0193-agent-1\">Open the agent"), "{page}");
}

#[tokio::test]
async fn a_proposal_waits_on_the_first_page_until_somebody_else_approves() {
    SECOND_PERSON.with(|second| second.set(&["waiver"]));
    let site = Site::new(|sample| reboot_pending(sample, 1));
    SECOND_PERSON.with(|second| second.set(&[]));
    let cookie = site.enter().await;
    let page = site.get("/", &cookie).await.body;
    let form = format!(
        "csrf={}&about=patch.status.reboot_not_pending&until=2027-01-31&reason=window",
        csrf(&page)
    );
    site.post("/decide/waiver", &cookie, "same-origin", &form).await;
    let page = site.get("/", &cookie).await.body;
    assert_eq!(groups(&page)[0], "Waits for approval", "{page}");
    assert!(page.contains("/decisions/waiver/W-2026-001\">Look and approve"), "{page}");
}

#[tokio::test]
async fn the_picture_shows_the_controls_that_the_list_shows() {
    let site = Site::new(|sample| reboot_pending(sample, 1));
    let cookie = site.enter().await;
    let tiles = |page: &str| page.matches("class=\"tile ").count();
    let rows = |page: &str| page.matches("data-label=\"Control\"").count();
    let all = site.get("/controls", &cookie).await.body;
    assert_eq!((tiles(&all), rows(&all)), (93, 93));
    for narrowed in
        ["status=not%20met", "framework=soc2_tsc", "control_types=Corrective&theme=People"]
    {
        let page = site.get(&format!("/controls?{narrowed}"), &cookie).await.body;
        assert!(tiles(&page) > 0 && tiles(&page) < 93, "{narrowed}");
        assert_eq!(tiles(&page), rows(&page), "{narrowed}");
    }
    let none = site.get("/controls?framework=nonsense", &cookie).await.body;
    assert_eq!((tiles(&none), rows(&none)), (0, 0));
}
