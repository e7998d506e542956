//! What the agent and the process of a run say to each other: an order, then documents and the end.

use exhibit_proto::document::{Kind, MAX_BYTES, Target};
use exhibit_proto::statement::{Observed, Outcome, PluginUsed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use crate::app::catalog::Words;
use crate::seal::SealedDocument;

/// Ends the run early. So does the end of the standard input: then the agent is gone.
pub(super) const STOP: &[u8] = b"stop\n";

/// What the process is told, as one line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// The configuration in force, whatever its file says by now.
    pub(super) configuration: String,
    /// Its folder: paths need not be UTF-8.
    pub(super) folder: Vec<u8>,
    pub(super) local_key: [u8; 32],
    /// What is known of the configured plugins, in their order.
    pub(super) plugins: Vec<Words>,
    pub(super) target: Target,
    pub(super) kinds: Vec<Kind>,
    /// The collector may take less than the configuration allows.
    pub(super) document_bytes: u64,
}

impl Order {
    pub(super) fn line(&self) -> Result<Vec<u8>, String> {
        let mut line = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        line.push(b'\n');
        Ok(line)
    }
}

/// What the process answers, a line each.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The document follows the line: as many bytes as it says.
    Document(Observed),
    Done(Done),
}

/// What remains to be said of the run.
#[derive(Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
    pub(super) plugins: Vec<PluginUsed>,
    pub(super) outcomes: Vec<Outcome>,
}

/// Takes documents until the end is told; an error says what came instead.
pub(super) async fn hear(
    mut from: impl AsyncBufRead + Unpin,
    documents: &mut Vec<SealedDocument>,
) -> Result<Done, String> {
    let broken = |error: std::io::Error| format!("its answers could not be read: {error}");
    let mut line = Vec::new();
    loop {
        line.clear();
        from.read_until(b'\n', &mut line).await.map_err(broken)?;
        if line.is_empty() {
            return Err("its answers end".to_owned());
        }
        let said = serde_json::from_slice(&line);
        let observed = match said.map_err(|error| format!("it answered something else: {error}"))? {
            Line::Done(done) => return Ok(done),
            Line::Document(observed) => observed,
        };
        let size = observed.size.min(MAX_BYTES);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        (&mut from).take(size).read_to_end(&mut bytes).await.map_err(broken)?;
        let bytes = String::from_utf8(bytes).map_err(|error| error.to_string())?;
        if u64::try_from(bytes.len()) != Ok(observed.size) {
            return Err(format!("document {} is not whole", observed.digest));
        }
        documents.push(SealedDocument { bytes, observed });
    }
}

#[cfg(test)]
mod tests;
