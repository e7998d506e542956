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

use exhibit_assessment::decisions::{AUDIT, AUDIT_COMMENT, AUDIT_FINDING, REQUEST, SOA};

use super::{ExportError, Writer, damaged};

/// Registers of the audit room.
const ROOM: [&str; 6] = [AUDIT, REQUEST, AUDIT_FINDING, AUDIT_COMMENT, POPULATION, SAMPLE];

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

    /// Whether a decision comes along: of an audit room, what belongs to the audit that is asked for; else what was decided by
    /// then.
    pub(super) fn concerns(
        &mut self,
        index: u64,
        rx: &str,
        envelope: Option<&[u8]>,
    ) -> Result<bool, ExportError> {
        let (Some(audit), Some(envelope)) = (&self.selection.audit, envelope) else {
            return Ok(true);
        };
        let decision: Decision = super::predicate(index, envelope)?;
        let Decision { register, id, value, .. } = decision;
        if !ROOM.contains(&register.as_str()) {
            return Ok(self.decided_by_then(rx));
        }
        let of = value.as_ref().and_then(|value| value.get("audit")?.as_str());
        let place = |register: &str| (register.to_owned(), id.clone());
        let belongs = match register.as_str() {
            AUDIT => id == audit.id,
            SAMPLE => self.own.contains(&place(POPULATION)),
            other => of == Some(&audit.id) || (of.is_none() && self.own.contains(&place(other))),
        };
        if belongs {
            self.own.insert(place(&register));
        }
        Ok(belongs)
    }

    /// Whether files of a decision may come along at all.
    fn brings_files(&self, decision: &Decision) -> bool {
        if ROOM.contains(&decision.register.as_str()) {
            // It names items of any target: whoever is given some of the evidence is not given it.
            return self.selection.audit.is_some() || self.selection.is_all();
        }
        // What was frozen is whole.
        if decision.register == SOA {
            return true;
        }
        let control = decision.value.as_ref().and_then(|value| value.get("control")?.as_str());
        let controls = &self.selection.controls;
        controls.is_empty() || controls.iter().any(|asked| Some(asked.as_str()) == control)
    }

    /// Writes the files that an entry brings. What is not held is told by the verifier.
    pub(super) fn files(&mut self, index: u64, envelope: &[u8]) -> Result<(), ExportError> {
        let statement = statement(index, envelope)?;
        let decision = statement.predicate_as::<Decision>().ok();
        if decision.as_ref().is_some_and(|decision| !self.brings_files(decision)) {
            return Ok(());
        }
        let own = self.selection.audit.as_ref().map(|audit| &audit.files);
        let room = decision.is_some_and(|decision| ROOM.contains(&decision.register.as_str()));
        let files = statement.subject.iter().filter(|subject| is_file(subject));
        for Subject { digest, .. } in files {
            let digest = digest.sha256;
            if room && own.is_some_and(|own| !own.contains(&digest)) {
                continue;
            }
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
