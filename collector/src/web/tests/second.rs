use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::{Answer, NEW_PASSWORD, SECOND_FACTOR, Site, csrf};
use crate::people::{PeopleError, Role};

const ADDRESS: &str = "/settings/second-factor";

impl Site {
    async fn by_password(&self) -> Answer {
        let form = format!("name=admin&password={NEW_PASSWORD}&next=/controls");
        self.post("/sign-in", "", "same-origin", &form).await
    }

    /// Shows a code at the second door.
    async fn code(&self, cookie: &str, code: &str) -> Answer {
        let token = csrf(&self.get("/sign-in/second?next=/controls", cookie).await.body);
        let form = format!("csrf={token}&next=/controls&code={code}");
        self.post("/sign-in/second", cookie, "same-origin", &form).await
    }

    fn at(&self, steps: i64) -> Timestamp {
        self.sample.now().checked_add(SignedDuration::from_secs(30 * steps)).unwrap()
    }
}

fn codes(page: &str) -> Vec<String> {
    let parts = page.split("<li><code class=\"once\">").skip(1);
    parts.map(|part| part.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_code_is_asked_for_once_it_was_shown_and_taken_once() {
    let site = Site::new(|_| {});
    let cookie = site.enter().await;
    assert_eq!(site.form(ADDRESS, &cookie, "act=begin").await.location, ADDRESS);
    let page = site.get(ADDRESS, &cookie).await.body;
    assert!(page.contains("<svg class=\"qr\"") && page.contains("type the secret"), "{page}");
    let now = site.sample.now();
    let code = site.people.code_for_test("admin", now);
    let on = site.form(ADDRESS, &cookie, &format!("act=confirm&code={code}")).await;
    let paper = codes(&on.body);
    assert_eq!((on.status, paper.len()), (StatusCode::OK, 10), "{}", on.body);

    let half = site.by_password().await;
    assert_eq!(half.location, "/sign-in/second?next=%2Fcontrols");
    for closed in ["/", "/controls", "/password", ADDRESS, "/settings"] {
        let answer = site.get(closed, &half.cookie).await;
        assert_eq!(answer.location, "/sign-in/second", "{closed}");
    }
    assert_eq!(site.get("/api/v1/me", &half.cookie).await.status, StatusCode::FORBIDDEN);
    // The code that turned it on was used; so were those before it.
    let replayed = site.code(&half.cookie, &code).await;
    assert_eq!(replayed.status, StatusCode::FORBIDDEN, "{}", replayed.body);
    let next = site.people.code_for_test("admin", site.at(1));
    let whole = site.code(&half.cookie, &next).await;
    assert_eq!((whole.status, whole.location.as_str()), (StatusCode::SEE_OTHER, "/controls"));
    assert_ne!(whole.cookie, half.cookie, "a new id");
    assert_eq!(site.get("/controls", &whole.cookie).await.status, StatusCode::OK);
    assert!(site.get("/controls", &half.cookie).await.location.starts_with("/sign-in?"));

    let half = site.by_password().await;
    let on_paper = site.code(&half.cookie, &paper[3].to_uppercase().replace('-', " ")).await;
    assert_eq!(on_paper.status, StatusCode::SEE_OTHER, "{}", on_paper.body);
    let half = site.by_password().await;
    assert_eq!(site.code(&half.cookie, &paper[3]).await.status, StatusCode::FORBIDDEN);
    let recorded = site.recorded.lock().unwrap();
    let refused = recorded.iter().filter(|done| done.action == "sign_in_refused").count();
    assert_eq!(refused, 2, "{recorded:?}");
    let said = format!("{recorded:?}");
    assert!(said.contains("recovery code") && !said.contains(&paper[3]) && !said.contains(&next));
}

#[tokio::test]
async fn guessing_codes_is_slowed() {
    let site = Site::new(|_| {});
    let cookie = site.enter().await;
    site.form(ADDRESS, &cookie, "act=begin").await;
    let wrong = site.form(ADDRESS, &cookie, "act=confirm&code=000000").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let code = site.people.code_for_test("admin", site.sample.now());
    site.form(ADDRESS, &cookie, &format!("act=confirm&code={code}")).await;
    let half = site.by_password().await;
    let mut last = StatusCode::OK;
    for _ in 0..5 {
        last = site.code(&half.cookie, "000000").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let next = site.people.code_for_test("admin", site.at(1));
    assert_eq!(site.code(&half.cookie, &next).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_role_that_asks_for_a_second_factor_does_nothing_before_and_never_loses_it() {
    SECOND_FACTOR.set(&[Role::Admin]);
    let site = Site::new(|_| {});
    SECOND_FACTOR.set(&[]);
    let cookie = site.enter().await;
    for closed in ["/", "/settings", "/settings/tokens"] {
        assert_eq!(site.get(closed, &cookie).await.location, ADDRESS, "{closed}");
    }
    let token = csrf(&site.get(ADDRESS, &cookie).await.body);
    let form = |rest: String| format!("csrf={token}&{rest}");
    site.post(ADDRESS, &cookie, "same-origin", &form("act=begin".into())).await;
    let code = site.people.code_for_test("admin", site.sample.now());
    let confirm = form(format!("act=confirm&code={code}"));
    assert_eq!(site.post(ADDRESS, &cookie, "same-origin", &confirm).await.status, StatusCode::OK);
    assert_eq!(site.get("/settings", &cookie).await.status, StatusCode::OK);
    let next = site.people.code_for_test("admin", site.at(1));
    let off = site.form(ADDRESS, &cookie, &format!("act=remove&code={next}")).await;
    assert!(off.body.contains("your role asks for"), "{}", off.body);
    let viewer = site.entered("vera", Role::Viewer, None);
    assert_eq!(site.get("/", &viewer).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_admin_takes_a_lost_second_factor_away() {
    let site = Site::new(|_| {});
    let cookie = site.enter().await;
    site.form(ADDRESS, &cookie, "act=begin").await;
    // Not confirmed, not asked for.
    assert_eq!(site.by_password().await.location, "/controls");
    let code = site.people.code_for_test("admin", site.sample.now());
    site.form(ADDRESS, &cookie, &format!("act=confirm&code={code}")).await;
    let other = site.entered("ada", Role::Admin, None);
    assert_eq!(site.by_password().await.location, "/sign-in/second?next=%2Fcontrols");
    let gone = site.form("/settings/people/admin", &other, "act=forget-second").await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.body);
    assert!(site.get("/", &cookie).await.location.starts_with("/sign-in"), "sessions ended");
    assert_eq!(site.by_password().await.location, "/controls");
    let again = site.form("/settings/people/admin", &other, "act=forget-second").await;
    assert!(again.body.contains("has no second factor"), "{}", again.body);
    let late = site.people.confirm_second("admin", &code, site.sample.now());
    assert!(matches!(late, Err(PeopleError::Wrong)));
}
