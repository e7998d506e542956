//! Every address × method × role through the real router. An address that no list of rights names fails here.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use jiff::ToSpan as _;

use super::{Answer, Site, fill};
use crate::people::{Access, Right, Role, SessionId};
use crate::web::guard::cookie;
use crate::web::rights::{self, Need, Row, TABLES};
use crate::web::{public, routes};

const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
];

/// What each role may do, said once more.
const MATRIX: [(Right, &str); 11] = [
    (Right::Enter, "viewer contributor compliance admin auditor bound"),
    (Right::OwnAccount, "viewer contributor compliance admin auditor bound"),
    (Right::See, "viewer contributor compliance admin auditor"),
    (Right::SeeEvidence, "viewer contributor compliance admin auditor"),
    (Right::Bring, "contributor compliance admin"),
    (Right::Decide, "compliance admin"),
    (Right::Approve, "compliance admin"),
    (Right::Export, "contributor compliance admin auditor"),
    (Right::AuditRoom, "contributor compliance admin auditor bound"),
    (Right::Audit, "compliance admin"),
    (Right::Administer, "admin"),
];

fn may(right: Right, who: &str) -> bool {
    let (_, who_may) = MATRIX.iter().find(|(known, _)| *known == right).unwrap();
    who_may.split(' ').any(|may| may == who)
}

impl Site {
    /// Somebody of that role, signed in; answers the cookie.
    pub(super) fn entered(&self, name: &str, role: Role, audit: Option<&str>) -> String {
        let now = self.sample.now();
        let valid_until = (role == Role::Auditor).then(|| now.checked_add(240.hours()).unwrap());
        let access = Access { role, valid_until, audit: audit.map(str::to_owned) };
        let id: SessionId = self.people.entered_for_test(name, access, now);
        cookie(Some(&id)).split(';').next().unwrap().to_owned()
    }

    async fn asked(&self, method: &Method, path: &str, cookie: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

/// Values for the parameters of an address; what is not found must be refused or answered alike.
fn filled(path: &str) -> Vec<String> {
    let given = |path: &str, register: &str| {
        let parts = path.split('/').map(|part| match part {
            "{register}" => register,
            "{control}" => "A.8.8",
            "{index}" | "{entry}" => "4",
            "{kind}" => "patch.status",
            part if part.starts_with('{') => "x",
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    };
    if path.contains("{register}") {
        ["waiver", "note", "%6eote"].map(|register| given(path, register)).to_vec()
    } else {
        vec![given(path, "")]
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLES.iter().copied().flatten()
}

#[test]
fn every_address_is_in_a_list_of_rights_and_every_line_of_them_is_an_address() {
    let mut served = routes().paths;
    served.extend(public::health_routes().paths);
    served.extend(public::log_routes().paths);
    served.sort_unstable();
    // An address may be told once for each of its methods.
    served.dedup();
    let mut listed: Vec<&str> = rows().map(|row| row.path).collect();
    listed.sort_unstable();
    assert_eq!(
        served, listed,
        "an address needs its line in web/rights.rs, and the other way round"
    );
}

#[test]
fn roles_may_do_what_the_matrix_says() {
    for right in Right::ALL {
        for role in Role::ALL {
            assert_eq!(
                role.rights(false).has(right),
                may(right, role.as_str()),
                "{role} {right:?}"
            );
        }
        assert_eq!(Role::Auditor.rights(true).has(right), may(right, "bound"), "bound {right:?}");
    }
}

#[tokio::test]
async fn every_address_and_method_is_open_to_exactly_the_roles_with_its_right() {
    let site = Site::new(fill);
    let mut people: Vec<(&str, String)> = Role::ALL
        .into_iter()
        .map(|role| (role.as_str(), site.entered(&format!("some-{role}"), role, None)))
        .collect();
    people.push(("bound", site.entered("bound", Role::Auditor, Some("AU-1"))));
    let mut cells = 0;
    for path in routes().paths {
        let row = rights::of(&path).unwrap();
        for (method, filled) in METHODS
            .iter()
            .flat_map(|method| filled(&path).into_iter().map(move |filled| (method, filled)))
        {
            let need = row.need(method);
            for (who, cookie) in &people {
                let answer = site.asked(method, &filled, cookie).await;
                let cell = format!("{method} {filled} as {who}: {}", answer.status);
                cells += 1;
                // Who is bound to one audit is led there from the first page, and from no other.
                if need.is_some() && (filled.as_str(), *who) == ("/", "bound") {
                    let there = (StatusCode::SEE_OTHER, "/audits/AU-1");
                    assert_eq!((answer.status, answer.location.as_str()), there, "{cell}");
                    continue;
                }
                let refused = answer.body.contains("not for your role")
                    || answer.body.contains("outside your audit")
                    || answer.body.contains("this account sees audit AU-1 alone")
                    || answer.body.contains("these roles may")
                    || (*method == Method::HEAD && answer.status == StatusCode::FORBIDDEN);
                match need {
                    None => {
                        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{cell}");
                        assert_eq!(answer.allow, row.methods(), "{cell}");
                    }
                    Some(need) => {
                        let right = need.right(&filled);
                        let open = right.is_none_or(|right| may(right, who));
                        // Whoever is bound begins at their audit.
                        let begins = path == "/" && answer.location == "/audits/AU-1";
                        assert!(!begins || *who == "bound", "{cell}");
                        let refused = refused || begins;
                        assert_eq!(refused, !open, "{cell}");
                        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{cell}");
                        assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{cell}");
                        let away = answer.location.starts_with("/sign-in");
                        assert!(!away || path == "/sign-in", "{cell}");
                        let names = right.map(Role::that_may).unwrap_or_default();
                        // Whoever is bound, in a role that might, is told of their audit instead.
                        let bound = answer.body.contains("see that audit alone")
                            || answer.body.contains("sees audit AU-1 alone");
                        let told = begins || (bound && *who == "bound") || *method == Method::HEAD;
                        assert!(open || told || answer.body.contains(&names));
                    }
                }
            }
            let stranger = site.asked(method, &filled, "").await;
            match need {
                None => assert_eq!(stranger.status, StatusCode::METHOD_NOT_ALLOWED, "{filled}"),
                Some(Need::Anybody) => assert_ne!(stranger.status, StatusCode::UNAUTHORIZED),
                Some(_) if *method == Method::GET && !path.starts_with("/api/") => {
                    assert!(stranger.location.starts_with("/sign-in"), "{filled}");
                }
                Some(_) => assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{filled}"),
            }
        }
    }
    assert!(cells > 2000, "{cells}");
}

#[tokio::test]
async fn nobody_approves_by_a_right_to_bring() {
    let site = Site::new(fill);
    let cookie = site.entered("con", Role::Contributor, None);
    let token = super::csrf(&site.get("/", &cookie).await.body);
    let form = format!("csrf={token}&act=approve&after=1&reason=r");
    let answer = site.post("/decisions/note/A.5.1", &cookie, "same-origin", &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("compliance, admin"), "{}", answer.body);
}

#[tokio::test]
async fn what_a_person_may_not_do_is_not_offered() {
    let site = Site::new(fill);
    let target = format!("/targets/host:{:032x}", 1);
    let cases = [
        (Role::Viewer, [false, false, false, false]),
        (Role::Contributor, [false, true, true, false]),
        (Role::Compliance, [true, true, true, true]),
    ];
    for (role, [waive, bring, report, label]) in cases {
        let cookie = site.entered(role.as_str(), role, None);
        let control = site.get("/controls/A.8.8", &cookie).await.body;
        assert_eq!(control.contains("/decide/waiver"), waive, "{role}");
        assert_eq!(control.contains("/decide/manual_evidence"), bring, "{role}");
        let list = site.get("/decisions", &cookie).await.body;
        assert_eq!(list.contains("/decide/waiver"), waive, "{role}");
        let reports = site.get("/reports", &cookie).await.body;
        assert_eq!(reports.contains("action=\"/reports/"), report, "{role}");
        let target = site.get(&target, &cookie).await.body;
        assert_eq!(target.contains("/decide/label"), label, "{role}");
    }
    let cookie = site.entered("bound", Role::Auditor, Some("AU-1"));
    let help = site.get("/help", &cookie).await.body;
    assert!(help.contains("href=\"/help\"") && !help.contains("href=\"/findings\""), "{help}");
}

#[tokio::test]
async fn what_an_auditor_looks_at_and_what_anybody_takes_away_is_logged() {
    let site = Site::new(fill);
    let evidence = format!("/evidence/4/patch.status/host:{:032x}", 1);
    let viewer = site.entered("vera", Role::Viewer, None);
    assert_eq!(site.get(&evidence, &viewer).await.status, StatusCode::OK);
    let auditor = site.entered("audra", Role::Auditor, None);
    assert_eq!(site.get(&evidence, &auditor).await.status, StatusCode::OK);
    assert_eq!(site.get("/entries/999/leaf", &auditor).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/controls.csv?q=a", &viewer).await.status, StatusCode::OK);
    let recorded = site.recorded.lock().unwrap().clone();
    let told: Vec<(String, String, String)> = recorded
        .into_iter()
        .map(|done| (done.by, done.action, done.detail["what"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ("audra", "evidence_read", evidence.as_str()),
        ("vera", "list_exported", "/controls.csv?q=a"),
    ];
    let expected = expected.map(|(by, action, what)| (by.into(), action.into(), what.into()));
    assert_eq!(told, expected);
}

#[test]
fn an_address_of_a_link_finds_the_row_that_the_router_takes() {
    for (path, row) in [
        ("/", "/"),
        ("/frameworks/2013", "/frameworks/2013"),
        ("/frameworks/soc2_tsc", "/frameworks/{framework}"),
        ("/log/tile/0/x001", "/log/tile/{*path}"),
        ("/settings/sessions/all", "/settings/sessions/all"),
    ] {
        assert_eq!(rights::matching(path).map(|row| row.path), Some(row), "{path}");
    }
    assert!(rights::matching("/nowhere").is_none());
}
