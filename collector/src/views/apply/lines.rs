//! What an agent goes on saying of each kind on each target: how often and until when it was the same. Many such places stand
//! in one row, so that a run in which nothing changed writes one row, not one for each of its documents and outcomes.
//!
//! It never says what was observed: `document_rows` and `outcome_rows` do, and point here for as long as they hold.

mod marks;

use std::collections::HashMap;

use exhibit_proto::digest::Digest;
use rusqlite::{OptionalExtension as _, Row};

use super::At;
use crate::views::{ViewsError, signed};
use marks::Mark;

pub(super) use marks::{Of, Repeated};

/// Places of one row: what is read and written when one of them moves.
const PLACES: usize = 64;
/// Where a row points to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    line: i64,
    slot: usize,
}

struct Line {
    id: i64,
    /// `target kind` each.
    names: Vec<String>,
    marks: Vec<Mark>,
    told: Vec<Digest>,
    is_grown: bool,
    is_marked: bool,
    is_told: bool,
}

/// The lines of one agent, and those of others as far as their rows are met.
pub(super) struct Lines {
    lines: Vec<Line>,
    /// How many of them are the agent's own.
    own: usize,
    agent: String,
    /// The place after the one found last: a run mostly names its places in the order of the one before.
    next: (usize, usize),
    by_name: Option<HashMap<String, Place>>,
}

const LINE: &str = "SELECT l.id, l.names, m.numbers, t.digests FROM lines l
    JOIN marks m ON m.line = l.id JOIN told t ON t.line = l.id";

impl Place {
    pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Self>> {
        let line: Option<i64> = row.get(at)?;
        let slot: Option<u16> = row.get(at + 1)?;
        Ok(line.zip(slot).map(|(line, slot)| Self { line, slot: slot.into() }))
    }

    pub(super) fn columns(self) -> (i64, i64) {
        (self.line, signed(self.slot as u64))
    }
}

impl Lines {
    pub(super) fn of(at: &At<'_>, agent: &str) -> Result<Self, ViewsError> {
        let mut ask =
            at.tx.prepare_cached(&format!("{LINE} WHERE l.agent = ?1 ORDER BY l.number"))?;
        let lines = ask.query_map([agent], Line::read)?.collect::<Result<Vec<_>, _>>()?;
        let own = lines.len();
        Ok(Self { lines, own, agent: agent.to_owned(), next: (0, 0), by_name: None })
    }

    /// The agent's place for this kind on this target; a new one where it has none.
    pub(super) fn place(
        &mut self,
        at: &At<'_>,
        (target, kind): (&str, &str),
    ) -> Result<Place, ViewsError> {
        let (mut line, mut slot) = self.next;
        if self.lines.get(line).is_some_and(|held| slot >= held.names.len()) {
            (line, slot) = (line + 1, 0);
        }
        if let Some(held) = self.lines.get(line).filter(|_| line < self.own)
            && held.names.get(slot).is_some_and(|name| is(name, target, kind))
        {
            let place = Place { line: held.id, slot };
            self.next = (line, slot + 1);
            return Ok(place);
        }
        let own = self.lines.iter().take(self.own);
        let by_name = self.by_name.get_or_insert_with(|| {
            let places = own.flat_map(|line| {
                let named = line.names.iter().enumerate();
                named.map(|(slot, name)| (name.clone(), Place { line: line.id, slot }))
            });
            places.collect()
        });
        let name = format!("{target} {kind}");
        if let Some(place) = by_name.get(&name).copied() {
            let line = self.lines.iter().position(|line| line.id == place.line);
            self.next = (line.unwrap_or(0), place.slot + 1);
            return Ok(place);
        }
        self.grow(at, name)
    }

    fn grow(&mut self, at: &At<'_>, name: String) -> Result<Place, ViewsError> {
        let room = self
            .own
            .checked_sub(1)
            .filter(|last| self.lines.get(*last).is_some_and(|line| line.names.len() < PLACES));
        let last = match room {
            Some(last) => last,
            None => {
                at.tx
                    .prepare_cached("INSERT INTO lines (agent, number, names) VALUES (?1, ?2, '')")?
                    .execute((&self.agent, signed(self.own as u64)))?;
                let id = at.tx.last_insert_rowid();
                at.tx.prepare_cached("INSERT INTO marks VALUES (?1, x'')")?.execute([id])?;
                at.tx.prepare_cached("INSERT INTO told VALUES (?1, x'')")?.execute([id])?;
                self.lines.insert(self.own, Line::new(id));
                self.own += 1;
                self.own - 1
            }
        };
        let Some(line) = self.lines.get_mut(last) else {
            return Err(ViewsError::Row { expected: "a line", found: self.agent.clone() });
        };
        let place = Place { line: line.id, slot: line.names.len() };
        line.names.push(name.clone());
        line.marks.push(Mark::default());
        line.told.push(Digest::ZERO);
        (line.is_grown, line.is_marked, line.is_told) = (true, true, true);
        if let Some(by_name) = &mut self.by_name {
            by_name.insert(name, place);
        }
        Ok(place)
    }

    /// Whether the agent said just this of the place last time, and nothing has to be looked at again.
    pub(super) fn says(&self, place: Place, said: Digest) -> bool {
        let line = self.lines.iter().find(|line| line.id == place.line);
        line.and_then(|line| line.told.get(place.slot)) == Some(&said)
    }

    /// Remembers what was said; zeros: it is looked at anew each time.
    pub(super) fn tell(&mut self, place: Place, said: Digest) {
        let line = self.lines.iter_mut().find(|line| line.id == place.line);
        if let Some(line) = line
            && let Some(told) = line.told.get_mut(place.slot)
            && *told != said
        {
            *told = said;
            line.is_told = true;
        }
    }

    /// One more run in which the row stayed as it was.
    pub(super) fn repeat(&mut self, place: Place, of: Of, index: i64, seen: i64) {
        let line = self.lines.iter_mut().find(|line| line.id == place.line);
        if let Some(line) = line
            && let Some(mark) = line.marks.get_mut(place.slot)
        {
            let repeated = mark.of(of);
            repeated.seen = if repeated.index == 0 { seen } else { repeated.seen.max(seen) };
            (repeated.index, repeated.runs) = (index, repeated.runs + 1);
            line.is_marked = true;
        }
    }

    /// What a row's place holds of it goes over to the row: it ends, or another agent speaks of it now.
    pub(super) fn take(
        &mut self,
        at: &At<'_>,
        place: Option<Place>,
        of: Of,
    ) -> Result<Repeated, ViewsError> {
        let Some(place) = place else { return Ok(Repeated::default()) };
        if !self.lines.iter().any(|line| line.id == place.line) {
            let mut ask = at.tx.prepare_cached(&format!("{LINE} WHERE l.id = ?1"))?;
            self.lines.extend(ask.query_row([place.line], Line::read).optional()?);
        }
        let own = self.own;
        let line = self.lines.iter_mut().enumerate().find(|(_, line)| line.id == place.line);
        let Some((number, line)) = line else { return Ok(Repeated::default()) };
        let Some(mark) = line.marks.get_mut(place.slot) else { return Ok(Repeated::default()) };
        line.is_marked = true;
        let taken = std::mem::take(mark.of(of));
        if number >= own {
            self.tell(place, Digest::ZERO);
        }
        Ok(taken)
    }

    /// Writes the rows that changed.
    pub(super) fn write(self, at: &At<'_>) -> Result<(), ViewsError> {
        for line in &self.lines {
            if line.is_grown {
                at.tx
                    .prepare_cached("UPDATE lines SET names = ?2 WHERE id = ?1")?
                    .execute((line.id, line.names.join("\n")))?;
            }
            if line.is_marked {
                at.tx
                    .prepare_cached("UPDATE marks SET numbers = ?2 WHERE line = ?1")?
                    .execute((line.id, marks::write(&line.marks)))?;
            }
            if line.is_told {
                let told: Vec<u8> = line.told.iter().flat_map(|said| *said.as_bytes()).collect();
                at.tx
                    .prepare_cached("UPDATE told SET digests = ?2 WHERE line = ?1")?
                    .execute((line.id, told))?;
            }
        }
        Ok(())
    }
}

/// The next statement that names this document is to be looked at: its bytes go.
pub(super) fn forget(at: &At<'_>, digest: &str) -> Result<(), ViewsError> {
    let mut ask = at.tx.prepare_cached(
        "SELECT line, slot FROM document_rows WHERE digest = ?1 AND held = 1 AND line IS NOT NULL",
    )?;
    let places = ask.query_map([digest], |row| Place::read(row, 0))?;
    for place in places.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let mut ask = at.tx.prepare_cached("SELECT digests FROM told WHERE line = ?1")?;
        let told: Option<Vec<u8>> = ask.query_row([place.line], |row| row.get(0)).optional()?;
        let Some(mut told) = told else { continue };
        let said = told.get_mut(place.slot * 32..(place.slot + 1) * 32);
        said.unwrap_or_default().fill(0);
        at.tx
            .prepare_cached("UPDATE told SET digests = ?2 WHERE line = ?1")?
            .execute((place.line, told))?;
    }
    Ok(())
}

impl Line {
    fn new(id: i64) -> Self {
        let (names, marks, told) = Default::default();
        Self { id, names, marks, told, is_grown: false, is_marked: false, is_told: false }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let names: &str = row.get_ref(1)?.as_str()?;
        let names: Vec<String> =
            names.split('\n').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let mut marks = marks::read(row.get_ref(2)?.as_blob()?);
        marks.resize(names.len(), Mark::default());
        let digests = row.get_ref(3)?.as_blob()?.chunks(32);
        let mut told: Vec<Digest> =
            digests.map(|bytes| Digest::try_from(bytes).unwrap_or(Digest::ZERO)).collect();
        told.resize(names.len(), Digest::ZERO);
        Ok(Self { names, marks, told, ..Self::new(row.get(0)?) })
    }
}

fn is(name: &str, target: &str, kind: &str) -> bool {
    let rest = name.strip_prefix(target).and_then(|rest| rest.strip_prefix(' '));
    rest == Some(kind)
}
