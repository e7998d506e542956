//! What no row knows of an earlier moment: when something unchanged had been observed last, and what an agent had said last. The
//! agents' own statements do, newest first. Its answers are functions of the connection that stands at that moment.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use exhibit_proto::statement::{Capsule, Heartbeat};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use crate::log::LogReader;
use crate::views::said::{Said, run_before, said_at};
use crate::views::{ViewsError, signed, unsigned};

/// Among so many of an agent's last entries the newest of its chain is looked for: late ones come in between.
const LATE: u32 = 64;
/// Runs that are remembered before all are let go.
const RUNS: usize = 20_000;

/// Which word about a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Document,
    End,
}

/// A target and kind, which word about it, from which entry on.
type Asked = ((String, String), Of, u64);
/// An entry and a time, in milliseconds since 1970.
type Seen = Option<(u64, i64)>;

/// The newest words before an entry.
pub(super) struct Told {
    /// Of its own: the tables as they are now.
    connection: Connection,
    log: LogReader,
    entries: u64,
    /// Agents that may speak for a target.
    speakers: Option<HashMap<String, Vec<String>>>,
    /// Of each agent, newest first: what was looked at so far.
    runs: HashMap<String, Vec<Arc<Said>>>,
    held: usize,
    /// What was asked last: its two numbers are asked for one after the other.
    last: Option<(Asked, Seen)>,
    spoke: Option<Spoke>,
    beat: Option<(String, BTreeMap<&'static str, Value>)>,
}

/// What an agent's newest statement says of itself.
struct Spoke {
    agent: String,
    said: BTreeMap<&'static str, Value>,
    /// The statement itself was read: the row of its entry does not tell everything.
    is_read: bool,
}

/// What of a statement of any type is read here.
#[derive(serde::Deserialize)]
struct OfItself {
    capsule: Capsule,
}

impl Told {
    pub(super) fn new(connection: Connection, log: LogReader, entries: u64) -> Self {
        Self {
            connection,
            log,
            entries,
            speakers: None,
            runs: HashMap::new(),
            held: 0,
            last: None,
            spoke: None,
            beat: None,
        }
    }

    /// When a document of the place was observed last, from entry `from` on, by which entry.
    fn place(
        &mut self,
        of: Of,
        (target, kind, agent): (&str, &str, &str),
        from: u64,
    ) -> Result<Seen, ViewsError> {
        let place = (target.to_owned(), kind.to_owned());
        let asked = (place.clone(), of, from);
        if let Some((last, seen)) = &self.last
            && *last == asked
        {
            return Ok(*seen);
        }
        let mut newest: Seen = None;
        for agent in self.speakers(target, agent)? {
            let mut at = 0;
            while let Some(said) = self.run(&agent, at, from)? {
                let seen = said.places.get(&place).and_then(|observed| match of {
                    Of::Document => *observed,
                    Of::End => Some(said.finished),
                });
                if let Some(seen) = seen {
                    let (index, before) = newest.unwrap_or((said.index, seen));
                    newest = Some((index.max(said.index), before.max(seen)));
                    break;
                }
                at += 1;
            }
        }
        self.last = Some((asked, newest));
        Ok(newest)
    }

    /// Whoever may speak for the target: who may now, and who did then.
    fn speakers(&mut self, target: &str, agent: &str) -> Result<Vec<String>, ViewsError> {
        if self.speakers.is_none() {
            let mut speakers: HashMap<String, Vec<String>> = HashMap::new();
            let mut ask = self.connection.prepare(
                "SELECT agents.id, granted.value FROM agents, json_each(agents.targets) granted ORDER BY agents.id",
            )?;
            let mut rows = ask.query([])?;
            while let Some(row) = rows.next()? {
                speakers.entry(row.get(1)?).or_default().push(row.get(0)?);
            }
            self.speakers = Some(speakers);
        }
        let known = self.speakers.as_ref().and_then(|speakers| speakers.get(target));
        let mut all = known.cloned().unwrap_or_default();
        if !all.iter().any(|one| one == agent) {
            all.push(agent.to_owned());
        }
        Ok(all)
    }

    /// The agent's run at this place, counted from the newest back, if it does not lie before entry `from`.
    fn run(
        &mut self,
        agent: &str,
        place: usize,
        from: u64,
    ) -> Result<Option<Arc<Said>>, ViewsError> {
        let runs = self.runs.get(agent);
        if let Some(said) = runs.and_then(|runs| runs.get(place)) {
            return Ok(Some(Arc::clone(said)).filter(|said| said.index >= from));
        }
        let before = runs.and_then(|runs| runs.last()).map_or(self.entries, |said| said.index);
        let Some(said) = run_before(&self.connection, &self.log, (agent, before, from))? else {
            return Ok(None);
        };
        if self.held >= RUNS && place == 0 {
            self.runs.clear();
            self.held = 0;
        }
        let said = Arc::new(said);
        self.runs.entry(agent.to_owned()).or_default().push(Arc::clone(&said));
        self.held += 1;
        Ok(Some(said))
    }

    /// What the agent's newest statement of its chain says of itself.
    fn spoke(&mut self, agent: &str, what: &str) -> Result<Value, ViewsError> {
        if self.spoke.as_ref().is_none_or(|last| last.agent != agent) {
            let (agent, said) = (agent.to_owned(), self.newest(agent)?);
            self.spoke = Some(Spoke { agent, said, is_read: false });
        }
        let Some(spoke) = &mut self.spoke else { return Ok(Value::Null) };
        if !spoke.is_read && !matches!(what, "index" | "rx" | "seq") {
            if let Some(Value::Integer(index)) = spoke.said.get("index") {
                let index = unsigned(*index);
                capsule(&self.log, index, &mut spoke.said)?;
            }
            spoke.is_read = true;
        }
        Ok(spoke.said.get(what).cloned().unwrap_or(Value::Null))
    }

    /// The row of the agent's newest statement of its chain.
    fn newest(&self, agent: &str) -> Result<BTreeMap<&'static str, Value>, ViewsError> {
        let mut ask = self.connection.prepare_cached(
            "SELECT idx, rx, seq FROM (SELECT idx, rx, epoch, seq FROM entries WHERE agent = ?1 AND idx < ?2 AND problem IS NULL
             AND seq IS NOT NULL ORDER BY idx DESC LIMIT ?3) ORDER BY epoch DESC, seq DESC LIMIT 1",
        )?;
        let newest: Option<(i64, i64, i64)> = ask
            .query_row((agent, signed(self.entries), LATE), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((index, rx, seq)) = newest else { return Ok(BTreeMap::new()) };
        Ok(BTreeMap::from([
            ("index", Value::Integer(index)),
            ("rx", Value::Integer(rx)),
            ("seq", Value::Integer(seq)),
        ]))
    }

    /// What its last heartbeat says.
    fn beat(&mut self, agent: &str, what: &str) -> Result<Value, ViewsError> {
        if self.beat.as_ref().is_none_or(|(last, _)| last != agent) {
            let said = self.heartbeat(agent)?;
            self.beat = Some((agent.to_owned(), said));
        }
        let said = self.beat.as_ref().and_then(|(_, said)| said.get(what));
        Ok(said.cloned().unwrap_or(Value::Null))
    }

    fn heartbeat(&self, agent: &str) -> Result<BTreeMap<&'static str, Value>, ViewsError> {
        let mut ask = self.connection.prepare_cached(
            "SELECT idx FROM entries WHERE agent = ?1 AND idx < ?2 AND type = 'heartbeat' AND problem IS NULL
             ORDER BY idx DESC LIMIT 1",
        )?;
        let index: Option<i64> =
            ask.query_row((agent, signed(self.entries)), |row| row.get(0)).optional()?;
        let Some(index) = index else { return Ok(BTreeMap::new()) };
        let mut said = BTreeMap::from([("index", Value::Integer(index))]);
        if let Some(beat) = said_at::<Heartbeat>(&self.log, unsigned(index))? {
            said.insert("host_name", beat.host_name.into());
            said.insert("interval", signed(beat.interval_seconds).into());
            said.insert("spool_items", signed(beat.spool_items).into());
            said.insert("dropped", signed(beat.dropped).into());
        }
        Ok(said)
    }
}

/// Adds what the statement of an entry says of its agent: statements of every type have a capsule.
fn capsule(
    log: &LogReader,
    index: u64,
    said: &mut BTreeMap<&'static str, Value>,
) -> Result<(), ViewsError> {
    let Some(OfItself { capsule }) = said_at(log, index)? else { return Ok(()) };
    said.insert("version", capsule.agent_version.into());
    said.insert("binary", capsule.agent_binary.to_string().into());
    said.insert("configuration", capsule.configuration.to_string().into());
    said.insert("boot", capsule.boot_id.into());
    said.insert("clock_offset", capsule.clock_offset_ms.into());
    let vetoes = Some(&capsule.vetoes).filter(|vetoes| !vetoes.is_empty());
    let vetoes = vetoes.and_then(|vetoes| serde_json::to_string(vetoes).ok());
    said.insert("vetoes", vetoes.into());
    Ok(())
}

/// Gives the connection the functions that its tables ask.
pub(super) fn functions(
    connection: &Connection,
    told: &Arc<Mutex<Told>>,
) -> Result<(), ViewsError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, of) in [("observed", Of::Document), ("ended", Of::End)] {
        let told = Arc::clone(told);
        connection.create_scalar_function(name, 5, flags, move |asked: &Context<'_>| {
            let (target, kind, agent): (String, String, String) =
                (asked.get(0)?, asked.get(1)?, asked.get(2)?);
            let (from, what): (i64, String) = (asked.get(3)?, asked.get(4)?);
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let seen = told.place(of, (&target, &kind, &agent), unsigned(from)).map_err(failed)?;
            Ok(seen.map(|(index, at)| if what == "index" { signed(index) } else { at }))
        })?;
    }
    type Asks = fn(&mut Told, &str, &str) -> Result<Value, ViewsError>;
    let agents: [(&str, Asks); 2] = [("spoke", Told::spoke), ("beat", Told::beat)];
    for (name, ask) in agents {
        let told = Arc::clone(told);
        connection.create_scalar_function(name, 2, flags, move |asked: &Context<'_>| {
            let (agent, what): (String, String) = (asked.get(0)?, asked.get(1)?);
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            ask(&mut told, &agent, &what).map_err(failed)
        })?;
    }
    Ok(())
}

fn failed(error: ViewsError) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(Box::new(error))
}
