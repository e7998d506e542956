//! `retention`, `delete` and `hold`; and the pass beside `serve`. It decides no fate: `crate::retention` does, purely.

mod delete;
mod hold;
mod look;
mod pass;

use std::sync::Arc;

use exhibit_proto::statement::Subject;

use super::open::{OpenViews, views};
use super::{Keys, desk};
use crate::identity::Collector;
use crate::log::{LogReader, LogWriter};
use crate::retention::{LastPass, Retention};
use crate::views::Views;

pub use delete::delete;
pub use hold::{HoldShown, hold, holds};
pub use look::{Listed, Retained, retention};

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

#[cfg(test)]
mod tests;
