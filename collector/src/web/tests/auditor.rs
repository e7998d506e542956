//! The audit room as an auditor who is bound to one audit.

use jiff::ToSpan as _;

use super::decisions::value_of;
use super::*;
use crate::people::{Access, Change};

const TARGET: u32 = 1;

fn hosts(sample: &Sample) {
    sample.rule_pack();
    for name in ["web-1", "db-1"] {
        let mut agent = sample.enrol(name);
        sample.heartbeat(&mut agent, &["patch.status", "identity.accounts"]);
        let accounts = json!({"accounts": [], "sources": ["/etc/passwd"]});
        let seen = [("patch.status", patches(true)), ("identity.accounts", accounts)];
        sample.run(&mut agent, &seen, &[]);
    }
}

fn target() -> String {
    format!("host:{TARGET:032x}")
}

/// The entry of the first document of a kind on the first target.
fn entry_of(site: &Site, kind: &str) -> u64 {
    site.views.document_history(&target(), kind).unwrap().last().unwrap().from_index
}

/// Addresses that a page offers.
fn offered(body: &str) -> std::collections::BTreeSet<String> {
    let links = body.split(" href=\"/").skip(1).filter_map(|rest| rest.split('"').next());
    let links = links.map(|link| format!("/{}", link.split('#').next().unwrap_or_default()));
    links.map(|link| link.replace("&#38;", "&").replace("&amp;", "&")).collect()
}

#[tokio::test]
async fn whoever_is_bound_begins_at_their_audit_and_is_offered_nothing_that_is_refused() {
    let site = Site::new(hosts);
    let admin = site.enter().await;
    let audit = site.audit(&admin).await;
    let other = site.audit(&admin).await;
    assert_ne!(audit, other);
    let eve = site.entered("eve", Role::Auditor, Some("A-2026-001"));
    let first = site.get("/", &eve).await;
    assert_eq!((first.status, first.location.as_str()), (StatusCode::SEE_OTHER, audit.as_str()));
    let (mut seen, mut open) = (std::collections::BTreeSet::new(), vec![audit.clone()]);
    while let Some(page) = open.pop() {
        let answer = site.get(&page, &eve).await;
        assert!(
            matches!(answer.status, StatusCode::OK | StatusCode::SEE_OTHER),
            "{page} is offered and answers {}",
            answer.status
        );
        // Help explains the whole product, and the log's own files are served beside the pages.
        let elsewhere = |link: &String| link == "/sign-out" || link.starts_with("/log/");
        let links = if page == "/help" { Default::default() } else { offered(&answer.body) };
        let new = links.into_iter().filter(|link| seen.insert(link.clone()));
        open.extend(new.filter(|link| !elsewhere(link)));
    }
    assert!(seen.len() > 8, "{seen:?}");
    for closed in
        ["/controls", "/targets", "/log", "/activity.csv", "/search?q=web", "/live", "/decisions"]
    {
        assert_eq!(site.get(closed, &eve).await.status, StatusCode::FORBIDDEN, "{closed}");
    }
    let unbound = site.entered("trent", Role::Auditor, None);
    assert_eq!(site.get("/", &unbound).await.status, StatusCode::OK, "who is not bound sees today");
}

#[tokio::test]
async fn of_other_audits_and_of_evidence_outside_of_the_scope_they_see_nothing() {
    let site = Site::new(hosts);
    let admin = site.enter().await;
    let (audit, other) = (site.audit(&admin).await, site.audit(&admin).await);
    let request = json_request(&site, &admin, "A-2026-002").await;
    let eve = site.entered("eve", Role::Auditor, Some("A-2026-001"));
    for path in [
        other.clone(),
        format!("{other}/requests.csv"),
        format!("{other}/requests/{request}"),
        format!("{other}/evidence"),
        format!("{audit}/requests/{request}"),
        "/api/v1/audits/A-2026-002".into(),
        "/api/v1/audits/A-2026-002/requests".into(),
    ] {
        assert_eq!(site.get(&path, &eve).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let list = site.get("/audits", &eve).await.body;
    assert!(list.contains("A-2026-001") && !list.contains("A-2026-002"), "{list}");
    let listed = site.get("/api/v1/audits", &eve).await.body;
    assert!(listed.contains("A-2026-001") && !listed.contains("A-2026-002"), "{listed}");
    for path in ["/api/v1/targets", "/api/v1/entries", "/api/v1/history/compare"] {
        assert_eq!(site.get(path, &eve).await.status, StatusCode::FORBIDDEN, "{path}");
    }

    let item =
        |kind: &str| format!("{audit}/evidence/{}/{kind}/{}", entry_of(&site, kind), target());
    let (inside, outside) = (item("patch.status"), item("identity.accounts"));
    site.recorded.lock().unwrap().clear();
    assert_eq!(site.get(&inside, &eve).await.status, StatusCode::OK);
    assert_eq!(site.get(&format!("{inside}/document"), &eve).await.status, StatusCode::OK);
    for path in [outside.clone(), format!("{outside}/document"), inside.replace("00001", "00009")] {
        assert_eq!(site.get(&path, &eve).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let direct = inside.replace(&audit, "");
    assert_eq!(site.get(&direct, &eve).await.status, StatusCode::FORBIDDEN, "{direct}");
    let recorded = site.recorded.lock().unwrap();
    let read: Vec<&Activity> =
        recorded.iter().filter(|one| one.action == "evidence_read").collect();
    assert_eq!(read.len(), 2, "what was refused was not read: {recorded:?}");
    assert!(read.iter().all(|one| one.by == "eve" && one.detail["what"].as_str().unwrap().starts_with(&inside)));
}

/// A request of that audit; answers its id.
async fn json_request(site: &Site, cookie: &str, audit: &str) -> String {
    let fields = [
        ("audit", audit),
        ("text", "Show the accounts"),
        ("status", "open"),
        ("reason", "stage 2"),
    ];
    let done = site.decide(cookie, "request", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    done.location.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_earlier_moment_at_which_the_audit_covered_more_shows_no_more() {
    let site = Site::new(hosts);
    let admin = site.enter().await;
    let audit = site.audit(&admin).await;
    let eve = site.entered("eve", Role::Auditor, Some("A-2026-001"));
    let path =
        format!("{audit}/evidence/{}/patch.status/{}", entry_of(&site, "patch.status"), target());
    assert_eq!(site.get(&path, &eve).await.status, StatusCode::OK);
    let wide = site.views.applied().unwrap();
    // Before the audit was there, it is not there for its auditor either; its title of then is that of then.
    let began = site.get(&format!("{audit}?as_of=1"), &eve).await;
    assert_eq!(began.status, StatusCode::NOT_FOUND, "{}", began.body);
    let form = site.get("/decide/audit?id=A-2026-001", &admin).await.body;
    let after = value_of(&form, "after");
    let narrower = [
        ("id", "A-2026-001"),
        ("after", after.as_str()),
        ("title", "Stage 2"),
        ("type", "stage_2"),
        ("controls", "A.5.4"),
        ("from", "2026-01-01"),
        ("until", "2026-12-31"),
        ("lead", "eve"),
        ("status", "open"),
        ("reason", "narrower"),
    ];
    let done = site.decide(&admin, "audit", &narrower).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let then = site.get(&format!("{audit}/evidence?as_of={}", wide - 1), &eve).await;
    assert!(then.status == StatusCode::OK && !then.body.contains("patch.status"), "{}", then.body);
    for as_of in ["", &format!("?as_of={}", wide - 1)] {
        let asked = format!("{path}{as_of}");
        assert_eq!(site.get(&asked, &eve).await.status, StatusCode::NOT_FOUND, "{asked}");
    }
    let unbound = site.entered("trent", Role::Auditor, None);
    let asked = format!("{path}?as_of={}", wide - 1);
    assert_eq!(
        site.get(&asked, &unbound).await.status,
        StatusCode::OK,
        "who sees all sees it then"
    );
}

#[tokio::test]
async fn they_change_nothing_take_the_bundle_and_all_that_they_do_stands_in_the_log() {
    let site = Site::new(hosts);
    let admin = site.enter().await;
    let audit = site.audit(&admin).await;
    let eve = site.entered("eve", Role::Auditor, Some("A-2026-001"));
    for register in
        ["audit", "request", "audit_finding", "audit_comment", "waiver", "note", "owner"]
    {
        let form = site.get(&format!("/decide/{register}"), &eve).await;
        assert_eq!(form.status, StatusCode::FORBIDDEN, "{register}");
        let sent = site.post(&format!("/decide/{register}"), &eve, "same-origin", "csrf=x").await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{register}");
    }
    let forms = format!("{audit}/populations");
    for path in [forms.as_str(), "/settings/people", "/findings/waive", "/soa"] {
        let sent = site.post(path, &eve, "same-origin", "csrf=x").await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{path}");
    }
    site.recorded.lock().unwrap().clear();
    let bundle = site.act(&eve, &audit, &format!("{audit}/bundle"), &[]).await;
    assert_eq!(bundle.status, StatusCode::OK, "{}", bundle.body);
    let csv = site.get(&format!("{audit}/requests.csv"), &eve).await;
    assert_eq!(csv.status, StatusCode::OK);
    let recorded = site.recorded.lock().unwrap();
    let did: Vec<(&str, &str)> =
        recorded.iter().map(|one| (one.by.as_str(), one.action.as_str())).collect();
    assert_eq!(did, [("eve", "bundle_exported"), ("eve", "list_exported")]);
}

#[tokio::test]
async fn an_account_ends_with_its_last_day_in_the_middle_of_a_session_and_at_the_door() {
    let site = Site::new(hosts);
    let admin = site.enter().await;
    let audit = site.audit(&admin).await;
    let now = site.sample.now();
    let valid_until = Some(now.checked_add(50.minutes()).unwrap());
    let access = Access { role: Role::Auditor, valid_until, audit: Some("A-2026-001".into()) };
    let id = site.people.entered_for_test("eve", access, now);
    let eve = crate::web::guard::cookie(Some(&id)).split(';').next().unwrap().to_owned();
    assert_eq!(site.get(&audit, &eve).await.status, StatusCode::OK);
    site.later.store(49 * 60, Ordering::SeqCst);
    assert_eq!(site.get(&audit, &eve).await.status, StatusCode::OK, "a minute is left");
    site.later.store(51 * 60, Ordering::SeqCst);
    let over = site.get(&audit, &eve).await;
    assert!(over.location.starts_with("/sign-in?next="), "{}", over.body);
    assert_eq!(site.get("/api/v1/audits", &eve).await.status, StatusCode::UNAUTHORIZED);

    let valid_until = Some(now.checked_add(70.minutes()).unwrap());
    let access = Access { role: Role::Auditor, valid_until, audit: Some("A-2026-001".into()) };
    let (name, full_name, email) = ("mallory".to_owned(), String::new(), String::new());
    let made = site.people.change(&Change::Add { name, full_name, email, access }, now).unwrap();
    let password = made.expect("a new person has a first password");
    let form = format!("name=mallory&password={password}");
    let fine = site.post("/sign-in", "", "same-origin", &form).await;
    assert_eq!(fine.location, "/password", "{}", fine.body);
    site.later.store(71 * 60, Ordering::SeqCst);
    let over = site.post("/sign-in", "", "same-origin", &form).await;
    assert_eq!(over.status, StatusCode::FORBIDDEN);
    assert!(over.body.contains("time of this account is over"), "{}", over.body);
}

#[tokio::test]
async fn a_list_of_requests_comes_back_as_it_went_whatever_its_cells_are() {
    let site = Site::new(hosts);
    let admin = site.enter().await;
    let audit = site.audit(&admin).await;
    let hostile = [
        "=HYPERLINK(\"http://example.com\",\"x\")",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\u{ff1d}1",
        "\tx",
        "quotes \"and\", commas\nand lines",
        "<script>alert(1)</script>",
        "'already marked",
        "\u{202e}backwards",
    ];
    let mut list = csv::Writer::from_writer(Vec::new());
    list.write_record(["number", "request"]).unwrap();
    for (number, cell) in hostile.iter().enumerate() {
        list.write_record([&(number + 1).to_string(), &(*cell).to_owned()]).unwrap();
    }
    let list = String::from_utf8(list.into_inner().unwrap()).unwrap();
    let taken = site.list(&admin, &audit, &list).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let texts = |bytes: &[u8]| -> Vec<String> {
        let mut reader = csv::Reader::from_reader(bytes);
        let at = reader.headers().unwrap().iter().position(|head| head == "request").unwrap();
        reader.records().map(|row| row.unwrap()[at].to_owned()).collect()
    };
    let first = site.get(&format!("{audit}/requests.csv"), &admin).await;
    for cell in texts(&first.bytes) {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}']);
        assert!(!formula, "a spreadsheet would run {cell:?}");
    }
    let page = site.get(&audit, &admin).await.body;
    assert!(!page.contains("<script>alert"), "{page}");
    // What was written is taken by another audit, and written again it is the same.
    let other = site.audit(&admin).await;
    let taken = site.list(&admin, &other, &first.body).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let again = site.get(&format!("{other}/requests.csv"), &admin).await;
    assert_eq!(texts(&again.bytes), texts(&first.bytes));
    let held = site.views.people().unwrap().audits;
    let of = |audit: &str| -> Vec<String> {
        let own = held.requests.values().filter(|one| one.audit == audit);
        own.map(|one| one.text.clone()).collect()
    };
    assert_eq!(of("A-2026-002"), of("A-2026-001"));
    assert_eq!(of("A-2026-001").len(), hostile.len());
}
