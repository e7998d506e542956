//! The audit room through the pages.

use super::decisions::value_of;
use super::*;

const BOUNDARY: &str = "x-boundary-x";

impl Site {
    /// Makes an audit of 2026 for one control.
    pub(super) async fn audit(&self, cookie: &str) -> String {
        let fields = [
            ("title", "Stage <2>"),
            ("type", "stage_2"),
            ("controls", "A.8.8"),
            ("from", "2026-01-01"),
            ("until", "2026-12-31"),
            ("lead", "eve"),
            ("team", "mallory\ntrent"),
            ("status", "open"),
            ("reason", "contract"),
        ];
        let done = self.decide(cookie, "audit", &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
        done.location
    }

    /// Sends a form whose token stands on `page`.
    pub(super) async fn act(
        &self,
        cookie: &str,
        page: &str,
        to: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let shown = self.get(page, cookie).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
        let mut form = format!("csrf={}", csrf(&shown.body));
        for (name, value) in fields {
            form += &format!("&{name}={}", crate::web::table::encode(value));
        }
        self.post(to, cookie, "same-origin", &form).await
    }

    pub(super) async fn list(&self, cookie: &str, audit: &str, csv: &str) -> Answer {
        let token = csrf(&self.get(audit, cookie).await.body);
        let mut body = String::new();
        for (name, value) in [("csrf", token.as_str()), ("reason", "their list")] {
            body += &format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += &format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\r\n{csv}\r\n--{BOUNDARY}--\r\n"
        );
        let request = Request::post(format!("{audit}/requests"))
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

#[tokio::test]
async fn an_audit_is_made_asked_answered_commented_and_found_in_with_its_lists() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let audit = site.audit(&cookie).await;
    assert_eq!(audit, "/audits/A-2026-001");
    let bad = site.list(&cookie, &audit, "request,due\nShow it,soon\n,2026-12-01\n").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert!(bad.body.contains("line 2: ") && bad.body.contains("line 3: "), "{}", bad.body);
    let good =
        site.list(&cookie, &audit, "number,request\n1,\"Show <b>patches</b>\"\n2,=1+1\n").await;
    assert_eq!(good.status, StatusCode::SEE_OTHER, "{}", good.body);
    let page = site.get(&audit, &cookie).await.body;
    assert!(page.contains("Stage &#60;2&#62;") && page.contains("2 of 2 requests wait"), "{page}");
    assert!(page.contains("31 Dec 2026") && !page.contains("<b>patches</b>"), "{page}");
    let csv = site.get(&format!("{audit}/requests.csv"), &cookie).await.body;
    assert!(csv.contains("'=1+1") && !csv.contains(",=1+1"), "{csv}");

    let request = format!("{audit}/requests/R-2026-001");
    let form = site.get("/decide/request?id=R-2026-001", &cookie).await.body;
    let after = value_of(&form, "after");
    let answer = [
        ("id", "R-2026-001"),
        ("after", after.as_str()),
        ("audit", "A-2026-001"),
        ("text", "Show patches"),
        ("answer", "Here they are"),
        ("status", "answered"),
        ("reason", "as asked"),
    ];
    let done = site.decide(&cookie, "request", &answer).await;
    assert_eq!((done.status, &done.location), (StatusCode::SEE_OTHER, &request), "{}", done.body);
    let stale = site.decide(&cookie, "request", &answer).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
    let comment =
        [("audit", "A-2026-001"), ("on", "R-2026-001"), ("text", "and db?"), ("reason", "unclear")];
    let said = site.decide(&cookie, "audit_comment", &comment).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
    let page = site.get(&request, &cookie).await.body;
    assert!(page.contains("Here they are") && page.contains("and db?"), "{page}");
    let finding = [
        ("audit", "A-2026-001"),
        ("grade", "minor"),
        ("control", "A.8.8"),
        ("text", "patches late"),
        ("status", "open"),
        ("reason", "seen"),
    ];
    let found = site.decide(&cookie, "audit_finding", &finding).await;
    let page = site.get(&found.location, &cookie).await;
    assert!(page.body.contains("minor nonconformity"), "{}", page.body);
    for missing in ["/audits/A-2", "/audits/A-2/requests/R-2026-001", "/audits/A-2/evidence"] {
        assert_eq!(site.get(missing, &cookie).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
    for list in
        ["/audits", "/audits.csv", "/audits/A-2026-001/evidence", "/audits/A-2026-001/findings.csv"]
    {
        assert_eq!(site.get(list, &cookie).await.status, StatusCode::OK, "{list}");
    }
}

#[tokio::test]
async fn a_population_is_frozen_and_drawn_from_once_and_the_bundle_is_a_zip_that_the_log_knows() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let audit = site.audit(&cookie).await;
    let forms = format!("{audit}/populations");
    let freeze = [("title", "Hosts"), ("size", "1"), ("unit", "items"), ("reason", "stage 2")];
    let none = [("title", "Hosts"), ("size", "0"), ("unit", "percent"), ("reason", "stage 2")];
    let refused = site.act(&cookie, &forms, &forms, &none).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("Nothing was frozen"), "{}", refused.body);
    let frozen = site.act(&cookie, &forms, &forms, &freeze).await;
    assert_eq!(frozen.status, StatusCode::SEE_OTHER, "{}", frozen.body);
    let place = frozen.location;
    assert_eq!(place, format!("{forms}/P-2026-001"));
    let draw = [("number", "6 3 5"), ("reason", "dice")];
    let drawn = site.act(&cookie, &place, &place, &draw).await;
    assert_eq!(drawn.status, StatusCode::SEE_OTHER, "{}", drawn.body);
    let again = site.act(&cookie, &audit, &place, &draw).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.body.contains("one population gives one sample"), "{}", again.body);
    let page = site.get(&place, &cookie).await.body;
    assert!(page.contains("6 3 5") && page.contains("drawn"), "{page}");
    let list = site.get(&format!("{place}/list.jsonl"), &cookie).await;
    assert!(list.body.contains("\"target\":"), "{}", list.body);
    let stolen = site.post(&format!("{audit}/bundle"), &cookie, "cross-site", "csrf=x").await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN);
    let bundle = site.act(&cookie, &audit, &format!("{audit}/bundle"), &[]).await;
    assert_eq!(bundle.status, StatusCode::OK, "{}", bundle.body);
    assert!(bundle.body.starts_with("PK"), "a zip");
    let recorded = site.recorded.lock().unwrap();
    assert!(recorded.iter().any(|done| done.action == "bundle_exported"));
}
