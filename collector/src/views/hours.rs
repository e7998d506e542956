//! What was judged at full hours, kept whole: statuses of an earlier moment are read, not judged again, which would take every
//! finding of then. Each midnight is kept, and each full hour where there is much to judge. It never judges, and keeps no words of
//! findings: what a deletion takes is gone here, too.

mod counted;
mod packed;
mod turned;

use std::collections::{BTreeMap, HashMap};

use exhibit_assessment::{
    ControlGap, ControlId, ControlStatus, EvidenceKind, Heard, OutsideTarget, Reason, WaiverState,
};
use exhibit_proto::digest::{Digest, Hasher};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::status::Silent;
use super::{Assessment, Assessor, ViewsError, labels, read, signed, unsigned};

pub(super) use turned::{TURNS, turned};

const DAY: i64 = 24 * 3_600_000;
/// So many findings are judged anew in a fraction of a second: of fewer only midnights are kept.
pub(super) const MUCH: u64 = 20_000;

/// A judgement that is kept: its full hour, and the entries that it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hour {
    pub(super) at: i64,
    pub(super) entries: u64,
}

/// What is kept of it beside reasons.
#[derive(Serialize, Deserialize)]
struct Said {
    pack: String,
    pack_version: String,
    /// Without reasons.
    statuses: Vec<ControlStatus>,
    silent: Vec<Silent>,
    waivers: Vec<WaiverState>,
    outside: Vec<OutsideTarget>,
    heard: Heard,
}

/// A reason; `true`: its text goes on after the message of the finding that it quotes.
type Kept = (bool, Reason);

/// Whether what is judged at this full hour is kept.
pub(super) fn is_kept(connection: &Connection, at: i64) -> Result<bool, ViewsError> {
    Ok(at % DAY == 0 || findings(connection)? > MUCH)
}

/// How many findings hold now.
pub(super) fn findings(connection: &Connection) -> Result<u64, ViewsError> {
    let mut ask =
        connection.prepare_cached("SELECT coalesce(sum(findings), 0) FROM main.finding_counts")?;
    Ok(unsigned(ask.query_row([], |row| row.get(0))?))
}

/// Keeps a judgement.
pub(super) fn keep(
    connection: &Connection,
    Hour { at, entries }: Hour,
    (assessment, heard): (Assessment, Heard),
) -> Result<(), ViewsError> {
    let Assessment { pack, pack_version, mut statuses, silent, waivers, outside, .. } = assessment;
    let base = base(connection, at)?;
    let mut messages = HashMap::new();
    let mut reasons = Vec::new();
    for status in &mut statuses {
        let told = std::mem::take(&mut status.reasons).into_iter();
        let kept = told.map(|reason| cut(connection, &mut messages, reason));
        let kept = kept.collect::<Result<Vec<Kept>, _>>()?;
        reasons.push((status.control.to_string(), kept));
    }
    let said = Said { pack, pack_version, statuses, silent, waivers, outside, heard };
    let before = base.map(|base| packed::said(connection, base)).transpose()?.flatten();
    let said = packed::pack(&json(&said), before.as_deref());
    let before = base.map(|base| packed::counts(connection, base)).transpose()?.flatten();
    let counts = packed::pack(&json(&counted::now(connection)?), before.as_deref());
    let before = base.map(|base| packed::turned(connection, base)).transpose()?.flatten();
    let turned = packed::pack(&turned::at(connection, Hour { at, entries })?, before.as_deref());
    connection
        .prepare_cached("INSERT INTO judgements VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![at, base.unwrap_or(at), signed(entries), said, counts, turned])?;
    for (control, kept) in reasons {
        let before = base.map(|base| packed::reasons(connection, base, &control)).transpose()?;
        let (before, told) = (before.flatten(), json(&kept));
        // A control of which the same is said has no row.
        if before.as_ref() == Some(&told) {
            continue;
        }
        let told = packed::pack(&told, before.as_deref());
        connection
            .prepare_cached("INSERT INTO judged_reasons VALUES (?1, ?2, ?3)")?
            .execute((at, control, told))?;
    }
    Ok(())
}

/// What a judgement is packed against: that of an hour against its midnight's, that of a midnight against the first of its month.
fn base(connection: &Connection, at: i64) -> Result<Option<i64>, ViewsError> {
    let first = if at % DAY == 0 {
        let day = read::time(at).to_zoned(TimeZone::UTC).date();
        let month = day.first_of_month().to_zoned(TimeZone::UTC);
        month.map_or(at, |month| month.timestamp().as_millisecond())
    } else {
        at.div_euclid(DAY) * DAY
    };
    let mut ask = connection
        .prepare_cached("SELECT min(at) FROM main.judgements WHERE at >= ?1 AND at < ?2")?;
    let base: Option<i64> = ask.query_row((first, at), |row| row.get(0))?;
    Ok(base)
}

/// A reason without the words of the finding that it quotes.
fn cut(
    connection: &Connection,
    messages: &mut HashMap<(String, String), String>,
    mut reason: Reason,
) -> Result<Kept, ViewsError> {
    let quoted = reason.rule.as_ref().zip(reason.target.as_ref());
    let Some((rule, target)) = quoted.filter(|_| reason.quotes_finding()) else {
        return Ok((false, reason));
    };
    let place = (rule.to_string(), target.clone());
    let message = match messages.get(&place) {
        Some(message) => message,
        None => {
            let mut ask = connection.prepare_cached(
                "SELECT message FROM findings WHERE rule = ?1 AND target = ?2 AND to_index IS NULL",
            )?;
            let message: Option<String> =
                ask.query_row((&place.0, &place.1), |row| row.get(0)).optional()?;
            messages.entry(place).or_insert(message.unwrap_or_default())
        }
    };
    reason.text = reason.text.strip_prefix(message.as_str()).unwrap_or_default().to_owned();
    Ok((true, reason))
}

/// Puts the counts of then in front of those of now, on a connection that stands where the log had so many entries: what an hour
/// before kept, and of findings what turned since.
pub(super) fn front(connection: &Connection, entries: u64) -> Result<(), ViewsError> {
    match newest(connection)? {
        Some(hour) => counted::front(connection, hour, entries),
        None => Ok(()),
    }
}

/// The newest judgement that is kept.
pub(super) fn newest(connection: &Connection) -> Result<Option<Hour>, ViewsError> {
    let mut ask =
        connection.prepare_cached("SELECT at, entries FROM judgements ORDER BY at DESC LIMIT 1")?;
    let hour =
        ask.query_row([], |row| Ok(Hour { at: row.get(0)?, entries: unsigned(row.get(1)?) }));
    Ok(hour.optional()?)
}

/// A judgement without reasons; what people decided and which targets there were is read as of its entries.
pub(super) fn assessment(
    connection: &Connection,
    hour: Hour,
    assessor: &Assessor,
) -> Result<Option<Assessment>, ViewsError> {
    let Some(said) = said(connection, hour)? else { return Ok(None) };
    let people = read::people_at(connection, assessor.framework(), hour.entries)?;
    let targets = people.targets(labels::told_at(connection, hour.entries)?);
    let Said { pack, pack_version, statuses, silent, waivers, outside, heard: _ } = said;
    Ok(Some(Assessment {
        applied: hour.entries,
        now: read::time(hour.at),
        pack,
        pack_version,
        statuses,
        silent,
        people,
        targets,
        waivers,
        outside,
        apart: true,
    }))
}

fn said(connection: &Connection, hour: Hour) -> Result<Option<Said>, ViewsError> {
    packed::said(connection, hour.at)?.map(|raw| parse(&raw)).transpose()
}

/// The reasons of a control; without the words of findings unless `words` are wanted.
pub(super) fn reasons(
    connection: &Connection,
    hour: Hour,
    control: ControlId,
    words: bool,
) -> Result<Vec<Reason>, ViewsError> {
    let Some(raw) = packed::reasons(connection, hour.at, &control.to_string())? else {
        return Ok(Vec::new());
    };
    let kept: Vec<Kept> = parse(&raw)?;
    // The tables themselves, not those of then in front of them: which finding held is told by its entries.
    let mut ask = connection.prepare_cached(
        "SELECT message FROM main.findings WHERE rule = ?1 AND target = ?2 AND from_index < ?3 ORDER BY from_index DESC LIMIT 1",
    )?;
    let mut whole = |(is_cut, mut reason): Kept| {
        if let Some((rule, target)) = reason.rule.as_ref().zip(reason.target.as_ref())
            && is_cut
            && words
        {
            let place = (rule.as_str(), target, signed(hour.entries));
            let message: Option<String> = ask.query_row(place, |row| row.get(0)).optional()?;
            reason.text.insert_str(0, &message.unwrap_or_default());
        }
        Ok(reason)
    };
    kept.into_iter().map(&mut whole).collect()
}

/// What each control lacked then, by a judgement that is kept whole or apart.
pub(super) fn gaps(
    connection: &Connection,
    (hour, assessor): (Hour, &Assessor),
    assessment: &Assessment,
    about: (&[EvidenceKind], &BTreeMap<String, Vec<String>>),
) -> Result<Option<Vec<ControlGap>>, ViewsError> {
    let Some(said) = said(connection, hour)? else { return Ok(None) };
    let mut statuses = assessment.statuses.clone();
    if assessment.apart {
        for status in &mut statuses {
            status.reasons = reasons(connection, hour, status.control, false)?;
        }
    }
    Ok(Some(said.heard.gap_analysis(assessor.pack().rules(), &statuses, about)))
}

/// How many judgements there are, and a digest of what they say, however it is packed.
pub(super) fn dump(connection: &Connection) -> Result<(u64, Digest), ViewsError> {
    let (mut hasher, mut count) = (Hasher::default(), 0);
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    let mut ask = connection.prepare("SELECT at, base, entries FROM judgements ORDER BY at")?;
    let mut controls =
        connection.prepare("SELECT control FROM judged_reasons WHERE at = ?1 ORDER BY control")?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        let numbers: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        let [at, ..] = numbers;
        numbers.iter().for_each(|number| add(&number.to_be_bytes()));
        add(&packed::said(connection, at)?.unwrap_or_default());
        add(&packed::counts(connection, at)?.unwrap_or_default());
        add(&packed::turned(connection, at)?.unwrap_or_default());
        let told = controls.query_map([at], |row| row.get::<_, String>(0))?;
        for control in told {
            let control = control?;
            add(control.as_bytes());
            add(&packed::reasons(connection, at, &control)?.unwrap_or_default());
        }
        count += 1;
    }
    Ok((count, hasher.finish()))
}

impl Hour {
    pub(super) fn of(assessment: &Assessment) -> Self {
        Self { at: assessment.now.as_millisecond(), entries: assessment.applied }
    }

    /// Whether it was judged from the same entries at the same time; a day's last millisecond is its midnight.
    pub(super) fn is_of(self, entries: u64, at: Timestamp) -> bool {
        self.entries == entries && (0..=1).contains(&(self.at - at.as_millisecond()))
    }
}

fn json(said: &impl Serialize) -> Vec<u8> {
    // Texts, numbers and times: nothing of it cannot be written.
    serde_json::to_vec(said).unwrap_or_default()
}

fn parse<T: for<'a> Deserialize<'a>>(raw: &[u8]) -> Result<T, ViewsError> {
    serde_json::from_slice(raw)
        .map_err(|error| ViewsError::Row { expected: "a judgement", found: error.to_string() })
}
