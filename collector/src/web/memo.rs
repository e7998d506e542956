//! What takes long to count is counted once for each state of the tables, whoever asks; and where there are very many targets, not
//! more often than every few seconds. Only of the present.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Ask, WebError};
use crate::views::{CoverageRow, KindSeen};

/// From so many targets on, a count may be as old as this while the log moves.
const MANY: usize = 1_000;
const OLD: Duration = Duration::from_secs(10);

/// What was counted, by what it is; whoever comes while somebody counts waits for them.
#[derive(Default)]
pub(super) struct Memo(Mutex<HashMap<String, Arc<Mutex<Option<Counted>>>>>);

#[derive(Clone)]
struct Counted {
    entries: u64,
    minute: i64,
    pack: String,
    at: Instant,
    what: Arc<dyn Any + Send + Sync>,
}

impl Ask {
    /// The answer to `count` as the tables stand, by the name of the question.
    pub(super) fn once<T: Send + Sync + 'static>(
        &self,
        name: &str,
        count: impl FnOnce() -> Result<T, WebError>,
    ) -> Result<Arc<T>, WebError> {
        if self.is_past() {
            return Ok(Arc::new(count()?));
        }
        let place = {
            let mut all = self.site.memo.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name.to_owned()).or_default())
        };
        let mut held = place.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = self.views.applied()?;
        let minute = self.now.as_second().div_euclid(60);
        let pack = self.views.assessor().pack().digest().to_owned();
        if let Some(held) = held.as_ref().filter(|held| held.pack == pack) {
            let fresh = (held.entries, held.minute) == (entries, minute)
                || held.at.elapsed() < OLD && self.views.population()?.0 > MANY;
            if let Ok(what) = Arc::clone(&held.what).downcast::<T>()
                && fresh
            {
                return Ok(what);
            }
        }
        let what = Arc::new(count()?);
        let kept: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&what);
        *held = Some(Counted { entries, minute, pack, at: Instant::now(), what: kept });
        Ok(what)
    }

    /// How every kind is observed.
    pub(super) fn coverage(&self) -> Result<Vec<CoverageRow>, WebError> {
        let counted = self.once("coverage", || Ok(self.views.coverage()?))?;
        Ok(counted.as_ref().clone())
    }

    /// How far every kind is seen.
    pub(super) fn kinds_seen(&self) -> Result<Vec<KindSeen>, WebError> {
        let counted = self.once("kinds", || Ok(self.views.kinds_seen()?))?;
        Ok(counted.as_ref().clone())
    }

    /// Targets with failures, most of them first.
    pub(super) fn failing_targets(&self) -> Result<Vec<(String, u64)>, WebError> {
        let counted = self.once("failing", || Ok(self.views.failing_targets()?))?;
        Ok(counted.as_ref().clone())
    }
}
