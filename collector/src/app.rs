//! Wires the rooms together: the only place that knows all of them. It decides nothing about evidence.

mod attest;
mod bar;
mod desk;
mod init;
mod keys;
mod log_key;
mod put_back;
mod record;
mod retention;
mod revoke;
mod rules;
mod scrub;
mod serve;
mod status;
mod timestamp;
mod tools;
mod witness;

pub use init::{Before, Initialised, init};
pub use log_key::{Changed, change as change_log_key};
pub use put_back::{PutBack, put_back};
pub use retention::{HoldShown, Listed, Retained, delete, hold, holds, retention};
pub use revoke::{Revoked, revoke};
pub use rules::{Compared, Tested, diff as diff_rules, test as test_rules};
pub use scrub::{Checked, check};
pub use serve::{Ready, serve};
pub use status::{Overview, overview};
pub use timestamp::{StampedNow, stamp};
pub use tools::{
    Rebuilt, TokenAsked, TokenMade, Validated, create_token, export, rebuild, select, validate,
};
pub use witness::{CurrentPolicy, policy};

use std::collections::BTreeMap;

use anyhow::Context as _;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{RULE_PACK, RulePackInForce, Statement, Subject};
use jiff::Timestamp;
use serde_json::Value;

use crate::identity::Collector;
use crate::log::{LogReader, LogWriter, Settings, WriterTask};
use crate::named::PACK_MEDIA_TYPE;
use crate::views::Assessor;
use keys::Keys;

/// Opens the log for writing; the caller holds the lock.
fn open_log(
    path: &std::path::Path,
    collector: &Collector,
) -> anyhow::Result<(LogWriter, LogReader, WriterTask)> {
    let (writer, task) = LogWriter::start(settings(path, collector)).context("opening the log")?;
    let reader = LogReader::open(path).context("opening the log")?;
    Ok((writer, reader, task))
}

fn settings(path: &std::path::Path, collector: &Collector) -> Settings {
    Settings {
        path: path.to_owned(),
        origin: collector.verifier().name().to_owned(),
        key: collector.key(),
        leaving: collector.leaving(),
        clock: Box::new(Timestamp::now),
    }
}

/// Logs the rule pack that this program carries, unless it is the one in force.
async fn log_rule_pack(
    writer: &LogWriter,
    reader: &LogReader,
    collector: &Collector,
    assessor: &Assessor,
) -> anyhow::Result<()> {
    let pack = assessor.pack();
    let digest: Digest = pack.digest().parse()?;
    if let Some(entry) = reader.last_of(&EntryType::RulePack)? {
        let envelope = entry.envelope.context("the rule pack in force is missing from the log")?;
        let statement =
            Statement::<Value>::open(&envelope, collector.keys().of_entry(entry.index).key())?;
        if statement.predicate_as::<RulePackInForce>()?.pack == digest {
            return Ok(());
        }
    }
    let in_force = RulePackInForce {
        version: pack.version().to_owned(),
        pack: digest,
        rules: pack.rules().len() as u64,
        by: format!("exhibit-collector {}", env!("CARGO_PKG_VERSION")),
    };
    // The sources stand beside the log: verdicts of today can be judged again when this program is long gone.
    let sources: BTreeMap<_, _> = pack.sources().iter().map(|(path, text)| (path, text)).collect();
    let sources = serde_json::to_vec(&sources)?;
    let subject = vec![
        Subject::new("urn:exhibit:rule-pack", digest, None),
        Subject::new("urn:exhibit:rule-pack:sources", Digest::of(&sources), Some(PACK_MEDIA_TYPE)),
    ];
    let mut entry = collector.entry(EntryType::RulePack, RULE_PACK, subject, in_force)?;
    entry.documents.push(sources);
    let committed = writer.append(entry).await.context("logging the rule pack")?;
    tracing::info!(index = committed.index, version = pack.version(), "rule pack is in force");
    Ok(())
}
