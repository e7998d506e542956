//! The newest head of a log that was found to follow, on disk; and what did not follow, kept as proof.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::note::Verifier;

use crate::source::Source;
use crate::trust::Trust;
use crate::verify;

const HEAD: &str = "head";
const FORKS: &str = "forks";

/// A folder for one log.
pub struct Heads {
    folder: PathBuf,
}

/// Why a head cannot be remembered.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{} is not a head of the log {log}: {reason}; name another folder, one for each log",
        path.display()
    )]
    Foreign { path: PathBuf, log: String, reason: String },
}

impl Heads {
    /// Makes the folder where it is not there yet.
    pub fn open(folder: &Path) -> Result<Self, HeadsError> {
        let forks = folder.join(FORKS);
        fs::create_dir_all(&forks).map_err(|source| HeadsError::Io { path: forks, source })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The remembered head with its signed note, which must be of a log that the policy names; of any key that this log has
    /// had, as `source` shows them.
    pub fn newest(
        &self,
        trust: &Trust,
        source: &dyn Source,
    ) -> Result<Option<(Checkpoint, String)>, HeadsError> {
        match self.held(&trust.policy.logs) {
            Err(HeadsError::Foreign { .. }) => self.held(&verify::all_keys(trust, source)),
            held => held,
        }
    }

    fn held(&self, logs: &[Verifier]) -> Result<Option<(Checkpoint, String)>, HeadsError> {
        let path = self.folder.join(HEAD);
        let note = match fs::read_to_string(&path) {
            Ok(note) => note,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(HeadsError::Io { path, source }),
        };
        let mut reason = "no log is named".to_owned();
        for log in logs {
            match Checkpoint::open(note.as_bytes(), log) {
                Ok(checkpoint) => return Ok(Some((checkpoint, note))),
                Err(error) => reason = error.to_string(),
            }
        }
        let names: Vec<_> = logs.iter().map(Verifier::name).collect();
        Err(HeadsError::Foreign { path, log: names.join(", "), reason })
    }

    /// What remembers one log and is shown another.
    pub(super) fn of_another(&self, held: &str, log: &str) -> HeadsError {
        let (path, log) = (self.folder.join(HEAD), log.to_owned());
        HeadsError::Foreign { path, log, reason: format!("it is of the log {held:?}") }
    }

    /// Remembers a head that was found to follow: on disk when this returns.
    pub fn keep(&self, note: &str) -> Result<(), HeadsError> {
        self.replace(&self.folder.join(HEAD), note)
    }

    /// Keeps two signed heads that exclude each other; answers where the second lies.
    pub fn fork(&self, known: &str, found: &str) -> Result<PathBuf, HeadsError> {
        let name = Digest::of_parts(&[known.as_bytes(), found.as_bytes()]);
        let forks = self.folder.join(FORKS);
        self.replace(&forks.join(format!("{name}.known")), known)?;
        let place = forks.join(format!("{name}.found"));
        self.replace(&place, found)?;
        Ok(place)
    }

    fn replace(&self, path: &Path, text: &str) -> Result<(), HeadsError> {
        let new = path.with_extension("new");
        let written = || -> io::Result<()> {
            // 1. Whole and on disk under another name. A crash leaves the old head, from which the next one follows as well.
            let mut file = File::create(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // 2. The name, and that too on disk. A crash between leaves the old or the new head, both whole.
            fs::rename(&new, path)?;
            File::open(path.parent().unwrap_or(&self.folder))?.sync_all()
        };
        written().map_err(|source| HeadsError::Io { path: path.to_owned(), source })
    }
}
