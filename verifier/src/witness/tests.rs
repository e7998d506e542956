//! What a witness remembers, through its own door.

use std::os::unix::fs::PermissionsExt as _;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::merkle::{leaf_hash, node_hash};
use exhibit_proto::note::Note;
use exhibit_proto::witness::{AddCheckpoint, Verdict};
use tempfile::TempDir;

use super::*;

const NOW: u64 = 1_800_000_000;

fn log_key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn log() -> Verifier {
    Verifier::new("log.example/1", log_key().public()).unwrap()
}

fn made() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), "witness.example/w1").unwrap();
    folder
}

fn open(folder: &TempDir) -> Store {
    Store::open(folder.path(), vec![log()]).unwrap()
}

fn leaf(number: u8) -> Digest {
    leaf_hash(&[number])
}

/// One leaf, or two of which the second is `second`.
fn request(old: u64, second: Option<u8>) -> AddCheckpoint {
    let (size, root) = match second {
        None => (1, leaf(0)),
        Some(second) => (2, node_hash(&leaf(0), &leaf(second))),
    };
    let proof = match (old, second) {
        (1, Some(second)) => vec![leaf(second)],
        _ => Vec::new(),
    };
    let checkpoint = Checkpoint { origin: "log.example/1".into(), size, root };
    AddCheckpoint { old, proof, checkpoint: checkpoint.sign(&log_key()).unwrap() }
}

fn cosigned(answer: Answer) -> String {
    match answer {
        Answer::Cosigned(line) => line,
        Answer::Refused(_) | Answer::Clock { .. } => panic!("{answer:?}"),
    }
}

#[test]
fn cosignature_fits_and_the_head_is_shown_with_it() {
    let folder = made();
    let store = open(&folder);
    let request = request(0, None);
    let line = cosigned(store.add(&request, NOW).unwrap());
    let whole = format!("{}{line}", request.checkpoint);
    let note = Note::parse(whole.as_bytes()).unwrap();
    assert_eq!(store.witness().cosigned(&note), Ok(NOW));
    assert_eq!(store.newest(&Digest::of(b"log.example/1")), Some(whole));
    assert_eq!(store.newest(&Digest::of(b"log.example/2")), None);
}

#[test]
fn a_second_history_is_refused_after_a_restart_and_kept_as_proof() {
    let folder = made();
    cosigned(open(&folder).add(&request(0, None), NOW).unwrap());
    cosigned(open(&folder).add(&request(1, Some(1)), NOW).unwrap());
    let store = open(&folder);
    let behind = store.add(&request(1, Some(2)), NOW).unwrap();
    assert_eq!(behind, Answer::Refused(Verdict::Moved(2)));
    let forked = store.add(&request(2, Some(2)), NOW).unwrap();
    assert!(matches!(forked, Answer::Refused(Verdict::Inconsistent(_))), "{forked:?}");
    let kept = std::fs::read_dir(folder.path().join("forks")).unwrap();
    let kept: Vec<_> = kept.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert_eq!(kept, [request(2, Some(2)).to_text().into_bytes()]);
    cosigned(store.add(&request(2, Some(1)), NOW).unwrap());
}

#[test]
fn a_clock_that_went_back_signs_nothing() {
    let folder = made();
    cosigned(open(&folder).add(&request(0, None), NOW).unwrap());
    let store = open(&folder);
    let answer = store.add(&request(1, Some(1)), NOW - 7).unwrap();
    assert_eq!(answer, Answer::Clock { behind_seconds: 7 });
    assert!(matches!(store.add(&request(1, Some(1)), 0).unwrap(), Answer::Clock { .. }));
    cosigned(store.add(&request(1, Some(1)), NOW).unwrap());
    // The Unix epoch is no time of a cosignature either.
    let fresh = made();
    assert!(matches!(open(&fresh).add(&request(0, None), 0).unwrap(), Answer::Clock { .. }));
}

#[test]
fn nothing_is_signed_after_a_write_that_failed() {
    let folder = made();
    let store = open(&folder);
    std::fs::remove_dir(folder.path().join("heads")).unwrap();
    assert!(matches!(store.add(&request(0, None), NOW), Err(WitnessError::Io { .. })));
    std::fs::create_dir(folder.path().join("heads")).unwrap();
    assert!(matches!(store.add(&request(0, None), NOW), Err(WitnessError::Damaged { .. })));
}

#[test]
fn a_folder_belongs_to_one_process_and_is_made_once() {
    let folder = made();
    let store = open(&folder);
    let second = Store::open(folder.path(), vec![log()]);
    assert!(matches!(second, Err(WitnessError::Locked(_))));
    drop(store);
    assert!(matches!(init(folder.path(), "witness.example/w1"), Err(WitnessError::Exists(_))));
    let mode = std::fs::metadata(folder.path().join("key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(Store::open(folder.path(), Vec::new()), Err(WitnessError::NoLogs)));
}

#[test]
fn lost_or_changed_memory_is_refused() {
    let folder = made();
    cosigned(open(&folder).add(&request(0, None), NOW).unwrap());
    let head = folder.path().join("heads").join(Digest::of(b"log.example/1").to_string());
    let note = std::fs::read_to_string(&head).unwrap();
    // The head as the log signed it, without our word.
    let uncosigned: String = note.lines().take(5).map(|line| format!("{line}\n")).collect();
    let refused = |note: &str| {
        std::fs::write(&head, note).unwrap();
        let opened = Store::open(folder.path(), vec![log()]).err();
        assert!(matches!(opened, Some(WitnessError::Damaged { .. })), "{opened:?}");
    };
    refused(&uncosigned);
    refused(&note.replace("\n1\n", "\n0\n"));
    refused("");
    std::fs::write(&head, note).unwrap();
    open(&folder);
    std::fs::remove_dir_all(folder.path().join("heads")).unwrap();
    let opened = Store::open(folder.path(), vec![log()]).err();
    assert!(matches!(opened, Some(WitnessError::NotInitialised(_))));
}

#[test]
fn logs_are_read_from_lists_and_policies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs");
    let vkey = log().vkey();
    std::fs::write(
        &path,
        format!("# ours\n\n{vkey}\nlog {vkey} https://log.example\nquorum none\n"),
    )
    .unwrap();
    assert_eq!(logs_file(&path).unwrap(), [log(), log()]);
    std::fs::write(&path, "# ours\nnonsense\n").unwrap();
    assert!(matches!(logs_file(&path), Err(WitnessError::Logs { line: 2, .. })));
}
