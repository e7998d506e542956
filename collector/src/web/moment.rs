//! The time machine: `as_of` in an address (a day, a time, the number of an entry) makes a page tell what stood then. The pages
//! ask the same views in the same words; here the moment is read, told on top of the page, and carried along by its links.

use std::fmt::Write as _;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::table::{Query, encode};
use super::{Ask, Site, WebError, words};
use crate::views::{Moment, MomentError, Views};

/// Name of the parameter.
pub(super) const AS_OF: &str = "as_of";
/// Says of an answer about an earlier moment when its statuses were judged, where that is not the moment itself.
const JUDGED: HeaderName = HeaderName::from_static("statuses-judged-at");
/// Where links lead that have no past: they act, or belong to whoever is signed in.
const ONLY_NOW: [&str; 5] = ["/decide/", "/password", "/help", "/sign-", "/assets/"];

/// What a page can show of the past.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    /// All that it shows.
    Shown,
    /// What it shows is of now; asked for the past it says so instead.
    Unknown,
    /// It shows nothing that stands at a time.
    Ignored,
}

/// The picker and the banner of a page.
pub(super) struct Picker {
    /// Address of the page, and the parameters that it keeps.
    pub(super) path: String,
    pub(super) kept: Vec<(String, String)>,
    pub(super) today: String,
    /// As it was asked for; none: now.
    pub(super) then: Option<Then>,
}

/// What the banner says.
pub(super) struct Then {
    pub(super) asked: String,
    pub(super) day: String,
    pub(super) iso: String,
    pub(super) stamp: String,
    /// The newest entry of then.
    pub(super) entry: Option<u64>,
    pub(super) now_href: String,
    /// When the statuses were judged that the page tells, where that is not the moment itself.
    pub(super) judged: Option<words::Moment>,
}

/// The moment that the query asks for, with the views as they stood then.
pub(super) fn asked(
    site: &Site,
    query: &Query,
    now: Timestamp,
) -> Result<Option<(Moment, Views)>, WebError> {
    let Some(text) = query.get(AS_OF).filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let moment = match site.views.moment(text, now) {
        Ok(moment) => moment,
        Err(MomentError::Views(error)) => return Err(error.into()),
        Err(
            error @ (MomentError::Unclear(_)
            | MomentError::Future { .. }
            | MomentError::NoEntry { .. }),
        ) => return Err(WebError::NoMoment(AS_OF, error.to_string())),
    };
    let views = site.views.standing_at(&moment)?;
    Ok(Some((moment, views)))
}

impl Ask {
    /// The picker of this page.
    pub(super) fn picker(&self) -> Picker {
        let own = |name: &str| name == AS_OF || name.ends_with("page");
        let kept = self.query.iter().filter(|(name, value)| !own(name) && !value.is_empty());
        let kept: Vec<(String, String)> =
            kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date().to_string();
        let then = self.then.as_ref().map(|moment| Then {
            asked: moment.as_of.to_string(),
            day: day(moment.at),
            iso: moment.at.to_string(),
            stamp: moment.at.strftime("%-d %B %Y %H:%M UTC").to_string(),
            entry: moment.entries.checked_sub(1),
            now_href: now_href(&self.path, &kept),
            judged: self.judged().map(|at| self.moment(at)),
        });
        Picker { path: self.path.clone(), kept, today: day(self.now), then }
    }

    /// When the statuses were judged that an answer about an earlier moment tells; `None`: at the moment itself.
    fn judged(&self) -> Option<Timestamp> {
        self.views.shown_from(self.now).unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known when statuses of an earlier moment were judged");
            None
        })
    }

    /// The answer, and of when its statuses are: if the moment was judged meanwhile, it is built again.
    pub(super) fn steadily<T, E>(
        &self,
        build: impl Fn() -> Result<T, E>,
    ) -> Result<(T, Option<Timestamp>), E> {
        let before = self.judged();
        let built = build()?;
        let after = self.judged();
        if before == after { Ok((built, before)) } else { Ok((build()?, after)) }
    }

    /// How many entries the log has that the page tells of; `size` now.
    pub(super) fn entries(&self, size: u64) -> u64 {
        self.then.map_or(size, |then| then.entries.min(size))
    }

    /// Whether the page tells what stood earlier.
    pub(super) fn is_past(&self) -> bool {
        self.then.is_some()
    }
}

fn now_href(path: &str, kept: &[(String, String)]) -> String {
    let mut href = path.to_owned();
    for (place, (name, value)) in kept.iter().enumerate() {
        let mark = if place == 0 { '?' } else { '&' };
        // Writing into a String cannot fail.
        write!(href, "{mark}{}={}", encode(name), encode(value)).unwrap_or_default();
    }
    href
}

/// The answer, which tells programs of when its statuses are.
pub(super) fn judged_at(mut answer: Response, judged: Option<Timestamp>) -> Response {
    if let Some(at) = judged.and_then(|at| HeaderValue::try_from(at.to_string()).ok()) {
        answer.headers_mut().insert(JUDGED, at);
    }
    answer
}

/// The page, its links and forms carrying the moment; or the way to another one, which carries it too.
pub(super) async fn carried(response: Response, moment: &Moment) -> Response {
    let (mut parts, body) = response.into_parts();
    let to = parts.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
    let to = to.map(|to| with(to, &moment.as_of.to_string()).replace("&amp;", "&"));
    if let Some(to) = to.and_then(|to| HeaderValue::try_from(to).ok()) {
        parts.headers.insert(header::LOCATION, to);
    }
    let is_html = |value: &HeaderValue| value.as_bytes().starts_with(b"text/html");
    if !parts.headers.get(header::CONTENT_TYPE).is_some_and(is_html) {
        return Response::from_parts(parts, body);
    }
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => {
            let html = String::from_utf8_lossy(&bytes);
            let html = carry(&html, &moment.as_of.to_string());
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(html))
        }
        // A page of ours lies in memory: this does not happen.
        Err(error) => {
            tracing::error!(%error, "a page ended early");
            Response::from_parts(parts, Body::empty())
        }
    }
}

/// Adds the parameter to every link and form that leads to a page which may have a past. Our own HTML: attributes stand in
/// double quotes, and no quote stands in them.
fn carry(html: &str, as_of: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push('<');
        let end = end_of_tag(tag);
        let (tag, after) = tag.split_at_checked(end).unwrap_or((tag, ""));
        if tag.starts_with("a ") && !tag.contains(" data-now") {
            link(&mut out, tag, as_of);
        } else {
            out.push_str(tag);
        }
        if tag.starts_with("form ") && leads_back(tag) {
            let form = after.split_once("</form>").map_or(after, |(form, _)| form);
            if !form.contains("name=\"as_of\"") {
                let field = ">\n<input type=\"hidden\" name=\"as_of\" value=\"";
                write!(out, "{field}{as_of}\"").unwrap_or_default();
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where the tag closes: the first `>` outside of quotes.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    let closes = tag.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'>' && !quoted
    });
    closes.unwrap_or(tag.len())
}

/// Whether a form asks for a page, or makes a report.
fn leads_back(tag: &str) -> bool {
    tag.contains("method=\"get\"") || tag.contains("action=\"/reports/")
}

fn link(out: &mut String, tag: &str, as_of: &str) {
    let Some((before, value)) = tag.split_once(" href=\"") else { return out.push_str(tag) };
    let Some((href, after)) = value.split_once('"') else { return out.push_str(tag) };
    write!(out, "{before} href=\"{}\"{after}", with(href, as_of)).unwrap_or_default();
}

fn with(href: &str, as_of: &str) -> String {
    let inside = (href.starts_with('/') && !href.starts_with("//")) || href.starts_with('?');
    let acts = ONLY_NOW.iter().any(|prefix| href.starts_with(prefix));
    let (address, fragment) = href.split_once('#').map_or((href, None), |(a, f)| (a, Some(f)));
    if !inside || acts || address.contains("as_of=") {
        return href.to_owned();
    }
    let mark = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&amp;",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{address}{mark}as_of={}{fragment}", encode(as_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_forms_carry_the_moment_and_what_acts_does_not() {
        let html = r##"<p title="a > b"><a href="/controls?status=met">x</a> <a class="y" href="/targets#t">t</a>
<a href="?">all</a><a href="#content">skip</a><a href="/decide/waiver">w</a><a href="/" data-now>now</a>
<a href="/x?as_of=3">kept</a><a href="https://example.com/">out</a><a href="//example.com">out</a></p>
<form class="filter" method="get"><input name="q"></form><form method="get"><input type="hidden" name="as_of" value="7"></form>
<form method="post" action="/sign-out"></form><form method="post" action="/reports/soa/csv"></form>"##;
        let carried = carry(html, "2026-11-16T10:00:00Z");
        for there in [
            r#"<p title="a > b">"#,
            r#""/controls?status=met&amp;as_of=2026-11-16T10:00:00Z""#,
            r#""/targets?as_of=2026-11-16T10:00:00Z#t""#,
            r#""?as_of=2026-11-16T10:00:00Z""#,
            r##""#content""##,
            r#""/decide/waiver""#,
            r#""/" data-now"#,
            r#""/x?as_of=3""#,
            r#""https://example.com/""#,
            r#""//example.com""#,
            r#"action="/sign-out"></form>"#,
        ] {
            assert!(carried.contains(there), "{there} in {carried}");
        }
        assert_eq!(carried.matches("name=\"as_of\"").count(), 3, "{carried}");
        assert_eq!(carry("no tag at all < b", "1"), "no tag at all < b");
    }
}
