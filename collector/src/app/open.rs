//! Opens what is stored: the log, a reader of it, the views.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::Keys;
use crate::config::Config;
use crate::identity::Collector;
use crate::log::{Lock, LogReader, LogWriter, Settings, WriterTask};
use crate::views::{Assessor, Views};

/// Opens the views, when somebody needs them.
pub(super) type OpenViews = Arc<dyn Fn() -> anyhow::Result<Views> + Send + Sync>;

/// The log for writing; the caller holds the lock.
pub(super) fn log(
    path: &Path,
    collector: &Collector,
) -> anyhow::Result<(LogWriter, LogReader, WriterTask)> {
    let (writer, task) = LogWriter::start(settings(path, collector)).context("opening the log")?;
    let reader = LogReader::open(path).context("opening the log")?;
    Ok((writer, reader, task))
}

pub(super) fn settings(path: &Path, collector: &Collector) -> Settings {
    Settings {
        path: path.to_owned(),
        origin: collector.verifier().name().to_owned(),
        key: collector.key(),
        leaving: collector.leaving(),
        clock: Box::new(Timestamp::now),
    }
}

/// A reader whose head our own key signed.
pub(super) fn reader(config: &Config, keys: &Keys) -> anyhow::Result<LogReader> {
    let reader = LogReader::open(&config.log_db()).context("opening the log")?;
    let head = reader.head()?;
    let ours = keys.collector.keys().open_head(head.signed.as_bytes());
    ours.context("the log's head is not signed by our keys for our origin")?;
    Ok(reader)
}

/// Views that are as new as the log, whether or not `serve` runs.
pub(super) fn views(config: &Config, keys: &Keys) -> anyhow::Result<Views> {
    let reader = reader(config, keys)?;
    let (path, assessor) = (config.views_db(), Assessor::builtin()?);
    // Without a collector that serves, the views are ours to make; otherwise they are its own to replace.
    let lock = Lock::take(&config.lock());
    let views = match &lock {
        Ok(_held) => Views::open(&path, reader, assessor)?,
        Err(_serving) => Views::attach(&path, reader, assessor)?,
    };
    views.catch_up()?;
    Ok(views)
}
