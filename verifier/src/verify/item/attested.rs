//! An entry about the log's time: that it is about a head of this log, and that what it carries is what it names.

use exhibit_proto::bundle::{TIMESTAMPS, Timestamp as Name};
use exhibit_proto::digest::Digest;
use exhibit_proto::rfc3161::MAX_BYTES;
use exhibit_proto::statement::{Attested, Stamped, Statement};
use serde_json::Value;

use super::super::attested::note_over;
use super::Reader;
use crate::report::{Check, Item, Ledger};

impl Reader<'_> {
    pub(super) fn attested(
        &mut self,
        item: &Item,
        statement: &Statement<Value>,
        path: &str,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let attested: Attested = statement.predicate_as().map_err(|error| error.to_string())?;
        let Attested { size, root, .. } = &attested;
        if *size > item.index {
            return Err(format!(
                "is about a head over {size} entries, and stands at {}",
                item.index
            ));
        }
        match self.history.root_at(*size) {
            Some(ours) if ours == *root => ledger.verified(Check::Anchor),
            Some(ours) => {
                return Err(format!(
                    "is about root {root} over {size} entries, the log has {ours} there"
                ));
            }
            None => {
                let detail = "the bundle does not show the log's past, so the head that it is about cannot be compared";
                ledger.not_checked(Check::Anchor, Some(path), detail);
            }
        }
        match (&attested.cosigned, &attested.stamped) {
            (Some(note), None) => {
                let note = note_over(note, &attested, self.head)
                    .map_err(|error| format!("the head that it carries: {error}"))?;
                // Whose cosignatures these are is the policy's matter; one that claims to be a trusted witness's must hold.
                for witness in self.policy.witnesses.values() {
                    use exhibit_proto::note::NoteError::Unsigned;
                    match witness.cosigned(&note) {
                        Ok(_) | Err(Unsigned(_)) => {}
                        Err(error) => return Err(format!("the head that it carries: {error}")),
                    }
                }
                Ok(())
            }
            (None, Some(stamped)) => {
                self.token(*size, stamped, ledger);
                Ok(())
            }
            (None, None) | (Some(_), Some(_)) => {
                Err("carries neither cosignatures nor a time-stamp, or both".to_owned())
            }
        }
    }

    fn token(&self, size: u64, stamped: &Stamped, ledger: &mut Ledger) {
        let name = Name::Token { size, authority: stamped.authority.clone() };
        let path = format!("{TIMESTAMPS}{name}");
        if !name.is_sound() || !self.folder.has(&path) {
            let detail =
                format!("the token with the digest {} is not in the bundle", stamped.token);
            return ledger.not_checked(Check::Timestamps, Some(TIMESTAMPS), detail);
        }
        match self.folder.read(&path, MAX_BYTES as u64) {
            Ok(bytes) if Digest::of(&bytes) == stamped.token => ledger.verified(Check::Timestamps),
            Ok(bytes) => {
                let detail = format!(
                    "digest is {}, the log took one with {}: another token was put in its place",
                    Digest::of(&bytes),
                    stamped.token
                );
                ledger.failed(Check::Timestamps, &path, detail);
            }
            Err(error) => ledger.failed(Check::Timestamps, &path, error.to_string()),
        }
    }
}
