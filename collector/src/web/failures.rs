//! Sign-ins and tokens that came to nothing, as entries of the log: so many an hour, and how many were not. A typed name is told only
//! where there is such a person, since people type passwords into that field.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde_json::json;

use super::Site;

/// Entries an hour: whoever guesses must not fill the log.
const AN_HOUR: u32 = 20;
/// The same of tokens, counted apart: a program that was forgotten somewhere must not hide who tries passwords.
const TOKENS_AN_HOUR: u32 = 5;

/// What was logged in this hour.
#[derive(Default)]
pub(super) struct Failures {
    sign_ins: Mutex<Counted>,
    tokens: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    hour: i64,
    logged: u32,
    unlogged: u64,
}

impl Counted {
    /// Counts one more; answers how many before it were not logged, if it is to be.
    fn one(&mut self, most: u32, now: Timestamp) -> Option<u64> {
        let hour = now.as_second().div_euclid(3600);
        if hour != self.hour {
            (self.hour, self.logged) = (hour, 0);
        }
        if self.logged >= most {
            self.unlogged += 1;
            return None;
        }
        self.logged += 1;
        Some(std::mem::take(&mut self.unlogged))
    }
}

/// Tells of a sign-in that came to nothing. Whoever failed is answered alike whether or not it could be logged.
pub(super) async fn failed(site: &Site, name: &str, address: Option<IpAddr>, why: &'static str) {
    tracing::warn!(?address, why, "a sign-in was refused");
    let Some(unlogged) = next(site, &site.failures.sign_ins, AN_HOUR) else { return };
    let (people, name) = (site.people.clone(), name.to_owned());
    let known = tokio::task::spawn_blocking(move || people.known(&name)).await;
    let by = known.ok().and_then(Result::ok).flatten().unwrap_or_else(|| "nobody".to_owned());
    let detail = json!({"why": why, "from": address.map(|address| address.to_string())});
    tell(site, by, ("sign_in_refused", detail), unlogged).await;
}

/// Tells of a token that opened nothing: an id and its owner, where there once was such a token.
pub(super) async fn token(site: &Site, known: Option<(String, String)>, address: Option<IpAddr>) {
    let why = if known.is_some() {
        "it has ended, or its owner may not enter"
    } else {
        "there is no such token"
    };
    tracing::warn!(?address, why, "a token was refused");
    let Some(unlogged) = next(site, &site.failures.tokens, TOKENS_AN_HOUR) else { return };
    let mut detail = json!({"why": why, "from": address.map(|address| address.to_string())});
    let by = match known {
        Some((id, owner)) => {
            detail["token"] = json!(id);
            owner
        }
        None => "nobody".to_owned(),
    };
    tell(site, by, ("api_token_refused", detail), unlogged).await;
}

/// Counts a failure; answers how many before it were not logged, if this one is to be.
fn next(site: &Site, counted: &Mutex<Counted>, most: u32) -> Option<u64> {
    counted.lock().unwrap_or_else(PoisonError::into_inner).one(most, (site.clock)())
}

async fn tell(
    site: &Site,
    by: String,
    (action, mut detail): (&str, serde_json::Value),
    unlogged: u64,
) {
    if unlogged > 0 {
        detail["not_logged_before"] = json!(unlogged);
    }
    let activity = Activity { by, action: action.to_owned(), detail };
    if let Err(error) = (site.record)(activity).await {
        tracing::error!(%error, "what was refused at the door could not be logged");
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    #[test]
    fn so_many_an_hour_are_logged_and_the_next_one_says_how_many_were_not() {
        let mut counted = Counted::default();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for _ in 0..AN_HOUR {
            assert_eq!(counted.one(AN_HOUR, now), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(counted.one(AN_HOUR, now), None);
        }
        assert_eq!(counted.one(AN_HOUR, now.checked_add(1.hour()).unwrap()), Some(7));
    }
}
