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
use crate::ingest::{Ahead, Certificates};
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
    /// Whether it shows the single score.
    static SCORE: std::cell::Cell<bool> = const { std::cell::Cell::new(true) };
    /// Roles that ask for a second factor there.
    static SECOND_FACTOR: std::cell::Cell<&'static [Role]> = const { std::cell::Cell::new(&[]) };
}

const XSS: &str = "<script>alert(1)</script>";
const NEW_PASSWORD: &str = "four calm words here";

mod api;
mod asked;
mod auditor;
mod audits;
mod counterparts;
mod decisions;
mod door;
mod frameworks;
mod history;
mod hostile;
mod lacking;
mod listed;
mod memo;
mod moment;
mod noticed;
mod oidc;
mod parts;
mod people;
mod reports;
mod retention;
mod rights;
mod search;
mod second;
mod seldom;
mod settings;
mod standing;
mod taken;
mod today;
mod tokens;
mod told;

struct Site {
    sample: Sample,
    ahead: Ahead,
    certificates: Certificates,
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
        let (ahead, certificates) = (Ahead::default(), Certificates::default());
        let retention = LastPass::default();
        let people = People::open(db).unwrap();
        // A provider signs by the wall clock.
        let (later, oidc) = (Arc::new(AtomicI64::new(0)), OIDC.with_borrow(Option::clone));
        let (ahead_by, wall) = (Arc::clone(&later), oidc.is_some());
        let clock: super::Clock = Arc::new(move || {
            let now = if wall { Timestamp::now() } else { now };
            now + jiff::SignedDuration::from_secs(ahead_by.load(Ordering::SeqCst))
        });
        let live = super::live::Live::new(tokio_util::sync::CancellationToken::new());
        let state = WebState {
            frameworks: FRAMEWORKS
                .with_borrow(Option::clone)
                .unwrap_or_else(|| Frameworks::read(None).unwrap()),
            ahead: ahead.clone(),
            certificates: certificates.clone(),
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
            decide: decider(&sample, &views, SECOND_PERSON.get()).lent(Arc::clone(&clock)),
            desk: crate::app::rules::tests::desk(&sample),
            live: live.clone(),
            score: SCORE.get(),
            clock,
        };
        Self {
            sample,
            ahead,
            certificates,
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
        "/scope",
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
async fn where_nothing_is_watched_pages_say_what_to_do_and_not_that_all_is_well() {
    let site = Site::new(|sample| {
        sample.rule_pack();
    });
    let cookie = site.enter().await;
    for page in
        ["/findings", "/findings/groups", "/kinds", "/targets", "/agents", "/history/lapses"]
    {
        let body = site.get(page, &cookie).await.body;
        assert!(body.contains("enrol"), "{page} does not say what to do: {body}");
        for comfort in ["No rule fails", "No control lacked", "Every expected kind was observed"] {
            assert!(!body.contains(comfort), "{page}: {comfort}");
        }
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
