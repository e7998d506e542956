//! Agents and their schedules.

use exhibit_assessment::is_silent;
use exhibit_proto::statement::Vetoes;
use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::time;
use crate::views::{Views, ViewsError, unsigned};

/// One agent as its newest statements tell.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentRow {
    pub id: String,
    pub host_name: String,
    /// Key id of the evidence key in force.
    pub key: String,
    pub epoch: u64,
    pub targets: Vec<String>,
    pub approved_by: String,
    pub enrolled_index: u64,
    pub enrolled: Timestamp,
    pub revoked: Option<Revoked>,
    /// Newest statement; the enrolment itself before the first one.
    pub last_index: u64,
    pub last_seen: Timestamp,
    pub last_seq: u64,
    /// Statements of its chain that are not in the log.
    pub missing: u64,
    pub version: Option<String>,
    pub binary: Option<String>,
    pub configuration: Option<String>,
    /// What the operator of its host forbids, by its newest statement.
    pub vetoes: Vetoes,
    /// The agent's clock minus the collector's.
    pub clock_offset_ms: Option<i64>,
    pub interval_seconds: Option<u64>,
    pub spool_items: Option<u64>,
    pub dropped: Option<u64>,
}

/// Who ended an agent's right to speak, when and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Revoked {
    pub index: u64,
    pub at: Timestamp,
    pub by: String,
    pub reason: String,
}

/// One kind that an agent says it will collect.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleRow {
    pub agent: String,
    pub target: String,
    pub kind: String,
    pub cron: String,
    pub from_index: u64,
}

impl AgentRow {
    /// When it was last heard, if it should have spoken since: twice its own interval, or 26 hours before it named one.
    pub fn silent_since(&self, now: Timestamp) -> Option<Timestamp> {
        let silent = is_silent(now, self.last_seen, self.interval_seconds);
        (silent && self.revoked.is_none()).then_some(self.last_seen)
    }
}

/// Every agent that may speak: id, name for people, and since when it is silent that should have spoken.
pub(in crate::views) fn silences(
    connection: &Connection,
    now: Timestamp,
) -> Result<Vec<(String, String, Option<Timestamp>)>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT id, host_name, last_seen, interval_s, revoked_index IS NOT NULL FROM agents ORDER BY host_name, id",
    )?;
    let rows = ask.query_map([], |row| {
        let last_seen = time(row.get(2)?);
        let interval = row.get::<_, Option<i64>>(3)?.map(unsigned);
        let silent = is_silent(now, last_seen, interval) && !row.get(4)?;
        Ok((row.get(0)?, row.get(1)?, silent.then_some(last_seen)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const AGENT: &str = "SELECT id, host_name, key, epoch, targets, approved_by, enrolled_index, enrolled, revoked_index, \
     revoked, revoked_by, revoked_reason, last_index, last_seen, last_seq, missing, version, binary_digest, \
     configuration, clock_offset_ms, interval_s, spool_items, dropped, vetoes FROM agents";

impl Views {
    /// All agents by host name.
    pub fn agents(&self) -> Result<Vec<AgentRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!("{AGENT} ORDER BY host_name, id"))?;
            Ok(ask.query_map([], agent)?.collect::<Result<_, _>>()?)
        })
    }

    /// Ids of all agents, with the names of their hosts.
    pub fn agent_ids(&self) -> Result<Vec<(String, String)>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached("SELECT id, host_name FROM agents")?;
            let rows = ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// How many targets and agents there are.
    pub fn population(&self) -> Result<(usize, usize), ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT (SELECT count(*) FROM targets), (SELECT count(*) FROM agents)",
            )?;
            let counts =
                ask.query_row([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?)))?;
            let number = |count| usize::try_from(count).unwrap_or(usize::MAX);
            Ok((number(counts.0), number(counts.1)))
        })
    }

    /// Versions that agents tell of themselves.
    pub fn agent_versions(&self) -> Result<Vec<String>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT DISTINCT version FROM agents WHERE version IS NOT NULL ORDER BY version",
            )?;
            Ok(ask.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    pub fn agent(&self, id: &str) -> Result<Option<AgentRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!("{AGENT} WHERE id = ?1"))?;
            Ok(ask.query_map([id], agent)?.next().transpose()?)
        })
    }

    /// PEM of an enrolled key, and the host name of the agent that holds it.
    pub fn key(&self, key: &str) -> Result<Option<(String, String)>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT pem, host_name FROM keys JOIN agents ON agents.id = agent WHERE keys.key = ?1",
            )?;
            let rows = ask.query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.into_iter().next().transpose()?)
        })
    }

    /// The entries by which a key came into force: the enrolment, then each rotation up to the one that brought it.
    pub fn introductions(&self, key: &str) -> Result<Vec<u64>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "WITH RECURSIVE line(from_index, predecessor) AS (
                     SELECT from_index, predecessor FROM keys WHERE key = ?1
                     UNION ALL
                     SELECT keys.from_index, keys.predecessor FROM keys JOIN line ON keys.key = line.predecessor)
                 SELECT from_index FROM line ORDER BY from_index",
            )?;
            let rows = ask.query_map([key], |row| Ok(unsigned(row.get(0)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Every kind on schedule now, of every agent.
    pub fn schedules(&self) -> Result<Vec<ScheduleRow>, ViewsError> {
        self.scheduled("?1 IS NULL", None)
    }

    pub fn schedules_of_agent(&self, agent: &str) -> Result<Vec<ScheduleRow>, ViewsError> {
        self.scheduled("agent = ?1", Some(agent))
    }

    /// What is on schedule for a target, whichever agent looks.
    pub fn schedules_of_target(&self, target: &str) -> Result<Vec<ScheduleRow>, ViewsError> {
        self.scheduled("target = ?1", Some(target))
    }

    fn scheduled(&self, fits: &str, of: Option<&str>) -> Result<Vec<ScheduleRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "SELECT agent, target, kind, cron, from_index FROM schedules WHERE to_index IS NULL AND {fits}
                 ORDER BY agent, target, kind"
            ))?;
            let rows = ask.query_map([of], |row| {
                Ok(ScheduleRow {
                    agent: row.get(0)?,
                    target: row.get(1)?,
                    kind: row.get(2)?,
                    cron: row.get(3)?,
                    from_index: unsigned(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

pub(super) fn agent(row: &Row<'_>) -> rusqlite::Result<AgentRow> {
    let number = |column: usize| -> rusqlite::Result<Option<u64>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(unsigned))
    };
    let revoked = match number(8)? {
        None => None,
        Some(index) => {
            Some(Revoked { index, at: time(row.get(9)?), by: row.get(10)?, reason: row.get(11)? })
        }
    };
    let targets: String = row.get(4)?;
    let vetoes: Option<String> = row.get(23)?;
    Ok(AgentRow {
        id: row.get(0)?,
        host_name: row.get(1)?,
        key: row.get(2)?,
        epoch: unsigned(row.get(3)?),
        targets: serde_json::from_str(&targets).unwrap_or_default(),
        approved_by: row.get(5)?,
        enrolled_index: unsigned(row.get(6)?),
        enrolled: time(row.get(7)?),
        revoked,
        last_index: unsigned(row.get(12)?),
        last_seen: time(row.get(13)?),
        last_seq: unsigned(row.get(14)?),
        missing: unsigned(row.get(15)?),
        version: row.get(16)?,
        binary: row.get(17)?,
        configuration: row.get(18)?,
        clock_offset_ms: row.get(19)?,
        interval_seconds: number(20)?,
        spool_items: number(21)?,
        dropped: number(22)?,
        vetoes: vetoes.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    })
}
