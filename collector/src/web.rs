//! Pages for people, and the door of the second port. Renders what the views and the log hold; what a person does goes
//! to the log through a callback, never by this room's own hand.
//!
//! | part | does |
//! |---|---|
//! | `public` | checkpoint, tiles and health, for anybody |
//! | `sign_in`, `guard` | who asks: sessions, forms, rate limits, headers |
//! | `rights`, `routes` | which right each address needs; what is not listed there is refused |
//! | `clear` | an answer that would be bare words becomes a page |
//! | `frame`, `error` | what stands around every page; the page that stands for one that cannot be shown |
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
//! | `lists` | the CSV of lists that stand beside others on a page |
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
mod error;
mod facts;
mod failures;
mod frame;
mod guard;
mod listed;
mod lists;
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
use axum::http::{StatusCode, Uri, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::decisions::Decide;
use crate::frameworks::Frameworks;
use crate::ingest::{Ahead, Certificates};
use crate::log::LogReader;
use crate::log::scrub::ScrubStore;
use crate::oidc::Provider;
use crate::people::{People, Role};
use crate::requests::AskDesk;
use crate::retention::InForce;
use crate::timestamp::Timestamps;
use crate::views::{Moment, Views};
use crate::witness::Witnesses;

use error::{WebError, missing, sorry};
use frame::Frame;
use guard::{Limiter, SignedIn};
use moment::Past;
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
    /// What agents showed of themselves.
    pub certificates: Certificates,
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
    known: api::Known,
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
        known: api::Known::default(),
    });
    memo::warm(&site);
    let pages = routes()
        .router
        .fallback(missing)
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard::require))
        .layer(middleware::from_fn(api::shape))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), clear::clear))
        .layer(middleware::from_fn(guard::headers))
        // Tables of people's words pack well at once: packing longer takes longer than making them, for a tenth less.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(site);
    pages.merge(beside)
}

/// Every address of the pages. Each needs its line in `rights`, too.
fn routes() -> Routes<Arc<Site>> {
    door()
        .merge(api::routes())
        .merge(audits::routes())
        .merge(lists::routes())
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
        .route("/scope", page(pages::scope::list))
        .route("/scope.csv", page(pages::scope::csv))
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
                    (Past::Shown | Past::Unknown | Past::Ignored, _) => {
                        let (page, judged) = ask.steadily(|| build(&ask))?;
                        Ok(moment::judged_at(page, judged))
                    }
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
