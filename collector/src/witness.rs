//! The log's witnesses: asks each to cosign newer heads, and keeps what they signed. It never holds up admission, never
//! believes a line that it has not verified, and never lets a log go on that a witness knows otherwise.
//!
//! | part | does |
//! |---|---|
//! | `circle` | who they are, and when a head counts as witnessed (C2SP tlog-policy) |
//! | `store` | `witness.db`: cosignatures are facts from outside, which no log can give again |
//! | `answer` | what an answer means: pure |
//! | `ask` | one exchange over HTTP |
//! | `follow` | the meeting at start, and the loop |

mod answer;
mod ask;
mod circle;
mod follow;
mod store;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exhibit_proto::note::NoteError;
use exhibit_proto::policy::PolicyError;

use crate::log::{Head, LogError, RECOVERY};

pub use ask::Asker;
pub use circle::{Circle, Member};
pub use store::{Standing, Store};

/// Why witnesses cannot be asked, or why the log must not go on.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error("witness database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("witness database has layout {found}, this version reads {expected}")]
    Layout { found: i64, expected: i64 },
    #[error("witnesses: {0}; see [[witness]] and [witnesses] of the configuration")]
    Policy(#[from] PolicyError),
    #[error("witness {vkey:?}: {source}")]
    Vkey { vkey: String, source: NoteError },
    #[error("witness {name:?} is named like the log: a witness needs a name of its own")]
    Name { name: String },
    #[error("witness {name:?}: {url:?} is not an http or https address")]
    Url { name: String, url: String },
    #[error("witness {name:?}: {path}: {source}", path = path.display())]
    Roots { name: String, path: PathBuf, source: std::io::Error },
    #[error("HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(
        "witness {name} has cosigned a head of {theirs} entries, and this data directory holds {ours}: it is a restored backup \
         or a copy. {WAY_OUT}. {RECOVERY}. {WITNESS_ERRS}"
    )]
    Ahead { name: String, theirs: u64, ours: u64 },
    #[error(
        "witness {name} has cosigned another history of this log, which parts from this data directory at or before entry \
         {size}: this is a restored backup or a copy that went on. {WAY_OUT}. {RECOVERY}. {WITNESS_ERRS}"
    )]
    Forked { name: String, size: u64 },
    #[error(
        "witness {name} would refuse heads that the new key alone signs ({why}). Nothing was signed. Give its operator the new key \
         beside the old one, and try again; if it is out of use, remove its [[witness]] from the configuration"
    )]
    Strange { name: String, why: String },
    #[error("a task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

const WAY_OUT: &str = "Nothing was signed. Stop every other collector with this key and bring back the newest data directory";
const WITNESS_ERRS: &str =
    "If it is the witness that errs, remove its [[witness]] from the configuration";

/// A head that the quorum has cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Checkpoint and the log's signature, with the cosignatures in `signed`.
    pub head: Head,
    /// Who cosigned, by the policy's names, with Unix seconds.
    pub by: BTreeMap<String, u64>,
}

/// The circle of witnesses and what they have said. Clones are cheap and share the database.
#[derive(Clone)]
pub struct Witnesses {
    circle: Arc<Circle>,
    store: Store,
}

impl Witnesses {
    /// Opens `witness.db`, making it if it is not there.
    pub fn open(circle: Circle, path: &Path) -> Result<Self, WitnessError> {
        Ok(Self { circle: Arc::new(circle), store: Store::open(path)? })
    }

    pub fn circle(&self) -> &Circle {
        &self.circle
    }

    /// The newest head that satisfies the quorum, verified anew. Blocking.
    pub fn newest(&self) -> Result<Option<Witnessed>, WitnessError> {
        if self.circle.is_empty() {
            return Ok(None);
        }
        Ok(self.store.published()?.and_then(|note| self.circle.witnessed(&note)))
    }

    /// `head` with the cosignatures that are held for it, verified; and who made them. Blocking.
    pub fn cosigned(&self, head: &Head) -> Result<(Head, BTreeMap<String, u64>), WitnessError> {
        let lines = self.store.lines(&head.checkpoint)?;
        Ok(self.circle.dress(head, &lines))
    }

    /// Keeps a cosignature of the first witness as if it had just answered.
    #[cfg(test)]
    pub(crate) fn record_for_test(&self, head: &Head, line: (&str, u64)) {
        self.store.record(&self.circle, &self.circle.members()[0], head, line).unwrap();
    }

    /// How each witness stands, in the configuration's order. Blocking.
    pub fn standings(&self) -> Result<Vec<Standing>, WitnessError> {
        self.circle.members().iter().map(|member| self.store.standing(member)).collect()
    }
}
