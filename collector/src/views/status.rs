//! Control statuses at a moment: hands what holds now to the pure judgement. It keeps no status: one changes by waiting alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use exhibit_assessment::decisions::{People, Told};
use exhibit_assessment::{
    Around, Attestation, Board, ControlGap, ControlId, ControlStatus, EvidenceKind, KnownTarget,
    OutsideTarget, Status, WaiverState,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::live::Live;
use super::{Assessor, Views, ViewsError, Writer, labels, position, read, signed};

/// How long the tables' writer is waited for; mostly it needs a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(100);
/// While it is busy for longer, an assessment of so long ago will do: to load everything anew takes a quarter of a minute at ten
/// thousand targets, and each of fifty readers would.
const RECENT: SignedDuration = SignedDuration::from_secs(120);

/// Every control's status at one moment.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Entries that it rests on.
    pub applied: u64,
    pub now: Timestamp,
    /// Digest of the rule pack whose findings these are, and the version that it names.
    pub pack: String,
    pub pack_version: String,
    /// In the framework's order.
    pub statuses: Vec<ControlStatus>,
    /// Agents that should have spoken and have not, by name.
    pub silent: Vec<Silent>,
    /// What people decided, as it was taken into account.
    pub people: People,
    /// The population, with labels.
    pub targets: Vec<KnownTarget>,
    /// What each waiver does.
    pub waivers: Vec<WaiverState>,
    /// Targets that the scope of the ISMS leaves out.
    pub outside: Vec<OutsideTarget>,
    /// The reasons of the statuses are not here: it is read from what was judged then ([`Views::shown_of`]).
    pub apart: bool,
}

/// An agent that should have spoken and has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    pub agent: String,
    pub host_name: String,
    /// When it was last heard.
    pub since: Timestamp,
}

impl Assessment {
    pub fn of(&self, control: ControlId) -> Option<&ControlStatus> {
        self.statuses.iter().find(|status| status.control == control)
    }

    /// How many controls have each status, in the order of [`Status::ALL`].
    pub fn counts(&self) -> Vec<(Status, usize)> {
        let count =
            |status| self.statuses.iter().filter(|control| control.status == status).count();
        Status::ALL.into_iter().map(|status| (status, count(status))).collect()
    }

    /// What people decided, as the judgement takes it.
    pub(super) fn around<'a>(&'a self, duties: &'a [Attestation]) -> Around<'a> {
        let Self { people, targets, .. } = self;
        Around {
            targets,
            scope: &people.scope,
            exclusions: &people.exclusions,
            waivers: &people.waivers,
            manual: &people.manual,
            attestations: duties,
        }
    }
}

impl Views {
    /// Assesses at `now`. Asked again within the same minute with nothing new, it answers what it answered before.
    pub fn assess(&self, now: Timestamp) -> Result<Arc<Assessment>, ViewsError> {
        if let Some(kept) = self.kept_whole(now)? {
            return Ok(kept);
        }
        let applied = self.applied()?;
        let minute = |time: Timestamp| time.as_second().div_euclid(60);
        let held = self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fits =
            |held: &Arc<Assessment>| held.applied == applied && minute(held.now) == minute(now);
        if let Some(held) = held.as_ref().filter(|held| fits(held)) {
            return Ok(Arc::clone(held));
        }
        let same_minute =
            |held: &&Arc<Assessment>| held.applied < applied && minute(held.now) == minute(now);
        if let Some(held) = held.as_ref().filter(same_minute)
            && self.nothing_since(held.applied, applied)?
        {
            let same = Arc::new(Assessment { applied, ..held.as_ref().clone() });
            *self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Arc::clone(&same));
            return Ok(same);
        }
        let fresh = match (self.writer_soon(), held.filter(|held| is_recent(held.now, now))) {
            (Some(mut writer), _) => {
                // Of many who ask at once one assesses: the others waited for the writer meanwhile.
                let held = self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let fits = |held: &Arc<Assessment>| {
                    held.applied >= applied && minute(held.now) == minute(now)
                };
                if let Some(held) = held.filter(fits) {
                    return Ok(held);
                }
                Arc::new(self.there(&mut writer, now, |fresh, _| fresh)?)
            }
            (None, Some(held)) => return Ok(held),
            (None, None) => Arc::new(self.apart(now, |fresh, _| fresh)?),
        };
        *self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// What was assessed last, where that is of these entries and of the minute of `at`.
    pub(super) fn assessed_then(&self, entries: u64, at: Timestamp) -> Option<Arc<Assessment>> {
        let held = self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let minute = |time: Timestamp| time.as_second().div_euclid(60);
        held.filter(|held| held.applied == entries && minute(held.now) == minute(at))
    }

    /// Assesses the entries that there are at another time than now; nobody else is answered with that.
    pub(super) fn assess_at(&self, at: Timestamp) -> Result<Arc<Assessment>, ViewsError> {
        let fresh = match self.writer_soon() {
            Some(mut writer) => self.there(&mut writer, at, |fresh, _| fresh)?,
            None => self.apart(at, |fresh, _| fresh)?,
        };
        Ok(Arc::new(fresh))
    }

    /// Whether these entries say only what somebody did or when a head stood: no status rests on that.
    fn nothing_since(&self, from: u64, until: u64) -> Result<bool, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT NOT EXISTS (SELECT 1 FROM entries WHERE idx >= ?1 AND idx < ?2 AND type NOT IN ('activity', 'time'))",
            )?;
            Ok(ask.query_row((signed(from), signed(until)), |row| row.get(0))?)
        })
    }

    /// What each control has and lacks, by the statuses of `assessment`.
    pub fn gap_analysis(
        &self,
        assessment: &Assessment,
        kinds: &[EvidenceKind],
        plugins: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<ControlGap>, ViewsError> {
        if let Some(gaps) = self.kept_gaps(assessment, (kinds, plugins))? {
            return Ok(gaps);
        }
        let analyse = |fresh: Assessment, board: &Board| {
            let duties = fresh.people.attestations();
            let around = fresh.around(&duties);
            board.gap_analysis(&around, &assessment.statuses, (kinds, plugins))
        };
        match self.writer_soon() {
            Some(mut writer) => self.there(&mut writer, assessment.now, analyse),
            None => self.apart(assessment.now, analyse),
        }
    }

    /// The tables' writer, unless it takes long: nobody waits for a crowd of entries, or for another pack to judge everything.
    /// Tables that are held as they were have none.
    fn writer_soon(&self) -> Option<MutexGuard<'_, Writer>> {
        if self.0.pinned || self.0.then.is_some() {
            return None;
        }
        let started = Instant::now();
        loop {
            match self.0.writer.try_lock() {
                Ok(writer) => return Some(writer),
                Err(TryLockError::Poisoned(writer)) => return Some(writer.into_inner()),
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(PATIENCE / 50);
                }
                Err(TryLockError::WouldBlock) => return None,
            }
        }
    }

    /// Judges the board that follows the tables.
    fn there<T>(
        &self,
        writer: &mut Writer,
        now: Timestamp,
        then: impl FnOnce(Assessment, &Board) -> T,
    ) -> Result<T, ViewsError> {
        let Writer { connection, assessor, live } = writer;
        // Another process may be applying entries: what is read must be of one moment.
        let at_once = connection.transaction()?;
        let (applied, judging) =
            (position(&at_once)?.0, self.judging(&at_once, assessor.as_ref())?);
        let follow =
            |retired: &_| Live::follow(live.take(), (&at_once, applied), &judging, retired);
        let (assessment, mut followed) = judged((&at_once, applied), &judging, now, follow)?;
        at_once.commit()?;
        let answer = then(assessment, followed.board());
        *live = Some(followed);
        Ok(answer)
    }

    /// Judges a board of its own, which is thrown away.
    fn apart<T>(
        &self,
        now: Timestamp,
        then: impl FnOnce(Assessment, &Board) -> T,
    ) -> Result<T, ViewsError> {
        self.at_once(|connection| {
            let (applied, judging) = (position(connection)?.0, self.judging(connection, None)?);
            let load = |retired: &_| Live::load(connection, &judging, retired);
            let (assessment, mut live) = judged((connection, applied), &judging, now, load)?;
            Ok(then(assessment, live.board()))
        })
    }
}

/// Whether an assessment may be shown once more while there are newer entries.
fn is_recent(assessed: Timestamp, now: Timestamp) -> bool {
    now.duration_since(assessed).abs() < RECENT
}

/// Judges the tables as the connection sees them with so many entries in them; `board` gives what holds there, without
/// targets that are retired.
pub(super) fn judged(
    (connection, applied): (&Connection, u64),
    assessor: &Assessor,
    now: Timestamp,
    board: impl FnOnce(&BTreeSet<String>) -> Result<Live, ViewsError>,
) -> Result<(Assessment, Live), ViewsError> {
    let people = read::people_at(connection, assessor.framework(), applied)?;
    // What is gone for good decides nothing, whatever was found there.
    let live = board(&people.retired.keys().cloned().collect())?;
    let heard =
        Heard { silences: read::silences(connection, now)?, targets: labels::told(connection)? };
    Ok(weigh((applied, now), assessor, (people, heard), live))
}

/// Who was heard, and of which targets.
pub(super) struct Heard {
    /// Agents by id and name, and since when they are silent that should have spoken.
    pub(super) silences: Vec<(String, String, Option<Timestamp>)>,
    /// Every target that was ever enrolled, with what is known of it without people. One whose agent was revoked is among them:
    /// nobody observes it, which is to be seen, until a person retires it.
    pub(super) targets: Vec<(String, Told)>,
}

/// Judges what holds on a board.
pub(super) fn weigh(
    (applied, now): (u64, Timestamp),
    assessor: &Assessor,
    (people, heard): (People, Heard),
    mut live: Live,
) -> (Assessment, Live) {
    let board = live.board();
    let mut silent = Vec::new();
    for (agent, host_name, since) in heard.silences {
        board.silent((&agent, &host_name), since);
        silent.extend(since.map(|since| Silent { agent, host_name, since }));
    }
    let targets = people.targets(heard.targets);
    let duties = people.attestations();
    let around = Around {
        targets: &targets,
        scope: &people.scope,
        exclusions: &people.exclusions,
        waivers: &people.waivers,
        manual: &people.manual,
        attestations: &duties,
    };
    let statuses = board.assess(assessor.framework(), &around, now);
    let (waivers, outside) = (board.waiver_states(&around, now), board.outside(&around));
    let assessment = Assessment {
        applied,
        now,
        pack: assessor.pack().digest().to_owned(),
        pack_version: assessor.pack().version().to_owned(),
        statuses,
        silent,
        people,
        targets,
        waivers,
        outside,
        apart: false,
    };
    (assessment, live)
}
