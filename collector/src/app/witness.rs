//! The log's witnesses for the commands: who they are, whether they know this log, and the policy that names them.

use anyhow::Context as _;
use serde::Serialize;

use super::Keys;
use crate::config::Config;
use crate::identity::Collector;
use crate::log::LogReader;
use crate::witness::{Asker, Circle, Witnesses};

/// The policy for auditors, as `policy` prints it.
#[derive(Debug, Serialize)]
pub struct CurrentPolicy {
    /// C2SP tlog-policy.
    pub policy: String,
    pub witnesses: usize,
}

/// The policy that follows from the configuration.
pub fn policy(config: &Config) -> anyhow::Result<CurrentPolicy> {
    let keys = Keys::load(config)?;
    let circle = circle(config, &keys.collector)?;
    Ok(CurrentPolicy { policy: circle.text().to_owned(), witnesses: circle.members().len() })
}

pub(super) fn circle(config: &Config, collector: &Collector) -> anyhow::Result<Circle> {
    Ok(Circle::new(collector.keys().clone(), &config.witness, &config.witnesses)?)
}

/// Opens what the witnesses have said.
pub(super) fn open(config: &Config, collector: &Collector) -> anyhow::Result<Witnesses> {
    Ok(Witnesses::open(circle(config, collector)?, &config.witness_db())?)
}

/// Asks the witnesses whether this is still the log that they know, before anything new is signed.
pub(super) async fn meet(
    config: &Config,
    collector: &Collector,
    reader: &LogReader,
) -> anyhow::Result<(Witnesses, Asker)> {
    let witnesses = open(config, collector)?;
    let asker = Asker::new(witnesses.circle())?;
    witnesses.meet(reader, &asker).await.context("refusing to go on with this log")?;
    Ok((witnesses, asker))
}
