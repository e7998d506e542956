//! Logs and bundles of any size, made from the formats alone: a hundred agents that take turns.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use exhibit_proto::bundle::{self, Item, Listed, Manifest, Selection};
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::merkle::{Node, Nodes, leaf_hash, prove_inclusion};
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{
    Capsule, ENROL, EVIDENCE, Enrol, Observed, Run, Statement, Subject,
};
use exhibit_proto::tiles::{self, Edge, Level, Tile, fold, tile_of};
use exhibit_proto::tlog_proof::TlogProof;

const ORIGIN: &str = "bench.example/1";
const TIME: &str = "2026-11-23T00:00:00.000Z";
const AGENTS: u64 = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bundled {
    /// Checkpoint and tiles; envelopes are digests of nothing in particular.
    No,
    /// A bundle whose items are all entries, each with a statement that was really signed and one document.
    Yes,
}

/// What was made, and where.
pub(crate) struct Made {
    pub(crate) folder: PathBuf,
    pub(crate) policy: PathBuf,
    pub(crate) leaf_bytes: u64,
}

struct Agent {
    key: SecretKey,
    name: String,
    seq: u64,
    prev: Digest,
}

struct Maker {
    folder: PathBuf,
    log: SecretKey,
    agents: Vec<Agent>,
    document: String,
    edge: Edge,
    tiles: HashMap<(u8, u64), Vec<Digest>>,
    pending: Vec<String>,
    items: Vec<Item>,
    sums: Vec<(String, Digest)>,
    leaf_bytes: u64,
    bundled: Bundled,
}

/// Makes `entries` entries in `folder`; the first hundred are enrolments.
pub(crate) fn make(folder: &Path, entries: u64, bundled: Bundled) -> Result<Made> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut maker = Maker::new(folder, bundled)?;
    for index in 0..entries {
        let (entry_type, key, link, envelope, documents) = maker.entry(index)?;
        let env = Digest::of(&envelope);
        let leaf = Leaf { v: 1, t: entry_type, env, key, link, rx: TIME.into() };
        maker.append(index, &leaf)?;
        if bundled == Bundled::Yes {
            maker.put(&bundle::envelope(&env), &envelope)?;
            maker.put(&bundle::leaf(index), leaf.write().as_bytes())?;
            let (entry_type, logged) = (leaf.t, leaf.rx);
            maker.items.push(Item { index, entry_type, logged, envelope: env, documents });
        }
    }
    maker.finish(entries)
}

/// Type, key, place in a chain, envelope and documents of one entry.
type Entry = (EntryType, Digest, Option<Link>, Vec<u8>, Vec<Listed>);

impl Maker {
    fn new(folder: &Path, bundled: Bundled) -> Result<Self> {
        let agent = |number: u64| {
            let key = SecretKey::from_seed(Digest::of(&number.to_be_bytes()).as_bytes());
            Agent { key, name: format!("agent-{number}"), seq: 0, prev: Digest::ZERO }
        };
        let document = Document {
            body: serde_json::json!({ "pending": 3 }),
            kind: "patch.status".parse()?,
            salt: "00".repeat(16),
            schema: "urn:exhibit:kind:patch.status:v1".into(),
            target: "host:a".parse()?,
            v: 1,
            withheld: Vec::new(),
        };
        Ok(Self {
            folder: folder.to_owned(),
            log: SecretKey::from_seed(&[1; 32]),
            agents: (0..AGENTS).map(agent).collect(),
            document: document.write(),
            edge: Edge::default(),
            tiles: HashMap::new(),
            pending: Vec::new(),
            items: Vec::new(),
            sums: Vec::new(),
            leaf_bytes: 0,
            bundled,
        })
    }

    fn entry(&mut self, index: u64) -> Result<Entry> {
        let log = self.log.public().id();
        let number = usize::try_from(index % AGENTS)?;
        let agent = self.agents.get_mut(number).context("no agents")?;
        if index < AGENTS {
            let enrol = Enrol {
                agent: agent.name.clone(),
                epoch: 1,
                evidence_key: agent.key.public().to_pem(),
                targets: vec!["host:a".parse()?],
                host_name: "a".into(),
                certificate: Digest::ZERO,
                approved_by: "bench".into(),
            };
            let envelope = Statement::new(ENROL, Vec::new(), enrol).seal(&self.log)?;
            return Ok((EntryType::Enrol, log, None, envelope, Vec::new()));
        }
        agent.seq += 1;
        let link = Link { epoch: 1, seq: agent.seq, prev: agent.prev };
        let digest = Digest::of(self.document.as_bytes());
        let listed = Listed {
            digest,
            kind: "patch.status".parse()?,
            target: "host:a".parse()?,
            absent: None,
        };
        let (envelope, documents) = if self.bundled == Bundled::Yes {
            let run = run(&agent.name, link, digest, self.document.len() as u64)?;
            let subject = Subject::new("patch.status", digest, None);
            let statement = Statement::new(EVIDENCE, vec![subject], run);
            (statement.seal(&agent.key)?, vec![listed])
        } else {
            (index.to_be_bytes().to_vec(), Vec::new())
        };
        agent.prev = Digest::of(&envelope);
        let key = agent.key.public().id();
        Ok((EntryType::Evidence, key, Some(link), envelope, documents))
    }

    fn append(&mut self, index: u64, leaf: &Leaf) -> Result<()> {
        let text = leaf.write();
        self.leaf_bytes += text.len() as u64;
        let mut full = Vec::new();
        self.edge.push(leaf_hash(text.as_bytes()), &mut |tile, bytes| full.push((tile, bytes)));
        self.pending.push(text);
        for (tile, bytes) in full {
            self.tile(tile, &bytes)?;
        }
        if self.pending.len() == 256 {
            self.entries(index / 256)?;
        }
        Ok(())
    }

    fn entries(&mut self, index: u64) -> Result<()> {
        let leaves = std::mem::take(&mut self.pending);
        let width = u16::try_from(leaves.len())?;
        let bytes = tiles::bundle(leaves.iter().map(String::as_bytes))?;
        self.put(&Tile { level: Level::Entries, index, width }.to_string(), &bytes)
    }

    fn tile(&mut self, tile: Tile, bytes: &[u8]) -> Result<()> {
        if let Level::Hashes(level) = tile.level {
            self.tiles.insert((level, tile.index), tiles::parse_tile(bytes)?);
        }
        self.put(&tile.to_string(), bytes)
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let place = self.folder.join(path);
        fs::create_dir_all(place.parent().context("a file lies in a folder")?)?;
        fs::write(&place, bytes).with_context(|| place.display().to_string())?;
        if self.bundled == Bundled::Yes {
            self.sums.push((path.to_owned(), Digest::of(bytes)));
        }
        Ok(())
    }

    fn finish(mut self, size: u64) -> Result<Made> {
        if !self.pending.is_empty() {
            self.entries(size / 256)?;
        }
        for (tile, bytes) in self.edge.partial() {
            self.tile(tile, &bytes)?;
        }
        let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root: self.edge.root() };
        let signed = checkpoint.sign(&self.log)?;
        self.put(bundle::CHECKPOINT, signed.as_bytes())?;
        let vkey = Verifier::new(ORIGIN, self.log.public())?.vkey();
        let policy = format!("log {vkey}\nquorum none\n");
        if self.bundled == Bundled::Yes {
            self.bundle(&checkpoint, &signed, &policy)?;
        }
        let beside = self.folder.with_extension("policy");
        fs::write(&beside, policy)?;
        Ok(Made { folder: self.folder, policy: beside, leaf_bytes: self.leaf_bytes })
    }

    fn bundle(&mut self, checkpoint: &Checkpoint, signed: &str, policy: &str) -> Result<()> {
        for index in 0..checkpoint.size {
            let path = prove_inclusion(index, checkpoint.size, &mut Stored(&self.tiles))
                .unwrap_or_else(|never| match never {});
            let proof = TlogProof { extra: None, index, path, checkpoint: signed.to_owned() };
            self.put(&bundle::proof(index), proof.to_text().as_bytes())?;
        }
        let keys: Vec<_> = self.agents.iter().map(|agent| agent.key.public()).collect();
        for key in keys {
            self.put(&bundle::key(&key.id()), key.to_pem().as_bytes())?;
        }
        let document = self.document.clone();
        self.put(&bundle::document(&Digest::of(document.as_bytes())), document.as_bytes())?;
        self.put(bundle::LOG_KEY, self.log.public().to_pem().as_bytes())?;
        self.put(bundle::POLICY, policy.as_bytes())?;
        let manifest = Manifest {
            schema: bundle::SCHEMA.into(),
            generated_at: TIME.into(),
            checkpoint: checkpoint.clone(),
            selection: Selection::default(),
            items: std::mem::take(&mut self.items),
        };
        self.put(bundle::MANIFEST, &serde_json::to_vec(&manifest)?)?;
        let mut sums = BufWriter::new(File::create(self.folder.join(bundle::SUMS))?);
        for (path, digest) in &self.sums {
            writeln!(sums, "{digest}  {path}")?;
        }
        Ok(sums.flush()?)
    }
}

fn run(agent: &str, link: Link, digest: Digest, size: u64) -> Result<Run> {
    let capsule = Capsule {
        agent: agent.to_owned(),
        epoch: link.epoch,
        seq: link.seq,
        prev: link.prev,
        boot_id: "b".into(),
        monotonic_ms: link.seq,
        sealed_at: TIME.into(),
        clock_offset_ms: Some(0),
        checkpoint: None,
        agent_version: "0.1.0".into(),
        agent_binary: Digest::ZERO,
        configuration: Digest::ZERO,
        vetoes: exhibit_proto::statement::Vetoes::default(),
    };
    let observed = Observed {
        kind: "patch.status".parse()?,
        target: "host:a".parse()?,
        digest,
        size,
        method: vec!["/var/lib/dpkg/status".into()],
        privileges: "uid=0".into(),
        rows: Some(3),
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: TIME.into(),
        duration_ms: 1,
    };
    let (plugins, outcomes, documents) = (Vec::new(), Vec::new(), vec![observed]);
    Ok(Run { capsule, started: TIME.into(), finished: TIME.into(), plugins, documents, outcomes })
}

struct Stored<'a>(&'a HashMap<(u8, u64), Vec<Digest>>);

impl Nodes for Stored<'_> {
    type Error = Infallible;

    fn node(&mut self, node: Node) -> Result<Digest, Infallible> {
        let (level, index, range) = tile_of(node);
        let hashes = self.0.get(&(level, index)).and_then(|hashes| hashes.get(range));
        Ok(fold(hashes.unwrap_or_default()))
    }
}
