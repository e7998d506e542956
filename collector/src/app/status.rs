//! What stands where: log, agents, controls. For a person at a shell, or a script.

use std::collections::BTreeMap;
use std::fmt;

use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use serde::Serialize;

use super::open::reader;
use super::{Keys, witness};
use crate::config::Config;
use crate::log::Lock;
use crate::log::scrub::{self, ScrubStore};
use crate::timestamp::{self, Timestamps};
use crate::views::{Assessor, Views};
use crate::witness::Standing;

/// Log, agents and controls at one moment.
#[derive(Debug, Serialize)]
pub struct Overview {
    pub origin: String,
    /// Entries of the log.
    pub size: u64,
    pub root: Digest,
    /// Entries of the newest head that the quorum of witnesses has cosigned.
    pub witnessed: Option<u64>,
    pub witnesses: Vec<Standing>,
    pub timestamps: Vec<timestamp::Standing>,
    pub scrub: scrub::Standing,
    pub agents: u64,
    /// Host names of agents that should have spoken and have not.
    pub silent: Vec<String>,
    /// Status → number of Annex A controls; every status is named.
    pub controls: BTreeMap<&'static str, u64>,
}

/// Reads everything anew; works while `serve` runs.
pub fn overview(config: &Config, now: Timestamp) -> anyhow::Result<Overview> {
    let keys = Keys::load(config)?;
    let reader = reader(config, &keys)?;
    let (path, assessor) = (config.views_db(), Assessor::builtin()?);
    // Without a collector that serves, the views are ours to make; otherwise they are its own to replace.
    let lock = Lock::take(&config.lock());
    let views = match &lock {
        Ok(_held) => Views::open(&path, reader.clone(), assessor)?,
        Err(_serving) => Views::attach(&path, reader.clone(), assessor)?,
    };
    views.catch_up()?;
    let checkpoint = reader.head()?.checkpoint;
    let assessment = views.assess(now)?;
    let witnesses = witness::open(config, &keys.collector)?;
    let counts = assessment.counts().into_iter();
    Ok(Overview {
        origin: checkpoint.origin,
        size: checkpoint.size,
        root: checkpoint.root,
        witnessed: witnesses.newest()?.map(|newest| newest.head.checkpoint.size),
        witnesses: witnesses.standings()?,
        timestamps: Timestamps::open(config)?.standings()?,
        scrub: ScrubStore::open(&config.scrub_db())?.standing()?,
        agents: views.agents()?.len() as u64,
        silent: assessment.silent.iter().map(|agent| agent.host_name.clone()).collect(),
        controls: counts.map(|(status, count)| (status.as_str(), count as u64)).collect(),
    })
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "log       {} entries of {}", self.size, self.origin)?;
        writeln!(f, "root      {}", self.root)?;
        match (self.witnesses.as_slice(), self.witnessed) {
            ([], _) => writeln!(f, "witnessed not: no witness is configured")?,
            (_, Some(size)) => writeln!(f, "witnessed {size} entries")?,
            (_, None) => writeln!(f, "witnessed not yet")?,
        }
        for Standing { name, cosigned, problem, .. } in &self.witnesses {
            let size = cosigned.map_or(0, |(size, _)| size);
            let problem = problem.as_ref().map(|problem| format!("; {problem}"));
            writeln!(f, "          {name}: {size} entries{}", problem.unwrap_or_default())?;
        }
        if self.timestamps.is_empty() {
            writeln!(f, "stamped   not: no time-stamping authority is configured")?;
        }
        for timestamp::Standing { name, newest, problem, .. } in &self.timestamps {
            let newest = newest.as_ref().map_or_else(
                || "nothing yet".to_owned(),
                |newest| format!("{} entries at {}", newest.size, newest.time),
            );
            let problem = problem.as_ref().map(|problem| format!("; {problem}"));
            writeln!(f, "stamped   {newest} by {name}{}", problem.unwrap_or_default())?;
        }
        writeln!(f, "scrub     {}", self.scrub)?;
        write!(f, "agents    {}", self.agents)?;
        match self.silent.as_slice() {
            [] => writeln!(f)?,
            silent => writeln!(f, ", silent: {}", silent.join(", "))?,
        }
        let counts = self.controls.iter().map(|(name, count)| format!("{count} {name}"));
        let counts: Vec<String> = counts.map(|count| count.replace('_', " ")).collect();
        write!(f, "controls  {}", counts.join(", "))
    }
}
