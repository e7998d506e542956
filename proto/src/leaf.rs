//! The small record that the log holds for one envelope: no personal data, at most 1 KiB, written once.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::keys::KeyId;

/// Largest leaf, in bytes.
pub const MAX_BYTES: usize = 1024;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub v: u8,
    pub t: EntryType,
    /// SHA-256 of the envelope as stored.
    pub env: Digest,
    /// Key that signed the envelope.
    pub key: KeyId,
    /// Where an agent's statement stands in its chain; absent for the collector's own entries.
    pub link: Option<Link>,
    /// When the collector received it: RFC 3339, UTC, milliseconds.
    pub rx: String,
}

/// Epoch, sequence number and predecessor in an agent's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub epoch: u64,
    pub seq: u64,
    /// SHA-256 of the previous envelope; zeros before the first.
    pub prev: Digest,
}

/// What an entry is. Types that this version does not know still verify and are shown by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum EntryType {
    Evidence,
    Heartbeat,
    Enrol,
    Revoke,
    Rotate,
    RulePack,
    Activity,
    /// Numbers of an agent's chain that never came.
    Gap,
    /// Two envelopes of one agent that exclude each other.
    Conflict,
    /// A head that is not this log's past.
    Fork,
    Tombstone,
    Hold,
    /// A change of the log's own key begins or ends.
    LogKey,
    /// What somebody outside said about when the log had a head.
    Time,
    /// The log before this one, with its last head: the first entry of a log that takes over.
    Continues,
    /// What a person decided: a waiver, an upload, a label…
    Decision,
    Other(String),
}

/// Why bytes are not a leaf.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    #[error("not a leaf: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("leaf of {0} bytes is over 1024")]
    TooLong(usize),
    #[error("leaf version {0} is not 1")]
    Version(u8),
    #[error(
        "leaf is not written as this version writes it: fields out of order, spaces or escapes"
    )]
    Spelling,
}

/// The wire shape, in the order that is written; unknown and doubled fields are refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u8,
    t: EntryType,
    env: Digest,
    key: KeyId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prev: Option<Digest>,
    rx: String,
}

impl Leaf {
    /// Writes the bytes that are hashed and stored.
    pub fn write(&self) -> String {
        let wire = Wire {
            v: self.v,
            t: self.t.clone(),
            env: self.env,
            key: self.key,
            epoch: self.link.map(|link| link.epoch.to_string()),
            seq: self.link.map(|link| link.seq.to_string()),
            prev: self.link.map(|link| link.prev),
            rx: self.rx.clone(),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// Reads stored bytes; only the spelling that [`Leaf::write`] gives is accepted.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        if bytes.len() > MAX_BYTES {
            return Err(LeafError::TooLong(bytes.len()));
        }
        let wire: Wire = serde_json::from_slice(bytes)?;
        if wire.v != 1 {
            return Err(LeafError::Version(wire.v));
        }
        let number = |text: &Option<String>| text.as_deref().map(str::parse::<u64>);
        let link = match (number(&wire.epoch), number(&wire.seq), wire.prev) {
            (Some(Ok(epoch)), Some(Ok(seq)), Some(prev)) => Some(Link { epoch, seq, prev }),
            (None, None, None) => None,
            _ => return Err(LeafError::Spelling),
        };
        let leaf = Self { v: 1, t: wire.t, env: wire.env, key: wire.key, link, rx: wire.rx };
        if leaf.write().as_bytes() == bytes { Ok(leaf) } else { Err(LeafError::Spelling) }
    }
}

impl EntryType {
    /// Every type that this version reads.
    pub const KNOWN: [Self; 16] = [
        Self::Evidence,
        Self::Heartbeat,
        Self::Enrol,
        Self::Revoke,
        Self::Rotate,
        Self::RulePack,
        Self::Activity,
        Self::Gap,
        Self::Conflict,
        Self::Fork,
        Self::Tombstone,
        Self::Hold,
        Self::LogKey,
        Self::Time,
        Self::Continues,
        Self::Decision,
    ];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Evidence => "evidence",
            Self::Heartbeat => "heartbeat",
            Self::Enrol => "enrol",
            Self::Revoke => "revoke",
            Self::Rotate => "rotate",
            Self::RulePack => "rule_pack",
            Self::Activity => "activity",
            Self::Gap => "gap",
            Self::Conflict => "conflict",
            Self::Fork => "fork",
            Self::Tombstone => "tombstone",
            Self::Hold => "hold",
            Self::LogKey => "log_key",
            Self::Time => "time",
            Self::Continues => "continues",
            Self::Decision => "decision",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for EntryType {
    fn from(name: String) -> Self {
        let known = Self::KNOWN.into_iter().find(|known| known.as_str() == name);
        known.unwrap_or(Self::Other(name))
    }
}

impl From<EntryType> for String {
    fn from(entry: EntryType) -> Self {
        entry.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(link: Option<Link>) -> Leaf {
        let (env, key) = (Digest::of(b"e"), Digest::of(b"k"));
        let rx = "2026-11-22T10:00:00.000Z".to_owned();
        Leaf { v: 1, t: EntryType::Evidence, env, key, link, rx }
    }

    #[test]
    fn leaf_has_the_written_order_and_reads_back() {
        let link = Link { epoch: 1, seq: u64::MAX, prev: Digest::ZERO };
        let text = leaf(Some(link)).write();
        let fields: Vec<usize> =
            ["\"v\"", "\"t\"", "\"env\"", "\"key\"", "\"epoch\"", "\"seq\"", "\"prev\"", "\"rx\""]
                .iter()
                .map(|field| text.find(field).unwrap())
                .collect();
        assert!(fields.is_sorted());
        assert!(text.contains(r#""seq":"18446744073709551615""#));
        assert_eq!(Leaf::parse(text.as_bytes()).unwrap(), leaf(Some(link)));
        assert_eq!(Leaf::parse(leaf(None).write().as_bytes()).unwrap(), leaf(None));
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = leaf(None).write();
        for bad in [
            text.replace(":1,", ": 1,"),
            text.replace(r#""v":1"#, r#""v":2"#),
            text.replace(r#""v":1"#, r#""v":1,"x":2"#),
            text.replace(r#""rx""#, r#""seq":"01","epoch":"1","rx""#),
            format!("{text}\n"),
            text.replace("2026", &"2".repeat(1000)),
        ] {
            assert!(Leaf::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn known_types_read_back_as_what_was_written() {
        for known in EntryType::KNOWN {
            assert_eq!(EntryType::from(known.as_str().to_owned()), known);
        }
    }

    #[test]
    fn unknown_types_are_kept_by_name() {
        let text = leaf(None).write().replace("evidence", "audit");
        assert_eq!(Leaf::parse(text.as_bytes()).unwrap().t.as_str(), "audit");
    }
}
