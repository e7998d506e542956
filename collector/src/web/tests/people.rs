//! People, sessions and tokens in the API: what the pages do there, with the same entries, and to nobody who has not signed in.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Site;
use super::api::json;
use crate::people::{Role, Scope};

/// What was logged: by whom, what, and about which of the names.
fn logged(site: &Site) -> Vec<(String, String, Value)> {
    let all = site.recorded.lock().unwrap().clone();
    all.into_iter().map(|done| (done.by, done.action, done.detail)).collect()
}

async fn csrf(site: &Site, cookie: &str) -> String {
    json(site, "/api/v1/me", cookie).await["csrf"].as_str().unwrap().to_owned()
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_made_once_shown_and_ended_with_an_entry_each() {
    let site = Site::new(|_| {});
    let cookie = site.entered("con", Role::Contributor, None);
    let token = csrf(&site, &cookie).await;
    let wanted = json!({"name": "nightly", "scopes": ["read", "bring"], "days": 30});
    let made = site.change("/settings/tokens", &cookie, &token, &wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let (id, secret) = (made["token"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let asked = site.bearing(&Method::GET, "/api/v1/controls?limit=1", secret).await;
    assert_eq!(asked.status, StatusCode::OK);
    let listed = site.get("/api/v1/settings/tokens", &cookie).await.body;
    assert!(listed.contains(id) && !listed.contains(secret), "{listed}");
    for (wanted, why) in [
        (json!({"name": "x", "scopes": ["root"]}), "there is no scope"),
        (json!({"name": "", "scopes": ["read"]}), "what the token is for"),
        (json!({"name": "x", "scopes": ["read"], "days": 9999}), "lives for 1 to 366 days"),
        (json!({"name": "x", "scopes": []}), "choose at least one scope"),
        (json!({"name": "x", "scopes": ["read"], "of": "admin"}), "unknown field"),
    ] {
        let refused = site.change("/settings/tokens", &cookie, &token, &wanted).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wanted}");
        assert!(refused.body.contains(why), "{}", refused.body);
    }
    let ended = json!({"token": id});
    let done = site.change("/settings/tokens/revoke", &cookie, &token, &ended).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let again = site.change("/settings/tokens/revoke", &cookie, &token, &ended).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    let asked = site.bearing(&Method::GET, "/api/v1/controls?limit=1", secret).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    let actions: Vec<String> = logged(&site).into_iter().map(|(_, action, _)| action).collect();
    assert_eq!(actions[..2], ["api_token_created", "api_token_revoked"], "{actions:?}");
}

#[tokio::test]
async fn a_session_is_ended_by_its_owner_or_an_admin_and_by_nobody_else() {
    let site = Site::new(|_| {});
    let admin = site.enter().await;
    let (one, two) =
        (site.entered("con", Role::Contributor, None), site.entered("vera", Role::Viewer, None));
    let own = json(&site, "/api/v1/settings/sessions", &one).await;
    assert_eq!(names(&own, "person"), ["con"]);
    assert_eq!(own["items"][0]["this"], true);
    let all = json(&site, "/api/v1/settings/sessions/all?sort=person", &admin).await;
    assert_eq!(names(&all, "person"), ["admin", "con", "vera"]);
    let handle = own["items"][0]["session"].clone();
    // Another person neither sees it nor ends it.
    let before = logged(&site).len();
    let token = csrf(&site, &two).await;
    let end = json!({"session": handle});
    let refused = site.change("/settings/sessions/end", &two, &token, &end).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    let refused = site.change("/settings/sessions/all/end", &two, &token, &end).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert_eq!(logged(&site).len(), before, "nothing happened, so nothing is told");
    let token = csrf(&site, &admin).await;
    let ended = site.change("/settings/sessions/all/end", &admin, &token, &end).await;
    assert_eq!(ended.status, StatusCode::OK, "{}", ended.body);
    assert_eq!(site.get("/api/v1/me", &one).await.status, StatusCode::UNAUTHORIZED);
    let (by, action, detail) = logged(&site).pop().unwrap();
    assert_eq!((by.as_str(), action.as_str()), ("admin", "session_ended"));
    assert_eq!((&detail["of"], &detail["session"]), (&json!("con"), &handle));
    let token = csrf(&site, &two).await;
    for (body, status) in [
        (json!({"others": false}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"others": true}), StatusCode::OK),
    ] {
        let answer = site.change("/settings/sessions/end", &two, &token, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    assert_eq!(
        site.get("/api/v1/me", &two).await.status,
        StatusCode::OK,
        "it is the one that asks"
    );
}

#[tokio::test]
async fn people_are_told_to_admins_and_no_token_reaches_accounts() {
    let site = Site::new(|_| {});
    let admin = site.enter().await;
    let bound = site.entered("audra", Role::Auditor, Some("A-2026-001"));
    let people = json(&site, "/api/v1/settings/people?role=auditor", &admin).await;
    assert_eq!(names(&people, "person"), ["audra"]);
    assert_eq!(people["items"][0]["audit"], "A-2026-001");
    assert_eq!(people["items"][0]["standing"], "active");
    let nobody = site.get("/api/v1/settings/people/nobody", &admin).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND, "{}", nobody.body);
    // Who is bound to an audit has their own account, and sees nobody else's.
    for (path, status) in [
        ("/api/v1/settings/sessions", StatusCode::OK),
        ("/api/v1/settings/tokens", StatusCode::OK),
        ("/api/v1/settings/sessions/all", StatusCode::FORBIDDEN),
        ("/api/v1/settings/people", StatusCode::FORBIDDEN),
        ("/api/v1/today", StatusCode::FORBIDDEN),
        ("/api/v1/trends/failures", StatusCode::FORBIDDEN),
        ("/api/v1/findings/groups", StatusCode::FORBIDDEN),
        ("/api/v1/coverage", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(site.get(path, &bound).await.status, status, "{path}");
    }
    let scopes: Vec<Scope> = Scope::ALL.to_vec();
    let token = site.token("admin", &scopes, 30);
    for path in ["people", "sessions", "sessions/all", "tokens"] {
        let path = format!("/api/v1/settings/{path}");
        let answer = site.bearing(&Method::GET, &path, &token).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.body);
        assert!(answer.body.contains("scopes of this token"), "{}", answer.body);
    }
    let own = json(&site, "/api/v1/settings/tokens", &bound).await;
    assert_eq!(own["total"], 0, "the admin's token is not theirs to see");
    let all = json(&site, "/api/v1/settings/tokens", &admin).await;
    assert_eq!(names(&all, "person"), ["admin"]);
}
