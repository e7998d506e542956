//! Hostile questions and forms: a clear page each, nothing shown as it was sent, nothing saved.

use axum::http::{Method, Version};

use super::*;
use crate::web::rights::{Need, TABLES};

const MARKUP: &str = "<script>alert(1)</script>";
const ESCAPED: &str = "%3Cscript%3Ealert(1)%3C/script%3E%22%27%3E";
/// What an address may carry, each time in the place of what a page expects.
const ODD: [&str; 8] = [
    ESCAPED,
    "-1",
    "99999999999999999999999",
    "..%2F..%2F..%2Fetc%2Fpasswd",
    "%00",
    "%F0%9F%92%A3%E2%80%AE",
    "'%20OR%201=1;--",
    "%25s%7B%7B7*7%7D%7D",
];
/// Parameters that any page knows.
const NAMES: [&str; 14] = [
    "q", "sort", "page", "status", "as_of", "from", "to", "by", "days", "older", "newer", "type",
    "about", "id",
];

/// Addresses of pages that people look at.
fn looked_at() -> impl Iterator<Item = &'static str> {
    let rows = TABLES.iter().copied().flatten();
    let paths =
        rows.filter(|row| matches!(row.need(&Method::GET), Some(Need::This(_) | Need::Register)));
    paths.map(|row| row.path).filter(|path| !path.starts_with("/api/") && *path != "/live")
}

/// The address with one thing in the place of every parameter.
fn with(path: &str, thing: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { thing.to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Nothing of what was sent stands there as markup, and a person can read it.
fn clear(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {} {}", answer.status, answer.body);
    // Nothing is markup in a list for a spreadsheet, which is no page.
    let page = answer.body.starts_with("<!doctype html>");
    assert!(!page || !answer.body.contains(MARKUP), "{what} shows what was sent as markup");
    assert!(!answer.location.starts_with("//") && !answer.location.contains("://"), "{what}");
    if answer.status.is_client_error() {
        assert!(answer.body.contains("<h1>"), "{what}: {} {}", answer.status, answer.body);
        assert!(answer.body.contains("</html>"), "{what}: {}", answer.body);
    }
}

#[tokio::test]
async fn odd_questions_get_a_clear_page_and_are_never_markup() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let long = "a".repeat(4_000);
    let mut asked = 0;
    for path in looked_at() {
        let known = with(path, "A.8.8");
        for odd in ODD.into_iter().chain([long.as_str()]) {
            let query = NAMES.map(|name| format!("{name}={odd}")).join("&");
            // One at a time where together the first would be answered for all.
            let mut addresses = vec![format!("{known}?{query}"), format!("{known}?as_of={odd}")];
            if path.contains('{') {
                addresses.push(with(path, odd));
            }
            for address in addresses {
                let answer = site.get(&address, &cookie).await;
                clear(&answer, &address);
                asked += 1;
            }
        }
    }
    assert!(asked > 1_500, "{asked}");
}

#[tokio::test]
async fn odd_forms_get_a_clear_page_and_save_nothing() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let token = csrf(&site.get("/password", &cookie).await.body);
    let entries = site.views.applied().unwrap();
    let fields = [
        "id",
        "after",
        "about",
        "control",
        "until",
        "from",
        "title",
        "targets",
        "value",
        "audit",
        "size",
        "number",
        "name",
        "role",
        "days",
        "session",
        "act",
        "code",
        "valid_until",
    ];
    let rows = TABLES.iter().copied().flatten();
    let sent_to = rows.filter(|row| row.need(&Method::POST).is_some());
    // These end the session, make a second factor's secret, or ask for a reason alone, which any text is.
    let own = ["/sign-out", "/sign-in", "/sign-in/second", "/settings/second-factor", "/soa"];
    let sent_to: Vec<&str> = sent_to
        .map(|row| row.path)
        .filter(|path| !path.starts_with("/api/") && !own.contains(path))
        .collect();
    assert!(sent_to.len() > 12, "{sent_to:?}");
    let registers = ["waiver", "label", "scope", "owner", "audit", "request", "nonsense"];
    for path in sent_to {
        let addresses = if path.contains("{register}") {
            registers.map(|register| with(&path.replace("{register}", register), "x")).to_vec()
        } else {
            vec![with(path, "x")]
        };
        for address in addresses {
            for odd in [ESCAPED, "-1", "999999999999999999999", "2026-13-45", "%FF%FE", ""] {
                let typed = fields.map(|field| format!("{field}={odd}")).join("&");
                let form = format!("csrf={token}&{typed}&reason={odd}");
                let answer = site.post(&address, &cookie, "same-origin", &form).await;
                clear(&answer, &format!("{address} with {odd}"));
            }
            let large = format!("csrf={token}&reason={}", "x".repeat(12 << 20));
            let answer = site.post(&address, &cookie, "same-origin", &large).await;
            clear(&answer, &format!("{address} with twelve megabytes"));
            assert!(answer.status.is_client_error() || answer.status.is_redirection(), "{address}");
            let answer = site.post(&address, &cookie, "same-origin", "csrf=wrong").await;
            clear(&answer, &format!("{address} from elsewhere"));
            assert!(answer.status.is_client_error(), "{address} {}", answer.status);
        }
    }
    assert_eq!(site.views.catch_up().unwrap(), entries, "something was saved");
}

#[tokio::test]
async fn who_was_signed_out_meanwhile_is_told_so_on_a_page() {
    let site = Site::new(fill);
    let answer = site.post("/decide/waiver", "", "same-origin", "about=A.8.8").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.contains("Sorry: nobody is signed in"), "{}", answer.body);
    let cookie = site.enter().await;
    let elsewhere = site.post("/decide/waiver", &cookie, "cross-site", "about=A.8.8").await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert!(elsewhere.body.contains("did not come from one of our pages"), "{}", elsewhere.body);
    clear(&elsewhere, "a form from elsewhere");
}

#[tokio::test]
async fn whoever_is_refused_while_sending_is_told_that_the_connection_ends() {
    let site = Site::new(|_| {});
    let ended = async |version: Version, body: &'static str| {
        let request = Request::post("/api/v1/settings/sessions/end").version(version);
        let request = request.body(Body::from(body)).unwrap();
        let response = site.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        response.headers().get(header::CONNECTION).is_some_and(|value| value == "close")
    };
    assert!(ended(Version::HTTP_11, "{}").await);
    assert!(!ended(Version::HTTP_11, "").await);
    assert!(!ended(Version::HTTP_2, "{}").await);
}
