//! Reasons in words. It decides nothing.

use jiff::{Timestamp, ToSpan as _};

use super::{Cause, Gap, Reason};
use crate::rule::{Rule, Strength};

/// When something ends, as people decided it: mostly with a day (UTC).
pub(super) fn end(at: Timestamp) -> String {
    let before = at.checked_sub(1.nanosecond()).unwrap_or(at);
    match at.as_nanosecond() % 86_400_000_000_000 {
        0 => format!("the end of {}", before.strftime("%Y-%m-%d")),
        _ => at.to_string(),
    }
}

/// A reason about the evidence of a kind, whichever rules need it.
pub(super) fn about(cause: Cause, kind: &str, target: Option<&str>, text: String) -> Reason {
    Reason { kind: Some(kind.to_owned()), target: target.map(str::to_owned), ..plain(cause, text) }
}

pub(super) fn of_rule(
    cause: Cause,
    rule: &Rule,
    strength: Strength,
    target: Option<&str>,
    text: String,
) -> Reason {
    Reason {
        rule: Some(rule.id.clone()),
        strength: Some(strength),
        kind: Some(rule.kind.clone()),
        target: target.map(str::to_owned),
        ..plain(cause, text)
    }
}

pub(super) fn plain(cause: Cause, text: String) -> Reason {
    Reason {
        cause,
        rule: None,
        strength: None,
        kind: None,
        target: None,
        outcome: None,
        text,
        since: None,
        observed_at: None,
    }
}

/// What a finding says: its message, how many items, and whether the evidence is past its window.
pub(super) fn finding(
    cause: Cause,
    rule: &Rule,
    (message, item_count): (&str, u64),
    stale: bool,
) -> String {
    let failure = matches!(cause, Cause::Fail | Cause::Waived);
    let age = if stale && failure { ", from evidence past its freshness window" } else { "" };
    if cause == Cause::Stale {
        format!("passed, but the evidence is older than {} hours", rule.freshness)
    } else if item_count > 1 {
        format!("{message} ({item_count} items{age})")
    } else {
        format!("{message}{age}")
    }
}

pub(super) fn gap(gap: &Gap) -> String {
    format!("{} {}: {}; {}", gap.kind, gap.outcome.as_str(), gap.detail, gap.remedy)
}
