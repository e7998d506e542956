//! Spans of time as people write them.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize as _, Deserializer};

/// Reads "30s", "10m", "24h"; zero and negative spans are refused.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(serde::de::Error::custom)
}

/// Reads a span of time as people write it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let refused =
        || format!("{text:?} is not a span of time: expected one like \"30s\", \"10m\" or \"24h\"");
    let span: SignedDuration = text.parse().map_err(|_not_a_span| refused())?;
    Duration::try_from(span).ok().filter(|span| !span.is_zero()).ok_or_else(refused)
}
