//! What people decided, as a bundle brings it: every decision until the end of its period, since what is in force may be old;
//! files where the control that they show is asked for; every frozen statement of applicability until then, with its document;
//! lists that auditors drew from where everything is asked for.

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::leaf::Leaf;
use exhibit_proto::sample::{POPULATION, SAMPLE};
use exhibit_proto::statement::{Decision, SOA_FILE, Statement, Subject, is_file};
use serde_json::Value;

use super::{ExportError, Writer, damaged};

impl Writer<'_> {
    /// Whether a decision logged at `rx` comes along.
    pub(super) fn decided_by_then(&self, rx: &str) -> bool {
        self.selection.covers_time(rx) || self.selection.is_before(rx)
    }

    /// Whether an activity froze a version of the statement of applicability that comes along.
    pub(super) fn froze_by_then(&self, index: u64, leaf: &Leaf) -> Result<bool, ExportError> {
        if !self.decided_by_then(&leaf.rx) {
            return Ok(false);
        }
        let Some(envelope) = self.reader.envelope(&leaf.env)? else { return Ok(false) };
        let statement = statement(index, &envelope)?;
        Ok(statement.subject.iter().any(|subject| subject.name == SOA_FILE))
    }

    /// Writes the files that an entry brings. What is not held is told by the verifier.
    pub(super) fn files(&mut self, index: u64, envelope: &[u8]) -> Result<(), ExportError> {
        let statement = statement(index, envelope)?;
        let controls = &self.selection.controls;
        let decision = statement.predicate_as::<Decision>().ok();
        let list = |said: &Decision| matches!(said.register.as_str(), POPULATION | SAMPLE);
        // A list names items of any target: whoever is given some of the evidence is not given it.
        if decision.as_ref().is_some_and(list) && !self.selection.is_all() {
            return Ok(());
        }
        if let Some(decision) = decision.filter(|_| !controls.is_empty()) {
            let value = decision.value.as_ref();
            let about = value.and_then(|value| value.get("control")?.as_str());
            if !controls.iter().any(|asked| Some(asked.as_str()) == about) {
                return Ok(());
            }
        }
        let files = statement.subject.iter().filter(|subject| is_file(subject));
        for Subject { digest, .. } in files {
            let digest = digest.sha256;
            let Some(bytes) = self.reader.document(&digest)? else { continue };
            if Digest::of(&bytes) != digest {
                return Err(damaged(index, &format!("stored file {digest} has another digest")));
            }
            self.folder.put_once(&bundle::file(&digest), &bytes)?;
        }
        Ok(())
    }
}

fn statement(index: u64, envelope: &[u8]) -> Result<Statement<Value>, ExportError> {
    let payload = Envelope::parse(envelope).and_then(|envelope| envelope.unverified_payload());
    let payload = payload.map_err(|error| damaged(index, &error))?;
    Statement::from_payload(&payload).map_err(|error| damaged(index, &error))
}
