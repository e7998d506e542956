//! What a person decided: its form, and the files that it brings, by their digests.

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::MAX_BYTES;
use exhibit_proto::statement::{DECISION_FILE, Decision, Statement};
use serde_json::Value;

use super::Reader;
use crate::report::{Check, Ledger};

impl Reader<'_> {
    pub(super) fn decision(
        &self,
        statement: &Statement<Value>,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let decision: Decision = statement.predicate_as().map_err(|error| error.to_string())?;
        decision.checked().map_err(|error| error.to_string())?;
        for file in statement.subject.iter().filter(|subject| subject.name == DECISION_FILE) {
            let digest = file.digest.sha256;
            let path = bundle::file(&digest);
            self.folder.claim(&path);
            if !self.folder.has(&path) {
                let detail =
                    "a file that a person brought: not selected for this bundle, or not held";
                ledger.not_checked(Check::Documents, Some(&path), detail);
                continue;
            }
            match self.folder.read(&path, MAX_BYTES) {
                Ok(bytes) if Digest::of(&bytes) == digest => ledger.verified(Check::Documents),
                Ok(_) => {
                    let detail = "is not the file that the decision names: it was changed";
                    ledger.failed(Check::Documents, &path, detail);
                }
                Err(error) => ledger.failed(Check::Documents, &path, error.to_string()),
            }
        }
        Ok(())
    }
}
