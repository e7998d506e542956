//! A log of many hosts, written by the log's own writer: enrolments, heartbeats and runs, each signed. When all this came is made
//! up, so that a year takes minutes.

mod content;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, Result};
use exhibit_assessment::{GivenRules, RulePack};
use exhibit_collector::log::{LogReader, LogWriter, NewEntry, Settings, Unbrought, create};
use exhibit_collector::packs::{GIVEN_MEDIA_TYPE, PACK_MEDIA_TYPE};
use exhibit_plugin::kinds::{self, KindInfo};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Document, Target};
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::statement::{
    self, Capsule, DOCUMENT_MEDIA_TYPE, ENROL, EVIDENCE, Enrol, GivenPack, HEARTBEAT, Heartbeat,
    Observed, RULE_PACK, RulePackInForce, Run, Scheduled, Statement, Subject,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const START: &str = "2026-01-01T00:00:00Z";
/// Entries on their way to the writer at a time.
const UNDER_WAY: usize = 512;
/// How often each host is to be looked at: daily, as most kinds are.
const CRON: &str = "0 3 * * *";

pub(crate) struct Fleet {
    runtime: Runtime,
    writer: LogWriter,
    reader: LogReader,
    log_key: SecretKey,
    clock: Arc<AtomicI64>,
    hosts: Vec<Host>,
    kinds: Vec<&'static KindInfo>,
    like: Like,
}

/// How hosts are alike.
#[derive(Clone, Copy)]
pub(crate) struct Like {
    /// Rows of each list in a document.
    pub(crate) rows: usize,
    /// Hosts are made from so many images.
    pub(crate) images: usize,
}

/// Where the log of a fleet is, whose it is, and when it begins.
pub(crate) struct Ground {
    pub(crate) path: PathBuf,
    pub(crate) origin: String,
    pub(crate) key: SecretKey,
    pub(crate) start: Timestamp,
}

struct Host {
    number: usize,
    agent: String,
    target: Target,
    key: SecretKey,
    seq: u64,
    prev: Digest,
    /// Of each kind the document as it is now, and how often it changed.
    documents: Vec<(Observed, u64)>,
}

/// An envelope before it is in the log.
type Sealed = (EntryType, SecretKey, Option<Link>, Vec<u8>, Vec<Vec<u8>>);

impl Fleet {
    /// An empty log in `folder`.
    pub(super) fn found(folder: &Path, kinds: usize, like: Like) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let (path, origin) = (folder.join("log.db"), "bench.example/log".to_owned());
        let key = SecretKey::from_seed(&[200; 32]);
        Self::on(Ground { path, origin, key, start: START.parse()? }, kinds, like)
    }

    /// An empty log at its place.
    pub(crate) fn on(ground: Ground, kinds: usize, like: Like) -> Result<Self> {
        let Ground { path, origin, key: log_key, start } = ground;
        let clock = Arc::new(AtomicI64::new(start.as_millisecond()));
        let settings = || {
            let clock = Arc::clone(&clock);
            let now = move || moment(clock.load(Ordering::Relaxed));
            let (path, origin, key) = (path.clone(), origin.clone(), log_key.clone());
            Settings { path, origin, key, leaving: None, clock: Box::new(now) }
        };
        create(&settings())?;
        let (writer, _task) = LogWriter::start(settings())?;
        let reader = LogReader::open(&path)?;
        let runtime = Runtime::new()?;
        let kinds = kinds::ALL.iter().take(kinds).collect();
        Ok(Self { runtime, writer, reader, log_key, clock, hosts: Vec::new(), kinds, like })
    }

    pub(crate) fn reader(&self) -> LogReader {
        self.reader.clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        moment(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn wait_hours(&self, hours: i64) {
        self.clock.fetch_add(hours * 3_600_000, Ordering::Relaxed);
    }

    pub(crate) fn places(&self) -> usize {
        self.hosts.len() * self.kinds.len()
    }

    /// Enrols hosts, each with its heartbeat and its first run.
    pub(super) fn enrol(&mut self, count: usize) -> Result<()> {
        self.invite(count)?;
        self.first_runs()
    }

    /// Enrols hosts, each with its heartbeat.
    pub(crate) fn invite(&mut self, count: usize) -> Result<()> {
        let mut sealed = Vec::with_capacity(count);
        for number in 0..count {
            let (host, enrolment) = self.host(number)?;
            self.hosts.push(host);
            sealed.push(enrolment);
        }
        self.append(sealed)?;
        let beats = (0..count).map(|host| self.heartbeat(host)).collect::<Result<_>>()?;
        self.append(beats)
    }

    /// The first run of every host.
    pub(crate) fn first_runs(&mut self) -> Result<()> {
        let all: Vec<(usize, Vec<usize>)> =
            (0..self.hosts.len()).map(|host| (host, (0..self.kinds.len()).collect())).collect();
        self.runs(&all)
    }

    /// One run of each of these hosts; what is listed changed, everything else is as it was.
    pub(super) fn runs(&mut self, changed: &[(usize, Vec<usize>)]) -> Result<()> {
        for part in changed.chunks(UNDER_WAY) {
            let mut sealed = Vec::with_capacity(part.len());
            for (host, kinds) in part {
                sealed.push(self.run(*host, kinds)?);
            }
            self.append(sealed)?;
        }
        Ok(())
    }

    /// A day later every host is looked at again; of all places this share has changed.
    pub(crate) fn day(&mut self, day: usize, share: f64) -> Result<usize> {
        self.wait_hours(24);
        let (hosts, kinds) = (self.hosts.len(), self.kinds.len());
        let every = (1.0 / share).round().max(1.0);
        let mut changed: Vec<(usize, Vec<usize>)> = (0..hosts).map(|host| (host, vec![])).collect();
        let mut count = 0;
        for place in 0..hosts * kinds {
            // Another hundredth each day, spread over hosts and kinds.
            if (place * 7919 + day * 104_729) as f64 % every < 1.0 {
                if let Some((_, of)) = changed.get_mut(place / kinds) {
                    of.push(place % kinds);
                }
                count += 1;
            }
        }
        self.runs(&changed)?;
        Ok(count)
    }

    /// Puts the shipped rules with one more in force.
    pub(super) fn another_pack(&self, given: &GivenRules, shipped: &RulePack) -> Result<()> {
        let pack = given.over(shipped)?;
        let of = GivenPack {
            pack: given.digest().parse()?,
            base: Some(shipped.digest().parse()?),
            note: None,
            signed_by: Vec::new(),
        };
        let (digest, rules) = (pack.digest().parse()?, pack.rules().len() as u64);
        let said = RulePackInForce::shipped(pack.version(), digest, rules, "bench");
        let said = RulePackInForce { given: Some(of), ..said };
        let archives =
            [(PACK_MEDIA_TYPE, pack.to_archive()), (GIVEN_MEDIA_TYPE, given.to_archive())];
        let subject = archives.iter().map(|(media_type, bytes)| {
            Subject::new("archive", Digest::of(bytes), Some(*media_type))
        });
        let envelope = Statement::new(RULE_PACK, subject.collect(), said).seal(&self.log_key)?;
        let archives = archives.into_iter().map(|(_, bytes)| bytes).collect();
        self.append(vec![(EntryType::RulePack, self.log_key.clone(), None, envelope, archives)])
    }

    fn host(&self, number: usize) -> Result<(Host, Sealed)> {
        let mut seed = [7; 32];
        seed.get_mut(..8).context("a seed is longer")?.copy_from_slice(&number.to_be_bytes());
        let key = SecretKey::from_seed(&seed);
        let target = target_of(number)?;
        let enrol = Enrol {
            agent: format!("agent-{number}"),
            epoch: 1,
            evidence_key: key.public().to_pem(),
            targets: vec![target.clone()],
            host_name: format!("host-{number}.example"),
            certificate: Digest::of(&number.to_be_bytes()),
            approved_by: "bench".into(),
        };
        let subject = vec![Subject::new("key", key.public().id(), None)];
        let agent = enrol.agent.clone();
        let envelope = Statement::new(ENROL, subject, enrol).seal(&self.log_key)?;
        let (prev, documents) = (Digest::ZERO, Vec::new());
        let host = Host { number, agent, target, key, seq: 0, prev, documents };
        Ok((host, (EntryType::Enrol, self.log_key.clone(), None, envelope, Vec::new())))
    }

    fn heartbeat(&mut self, host: usize) -> Result<Sealed> {
        let (now, kinds) = (self.now(), self.kinds.clone());
        let host = self.hosts.get_mut(host).context("a host")?;
        let line = |info: &&KindInfo| -> Result<Scheduled> {
            let (kind, target) = (info.kind.parse()?, host.target.clone());
            Ok(Scheduled { kind, target, cron: CRON.into() })
        };
        let beat = Heartbeat {
            capsule: host.capsule(now),
            host_name: format!("{}.example", host.agent),
            schedule: kinds.iter().map(line).collect::<Result<_>>()?,
            interval_seconds: 90_000,
            spool_items: 0,
            dropped: 0,
            labels: BTreeMap::new(),
            closes: None,
        };
        let subject = vec![Subject::new("heartbeat", Digest::of(host.agent.as_bytes()), None)];
        host.sealed(EntryType::Heartbeat, &Statement::new(HEARTBEAT, subject, beat), Vec::new())
    }

    fn run(&mut self, host: usize, changed: &[usize]) -> Result<Sealed> {
        let (now, like, kinds) = (self.now(), self.like, self.kinds.clone());
        let host = self.hosts.get_mut(host).context("a host")?;
        let mut brought = Vec::new();
        for (place, info) in kinds.iter().enumerate() {
            let known = host.documents.get(place).map(|(_, changes)| *changes);
            if known.is_some() && !changed.contains(&place) {
                continue;
            }
            let changes = known.map_or(0, |changes| changes + 1);
            let bytes = document(info, host, like, changes)?;
            let observed = observed(info, &host.target, &bytes, host.began(now))?;
            match host.documents.get_mut(place) {
                Some(held) => *held = (observed, changes),
                None => host.documents.push((observed, changes)),
            }
            brought.push(bytes);
        }
        let began = host.began(now).to_string();
        for (observed, _) in &mut host.documents {
            observed.started.clone_from(&began);
        }
        let subject = |(observed, _): &(Observed, u64)| {
            Subject::new(observed.kind.as_str(), observed.digest, Some(DOCUMENT_MEDIA_TYPE))
        };
        let subjects = host.documents.iter().map(subject).collect();
        let run = Run {
            capsule: host.capsule(now),
            started: began,
            finished: now.to_string(),
            plugins: Vec::new(),
            documents: host.documents.iter().map(|(observed, _)| observed.clone()).collect(),
            outcomes: Vec::new(),
        };
        host.sealed(EntryType::Evidence, &Statement::new(EVIDENCE, subjects, run), brought)
    }

    fn append(&self, sealed: Vec<Sealed>) -> Result<()> {
        self.runtime.block_on(async {
            let mut under_way = JoinSet::new();
            for (entry_type, key, link, envelope, documents) in sealed {
                if under_way.len() >= UNDER_WAY {
                    under_way.join_next().await.context("one is under way")???;
                }
                let (erases, unbrought) = (Vec::new(), Unbrought::default());
                let key = key.public().id();
                let entry =
                    NewEntry { entry_type, key, link, envelope, documents, erases, unbrought };
                let writer = self.writer.clone();
                under_way.spawn(async move {
                    writer.append(entry).await.map_err(|error| anyhow::anyhow!("{error}"))
                });
            }
            while let Some(done) = under_way.join_next().await {
                done??;
            }
            Ok(())
        })
    }
}

impl Host {
    /// Hosts do not all run at the same second.
    fn began(&self, now: Timestamp) -> Timestamp {
        now - SignedDuration::from_secs(i64::try_from(self.number % 1_800).unwrap_or(0))
    }

    fn capsule(&self, now: Timestamp) -> Capsule {
        Capsule {
            agent: self.agent.clone(),
            epoch: 1,
            seq: self.seq + 1,
            prev: self.prev,
            boot_id: "8c5e7a52-5b0f-4f0e-9a37-3f1f6f0a7d11".into(),
            monotonic_ms: self.seq,
            sealed_at: now.to_string(),
            clock_offset_ms: Some(0),
            checkpoint: None,
            agent_version: "0.1.0".into(),
            agent_binary: Digest::ZERO,
            configuration: Digest::ZERO,
            vetoes: statement::Vetoes::default(),
        }
    }

    fn sealed<P: Serialize + DeserializeOwned>(
        &mut self,
        entry_type: EntryType,
        statement: &Statement<P>,
        documents: Vec<Vec<u8>>,
    ) -> Result<Sealed> {
        let link = Link { epoch: 1, seq: self.seq + 1, prev: self.prev };
        let envelope = statement.seal(&self.key)?;
        (self.seq, self.prev) = (link.seq, Digest::of(&envelope));
        Ok((entry_type, self.key.clone(), Some(link), envelope, documents))
    }
}

/// What the host of that number is called. Machine ids come in no order: rows of a host stand among those of all others.
pub(crate) fn target_of(number: usize) -> Result<Target> {
    let id = Digest::of(&number.to_be_bytes()).to_string();
    Ok(format!("host:{}", id.get(..32).context("a digest is longer")?).parse()?)
}

fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

fn document(info: &KindInfo, host: &Host, like: Like, changes: u64) -> Result<Vec<u8>> {
    let document = Document {
        body: content::body(info, (host.number, like), changes)?,
        kind: info.kind.parse()?,
        // A body without a list changes by what would be another salt elsewhere.
        salt: format!("{changes:032x}"),
        schema: format!("urn:exhibit:kind:{}:v1", info.kind),
        target: host.target.clone(),
        v: 1,
        withheld: Vec::new(),
    };
    Ok(document.write().into_bytes())
}

fn observed(info: &KindInfo, target: &Target, bytes: &[u8], now: Timestamp) -> Result<Observed> {
    Ok(Observed {
        kind: info.kind.parse()?,
        target: target.clone(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        method: vec!["/var/lib/dpkg/status".into()],
        privileges: "uid=0".into(),
        rows: Some(1),
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: now.to_string(),
        duration_ms: 1,
    })
}
