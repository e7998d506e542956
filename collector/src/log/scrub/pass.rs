//! One pass after another, spread over the time it may take. It keeps no clock: `now` is an argument.

use std::time::Duration;

use jiff::Timestamp;

use super::{Damage, Scrub, ScrubError, ScrubStore, Standing};
use crate::log::LogError;
use crate::log::commit::rfc3339;

/// Longest rest between two slices: a small log is looked through soon after a start.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// Why a step of a pass was not made; it may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] ScrubError),
}

impl Scrub {
    /// Does the next slice of the present pass, or begins or ends one. Answers how long to rest, and damage that was not
    /// known; blocking.
    pub fn step(
        &self,
        store: &ScrubStore,
        period: Duration,
        now: Timestamp,
    ) -> Result<(Duration, Vec<Damage>), PassError> {
        let text = rfc3339(now);
        let standing = store.standing()?;
        let Some(running) = &standing.running else {
            let rest = rest_before_next(&standing, period, now);
            if rest.is_zero() {
                store.begin(&self.plan()?, &text)?;
            }
            return Ok((rest, Vec::new()));
        };
        if running.done >= running.slices {
            store.finish(&text)?;
            return Ok((Duration::ZERO, Vec::new()));
        }
        let found = self.slice(&running.plan, running.done)?;
        let new = store.advance(&found, &text)?;
        let new = found.into_iter().zip(new).filter(|(_, new)| *new).map(|(damage, _)| damage);
        let slices = u32::try_from(running.slices).unwrap_or(u32::MAX).max(1);
        Ok(((period / slices).min(LONGEST_REST), new.collect()))
    }
}

/// A pass begins one period after the one before began. A start in the future is a clock that was wrong: begin now.
fn rest_before_next(standing: &Standing, period: Duration, now: Timestamp) -> Duration {
    let last = standing.last.as_ref().and_then(|last| last.started.parse::<Timestamp>().ok());
    let since = last.and_then(|last| Duration::try_from(now.duration_since(last)).ok());
    since.map_or(Duration::ZERO, |since| period.saturating_sub(since).min(LONGEST_REST))
}
