//! Makes observations into documents. It holds no key that signs.

use exhibit_plugin::protocol::OutcomeKind;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Document, Kind};
use exhibit_proto::statement::{Observed, Outcome};

use super::SealedDocument;
use crate::collect::{Observation, outcome};
use crate::host::rfc3339;
use crate::redact::Redactor;

/// Redacts, writes and hashes what one agent observes.
pub struct Recorder {
    /// Salts documents; stays on the host.
    pub local_key: [u8; 32],
    pub redactor: Redactor,
}

impl Recorder {
    /// Redacts, writes and hashes one document; answers an outcome instead when it is over `limit` bytes.
    pub fn document(
        &self,
        observation: Observation,
        schema: &str,
        limit: u64,
    ) -> Result<SealedDocument, Box<Outcome>> {
        let Observation { kind, target, mut body, capture } = observation;
        let mut redactions = self.redactor.document(&kind, &mut body);
        let document = Document {
            body,
            salt: self.salt(&kind),
            schema: schema.to_owned(),
            kind: kind.clone(),
            target: target.clone(),
            v: 1,
            withheld: self.redactor.withheld(&redactions),
        };
        let method = capture.method.iter();
        let method = method.map(|used| self.redactor.text_noted(used, &mut redactions)).collect();
        let privileges = self.redactor.text_noted(&capture.privileges, &mut redactions);
        let bytes = document.write();
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > limit {
            return Err(Box::new(outcome(
                &kind,
                &target,
                OutcomeKind::LimitExceeded,
                format!("document of {size} bytes is over the limit of {limit}"),
                "raise limits.max_document_bytes (a collector admits 8 MiB), or narrow the plugin's settings",
            )));
        }
        let observed = Observed {
            digest: Document::digest(bytes.as_bytes()),
            size,
            method,
            privileges,
            rows: Some(capture.rows),
            truncated: capture.truncated,
            expected: capture.expected,
            redactions: redactions.into_iter().collect(),
            started: rfc3339(capture.started),
            duration_ms: capture.duration_ms,
            kind,
            target,
        };
        Ok(SealedDocument { bytes, observed })
    }

    /// The same outcome, its texts redacted.
    pub fn outcome(&self, told: Outcome) -> Outcome {
        Outcome {
            detail: self.redactor.text(&told.detail),
            remedy: self.redactor.text(&told.remedy),
            ..told
        }
    }

    /// 128 bits as hex, the same for one agent and kind for ever.
    fn salt(&self, kind: &Kind) -> String {
        let digest =
            Digest::of_parts(&[&self.local_key, b"document salt", kind.as_str().as_bytes()]);
        digest.to_string().chars().take(32).collect()
    }
}
