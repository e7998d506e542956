//! Where the files of a log come from: a folder, or a server. Who reads them does not know which.

use crate::files::FileError;

/// Files of a log by their path with `/`, each read as a whole and bounded. Many threads may read at once.
pub trait Source: Sync {
    /// The whole file, if it has at most `limit` bytes.
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError>;

    /// Whether the file is there; where only reading tells, yes.
    fn has(&self, path: &str) -> bool;

    /// Whether any file stands under `prefix`, such as `tile/entries/`; where only reading tells, yes.
    fn has_under(&self, prefix: &str) -> bool;

    /// Says that `path` belongs to what is verified.
    fn claim(&self, path: &str);

    /// Says that all tiles belong to what is verified, though they are not read.
    fn claim_tiles(&self);

    /// How many reads at once are worth while.
    fn at_once(&self) -> usize;
}
