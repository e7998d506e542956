//! What people do, as entries of the log that the collector signs.

use std::sync::Arc;

use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{ACTIVITY, Activity, Subject};

use crate::identity::{Collector, IdentityError};
use crate::log::LogWriter;
use crate::web::Record;

/// The callback by which pages log what a person did.
pub(super) fn record(collector: Collector, writer: LogWriter) -> Record {
    Arc::new(move |done: Activity| {
        let (collector, writer) = (collector.clone(), writer.clone());
        Box::pin(async move {
            activity(&collector, &writer, done).await.map(drop).map_err(|error| error.to_string())
        })
    })
}

/// Logs what a person did; answers the index of the entry.
pub(super) async fn activity(
    collector: &Collector,
    writer: &LogWriter,
    done: Activity,
) -> Result<u64, IdentityError> {
    let log = collector.verifier().name().to_owned();
    let subject = Subject::new(log, collector.public().id(), None);
    let entry = collector.entry(EntryType::Activity, ACTIVITY, vec![subject], done)?;
    Ok(writer.append(entry).await?.index)
}
