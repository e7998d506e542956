//! What holds now, in memory: a board that follows the tables, so that judging again reads what changed and not everything.
//! The writing connection itself notes which places a transaction touched. Never judges, and never writes what lasts.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use exhibit_assessment::{Board, Gap, Observed, Outcome, RuleId};
use rusqlite::{Connection, OptionalExtension as _};

use super::{Assessor, ViewsError, judge, read, unsigned};

/// What the connection notes. A transaction that is rolled back takes its notes with it.
const NOTES: &str = include_str!("live.sql");
/// So many touched places are more work than reading everything.
const MANY: i64 = 50_000;

const FINDINGS: &str = "SELECT rule, target, kind, verdict, CASE verdict WHEN 'pass' THEN '' ELSE message END, item_count,
    verdict_since, first_seen FROM findings WHERE to_index IS NULL";
/// When what the rules judged was observed last: the newest document that is here.
const OBSERVED: &str =
    "SELECT target, kind, last_seen FROM documents WHERE held = 1 AND from_index = (SELECT max(from_index) FROM document_rows h
     WHERE h.target = documents.target AND h.kind = documents.kind AND h.held = 1)";
const GAPS: &str = "SELECT target, kind, gaps, first_seen, last_seen FROM outcomes WHERE to_index IS NULL AND gaps <> '[]'";
const SCHEDULES: &str = "SELECT agent, target, kind FROM schedules WHERE to_index IS NULL";

/// The board, and up to which entry it, with the notes, has followed the tables.
pub(super) struct Live {
    board: Board,
    noted: u64,
    /// Targets that people retired: nothing of them stands on the board.
    retired: BTreeSet<String>,
    pack: String,
}

/// Has the connection note what its transactions touch.
pub(super) fn take_notes(connection: &Connection) -> Result<(), ViewsError> {
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection.execute_batch(NOTES)?)
}

/// Notes that there are new rows of a kind on a target.
pub(super) fn touch(
    connection: &Connection,
    (target, kind): (&str, &str),
) -> Result<(), ViewsError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO temp.touched VALUES (?1, ?2)")?
        .execute((target, kind))?;
    Ok(())
}

impl Live {
    /// The board as of the tables that the connection sees, from `held` if that followed them without a break. `stored`: how
    /// many entries the tables held when the transaction began.
    pub(super) fn follow(
        held: Option<Self>,
        (connection, stored): (&Connection, u64),
        assessor: &Assessor,
        retired: &BTreeSet<String>,
    ) -> Result<Self, ViewsError> {
        let many: i64 =
            connection.query_row("SELECT count(*) FROM touched", [], |row| row.get(0))?;
        let fits = |live: &Self| {
            let same = live.pack == assessor.pack().digest() && live.retired == *retired;
            same && live.noted == stored && many < MANY
        };
        let mut live = match held.filter(fits) {
            Some(mut live) => {
                live.touched(connection)?;
                live
            }
            None => Self::load(connection, assessor, retired)?,
        };
        connection.execute_batch(
            "DELETE FROM touched; DELETE FROM touched_lines; DELETE FROM touched_agents;",
        )?;
        live.noted = stored;
        Ok(live)
    }

    /// The connection applied these entries, and took notes.
    pub(super) fn noted(&mut self, applied: Range<u64>) {
        if self.noted == applied.start {
            self.noted = applied.end;
        }
    }

    pub(super) fn board(&mut self) -> &mut Board {
        &mut self.board
    }

    pub(super) fn empty(assessor: &Assessor, retired: &BTreeSet<String>) -> Self {
        let pack = assessor.pack();
        let (board, retired) = (Board::new(pack.rules()), retired.clone());
        Self { board, noted: 0, retired, pack: pack.digest().to_owned() }
    }

    pub(super) fn load(
        connection: &Connection,
        assessor: &Assessor,
        retired: &BTreeSet<String>,
    ) -> Result<Self, ViewsError> {
        let mut live = Self::empty(assessor, retired);
        let mut observed: HashMap<String, i64> = HashMap::new();
        let mut ask = connection.prepare(OBSERVED)?;
        let mut rows = ask.query([])?;
        while let Some(row) = rows.next()? {
            let (target, kind): (String, String) = (row.get(0)?, row.get(1)?);
            observed.insert(format!("{target} {kind}"), row.get(2)?);
        }
        let mut ask = connection.prepare(FINDINGS)?;
        let mut rows = ask.query([])?;
        while let Some(row) = rows.next()? {
            let (target, kind): (String, String) = (row.get(1)?, row.get(2)?);
            live.found(row, &target, observed.get(&format!("{target} {kind}")).copied())?;
        }
        let mut ask = connection.prepare(GAPS)?;
        let mut rows = ask.query([])?;
        while let Some(row) = rows.next()? {
            live.gap(row)?;
        }
        let mut ask =
            connection.prepare("SELECT DISTINCT agent FROM schedules WHERE to_index IS NULL")?;
        let agents: Vec<String> = ask.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for agent in agents {
            live.schedule(connection, &agent)?;
        }
        Ok(live)
    }

    /// Reads again what the notes name.
    fn touched(&mut self, connection: &Connection) -> Result<(), ViewsError> {
        let mut ask = connection.prepare_cached("SELECT target, kind FROM touched")?;
        let places = ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let places: Vec<(String, String)> = places.collect::<Result<_, _>>()?;
        for (target, kind) in &places {
            self.place(connection, target, kind)?;
        }
        let mut ask = connection.prepare_cached(
            "SELECT names FROM lines JOIN touched_lines ON touched_lines.line = lines.id",
        )?;
        let lines = ask.query_map([], |row| row.get::<_, String>(0))?;
        for names in lines.collect::<Result<Vec<_>, _>>()? {
            for (target, kind) in names.lines().filter_map(|name| name.split_once(' ')) {
                self.seen(connection, target, kind)?;
            }
        }
        let mut ask = connection.prepare_cached("SELECT agent FROM touched_agents")?;
        let agents: Vec<String> = ask.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        agents.iter().try_for_each(|agent| self.schedule(connection, agent))
    }

    /// One kind on one target, as it stands now.
    fn place(
        &mut self,
        connection: &Connection,
        target: &str,
        kind: &str,
    ) -> Result<(), ViewsError> {
        self.board.clear(kind, target);
        self.board.remove_gap(kind, target);
        let observed = observed(connection, target, kind)?;
        let mut ask =
            connection.prepare_cached(&format!("{FINDINGS} AND target = ?1 AND kind = ?2"))?;
        let mut rows = ask.query((target, kind))?;
        while let Some(row) = rows.next()? {
            self.found(row, target, observed)?;
        }
        let mut ask =
            connection.prepare_cached(&format!("{GAPS} AND target = ?1 AND kind = ?2"))?;
        let mut rows = ask.query((target, kind))?;
        while let Some(row) = rows.next()? {
            self.gap(row)?;
        }
        Ok(())
    }

    /// A kind on a target of which a run said again what the one before said.
    fn seen(
        &mut self,
        connection: &Connection,
        target: &str,
        kind: &str,
    ) -> Result<(), ViewsError> {
        if let Some(at) = observed(connection, target, kind)? {
            self.board.seen(kind, target, read::time(at));
        }
        let mut ask =
            connection.prepare_cached(&format!("{GAPS} AND target = ?1 AND kind = ?2"))?;
        let mut rows = ask.query((target, kind))?;
        while let Some(row) = rows.next()? {
            self.gap(row)?;
        }
        Ok(())
    }

    /// A row of [`FINDINGS`]. A rule of another pack has no say.
    pub(super) fn found(
        &mut self,
        row: &rusqlite::Row<'_>,
        target: &str,
        observed: Option<i64>,
    ) -> Result<(), ViewsError> {
        let (rule, verdict): (String, String) = (row.get(0)?, row.get(3)?);
        if let Ok(rule) = rule.parse::<RuleId>()
            && !self.retired.contains(target)
        {
            self.board.set(&Observed {
                rule,
                target: target.to_owned(),
                verdict: judge::verdict(&verdict)?,
                message: row.get(4)?,
                item_count: unsigned(row.get(5)?),
                since: read::time(row.get(6)?),
                observed_at: read::time(observed.map_or_else(|| row.get(7), Ok)?),
            });
        }
        Ok(())
    }

    /// A row of [`GAPS`].
    fn gap(&mut self, row: &rusqlite::Row<'_>) -> Result<(), ViewsError> {
        self.gap_seen(row, row.get(4)?)
    }

    /// A row of [`GAPS`], seen then: of several words about one run the worst stands.
    pub(super) fn gap_seen(
        &mut self,
        row: &rusqlite::Row<'_>,
        seen: i64,
    ) -> Result<(), ViewsError> {
        let (target, gaps): (String, String) = (row.get(0)?, row.get(2)?);
        if self.retired.contains(&target) {
            return Ok(());
        }
        let gaps: Vec<read::Gap> = serde_json::from_str(&gaps).unwrap_or_default();
        let told = gaps.into_iter().map(|gap| match gap.outcome.parse::<Outcome>() {
            Ok(outcome) => (outcome, gap.detail, gap.remedy),
            // A word that the judgement does not know must not read as anything better than a failed run.
            Err(_unknown) => {
                (Outcome::Failed, format!("{}: {}", gap.outcome, gap.detail), gap.remedy)
            }
        });
        if let Some((outcome, detail, remedy)) = told.max_by_key(|(outcome, _, _)| *outcome) {
            self.board.set_gap(&Gap {
                target,
                kind: row.get(1)?,
                outcome,
                detail,
                remedy,
                since: read::time(row.get(3)?),
                observed_at: read::time(seen),
            });
        }
        Ok(())
    }

    fn schedule(&mut self, connection: &Connection, agent: &str) -> Result<(), ViewsError> {
        let name: Option<String> = connection
            .prepare_cached("SELECT host_name FROM agents WHERE id = ?1")?
            .query_row([agent], |row| row.get(0))
            .optional()?;
        let mut ask = connection.prepare_cached(&format!("{SCHEDULES} AND agent = ?1"))?;
        let places = ask.query_map([agent], |row| Ok((row.get(1)?, row.get(2)?)))?;
        let places: Vec<(String, String)> = places.collect::<Result<_, _>>()?;
        self.expect((agent, name.as_deref().unwrap_or(agent)), &places);
        Ok(())
    }

    /// Replaces where (target and kind) an agent is to look.
    pub(super) fn expect(&mut self, agent: (&str, &str), places: &[(String, String)]) {
        let places = places.iter().filter(|(target, _)| !self.retired.contains(target));
        let places = places.map(|(target, kind)| (kind.as_str(), target.as_str()));
        self.board.schedule(agent, places);
    }
}

/// When what is judged of a kind on a target was observed last.
fn observed(connection: &Connection, target: &str, kind: &str) -> Result<Option<i64>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT last_seen FROM documents WHERE target = ?1 AND kind = ?2 AND held = 1 ORDER BY from_index DESC LIMIT 1",
    )?;
    Ok(ask.query_row((target, kind), |row| row.get(0)).optional()?)
}
