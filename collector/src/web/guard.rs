//! Who asks, and may they: sessions, forms that come from our own pages, rate limits, response headers. Never shows a
//! page by itself.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde_json::json;

use super::rights::{self, Need, Row};
use super::table::encode;
use super::{Frame, Site, failures, watch};
use crate::net::Peer;
use crate::people::{Bearer, PeopleError, Right, Rights, Role, Session, SessionId};

/// `__Host-` makes browsers insist on Secure, no Domain and the root path.
const COOKIE: &str = "__Host-exhibit";

/// Sign-ins of one name: so many at once, then one in this time.
const NAME_BURST: NonZeroU32 = NonZeroU32::new(5).expect("5 is not zero");
const NAME_PERIOD: Duration = Duration::from_secs(12);
/// Sign-ins from one address.
const ADDRESS_BURST: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");
const ADDRESS_PERIOD: Duration = Duration::from_secs(3);
/// Codes of a second factor of one person: a million of them, three are right at a time, so a day of guessing must not be many.
const CODE_BURST: NonZeroU32 = NonZeroU32::new(5).expect("5 is not zero");
const CODE_PERIOD: Duration = Duration::from_secs(120);
/// Keys that are remembered before old ones are let go.
const REMEMBERED: usize = 10_000;

/// A person with a session.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) user: String,
    pub(super) role: Role,
    pub(super) rights: Rights,
    /// The only audit that an auditor may see, where they are bound to one.
    pub(super) audit: Option<String>,
    /// Token that the session's forms must carry.
    pub(super) csrf: String,
    pub(super) id: Option<SessionId>,
    /// Id of the token that asks instead of a session: such a request comes from no browser, and needs no form's token.
    pub(super) token: Option<String>,
    must_change: bool,
    /// The second factor is still asked for.
    pending: bool,
    second_factor: bool,
}

impl SignedIn {
    pub(super) fn new(session: Session, id: SessionId) -> Self {
        let Session { user, must_change, role, audit, pending, second_factor } = session;
        let (rights, csrf) = (role.rights(audit.is_some()), id.csrf());
        let id = Some(id);
        Self {
            user,
            role,
            rights,
            audit,
            csrf,
            id,
            token: None,
            must_change,
            pending,
            second_factor,
        }
    }

    /// What they have to do before anything else.
    fn first(&self, site: &Site, path: &str) -> Option<Response> {
        let second = site.second_factor.contains(&self.role) && !self.second_factor;
        let (first, also) = if self.pending {
            ("/sign-in/second", "/sign-in/second")
        } else if self.must_change {
            ("/password", "/password")
        } else if second {
            ("/settings/second-factor", "/password")
        } else {
            return None;
        };
        let there = [first, also, "/sign-out"].contains(&path);
        let text = "sign in at the pages first: a password or a second factor is asked for";
        (!there).then(|| match for_programs(path) {
            true => refusal(StatusCode::FORBIDDEN, text),
            false => Redirect::to(first).into_response(),
        })
    }

    /// Who a token speaks for: no session, no form, and nothing to be done first.
    fn bearing(bearer: Bearer) -> Self {
        let Bearer { user, role, rights, audit, token } = bearer;
        Self {
            user,
            role,
            rights,
            audit,
            csrf: String::new(),
            id: None,
            token: Some(token),
            must_change: false,
            pending: false,
            second_factor: true,
        }
    }

    /// For what the collector does by itself: may do nothing.
    pub(super) fn nobody() -> Self {
        Self {
            user: String::new(),
            role: Role::Viewer,
            rights: Rights::NONE,
            audit: None,
            csrf: String::new(),
            id: None,
            token: None,
            must_change: false,
            pending: false,
            second_factor: true,
        }
    }

    pub(super) fn pending(&self) -> bool {
        self.pending
    }

    pub(super) fn may(&self, right: Right) -> bool {
        self.rights.has(right)
    }
}

/// Slows guessing, by name and by address.
pub(super) struct Limiter {
    names: DefaultKeyedRateLimiter<String>,
    codes: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limiter {
    pub(super) fn new() -> Self {
        let quota = |period, burst| {
            Quota::with_period(period).unwrap_or(Quota::per_minute(burst)).allow_burst(burst)
        };
        Self {
            names: RateLimiter::keyed(quota(NAME_PERIOD, NAME_BURST)),
            codes: RateLimiter::keyed(quota(CODE_PERIOD, CODE_BURST)),
            addresses: RateLimiter::keyed(quota(ADDRESS_PERIOD, ADDRESS_BURST)),
        }
    }

    /// Counts an attempt; answers how long to wait if there were too many.
    pub(super) fn attempt(&self, name: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        self.attempt_from(address)?;
        if self.names.len() > REMEMBERED {
            self.names.retain_recent();
        }
        let now = DefaultClock::default().now();
        let name: String = name.to_lowercase().chars().take(64).collect();
        self.names.check_key(&name).map_err(|until| until.wait_time_from(now))
    }

    /// The same for codes of a second factor; only who knows the password comes so far, so nobody else can use them up.
    pub(super) fn second(&self, user: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        self.attempt_from(address)?;
        let now = DefaultClock::default().now();
        self.codes.check_key(&user.to_owned()).map_err(|until| until.wait_time_from(now))
    }

    /// The same for whoever has no name yet.
    pub(super) fn attempt_from(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        if self.addresses.len() > REMEMBERED {
            self.addresses.retain_recent();
        }
        let now = DefaultClock::default().now();
        // One IPv6 customer holds a whole /64.
        let address = address.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        });
        match address {
            Some(address) => {
                self.addresses.check_key(&address).map_err(|until| until.wait_time_from(now))
            }
            None => Ok(()),
        }
    }
}

/// Lets through who has the right that the address needs; sends strangers to the sign-in page, and new passwords first.
pub(super) async fn require(
    State(site): State<Arc<Site>>,
    matched: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let need = match &matched {
        // Nothing is there: to be told so one must be signed in.
        None => Need::This(Right::Enter),
        Some(matched) => match rights::of(matched.as_str()) {
            Some(row) => match row.need(request.method()) {
                Some(need) => need,
                None => return no_such_method(row, &path),
            },
            None => {
                tracing::error!(path = matched.as_str(), "an address is in no list of rights");
                return StatusCode::FORBIDDEN.into_response();
            }
        },
    };
    let Some(right) = need.right(&path) else { return next.run(request).await };
    let bearer = bearer_of(request.headers()).filter(|_| for_programs(&path));
    let found = match bearer {
        Some(token) => {
            let address = address_of(request.extensions().get::<Peer>());
            bearing(&site, address, token).await
        }
        None => signed_in(&site, request.headers()).await,
    };
    let who = match found {
        Ok(Some(who)) => who,
        Ok(None) => return stranger(&request),
        Err(response) => return response,
    };
    if let Some(first) = who.first(&site, &path) {
        return first;
    }
    if !who.may(right) {
        // Who is bound to one audit has no other first page than that.
        if let (Some(audit), "/", true) = (&who.audit, path.as_str(), needs_no_form(&request)) {
            return Redirect::to(&format!("/audits/{}", encode(audit))).into_response();
        }
        return if for_programs(&path) {
            not_for(&who, right)
        } else {
            forbidden(&site, &who, right)
        };
    }
    let reading = watch::of(&who, right, matched.as_ref(), &request);
    request.extensions_mut().insert(who);
    let answer = next.run(request).await;
    watch::told(&site, reading, answer).await
}

fn needs_no_form(request: &Request) -> bool {
    [Method::GET, Method::HEAD].contains(request.method())
}

/// Who a request's cookie belongs to.
async fn signed_in(site: &Arc<Site>, headers: &HeaderMap) -> Result<Option<SignedIn>, Response> {
    let now = (site.clock)();
    let Some(id) = session_id(headers) else { return Ok(None) };
    let (people, asked) = (site.people.clone(), id.clone());
    let session = match tokio::task::spawn_blocking(move || people.session(&asked, now)).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => {
            tracing::error!(%error, "sessions cannot be read");
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        }
        Err(error) => {
            tracing::error!(%error, "a session check ended early");
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        }
    };
    Ok(session.map(|session| SignedIn::new(session, id)))
}

/// Addresses for programs: what they are answered is no page, and tokens are taken there only.
pub(super) fn for_programs(path: &str) -> bool {
    path.starts_with("/api/")
}

fn bearer_of(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Who a request's token speaks for. Whoever sends wrong ones is slowed.
async fn bearing(
    site: &Arc<Site>,
    address: Option<IpAddr>,
    token: String,
) -> Result<Option<SignedIn>, Response> {
    let (people, now) = (site.people.clone(), (site.clock)());
    let found = tokio::task::spawn_blocking(move || match people.bearer(&token, now)? {
        Some(bearer) => Ok(Ok(bearer)),
        None => people.ended_api_token(&token).map(Err),
    });
    let found = found.await.map_err(|_join| PeopleError::Interrupted).and_then(|found| found);
    match found {
        Ok(Ok(bearer)) => Ok(Some(SignedIn::bearing(bearer))),
        Ok(Err(ended)) => {
            failures::token(site, ended, address).await;
            let name = format!("token {address:?}");
            site.limiter.attempt(&name, address).map(|()| None).map_err(|wait| {
                let seconds = (wait.as_secs() + 1).to_string();
                let status = StatusCode::TOO_MANY_REQUESTS;
                let answer = refusal(status, "too many wrong tokens came from this address");
                ([(header::RETRY_AFTER, seconds)], answer).into_response()
            })
        }
        Err(error) => {
            tracing::error!(%error, "tokens cannot be read");
            Err(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

/// An answer for programs (RFC 9457).
fn refusal(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body =
        json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail});
    let headers = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, headers, body.to_string()).into_response()
}

fn no_such_method(row: &Row, path: &str) -> Response {
    let allow = [(header::ALLOW, row.methods())];
    let status = StatusCode::METHOD_NOT_ALLOWED;
    if for_programs(path) {
        let text = format!("this address takes {}", row.methods());
        return (allow, refusal(status, &text)).into_response();
    }
    (status, allow).into_response()
}

fn stranger(request: &Request) -> Response {
    if for_programs(request.uri().path()) {
        let text = "send a token (`Authorization: Bearer exh_…`, see /settings/tokens) that has not ended, or sign in";
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (challenge, refusal(StatusCode::UNAUTHORIZED, text)).into_response();
    }
    if request.method() != Method::GET {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
    let address = match wanted {
        "/" => "/sign-in".to_owned(),
        wanted => format!("/sign-in?next={}", encode(wanted)),
    };
    Redirect::to(&address).into_response()
}

/// Headers of every page: nothing from elsewhere, no inline code, no framing, no copies in caches.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    const FIXED: [(HeaderName, HeaderValue); 6] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
                 base-uri 'none'; frame-ancestors 'none'",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ];
    // Who is refused may still be sending: after a body that nobody read, an HTTP/1 connection carries nothing more (RFC 9112
    // §9.3), and whoever is not told so asks on it in vain.
    let sending = request.version() < Version::HTTP_2 && !request.body().is_end_stream();
    let mut response = next.run(request).await;
    let refused = !response.status().is_success();
    let headers = response.headers_mut();
    if sending && refused {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a form was sent by one of our own pages. A client that says neither is no browser.
pub(super) fn from_own_page(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    match (origin.to_str().ok().and_then(|origin| origin.split_once("://")), host) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[derive(Template)]
#[template(path = "forbidden.html")]
struct ForbiddenPage {
    frame: Frame,
    what: &'static str,
    role: Role,
    audit: Option<String>,
    /// The role would do, were it not bound to the audit.
    bound: bool,
    /// Roles that may.
    roles: String,
}

/// The same for programs.
pub(super) fn not_for(who: &SignedIn, right: Right) -> Response {
    let what = if who.role.rights(who.audit.is_some()).has(right) {
        format!("the scopes of this token do not let it {}", right.what())
    } else if let Some(audit) = who.audit.as_ref().filter(|_| who.role.rights(false).has(right)) {
        format!("this account sees audit {audit} alone, at /api/v1/audits/{}", encode(audit))
    } else {
        let (roles, role) = (Role::that_may(right), who.role);
        format!("a {role} may not {}; these roles may: {roles}", right.what())
    };
    refusal(StatusCode::FORBIDDEN, &what)
}

/// Says what is missing, and who has it.
pub(super) fn forbidden(site: &Site, who: &SignedIn, right: Right) -> Response {
    let (what, roles) = (right.what(), Role::that_may(right));
    let frame = Frame::new(site, "Not for you".into(), "", Some(who));
    let (role, audit) = (who.role, who.audit.clone());
    let bound = audit.is_some() && role.rights(false).has(right);
    match (ForbiddenPage { frame, what, role, audit, bound, roles }).render() {
        Ok(page) => (StatusCode::FORBIDDEN, Html(page)).into_response(),
        Err(_) => StatusCode::FORBIDDEN.into_response(),
    }
}

/// Compares without telling by its time where two tokens part.
pub(super) fn same_token(ours: &str, theirs: &str) -> bool {
    let differing = ours.bytes().zip(theirs.bytes()).fold(0_u8, |all, (a, b)| all | (a ^ b));
    !ours.is_empty() && ours.len() == theirs.len() && differing == 0
}

pub(super) fn address_of(peer: Option<&Peer>) -> Option<IpAddr> {
    peer.map(|peer| peer.address.ip().to_canonical())
}

fn session_id(headers: &HeaderMap) -> Option<SessionId> {
    cookie_named(headers, COOKIE).and_then(|id| SessionId::parse(&id))
}

pub(super) fn cookie_named(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim().to_owned())
}

/// The cookie that carries a session; without an id, the one that ends it.
pub(super) fn cookie(id: Option<&SessionId>) -> String {
    let (value, age) = match id {
        Some(id) => (id.to_text(), String::new()),
        None => (String::new(), "; Max-Age=0".to_owned()),
    };
    format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")
}
