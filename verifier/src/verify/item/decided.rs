//! What a person decided: its form. And the files that entries bring, by their digests: what people uploaded, and frozen
//! statements of applicability.

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::MAX_BYTES;
use exhibit_proto::leaf::Leaf;
use exhibit_proto::statement::{Decision, Statement, is_file};
use serde_json::Value;

use super::Reader;
use crate::report::{Check, Item, Ledger};

impl Reader<'_> {
    pub(super) fn decision(
        &mut self,
        item: &mut Item,
        leaf: &Leaf,
        statement: &Statement<Value>,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let decision: Decision = statement.predicate_as().map_err(|error| error.to_string())?;
        let decision = decision.checked().map_err(|error| error.to_string())?;
        self.files(statement, ledger);
        self.sampled(item, leaf, &decision, ledger)
    }

    pub(super) fn files(&self, statement: &Statement<Value>, ledger: &mut Ledger) {
        for file in statement.subject.iter().filter(|subject| is_file(subject)) {
            let digest = file.digest.sha256;
            let path = bundle::file(&digest);
            self.folder.claim(&path);
            if !self.folder.has(&path) {
                let detail =
                    "a file that its entry names: not selected for this bundle, or not held";
                ledger.not_checked(Check::Documents, Some(&path), detail);
                continue;
            }
            match self.folder.read(&path, MAX_BYTES) {
                Ok(bytes) if Digest::of(&bytes) == digest => ledger.verified(Check::Documents),
                Ok(_) => {
                    let detail = "is not the file that its entry names: it was changed";
                    ledger.failed(Check::Documents, &path, detail);
                }
                Err(error) => ledger.failed(Check::Documents, &path, error.to_string()),
            }
        }
    }
}
