//! Populations at the command line: frozen, drawn from, shown. The desk makes every list again before it logs anything.

use std::fmt;

use anyhow::Context as _;
use exhibit_proto::digest::Digest;
use exhibit_proto::sample::{Drawn, POPULATION, Population, SAMPLE};
use exhibit_proto::statement::{Act, Decision};
use jiff::Timestamp;
use serde::Serialize;

use super::open::views;
use super::{DecisionMade, Keys, decided};
use crate::config::Config;
use crate::decisions::Attached;
use crate::population::{self, Wanted};

/// Who wants it, and why.
pub struct Because {
    pub by: String,
    pub reason: String,
}

/// A population that is in the log.
#[derive(Debug, Serialize)]
pub struct PopulationFrozen {
    #[serde(flatten)]
    pub decision: DecisionMade,
    pub population: Population,
}

/// A sample that is in the log.
#[derive(Debug, Serialize)]
pub struct SampleDrawn {
    #[serde(flatten)]
    pub decision: DecisionMade,
    pub sample: Drawn,
    /// The drawn lines, in the order of their keys.
    pub lines: Vec<serde_json::Value>,
}

/// A population as it stands.
#[derive(Debug, Serialize)]
pub struct PopulationShown {
    pub id: String,
    pub entry: u64,
    pub by: String,
    pub at: Timestamp,
    pub population: Population,
    pub sample: Option<SampleShown>,
}

/// Its sample.
#[derive(Debug, Serialize)]
pub struct SampleShown {
    pub entry: u64,
    pub by: String,
    pub at: Timestamp,
    #[serde(flatten)]
    pub drawn: Drawn,
}

/// Freezes a population; works while `serve` runs.
pub fn freeze_population(
    config: &Config,
    (id, wanted): (Option<String>, &Wanted),
    because: Because,
    now: Timestamp,
) -> anyhow::Result<PopulationFrozen> {
    let views = views(config, &Keys::load(config)?)?;
    let (population, text) = population::freeze(&views, wanted)?;
    let id = match id {
        Some(id) => id,
        None => crate::decisions::next_id(&views, POPULATION, now)?,
    };
    let value = population::value(&population);
    let decision = put(config, (POPULATION, &id), (value, text), because, now)?;
    Ok(PopulationFrozen { decision, population })
}

/// Draws its sample; works while `serve` runs.
pub fn draw_sample(
    config: &Config,
    (id, number): (&str, &str),
    because: Because,
    now: Timestamp,
) -> anyhow::Result<SampleDrawn> {
    let views = views(config, &Keys::load(config)?)?;
    let (sample, text) = population::draw(&views, id, number)?;
    let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let value = population::value(&sample);
    let decision = put(config, (SAMPLE, id), (value, text), because, now)?;
    Ok(SampleDrawn { decision, sample, lines })
}

fn put(
    config: &Config,
    (register, id): (&str, &str),
    (value, text): (serde_json::Value, String),
    Because { by, reason }: Because,
    now: Timestamp,
) -> anyhow::Result<DecisionMade> {
    let (register, id) = (register.to_owned(), id.to_owned());
    let (act, value) = (Act::Put, Some(value));
    // Neither is ever put a second time.
    let decision = Decision { register, id, after: None, act, value, by, reason };
    decided::decide(config, decision, Some(Attached::new(text.into_bytes())?), now)
}

/// Populations in force, with their samples.
pub fn populations(config: &Config) -> anyhow::Result<Vec<PopulationShown>> {
    let views = views(config, &Keys::load(config)?)?;
    Ok(population::shown(&views)?.into_iter().map(PopulationShown::from).collect())
}

/// A stored list: of the population, or the drawn lines.
pub fn population_list(config: &Config, id: &str, drawn: bool) -> anyhow::Result<Vec<u8>> {
    let keys = Keys::load(config)?;
    let all = population::shown(&views(config, &keys)?)?;
    let one = all.into_iter().find(|one| one.id == id);
    let one =
        one.with_context(|| format!("no population {id:?} is frozen; see `population list`"))?;
    let digest: Digest = match (drawn, &one.sample) {
        (false, _) => one.population.digest,
        (true, Some(sample)) => sample.drawn.digest,
        (true, None) => {
            anyhow::bail!("nothing was drawn from population {id} yet: see `population draw`")
        }
    };
    let bytes = super::open::reader(config, &keys)?.document(&digest)?;
    bytes.with_context(|| format!("the list {digest} is not held any more"))
}

impl From<population::Shown> for PopulationShown {
    fn from(shown: population::Shown) -> Self {
        let population::Shown { id, entry, by, at, population, sample } = shown;
        let sample = sample.map(|sample| {
            let population::ShownSample { entry, by, at, drawn } = sample;
            SampleShown { entry, by, at, drawn }
        });
        Self { id, entry, by, at, population, sample }
    }
}

impl fmt::Display for PopulationFrozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { decision, population } = self;
        let Population { source, items, digest, draw, .. } = population;
        writeln!(f, "{decision}")?;
        writeln!(
            f,
            "{items} items of {} targets as of {} entries; {} targets gave none; sha256 of the list {digest}",
            source.selected, source.entries, source.without
        )?;
        write!(
            f,
            "To be drawn: {draw}. Show entry {} to whoever audits; only then they say a number:\n  exhibit-collector population draw {} --number NUMBER --by NAME --reason TEXT",
            decision.entry, decision.id
        )
    }
}

impl fmt::Display for SampleDrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { decision, sample, lines } = self;
        writeln!(f, "{decision}")?;
        write!(f, "{} drawn with seed {}", sample.items, sample.seed)?;
        lines.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl fmt::Display for PopulationShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, entry, by, at, population, sample } = self;
        let Population { title, items, draw, .. } = population;
        write!(f, "{id}\t{title}\t{items} items\tentry {entry}\tby {by} on {at}\tto draw: {draw}")?;
        match sample {
            Some(sample) => write!(
                f,
                "\t{} drawn by {} on {}, entry {}, number {:?}",
                sample.drawn.items, sample.by, sample.at, sample.entry, sample.drawn.number
            ),
            None => write!(f, "\tnot drawn"),
        }
    }
}
