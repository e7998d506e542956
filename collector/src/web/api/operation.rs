//! One operation: where it is, what it takes, what it gives, what it runs. What it answers is asked for off the async threads.

use std::pin::Pin;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, RawPathParams, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::known::Question;
use super::list::{self, Fields, List, Wanted};
use super::problem::{ApiError, Problem, Wrong};
use super::{Ask, CACHE, Site, WebError};
use crate::views::{Asked, Part};
use crate::web::guard::{SignedIn, same_token};
use crate::web::moment::{self, AS_OF, Past};
use crate::web::table;

/// Largest body: a file of the largest size (8 MiB) in base64, with what is said of it.
const MAX_BODY: usize = 12 << 20;

/// The shape of a value, put among the components of a description.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

pub(super) struct Operation {
    pub(super) method: Method,
    /// Below the root, with parameters in braces.
    pub(super) path: &'static str,
    pub(super) tag: &'static str,
    /// One sentence.
    pub(super) summary: &'static str,
    /// Parameters of the query string.
    pub(super) takes: Vec<Taken>,
    /// What a change is told.
    pub(super) body: Option<Shape>,
    pub(super) gives: Gives,
    run: Run,
    /// Its answer follows from the tables, the rule pack and the address alone.
    steady: bool,
}

/// What an operation does.
enum Run {
    Read(Read),
    Write(Write),
}

/// Answers a question; blocking.
type Read = Box<dyn Fn(&Ask) -> Result<Answer, ApiError> + Send + Sync>;
/// Takes a body.
type Write = Box<dyn Fn(Arc<Site>, SignedIn, Vec<u8>) -> Changing + Send + Sync>;
/// Rows of a part of a list, and how many there are in all.
type Rows<T> = fn(&Ask, &Place) -> Result<(Vec<T>, u64), ApiError>;
type Changing = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;

/// A change that somebody asks for.
pub(super) struct Sent<B> {
    pub(super) site: Arc<Site>,
    pub(super) who: SignedIn,
    pub(super) body: B,
}

/// A place in a list that is read from its newest entry backwards.
pub(super) struct Place {
    /// Only entries below this one.
    pub(super) before: Option<u64>,
    pub(super) limit: u32,
}

/// A parameter of a query string.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) schema: Value,
    /// It is one of those that its shape names. Others are looked at by who reads them.
    strict: bool,
}

impl Taken {
    pub(super) fn new(name: &str, about: &str, schema: Value) -> Self {
        Self { name: name.to_owned(), about: about.to_owned(), schema, strict: false }
    }

    /// One of these values, the first where nobody says.
    pub(super) fn choice(name: &str, about: &str, values: &[Value]) -> Self {
        let schema = json!({"enum": values, "default": values.first()});
        Self { strict: true, ..Self::new(name, about, schema) }
    }

    /// Why a value is none that it may have.
    fn refuses(&self, text: &str) -> Option<String> {
        let most = self.schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
        if text.chars().count() as u64 > most {
            return Some(format!("has more than {most} characters"));
        }
        let is_day = self.schema.get("format").is_some_and(|format| format == "date");
        if is_day && text.parse::<jiff::civil::Date>().is_err() {
            return Some(format!("is {text:?}; expected is a day, like 2026-11-30"));
        }
        let values = self.schema.get("enum").and_then(Value::as_array).filter(|_| self.strict)?;
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let words: Vec<String> = values.iter().map(word).collect();
        let fits = words.iter().any(|word| word == text);
        (!fits).then(|| format!("is {text:?}; expected is one of: {}", words.join(", ")))
    }
}

/// What comes back when all is well.
pub(super) enum Gives {
    Json(Shape),
    /// What was made (201).
    Made(Shape),
    /// Bytes of one of these media types.
    File(&'static [&'static str]),
}

/// Bytes to send.
pub(super) struct Answer {
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn json(value: &impl Serialize) -> Result<Self, ApiError> {
        Ok(Self { media_type: "application/json", bytes: serde_json::to_vec(value)? })
    }

    /// A file that somebody brought: nothing here shows it, whatever it says that it is.
    pub(super) fn bytes(bytes: Vec<u8>) -> Self {
        Self { media_type: "application/octet-stream", bytes }
    }
}

/// Reads one thing.
pub(super) fn one<T: Serialize + JsonSchema + 'static>(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    thing: fn(&Ask) -> Result<T, WebError>,
) -> Operation {
    let run = move |ask: &Ask| Answer::json(&thing(ask)?);
    let gives = Gives::Json(|shapes| shapes.subschema_for::<T>());
    Operation::reads((path, tag, summary), Vec::new(), gives, Box::new(run))
}

/// Reads a list, which sorts, filters and pages by the fields of its rows.
pub(super) fn list<T: Serialize + JsonSchema + 'static>(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    rows: fn(&Ask) -> Result<Vec<T>, WebError>,
) -> Operation {
    let fields = Fields::of::<T>();
    let takes = fields.taken();
    let run = move |ask: &Ask| {
        let wanted = Wanted::read(&ask.query, &fields)?;
        let entries = ask.entries(ask.views.applied()?);
        Answer::json(&wanted.page(ask, rows(ask)?, entries)?)
    };
    let gives = Gives::Json(|shapes| shapes.subschema_for::<List<T>>());
    Operation::reads((path, tag, summary), takes, gives, Box::new(run))
}

/// Reads a list that is too long to be had whole: of what it sorts, filters and pages by the fields of its rows, a part is asked for.
pub(super) fn long<T: Serialize + JsonSchema + 'static>(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    part: fn(&Ask, &Asked) -> Result<Part<T>, WebError>,
) -> Operation {
    let fields = Fields::of::<T>();
    let takes = fields.taken();
    let run = move |ask: &Ask| {
        let wanted = Wanted::read(&ask.query, &fields)?;
        let entries = ask.entries(ask.views.applied()?);
        let part = part(ask, &wanted.asked())?;
        Answer::json(&wanted.part(ask, part, entries))
    };
    let gives = Gives::Json(|shapes| shapes.subschema_for::<List<T>>());
    Operation::reads((path, tag, summary), takes, gives, Box::new(run))
}

/// Reads a list of entries of the log from the newest backwards: too many to be sorted otherwise.
pub(super) fn newest<T: Serialize + JsonSchema + Indexed + 'static>(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    filters: Vec<Taken>,
    rows: Rows<T>,
) -> Operation {
    let mut takes = vec![
        list::limit(),
        Taken::new(
            "before",
            "Only entries below this one.",
            json!({"type": "integer", "minimum": 0, "maximum": i64::MAX}),
        ),
    ];
    takes.extend(filters);
    let run = move |ask: &Ask| {
        let place = list::place(&ask.query)?;
        let entries = ask.entries(ask.views.applied()?);
        let (items, total) = rows(ask, &place)?;
        let last = items.last().filter(|_| items.len() as u64 == u64::from(place.limit));
        let last = last.map(Indexed::index).filter(|last| *last > 0);
        let next = last.map(|last| list::address(ask, &["before"], &format!("before={last}")));
        Answer::json(&List { items, total, next, entries })
    };
    let gives = Gives::Json(|shapes| shapes.subschema_for::<List<T>>());
    Operation::reads((path, tag, summary), takes, gives, Box::new(run))
}

/// A row that is an entry of the log.
pub(super) trait Indexed {
    fn index(&self) -> u64;
}

/// Reads bytes as they are stored.
pub(super) fn file(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    media_types: &'static [&'static str],
    bytes: fn(&Ask) -> Result<Answer, ApiError>,
) -> Operation {
    let gives = Gives::File(media_types);
    Operation::reads((path, tag, summary), Vec::new(), gives, Box::new(bytes))
}

/// Changes something, and tells what came of it.
pub(super) fn write<B, T, F>(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    change: fn(Sent<B>) -> F,
) -> Operation
where
    B: DeserializeOwned + JsonSchema + 'static,
    T: JsonSchema,
    F: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    let gives = Gives::Made(|shapes| shapes.subschema_for::<T>());
    Operation::writes((path, tag, summary), gives, change)
}

/// Ends something, and tells what came of it.
pub(super) fn ends<B, T, F>(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    change: fn(Sent<B>) -> F,
) -> Operation
where
    B: DeserializeOwned + JsonSchema + 'static,
    T: JsonSchema,
    F: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    let gives = Gives::Json(|shapes| shapes.subschema_for::<T>());
    Operation::writes((path, tag, summary), gives, change)
}

/// Changes something, and gives bytes.
pub(super) fn bytes_of<B, F>(
    path: &'static str,
    tag: &'static str,
    summary: &'static str,
    media_types: &'static [&'static str],
    change: fn(Sent<B>) -> F,
) -> Operation
where
    B: DeserializeOwned + JsonSchema + 'static,
    F: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    Operation::writes((path, tag, summary), Gives::File(media_types), change)
}

type Named = (&'static str, &'static str, &'static str);

impl Operation {
    fn reads((path, tag, summary): Named, takes: Vec<Taken>, gives: Gives, run: Read) -> Self {
        let (method, body, run) = (Method::GET, None, Run::Read(run));
        let mut takes = takes;
        takes.push(Taken::new(
            AS_OF,
            "What stood then: a day (its end), a time, or the number of an entry. Where statuses of that very moment are still being judged, those of the last full hour are told, and the header `statuses-judged-at` says of when they are.",
            json!({"type": "string"}),
        ));
        Self { method, path, tag, summary, takes, body, gives, run, steady: false }
    }

    fn writes<B, F>((path, tag, summary): Named, gives: Gives, change: fn(Sent<B>) -> F) -> Self
    where
        B: DeserializeOwned + JsonSchema + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        let body: Shape = |shapes| shapes.subschema_for::<B>();
        let run = move |site, who, bytes: Vec<u8>| -> Changing {
            match serde_json::from_slice(&bytes) {
                Ok(body) => Box::pin(change(Sent { site, who, body })),
                Err(error) => Box::pin(async move { Err(unread(&error)) }),
            }
        };
        let (method, takes, run) = (Method::POST, Vec::new(), Run::Write(Box::new(run)));
        Self { method, path, tag, summary, takes, body: Some(body), gives, run, steady: false }
    }

    /// What it tells is kept of now alone.
    pub(super) fn only_now(mut self) -> Self {
        self.takes.retain(|taken| taken.name != AS_OF);
        self
    }

    /// Its answer follows from the tables, the rule pack and the address alone: from no clock, and from nobody who asks.
    pub(super) fn steady(mut self) -> Self {
        self.steady = true;
        self
    }

    /// Takes these parameters, too.
    pub(super) fn taking(mut self, taken: Vec<Taken>) -> Self {
        self.takes.extend(taken);
        self
    }

    pub(super) fn route(&'static self) -> MethodRouter<Arc<Site>> {
        match &self.run {
            Run::Read(_) => get(
                move |State(site): State<Arc<Site>>,
                      Extension(who): Extension<SignedIn>,
                      params: RawPathParams,
                      Query(query): Query<table::Query>,
                      headers: HeaderMap,
                      uri: Uri| async move {
                    let mut ask = Ask::new(site, who, uri.path());
                    ask.params = params.iter().map(|(_, value)| value.to_owned()).collect();
                    (ask.query, ask.past) = (query, Past::Shown);
                    let address =
                        uri.path_and_query().map_or("", |given| given.as_str()).to_owned();
                    let answered = tokio::task::spawn_blocking(move || {
                        self.told(&mut ask, &address, &headers)
                    });
                    match answered.await.unwrap_or(Err(ApiError::Ended)) {
                        Ok(answer) => answer,
                        Err(error) => error.into_response(),
                    }
                },
            ),
            Run::Write(change) => post(
                move |State(site): State<Arc<Site>>,
                      Extension(who): Extension<SignedIn>,
                      headers: HeaderMap,
                      body: Bytes| async move {
                    match may_change(&headers, &who) {
                        Ok(()) => change(site, who, body.into())
                            .await
                            .unwrap_or_else(IntoResponse::into_response),
                        Err(problem) => problem.into_response(),
                    }
                },
            )
            .layer(DefaultBodyLimit::max(MAX_BODY)),
        }
    }

    /// The answer; that the asker has it already is found out without it where that can be known.
    fn told(
        &self,
        ask: &mut Ask,
        address: &str,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let question = match self.steady {
            true => Question::of(ask, address, headers)?,
            false => None,
        };
        let site = Arc::clone(&ask.site);
        if let Some(unchanged) =
            question.as_ref().and_then(|question| site.known.unchanged(question, headers))
        {
            return Ok(unchanged);
        }
        let (answer, judged) = self.answer(ask)?;
        let answer = moment::judged_at(fresh(answer, headers), judged);
        if let Some(question) = question {
            site.known.remember(question, &answer);
        }
        Ok(answer)
    }

    fn answer(&self, ask: &mut Ask) -> Result<(Answer, Option<Timestamp>), ApiError> {
        let known = |name: &&String| self.takes.iter().any(|taken| taken.name == **name);
        let wrong = ask.query.keys().filter(|name| !known(name)).map(|name| {
            let known: Vec<&str> = self.takes.iter().map(|taken| taken.name.as_str()).collect();
            Wrong::new(name, format!("is not known here; known are: {}", known.join(", ")))
        });
        let mut wrong: Vec<Wrong> = wrong.collect();
        let refused = self.takes.iter().filter_map(|taken| {
            let why = taken.refuses(ask.query.get(&taken.name)?)?;
            Some(Wrong::new(&taken.name, why))
        });
        wrong.extend(refused);
        match &self.run {
            Run::Read(read) if wrong.is_empty() => {
                ask.travel()?;
                ask.steadily(|| read(ask))
            }
            Run::Read(_) | Run::Write(_) => Err(ApiError::Invalid(wrong)),
        }
    }
}

/// A browser's cookie alone changes nothing: the session's token must stand beside it, which only our own pages know.
fn may_change(headers: &HeaderMap, who: &SignedIn) -> Result<(), Problem> {
    let told = headers.get("x-csrf-token").and_then(|token| token.to_str().ok()).unwrap_or("");
    // A token is sent by no browser on its own.
    if who.token.is_none() && !same_token(&who.csrf, told) {
        let detail = "a change needs the session's X-CSRF-Token, which GET /api/v1/me tells";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if kind.split(';').next().is_none_or(|kind| kind.trim() != "application/json") {
        let detail = format!("a change is told as application/json, not as {kind:?}");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    Ok(())
}

/// Why a body cannot be taken.
fn unread(error: &serde_json::Error) -> ApiError {
    ApiError::Invalid(vec![Wrong::new("body", format!("cannot be taken: {error}"))])
}

/// Whoever takes packed bytes gets others, so their tag is another (RFC 9110 §8.8.3.3).
pub(super) fn mark(headers: &HeaderMap) -> &'static str {
    let packed = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if packed.is_some_and(|packed| packed.contains("gzip")) { "-z" } else { "" }
}

/// Whether the asker has the answer with that tag.
pub(super) fn has(headers: &HeaderMap, tag: &str) -> bool {
    let same = |value: &axum::http::HeaderValue| {
        let listed = value.to_str().unwrap_or_default().split(',').map(str::trim);
        listed.into_iter().any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    };
    headers.get_all(header::IF_NONE_MATCH).iter().any(same)
}

/// The answer, or that the asker has it already (RFC 9110 §13.1.2).
fn fresh(answer: Answer, headers: &HeaderMap) -> Response {
    let digest = Digest::of(&answer.bytes).to_string();
    let tag = format!("\"{}{}\"", digest.get(..32).unwrap_or(&digest), mark(headers));
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, CACHE.to_owned())];
    if has(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, answer.media_type)], answer.bytes).into_response()
}
