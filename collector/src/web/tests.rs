use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde_json::json;
use tower::ServiceExt as _;

use super::{WebState, router};
use crate::app::decide::tests::decider;
use crate::frameworks::Frameworks;
use crate::ingest::Ahead;
use crate::log::scrub::{Damage, Part, Plan, ScrubStore};
use crate::oidc::Provider;
use crate::people::{People, Role, create_first_user};
use crate::retention::{Counts, InForce, LastPass};
use crate::secrets::SecretsDb;
use crate::timestamp::Timestamps;
use crate::views::sample::{Sample, SampleAgent, patches};
use crate::witness::{Circle, Witnesses};

thread_local! {
    /// Registers that ask for a second person on the next site of this thread.
    static SECOND_PERSON: std::cell::Cell<&'static [&'static str]> = const { std::cell::Cell::new(&[]) };
}

thread_local! {
    /// Where people may sign in instead at the next site of this thread.
    static OIDC: std::cell::RefCell<Option<Arc<Provider>>> = const { std::cell::RefCell::new(None) };
    /// Frameworks that it knows; those that ship if none.
    static FRAMEWORKS: std::cell::RefCell<Option<Frameworks>> = const { std::cell::RefCell::new(None) };
    /// Roles that ask for a second factor there.
    static SECOND_FACTOR: std::cell::Cell<&'static [Role]> = const { std::cell::Cell::new(&[]) };
}

const XSS: &str = "<script>alert(1)</script>";
const NEW_PASSWORD: &str = "four calm words here";

mod api;
mod asked;
mod auditor;
mod audits;
mod decisions;
mod frameworks;
mod history;
mod hostile;
mod listed;
mod moment;
mod noticed;
mod oidc;
mod parts;
mod reports;
mod retention;
mod rights;
mod search;
mod second;
mod seldom;
mod settings;
mod today;
mod tokens;

struct Site {
    sample: Sample,
    ahead: Ahead,
    retention: LastPass,
    witnesses: Witnesses,
    views: crate::views::Views,
    live: super::live::Live,
    router: Router,
    password: String,
    people: People,
    /// Seconds by which its clock was put forward.
    later: Arc<AtomicI64>,
    recorded: Arc<Mutex<Vec<Activity>>>,
}

struct Answer {
    status: StatusCode,
    location: String,
    cookie: String,
    body: String,
    csp: String,
    /// Methods that an address takes.
    allow: String,
    /// SHA-256 that a report's headers name.
    sha256: String,
    bytes: Vec<u8>,
}

impl Site {
    fn new(fill: impl FnOnce(&Sample)) -> Self {
        Self::with_witnesses(fill, &[])
    }

    fn with_witnesses(fill: impl FnOnce(&Sample), witnesses: &[crate::config::Witness]) -> Self {
        Self::of(Sample::new(), fill, witnesses, &[])
    }

    fn of(
        sample: Sample,
        fill: impl FnOnce(&Sample),
        witnesses: &[crate::config::Witness],
        authorities: &[crate::config::Timestamp],
    ) -> Self {
        fill(&sample);
        let views = sample.views();
        let db = SecretsDb::open(&sample.dir.path().join("secrets.db")).unwrap();
        let (_, password) = create_first_user(&db).unwrap();
        let recorded: Arc<Mutex<Vec<Activity>>> = Arc::default();
        let (kept, now) = (Arc::clone(&recorded), sample.now());
        let log = exhibit_proto::note::Verifier::from_vkey(&sample.vkey()).unwrap();
        let circle = Circle::new(&log, witnesses, &crate::config::Witnesses::default()).unwrap();
        let witness_db = sample.dir.path().join("witness.db");
        let witnesses = Witnesses::open(circle, &witness_db).unwrap();
        let ahead = Ahead::default();
        let retention = LastPass::default();
        let people = People::open(db).unwrap();
        // A provider signs by the wall clock.
        let (later, oidc) = (Arc::new(AtomicI64::new(0)), OIDC.with_borrow(Option::clone));
        let (ahead_by, wall) = (Arc::clone(&later), oidc.is_some());
        let clock = move || {
            let now = if wall { Timestamp::now() } else { now };
            now + jiff::SignedDuration::from_secs(ahead_by.load(Ordering::SeqCst))
        };
        let live = super::live::Live::new(tokio_util::sync::CancellationToken::new());
        let state = WebState {
            frameworks: FRAMEWORKS
                .with_borrow(Option::clone)
                .unwrap_or_else(|| Frameworks::read(None).unwrap()),
            ahead: ahead.clone(),
            views: views.clone(),
            witnesses: witnesses.clone(),
            timestamps: Timestamps::new(
                authorities,
                &crate::config::Timestamps::default(),
                sample.dir.path().join("timestamps"),
            )
            .unwrap(),
            people: people.clone(),
            second_factor: SECOND_FACTOR.get().to_vec(),
            oidc: oidc.clone(),
            origin: crate::views::sample::ORIGIN.to_owned(),
            keys: sample.keys(),
            scrub: ScrubStore::open(&sample.dir.path().join("scrub.db")).unwrap(),
            retention: InForce {
                rules: toml::from_str("approved_by = \"dpo\"\n[days]\n\"patch.status\" = 30")
                    .unwrap(),
                last: retention.clone(),
                counts: Counts::default(),
            },
            record: Arc::new(move |activity| {
                kept.lock().unwrap().push(activity);
                Box::pin(async { Ok(()) })
            }),
            scratch: sample.dir.path().to_owned(),
            decide: decider(&sample, &views, SECOND_PERSON.get()).lent(),
            desk: crate::app::rules::tests::desk(&sample),
            live: live.clone(),
            score: true,
            clock: Arc::new(clock),
        };
        Self {
            sample,
            ahead,
            retention,
            witnesses,
            router: router(state, Router::new()),
            password,
            people,
            later,
            recorded,
            views,
            live,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let header = |name| {
            let value = response.headers().get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        let (status, location) = (response.status(), header(header::LOCATION));
        let cookie = header(header::SET_COOKIE).split(';').next().unwrap_or_default().to_owned();
        let csp = header(header::CONTENT_SECURITY_POLICY);
        let allow = header(header::ALLOW);
        let sha256 = header(header::HeaderName::from_static("x-exhibit-sha256"));
        // What is told for as long as somebody listens has no end to wait for.
        let told = response.headers().get(header::CONTENT_TYPE);
        let endless = told.is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { Body::empty() } else { response.into_body() };
        let bytes = axum::body::to_bytes(body, 8 << 20).await.unwrap().to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status, location, cookie, body, csp, allow, sha256, bytes }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, cookie: &str, site: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Signs in and sets a password of its own; answers the cookie.
    async fn enter(&self) -> String {
        let form = format!("name=admin&password={}", self.password);
        let signed_in = self.post("/sign-in", "", "same-origin", &form).await;
        assert_eq!(
            (signed_in.status, signed_in.location.as_str()),
            (StatusCode::SEE_OTHER, "/password")
        );
        let page = self.get("/password", &signed_in.cookie).await;
        let form = format!(
            "csrf={}&present={}&new={NEW_PASSWORD}&again={NEW_PASSWORD}",
            csrf(&page.body),
            self.password
        );
        let changed = self.post("/password", &signed_in.cookie, "same-origin", &form).await;
        assert_eq!(changed.location, "/", "{}", changed.body);
        changed.cookie
    }
}

fn csrf(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn fill(sample: &Sample) {
    sample.rule_pack();
    sample.activity("admin", "token_created", json!({"host": XSS}));
    let mut agent = sample.enrol(XSS);
    sample.heartbeat(&mut agent, &["patch.status", "time.sync"]);
    let evil = json!({"reboot_required": true, "reboot_packages": [XSS], XSS: [{"<b>": XSS}]});
    sample.run(
        &mut agent,
        &[("patch.status", evil), ("identity.accounts", json!({"accounts": [], "sources": [XSS]}))],
        &[("time.sync", "tool_missing"), ("identity.accounts", "denied")],
    );
    agent.seq += 1;
    sample.run(&mut agent, &[("patch.status", patches(true))], &[]);
    let second: SampleAgent = sample.enrol("db-1.example.com");
    sample.revoke(&second, "lost");
}

/// Every page that a filled log has.
fn pages() -> Vec<String> {
    let target = format!("host:{:032x}", 1);
    let mut pages: Vec<String> = [
        "/",
        "/controls",
        "/controls/A.8.8",
        "/controls/A.5.1",
        "/controls?control_types=Preventive",
        "/frameworks",
        "/frameworks/2013",
        "/frameworks/soc2_tsc",
        "/frameworks/iso27017_2015",
        "/rollup",
        "/gap",
        "/soa",
        "/soa/compare",
        "/gap?status=not%20met",
        "/clauses",
        "/rules",
        "/rules/packs",
        "/rules/packs/0",
        "/rules/patch.status.reboot_not_pending",
        "/findings",
        "/targets",
        "/findings/groups",
        "/findings/groups?by=target",
        "/findings/groups?by=control",
        "/kinds",
        "/kinds/patch.status",
        "/kinds/time.sync?sort=-state",
        "/trends",
        "/trends?days=7&by=sort",
        "/agents",
        "/agents/0193-agent-1",
        "/agents/0193-agent-2",
        "/log",
        "/log?type=evidence&sort=-index",
        "/activity",
        "/reports",
        "/decisions",
        "/decide/waiver",
        "/decide/manual_evidence",
        "/decide/scope?id=isms",
        "/api",
        "/search?q=backup",
        "/search?q=nothing%20has%20this",
        "/help",
        "/password",
        "/controls?status=manual&q=review&sort=-title",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.push(format!("/targets/{target}"));
    pages.push(format!("/targets/{target}/patch.status"));
    pages.push(format!("/evidence/4/patch.status/{target}"));
    pages.push(format!("/evidence/5/patch.status/{target}"));
    pages.extend((0..8).map(|index| format!("/entries/{index}")));
    pages
}

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
async fn every_page_renders_on_a_filled_log_and_escapes_what_it_shows() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    for page in pages() {
        let answer = site.get(&page, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.body);
        assert!(!answer.body.contains(XSS), "{page} shows markup of others");
        assert!(!answer.body.contains("<b>"), "{page} shows markup of others");
        let lower = answer.body.to_lowercase();
        assert!(!lower.contains("compliant") && !lower.contains("conforms"), "{page}");
        assert!(!lower.contains(" style=") && !lower.contains(" onclick="), "{page}");
        assert!(answer.csp.contains("default-src 'none'"), "{page}");
    }
    let evidence = site.get(&format!("/evidence/4/patch.status/host:{:032x}", 1), &cookie).await;
    assert!(evidence.body.contains("&lt;script&gt;") || evidence.body.contains("&#60;script"));
    assert!(evidence.body.contains("stored bytes fit"));
}

#[tokio::test]
async fn every_list_page_renders_on_an_empty_log() {
    let site = Site::new(|_| {});
    let cookie = site.enter().await;
    let lists = [
        "/",
        "/controls",
        "/controls/A.8.8",
        "/clauses",
        "/frameworks",
        "/rollup",
        "/gap",
        "/rules",
        "/findings",
        "/targets",
        "/kinds",
        "/kinds/patch.status",
        "/trends",
        "/agents",
        "/log",
        "/activity",
        "/reports",
        "/help",
    ];
    for page in lists {
        let answer = site.get(page, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.body);
    }
    for page in [
        "/controls/A.9.1",
        "/targets/host:x",
        "/agents/x",
        "/kinds/x",
        "/entries/0",
        "/entries/x",
        "/nowhere",
    ] {
        assert_eq!(site.get(page, &cookie).await.status, StatusCode::NOT_FOUND, "{page}");
    }
}

#[tokio::test]
async fn parts_of_an_entry_download_as_they_are_stored() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let entry = site.sample.reader.entry(4).unwrap().unwrap();
    let leaf = site.get("/entries/4/leaf", &cookie).await;
    assert_eq!(leaf.body.as_bytes(), entry.leaf_bytes);
    let envelope = site.get("/entries/4/envelope", &cookie).await;
    assert_eq!(envelope.body.as_bytes(), entry.envelope.unwrap());
    let proof = site.get("/entries/4/proof", &cookie).await.body;
    let proof = exhibit_proto::tlog_proof::TlogProof::parse(proof.as_bytes()).unwrap();
    let log = exhibit_proto::note::Verifier::from_vkey(&site.sample.vkey()).unwrap();
    assert!(proof.verify(&entry.leaf_bytes, &log).is_ok());
    let key = site.get("/entries/4/key", &cookie).await.body;
    assert_eq!(exhibit_proto::keys::PublicKey::from_pem(&key).unwrap().id(), entry.leaf.key);
    let document =
        site.get(&format!("/evidence/4/patch.status/host:{:032x}/document", 1), &cookie).await;
    assert!(document.body.starts_with("{\"body\":"));
    let history = format!("targets/host:{:032x}/patch.status/history", 1);
    for list in [
        &history, "clauses", "controls", "rules", "findings", "targets", "agents", "log",
        "activity",
    ] {
        let csv = site.get(&format!("/{list}.csv"), &cookie).await;
        assert!(csv.status == StatusCode::OK && csv.body.lines().count() > 1, "{list}");
    }
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
    assert_eq!(recorded.len(), 5);
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
async fn assets_are_served_only_under_their_digest() {
    let site = Site::new(|_| {});
    let address = super::assets::address("exhibit.css");
    assert_eq!(site.get(&address, "").await.status, StatusCode::OK);
    let other = site.get("/assets/000000000000/exhibit.css", "").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[test]
fn the_sample_starts_when_it_says() {
    let start: Timestamp = crate::views::sample::START.parse().unwrap();
    assert_eq!(Sample::new().now(), start);
}

#[tokio::test]
async fn pages_say_whether_the_log_is_witnessed_and_by_whom() {
    let alone = Site::new(|_| {});
    let cookie = alone.enter().await;
    for path in ["/", "/log"] {
        assert!(alone.get(path, &cookie).await.body.contains("Not witnessed"), "{path}");
    }

    let key = exhibit_proto::keys::SecretKey::from_seed(&[7; 32]);
    let name = "<w>.example";
    let vkey = exhibit_proto::cosignature::Witness::new(name, key.public()).unwrap().vkey();
    let url = "http://127.0.0.1:1".to_owned();
    let site = Site::with_witnesses(
        |_| {},
        &[crate::config::Witness { name: None, vkey, url, tls_roots: None }],
    );
    let cookie = site.enter().await;
    for path in ["/", "/log"] {
        assert!(site.get(path, &cookie).await.body.contains("Not yet witnessed"), "{path}");
    }
    let head = site.sample.views().log().head().unwrap();
    let line = |time| {
        let text = head.checkpoint.text();
        exhibit_proto::cosignature::cosign(&text, name, &key, time).unwrap()
    };
    let time = u64::try_from(site.sample.now().as_second()).unwrap() - 120;
    site.witnesses.record_for_test(&head, (&line(time), time));
    let size = head.checkpoint.size;
    let first = site.get("/", &cookie).await.body;
    let sentence = format!("Witnessed up to {size} entries by &#60;w&#62;.example, 2 min ago");
    assert!(first.contains(&sentence), "{first}");
    let log = site.get("/log", &cookie).await.body;
    assert!(log.contains("/log/checkpoint/cosigned") && !log.contains("<w>"), "{log}");
}

#[tokio::test]
async fn damage_of_the_stored_log_is_an_alarm_on_the_first_and_the_log_page() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let pages = ["/", "/log"];
    for page in pages {
        assert!(!site.get(page, &cookie).await.body.contains("log is damaged"), "{page}");
    }
    let store = ScrubStore::open(&site.sample.dir.path().join("scrub.db")).unwrap();
    store.begin(&Plan { size: 8, documents: 2 }, "2026-11-20T08:00:00.000Z").unwrap();
    let (part, name) = (Part::Envelope, XSS.to_owned());
    let damage = Damage { part, name, detail: "is missing".into() };
    store.advance(&[damage], "2026-11-20T08:00:01.000Z").unwrap();
    for page in pages {
        let body = site.get(page, &cookie).await.body;
        assert!(body.contains("log is damaged") && !body.contains(XSS), "{page}");
    }
}
