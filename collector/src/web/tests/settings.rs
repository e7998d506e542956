use axum::http::StatusCode;

use super::{Answer, NEW_PASSWORD, Site, csrf};
use crate::people::Role;

impl Site {
    /// Sends a form of a page with its token.
    pub(super) async fn form(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let token = csrf(&self.get("/settings", cookie).await.body);
        self.post(path, cookie, "same-origin", &format!("csrf={token}&{form}")).await
    }

    fn actions(&self) -> Vec<String> {
        let recorded = self.recorded.lock().unwrap();
        recorded.iter().map(|done| done.action.clone()).collect()
    }
}

fn once(page: &str) -> String {
    let (_, rest) = page.split_once("<code class=\"once\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_admin_adds_somebody_who_sets_a_password_and_goes_when_disabled() {
    let site = Site::new(|_| {});
    let admin = site.entered("ada", Role::Admin, None);
    let form = "name=Bob&role=viewer&full_name=Bob+%3Cb%3E&email=bob%40example.com";
    let added = site.form("/settings/people", &admin, form).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    assert!(!added.body.contains("Bob <b>"), "{}", added.body);
    let first = once(&added.body);
    let again = site.form("/settings/people", &admin, "name=bOB&role=admin").await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.body.contains("is taken"), "{}", again.body);

    // Names are the same whatever their case; the first password opens nothing but its change.
    let sign_in = format!("name=BOB&password={first}");
    let entered = site.post("/sign-in", "", "same-origin", &sign_in).await;
    assert_eq!(entered.location, "/password", "{}", entered.body);
    assert_eq!(site.get("/settings", &entered.cookie).await.location, "/password");
    let token = csrf(&site.get("/password", &entered.cookie).await.body);
    let form = format!("csrf={token}&present={first}&new={NEW_PASSWORD}&again={NEW_PASSWORD}");
    let bob = site.post("/password", &entered.cookie, "same-origin", &form).await.cookie;
    assert_ne!(bob, entered.cookie);
    assert_eq!(site.get("/", &bob).await.status, StatusCode::OK);
    assert_eq!(site.get("/settings/people", &bob).await.status, StatusCode::FORBIDDEN);

    let out = site.form("/settings/people/Bob", &admin, "act=disable").await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert!(site.get("/", &bob).await.location.starts_with("/sign-in"));
    let sign_in = format!("name=Bob&password={NEW_PASSWORD}");
    let refused = site.post("/sign-in", "", "same-origin", &sign_in).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("disabled"), "{}", refused.body);
    let actions = site.actions();
    assert_eq!(actions[..4], ["person_created", "sign_in", "password_changed", "person_disabled"]);
    let recorded = site.recorded.lock().unwrap();
    assert_eq!(
        (recorded[0].by.as_str(), recorded[0].detail["role"].as_str()),
        ("ada", Some("viewer"))
    );
    assert!(!format!("{recorded:?}").contains("example.com"), "an address cannot be taken back");
}

#[tokio::test]
async fn a_new_role_ends_sessions_and_the_last_admin_stays() {
    let site = Site::new(|_| {});
    let admin = site.entered("ada", Role::Admin, None);
    let con = site.entered("con", Role::Contributor, None);
    let changed = site.form("/settings/people/con", &admin, "act=access&role=compliance").await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    assert!(site.get("/", &con).await.location.starts_with("/sign-in"));
    let page = site.get("/settings/people/con", &admin).await.body;
    assert!(page.contains("compliance, active"), "{page}");
    for (form, why) in [
        ("act=access&role=auditor", "needs a day"),
        ("act=access&role=auditor&valid_until=2001-01-01", "ended already"),
        ("act=access&role=viewer&audit=AU-1", "only an auditor"),
        ("act=access&role=auditor&valid_until=2099-01-01&audit=AU-1", "there is none yet"),
        ("act=access&role=root", "there is no role"),
        ("act=describe&email=nonsense", "is no e-mail address"),
    ] {
        let answer = site.form("/settings/people/con", &admin, form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
        assert!(answer.body.contains(why), "{form}: {}", answer.body);
    }
    // `admin` of the first start has a password that nobody used; both are admins.
    let first = site.form("/settings/people/admin", &admin, "act=disable").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.body);
    for form in ["act=disable", "act=access&role=viewer"] {
        let last = site.form("/settings/people/ada", &admin, form).await;
        assert_eq!(last.status, StatusCode::BAD_REQUEST);
        assert!(last.body.contains("nobody would be left"), "{}", last.body);
    }
    assert_eq!(site.get("/", &admin).await.status, StatusCode::OK);
    let nobody = site.form("/settings/people/nobody", &admin, "act=disable").await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_nobody_ends_those_of_others() {
    let site = Site::new(|_| {});
    let ada = site.entered("ada", Role::Admin, None);
    let bob = site.entered("bob", Role::Viewer, None);
    let handle = |page: &str| {
        let (_, rest) = page.split_once("name=\"session\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let own = site.get("/settings/sessions", &bob).await.body;
    // Tokens are hexadecimal, and "ada" may stand in one.
    assert!(own.contains("this one") && own.matches("the session of ").count() == 1, "{own}");
    assert!(own.contains("the session of bob"), "{own}");
    let of_ada = handle(&site.get("/settings/sessions", &ada).await.body);
    let form = format!("session={of_ada}");
    let refused = site.form("/settings/sessions", &bob, &form).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(site.get("/", &ada).await.status, StatusCode::OK);
    let everybody = site.get("/settings/sessions/all", &ada).await.body;
    assert!(everybody.contains(">bob</a>") && everybody.contains(">ada</a>"));
    let of_bob = handle(&own);
    let ended = site.form("/settings/sessions/all", &ada, &format!("session={of_bob}")).await;
    assert_eq!(ended.location, "/settings/sessions/all");
    assert!(site.get("/", &bob).await.location.starts_with("/sign-in"));
    let out = site.form("/settings/sessions", &ada, &form).await;
    assert_eq!(out.location, "/sign-in");
    assert!(site.get("/", &ada).await.location.starts_with("/sign-in"));
    assert_eq!(site.actions(), ["session_ended", "session_ended"]);
    // A handle is not a key to the session.
    let forged = format!("__Host-exhibit={of_bob}");
    assert!(site.get("/", &forged).await.location.starts_with("/sign-in"));
}

#[tokio::test]
async fn activity_is_narrowed_by_person_and_by_act() {
    let site = Site::new(|sample| {
        sample.activity("ada", "person_created", serde_json::json!({"name": "bob"}));
        sample.activity("bob", "sign_in", serde_json::json!({"from": "::1"}));
        sample.activity("bob", "evidence_read", serde_json::json!({"what": "/evidence/4"}));
    });
    let admin = site.entered("root", Role::Admin, None);
    let rows = |csv: &str| csv.lines().count() - 1;
    let all = site.get("/activity.csv", &admin).await.body;
    assert_eq!(rows(&all), 3, "{all}");
    assert_eq!(rows(&site.get("/activity.csv?who=bob", &admin).await.body), 2);
    let read = site.get("/activity.csv?who=bob&act=evidence%20read", &admin).await.body;
    assert!(rows(&read) == 1 && read.contains("/evidence/4"), "{read}");
}
