//! `retention`, `delete` and `hold`; and the pass beside `serve`. It decides no fate: `crate::retention` does, purely.

mod delete;
mod hold;
mod look;
mod pass;

use std::sync::Arc;

use exhibit_proto::statement::Subject;

use super::{Keys, desk, tools};
use crate::config::Config;
use crate::identity::Collector;
use crate::log::{LogReader, LogWriter};
use crate::retention::{LastPass, Retention};
use crate::views::{Assessor, Views};

pub use delete::delete;
pub use hold::{HoldShown, hold, holds};
pub use look::{Listed, Retained, retention};

/// Opens the views, when somebody needs them.
pub(super) type OpenViews = Arc<dyn Fn() -> anyhow::Result<Views> + Send + Sync>;

/// Whoever deletes: one batch at a time, and no hold slips in between.
#[derive(Clone)]
pub(super) struct Undertaker {
    pub(super) collector: Collector,
    pub(super) writer: LogWriter,
    pub(super) reader: LogReader,
    pub(super) views: OpenViews,
    pub(super) rules: Retention,
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    pub(super) last: LastPass,
}

impl Undertaker {
    fn about(&self) -> Vec<Subject> {
        let log = self.collector.verifier().name().to_owned();
        vec![Subject::new(log, self.collector.public().id(), None)]
    }

    async fn caught_up(&self) -> anyhow::Result<Views> {
        let open = Arc::clone(&self.views);
        tokio::task::spawn_blocking(move || {
            let views = open()?;
            views.catch_up()?;
            Ok(views)
        })
        .await?
    }
}

/// The views as of now, whether or not `serve` runs.
pub(super) fn views(config: &Config, keys: &Keys) -> anyhow::Result<Views> {
    let reader = tools::reader(config, keys)?;
    let (path, assessor) = (config.views_db(), Assessor::builtin()?);
    let views = match crate::log::Lock::take(&config.lock()) {
        Ok(_lock) => Views::open(&path, reader, assessor)?,
        Err(_serving) => Views::attach(&path, reader, assessor)?,
    };
    views.catch_up()?;
    Ok(views)
}

#[cfg(test)]
mod tests;
