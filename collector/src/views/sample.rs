//! A real log in a scratch directory, written through the log's own writer with signed statements, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use exhibit_assessment::{GivenRules, RulePack};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Document, Kind, Target};
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::log_key::{self, LogKeys, Phase};
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{
    self, Activity, Capsule, Enrol, GivenPack, Heartbeat, Observed, Outcome, Revoke,
    RulePackInForce, Run, Scheduled, Statement, Subject,
};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::log::{LogReader, LogWriter, NewEntry, Settings, Unbrought, create};
use crate::packs::{GIVEN_MEDIA_TYPE, PACK_MEDIA_TYPE};
use crate::views::{Assessor, KEPT_MEDIA_TYPE, Views};

pub(crate) const ORIGIN: &str = "evidence.example.com/test/2026";
/// When the first entry arrives.
pub(crate) const START: &str = "2026-11-20T08:00:00Z";

pub(crate) struct Sample {
    pub(crate) dir: TempDir,
    pub(crate) writer: LogWriter,
    pub(crate) reader: LogReader,
    pub(crate) log_key: SecretKey,
    clock: Arc<AtomicI64>,
    seeds: AtomicU8,
}

pub(crate) struct SampleAgent {
    pub(crate) id: String,
    pub(crate) target: Target,
    pub(crate) host_name: String,
    pub(crate) key: SecretKey,
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
    /// What the operator of its host forbids.
    pub(crate) vetoes: statement::Vetoes,
}

impl Sample {
    pub(crate) fn new() -> Self {
        Self::with_keys(None)
    }

    /// A log in the middle of a change of its key, which its first entry began.
    pub(crate) fn changing_its_key() -> Self {
        let old = SecretKey::from_seed(&[199; 32]);
        let sample = Self::with_keys(Some(&old));
        let (keys, why) = ((&old, &sample.log_key), ("ada", "the year is over"));
        let envelope = log_key::seal(ORIGIN, Phase::Begin, keys, why).unwrap();
        sample.append(NewEntry {
            entry_type: EntryType::LogKey,
            key: old.public().id(),
            link: None,
            envelope,
            documents: vec![],
            erases: vec![],
            unbrought: Unbrought::default(),
        });
        sample
    }

    fn with_keys(leaving: Option<&SecretKey>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(START.parse::<Timestamp>().unwrap().as_millisecond()));
        let log_key = SecretKey::from_seed(&[200; 32]);
        let settings = || {
            let clock = Arc::clone(&clock);
            let now = move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap();
            Settings {
                path: dir.path().join("log.db"),
                origin: ORIGIN.to_owned(),
                key: log_key.clone(),
                leaving: leaving.cloned(),
                clock: Box::new(now),
            }
        };
        create(&settings()).unwrap();
        let (writer, _task) = LogWriter::start(settings()).unwrap();
        let reader = LogReader::open(&dir.path().join("log.db")).unwrap();
        Self { dir, writer, reader, log_key, clock, seeds: AtomicU8::new(1) }
    }

    pub(crate) fn views(&self) -> Views {
        self.views_at("views.db")
    }

    pub(crate) fn views_at(&self, name: &str) -> Views {
        let assessor = Assessor::builtin().unwrap();
        let views =
            Views::open(&self.dir.path().join(name), self.reader.clone(), assessor).unwrap();
        views.catch_up().unwrap();
        views
    }

    pub(crate) fn vkey(&self) -> String {
        Verifier::new(ORIGIN, self.log_key.public()).unwrap().vkey()
    }

    /// Every key that the log has had, as its entries say.
    pub(crate) fn keys(&self) -> LogKeys {
        let changes = self.reader.entries_of(&EntryType::LogKey, 0, u32::MAX).unwrap();
        let changes = changes.into_iter().map(|entry| (entry.index, entry.envelope.unwrap()));
        LogKeys::follow(&Verifier::new(ORIGIN, self.log_key.public()).unwrap(), changes).unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn wait_minutes(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60_000, Ordering::SeqCst);
    }

    fn append(&self, entry: NewEntry) -> u64 {
        self.wait_minutes(1);
        // A thread and a runtime of its own: tests may themselves run inside a runtime.
        let writer = self.writer.clone();
        let appended = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(writer.append(entry)).unwrap().index
        };
        std::thread::spawn(appended).join().unwrap()
    }

    pub(crate) fn own<P: Serialize + DeserializeOwned>(
        &self,
        kind: EntryType,
        name: &str,
        body: P,
    ) -> u64 {
        let subject = Subject::new("sample", Digest::of(b"sample"), None);
        let envelope = Statement::new(name, vec![subject], body).seal(&self.log_key).unwrap();
        let key = self.log_key.public().id();
        self.append(NewEntry {
            entry_type: kind,
            key,
            link: None,
            envelope,
            documents: vec![],
            erases: vec![],
            unbrought: Unbrought::default(),
        })
    }

    pub(crate) fn rule_pack(&self) -> u64 {
        let assessor = Assessor::builtin().unwrap();
        let pack = assessor.pack();
        let digest = pack.digest().parse().unwrap();
        let rules = pack.rules().len() as u64;
        let pack = RulePackInForce::shipped(pack.version(), digest, rules, "init");
        self.own(EntryType::RulePack, statement::RULE_PACK, pack)
    }

    /// A pack in force, with its archive.
    pub(crate) fn rule_pack_of(&self, pack: &RulePack, said: RulePackInForce) -> u64 {
        self.pack_entry(said, vec![(PACK_MEDIA_TYPE, pack.to_archive())])
    }

    /// What somebody gave, in force over a shipped pack.
    pub(crate) fn given_over(&self, given: &GivenRules, shipped: &RulePack) -> u64 {
        let pack = given.over(shipped).unwrap();
        let base = given.extends().then(|| shipped.digest().parse().unwrap());
        let of = given.digest().parse().unwrap();
        let of = GivenPack { pack: of, base, note: None, signed_by: vec![] };
        let (digest, rules) = (pack.digest().parse().unwrap(), pack.rules().len() as u64);
        let said = RulePackInForce::shipped(pack.version(), digest, rules, "ada");
        let said = RulePackInForce { given: Some(of), ..said };
        let mut archives = vec![(PACK_MEDIA_TYPE, pack.to_archive())];
        if given.extends() {
            archives.push((GIVEN_MEDIA_TYPE, given.to_archive()));
        }
        self.pack_entry(said, archives)
    }

    /// A pack in force with any bytes as its archive.
    pub(crate) fn pack_archive(&self, said: RulePackInForce, archive: Vec<u8>) -> u64 {
        self.pack_entry(said, vec![(PACK_MEDIA_TYPE, archive)])
    }

    fn pack_entry(&self, said: RulePackInForce, archives: Vec<(&str, Vec<u8>)>) -> u64 {
        let subject = archives.iter().map(|(media_type, bytes)| {
            Subject::new("archive", Digest::of(bytes), Some(media_type))
        });
        let statement = Statement::new(statement::RULE_PACK, subject.collect(), said);
        self.append(NewEntry {
            entry_type: EntryType::RulePack,
            key: self.log_key.public().id(),
            link: None,
            envelope: statement.seal(&self.log_key).unwrap(),
            documents: archives.into_iter().map(|(_, bytes)| bytes).collect(),
            erases: vec![],
            unbrought: Unbrought::default(),
        })
    }

    pub(crate) fn activity(&self, by: &str, action: &str, detail: Value) -> u64 {
        let activity = Activity { by: by.into(), action: action.into(), detail };
        self.own(EntryType::Activity, statement::ACTIVITY, activity)
    }

    pub(crate) fn enrol(&self, host_name: &str) -> SampleAgent {
        let number = self.seeds.load(Ordering::SeqCst);
        self.enrol_for(host_name, format!("host:{number:032x}").parse().unwrap())
    }

    pub(crate) fn enrol_for(&self, host_name: &str, target: Target) -> SampleAgent {
        let seed = self.seeds.fetch_add(1, Ordering::SeqCst);
        let key = SecretKey::from_seed(&[seed; 32]);
        let id = format!("0193-agent-{seed}");
        let enrol = Enrol {
            agent: id.clone(),
            epoch: 1,
            evidence_key: key.public().to_pem(),
            targets: vec![target.clone()],
            host_name: host_name.into(),
            certificate: Digest::of(host_name.as_bytes()),
            approved_by: "admin".into(),
        };
        self.own(EntryType::Enrol, statement::ENROL, enrol);
        SampleAgent {
            id,
            target,
            host_name: host_name.into(),
            key,
            seq: 0,
            prev: Digest::ZERO,
            vetoes: statement::Vetoes::default(),
        }
    }

    pub(crate) fn revoke(&self, agent: &SampleAgent, reason: &str) -> u64 {
        let revoke = Revoke {
            agent: agent.id.clone(),
            key: agent.key.public().id(),
            by: "admin".into(),
            reason: reason.into(),
        };
        self.own(EntryType::Revoke, statement::REVOKE, revoke)
    }

    fn capsule(&self, agent: &SampleAgent) -> Capsule {
        Capsule {
            agent: agent.id.clone(),
            epoch: 1,
            seq: agent.seq + 1,
            prev: agent.prev,
            boot_id: "boot".into(),
            monotonic_ms: 1000,
            sealed_at: self.now().to_string(),
            clock_offset_ms: Some(12),
            checkpoint: None,
            agent_version: "0.1.0".into(),
            agent_binary: Digest::of(b"agent"),
            configuration: Digest::of(b"configuration"),
            vetoes: agent.vetoes.clone(),
        }
    }

    fn stated<P: Serialize + DeserializeOwned>(
        &self,
        agent: &mut SampleAgent,
        kind: EntryType,
        statement: &Statement<P>,
        documents: Vec<Vec<u8>>,
    ) -> u64 {
        let envelope = statement.seal(&agent.key).unwrap();
        let digest = Digest::of(&envelope);
        let link = Some(Link { epoch: 1, seq: agent.seq + 1, prev: agent.prev });
        agent.seq += 1;
        agent.prev = digest;
        let key = agent.key.public().id();
        let brought = |digest: &Digest| documents.iter().any(|bytes| Digest::of(bytes) == *digest);
        let named = crate::named::named(kind.as_str(), &envelope).into_iter();
        let gone = named.map(|named| named.digest).filter(|digest| !brought(digest)).collect();
        self.append(NewEntry {
            entry_type: kind,
            key,
            link,
            envelope,
            documents,
            erases: vec![],
            unbrought: Unbrought { gone, ..Unbrought::default() },
        })
    }

    /// Deletes documents of an agent, whatever their age.
    pub(crate) fn delete(&self, agent: &SampleAgent, kind: &str, gone: &[Digest]) -> u64 {
        let documents = gone.iter().map(|digest| statement::Deleted {
            digest: *digest,
            kind: kind.parse().unwrap(),
            target: agent.target.clone(),
            stored: 0,
            last: 0,
        });
        let stone = statement::Tombstone {
            rule: format!("{kind} 30 days"),
            approver: "dpo".into(),
            reason: "nobody needs it".into(),
            documents: documents.collect(),
        };
        let (views, kept) = (self.views_at("kept.db"), KEPT_MEDIA_TYPE);
        let kept_bytes = views.kept(gone).unwrap();
        let subject =
            Subject::new("urn:exhibit:tombstone:findings", Digest::of(&kept_bytes), Some(kept));
        let stated = Statement::new(statement::TOMBSTONE, vec![subject], stone);
        self.append(NewEntry {
            entry_type: EntryType::Tombstone,
            key: self.log_key.public().id(),
            link: None,
            envelope: stated.seal(&self.log_key).unwrap(),
            documents: vec![kept_bytes],
            erases: gone.to_vec(),
            unbrought: Unbrought::default(),
        })
    }

    /// A run with documents (kind, body) and gaps (kind, outcome).
    pub(crate) fn run(
        &self,
        agent: &mut SampleAgent,
        documents: &[(&str, Value)],
        gaps: &[(&str, &str)],
    ) -> u64 {
        self.run_sending(agent, documents, gaps, true)
    }

    /// A run whose documents the agent had to give up before they were sent.
    pub(crate) fn run_losing(&self, agent: &mut SampleAgent, documents: &[(&str, Value)]) -> u64 {
        self.run_sending(agent, documents, &[], false)
    }

    /// A run with a document of another form than today's.
    pub(crate) fn run_of_schema(
        &self,
        agent: &mut SampleAgent,
        (kind, schema): (&str, &str),
        body: Value,
    ) -> u64 {
        let mut document: Document =
            Document::parse(document(kind, &agent.target, body).as_bytes()).unwrap();
        document.schema = schema.to_owned();
        self.run_bytes(agent, &[kind], vec![document.write().into_bytes()], (&[], true))
    }

    fn run_sending(
        &self,
        agent: &mut SampleAgent,
        documents: &[(&str, Value)],
        gaps: &[(&str, &str)],
        send: bool,
    ) -> u64 {
        let bytes = documents
            .iter()
            .map(|(kind, body)| document(kind, &agent.target, body.clone()).into_bytes())
            .collect();
        let kinds: Vec<&str> = documents.iter().map(|(kind, _)| *kind).collect();
        self.run_bytes(agent, &kinds, bytes, (gaps, send))
    }

    fn run_bytes(
        &self,
        agent: &mut SampleAgent,
        kinds: &[&str],
        bytes: Vec<Vec<u8>>,
        (gaps, send): (&[(&str, &str)], bool),
    ) -> u64 {
        let now = self.now().to_string();
        let subject: Vec<Subject> = bytes
            .iter()
            .zip(kinds)
            .map(|(bytes, kind)| Subject::new(*kind, Digest::of(bytes), None))
            .collect();
        let observed = bytes.iter().zip(kinds).map(|(bytes, kind)| Observed {
            kind: kind.parse().unwrap(),
            target: agent.target.clone(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            method: vec!["/etc/passwd".into()],
            privileges: "uid=0".into(),
            rows: Some(3),
            truncated: false,
            expected: None,
            redactions: vec![],
            started: now.clone(),
            duration_ms: 12,
        });
        let outcomes = gaps.iter().map(|(kind, outcome)| Outcome {
            kind: kind.parse::<Kind>().unwrap(),
            target: agent.target.clone(),
            outcome: (*outcome).into(),
            detail: "/etc/shadow: permission denied".into(),
            remedy: "run the plugin as root".into(),
        });
        let run = Run {
            capsule: self.capsule(agent),
            started: now.clone(),
            finished: now.clone(),
            plugins: vec![],
            documents: observed.collect(),
            outcomes: outcomes.collect(),
        };
        let statement = Statement::new(statement::EVIDENCE, subject, run);
        self.stated(agent, EntryType::Evidence, &statement, if send { bytes } else { vec![] })
    }

    pub(crate) fn heartbeat(&self, agent: &mut SampleAgent, kinds: &[&str]) -> u64 {
        self.beat(agent, kinds, &[])
    }

    /// A heartbeat that gives the agent's target labels.
    pub(crate) fn beat(
        &self,
        agent: &mut SampleAgent,
        kinds: &[&str],
        labels: &[(&str, &str)],
    ) -> u64 {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let schedule = kinds.iter().map(|kind| Scheduled {
            kind: kind.parse().unwrap(),
            target: agent.target.clone(),
            cron: "0 0 * * * *".into(),
        });
        let beat = Heartbeat {
            capsule: self.capsule(agent),
            host_name: agent.host_name.clone(),
            schedule: schedule.collect(),
            interval_seconds: 3600,
            spool_items: 0,
            dropped: 0,
            labels: BTreeMap::from([(agent.target.clone(), labels)]),
            closes: None,
        };
        let subject = vec![Subject::new("heartbeat", Digest::of(b"beat"), None)];
        let statement = Statement::new(statement::HEARTBEAT, subject, beat);
        self.stated(agent, EntryType::Heartbeat, &statement, vec![])
    }
}

pub(crate) fn document(kind: &str, target: &Target, body: Value) -> String {
    let document = Document {
        body,
        kind: kind.parse().unwrap(),
        salt: "00112233445566778899aabbccddeeff".into(),
        schema: format!("urn:exhibit:kind:{kind}:v1"),
        target: target.clone(),
        v: 1,
        withheld: Vec::new(),
    };
    document.write()
}

/// A body that the rule about restarts passes or fails.
pub(crate) fn patches(reboot: bool) -> Value {
    json!({"reboot_required": reboot, "reboot_packages": if reboot { json!(["linux-image"]) } else { json!([]) }})
}
