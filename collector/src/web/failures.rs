//! Sign-ins that came to nothing, as entries of the log: so many an hour, and how many were not. A typed name is told only
//! where there is such a person, since people type passwords into that field.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde_json::json;

use super::Site;

/// Entries an hour: whoever guesses must not fill the log.
const AN_HOUR: u32 = 20;

/// What was logged in this hour.
#[derive(Default)]
pub(super) struct Failures(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    hour: i64,
    logged: u32,
    unlogged: u64,
}

impl Counted {
    /// Counts one more; answers how many before it were not logged, if it is to be.
    fn one(&mut self, now: Timestamp) -> Option<u64> {
        let hour = now.as_second().div_euclid(3600);
        if hour != self.hour {
            (self.hour, self.logged) = (hour, 0);
        }
        if self.logged >= AN_HOUR {
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
    let now = (site.clock)();
    let unlogged = site.failures.0.lock().unwrap_or_else(PoisonError::into_inner).one(now);
    let Some(unlogged) = unlogged else { return };
    let (people, name) = (site.people.clone(), name.to_owned());
    let known = tokio::task::spawn_blocking(move || people.known(&name)).await;
    let mut detail = json!({"why": why, "from": address.map(|address| address.to_string())});
    if unlogged > 0 {
        detail["not_logged_before"] = json!(unlogged);
    }
    let by = known.ok().and_then(Result::ok).flatten().unwrap_or_else(|| "nobody".to_owned());
    let activity = Activity { by, action: "sign_in_refused".to_owned(), detail };
    if let Err(error) = (site.record)(activity).await {
        tracing::error!(%error, "a refused sign-in could not be logged");
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
            assert_eq!(counted.one(now), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(counted.one(now), None);
        }
        assert_eq!(counted.one(now.checked_add(1.hour()).unwrap()), Some(7));
    }
}
