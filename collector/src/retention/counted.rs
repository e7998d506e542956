//! What is held kind by kind, counted now and then: a count goes through every document that is held, a page is asked for often.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::views::KindHeld;

/// How long a count serves.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// The newest count; shared by all who show it.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<Option<Counted>>>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub at: Timestamp,
    /// The newest deletion that it knows: another one makes it old.
    stone: Option<u64>,
    pub kinds: Arc<[KindHeld]>,
}

impl Counts {
    /// The newest count, or another one when that is old; whoever comes meanwhile waits for it instead of counting too.
    pub fn get<E>(
        &self,
        now: Timestamp,
        stone: Option<u64>,
        count: impl FnOnce() -> Result<Vec<KindHeld>, E>,
    ) -> Result<Counted, E> {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |counted: &&Counted| {
            counted.stone == stone && now.duration_since(counted.at).abs() < FRESH
        };
        if let Some(counted) = newest.as_ref().filter(fits) {
            return Ok(counted.clone());
        }
        let counted = Counted { at: now, stone, kinds: count()?.into() };
        *newest = Some(counted.clone());
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn documents_are_counted_anew_after_ten_minutes_or_a_deletion_and_not_at_each_look() {
        let (counts, start) = (Counts::default(), Timestamp::UNIX_EPOCH);
        let counted = Cell::new(0);
        let get = |minutes: i64, stone| {
            let now = start + SignedDuration::from_mins(minutes);
            let count = || {
                counted.set(counted.get() + 1);
                let kind = format!("count.n{}", counted.get());
                Ok::<_, ()>(vec![KindHeld { kind, documents: 1, bytes: 2, oldest: start }])
            };
            let found = counts.get(now, stone, count).unwrap();
            (counted.get(), found.kinds[0].kind.clone(), found.at == now)
        };
        assert_eq!(get(0, None), (1, "count.n1".into(), true));
        assert_eq!(get(9, None), (1, "count.n1".into(), false));
        assert_eq!(get(9, Some(4)), (2, "count.n2".into(), true), "something was deleted");
        assert_eq!(get(18, Some(4)), (2, "count.n2".into(), false));
        assert_eq!(get(19, Some(4)), (3, "count.n3".into(), true), "it is ten minutes old");
        assert_eq!(get(5, Some(4)), (4, "count.n4".into(), true), "the clock went back");
        assert_eq!(counts.get(start, None, || Err("busy")), Err("busy"));
        assert_eq!(get(6, Some(4)), (4, "count.n4".into(), false), "a failure is not kept");
    }
}
