//! `put-back`: lost documents from files, folders, bundles or a backup of the log's database. The digest decides what a file
//! is, never its name.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use exhibit_proto::digest::Digest;
use exhibit_proto::statement::Activity;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde::Serialize;
use serde_json::json;

use super::{Keys, desk, open, record};
use crate::config::Config;
use crate::log::scrub::{Lost, Scrub};
use crate::log::{self, Lock, LogReader};
use crate::named::named;

/// Documents of one transaction, named by one entry.
const BATCH: usize = 256;
const SQLITE: &[u8] = b"SQLite format 3\0";

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct PutBack {
    pub put_back: Vec<Digest>,
    /// Found in none of the files.
    pub still_lost: Vec<Digest>,
}

/// Looks for every lost document in `from` (files, or folders with all below) and stores what it finds; no collector may serve.
pub fn put_back(config: &Config, from: &[&Path], by: &str) -> anyhow::Result<PutBack> {
    desk::texts(&[("--by", by)])?;
    let keys = Keys::load(config)?;
    let _lock = Lock::take(&config.lock()).context("stop the collector first")?;
    let reader = LogReader::open(&config.log_db()).context("opening the log")?;
    let lost = Scrub::new(reader, keys.collector.keys().clone(), named).lost()?;
    let mut lost: HashMap<Digest, Lost> =
        lost.into_iter().map(|lost| (lost.named.digest, lost)).collect();
    let mut done = PutBack::default();
    let mut found = Vec::new();
    for path in from {
        look(path, config.limits.document_bytes, &mut lost, &mut |index, bytes| {
            done.put_back.push(Digest::of(&bytes));
            found.push((index, bytes));
            Ok(())
        })?;
    }
    done.still_lost = lost.into_keys().collect();
    done.still_lost.sort();
    for batch in found.chunks(BATCH) {
        // A crash between the two leaves the very bytes that were signed for, and no word of who brought them.
        log::put_back(&config.log_db(), batch).context("storing the documents")?;
        let digests: Vec<Digest> = batch.iter().map(|(_, bytes)| Digest::of(bytes)).collect();
        let detail = json!({ "documents": digests });
        let (by, action) = (by.to_owned(), "documents_put_back".to_owned());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (writer, _reader, mut task) = open::log(&config.log_db(), &keys.collector)?;
            record::activity(&keys.collector, &writer, Activity { by, action, detail }).await?;
            drop(writer);
            task.ended().await.context("closing the log")
        })?;
    }
    Ok(done)
}

/// Takes out of `lost` what `path` holds.
fn look(
    path: &Path,
    longest: u64,
    lost: &mut HashMap<Digest, Lost>,
    take: &mut impl FnMut(u64, Vec<u8>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let reading = || format!("reading {}", path.display());
    let meta = fs::symlink_metadata(path).with_context(reading)?;
    if meta.is_dir() {
        let entries = fs::read_dir(path).with_context(reading)?;
        let mut below = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()
            .with_context(reading)?;
        below.sort();
        return below.iter().try_for_each(|path| look(path, longest, lost, take));
    }
    if !meta.is_file() {
        return Ok(());
    }
    let mut start = Vec::new();
    let mut file = File::open(path).with_context(reading)?;
    file.by_ref().take(SQLITE.len() as u64).read_to_end(&mut start).with_context(reading)?;
    if start == SQLITE {
        return backup(path, lost, take).with_context(reading);
    }
    if meta.len() > longest {
        return Ok(());
    }
    let mut bytes = start;
    file.take(longest).read_to_end(&mut bytes).with_context(reading)?;
    if let Some(lost) = lost.remove(&Digest::of(&bytes)) {
        take(lost.index, bytes)?;
    }
    Ok(())
}

/// A copy of `log.db`. It is not written to; a write-ahead log beside it is read.
fn backup(
    path: &Path,
    lost: &mut HashMap<Digest, Lost>,
    take: &mut impl FnMut(u64, Vec<u8>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let table = "SELECT count(*) FROM sqlite_schema WHERE name = 'document' AND type = 'table'";
    if conn.query_row(table, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(());
    }
    let mut ask = conn.prepare("SELECT bytes FROM document WHERE digest = ?1")?;
    let mut wanted: Vec<Digest> = lost.keys().copied().collect();
    wanted.sort();
    for digest in wanted {
        let bytes: Option<Vec<u8>> =
            ask.query_row([digest.as_bytes()], |row| row.get(0)).optional()?;
        if let Some(bytes) = bytes.filter(|bytes| Digest::of(bytes) == digest)
            && let Some(lost) = lost.remove(&digest)
        {
            take(lost.index, bytes)?;
        }
    }
    Ok(())
}

impl fmt::Display for PutBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} documents put back", self.put_back.len())?;
        match self.still_lost.as_slice() {
            [] => write!(f, ", none is lost any more")?,
            lost => {
                write!(f, ", {} are still lost:", lost.len())?;
                lost.iter().try_for_each(|digest| write!(f, "\n  {digest}"))?;
            }
        }
        if !self.put_back.is_empty() {
            write!(f, "\nif views were made anew meanwhile: `exhibit-collector rebuild`")?;
        }
        Ok(())
    }
}
