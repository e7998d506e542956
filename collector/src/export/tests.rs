//! A bundle of a small log, and what a person with a shell makes of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use exhibit_proto::document::Document;
use exhibit_proto::keys::{KeyId, SecretKey};
use exhibit_proto::leaf::Link;
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{
    Capsule, DOCUMENT_MEDIA_TYPE, ENROL, EVIDENCE, HEARTBEAT, Heartbeat, Observed, Outcome,
    RULE_PACK, RulePackInForce, Subject,
};
use tempfile::TempDir;

use super::*;

#[expect(unreachable_pub, dead_code, reason = "tests of several crates include it")]
#[path = "../../../tests/src/tsa.rs"]
pub(crate) mod tsa;

use crate::log::{LogWriter, NewEntry, Settings, Unbrought, create};

const ORIGIN: &str = "log.example/1";
const NOW: &str = "2026-11-22T10:00:00Z";

/// A log with a rule pack, an enrolment, two runs of the same documents, a heartbeat and many more heartbeats.
struct Fixture {
    dir: TempDir,
    reader: LogReader,
    log: Verifier,
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn document(kind: &str) -> String {
    let schema = format!("urn:exhibit:kind:{kind}:v1");
    let (kind, target) = (kind.parse().unwrap(), "host:a".parse().unwrap());
    let body = serde_json::json!({"pending": 0});
    Document { body, kind, salt: "00".repeat(16), schema, target, v: 1, withheld: Vec::new() }
        .write()
}

fn capsule(seq: u64, prev: Digest) -> Capsule {
    Capsule {
        agent: "agent-1".into(),
        epoch: 1,
        seq,
        prev,
        boot_id: "b".into(),
        monotonic_ms: 1,
        sealed_at: "2026-11-22T10:00:00.000Z".into(),
        clock_offset_ms: None,
        checkpoint: None,
        agent_version: "0.1.0".into(),
        agent_binary: Digest::ZERO,
        configuration: Digest::ZERO,
        vetoes: exhibit_proto::statement::Vetoes::default(),
    }
}

fn run(seq: u64, prev: Digest, documents: &[&str], agent: &SecretKey) -> Vec<u8> {
    let observed = documents.iter().map(|kind| Observed {
        kind: kind.parse().unwrap(),
        target: "host:a".parse().unwrap(),
        digest: Digest::of(document(kind).as_bytes()),
        size: document(kind).len() as u64,
        method: vec!["/var/lib/dpkg/status".into()],
        privileges: "uid=0".into(),
        rows: None,
        truncated: false,
        expected: None,
        redactions: Vec::new(),
        started: NOW.into(),
        duration_ms: 1,
    });
    let observed: Vec<_> = observed.collect();
    let subject = |o: &Observed| Subject::new(o.kind.as_str(), o.digest, Some(DOCUMENT_MEDIA_TYPE));
    let subjects = observed.iter().map(subject).collect();
    let outcome = Outcome {
        kind: "crypto.at_rest".parse().unwrap(),
        target: "host:a".parse().unwrap(),
        outcome: "denied".into(),
        detail: "d".into(),
        remedy: "r".into(),
    };
    let (started, finished) = (NOW.to_owned(), NOW.to_owned());
    let capsule = capsule(seq, prev);
    let (plugins, outcomes) = (Vec::new(), vec![outcome]);
    let run = Run { capsule, started, finished, plugins, documents: observed, outcomes };
    Statement::new(EVIDENCE, subjects, run).seal(agent).unwrap()
}

fn beat(seq: u64, prev: Digest, agent: &SecretKey) -> Vec<u8> {
    let (capsule, schedule) = (capsule(seq, prev), Vec::new());
    let heartbeat = Heartbeat {
        capsule,
        host_name: "a".into(),
        schedule,
        interval_seconds: 60,
        spool_items: 0,
        dropped: 0,
        labels: BTreeMap::new(),
        closes: None,
    };
    Statement::new(HEARTBEAT, Vec::new(), heartbeat).seal(agent).unwrap()
}

impl Fixture {
    fn new(heartbeats: u64) -> Self {
        let (dir, log_key, agent) = (
            TempDir::new().unwrap(),
            SecretKey::from_seed(&[1; 32]),
            SecretKey::from_seed(&[2; 32]),
        );
        let path = dir.path().join("log.db");
        let settings = || Settings {
            path: path.clone(),
            origin: ORIGIN.into(),
            key: log_key.clone(),
            leaving: None,
            clock: Box::new(now),
        };
        create(&settings()).unwrap();
        let (writer, _task) = LogWriter::start(settings()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let append = |entry_type, key: KeyId, link, envelope: &[u8], documents: &[&str]| {
            let documents = documents.iter().map(|kind| document(kind).into_bytes()).collect();
            let entry = NewEntry {
                entry_type,
                key,
                link,
                envelope: envelope.to_vec(),
                documents,
                erases: vec![],
                unbrought: Unbrought::default(),
            };
            runtime.block_on(writer.append(entry)).unwrap();
        };
        let pack = RulePackInForce::shipped("1", Digest::ZERO, 1, "init");
        let pack = Statement::new(RULE_PACK, Vec::new(), pack).seal(&log_key).unwrap();
        append(EntryType::RulePack, log_key.public().id(), None, &pack, &[]);
        let enrol = Enrol {
            agent: "agent-1".into(),
            epoch: 1,
            evidence_key: agent.public().to_pem(),
            targets: vec!["host:a".parse().unwrap()],
            host_name: "a".into(),
            certificate: Digest::ZERO,
            approved_by: "admin".into(),
        };
        let enrol = Statement::new(ENROL, Vec::new(), enrol).seal(&log_key).unwrap();
        append(EntryType::Enrol, log_key.public().id(), None, &enrol, &[]);
        let (mut prev, id) = (Digest::ZERO, agent.public().id());
        let kinds = ["patch.status", "time.sync"];
        for seq in 1..=heartbeats + 2 {
            let link = Some(Link { epoch: 1, seq, prev });
            let (entry_type, envelope, documents): (_, _, &[&str]) = if seq <= 2 {
                (EntryType::Evidence, run(seq, prev, &kinds, &agent), &kinds)
            } else {
                (EntryType::Heartbeat, beat(seq, prev, &agent), &[])
            };
            append(entry_type, id, link, &envelope, documents);
            prev = Digest::of(&envelope);
        }
        let reader = LogReader::open(&path).unwrap();
        let log = Verifier::new(ORIGIN, log_key.public()).unwrap();
        Self { dir, reader, log }
    }

    fn stamps(&self) -> Stamps {
        Stamps::at(self.dir.path().join("timestamps"))
    }

    fn under(&self, log_key: &Verifier) -> Under {
        let policy = format!("log {}\nquorum none\n", log_key.vkey());
        let head = self.reader.head().unwrap();
        let stamps = self.stamps();
        Under {
            log_keys: log_key.into(),
            head,
            cosigned_by: Vec::new(),
            policy,
            stamps,
            views: None,
        }
    }

    fn export(&self, selection: &Selection, name: &str) -> Result<(Summary, PathBuf), ExportError> {
        let out = self.dir.path().join(name);
        let summary = write(&self.reader, &self.under(&self.log), selection, now(), &out, |_| {})?;
        Ok((summary, out))
    }
}

/// The README's commands, as they stand in it.
fn blocks(bundle: &Path) -> Vec<String> {
    let readme = std::fs::read_to_string(bundle.join(bundle::README)).unwrap();
    let blocks = readme.split("```sh\n").skip(1);
    blocks.map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

/// The number (from 0) and error of the first block that fails.
fn shell(blocks: &[String], bundle: &Path) -> Result<String, (usize, String)> {
    let mut said = String::new();
    for (number, block) in blocks.iter().enumerate() {
        let done =
            Command::new("bash").args(["-e", "-c", block]).current_dir(bundle).output().unwrap();
        said += &String::from_utf8_lossy(&done.stdout);
        if !done.status.success() {
            return Err((number, String::from_utf8_lossy(&done.stderr).into_owned()));
        }
    }
    Ok(said)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn readme_runs_as_written_and_stops_at_a_flipped_byte() {
    let fixture = Fixture::new(3);
    let (summary, out) = fixture.export(&Selection::default(), "bundle").unwrap();
    // Of three heartbeats that promise the same the first is shipped.
    assert_eq!((summary.items, summary.statements, summary.documents), (5, 2, 2));
    let blocks = blocks(&out);
    assert_eq!(blocks.len(), 9);
    let said = shell(&blocks, &out).unwrap();
    for expected in
        ["entry 3 stands in the log", "entry 3 (evidence): signature holds", "from all 7 entries"]
    {
        assert!(said.contains(expected), "{said}");
    }
    let sums = std::fs::read_to_string(out.join(bundle::SUMS)).unwrap();
    for line in sums.lines() {
        let file = out.join(line.split_once("  ").unwrap().1);
        let last = std::fs::metadata(&file).unwrap().len() - 1;
        flip(&file, usize::try_from(last).unwrap() / 2);
        assert_eq!(shell(&blocks[..1], &out).unwrap_err().0, 0, "{line}");
        flip(&file, usize::try_from(last).unwrap() / 2);
    }
    assert!(shell(&blocks[..1], &out).is_ok());
}

/// Freezes the head as it is and has it stamped.
fn stamped(fixture: &Fixture, authority: &tsa::Authority) -> u64 {
    use exhibit_proto::rfc3161::{Request, Token};
    let head = fixture.reader.head().unwrap();
    let (size, data) = (head.checkpoint.size, head.signed.as_bytes());
    let request = Request::new(Digest::of(data), [5; 8], None).unwrap();
    let response = authority.answer(&request.to_der());
    let chain = Token::from_response(&response).unwrap().certificates().to_vec();
    fixture.stamps().keep((size, data), "tsa", &response, &chain).unwrap();
    size
}

#[test]
fn readme_checks_time_stamps_with_openssl_under_the_auditors_roots() {
    let fixture = Fixture::new(3);
    let (ours, other) = (fixture.dir.path().join("tsa"), fixture.dir.path().join("other"));
    let ours = tsa::Authority::new(&ours, tsa::Keys::Rsa, tsa::STAMPS);
    let other = tsa::Authority::new(&other, tsa::Keys::P256, tsa::STAMPS);
    let size = stamped(&fixture, &ours);
    let (summary, out) = fixture.export(&Selection::default(), "bundle").unwrap();
    assert_eq!((size, summary.timestamps), (7, 1));
    let block = blocks(&out).swap_remove(7);
    let run = |roots: Option<PathBuf>| {
        let set = roots.map(|path| format!("TSA_ROOTS={}\n", path.display()));
        shell(&[set.unwrap_or_default() + &block], &out)
    };
    assert!(run(None).unwrap().contains("NOT CHECKED"));
    let said = run(Some(ours.file("root.pem"))).unwrap();
    assert!(said.contains("the first 7 entries were in the log by"), "{said}");
    assert!(run(Some(other.file("root.pem"))).is_err(), "another authority");
    let token = std::fs::read(out.join("timestamps/checkpoint-7.tsa.tsr")).unwrap();
    let imprint = Digest::of(fixture.reader.head().unwrap().signed.as_bytes());
    let imprint = token.windows(32).position(|part| part == imprint.as_bytes()).unwrap();
    for (file, at) in [("checkpoint-7", 30), ("checkpoint-7.tsa.tsr", imprint)] {
        let file = out.join("timestamps").join(file);
        flip(&file, at);
        assert!(run(Some(ours.file("root.pem"))).is_err(), "{}", file.display());
        flip(&file, at);
    }
    // A head that the bundle's own does not cover is not in it.
    let earlier = fixture.reader.head_at(4).unwrap().unwrap();
    let checkpoint = Checkpoint::open(earlier.as_bytes(), &fixture.log).unwrap();
    let under = Under { head: Head { checkpoint, signed: earlier }, ..fixture.under(&fixture.log) };
    let out = fixture.dir.path().join("earlier");
    let selection = Selection::default();
    let summary = write(&fixture.reader, &under, &selection, now(), &out, |_| {}).unwrap();
    assert_eq!((summary.timestamps, out.join("timestamps").exists()), (0, false));
}

#[test]
fn readme_finds_what_a_forger_with_a_new_list_of_digests_changes() {
    let fixture = Fixture::new(1);
    let (_, out) = fixture.export(&Selection::default(), "bundle").unwrap();
    let blocks = blocks(&out);
    let found = |folder: &str, at: usize| {
        let file = std::fs::read_dir(out.join(folder)).unwrap().next().unwrap().unwrap().path();
        flip(&file, at);
        let (number, error) = shell(&blocks[1..], &out).unwrap_err();
        flip(&file, at);
        (number + 2, error)
    };
    assert_eq!(found("leaves", 60).0, 4);
    assert_eq!(found("proofs", 40).0, 4);
    assert_eq!(found("envelopes", 30).0, 5);
    assert_eq!(found("documents", 30).0, 5);
    assert_eq!(found("tile/entries/000.p", 30).0, 6);
    flip(&out.join(bundle::CHECKPOINT), 3);
    assert_eq!(shell(&blocks[1..], &out).unwrap_err().0 + 2, 3);
}

#[test]
fn selection_keeps_what_matches_and_says_what_it_leaves_out() {
    let fixture = Fixture::new(0);
    let kinds = ["patch.status".parse().unwrap()].into();
    let selection = Selection { kinds, ..Selection::default() };
    let (summary, out) = fixture.export(&selection, "kind").unwrap();
    assert_eq!((summary.items, summary.documents), (4, 1));
    let manifest = std::fs::read(out.join(bundle::MANIFEST)).unwrap();
    let manifest: bundle::Manifest = serde_json::from_slice(&manifest).unwrap();
    let absent: Vec<_> = manifest.items[2].documents.iter().map(|d| d.absent).collect();
    assert_eq!(absent, [None, Some(Absence::NotSelected)]);
    // What could not be seen is evidence too.
    let kinds = ["crypto.at_rest".parse().unwrap()].into();
    let denied = Selection { kinds, ..Selection::default() };
    assert_eq!(fixture.export(&denied, "denied").unwrap().0.statements, 2);
    let targets = ["host:b".parse().unwrap()].into();
    let other = Selection { targets, ..Selection::default() };
    assert_eq!(fixture.export(&other, "other").unwrap().0.statements, 0);
    let early =
        Selection { to: Some("2026-11-22T09:59:59Z".parse().unwrap()), ..Selection::default() };
    let (summary, out) = fixture.export(&early, "early").unwrap();
    assert_eq!((summary.items, summary.statements), (2, 0));
    let said = shell(&blocks(&out), &out).unwrap();
    assert!(said.contains("entry 1 (enrol)"), "{said}");
}

#[test]
fn full_tiles_are_written_for_a_longer_log() {
    let fixture = Fixture::new(298);
    let (summary, out) = fixture.export(&Selection::default(), "long").unwrap();
    assert_eq!(summary.checkpoint.size, 302);
    for tile in [
        "tile/0/000",
        "tile/0/001.p/46",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/46",
    ] {
        assert!(out.join(tile).is_file(), "{tile}");
    }
    assert!(shell(&blocks(&out)[..5], &out).is_ok());
}

#[test]
fn taken_names_and_foreign_keys_are_refused_and_leave_nothing() {
    let fixture = Fixture::new(0);
    let out = fixture.dir.path().join("taken");
    std::fs::create_dir(&out).unwrap();
    assert!(
        fixture.export(&Selection::default(), "taken").is_ok(),
        "an empty folder may be filled"
    );
    let again = fixture.export(&Selection::default(), "taken");
    assert!(matches!(again, Err(ExportError::Exists(_))));
    let other = Verifier::new(ORIGIN, SecretKey::from_seed(&[9; 32]).public()).unwrap();
    let out = fixture.dir.path().join("foreign");
    let foreign =
        write(&fixture.reader, &fixture.under(&other), &Selection::default(), now(), &out, |_| {});
    assert!(matches!(foreign, Err(ExportError::Head(_))));
    let names = std::fs::read_dir(fixture.dir.path()).unwrap();
    let left =
        names.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains("partial"));
    assert_eq!((left.count(), out.exists()), (0, false));
}

#[test]
fn damaged_log_gives_no_bundle() {
    let fixture = Fixture::new(0);
    let database = rusqlite::Connection::open(fixture.dir.path().join("log.db")).unwrap();
    let digest = Digest::of(document("time.sync").as_bytes());
    let changed = document("time.sync").replace("pending\":0", "pending\":1");
    let sql = "UPDATE document SET bytes = ?1 WHERE digest = ?2";
    assert_eq!(database.execute(sql, (changed.as_bytes(), digest.as_bytes())).unwrap(), 1);
    let error = fixture.export(&Selection::default(), "damaged").unwrap_err().to_string();
    assert!(error.contains(&digest.to_string()), "{error}");
    assert!(!fixture.dir.path().join("damaged").exists());
}

#[test]
fn bundle_under_an_older_cosigned_head_holds_with_ordinary_tools() {
    let fixture = Fixture::new(2);
    let signed = fixture.reader.head_at(4).unwrap().unwrap();
    let text = signed.rsplit_once("\n\n").unwrap().0.to_owned() + "\n";
    let witness = SecretKey::from_seed(&[7; 32]);
    let line = exhibit_proto::cosignature::cosign(&text, "witness.example", &witness, 7).unwrap();
    let checkpoint = Checkpoint::from_text(&text).unwrap();
    let head = Head { checkpoint, signed: signed + &line };
    let cosigned_by = vec!["witness.example".to_owned()];
    let vkey = |key: &SecretKey, name| {
        exhibit_proto::cosignature::Witness::new(name, key.public()).unwrap().vkey()
    };
    let (theirs, other) = (vkey(&witness, "witness.example"), vkey(&witness, "other.example"));
    let bare = fixture.under(&fixture.log);
    let policy = format!("{}witness w {theirs}\nwitness o {other}\n", bare.policy);
    let under = Under { head: head.clone(), cosigned_by, policy, ..bare };
    let out = fixture.dir.path().join("bundle");
    let selection = Selection::default();
    let summary = write(&fixture.reader, &under, &selection, now(), &out, |_| {}).unwrap();
    assert_eq!((summary.checkpoint.size, summary.cosigned_by.len()), (4, 1));
    assert_eq!(std::fs::read_to_string(out.join(bundle::CHECKPOINT)).unwrap(), head.signed);
    let said = shell(&blocks(&out), &out).unwrap();
    for expected in [
        "from all 4 entries",
        "w cosigned this head at 1970-01-01T00:00:07Z",
        "o has not cosigned this head",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    // A flipped bit in the cosignature's own bytes.
    let path = out.join(bundle::CHECKPOINT);
    let (kept, changed) = head.signed.rsplit_once('A').unwrap();
    std::fs::write(&path, format!("{kept}B{changed}")).unwrap();
    assert_eq!(shell(&blocks(&out)[6..], &out).unwrap_err().0, 0);
}
