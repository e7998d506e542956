//! What the collector's answers do to the spool: a statement leaves on proof, or is kept aside with the reason.

use exhibit_proto::digest::Digest;
use exhibit_proto::tlog_proof::TlogProof;
use jiff::Timestamp;
use rusqlite::params;

use super::{Item, Spool, SpoolError};
use crate::receipts::Verified;

impl Spool {
    /// Removes a statement whose receipt was verified, with the documents that nothing else needs; `gone` are those that
    /// could not be given when the collector asked.
    pub fn received(
        &self,
        item: &Item,
        verified: &Verified,
        gone: &[Digest],
        now: Timestamp,
    ) -> Result<(), SpoolError> {
        let (epoch, seq) = (self.number(item.link.epoch)?, self.number(item.link.seq)?);
        let class = self.class(item)?;
        let transaction = self.begin()?;
        for digest in gone {
            // The collector lacks it after all: the next run must store and send it again.
            self.exec("DELETE FROM held WHERE digest = ?1", params![digest.as_bytes()])?;
            self.exec(
                "DELETE FROM item_document WHERE epoch = ?1 AND seq = ?2 AND digest = ?3",
                params![epoch, seq, digest.as_bytes()],
            )?;
        }
        self.exec(
            "INSERT INTO held(kind, target, digest) SELECT kind, target, digest FROM item_document WHERE epoch = ?1 AND seq = ?2 ON CONFLICT(kind, target) DO UPDATE SET digest = excluded.digest",
            [epoch, seq],
        )?;
        self.exec("DELETE FROM item WHERE epoch = ?1 AND seq = ?2", [epoch, seq])?;
        self.exec("DELETE FROM item_document WHERE epoch = ?1 AND seq = ?2", [epoch, seq])?;
        self.exec(
            "DELETE FROM document WHERE digest NOT IN (SELECT digest FROM item_document)",
            [],
        )?;
        let head = serde_json::to_string(&verified.checkpoint).map_err(|e| self.damaged(e))?;
        self.set_meta("head", &head)?;
        self.set_meta("head_signed", &verified.signed)?;
        self.set_meta("last_receipt", &now.as_millisecond().to_string())?;
        self.exec("DELETE FROM meta WHERE key IN ('last_error', 'last_error_at')", [])?;
        transaction.commit().map_err(|source| self.failed(source))?;
        // Apart, for a full disk must not keep a statement from leaving.
        if let Err(error) = self.keep_base(&class, item) {
            tracing::debug!(%error, "what the next statement could be packed against is not kept");
        }
        self.give_back()
    }

    /// Sets a statement aside that the collector will never admit; it is kept and shown.
    pub fn quarantine(&self, item: &Item, reason: &str, now: Timestamp) -> Result<(), SpoolError> {
        let (epoch, seq) = (self.number(item.link.epoch)?, self.number(item.link.seq)?);
        let transaction = self.begin()?;
        self.exec(
            "INSERT OR REPLACE INTO quarantine(epoch, seq, digest, envelope, reason, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                epoch,
                seq,
                item.digest.as_bytes(),
                item.envelope,
                reason,
                now.as_millisecond()
            ],
        )?;
        // Its documents stay beside it for whoever looks into the matter, unless the bound needs their room.
        self.exec("DELETE FROM item WHERE epoch = ?1 AND seq = ?2", [epoch, seq])?;
        transaction.commit().map_err(|source| self.failed(source))
    }

    /// Keeps a head that does not continue the one that we verified, with that one: together they are the proof.
    pub fn fork(&self, proof: &[u8], reason: &str, now: Timestamp) -> Result<(), SpoolError> {
        let known = self.meta("head_signed")?.unwrap_or_default();
        self.exec(
            "INSERT OR IGNORE INTO fork(known, proof, reason, at) VALUES(?1, ?2, ?3, ?4)",
            params![known, proof, reason, now.as_millisecond()],
        )
    }

    /// Heads that the log's key signed: the newest verified one, then each that does not fit another, at most `limit`.
    pub fn signed_heads(&self, limit: u32) -> Result<Vec<String>, SpoolError> {
        let mut heads: Vec<String> = self.meta("head_signed")?.into_iter().collect();
        let read = || {
            let mut forks =
                self.db.prepare("SELECT known, proof FROM fork ORDER BY id DESC LIMIT ?1")?;
            let rows = forks.query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<Vec<(String, Vec<u8>)>, rusqlite::Error>>()
        };
        for (known, proof) in read().map_err(|source| self.failed(source))? {
            heads.push(known);
            heads.extend(TlogProof::parse(&proof).ok().map(|proof| proof.checkpoint));
        }
        let mut seen = std::collections::BTreeSet::new();
        heads.retain(|head| !head.is_empty() && seen.insert(head.clone()));
        heads.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(heads)
    }

    /// Takes the head under which the enrolment stands as the first verified one.
    pub fn first_head(
        &self,
        checkpoint: &exhibit_proto::checkpoint::Checkpoint,
        signed: &str,
    ) -> Result<(), SpoolError> {
        let head = serde_json::to_string(checkpoint).map_err(|error| self.damaged(error))?;
        self.set_meta("head", &head)?;
        self.set_meta("head_signed", signed)
    }

    /// Remembers why nothing could be sent; shown by `status`.
    pub fn note_error(&self, error: &str, now: Timestamp) -> Result<(), SpoolError> {
        self.set_meta("last_error", error)?;
        self.set_meta("last_error_at", &now.as_millisecond().to_string())
    }

    /// Remembers the agent's clock minus the collector's.
    pub fn note_clock(&self, offset_ms: i64) -> Result<(), SpoolError> {
        self.set_meta("clock_offset_ms", &offset_ms.to_string())
    }

    /// Remembers what the collector wishes.
    pub fn note_wishes(
        &self,
        heartbeat_seconds: u64,
        document_bytes: u64,
    ) -> Result<(), SpoolError> {
        self.set_meta("heartbeat_seconds", &heartbeat_seconds.to_string())?;
        self.set_meta("document_bytes", &document_bytes.to_string())
    }

    /// Heartbeat interval in seconds and largest document in bytes that the collector wishes, where it said so.
    pub fn wishes(&self) -> Result<(Option<u64>, Option<u64>), SpoolError> {
        let wish = |key| -> Result<Option<u64>, SpoolError> {
            let number = self.meta_number(key)?;
            Ok(number.and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0))
        };
        Ok((wish("heartbeat_seconds")?, wish("document_bytes")?))
    }
}
