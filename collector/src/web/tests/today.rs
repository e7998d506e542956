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
    // A program is told what to do only where its person may.
    let viewer = site.entered("vera", Role::Viewer, None);
    for (cookie, act) in [(&cookie, json!("/decide/waiver?id=W-2026-001")), (&viewer, json!(null))]
    {
        let told = super::api::json(&site, "/api/v1/today/tasks?group=waivers", cookie).await;
        assert_eq!(told["items"][0]["act_page"], act, "{told}");
        assert_eq!(told["items"][0]["act"].is_null(), act.is_null(), "{told}");
    }
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
    // Who may not approve is not asked to: whoever proposed it, and whose role does not.
    assert!(page.contains("/decisions/waiver/W-2026-001\">Look<"), "{page}");
    for (role, act) in [(Role::Viewer, "Look<"), (Role::Compliance, "Look and approve<")] {
        let cookie = site.entered(role.as_str(), role, None);
        let page = site.get("/", &cookie).await.body;
        assert!(page.contains(&format!("/decisions/waiver/W-2026-001\">{act}")), "{role}: {page}");
    }
}

#[tokio::test]
async fn an_open_page_is_told_what_changed_once_and_nothing_before() {
    use futures_util::StreamExt as _;
    let site = Site::new(|sample| reboot_pending(sample, 1));
    let cookie = site.enter().await;
    tokio::spawn(site.live.clone().follow(site.views.clone()));
    // It looks where the views stand before anything is added.
    tokio::task::yield_now().await;
    let request = Request::get("/live").header(header::COOKIE, &cookie);
    let answer = site.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut events = answer.into_body().into_data_stream();
    assert!(
        futures_util::FutureExt::now_or_never(events.next()).is_none(),
        "told without a change"
    );
    let _agent = site.sample.enrol("db-2.example.com");
    site.views.catch_up().unwrap();
    let told = events.next().await.unwrap().unwrap();
    let told = String::from_utf8(told.to_vec()).unwrap();
    let data = told.strip_prefix("data: ").and_then(|told| told.strip_suffix("\n\n")).unwrap();
    let size = site.views.applied().unwrap();
    let expected = json!({"size": size, "changed": ["enrol", "entries"]});
    assert_eq!(serde_json::from_str::<serde_json::Value>(data).unwrap(), expected);
    let stranger = Request::get("/live").body(Body::empty()).unwrap();
    assert_eq!(site.send(stranger).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_kind_names_every_target_and_how_the_last_run_saw_it() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let kinds = site.get("/kinds.csv", &cookie).await.body;
    let line = |kind: &str| kinds.lines().find(|line| line.starts_with(kind)).unwrap_or_default();
    assert!(line("patch.status").starts_with("patch.status,1 of 1,1,0,0,0,0,"), "{kinds}");
    assert!(
        line("identity.accounts").starts_with("identity.accounts,1 of 1,0,1,0,0,0,"),
        "{kinds}"
    );
    assert!(line("time.sync").starts_with("time.sync,0 of 1,0,0,1,0,0,"), "{kinds}");
    let page = site.get("/kinds/time.sync", &cookie).await.body;
    assert!(page.contains("tool missing") && page.contains("1 not seen"), "{page}");
    assert_eq!(page.matches("title=\"No run has said").count(), 1, "{page}");
}

#[tokio::test]
async fn failures_that_are_chosen_are_waived_each_by_a_decision_of_its_own_and_refusals_are_told() {
    let site = Site::new(|sample| reboot_pending(sample, 1));
    let cookie = site.enter().await;
    let page = site.get("/findings/groups?by=control", &cookie).await.body;
    let rule = "patch.status.reboot_not_pending";
    let pick = format!("pick:{rule}|host:{:032x}", 1);
    assert!(
        page.contains(&format!("name=\"{}\"", pick.replace(':', "&#58;"))) || page.contains(&pick),
        "{page}"
    );
    let send = async |picks: &[&str], until: &str| {
        let mut form = format!("csrf={}&until={until}&reason=window", csrf(&page));
        for pick in picks {
            form += &format!("&{}=on", crate::web::table::encode(pick));
        }
        site.post("/findings/waive", &cookie, "same-origin", &form).await
    };
    let none = send(&[], "2027-01-31").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    assert!(none.body.contains("choose at least one failure"), "{}", none.body);
    let elsewhere = "pick:no.such.rule|host:x";
    let both = send(&[&pick, elsewhere], "2027-01-31").await;
    assert!(
        both.body.contains("1 of 2 decided") || both.body.contains("2 of 2 decided"),
        "{}",
        both.body
    );
    assert!(both.body.contains("/decisions/waiver/W-2026-001"), "{}", both.body);
    let past = send(&[&pick], "2020-01-31").await;
    assert_eq!(past.status, StatusCode::BAD_REQUEST, "{}", past.body);
    assert!(past.body.contains("refused") && past.body.contains("0 of 1 decided"), "{}", past.body);
    let control = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(control.contains("in effect") && control.contains("1 failure covered"), "{control}");
    let forged = site.post("/findings/waive", &cookie, "cross-site", "csrf=").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_item_says_what_changed_since_the_document_before() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let target = format!("host:{:032x}", 1);
    let page = site.get(&format!("/evidence/5/patch.status/{target}"), &cookie).await.body;
    let (_, changed) = page.split_once("What changed since the one before").unwrap();
    assert!(changed.contains("reboot packages") && changed.contains("gone"), "{changed}");
    let first = site.get(&format!("/evidence/4/patch.status/{target}"), &cookie).await.body;
    assert!(!first.contains("What changed since the one before"), "{first}");
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
