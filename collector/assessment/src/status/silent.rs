//! When an agent counts as silent. What it observed is another's business.

use jiff::{SignedDuration, Timestamp};

/// Silence that is tolerated while an agent has not said how often it speaks.
const PATIENCE_SECONDS: i64 = 26 * 3600;

/// Whether an agent that was last heard then should have spoken since: after twice its own interval, or after 26 hours
/// before it named one.
#[must_use]
pub fn is_silent(now: Timestamp, last_seen: Timestamp, interval_seconds: Option<u64>) -> bool {
    let stated = interval_seconds.and_then(|seconds| i64::try_from(seconds).ok());
    let patience = stated.map_or(PATIENCE_SECONDS, |seconds| seconds.saturating_mul(2));
    now.duration_since(last_seen) > SignedDuration::from_secs(patience)
}
