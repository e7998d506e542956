//! What people decided, as a bundle brings it: every decision until the end of its period, since what is in force may be old;
//! files where the control that they show is asked for.

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::statement::{DECISION_FILE, Decision, Statement};

use super::{ExportError, Writer, damaged};

impl Writer<'_> {
    /// Whether a decision logged at `rx` comes along.
    pub(super) fn decided_by_then(&self, rx: &str) -> bool {
        self.selection.covers_time(rx) || self.selection.is_before(rx)
    }

    /// Writes the files that a decision brings. What is not held is told by the verifier.
    pub(super) fn decision(&mut self, index: u64, envelope: &[u8]) -> Result<(), ExportError> {
        let payload = Envelope::parse(envelope).and_then(|envelope| envelope.unverified_payload());
        let payload = payload.map_err(|error| damaged(index, &error))?;
        let statement = Statement::<Decision>::from_payload(&payload);
        let statement = statement.map_err(|error| damaged(index, &error))?;
        let value = statement.predicate.value.as_ref();
        let control = value.and_then(|value| value.get("control")?.as_str());
        let controls = &self.selection.controls;
        if !controls.is_empty() && !controls.iter().any(|asked| Some(asked.as_str()) == control) {
            return Ok(());
        }
        let files = statement.subject.iter().filter(|subject| subject.name == DECISION_FILE);
        for digest in files.map(|file| file.digest.sha256) {
            let Some(bytes) = self.reader.document(&digest)? else { continue };
            if Digest::of(&bytes) != digest {
                return Err(damaged(index, &format!("stored file {digest} has another digest")));
            }
            self.folder.put_once(&bundle::file(&digest), &bytes)?;
        }
        Ok(())
    }
}
