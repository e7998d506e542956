//! What takes long to count is counted once for each state of the tables, whoever asks. Where there are very many targets nobody
//! waits for a newer count while there is one of lately: it is made beside. Of the past, too, each moment apart; and never who may see it:
//! that is decided before a page is built, each time.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::guard::SignedIn;
use super::{Ask, Site, WebError, pages};
use crate::report::{GapRow, gaps};
use crate::views::{CoverageRow, KindSeen};

/// From so many targets on, a count may be older than the log.
const MANY: u64 = 1_000;
/// It is made anew when it is older than this, or than so many times what it took.
const OLD: Duration = Duration::from_secs(10);
const TIMES: u32 = 20;
/// One that is older is not shown at all.
const TOO_OLD: Duration = Duration::from_secs(120);
/// Counts that are remembered.
const MOST: usize = 50;

/// What was counted, by what it is, and when it was asked for last.
#[derive(Default)]
pub(super) struct Memo(Mutex<HashMap<String, (Instant, Arc<Place>)>>);

#[derive(Default)]
struct Place {
    held: Mutex<Option<Counted>>,
    /// Whoever comes while somebody counts waits for them.
    turn: Mutex<()>,
    /// Somebody counts beside.
    beside: AtomicBool,
}

#[derive(Clone)]
struct Counted {
    entries: u64,
    minute: i64,
    pack: String,
    many: bool,
    at: Instant,
    took: Duration,
    what: Arc<dyn Any + Send + Sync>,
}

impl Counted {
    /// Nothing came since.
    fn stands(&self, (entries, minute, pack): &(u64, i64, String)) -> bool {
        (self.entries, self.minute, &self.pack) == (*entries, *minute, pack)
    }

    fn is_old(&self) -> bool {
        self.at.elapsed() > OLD.max(self.took * TIMES)
    }
}

impl Memo {
    fn place(&self, name: &str) -> Arc<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(name) {
            let oldest = all.iter().min_by_key(|(_, (asked, _))| *asked);
            let oldest = oldest.map(|(name, _)| name.clone());
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        let now = Instant::now();
        let (asked, place) = all.entry(name.to_owned()).or_insert_with(|| (now, Arc::default()));
        *asked = now;
        Arc::clone(place)
    }
}

impl Place {
    fn held(&self) -> Option<Counted> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ask {
    /// The answer to `count` as the tables stand at this minute, by the name of the question: of two that differ the names must.
    pub(super) fn once<T: Send + Sync + 'static>(
        &self,
        name: &str,
        count: impl Fn(&Self) -> Result<T, WebError> + Send + Sync + 'static,
    ) -> Result<Arc<T>, WebError> {
        self.remembered((name, true), count)
    }

    /// The same of what does not rest on the time: while nothing comes it stands.
    pub(super) fn standing<T: Send + Sync + 'static>(
        &self,
        name: &str,
        count: impl Fn(&Self) -> Result<T, WebError> + Send + Sync + 'static,
    ) -> Result<Arc<T>, WebError> {
        self.remembered((name, false), count)
    }

    fn remembered<T: Send + Sync + 'static>(
        &self,
        (name, timely): (&str, bool),
        count: impl Fn(&Self) -> Result<T, WebError> + Send + Sync + 'static,
    ) -> Result<Arc<T>, WebError> {
        let (place, now) = (self.site.memo.place(&self.named(name)?), self.stand(timely)?);
        let known = |held: &Counted| Arc::clone(&held.what).downcast::<T>().ok();
        if let Some(held) = place.held() {
            let lately = held.many && held.pack == now.2 && held.at.elapsed() < TOO_OLD;
            let shown = known(&held).filter(|_| held.stands(&now) || lately);
            if let Some(what) = shown {
                if !held.stands(&now) && held.is_old() {
                    self.beside(place, timely, count);
                }
                return Ok(what);
            }
        }
        let _turn = place.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match place.held().filter(|held| held.stands(&now)).and_then(|held| known(&held)) {
            Some(what) => Ok(what),
            None => self.counted(&place, timely, &count),
        }
    }

    /// The question, with the moment that it is about where that is not the present.
    fn named(&self, name: &str) -> Result<String, WebError> {
        match self.is_past() {
            true => Ok(format!("{name} at {} of {}", self.now, self.views.applied()?)),
            false => Ok(name.to_owned()),
        }
    }

    /// Entries, minute and rule pack that a count rests on. What stood once rests on the entries of now, too: they delete words.
    fn stand(&self, timely: bool) -> Result<(u64, i64, String), WebError> {
        let minute = if timely { self.now.as_second().div_euclid(60) } else { 0 };
        let pack = self.views.assessor().pack().digest().to_owned();
        Ok((self.site.views.applied()?, minute, pack))
    }

    fn counted<T: Send + Sync + 'static>(
        &self,
        place: &Place,
        timely: bool,
        count: &impl Fn(&Self) -> Result<T, WebError>,
    ) -> Result<Arc<T>, WebError> {
        let ((entries, minute, pack), at) = (self.stand(timely)?, Instant::now());
        let what = Arc::new(count(self)?);
        let (took, many) = (at.elapsed(), self.views.population()?.0 as u64 > MANY);
        let kept: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&what);
        let at = Instant::now();
        let counted = Counted { entries, minute, pack, many, at, took, what: kept };
        *place.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(what)
    }

    /// Counts anew while the one that is there is shown; one at a time.
    fn beside<T: Send + Sync + 'static>(
        &self,
        place: Arc<Place>,
        timely: bool,
        count: impl Fn(&Self) -> Result<T, WebError> + Send + Sync + 'static,
    ) {
        let Ok(runtime) = Handle::try_current() else { return };
        if place.beside.swap(true, Ordering::AcqRel) {
            return;
        }
        let now = if self.is_past() { self.now } else { (self.site.clock)() };
        let ask = Self { now, ..self.clone() };
        runtime.spawn_blocking(move || {
            if let Err(error) = ask.counted(&place, timely, &count) {
                tracing::error!(%error, "what is shown could not be counted anew");
            }
            place.beside.store(false, Ordering::Release);
        });
    }

    /// How every kind is observed.
    pub(super) fn coverage(&self) -> Result<Vec<CoverageRow>, WebError> {
        let counted = self.standing("coverage", |ask| Ok(ask.views.coverage()?))?;
        Ok(counted.as_ref().clone())
    }

    /// How far every kind is seen.
    pub(super) fn kinds_seen(&self) -> Result<Vec<KindSeen>, WebError> {
        let counted = self.standing("kinds", |ask| Ok(ask.views.kinds_seen()?))?;
        Ok(counted.as_ref().clone())
    }

    /// What each control has and lacks.
    pub(super) fn gaps(&self) -> Result<Arc<Vec<GapRow>>, WebError> {
        self.once("gap", |ask| Ok(gaps(&ask.views, ask.now)?))
    }

    /// Targets with failures, most of them first.
    pub(super) fn failing_targets(&self) -> Result<Vec<(String, u64)>, WebError> {
        let counted = self.standing("failing", |ask| Ok(ask.views.failing_targets()?))?;
        Ok(counted.as_ref().clone())
    }
}

/// Counts what takes long before anybody asks, where there are very many targets: beside, while the pages are there already.
pub(super) fn warm(site: &Arc<Site>) {
    let Ok(runtime) = Handle::try_current() else { return };
    let site = Arc::clone(site);
    runtime.spawn_blocking(move || {
        if !site.views.population().is_ok_and(|(targets, _)| targets as u64 > MANY) {
            return;
        }
        let ask = Ask::new(site, SignedIn::nobody(), "");
        let counted = ask
            .coverage()
            .and_then(|_| ask.kinds_seen())
            .and_then(|_| ask.failing_targets())
            .and_then(|_| pages::trends::counted(&ask))
            .and_then(|()| ask.gaps());
        if let Err(error) = counted {
            tracing::error!(%error, "what pages show could not be counted ahead of them");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_longest_is_forgotten_and_nothing_else() {
        let memo = Memo::default();
        let first = memo.place("first");
        for number in 1..MOST {
            memo.place(&number.to_string());
        }
        assert!(Arc::ptr_eq(&first, &memo.place("first")));
        let second = memo.place("2");
        memo.place("one more");
        assert!(
            Arc::ptr_eq(&first, &memo.place("first")) && Arc::ptr_eq(&second, &memo.place("2"))
        );
        assert_eq!(memo.0.lock().unwrap().len(), MOST);
        assert!(!memo.0.lock().unwrap().contains_key("1"));
    }
}
