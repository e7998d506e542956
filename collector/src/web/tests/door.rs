//! The door: who is sent away, who is slowed, what a browser may bring along.

use super::*;

#[tokio::test]
async fn strangers_are_sent_to_the_sign_in_page() {
    let site = Site::new(|_| {});
    for page in pages() {
        let answer = site.get(&page, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page}");
        assert!(answer.location.starts_with("/sign-in"), "{page}");
    }
    let forged = site.get("/", &format!("__Host-exhibit={}", "ab".repeat(32))).await;
    assert_eq!(forged.location, "/sign-in");
    assert_eq!(site.get("/sign-in", "").await.status, StatusCode::OK);
    assert_eq!(
        site.post("/sign-out", "", "same-origin", "").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_slowed() {
    let site = Site::new(|_| {});
    for _ in 0..5 {
        let answer = site.post("/sign-in", "", "same-origin", "name=admin&password=wrong").await;
        assert_eq!((answer.status, answer.cookie.as_str()), (StatusCode::FORBIDDEN, ""));
    }
    let right = format!("name=admin&password={}", site.password);
    let slowed = site.post("/sign-in", "", "same-origin", &right).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    let recorded = site.recorded.lock().unwrap();
    assert!(recorded.iter().all(|done| done.action == "sign_in_refused" && done.by == "admin"));
    let why: Vec<&str> = recorded.iter().filter_map(|done| done.detail["why"].as_str()).collect();
    assert_eq!(why.len(), 6, "{why:?}");
    assert_eq!(why[5], "too many attempts");
}

#[tokio::test]
async fn forms_from_elsewhere_are_refused() {
    let site = Site::new(|_| {});
    let right = format!("name=admin&password={}", site.password);
    assert_eq!(site.post("/sign-in", "", "cross-site", &right).await.status, StatusCode::FORBIDDEN);
    let cookie = site.enter().await;
    let page = site.get("/", &cookie).await;
    let token = format!("csrf={}", csrf(&page.body));
    let elsewhere = site.post("/sign-out", &cookie, "cross-site", &token).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let without = site.post("/sign-out", &cookie, "same-origin", "csrf=").await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    assert_eq!(site.get("/", &cookie).await.status, StatusCode::OK, "still signed in");
    let out = site.post("/sign-out", &cookie, "same-origin", &token).await;
    assert_eq!(out.location, "/sign-in");
    assert_eq!(site.get("/", &cookie).await.status, StatusCode::SEE_OTHER);
    let origin = Request::post("/sign-in")
        .header(header::HOST, "evidence.example.com")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(right))
        .unwrap();
    assert_eq!(site.send(origin).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_people_do_is_recorded_and_a_first_password_opens_nothing_else() {
    let site = Site::new(|_| {});
    let form = format!("name=admin&password={}&next=//evil.example", site.password);
    let signed_in = site.post("/sign-in", "", "same-origin", &form).await;
    assert_eq!(signed_in.location, "/password");
    assert_eq!(site.get("/controls", &signed_in.cookie).await.location, "/password");
    site.enter().await;
    let actions: Vec<String> =
        site.recorded.lock().unwrap().iter().map(|activity| activity.action.clone()).collect();
    assert_eq!(actions, ["sign_in", "sign_in", "password_changed"]);
    let form = format!("name=admin&password={NEW_PASSWORD}&next=//evil.example");
    assert_eq!(site.post("/sign-in", "", "same-origin", &form).await.location, "/");
    let form = format!("name=admin&password={NEW_PASSWORD}&next=/controls?q=a");
    assert_eq!(site.post("/sign-in", "", "same-origin", &form).await.location, "/controls?q=a");
}

#[tokio::test]
async fn an_id_that_was_planted_in_the_browser_is_never_the_session() {
    let site = Site::new(|_| {});
    let planted = format!("__Host-exhibit={}", "ab".repeat(32));
    let form = format!("name=admin&password={}", site.password);
    let first = site.post("/sign-in", &planted, "same-origin", &form).await;
    assert!(first.cookie.starts_with("__Host-exhibit=") && first.cookie != planted);
    assert_eq!(site.get("/password", &planted).await.location, "/sign-in?next=%2Fpassword");
    // Whoever is signed in already gets another id, too, and so does a new password, which ends the others.
    let second = site.post("/sign-in", &first.cookie, "same-origin", &form).await;
    assert_ne!(second.cookie, first.cookie);
    let entered = site.enter().await;
    for old in [&first.cookie, &second.cookie] {
        assert_ne!(&entered, old);
        assert!(site.get("/", old).await.location.starts_with("/sign-in"), "{old} opens something");
    }
    assert_eq!(site.get("/", &entered).await.status, StatusCode::OK);
}

#[tokio::test]
async fn trying_present_passwords_with_somebody_s_session_is_slowed_and_logged() {
    let site = Site::new(|_| {});
    let cookie = site.entered("vera", Role::Viewer, None);
    let token = csrf(&site.get("/password", &cookie).await.body);
    let form = format!("csrf={token}&present=guess&new={NEW_PASSWORD}&again={NEW_PASSWORD}");
    for _ in 0..5 {
        let answer = site.post("/password", &cookie, "same-origin", &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let slowed = site.post("/password", &cookie, "same-origin", &form).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    let recorded = site.recorded.lock().unwrap();
    let tried = |done: &&Activity| done.action == "sign_in_refused" && done.by == "vera";
    assert_eq!(recorded.iter().filter(tried).count(), 5, "{recorded:?}");
}
