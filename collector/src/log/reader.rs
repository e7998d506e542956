//! Reading what is committed. Never writes, and never shows more than the newest signed head covers.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::{Shown, ShownChange};
use exhibit_proto::merkle;
use exhibit_proto::tiles::{Level, Tile, WIDTH, bundle, width};
use exhibit_proto::tlog_proof::TlogProof;
use rusqlite::Connection;

use super::proofs::Stored;
use super::{Absence, Entry, Head, LogError, Tip, sqlite};

/// Connections that are kept open between reads.
const IDLE: usize = 8;
/// Roots that are remembered: agents that sent lately name few sizes.
const ROOTS: usize = 4096;

/// Blocking reads over a pool of connections; clones are cheap and share the pool.
#[derive(Clone)]
pub struct LogReader(Arc<Pool>);

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// Roots of published sizes that were asked for: they never change.
    roots: Mutex<HashMap<u64, Digest>>,
}

impl LogReader {
    /// Opens the log of an initialised collector; works beside a running writer and without one.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let first = sqlite::open_reader(path)?;
        let (idle, roots) = (Mutex::new(vec![first]), Mutex::default());
        let pool = Pool { path: path.to_owned(), idle, roots };
        Ok(Self(Arc::new(pool)))
    }

    /// The newest signed head.
    pub fn head(&self) -> Result<Head, LogError> {
        self.with(|conn| Ok(sqlite::head(conn)?.0))
    }

    /// The newest signed head that covers at most `size` leaves.
    pub fn head_at(&self, size: u64) -> Result<Option<String>, LogError> {
        self.with(|conn| sqlite::head_at(conn, size))
    }

    /// Leaf bytes in order.
    pub fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, LogError> {
        self.with(|conn| {
            let size = sqlite::head(conn)?.0.checkpoint.size;
            if range.end > size {
                return Err(LogError::OutOfRange { index: range.end, size });
            }
            sqlite::leaves(conn, range)
        })
    }

    pub fn entry(&self, index: u64) -> Result<Option<Entry>, LogError> {
        self.with(|conn| sqlite::entry(conn, index))
    }

    /// Entries of one of the collector's own types from index `from` on, at most `limit`; answered from an index, whatever
    /// the log's size. Evidence and heartbeats are not found this way: go through [`LogReader::leaves`].
    pub fn entries_of(
        &self,
        entry_type: &EntryType,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, LogError> {
        self.with(|conn| sqlite::entries_of(conn, entry_type, from, limit))
    }

    /// The newest entry of one of the collector's own types.
    pub fn last_of(&self, entry_type: &EntryType) -> Result<Option<Entry>, LogError> {
        self.with(|conn| sqlite::last_of(conn, entry_type))
    }

    /// The first index at which this envelope stands.
    pub fn index_of(&self, envelope: &Digest) -> Result<Option<u64>, LogError> {
        self.with(|conn| sqlite::index_of(conn, envelope))
    }

    /// The envelope with the highest sequence number of a key and epoch.
    pub fn tip(&self, key: &KeyId, epoch: u64) -> Result<Option<Tip>, LogError> {
        self.with(|conn| sqlite::tip(conn, key, epoch))
    }

    /// The envelope that holds a place in a chain.
    pub fn linked(
        &self,
        key: &KeyId,
        link: &exhibit_proto::leaf::Link,
    ) -> Result<Option<(u64, Digest)>, LogError> {
        self.with(|conn| sqlite::linked(conn, key, link))
    }

    pub fn envelope(&self, digest: &Digest) -> Result<Option<Vec<u8>>, LogError> {
        self.with(|conn| sqlite::envelope(conn, digest))
    }

    pub fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>, LogError> {
        self.with(|conn| sqlite::document(conn, digest))
    }

    /// The document, if the log held it when entry `index` was committed.
    pub fn document_at(&self, digest: &Digest, index: u64) -> Result<Option<Vec<u8>>, LogError> {
        self.with(|conn| sqlite::document_at(conn, digest, index))
    }

    /// The tombstone under which a document went that was held when entry `index` was committed.
    pub fn erased_after(&self, digest: &Digest, index: u64) -> Result<Option<u64>, LogError> {
        self.with(|conn| sqlite::erased_after(conn, digest, index))
    }

    /// The entry that brought a document, if it is held.
    pub fn stored(&self, digest: &Digest) -> Result<Option<u64>, LogError> {
        self.with(|conn| sqlite::stored(conn, digest))
    }

    /// Why the document that entry `index` names is not held; `None`: it is.
    pub fn absence(&self, digest: &Digest, index: u64) -> Result<Option<Absence>, LogError> {
        self.with(|conn| {
            sqlite::unbrought::absence(conn, digest, index, sqlite::unbrought::since(conn)?)
        })
    }

    /// The first index from which the log keeps which documents never came; 0 unless an older version began it.
    pub fn recorded_since(&self) -> Result<u64, LogError> {
        self.with(sqlite::unbrought::since)
    }

    /// Takes the WAL over into the database file and empties it, so that nothing deleted is left in it. False: somebody is
    /// reading, try again.
    pub fn empty_wal(&self) -> Result<bool, LogError> {
        let conn = sqlite::open(&self.0.path)?;
        sqlite::empty_wal(&conn)
    }

    /// Those of `digests` whose documents are not held, in the order given.
    pub fn lacking(&self, digests: &[Digest]) -> Result<Vec<Digest>, LogError> {
        self.with(|conn| {
            let mut lacking = Vec::new();
            for digest in digests {
                if !sqlite::has_document(conn, digest)? {
                    lacking.push(*digest);
                }
            }
            Ok(lacking)
        })
    }

    /// Bytes of a tile of hashes or of an entry bundle; `None` if it is absent or wider than the newest head.
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, LogError> {
        self.with(|conn| {
            let size = sqlite::head(conn)?.0.checkpoint.size;
            if tile.width == 0 || tile.width > width(tile.level, tile.index, size) {
                return Ok(None);
            }
            match tile.level {
                Level::Hashes(level) => {
                    let stored = sqlite::tile(conn, level, tile.index)?;
                    let bytes = usize::from(tile.width) * 32;
                    let wide = stored.and_then(|stored| Some(stored.get(..bytes)?.to_vec()));
                    let wide = wide.ok_or_else(|| LogError::Damaged(format!("{tile} is missing")));
                    Ok(Some(wide?))
                }
                Level::Entries => {
                    let start = tile.index * WIDTH;
                    let leaves = sqlite::leaves(conn, start..start + u64::from(tile.width))?;
                    Ok(Some(bundle(leaves.iter().map(Vec::as_slice))?))
                }
            }
        })
    }

    /// Inclusion under the newest head; `extra` carries the leaf.
    pub fn proof(&self, index: u64) -> Result<TlogProof, LogError> {
        self.with(|conn| {
            let (head, _) = sqlite::head(conn)?;
            let size = head.checkpoint.size;
            if index >= size {
                return Err(LogError::OutOfRange { index, size });
            }
            let leaf = sqlite::leaves(conn, index..index + 1)?.pop().unwrap_or_default();
            Stored::new(conn).receipt(index, leaf, &head)
        })
    }

    /// `log-keys.json`: every change of the log's own key among the entries that `head` covers, with its proof; nothing where
    /// there was none.
    pub fn log_keys(&self, head: &Head) -> Result<Option<String>, LogError> {
        let size = head.checkpoint.size;
        let mut changes = Vec::new();
        for entry in self.entries_of(&EntryType::LogKey, 0, u32::MAX)? {
            let Entry { index, leaf_bytes, envelope, .. } = entry;
            if index >= size {
                break;
            }
            let text = envelope.and_then(|envelope| String::from_utf8(envelope).ok());
            let damaged = || LogError::Damaged(format!("entry {index}: its envelope is missing"));
            let envelope = text.ok_or_else(damaged)?;
            let path = self.inclusion(index, size)?;
            let (extra, checkpoint) = (Some(leaf_bytes), head.signed.clone());
            let proof = TlogProof { extra, index, path, checkpoint }.to_text();
            changes.push(ShownChange { envelope, proof });
        }
        if changes.is_empty() {
            return Ok(None);
        }
        let written = serde_json::to_string_pretty(&Shown::new(changes));
        Ok(Some(written.map_err(|error| LogError::Damaged(error.to_string()))?))
    }

    /// The path from a leaf to the root of the first `size` leaves, published.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, LogError> {
        self.with(|conn| {
            let published = sqlite::head(conn)?.0.checkpoint.size;
            if size > published || index >= size {
                return Err(LogError::OutOfRange { index, size: published.min(size) });
            }
            merkle::prove_inclusion(index, size, &mut Stored::new(conn))
        })
    }

    /// The root of the first `size` leaves, published.
    pub fn root_at(&self, size: u64) -> Result<Digest, LogError> {
        let held = |pool: &Pool| {
            let roots = pool.roots.lock().unwrap_or_else(PoisonError::into_inner);
            roots.get(&size).copied()
        };
        if let Some(root) = held(&self.0) {
            return Ok(root);
        }
        let root = self.with(|conn| {
            let published = sqlite::head(conn)?.0.checkpoint.size;
            if size > published {
                return Err(LogError::OutOfRange { index: size, size: published });
            }
            merkle::root(size, &mut Stored::new(conn))
        })?;
        let mut roots = self.0.roots.lock().unwrap_or_else(PoisonError::into_inner);
        if roots.len() >= ROOTS {
            roots.clear();
        }
        roots.insert(size, root);
        Ok(root)
    }

    /// Consistency from `old` to `new` leaves, both published.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, LogError> {
        self.with(|conn| {
            let size = sqlite::head(conn)?.0.checkpoint.size;
            if new > size || old > new {
                return Err(LogError::OutOfRange { index: old.max(new), size });
            }
            merkle::prove_consistency(old, new, &mut Stored::new(conn))
        })
    }

    /// Runs `read` in one read transaction, so that it sees one state of the log.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => sqlite::open_reader(&self.0.path)?,
        };
        let snapshot = conn.unchecked_transaction()?;
        let answer = read(&snapshot);
        snapshot.finish()?;
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(conn);
        }
        answer
    }
}
