//! Who asks, and may they: sessions, forms that come from our own pages, rate limits, response headers. Never shows a
//! page by itself.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Site;
use super::table::encode;
use crate::net::Peer;
use crate::people::SessionId;

/// `__Host-` makes browsers insist on Secure, no Domain and the root path.
const COOKIE: &str = "__Host-exhibit";

/// Sign-ins of one name: so many at once, then one in this time.
const NAME_BURST: NonZeroU32 = NonZeroU32::new(5).expect("5 is not zero");
const NAME_PERIOD: Duration = Duration::from_secs(12);
/// Sign-ins from one address.
const ADDRESS_BURST: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");
const ADDRESS_PERIOD: Duration = Duration::from_secs(3);
/// Keys that are remembered before old ones are let go.
const REMEMBERED: usize = 10_000;

/// A person with a session.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) user: String,
    /// Token that the session's forms must carry.
    pub(super) csrf: String,
    pub(super) id: SessionId,
}

/// Slows guessing, by name and by address.
pub(super) struct Limiter {
    names: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limiter {
    pub(super) fn new() -> Self {
        let quota = |period, burst| {
            Quota::with_period(period).unwrap_or(Quota::per_minute(burst)).allow_burst(burst)
        };
        Self {
            names: RateLimiter::keyed(quota(NAME_PERIOD, NAME_BURST)),
            addresses: RateLimiter::keyed(quota(ADDRESS_PERIOD, ADDRESS_BURST)),
        }
    }

    /// Counts an attempt; answers how long to wait if there were too many.
    pub(super) fn attempt(&self, name: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        if self.names.len() > REMEMBERED || self.addresses.len() > REMEMBERED {
            self.names.retain_recent();
            self.addresses.retain_recent();
        }
        let now = DefaultClock::default().now();
        // One IPv6 customer holds a whole /64.
        let address = address.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        });
        if let Some(address) = address {
            self.addresses.check_key(&address).map_err(|until| until.wait_time_from(now))?;
        }
        let name: String = name.to_lowercase().chars().take(64).collect();
        self.names.check_key(&name).map_err(|until| until.wait_time_from(now))
    }
}

/// Lets signed-in people through; sends others to the sign-in page, and new passwords first.
pub(super) async fn require(
    State(site): State<Arc<Site>>,
    mut request: Request,
    next: Next,
) -> Response {
    let now = (site.clock)();
    let id = session_id(request.headers());
    let session = match id.clone() {
        None => None,
        Some(id) => {
            let people = site.people.clone();
            match tokio::task::spawn_blocking(move || people.session(&id, now)).await {
                Ok(Ok(session)) => session,
                Ok(Err(error)) => {
                    tracing::error!(%error, "sessions cannot be read");
                    return StatusCode::INTERNAL_SERVER_ERROR.into_response();
                }
                Err(error) => {
                    tracing::error!(%error, "a session check ended early");
                    return StatusCode::INTERNAL_SERVER_ERROR.into_response();
                }
            }
        }
    };
    let (Some(session), Some(id)) = (session, id) else {
        if request.method() != Method::GET {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
        let address = match wanted {
            "/" => "/sign-in".to_owned(),
            wanted => format!("/sign-in?next={}", encode(wanted)),
        };
        return Redirect::to(&address).into_response();
    };
    let path = request.uri().path();
    if session.must_change && path != "/password" && path != "/sign-out" {
        return Redirect::to("/password").into_response();
    }
    let csrf = id.csrf();
    request.extensions_mut().insert(SignedIn { user: session.user, csrf, id });
    next.run(request).await
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
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
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

/// Compares without telling by its time where two tokens part.
pub(super) fn same_token(ours: &str, theirs: &str) -> bool {
    let differing = ours.bytes().zip(theirs.bytes()).fold(0_u8, |all, (a, b)| all | (a ^ b));
    ours.len() == theirs.len() && differing == 0
}

pub(super) fn address_of(peer: Option<&Peer>) -> Option<IpAddr> {
    peer.map(|peer| peer.address.ip().to_canonical())
}

fn session_id(headers: &HeaderMap) -> Option<SessionId> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == COOKIE).and_then(|(_, id)| SessionId::parse(id.trim()))
}

/// The cookie that carries a session; without an id, the one that ends it.
pub(super) fn cookie(id: Option<&SessionId>) -> String {
    let (value, age) = match id {
        Some(id) => (id.to_text(), String::new()),
        None => (String::new(), "; Max-Age=0".to_owned()),
    };
    format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")
}
