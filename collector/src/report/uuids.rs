//! UUIDs that follow from what they name (RFC 9562, version 5), so that equal input gives equal bytes and two reports of one log
//! name the same thing alike.

use uuid::Uuid;

/// UUIDs below one log.
#[derive(Clone, Copy)]
pub(super) struct Uuids(Uuid);

impl Uuids {
    /// Below the log of that name.
    pub(super) fn of(origin: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:exhibit:log:{origin}").as_bytes()))
    }

    /// The log itself.
    pub(super) fn log(self) -> Uuid {
        self.0
    }

    /// Something below the log. A line feed stands between the parts: none of them holds one.
    pub(super) fn named(self, parts: &[&str]) -> Uuid {
        Uuid::new_v5(&self.0, parts.join("\n").as_bytes())
    }

    /// What a rule saw on a target in the entry of that index.
    pub(super) fn observation(self, rule: &str, target: &str, index: u64) -> Uuid {
        self.named(&["observation", rule, target, &index.to_string()])
    }

    pub(super) fn target(self, id: &str) -> Uuid {
        self.named(&["target", id])
    }
}
