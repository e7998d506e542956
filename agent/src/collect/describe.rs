//! What a plugin says of itself, and the digest of its executable.

use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use exhibit_plugin::protocol::{Describe, PROTOCOL};
use exhibit_proto::digest::{Digest, Hasher};
use tokio::io::AsyncReadExt as _;

use super::PluginConfig;
use super::process::start;

const DEADLINE: Duration = Duration::from_secs(10);
const BYTES: u64 = 1 << 20;

/// Why a plugin cannot say what it observes.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    #[error("plugin {path} cannot be started: {source}; install it or correct plugin.path")]
    NotStarted { path: String, source: io::Error },
    #[error("plugin {0} did not answer --describe within 10 s")]
    Silent(String),
    #[error("plugin {path} answered --describe with something else: {reason}")]
    Garbage { path: String, reason: String },
    #[error(
        "plugin {path} speaks protocol {found}, this agent speaks {PROTOCOL}; update the older"
    )]
    Protocol { path: String, found: u32 },
}

/// Asks the plugin what it observes.
pub async fn describe(plugin: &PluginConfig) -> Result<Describe, DescribeError> {
    let path = plugin.path.display().to_string();
    let mut child = start(plugin, &["--describe"])
        .map_err(|source| DescribeError::NotStarted { path: path.clone(), source })?;
    drop(child.stdin.take());
    // Nobody reads it: a plugin that fills it must not block on it.
    drop(child.stderr.take());
    let mut text = Vec::new();
    let answered = tokio::time::timeout(DEADLINE, async {
        if let Some(stdout) = child.stdout.take() {
            stdout.take(BYTES).read_to_end(&mut text).await?;
        }
        Ok::<_, io::Error>(())
    });
    let answered = answered.await;
    super::process::end_group(&mut child).await;
    match answered {
        Err(_elapsed) => return Err(DescribeError::Silent(path)),
        Ok(Err(error)) => {
            return Err(DescribeError::Garbage { path, reason: error.to_string() });
        }
        Ok(Ok(())) => {}
    }
    let described: Describe = serde_json::from_slice(&text).map_err(|error| {
        DescribeError::Garbage { path: path.clone(), reason: error.to_string() }
    })?;
    if described.protocol != PROTOCOL {
        return Err(DescribeError::Protocol { path, found: described.protocol });
    }
    Ok(described)
}

/// SHA-256 of a file, read in pieces.
pub fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}
