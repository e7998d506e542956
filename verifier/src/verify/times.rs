//! What an agent claims about time against what the log saw.

use jiff::{SignedDuration, Timestamp};

use super::attested::Marks;
use super::timestamps::{Known, Tokens, bounds};
use crate::report::{Basis, Bound, Check, Item, Ledger, State};

/// Below this a difference is ordinary.
const WORTH_SAYING: SignedDuration = SignedDuration::from_mins(5);

/// What is known about times while items are read by ascending index.
pub(super) struct Times {
    known: Known,
    /// Index of an entry that carries the word of somebody outside, and since when at the earliest there can be such an entry.
    since: Vec<(u64, Bound)>,
    /// Entry, and the latest time (milliseconds) at which it or one before was received, by the collector's clock.
    received: Vec<(u64, i64)>,
}

impl Times {
    pub(super) fn new(tokens: &Tokens, Marks { by, since }: Marks) -> Self {
        let known = Known::of(bounds(tokens).chain(by).collect());
        Self { known, since, received: Vec::new() }
    }

    /// Entry `index` stands in the log with this time of receipt.
    pub(super) fn received(&mut self, index: u64, rx: &str) {
        let Ok(time) = rx.parse::<Timestamp>() else { return };
        let before = self.received.last().map_or(i64::MIN, |(_, ms)| *ms);
        self.received.push((index, before.max(time.as_millisecond())));
    }

    /// Entry `index` was not there before this, by the word of somebody outside: an entry in front of it carries that word.
    fn logged_not_before(&self, index: u64) -> Option<&Bound> {
        let place = self.since.partition_point(|(at, _)| *at < index).checked_sub(1)?;
        self.since.get(place).map(|(_, bound)| bound)
    }

    /// A head over `size` entries cannot be older than what the entries that it covers carry; where nobody outside said anything, than
    /// when the newest of them that is in the bundle was received, by the collector's clock.
    pub(super) fn not_before(&self, size: u64) -> Option<Bound> {
        if let Some(bound) = self.logged_not_before(size) {
            return Some(bound.clone());
        }
        let place = self.received.partition_point(|(index, _)| *index < size).checked_sub(1)?;
        let (index, ms) = self.received.get(place)?;
        let by = format!("the agent had seen a head with entry {index}");
        from_ms(*ms).map(|time| Bound::new(time, Basis::Received, &by))
    }

    /// Fills in by when the item was in the log, once it is shown to be in it, and says what does not fit between its bounds.
    pub(super) fn judge(&self, item: &mut Item, ledger: &Ledger) {
        if ledger.state(Check::Inclusion) != Some(State::Verified) {
            return;
        }
        item.not_after = self.known.not_after(item.index).cloned();
        item.logged_not_before = self.logged_not_before(item.index).cloned();
        let claimed = item.claimed.as_deref().and_then(ms);
        let logged = item.logged.as_deref().and_then(ms);
        let worth = WORTH_SAYING.as_secs().saturating_mul(1000);
        if let Some(bound) = &item.not_after {
            let late = |time: Option<i64>| {
                time.is_some_and(|time| time.saturating_sub(worth) > bound.ms())
            };
            if late(claimed) || late(logged) {
                let what = if late(logged) { "logged" } else { "claimed" };
                let time = if late(logged) { &item.logged } else { &item.claimed };
                let time = time.as_deref().unwrap_or_default();
                item.notes.push(format!(
                    "{what} {time}, yet it was in the log by {} ({}): a clock is ahead",
                    bound.time, bound.by
                ));
            }
        }
        if let Some(bound) = &item.not_before
            && claimed.is_some_and(|time| time.saturating_add(worth) < bound.ms())
        {
            let time = item.claimed.as_deref().unwrap_or_default();
            let yet = match bound.basis {
                Basis::Received => format!("{}, which was received {}", bound.by, bound.time),
                Basis::Token | Basis::Cosignature => {
                    format!(
                        "the agent had seen a head with what {} said at {}",
                        bound.by, bound.time
                    )
                }
            };
            let why = "dated back, or the agent's clock is behind";
            item.notes.push(format!("claimed {time}, yet {yet}: {why}"));
        }
        if let Some(bound) = &item.logged_not_before
            && logged.is_some_and(|time| time.saturating_add(worth) < bound.ms())
        {
            let time = item.logged.as_deref().unwrap_or_default();
            item.notes.push(format!(
                "logged {time}, yet what {} said at {} stands in front of it: dated back, or the collector's clock is behind",
                bound.by, bound.time
            ));
        }
    }
}

pub(super) fn from_ms(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

fn ms(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// A remark if `claimed` and `logged` lie more than five minutes apart; an error if one is no time.
pub(super) fn compare(claimed: &str, logged: &str) -> Result<Option<String>, String> {
    let parse = |text: &str| {
        text.parse::<Timestamp>().map_err(|error| format!("{text:?} is not a time: {error}"))
    };
    let difference = parse(logged)?.duration_since(parse(claimed)?);
    if difference.abs() <= WORTH_SAYING {
        return Ok(None);
    }
    let (sign, what) = if difference.is_negative() {
        ("-", "sealed after it was logged: the agent's clock is ahead")
    } else {
        ("+", "logged late: the agent was offline, its clock is behind, or the claim is not true")
    };
    let seconds = difference.abs().as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    Ok(Some(format!("claimed {claimed}, logged {sign}{days} d {hours} h {minutes} min: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_not_older_than_the_entries_it_covers() {
        let mut times = Times::new(&Tokens::new(), Marks::default());
        assert_eq!(times.not_before(9), None);
        // The collector's clock went backwards once.
        for (index, second) in [(3, 10), (5, 30), (6, 20)] {
            times.received(index, &format!("2026-11-22T10:00:{second}.000Z"));
        }
        let at = |size| times.not_before(size).map(|bound| bound.time);
        assert_eq!(at(3), None);
        assert_eq!(at(4).as_deref(), Some("2026-11-22T10:00:10.000Z"));
        assert_eq!(at(6).as_deref(), Some("2026-11-22T10:00:30.000Z"));
        assert_eq!(at(99).as_deref(), Some("2026-11-22T10:00:30.000Z"));
    }

    #[test]
    fn five_minutes_are_ordinary_and_more_is_said() {
        let claimed = "2026-11-22T10:00:00.000Z";
        assert_eq!(compare(claimed, "2026-11-22T10:05:00.000Z"), Ok(None));
        assert_eq!(compare(claimed, "2026-11-22T09:55:00.000Z"), Ok(None));
        let late = compare(claimed, "2026-11-24T11:07:00.000Z").unwrap().unwrap();
        assert!(late.contains("logged +2 d 1 h 7 min"), "{late}");
        let early = compare(claimed, "2026-11-22T09:00:00.000Z").unwrap().unwrap();
        assert!(early.contains("clock is ahead"), "{early}");
        assert!(compare("yesterday", claimed).is_err());
    }
}
