//! Which epoch the chain is in and with which key it is signed. The spool decides, in the transaction that stores the
//! rotation; the key files follow it.

use exhibit_proto::keys::KeyId;
use exhibit_proto::statement::StatementError;
use jiff::Timestamp;
use serde::Serialize;

use super::{Spool, SpoolError};
use crate::seal::{Place, Sealed};

/// A stretch of the chain under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Epoch {
    pub number: u64,
    pub key: KeyId,
    pub since: Timestamp,
}

impl Spool {
    /// The epoch in force; none before the first start after enrolment.
    pub fn epoch(&self) -> Result<Option<Epoch>, SpoolError> {
        let Some(number) = self.meta_number("epoch")? else { return Ok(None) };
        let key = self.meta("key")?.unwrap_or_default();
        let since = self.meta_number("key_since")?.unwrap_or_default();
        Ok(Some(Epoch {
            number: number.unsigned_abs(),
            key: key.parse().map_err(|error| self.damaged(error))?,
            since: Timestamp::from_millisecond(since).map_err(|error| self.damaged(error))?,
        }))
    }

    /// Says which epoch the chain begins in.
    pub fn begin_epoch(&self, epoch: &Epoch) -> Result<(), SpoolError> {
        let transaction = self.begin()?;
        self.set_epoch(epoch)?;
        transaction.commit().map_err(|source| self.failed(source))
    }

    /// Seals the last statement of this epoch and opens the next, in one transaction: after a crash either both or
    /// neither stand.
    pub fn rotate<F>(&self, next: &Epoch, seal: F) -> Result<Sealed, SpoolError>
    where
        F: FnOnce(&Place) -> Result<Sealed, StatementError>,
    {
        let transaction = self.begin()?;
        let sealed = seal(&self.place()?)?;
        self.store(&sealed)?;
        self.bound()?;
        self.set_epoch(next)?;
        // The predecessor of the next epoch's first statement is the rotation; it stands in `prev` already.
        self.set_meta("seq", "0")?;
        transaction.commit().map_err(|source| self.failed(source))?;
        Ok(sealed)
    }

    fn set_epoch(&self, epoch: &Epoch) -> Result<(), SpoolError> {
        self.set_meta("epoch", &epoch.number.to_string())?;
        self.set_meta("key", &epoch.key.to_string())?;
        self.set_meta("key_since", &epoch.since.as_millisecond().to_string())
    }
}
