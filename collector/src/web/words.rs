//! The words that pages use for statuses, verdicts, strengths and times, each with icon and explanation. One place, so
//! that a word means the same everywhere.

use exhibit_assessment::{Severity, Status, Strength, Verdict};
use jiff::Timestamp;

/// A word with its look.
#[derive(Clone, Copy)]
pub(super) struct Word {
    /// As the wire spells it; also the class of its colours.
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) icon: &'static str,
    pub(super) meaning: &'static str,
    /// Worst first where there is a worse.
    pub(super) order: u8,
}

macro_rules! icon {
    ($name:literal) => {
        include_str!(concat!("../../assets/icons/", $name, ".svg"))
    };
}

pub(super) const LOGO: &str = icon!("logo");
pub(super) const GOOD: &str = icon!("met");
pub(super) const BAD: &str = icon!("not_met");
pub(super) const UNKNOWN: &str = icon!("no_evidence");
pub(super) const WAITS: &str = icon!("stale");
pub(super) const ENDED: &str = icon!("excluded");

impl Word {
    /// The class of its colour in a picture, of a status.
    pub(super) fn fill(&self) -> &'static str {
        match self.class {
            "met" => "f-met",
            "not_met" => "f-not_met",
            "stale" => "f-stale",
            "no_evidence" => "f-no_evidence",
            "manual" => "f-manual",
            _ => "f-excluded",
        }
    }
}

pub(super) fn status(status: Status) -> Word {
    let (order, label, icon, meaning) = match status {
        Status::NotMet => (
            0,
            "not met",
            icon!("not_met"),
            "The latest evidence breaks a direct or supporting rule on at least one target.",
        ),
        Status::NoEvidence => (
            1,
            "no evidence",
            icon!("no_evidence"),
            "Rules exist, but some expected target was not seen: nothing arrived, it was denied, or its agent is silent.",
        ),
        Status::Stale => (
            2,
            "stale",
            icon!("stale"),
            "Rules pass, but on evidence that is older than its freshness window.",
        ),
        Status::Met => (
            3,
            "met",
            icon!("met"),
            "Every expected target was seen lately and no direct or supporting rule is broken.",
        ),
        Status::Manual => {
            (4, "manual", icon!("manual"), "No rule can decide this control: a person looks at it.")
        }
        Status::Excluded => (
            5,
            "excluded",
            icon!("excluded"),
            "A person decided, with a justification, that the control does not apply.",
        ),
    };
    Word { class: status.as_str(), label, icon, meaning, order }
}

pub(super) fn verdict(verdict: Verdict) -> Word {
    let (order, label, icon, meaning) = match verdict {
        Verdict::Fail => {
            (0, "fail", icon!("not_met"), "The rule names at least one offending item.")
        }
        Verdict::Error => (
            1,
            "error",
            icon!("error"),
            "The rule could not be decided on this document; it never counts as a pass.",
        ),
        Verdict::Pass => (2, "pass", icon!("met"), "The rule found nothing that offends."),
        Verdict::NotApplicable => (
            3,
            "not applicable",
            icon!("excluded"),
            "The rule cannot hold or be broken on this target.",
        ),
    };
    Word { class: verdict.as_str(), label, icon, meaning, order }
}

pub(super) fn strength(strength: Strength) -> Word {
    let (order, label, icon, meaning) = match strength {
        Strength::Direct => (
            0,
            "direct",
            icon!("direct"),
            "The rule observes the control itself at work. It decides the status.",
        ),
        Strength::Supporting => (
            1,
            "supporting",
            icon!("supporting"),
            "The rule observes something that the control needs. It decides the status together with others.",
        ),
        Strength::Context => (
            2,
            "context",
            icon!("context"),
            "Worth knowing beside the control. It never decides the status.",
        ),
    };
    Word { class: strength.as_str(), label, icon, meaning, order }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    severity.as_str()
}

/// How a run ended for a kind, by its wire word.
pub(super) fn outcome(word: &str) -> Word {
    let known = [
        (
            "denied",
            "denied",
            icon!("no_evidence"),
            "The agent lacks a right that the observation needs.",
        ),
        (
            "tool_missing",
            "tool missing",
            icon!("no_evidence"),
            "A program that the observation needs is not installed.",
        ),
        (
            "timed_out",
            "timed out",
            icon!("stale"),
            "The observation did not end within its deadline.",
        ),
        (
            "limit_exceeded",
            "limit exceeded",
            icon!("error"),
            "The observation passed a limit of size, time or memory.",
        ),
        ("failed", "failed", icon!("error"), "The plugin ended without a usable answer."),
        (
            "dropped",
            "dropped",
            icon!("error"),
            "The spool was full: the digest is in the chain, the document is not.",
        ),
        (
            "not_configured",
            "not configured",
            icon!("manual"),
            "Nothing tells the agent what to observe for this kind.",
        ),
        (
            "not_applicable",
            "not applicable",
            icon!("excluded"),
            "The kind cannot exist on this target.",
        ),
        ("collected", "collected", icon!("met"), "A document was obtained."),
    ];
    let found = (0_u8..).zip(known).find(|(_, known)| known.0 == word);
    let unknown =
        (0, ("failed", "other", icon!("error"), "An ending that this version does not know."));
    let (order, (class, label, icon, meaning)) = found.unwrap_or(unknown);
    Word { class, label, icon, meaning, order }
}

/// A time with its distance from the moment the page was made.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) iso: String,
    /// To the minute, UTC.
    pub(super) stamp: String,
    pub(super) ago: String,
}

pub(super) fn moment(at: Timestamp, now: Timestamp) -> Moment {
    Moment {
        at,
        iso: at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        stamp: minute(at),
        ago: ago(now.as_second() - at.as_second()),
    }
}

/// The day of a moment, UTC.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

/// The minute of a moment, UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%-d %b %Y %H:%M").to_string()
}

/// When something ends that people gave a last day (UTC), or a time.
pub(super) fn end(at: Timestamp) -> String {
    let whole = at.as_second() % 86_400 == 0 && at.subsec_nanosecond() == 0;
    match Timestamp::from_second(at.as_second() - 1) {
        Ok(before) if whole => format!("the end of {}", day(before)),
        Ok(_) | Err(_) => minute(at),
    }
}

/// A distance in one unit, as people say it.
fn ago(seconds: i64) -> String {
    let (distance, ahead) = (seconds.unsigned_abs(), seconds < 0);
    let (number, unit) = match distance {
        0..=59 => return "just now".to_owned(),
        60..=5_399 => ((distance + 30) / 60, "min"),
        5_400..=129_599 => ((distance + 1_800) / 3_600, "h"),
        _ => ((distance + 43_200) / 86_400, "days"),
    };
    if ahead { format!("in {number} {unit}") } else { format!("{number} {unit} ago") }
}

/// Seconds as a length of time.
pub(super) fn length(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", (seconds + 30) / 60),
        7_200..=172_799 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

pub(super) fn bytes(size: u64) -> String {
    match size {
        0..=1_023 => format!("{size} B"),
        1_024..=1_048_575 => format!("{}.{} KiB", size / 1024, size % 1024 * 10 / 1024),
        _ => format!("{}.{} MiB", size >> 20, ((size & 0xf_ffff) * 10) >> 20),
    }
}

/// The first digits of a digest or id, for lists.
pub(super) fn short(text: &str) -> String {
    text.chars().take(12).collect()
}

/// A long id with its end left out.
pub(super) fn shortened(text: &str) -> String {
    const CHARS: usize = 18;
    if text.chars().count() <= CHARS + 2 {
        return text.to_owned();
    }
    text.chars().take(CHARS).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_read_naturally() {
        for (seconds, text) in [
            (5, "just now"),
            (90, "2 min ago"),
            (3 * 3600, "3 h ago"),
            (3 * 86_400, "3 days ago"),
            (-600, "in 10 min"),
        ] {
            assert_eq!(ago(seconds), text);
        }
        assert_eq!((bytes(1536).as_str(), length(3600).as_str()), ("1.5 KiB", "60 min"));
    }

    #[test]
    fn no_word_claims_conformity() {
        for word in Status::ALL.map(status) {
            assert!(!word.label.contains("compl") && !word.meaning.contains("conform"));
        }
    }
}
