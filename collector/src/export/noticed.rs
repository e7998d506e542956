//! Gaps, conflicts and forks in a bundle: always there for the agents that were asked for, whatever the period, with the
//! envelopes that prove a conflict. Never chosen by kind: they say what is not there.

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::Conflict;
use serde::{Deserialize, Serialize};

use super::{ExportError, Writer, damaged, predicate};

/// Whether entries of this type say what was noticed about an agent.
pub(super) fn is(entry_type: &EntryType) -> bool {
    matches!(entry_type, EntryType::Gap | EntryType::Conflict | EntryType::Fork)
}

/// What the three predicates share.
#[derive(Serialize, Deserialize)]
struct About {
    agent: String,
}

impl Writer<'_> {
    /// Whether the bundle shall hold the entry; writes what proves it.
    pub(super) fn noticed(
        &mut self,
        index: u64,
        entry_type: &EntryType,
        envelope: Option<&[u8]>,
    ) -> Result<bool, ExportError> {
        let Some(envelope) = envelope else { return Ok(true) };
        let about: About = predicate(index, envelope)?;
        let ours = |agent: &super::Enrolled| self.selection.is_about(&agent.targets);
        // An agent whose enrolment cannot be read any more is not left out.
        if !self.agents.get(&about.agent).is_none_or(ours) {
            return Ok(false);
        }
        if *entry_type == EntryType::Conflict {
            let Conflict { held, refused, .. } = predicate(index, envelope)?;
            let kept =
                [(held, self.reader.envelope(&held)?), (refused, self.reader.document(&refused)?)];
            for (digest, bytes) in kept {
                // What was deleted stays away; the verifier says so.
                let Some(bytes) = bytes else { continue };
                if Digest::of(&bytes) != digest {
                    let what = format!("stored envelope {digest} has another digest");
                    return Err(damaged(index, &what));
                }
                self.folder.put_once(&bundle::envelope(&digest), &bytes)?;
            }
        }
        Ok(true)
    }
}
