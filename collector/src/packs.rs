//! Rule packs as the log holds them: who put which in force, and the archives beside. It judges nothing and writes nothing.

use exhibit_assessment::{PackError, RulePack};
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{RULE_PACK, RULE_PACK_PROPOSED, RulePackInForce, Statement};
use jiff::Timestamp;
use serde_json::Value;

use crate::log::{Entry, LogError, LogReader};

/// Media types of the archives that stand beside an entry: of the pack, and of what was given where that extends another.
pub const PACK_MEDIA_TYPE: &str = "application/vnd.exhibit.rule-pack+json";
pub const GIVEN_MEDIA_TYPE: &str = "application/vnd.exhibit.rule-pack-given+json";

/// Why a pack of the log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PacksError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("entry {0} does not say which rules judge: {1}")]
    Entry(u64, String),
    #[error("the archive of the rule pack {0} is not held; `exhibit-collector check` says why")]
    Absent(Digest),
    #[error("the archive of the rule pack {0} holds another one: {1}")]
    Other(Digest, String),
    #[error(
        "the rule pack {0} cannot be used by this version: {1}; upgrade the program, or activate a pack that it can use"
    )]
    Unusable(Digest, PackError),
}

/// What one entry of the type `rule_pack` says.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedPack {
    pub index: u64,
    pub at: Timestamp,
    /// Nothing judges by it unless a later entry names it.
    pub proposed: bool,
    pub said: RulePackInForce,
    /// Digest of the archive of the pack.
    pub archive: Option<Digest>,
    /// Of what was given, where that is something else.
    pub given: Option<Digest>,
}

impl LoggedPack {
    /// Reads an entry, whose signature is checked elsewhere.
    pub fn of(entry: &Entry) -> Result<Self, PacksError> {
        let wrong = |what: String| PacksError::Entry(entry.index, what);
        let envelope = entry.envelope.as_ref();
        let envelope = envelope.ok_or_else(|| wrong("its envelope is missing".to_owned()))?;
        let payload = exhibit_proto::dsse::Envelope::parse(envelope)
            .and_then(|envelope| envelope.unverified_payload())
            .map_err(|error| wrong(error.to_string()))?;
        let statement = Statement::<Value>::from_payload(&payload);
        Self::stated(entry, &statement.map_err(|error| wrong(error.to_string()))?)
    }

    /// What the entry's statement says.
    pub fn stated(entry: &Entry, statement: &Statement<Value>) -> Result<Self, PacksError> {
        let wrong = |what: String| PacksError::Entry(entry.index, what);
        let proposed = match statement.predicate_type.as_str() {
            RULE_PACK => false,
            RULE_PACK_PROPOSED => true,
            other => return Err(wrong(format!("it states {other:?}"))),
        };
        let said = statement.predicate_as().map_err(|error| wrong(error.to_string()))?;
        let archive = |media_type: &str| {
            let mut subjects = statement.subject.iter();
            let found = subjects.find(|one| one.media_type.as_deref() == Some(media_type));
            found.map(|subject| subject.digest.sha256)
        };
        Ok(Self {
            index: entry.index,
            at: entry.leaf.rx.parse().map_err(|error: jiff::Error| wrong(error.to_string()))?,
            proposed,
            said,
            archive: archive(PACK_MEDIA_TYPE),
            given: archive(GIVEN_MEDIA_TYPE),
        })
    }

    /// The pack, out of its archive.
    pub fn pack(&self, reader: &LogReader) -> Result<RulePack, PacksError> {
        let bytes = self.archive_bytes(reader)?;
        let pack = RulePack::from_archive(&bytes)
            .map_err(|error| PacksError::Unusable(self.said.pack, error))?;
        if pack.digest() == self.said.pack.to_string() {
            Ok(pack)
        } else {
            Err(PacksError::Other(self.said.pack, pack.digest().to_owned()))
        }
    }

    pub fn archive_bytes(&self, reader: &LogReader) -> Result<Vec<u8>, PacksError> {
        stored(reader, self.archive, self.said.pack)
    }

    /// The archive of what was given; that of the pack where both are one.
    pub fn given_bytes(&self, reader: &LogReader) -> Result<Vec<u8>, PacksError> {
        match (&self.said.given, self.given) {
            (Some(given), Some(archive)) => stored(reader, Some(archive), given.pack),
            (None | Some(_), _) => self.archive_bytes(reader),
        }
    }
}

fn stored(
    reader: &LogReader,
    archive: Option<Digest>,
    pack: Digest,
) -> Result<Vec<u8>, PacksError> {
    let archive = archive.ok_or(PacksError::Absent(pack))?;
    let bytes = reader.document(&archive)?.ok_or(PacksError::Absent(pack))?;
    if Digest::of(&bytes) == archive {
        Ok(bytes)
    } else {
        Err(PacksError::Other(pack, "its bytes were changed".to_owned()))
    }
}

/// Where a pack of the log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    InForce,
    /// It was in force.
    Past,
    /// It waits for a second person.
    Proposed,
    /// A later entry put it in force.
    Approved,
    /// It was proposed, and nobody approved it before another came into force.
    Lapsed,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Past => "past",
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Lapsed => "lapsed",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::Past => "was in force",
            Self::Proposed => "waits for a second person",
            Self::Approved => "proposed, and approved later",
            Self::Lapsed => "proposed, and never approved",
        }
    }
}

/// Where one of these packs stands.
pub fn standing(history: &[LoggedPack], pack: &LoggedPack) -> Standing {
    let is = |other: Option<&LoggedPack>| other.is_some_and(|other| other.index == pack.index);
    let approves = |later: &LoggedPack| {
        later.said.approved.as_ref().is_some_and(|approved| approved.proposed == pack.index)
    };
    match pack.proposed {
        true if is(open_proposal(history)) => Standing::Proposed,
        true if history.iter().any(approves) => Standing::Approved,
        true => Standing::Lapsed,
        false if is(in_force(history)) => Standing::InForce,
        false => Standing::Past,
    }
}

/// Every entry about rule packs, oldest first. One that cannot be read puts nothing in force.
pub fn history(reader: &LogReader) -> Result<Vec<LoggedPack>, PacksError> {
    let entries = reader.entries_of(&EntryType::RulePack, 0, u32::MAX)?;
    Ok(entries.iter().filter_map(|entry| LoggedPack::of(entry).ok()).collect())
}

/// The pack in force after all of these.
pub fn in_force(history: &[LoggedPack]) -> Option<&LoggedPack> {
    history.iter().rev().find(|pack| !pack.proposed)
}

/// The proposal that may still be approved: the newest, unless a pack came into force after it.
pub fn open_proposal(history: &[LoggedPack]) -> Option<&LoggedPack> {
    history.last().filter(|pack| pack.proposed)
}
