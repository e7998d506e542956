//! Makes observations into documents and runs into signed statements: bytes are written once, here, and hashed as
//! written. It never stores, never sends and never chooses its own place in the chain.

mod fit;
mod record;

use std::collections::BTreeMap;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Target;
use exhibit_proto::keys::{KeyId, SecretKey};
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::rotation;
use exhibit_proto::statement::{
    Capsule, Closed, DOCUMENT_MEDIA_TYPE, EVIDENCE, HEARTBEAT, Heartbeat, Observed, Outcome,
    PluginUsed, Run, Scheduled, Statement, StatementError, Subject, Vetoes,
};

use crate::host::{Moment, rfc3339};

pub use record::Recorder;

/// Seals as one agent in one epoch.
pub struct Sealer {
    pub key: SecretKey,
    pub agent: String,
    pub epoch: u64,
    /// SHA-256 of the agent's executable.
    pub binary: Digest,
    /// SHA-256 of the configuration in force.
    pub configuration: Digest,
    /// What that configuration forbids.
    pub vetoes: Vetoes,
}

/// Where the next statement stands, and what it may say of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub seq: u64,
    pub prev: Digest,
    pub clock_offset_ms: Option<i64>,
    pub checkpoint: Option<Checkpoint>,
}

/// A document as it will be stored, and how it was obtained.
#[derive(Clone, Debug)]
pub struct SealedDocument {
    pub bytes: String,
    pub observed: Observed,
}

/// A signed envelope and what it names.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub link: Link,
    pub digest: Digest,
    pub entry: EntryType,
    pub envelope: Vec<u8>,
    /// The documents it names.
    pub documents: Vec<Observed>,
}

/// What one run yields; its texts are redacted.
#[derive(Clone, Debug)]
pub struct Report {
    pub started: jiff::Timestamp,
    pub finished: jiff::Timestamp,
    pub plugins: Vec<PluginUsed>,
    pub documents: Vec<Observed>,
    pub outcomes: Vec<Outcome>,
}

/// What a heartbeat says beside its place.
#[derive(Clone, Debug)]
pub struct Pulse {
    pub host_name: String,
    pub schedule: Vec<Scheduled>,
    pub interval_seconds: u64,
    pub spool_items: u64,
    pub dropped: u64,
    /// The day that ended, and the number of its first statement.
    pub ended: Option<(String, u64)>,
    /// Labels of targets by the configuration, without secrets.
    pub labels: BTreeMap<Target, BTreeMap<String, String>>,
}

impl Sealer {
    pub fn key_id(&self) -> KeyId {
        self.key.public().id()
    }

    /// Seals a run: one statement, or several in a row when one would be over 64 KiB.
    pub fn run(
        &self,
        place: &Place,
        moment: &Moment,
        report: &Report,
    ) -> Result<Vec<Sealed>, StatementError> {
        let mut sealed: Vec<Sealed> = Vec::new();
        let mut waiting = vec![fit::Part::of(report)];
        while let Some(part) = waiting.pop() {
            let place = match sealed.last() {
                None => place.clone(),
                Some(last) => Place { seq: last.link.seq + 1, prev: last.digest, ..place.clone() },
            };
            match self.statement(&place, moment, report, &part) {
                Ok(statement) => sealed.push(statement),
                Err(StatementError::TooLarge(bytes)) => {
                    let (first, second) = part.split().ok_or(StatementError::TooLarge(bytes))?;
                    waiting.push(second);
                    waiting.push(first);
                }
                Err(
                    error @ (StatementError::Dsse(_)
                    | StatementError::Json(_)
                    | StatementError::Form(_)
                    | StatementError::Type(_)),
                ) => return Err(error),
            }
        }
        Ok(sealed)
    }

    fn statement(
        &self,
        place: &Place,
        moment: &Moment,
        report: &Report,
        part: &fit::Part,
    ) -> Result<Sealed, StatementError> {
        let subject = part.documents.iter().map(|document| {
            let name = format!("{} {}", document.kind, document.target);
            Subject::new(name, document.digest, Some(DOCUMENT_MEDIA_TYPE))
        });
        let run = Run {
            capsule: self.capsule(place, moment),
            started: rfc3339(report.started),
            finished: rfc3339(report.finished),
            plugins: report.plugins.clone(),
            documents: part.documents.clone(),
            outcomes: part.outcomes.clone(),
        };
        let envelope = Statement::new(EVIDENCE, subject.collect(), run).seal(&self.key)?;
        Ok(self.sealed(place, EntryType::Evidence, envelope, part.documents.clone()))
    }

    /// Seals a sign of life.
    pub fn heartbeat(
        &self,
        place: &Place,
        moment: &Moment,
        pulse: &Pulse,
    ) -> Result<Sealed, StatementError> {
        let heartbeat = Heartbeat {
            capsule: self.capsule(place, moment),
            host_name: pulse.host_name.clone(),
            schedule: pulse.schedule.clone(),
            interval_seconds: pulse.interval_seconds,
            spool_items: pulse.spool_items,
            dropped: pulse.dropped,
            closes: pulse.ended.clone().map(|(day, first)| Closed {
                day,
                first,
                last: place.seq.saturating_sub(1),
            }),
            labels: pulse.labels.clone(),
        };
        let envelope = Statement::new(HEARTBEAT, Vec::new(), heartbeat).seal(&self.key)?;
        Ok(self.sealed(place, EntryType::Heartbeat, envelope, Vec::new()))
    }

    /// Seals the last statement of this epoch, which both keys sign.
    pub fn rotation(
        &self,
        place: &Place,
        moment: &Moment,
        next: &SecretKey,
    ) -> Result<Sealed, StatementError> {
        let envelope = rotation::seal(self.capsule(place, moment), &self.key, next)?;
        Ok(self.sealed(place, EntryType::Rotate, envelope, Vec::new()))
    }

    /// Seals as the same agent in the next epoch.
    pub fn with_key(&self, key: SecretKey, epoch: u64) -> Self {
        Self { key, epoch, agent: self.agent.clone(), vetoes: self.vetoes.clone(), ..*self }
    }

    fn sealed(
        &self,
        place: &Place,
        entry: EntryType,
        envelope: Vec<u8>,
        documents: Vec<Observed>,
    ) -> Sealed {
        let link = Link { epoch: self.epoch, seq: place.seq, prev: place.prev };
        Sealed { link, digest: Digest::of(&envelope), entry, envelope, documents }
    }

    fn capsule(&self, place: &Place, moment: &Moment) -> Capsule {
        Capsule {
            agent: self.agent.clone(),
            epoch: self.epoch,
            seq: place.seq,
            prev: place.prev,
            boot_id: moment.boot_id.clone(),
            monotonic_ms: moment.monotonic_ms,
            sealed_at: rfc3339(moment.now),
            clock_offset_ms: place.clock_offset_ms,
            checkpoint: place.checkpoint.clone(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            agent_binary: self.binary,
            configuration: self.configuration,
            vetoes: self.vetoes.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
