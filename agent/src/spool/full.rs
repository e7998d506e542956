//! The bound: documents go first, the largest and oldest; statements never go.

use exhibit_proto::digest::Digest;
use rusqlite::params;

use super::{GivenUp, Spool, SpoolError};

impl Spool {
    /// Bytes that wait: documents and statements.
    pub fn bytes(&self) -> Result<u64, SpoolError> {
        let sum = "SELECT coalesce((SELECT sum(size) FROM document), 0) + coalesce((SELECT sum(length(envelope)) FROM item), 0)";
        let bytes: i64 =
            self.db.query_row(sum, [], |row| row.get(0)).map_err(|source| self.failed(source))?;
        Ok(bytes.unsigned_abs())
    }

    /// Gives up documents until what waits is within the bound. Runs inside the transaction that added something.
    pub(super) fn bound(&self) -> Result<(), SpoolError> {
        while self.bytes()? > self.bounds.max_bytes {
            let moved = self
                .db
                .execute(
                    "INSERT INTO given_up(digest, kind, target, size, told) SELECT digest, kind, target, size, 0 FROM document ORDER BY size DESC, id LIMIT 1",
                    [],
                )
                .map_err(|source| self.failed(source))?;
            if moved == 0 {
                let reason = format!(
                    "{} bytes of statements alone pass spool.max_bytes = {}",
                    self.bytes()?,
                    self.bounds.max_bytes
                );
                return Err(SpoolError::Full { path: self.path.clone(), reason });
            }
            self.exec(
                "DELETE FROM document WHERE digest = (SELECT digest FROM given_up ORDER BY id DESC LIMIT 1)",
                [],
            )?;
        }
        Ok(())
    }

    /// Documents given up of which no statement has told yet.
    pub fn untold(&self) -> Result<Vec<GivenUp>, SpoolError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT digest, kind, target, size FROM given_up WHERE told = 0 ORDER BY id",
            )
            .map_err(|source| self.failed(source))?;
        let rows = statement
            .query_map([], |row| {
                let names: (String, String) = (row.get(1)?, row.get(2)?);
                Ok((row.get::<_, [u8; 32]>(0)?, names, row.get::<_, i64>(3)?))
            })
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|source| self.failed(source))?;
        rows.into_iter()
            .map(|(digest, (kind, target), size)| {
                Ok(GivenUp {
                    digest: Digest::from_bytes(digest),
                    kind: kind.parse().map_err(|error| self.damaged(error))?,
                    target: target.parse().map_err(|error| self.damaged(error))?,
                    size: size.unsigned_abs(),
                })
            })
            .collect()
    }

    /// How many documents were given up since enrolment.
    pub fn dropped(&self) -> Result<u64, SpoolError> {
        let count: i64 = self
            .db
            .query_row("SELECT count(*) FROM given_up", params![], |row| row.get(0))
            .map_err(|source| self.failed(source))?;
        Ok(count.unsigned_abs())
    }
}
