//! When to stamp, and what the folder keeps.

use std::time::Duration;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use jiff::Timestamp;

use super::follow::{due, pause};
use super::*;
use crate::log::Head;

fn head(size: u64, root: &[u8]) -> Head {
    let checkpoint = Checkpoint { origin: "log.example/1".into(), size, root: Digest::of(root) };
    let signed = checkpoint.sign(&SecretKey::from_seed(&[1; 32])).unwrap();
    Head { checkpoint, signed }
}

#[test]
fn a_stamp_is_due_when_something_is_new_and_the_last_one_is_old() {
    let every = Duration::from_secs(3600);
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let ago = |seconds: i64| Timestamp::from_second(now.as_second() - seconds).unwrap();
    assert!(!due(0, None, every, now), "an empty log");
    assert!(due(1, None, every, now));
    assert!(!due(5, Some((5, ago(9000))), every, now), "nothing is new");
    assert!(!due(6, Some((5, ago(3599))), every, now));
    assert!(due(6, Some((5, ago(3600))), every, now));
    assert!(due(6, Some((5, ago(-60))), every, now), "the clock went backwards");
    assert_eq!((pause(1), pause(2)), (Duration::from_secs(5), Duration::from_secs(10)));
    assert_eq!(pause(u32::MAX), Duration::from_secs(600));
}

#[test]
fn a_frozen_checkpoint_never_changes_and_makes_room_only_unstamped() {
    let dir = tempfile::tempdir().unwrap();
    let stamps = Stamps::at(dir.path().join("timestamps"));
    assert_eq!(stamps.names().unwrap(), []);
    stamps.freeze(&head(3, b"a")).unwrap();
    stamps.freeze(&head(3, b"a")).unwrap();
    assert!(matches!(stamps.freeze(&head(3, b"b")), Err(StampError::Forked(_))));
    assert_eq!(stamps.waiting("tsa").unwrap().unwrap().0, 3);
    let data = head(3, b"a").signed;
    stamps.keep((3, data.as_bytes()), "tsa", b"token", &[vec![1; 70], vec![2]]).unwrap();
    assert_eq!(stamps.waiting("tsa").unwrap(), None);
    assert_eq!(stamps.waiting("other").unwrap().unwrap().0, 3, "each authority has its turn");
    stamps.freeze(&head(5, b"c")).unwrap();
    stamps.freeze(&head(7, b"d")).unwrap();
    assert_eq!(stamps.waiting("tsa").unwrap().unwrap().0, 7);
    let names: Vec<String> = stamps.names().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["checkpoint-3", "checkpoint-7", "checkpoint-3.tsa.tsr", "chain.pem"]);
    // A token whose checkpoint was cleared away brings it back.
    stamps.keep((5, head(5, b"c").signed.as_bytes()), "tsa", b"token", &[vec![2]]).unwrap();
    assert!(stamps.read(&Name::Checkpoint { size: 5 }).unwrap().is_some());
    let chain = stamps.read(&Name::Chain).unwrap().unwrap();
    let chain = String::from_utf8(chain).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2, "{chain}");
}

#[test]
fn what_went_wrong_is_news_once() {
    let dir = tempfile::tempdir().unwrap();
    let stamps = Stamps::at(dir.path().to_owned());
    let now = Timestamp::UNIX_EPOCH;
    assert!(stamps.note("tsa", now, Some("away".into())).unwrap());
    assert!(!stamps.note("tsa", now, Some("away".into())).unwrap());
    assert!(stamps.note("tsa", now, None).unwrap());
    assert!(stamps.note("other", now, None).unwrap());
    assert!(!stamps.note("tsa", now, None).unwrap());
}
