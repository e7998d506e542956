//! Audit bundles: a selection of the log with everything that proves it, for people who trust neither this program nor
//! its operator. Never exports what no proof covers, and never shows a half-written bundle under its name.

mod attested;
mod carried;
mod decided;
mod folder;
mod judged;
mod manifest;
mod news;
mod noticed;
mod page;
mod past;
mod readme;
mod select;
mod settle;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use exhibit_proto::bundle::{self, Absence, Item, Listed};
use exhibit_proto::checkpoint::{Checkpoint, CheckpointError};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::keys::{KeyError, PublicKey};
use exhibit_proto::leaf::{EntryType, Leaf, LeafError};
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::merkle::{leaf_hash, prove_inclusion, verify_inclusion};
use exhibit_proto::rotation::Rotate;
use exhibit_proto::statement::{Deleted, Enrol, Heartbeat, Run, Statement, Tombstone};
use exhibit_proto::tiles::{Edge, Level, Tile, TileError, WIDTH, parse_bundle, width};
use exhibit_proto::tlog_proof::TlogProof;
use jiff::Timestamp;
use serde::Serialize;

use crate::log::{Head, LogError, LogReader};
use crate::packs::PacksError;
use crate::timestamp::{Name, StampError, Stamps};
use crate::views::{Views, ViewsError};
use carried::Carried;
use folder::Folder;
use manifest::Manifest;
use news::News;
use past::Past;
pub use select::{Audited, Selection};
pub(crate) use settle::settled;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub out: PathBuf,
    pub checkpoint: Checkpoint,
    /// SHA-256 of `manifest.json`.
    pub manifest: Digest,
    /// Witnesses whose cosignatures stand on the checkpoint, by the policy's names.
    pub cosigned_by: Vec<String>,
    /// Tokens of time-stamping authorities over this head and earlier ones.
    pub timestamps: u64,
    /// Entries of the log that the bundle holds, enrolments, rotations, revocations and rule packs among them.
    pub items: u64,
    /// Of these, statements of evidence that the selection asked for.
    pub statements: u64,
    /// Statements from before the period: the last that spoke of something then, so that what held as it began can be judged again.
    pub statements_before: u64,
    /// Document files; one that did not change stands once.
    pub documents: u64,
    /// Documents asked for that the collector does not hold.
    pub documents_not_held: u64,
    pub files: u64,
    pub bytes: u64,
}

/// How far an export is: leaves of the log that were read, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
}

/// Why there is no bundle. Nothing stands under the asked name then.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{} exists and is not an empty folder: name another one", .0.display())]
    Exists(PathBuf),
    #[error("{} is not a place for a new folder: give a path with a name at its end", .0.display())]
    NoName(PathBuf),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Packs(#[from] PacksError),
    #[error("time-stamps: {0}")]
    Stamp(#[from] StampError),
    #[error("the log's head is not signed by the key that the bundle would name: {0}")]
    Head(#[from] CheckpointError),
    #[error(
        "entry {index}: {what}; the log database is damaged: restore the newest backup beside it and compare"
    )]
    Damaged { index: u64, what: String },
}

/// What a bundle leads to: a head of the log, and the policy that auditors are told to compare with their own.
#[derive(Clone)]
pub struct Under {
    pub log_keys: LogKeys,
    /// With those cosignatures that the bundle shall carry.
    pub head: Head,
    /// Who made them, by the policy's names.
    pub cosigned_by: Vec<String>,
    /// C2SP tlog-policy.
    pub policy: String,
    /// Time-stamps; those that the head covers go into the bundle.
    pub stamps: Stamps,
    /// What the collector shows about the evidence; without them the bundle has documents only.
    pub views: Option<Views>,
}

/// Writes the bundle of `selection` to the new folder `out`, under one head of the log: beside it
/// first, synced, then renamed. Blocking; streams, so memory does not grow with documents.
pub fn write(
    reader: &LogReader,
    under: &Under,
    selection: &Selection,
    generated_at: Timestamp,
    out: &Path,
    progress: impl Fn(Progress),
) -> Result<Summary, ExportError> {
    let Under { log_keys, head, cosigned_by, policy, stamps, views } = under;
    log_keys.open_head(head.signed.as_bytes())?;
    // The newest key that signed this head leads to all that were before it.
    let log_key = log_keys.of_head(head.checkpoint.size).pop().unwrap_or(log_keys.newest());
    let mut folder = Folder::begin(out)?;
    let (now, generated_at) = (generated_at, rfc3339(generated_at));
    let manifest =
        Manifest::begin(&mut folder, &generated_at, &head.checkpoint, &selection.claims())?;
    // First, while the tables stand where the head does.
    if let Some(views) = views {
        judged::write((views, reader), selection, (head.checkpoint.size, now), &mut folder)?;
    }
    let past = Past::new(reader, head.checkpoint.size);
    let counts = Counts::default();
    let (agents, missing) = (BTreeMap::new(), BTreeSet::new());
    let attested = attested::wanted(reader, selection, head.checkpoint.size)?;
    let carried = carried::wanted(views.as_ref(), selection, head.checkpoint.size)?;
    let news = News::default();
    let mut writer = Writer {
        reader,
        selection,
        head,
        past,
        folder,
        manifest,
        news,
        counts,
        agents,
        missing,
        attested,
        carried: &carried,
        judged: views.is_some(),
        own: BTreeSet::new(),
    };
    writer.leaves(&progress)?;
    let Writer { mut folder, manifest, counts, .. } = writer;
    let (count, digest) = manifest.end(&mut folder)?;
    folder.put(bundle::CHECKPOINT, head.signed.as_bytes())?;
    folder.put(bundle::LOG_KEY, log_key.key().to_pem().as_bytes())?;
    if let Some(shown) = reader.log_keys(head)? {
        folder.put(bundle::LOG_KEYS, shown.as_bytes())?;
    }
    folder.put(bundle::POLICY, policy.as_bytes())?;
    let timestamps = timestamps(stamps, head.checkpoint.size, &mut folder)?;
    folder
        .put(bundle::README, readme::text(log_key, &head.checkpoint, &generated_at).as_bytes())?;
    folder.put(bundle::PAGE, page::text().as_bytes())?;
    let (files, bytes) = folder.finish()?;
    Ok(Summary {
        out: out.to_owned(),
        checkpoint: head.checkpoint.clone(),
        manifest: digest,
        cosigned_by: cosigned_by.clone(),
        timestamps,
        items: count,
        statements: counts.statements,
        statements_before: counts.before,
        documents: counts.documents,
        documents_not_held: counts.not_held,
        files,
        bytes,
    })
}

/// Writes the tokens that the head covers, with what they stamp; answers how many there are.
fn timestamps(stamps: &Stamps, size: u64, folder: &mut Folder) -> Result<u64, ExportError> {
    let names = stamps.names()?;
    let tokens: BTreeMap<u64, u64> =
        names.iter().filter_map(Name::token).fold(BTreeMap::new(), |mut tokens, (of, _)| {
            *tokens.entry(of).or_default() += u64::from(of <= size);
            tokens
        });
    let stamped = |of: u64| tokens.get(&of).is_some_and(|tokens| *tokens > 0);
    for name in &names {
        let wanted = match name {
            Name::Checkpoint { size } | Name::Token { size, .. } => stamped(*size),
            Name::Chain => tokens.values().any(|tokens| *tokens > 0),
        };
        if let Some(bytes) = stamps.read(name)?.filter(|_| wanted) {
            folder.put(&format!("{}{name}", bundle::TIMESTAMPS), &bytes)?;
        }
    }
    Ok(tokens.values().sum())
}

#[derive(Default)]
struct Counts {
    statements: u64,
    before: u64,
    documents: u64,
    not_held: u64,
}

/// An agent: what it may speak for, and its host's name.
struct Enrolled {
    targets: BTreeSet<Target>,
    host_name: String,
}

struct Writer<'a> {
    reader: &'a LogReader,
    selection: &'a Selection,
    head: &'a Head,
    past: Past<'a>,
    folder: Folder,
    manifest: Manifest,
    news: News,
    counts: Counts,
    /// By the enrolments so far.
    agents: BTreeMap<String, Enrolled>,
    /// Documents of items that are not held.
    missing: BTreeSet<Digest>,
    /// Entries about the log's time that come along.
    attested: BTreeSet<u64>,
    /// What was in force as the period began.
    carried: &'a Carried,
    /// Findings come along.
    judged: bool,
    /// Records of the audit's own, by register and id.
    own: BTreeSet<(String, String)>,
}

impl Writer<'_> {
    /// Writes all leaves and the tiles that follow from them, and each item on the way.
    fn leaves(&mut self, progress: &impl Fn(Progress)) -> Result<(), ExportError> {
        let size = self.head.checkpoint.size;
        let mut edge = Edge::default();
        for index in 0..size.div_ceil(WIDTH) {
            let level = Level::Entries;
            let tile = Tile { level, index, width: width(level, index, size) };
            let bytes = self.past.bundle(tile)?;
            self.folder.put(&tile.to_string(), &bytes)?;
            let mut full = Vec::new();
            let first = index * WIDTH;
            let entries = parse_bundle(&bytes).map_err(|error| damaged(first, &error))?;
            for (index, entry) in (first..).zip(entries) {
                edge.push(leaf_hash(entry), &mut |tile, bytes| full.push((tile, bytes)));
                self.entry(index, entry)?;
            }
            for (tile, bytes) in full {
                self.folder.put(&tile.to_string(), &bytes)?;
            }
            progress(Progress { done: first + u64::from(tile.width), total: size });
        }
        for (tile, bytes) in edge.partial() {
            self.folder.put(&tile.to_string(), &bytes)?;
        }
        if edge.root() == self.head.checkpoint.root {
            Ok(())
        } else {
            Err(damaged(size, "the stored leaves do not give the signed root"))
        }
    }

    fn entry(&mut self, index: u64, bytes: &[u8]) -> Result<(), ExportError> {
        let leaf = Leaf::parse(bytes).map_err(|error: LeafError| damaged(index, &error))?;
        let always = match leaf.t {
            EntryType::Enrol
            | EntryType::Rotate
            | EntryType::Revoke
            | EntryType::RulePack
            | EntryType::LogKey
            | EntryType::Continues => true,
            // It stands after all statements that name what it took.
            EntryType::Tombstone => self.took_something(index, &leaf.env)?,
            EntryType::Time => self.attested.contains(&index),
            EntryType::Decision => self.selection.audit.is_some() || self.decided_by_then(&leaf.rx),
            EntryType::Activity => self.froze_by_then(index, &leaf)?,
            EntryType::Evidence
            | EntryType::Heartbeat
            | EntryType::Hold
            | EntryType::Gap
            | EntryType::Conflict
            | EntryType::Fork
            | EntryType::Other(_) => false,
        };
        let within = self.selection.covers_time(&leaf.rx);
        let asked = leaf.t == EntryType::Evidence && (within || self.selection.names_entry(index));
        let before = leaf.t == EntryType::Evidence && self.carried.brings(index);
        let notice = noticed::is(&leaf.t);
        let beat = leaf.t == EntryType::Heartbeat;
        if !always && !asked && !before && !notice && !beat {
            return Ok(());
        }
        let envelope = self.reader.envelope(&leaf.env)?;
        if envelope.as_ref().is_some_and(|envelope| Digest::of(envelope) != leaf.env) {
            return Err(damaged(
                index,
                "the stored envelope has another digest than its leaf says",
            ));
        }
        if leaf.t == EntryType::Decision && !self.concerns(index, &leaf.rx, envelope.as_deref())? {
            return Ok(());
        }
        if notice && !self.noticed(index, &leaf.t, envelope.as_deref())? {
            return Ok(());
        }
        if beat && !self.news(index, &leaf, envelope.as_deref())? {
            return Ok(());
        }
        let documents = match &envelope {
            Some(envelope) if asked || before => match self.run((index, within), envelope)? {
                Some(documents) => documents,
                None => return Ok(()),
            },
            None if before => return Ok(()),
            // What was deleted can only be asked for by asking for all.
            None if asked && !self.selection.is_all() => return Ok(()),
            Some(_) | None => Vec::new(),
        };
        if let Some(envelope) = &envelope {
            self.folder.put_once(&bundle::envelope(&leaf.env), envelope)?;
            if leaf.t == EntryType::Enrol {
                let enrol: Enrol = predicate(index, envelope)?;
                let targets = enrol.targets.iter().cloned().collect();
                let enrolled = Enrolled { targets, host_name: enrol.host_name.clone() };
                self.agents.insert(enrol.agent.clone(), enrolled);
                self.key(index, &enrol.evidence_key)?;
            } else if leaf.t == EntryType::Rotate {
                let rotate: Rotate = predicate(index, envelope)?;
                self.key(index, &rotate.new_key)?;
            } else if matches!(leaf.t, EntryType::Decision | EntryType::Activity) {
                self.files(index, envelope)?;
            }
        }
        self.counts.statements += u64::from(asked);
        self.counts.before += u64::from(before);
        self.folder.put(&bundle::leaf(index), bytes)?;
        self.proof(index, bytes)?;
        let (entry_type, logged) = (leaf.t, leaf.rx);
        self.manifest.item(&Item { index, entry_type, logged, envelope: leaf.env, documents })
    }

    /// Whether a heartbeat says something that the bundle must show. One that was deleted says nothing.
    fn news(
        &mut self,
        index: u64,
        leaf: &Leaf,
        envelope: Option<&[u8]>,
    ) -> Result<bool, ExportError> {
        let Some(envelope) = envelope else { return Ok(false) };
        let beat: Heartbeat = predicate(index, envelope)?;
        let within = self.selection.covers_time(&leaf.rx);
        let wanted = |kind: &_, target: &_| self.selection.covers(kind, target);
        let speaker = self.agents.get(&beat.capsule.agent);
        let named = speaker.filter(|speaker| self.selection.is_about(&speaker.targets));
        let named = named.map(|speaker| speaker.host_name.as_str());
        Ok(self.news.ships(leaf.key, &beat, within, (named, wanted)))
    }

    /// The documents of a run, written; `None` if the selection asks for nothing of it.
    fn run(
        &mut self,
        (index, within): (u64, bool),
        envelope: &[u8],
    ) -> Result<Option<Vec<Listed>>, ExportError> {
        let run: Run = predicate(index, envelope)?;
        let (selection, carried) = (self.selection, self.carried);
        let wanted = |kind: &Kind, target: &Target| {
            within && selection.covers(kind, target)
                || selection.names(index, kind, target)
                || carried.names(index, kind, target)
        };
        let documents = run.documents.iter().map(|d| (&d.kind, &d.target));
        let mut seen = documents.chain(run.outcomes.iter().map(|o| (&o.kind, &o.target)));
        let all = within && selection.is_all();
        if !all && !seen.any(|(kind, target)| wanted(kind, target)) {
            return Ok(None);
        }
        let mut listed = Vec::new();
        for document in run.documents {
            let absent = if wanted(&document.kind, &document.target) {
                self.document(index, &document.digest)?
            } else {
                Some(Absence::NotSelected)
            };
            let (digest, kind, target) = (document.digest, document.kind, document.target);
            listed.push(Listed { digest, kind, target, absent });
        }
        Ok(Some(listed))
    }

    fn document(&mut self, index: u64, digest: &Digest) -> Result<Option<Absence>, ExportError> {
        let path = bundle::document(digest);
        if self.folder.has(&path) {
            return Ok(None);
        }
        let Some(bytes) = self.reader.document(digest)? else {
            self.counts.not_held += 1;
            self.missing.insert(*digest);
            return Ok(Some(Absence::NotHeld));
        };
        if Digest::of(&bytes) != *digest {
            return Err(damaged(index, &format!("stored document {digest} has another digest")));
        }
        self.counts.documents += 1;
        self.folder.put(&path, &bytes)?;
        Ok(None)
    }

    /// Whether a tombstone took a document that an item names and the bundle lacks, or one of what was asked for: findings change
    /// with it.
    fn took_something(&self, index: u64, envelope: &Digest) -> Result<bool, ExportError> {
        let Some(envelope) = self.reader.envelope(envelope)? else { return Ok(false) };
        let stone: Tombstone = predicate(index, &envelope)?;
        let wanted = |gone: &Deleted| self.selection.covers(&gone.kind, &gone.target);
        let judged = self.judged && stone.documents.iter().any(wanted);
        Ok(judged || stone.documents.iter().any(|gone| self.missing.contains(&gone.digest)))
    }

    fn key(&mut self, index: u64, pem: &str) -> Result<(), ExportError> {
        let key = PublicKey::from_pem(pem);
        let key = key.map_err(|error: KeyError| damaged(index, &error))?;
        self.folder.put_once(&bundle::key(&key.id()), key.to_pem().as_bytes())
    }

    /// The proof under the bundle's own head, not under one that came while it was written.
    fn proof(&mut self, index: u64, leaf: &[u8]) -> Result<(), ExportError> {
        let Checkpoint { size, root, .. } = self.head.checkpoint;
        let path = prove_inclusion(index, size, &mut self.past)?;
        verify_inclusion(index, size, &leaf_hash(leaf), &path, &root)
            .map_err(|error| damaged(index, &format!("stored tiles: {error}")))?;
        let (extra, checkpoint) = (Some(leaf.to_vec()), self.head.signed.clone());
        let proof = TlogProof { extra, index, path, checkpoint };
        self.folder.put(&bundle::proof(index), proof.to_text().as_bytes())
    }
}

/// What a stored envelope says; the log admitted it, so its signature is not asked again here.
fn predicate<P: Serialize + serde::de::DeserializeOwned>(
    index: u64,
    envelope: &[u8],
) -> Result<P, ExportError> {
    let envelope = exhibit_proto::dsse::Envelope::parse(envelope);
    let payload = envelope.and_then(|envelope| envelope.unverified_payload());
    let payload = payload.map_err(|error| damaged(index, &error))?;
    let statement = Statement::<P>::from_payload(&payload);
    Ok(statement.map_err(|error| damaged(index, &error))?.predicate)
}

fn damaged(index: u64, what: &(impl ToString + ?Sized)) -> ExportError {
    ExportError::Damaged { index, what: what.to_string() }
}

fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

impl From<TileError> for ExportError {
    fn from(error: TileError) -> Self {
        Self::Log(LogError::Tile(error))
    }
}
