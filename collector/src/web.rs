//! Pages for people, and the door of the second port. Renders what the views and the log hold; what a person does goes
//! to the log through a callback, never by this room's own hand.
//!
//! | part | does |
//! |---|---|
//! | `public` | checkpoint, tiles and health, for anybody |
//! | `sign_in`, `guard` | who asks: sessions, forms, rate limits, headers |
//! | `rights`, `routes` | which right each address needs; what is not listed there is refused |
//! | `clear` | an answer that would be bare words becomes a page |
//! | `download` | reports, made and logged before they leave |
//! | `asked` | forms that have the desk do what commands ask of it too: a rule pack approved, a statement frozen |
//! | `oidc` | people who sign in at a provider |
//! | `settings` | one's own account; people, for admins |
//! | `watch`, `failures` | what is logged because somebody looked, or could not sign in |
//! | `audits` | the audit room's own forms: lists taken, populations frozen, samples drawn, the bundle |
//! | `decide` | forms by which people decide, handed to the desk through a callback |
//! | `memo` | what takes long to count, counted once |
//! | `moment` | the earlier moment that an address asks for |
//! | `pages` | one function a page, all plain and blocking |
//! | `listed` | long lists: a page of them, and their CSV while it is read |
//! | `table`, `words`, `facts` | lists, words with icons, documents as readable text |
//! | `terms` | where the help page explains a label |
//! | `charts` | pictures as SVG, out of numbers alone |
//! | `diff` | what is another in a document than in the one before |
//! | `live` | tells open pages that there is something newer |
//! | `navigation` | where people can go |
//! | `api` | the same content as JSON, with its description |
//! | `assets` | stylesheet and scripts, addressed by digest |

pub mod api;
mod asked;
mod assets;
mod audits;
mod charts;
mod clear;
mod decide;
mod diff;
mod download;
mod facts;
mod failures;
mod guard;
mod listed;
pub mod live;
mod memo;
mod moment;
mod navigation;
mod oidc;
mod pages;
pub mod public;
pub(crate) mod rights;
pub(crate) mod routes;
mod settings;
mod sign_in;
mod table;
mod terms;
#[cfg(test)]
mod tests;
mod watch;
mod words;

use std::ops::Deref;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::Router;
use axum::extract::{Query, RawPathParams, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use exhibit_assessment::FrameworkError;
use exhibit_proto::statement::Activity;
use jiff::Timestamp;

use crate::decisions::Decide;
use crate::frameworks::Frameworks;
use crate::ingest::Ahead;
use crate::log::scrub::{ScrubError, ScrubStore};
use crate::log::{LogError, LogReader};
use crate::oidc::Provider;
use crate::packs::PacksError;
use crate::people::{People, Right, Rights, Role};
use crate::report::ReportError;
use crate::requests::AskDesk;
use crate::retention::InForce;
use crate::timestamp::{StampError, Timestamps};
use crate::views::{Moment, Views, ViewsError};
use crate::witness::{WitnessError, Witnesses};

use guard::{Limiter, SignedIn};
use moment::{Past, Picker};
use routes::Routes;

/// Appends what a person did to the log; answers when it is on disk.
pub type Record =
    Arc<dyn Fn(Activity) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;
/// The wall clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the pages work with.
pub struct WebState {
    /// Agents that know a larger log.
    pub ahead: Ahead,
    pub views: Views,
    pub witnesses: Witnesses,
    pub timestamps: Timestamps,
    pub people: People,
    /// Roles that ask for a second factor.
    pub second_factor: Vec<Role>,
    /// Where people may sign in instead.
    pub oidc: Option<Arc<Provider>>,
    /// Name of the log.
    pub origin: String,
    /// The log's key (C2SP signed-note), shown so that people can pin it.
    pub keys: exhibit_proto::log_key::LogKeys,
    /// How the stored log was found when it was last looked through.
    pub scrub: ScrubStore,
    /// Besides Annex A.
    pub frameworks: Frameworks,
    /// What may be deleted, and when it was looked for last.
    pub retention: InForce,
    pub record: Record,
    /// A folder of ours, where reports lie without a name while they are made.
    pub scratch: PathBuf,
    /// Has something decided.
    pub decide: Decide,
    /// Has done what commands ask of the collector, too.
    pub desk: AskDesk,
    /// Tells open pages what changed.
    pub live: live::Live,
    /// Whether the single score is shown.
    pub score: bool,
    pub clock: Clock,
}

/// What handlers share.
struct Site {
    state: WebState,
    limiter: Limiter,
    failures: failures::Failures,
    turns: download::Turns,
    ages: pages::trends::Ages,
    memo: memo::Memo,
}

impl Deref for Site {
    type Target = WebState;

    fn deref(&self) -> &WebState {
        &self.state
    }
}

impl Site {
    fn log(&self) -> &LogReader {
        self.views.log()
    }
}

/// One request of a signed-in person.
#[derive(Clone)]
struct Ask {
    site: Arc<Site>,
    /// As they stand, or as they stood at the moment that is asked for: the pages ask these.
    views: Views,
    /// The earlier moment; none: now.
    then: Option<Moment>,
    past: Past,
    who: SignedIn,
    path: String,
    params: Vec<String>,
    query: table::Query,
    /// When it is told of: the earlier moment, if there is one.
    now: Timestamp,
}

/// What every page shows around its content.
struct Frame {
    title: String,
    /// Which entry of the navigation is the present one.
    section: &'static str,
    user: Option<String>,
    /// What may be offered on the page.
    rights: Rights,
    csrf: String,
    origin: String,
    css: String,
    script: String,
    /// Of pages that have a past.
    picker: Option<Picker>,
}

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
enum WebError {
    #[error("there is no {0}")]
    NotFound(String),
    #[error("{0}")]
    NoMoment(String),
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Witness(#[from] WitnessError),
    #[error(transparent)]
    Stamp(#[from] StampError),
    #[error(transparent)]
    Scrub(#[from] ScrubError),
    #[error(transparent)]
    Framework(#[from] FrameworkError),
    #[error(transparent)]
    People(#[from] crate::people::PeopleError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Packs(#[from] PacksError),
    #[error("the list was not taken to its end: {0}")]
    Cut(String),
    #[error("page could not be written: {0}")]
    Template(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    what: String,
    advice: &'static str,
}

/// The second port: pages, and `beside` (public read side of the log, enrolment) under the same roof. `beside` must
/// have no fallback of its own.
pub fn router(state: WebState, beside: Router) -> Router {
    let site = Arc::new(Site {
        state,
        limiter: Limiter::new(),
        failures: failures::Failures::default(),
        turns: download::Turns::default(),
        ages: pages::trends::Ages::default(),
        memo: memo::Memo::default(),
    });
    let pages = routes()
        .router
        .fallback(missing)
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard::require))
        .layer(middleware::from_fn(api::shape))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), clear::clear))
        .layer(middleware::from_fn(guard::headers))
        .layer(tower_http::compression::CompressionLayer::new())
        .with_state(site);
    pages.merge(beside)
}

/// Every address of the pages. Each needs its line in `rights`, too.
fn routes() -> Routes<Arc<Site>> {
    door()
        .merge(api::routes())
        .merge(audits::routes())
        .merge(oidc::routes())
        .merge(settings::routes())
        .merge(pages())
}

fn door() -> Routes<Arc<Site>> {
    Routes::new()
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-in/second", get(sign_in::second_form).post(sign_in::second))
        .route("/assets/{digest}/{name}", get(assets::serve))
        .route("/password", get(sign_in::password_form).post(sign_in::change_password))
        .route("/sign-out", post(sign_in::sign_out))
}

fn pages() -> Routes<Arc<Site>> {
    Routes::new()
        .route("/", page(pages::today::show))
        .route("/controls", page(pages::controls::list))
        .route("/controls.csv", page(pages::controls::csv))
        .route("/controls/{control}", page(pages::control::show))
        .route("/history", page(pages::history::show))
        .route("/history/compare", timeless(pages::history::compare::show))
        .route("/history/compare.csv", timeless(pages::history::compare::csv))
        .route("/history/lapses", timeless(pages::history::lapses::show))
        .route("/history/lapses.csv", timeless(pages::history::lapses::csv))
        .route("/history/{control}", page(pages::history::control))
        .route("/history/{control}/intervals.csv", page(pages::history::control_csv))
        .route("/frameworks", page(pages::frameworks::list))
        .route("/frameworks/2013", page(pages::frameworks::transition))
        .route("/frameworks/2013.csv", page(pages::frameworks::transition_csv))
        .route("/frameworks/{framework}", page(pages::frameworks::show))
        .route("/frameworks/{framework}/relations.csv", page(pages::frameworks::csv))
        .route("/soa", asked::soa())
        .route("/soa.csv", page(pages::soa::csv))
        .route("/soa/compare", page(pages::soa::compare))
        .route("/soa/versions/{entry}", page(pages::soa::version))
        .route("/rollup", page(pages::rollup::show))
        .route("/gap", page(pages::gap::show))
        .route("/clauses", page(pages::controls::clauses))
        .route("/clauses.csv", page(pages::controls::clauses_csv))
        .route("/rules", page(pages::rules::list))
        .route("/rules.csv", page(pages::rules::csv))
        .route("/rules/packs", page(pages::packs::list))
        .route("/rules/packs.csv", page(pages::packs::csv))
        .route("/rules/packs/{entry}", asked::pack())
        .route("/rules/{rule}", page(pages::rules::show))
        .route("/findings", page(pages::findings::list))
        .route("/findings/groups", page_of(Past::Unknown, pages::grouped::show))
        .route("/findings/waive", post(decide::chosen::waive))
        .route("/findings.csv", page(pages::findings::csv))
        .route("/kinds", page(pages::kinds::list))
        .route("/kinds.csv", page(pages::kinds::csv))
        .route("/kinds/{kind}", page(pages::kinds::show))
        .route("/kinds/{kind}/targets.csv", page(pages::kinds::targets_csv))
        .route("/trends", page(pages::trends::show))
        .route("/targets", page(pages::targets::list))
        .route("/targets.csv", page(pages::targets::csv))
        .route("/targets/{target}", page(pages::targets::show))
        .route("/targets/{target}/{kind}", page(pages::targets::kind))
        .route("/targets/{target}/{kind}/history.csv", page(pages::targets::kind_csv))
        .route("/evidence/{index}/{kind}/{target}", page(pages::evidence::show))
        .route("/evidence/{index}/{kind}/{target}/document", page(pages::evidence::document))
        .route("/entries/{index}", page(pages::entry::show))
        .route("/entries/{index}/{part}", page(pages::entry::part))
        .route("/agents", page(pages::agents::list))
        .route("/agents.csv", page(pages::agents::csv))
        .route("/agents/{agent}", page(pages::agents::show))
        .route("/log", present(pages::log::show))
        .route("/log.csv", present(pages::log::csv))
        .route("/reports", page(pages::reports::show))
        .route("/reports/{kind}/{format}", post(download::report))
        .route("/retention", present(pages::retention::show))
        .route("/retention.csv", present(pages::retention::csv))
        .route("/decisions", page(pages::decisions::list))
        .route("/decisions.csv", page(pages::decisions::csv))
        .route("/decisions/{register}/{id}", decide::record())
        .route("/decisions/{register}/{id}/file/{index}", page(pages::decisions::file))
        .route("/decide/{register}", decide::form())
        .route("/api", timeless(pages::api::show))
        .route("/api/try", timeless(pages::api::ask))
        .route("/search", page(pages::search::show))
        .route("/activity", page(pages::log::activity))
        .route("/activity.csv", page(pages::log::activity_csv))
        .route("/help", timeless(pages::help::show))
        .route("/live", get(live::stream))
}

/// A page is a plain function; it runs off the async threads because it reads databases. It tells what stands, or what stood at
/// the moment that its address asks for.
fn page(build: fn(&Ask) -> Result<Response, WebError>) -> MethodRouter<Arc<Site>> {
    page_of(Past::Shown, build)
}

/// A page about what is kept of now alone: asked for the past, it says so.
fn present(build: fn(&Ask) -> Result<Response, WebError>) -> MethodRouter<Arc<Site>> {
    page_of(Past::Unknown, build)
}

/// A page that shows nothing which stands at a time.
fn timeless(build: fn(&Ask) -> Result<Response, WebError>) -> MethodRouter<Arc<Site>> {
    page_of(Past::Ignored, build)
}

fn page_of(past: Past, build: fn(&Ask) -> Result<Response, WebError>) -> MethodRouter<Arc<Site>> {
    get(
        move |State(site): State<Arc<Site>>,
              Extension(who): Extension<SignedIn>,
              params: RawPathParams,
              Query(query): Query<table::Query>,
              uri: Uri| async move {
            let params = params.iter().map(|(_, value)| value.to_owned()).collect();
            let mut ask = Ask::new(site, who, uri.path());
            (ask.params, ask.query, ask.past) = (params, query, past);
            let built = tokio::task::spawn_blocking(move || {
                let built = ask.travel().and_then(|()| match (ask.past, ask.then) {
                    (Past::Unknown, Some(_)) => pages::only_now::show(&ask),
                    (Past::Shown | Past::Unknown | Past::Ignored, _) => build(&ask),
                });
                (built.unwrap_or_else(|error| sorry(&ask, &error)), ask.then)
            });
            match built.await {
                Ok((page, Some(then))) => moment::carried(page, &then).await,
                Ok((page, None)) => page,
                Err(error) => {
                    tracing::error!(%error, "a page ended early");
                    StatusCode::INTERNAL_SERVER_ERROR.into_response()
                }
            }
        },
    )
}

async fn missing(State(site): State<Arc<Site>>, Extension(who): Extension<SignedIn>) -> Response {
    let ask = Ask::new(site, who, "");
    sorry(&ask, &WebError::NotFound("page at this address".into()))
}

/// Tells a person what is not there; what broke goes to the program's log only.
fn sorry(ask: &Ask, error: &WebError) -> Response {
    let (status, what, advice) = match error {
        WebError::NotFound(_) => (
            StatusCode::NOT_FOUND,
            error.to_string(),
            "It may have been mistyped, or it belongs to another log. The navigation leads to everything there is.",
        ),
        WebError::NoMoment(_) => (
            StatusCode::BAD_REQUEST,
            error.to_string(),
            "Ask for a day up to today, a time that has been, or an entry that the log has.",
        ),
        WebError::Views(_)
        | WebError::Log(_)
        | WebError::Witness(_)
        | WebError::Stamp(_)
        | WebError::Scrub(_)
        | WebError::Framework(_)
        | WebError::People(_)
        | WebError::Report(_)
        | WebError::Packs(_)
        | WebError::Cut(_)
        | WebError::Template(_) => {
            tracing::error!(%error, "a page could not be built");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "this page could not be built".to_owned(),
                "The collector's own log says why. Nothing in the evidence log was touched.",
            )
        }
    };
    let frame = ask.frame("Sorry", "");
    match (ErrorPage { frame, what, advice }).render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    }
}

impl Ask {
    /// A request that asks for nothing yet, of the present.
    fn new(site: Arc<Site>, who: SignedIn, path: &str) -> Self {
        let (views, now) = (site.views.clone(), (site.clock)());
        let (params, query, path) = (Vec::new(), table::Query::new(), path.to_owned());
        Self { site, views, then: None, past: Past::Ignored, who, path, params, query, now }
    }

    /// Goes to the moment that the address asks for.
    fn travel(&mut self) -> Result<(), WebError> {
        if self.past == Past::Ignored {
            return Ok(());
        }
        if let Some((then, views)) = moment::asked(&self.site, &self.query, self.now)? {
            (self.now, self.then, self.views) = (then.at, Some(then), views);
        }
        Ok(())
    }

    fn frame(&self, title: impl Into<String>, section: &'static str) -> Frame {
        let frame = Frame::new(&self.site, title.into(), section, Some(&self.who));
        let picker = (self.past != Past::Ignored).then(|| self.picker());
        Frame { picker, ..frame }
    }

    /// The parameter of that place in the path.
    fn param(&self, place: usize) -> &str {
        self.params.get(place).map_or("", String::as_str)
    }

    fn index(&self, place: usize) -> Result<u64, WebError> {
        let text = self.param(place);
        // No log is that long, and its storage counts no further.
        let index = text.parse().ok().filter(|index: &u64| i64::try_from(*index).is_ok());
        let index = index.ok_or_else(|| WebError::NotFound(format!("entry {text:?}")))?;
        match self.then {
            Some(then) if index >= then.entries => {
                Err(WebError::NotFound(format!("entry {index} as of {}", then.as_of)))
            }
            Some(_) | None => Ok(index),
        }
    }

    fn moment(&self, at: Timestamp) -> words::Moment {
        words::moment(at, self.now)
    }

    /// A list page as a CSV download.
    fn csv(&self, name: &str, table: &table::Table) -> Response {
        download("text/csv; charset=utf-8", &format!("exhibit-{name}.csv"), table.csv(&self.query))
    }
}

impl Frame {
    fn new(site: &Site, title: String, section: &'static str, who: Option<&SignedIn>) -> Self {
        let (css, script) = (assets::address("exhibit.css"), assets::address("exhibit.js"));
        Self {
            title,
            section,
            user: who.map(|who| who.user.clone()),
            rights: who.map_or(Rights::NONE, |who| who.rights),
            csrf: who.map(|who| who.csrf.clone()).unwrap_or_default(),
            origin: site.origin.clone(),
            css,
            script,
            picker: None,
        }
    }

    fn is_past(&self) -> bool {
        self.picker.as_ref().is_some_and(|picker| picker.then.is_some())
    }

    /// Whether to offer something that needs the right.
    fn may(&self, right: Right) -> bool {
        self.rights.has(right)
    }

    /// Whether to offer a decision in a register.
    fn may_decide(&self, register: &str) -> bool {
        self.rights.has(rights::of_register(register))
    }

    /// Whether the person may look at one of our own addresses.
    fn may_open(&self, href: &str) -> bool {
        let path = href.split(['?', '#']).next().unwrap_or_default();
        let need = rights::matching(path).and_then(|row| row.need(&Method::GET));
        need.is_some_and(|need| need.right(path).is_none_or(|right| self.rights.has(right)))
    }

    /// Whether they may look at any page of a group.
    fn may_any(&self, group: &navigation::Group) -> bool {
        group.pages.iter().any(|page| self.may_open(page.href))
    }

    fn here(&self, section: &str) -> bool {
        self.section == section
    }
}

fn html(template: &impl Template) -> Result<Response, WebError> {
    Ok(Html(template.render()?).into_response())
}

/// A file to keep. The name holds no character that a header could misread.
fn download(media_type: &'static str, name: &str, bytes: impl IntoResponse) -> Response {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name.chars().map(|c| if fine(c) { c } else { '_' }).collect();
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers =
        [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, bytes).into_response()
}
