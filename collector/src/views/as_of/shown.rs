//! Statuses of an earlier moment for whoever will not wait: at full hours what was judged then is kept; between them few findings
//! are judged anew, and of many the hour before is told while the moment itself is judged beside. Never passes one off as the other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use exhibit_assessment::{ControlGap, ControlId, ControlStatus, EvidenceKind, Reason};
use jiff::Timestamp;

use super::super::hours::{self, Hour};
use super::super::{Assessment, Views, ViewsError};
use super::Then;

/// One moment at a time is judged beside: it takes seconds of a core.
static BESIDE: AtomicBool = AtomicBool::new(false);

/// Lets the next moment be judged, also if this one broke off.
struct Turn;

impl Drop for Turn {
    fn drop(&mut self) {
        BESIDE.store(false, Ordering::Release);
    }
}

/// What can be told of a moment without judging anything.
enum Known {
    /// The moment itself was judged.
    Itself(Arc<Assessment>),
    /// The newest full hour before it that is kept.
    Before(Hour),
    Nothing,
}

impl Views {
    /// The statuses to show at `now`, without waiting: of an earlier moment perhaps those of the last full hour before it, as
    /// [`Assessment::now`] tells. Reasons may stand apart: [`Views::shown_of`] has those of one control.
    pub fn shown(&self, now: Timestamp) -> Result<Arc<Assessment>, ViewsError> {
        self.shown_beyond(now, hours::MUCH)
    }

    /// The same; up to `few` findings are judged anew.
    pub(in crate::views) fn shown_beyond(
        &self,
        now: Timestamp,
        few: u64,
    ) -> Result<Arc<Assessment>, ViewsError> {
        let Some(then) = self.at_its_moment(now) else { return self.assess(now) };
        let hour = match self.known(then)? {
            Known::Itself(found) => return Ok(found),
            Known::Before(hour) if self.read(hours::findings)? > few => hour,
            Known::Before(_) | Known::Nothing => return self.assess(now),
        };
        let held = then.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held {
            self.beside(now);
            return Ok(held);
        }
        let Some(found) = self.judged_then(hour)? else { return self.assess(now) };
        let found = Arc::new(found);
        *then.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&found));
        self.beside(now);
        Ok(found)
    }

    /// The status of one control in [`Views::shown`], with its reasons.
    pub fn shown_of(
        &self,
        now: Timestamp,
        control: ControlId,
    ) -> Result<(Arc<Assessment>, Option<ControlStatus>), ViewsError> {
        let shown = self.shown(now)?;
        let Some(mut status) = shown.of(control).cloned() else { return Ok((shown, None)) };
        if shown.apart {
            status.reasons = self.reasons_shown(&shown, control)?;
        }
        Ok((shown, Some(status)))
    }

    /// The reasons of one control in what [`Views::shown`] told.
    pub(in crate::views) fn reasons_shown(
        &self,
        shown: &Assessment,
        control: ControlId,
    ) -> Result<Vec<Reason>, ViewsError> {
        if shown.apart {
            let hour = Hour::of(shown);
            return self.read(|connection| hours::reasons(connection, hour, control, true));
        }
        Ok(shown.of(control).map(|status| status.reasons.clone()).unwrap_or_default())
    }

    /// When the statuses were judged that [`Views::shown`] tells of an earlier moment; `None`: at the moment itself.
    pub fn shown_from(&self, now: Timestamp) -> Result<Option<Timestamp>, ViewsError> {
        let Some(then) = self.at_its_moment(now) else { return Ok(None) };
        Ok(match self.known(then)? {
            Known::Before(hour) if self.read(hours::findings)? > hours::MUCH => {
                Some(super::super::read::time(hour.at))
            }
            Known::Itself(_) | Known::Before(_) | Known::Nothing => None,
        })
    }

    /// The judgement of this very moment, whole, if it is kept.
    pub(in crate::views) fn kept_whole(
        &self,
        now: Timestamp,
    ) -> Result<Option<Arc<Assessment>>, ViewsError> {
        let Some(then) = self.at_its_moment(now) else { return Ok(None) };
        let held = self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if held.is_some() {
            return Ok(held);
        }
        let Some(hour) = self.hour(then)?.filter(|hour| hour.is_of(then.entries, then.at)) else {
            return Ok(None);
        };
        let Some(mut found) = self.judged_then(hour)? else { return Ok(None) };
        self.read(|connection| {
            for status in &mut found.statuses {
                status.reasons = hours::reasons(connection, hour, status.control, true)?;
            }
            Ok(())
        })?;
        found.apart = false;
        let found = Arc::new(found);
        *self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&found));
        Ok(Some(found))
    }

    /// What each control lacked by a judgement that is kept.
    pub(in crate::views) fn kept_gaps(
        &self,
        assessment: &Assessment,
        about: (&[EvidenceKind], &BTreeMap<String, Vec<String>>),
    ) -> Result<Option<Vec<ControlGap>>, ViewsError> {
        if self.0.then.is_none() {
            return Ok(None);
        }
        let hour = Hour::of(assessment);
        self.read(|connection| {
            let assessor = self.judging_at(connection, hour.entries, None)?;
            hours::gaps(connection, (hour, &assessor), assessment, about)
        })
    }

    /// Where these views stand, if they are asked about that moment.
    fn at_its_moment(&self, now: Timestamp) -> Option<&Then> {
        self.0.then.as_ref().filter(|then| then.at == now)
    }

    fn known(&self, then: &Then) -> Result<Known, ViewsError> {
        let held = self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held {
            return Ok(Known::Itself(held));
        }
        let Some(hour) = self.hour(then)? else { return Ok(Known::Nothing) };
        if !hour.is_of(then.entries, then.at) {
            return Ok(Known::Before(hour));
        }
        let mut shown = then.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = shown.as_ref() {
            return Ok(Known::Itself(Arc::clone(held)));
        }
        let Some(found) = self.judged_then(hour)? else { return Ok(Known::Nothing) };
        let found = Arc::new(found);
        *shown = Some(Arc::clone(&found));
        Ok(Known::Itself(found))
    }

    /// The newest judgement that is kept, looked up once.
    fn hour(&self, then: &Then) -> Result<Option<Hour>, ViewsError> {
        if let Some(hour) = then.hour.get() {
            return Ok(*hour);
        }
        let hour = self.read(hours::newest)?;
        Ok(*then.hour.get_or_init(|| hour))
    }

    fn judged_then(&self, hour: Hour) -> Result<Option<Assessment>, ViewsError> {
        self.read(|connection| {
            let assessor = self.judging_at(connection, hour.entries, None)?;
            hours::assessment(connection, hour, &assessor)
        })
    }

    /// Judges the moment itself on another thread, for whoever asks later.
    fn beside(&self, now: Timestamp) {
        // Tables that are held in one transaction answer one question at a time.
        if self.0.pinned || BESIDE.swap(true, Ordering::AcqRel) {
            return;
        }
        let (views, turn) = (self.clone(), Turn);
        let judge = move || {
            let _turn = turn;
            if let Err(error) = views.assess(now) {
                tracing::warn!(%error, "an earlier moment could not be judged");
            }
        };
        if let Err(error) = std::thread::Builder::new().name("earlier".to_owned()).spawn(judge) {
            tracing::warn!(%error, "no thread to judge an earlier moment");
        }
    }
}
