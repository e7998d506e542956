use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;

use super::{Answer, Site};
use crate::people::{NewApiToken, Role, Scope};

impl Site {
    pub(super) async fn bearing(&self, method: &Method, path: &str, token: &str) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(super) fn token(&self, user: &str, scopes: &[Scope], days: i64) -> String {
        let new = NewApiToken { user: user.into(), name: "n".into(), scopes: scopes.into(), days };
        let id = self.people.next_api_token().unwrap();
        self.people.create_api_token(&id, &new, self.sample.now()).unwrap()
    }
}

fn once(page: &str) -> String {
    let (_, rest) = page.split_once("<code class=\"once\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

fn rights(answer: &Answer) -> Vec<String> {
    let me: Value = serde_json::from_str(&answer.body).unwrap();
    me["rights"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_made_at_the_page_speaks_for_its_maker_with_less_and_ends_when_revoked() {
    let site = Site::new(|_| {});
    let cookie = site.entered("con", Role::Contributor, None);
    let form = "act=make&name=nightly+job&read=yes&bring=yes&days=30";
    let made = site.form("/settings/tokens", &cookie, form).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let token = once(&made.body);
    assert!(token.starts_with("exh_") && token.len() == 52, "{token}");
    let again = site.get("/settings/tokens", &cookie).await.body;
    assert!(!again.contains(&token) && again.contains("nightly job"), "it is shown once");
    let me = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    assert_eq!(rights(&me), ["enter", "see", "bring"], "{}", me.body);

    // A token is good for programs' addresses only; a browser's cookie is another thing.
    let page = site.bearing(&Method::GET, "/controls", &token).await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (StatusCode::SEE_OTHER, "/sign-in?next=%2Fcontrols")
    );
    assert_eq!(site.get("/api/v1/me", &cookie).await.status, StatusCode::OK);

    let stored = std::fs::read(site.sample.dir.path().join("secrets.db")).unwrap();
    let wal = std::fs::read(site.sample.dir.path().join("secrets.db-wal")).unwrap_or_default();
    let random = token.trim_start_matches("exh_").as_bytes();
    let held = |bytes: &[u8]| bytes.windows(random.len()).any(|window| window == random);
    assert!(!held(&stored) && !held(&wal), "only its digest is kept");

    let (_, rest) = again.split_once("name=\"token\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap();
    let other = site.entered("vera", Role::Viewer, None);
    let refused = site.form("/settings/tokens", &other, &format!("act=revoke&token={id}")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.bearing(&Method::GET, "/api/v1/me", &token).await.status, StatusCode::OK);
    let revoked = site.form("/settings/tokens", &cookie, &format!("act=revoke&token={id}")).await;
    assert_eq!(revoked.location, "/settings/tokens");
    let gone = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    assert!(gone.body.contains("\"status\":401"), "{}", gone.body);
    let recorded = site.recorded.lock().unwrap();
    let actions: Vec<&str> = recorded.iter().map(|done| done.action.as_str()).collect();
    assert_eq!(actions, ["api_token_created", "api_token_revoked", "api_token_refused"]);
    assert!(!format!("{recorded:?}").contains(&token));
}

#[tokio::test]
async fn tokens_end_with_their_day_their_owner_and_their_owners_role() {
    let site = Site::new(|_| {});
    let admin = site.entered("ada", Role::Admin, None);
    site.entered("com", Role::Compliance, None);
    let all = Scope::ALL;
    let token = site.token("com", &all, 90);
    let now = site.sample.now();
    let later = now.checked_add(jiff::SignedDuration::from_hours(90 * 24)).unwrap();
    assert!(site.people.bearer(&token, now).unwrap().is_some());
    assert!(site.people.bearer(&token, later).unwrap().is_none(), "it has ended");
    let me = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    let most = ["enter", "see", "see_evidence", "bring", "decide", "export", "audit_room", "audit"];
    assert_eq!(rights(&me), most, "a token never approves nor manages people");
    let form = "act=access&role=viewer";
    assert_eq!(site.form("/settings/people/com", &admin, form).await.status, StatusCode::SEE_OTHER);
    let me = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    assert_eq!(rights(&me), ["enter", "see", "see_evidence"]);
    site.form("/settings/people/com", &admin, "act=disable").await;
    let gone = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn odd_tokens_are_refused_and_whoever_tries_many_is_slowed() {
    let site = Site::new(|_| {});
    let cookie = site.entered("vera", Role::Viewer, None);
    for (form, why) in [
        ("act=make&name=x", "at least one scope"),
        ("act=make&name=x&read=yes&days=367", "1 to 366 days"),
        ("act=make&name=x&read=yes&days=-1", "1 to 366 days"),
        ("act=make&name=x&read=yes&days=many", "cannot be read"),
        ("act=make&name=&read=yes", "what the token is for"),
        ("act=make&name=x&decide=yes", "could not use the scope decide"),
    ] {
        let answer = site.form("/settings/tokens", &cookie, form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
        assert!(answer.body.contains(why), "{form}: {}", answer.body);
    }
    let token = site.token("vera", &[Scope::Read], 1);
    let mut cut = token.clone();
    cut.pop();
    let mistyped = token.replacen(|c: char| c.is_ascii_digit(), "x", 1);
    let unknown = "exh_00000000000000000000000000000000000000000000000".to_owned() + "0";
    let mut statuses = Vec::new();
    for wrong in [cut, mistyped, unknown, String::new(), "a".repeat(70_000), "x".into(), "y".into()]
    {
        statuses.push(site.bearing(&Method::GET, "/api/v1/me", &wrong).await.status);
    }
    assert_eq!(statuses[..5], [StatusCode::UNAUTHORIZED; 5]);
    assert_eq!(statuses[5..], [StatusCode::TOO_MANY_REQUESTS; 2]);
    let right = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    assert_eq!(right.status, StatusCode::OK, "who has a token is not slowed by who has none");
    let post = site.bearing(&Method::POST, "/api/v1/me", &token).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn disabling_and_a_new_first_password_end_tokens_for_good() {
    let site = Site::new(|_| {});
    let admin = site.entered("ada", Role::Admin, None);
    site.entered("con", Role::Contributor, None);
    for (act, undone) in [("disable", Some("enable")), ("reset", None)] {
        let token = site.token("con", &[Scope::Read], 30);
        assert_eq!(site.bearing(&Method::GET, "/api/v1/me", &token).await.status, StatusCode::OK);
        let person = "/settings/people/con";
        assert!(site.form(person, &admin, &format!("act={act}")).await.status.as_u16() < 400);
        if let Some(undone) = undone {
            let form = format!("act={undone}");
            assert_eq!(site.form(person, &admin, &form).await.status, StatusCode::SEE_OTHER);
        }
        let gone = site.bearing(&Method::GET, "/api/v1/me", &token).await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED, "{act}");
        let list = site.get("/settings/tokens.csv", &admin).await.body;
        assert!(!list.contains(",open"), "{list}");
    }
}

#[tokio::test]
async fn a_token_out_of_its_scope_or_one_that_has_ended_is_refused_and_told_in_the_log() {
    let site = Site::new(super::fill);
    site.entered("com", Role::Compliance, None);
    let token = site.token("com", &[Scope::Read], 1);
    let audits = site.bearing(&Method::GET, "/api/v1/audits", &token).await;
    assert_eq!(audits.status, StatusCode::FORBIDDEN);
    assert!(audits.body.contains("the scopes of this token do not let it"), "{}", audits.body);
    let evidence = "/api/v1/entries/4/envelope";
    assert_eq!(site.bearing(&Method::GET, evidence, &token).await.status, StatusCode::FORBIDDEN);
    let decision = site.bearing(&Method::POST, "/api/v1/decisions", &token).await;
    assert_eq!(decision.status, StatusCode::FORBIDDEN);
    assert!(site.recorded.lock().unwrap().is_empty(), "what a role may not do is no sign-in");

    // A day later, and one that never was.
    site.later.store(86_400, std::sync::atomic::Ordering::SeqCst);
    let unknown = site.people.next_api_token().unwrap();
    for wrong in [token.as_str(), unknown.as_str()] {
        let gone = site.bearing(&Method::GET, "/api/v1/me", wrong).await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    }
    let recorded = site.recorded.lock().unwrap();
    let told: Vec<(&str, bool)> =
        recorded.iter().map(|one| (one.by.as_str(), one.detail["token"].is_string())).collect();
    assert_eq!(told, [("com", true), ("nobody", false)], "{recorded:?}");
    assert!(recorded.iter().all(|one| one.action == "api_token_refused"));
    assert!(!format!("{recorded:?}").contains(&token), "the secret itself is nowhere");
}
