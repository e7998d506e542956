//! The decisions about answers, quorums and what is kept.

use std::time::Duration;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::cosignature::{self, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::note::{Note, Verifier};
use exhibit_proto::policy::Policy;

use super::answer::{Answer, classify, verified};
use super::follow::pause;
use super::*;
use crate::config;

const SIZE: &str = "text/x.tlog.size";
const NOW: u64 = 1_800_000_000;

fn log_key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn log() -> Verifier {
    Verifier::new("log.example/1", log_key().public()).unwrap()
}

fn head(size: u64) -> Head {
    let root = Digest::of(&size.to_be_bytes());
    let checkpoint = Checkpoint { origin: "log.example/1".into(), size, root };
    let signed = checkpoint.sign(&log_key()).unwrap();
    Head { checkpoint, signed }
}

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Digest::of(name.as_bytes()).as_bytes())
}

fn configured(name: &str) -> config::Witness {
    let witness = cosignature::Witness::new(name, key(name).public()).unwrap();
    config::Witness {
        name: None,
        vkey: witness.vkey(),
        url: "http://127.0.0.1:1/".into(),
        tls_roots: None,
    }
}

fn line(head: &Head, name: &str, time: u64) -> String {
    cosign(&head.checkpoint.text(), name, &key(name), time).unwrap()
}

fn circle(names: &[&str], quorum: &str, groups: &[&str]) -> Result<Circle, WitnessError> {
    let witnesses: Vec<_> = names.iter().map(|name| configured(name)).collect();
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Circle::new(
        log(),
        &witnesses,
        &config::Witnesses { quorum: quorum.into(), groups, ..Default::default() },
    )
}

#[test]
fn answers_mean_what_the_specification_says() {
    let refused = |answer: &Answer| matches!(answer, Answer::Refused(_));
    let unavailable = |answer: &Answer| matches!(answer, Answer::Unavailable(_));
    assert_eq!(classify(200, "", "x\n", 4, 9), Answer::Lines("x\n".into()));
    assert_eq!(classify(409, SIZE, "7\n", 4, 9), Answer::Holds(7));
    assert_eq!(classify(409, "text/x.tlog.size; charset=utf-8", "0\n", 4, 9), Answer::Holds(0));
    assert_eq!(classify(409, SIZE, "9\n", 9, 9), Answer::Forked);
    assert_eq!(classify(409, "", "", 9, 9), Answer::Forked);
    assert_eq!(classify(422, "", "bad proof\n", 4, 9), Answer::Forked);
    for body in ["", "07\n", "-1\n", "seven\n", "7 8\n", "99999999999999999999\n"] {
        assert!(unavailable(&classify(409, SIZE, body, 4, 9)), "{body}");
    }
    for status in [429, 500, 502, 503] {
        assert!(unavailable(&classify(status, "", "", 4, 9)), "{status}");
    }
    for status in [301, 400, 403, 404, 409, 418] {
        assert!(refused(&classify(status, "", "no\n", 4, 9)), "{status}");
    }
}

#[test]
fn only_the_witness_own_fresh_and_fitting_line_is_kept() {
    let head = head(9);
    let witness = cosignature::Witness::new("w.example", key("w.example").public()).unwrap();
    let ours = line(&head, "w.example", NOW);
    let accepted = |lines: &str| verified(&head.signed, lines, &witness, NOW);
    assert_eq!(accepted(&ours), Ok((ours.clone(), NOW)));
    let stranger = line(&head, "stranger.example", NOW);
    assert_eq!(accepted(&format!("{stranger}{ours}")), Ok((ours.clone(), NOW)));
    let older = line(&head, "w.example", NOW - 9);
    assert_eq!(accepted(&format!("{ours}{older}")), Ok((ours.clone(), NOW)));
    for bad in [
        String::new(),
        "thanks\n".to_owned(),
        stranger,
        line(&super::tests::head(8), "w.example", NOW),
        line(&head, "w.example", NOW + 301),
        line(&head, "w.example", 0),
        format!("{ours}\u{2014} w.example AAAA\n"),
    ] {
        assert!(accepted(&bad).is_err(), "{bad}");
    }
}

#[test]
fn policy_is_the_one_that_auditors_get() {
    let none = circle(&[], "any", &[]).unwrap();
    assert!(none.is_empty() && none.text().ends_with("\nquorum none\n"));
    let any = circle(&["a.example", "b.example"], "any", &[]).unwrap();
    let policy = Policy::parse(any.text()).unwrap();
    assert_eq!((policy.witnesses.len(), policy.groups["witnesses"].threshold), (2, 1));
    let named = circle(&["a.example", "b.example"], "b.example", &[]).unwrap();
    assert!(named.text().ends_with("\nquorum b.example\n"));
    let groups = ["ab 2 a.example b.example", "outside any ab c.example"];
    let grouped = circle(&["a.example", "b.example", "c.example"], "outside", &groups).unwrap();
    assert_eq!(Policy::parse(grouped.text()).unwrap().quorum.as_deref(), Some("outside"));
    for (names, quorum) in
        [(&["a.example"][..], "2"), (&["a.example"], "nobody"), (&["a.example"], "0")]
    {
        assert!(matches!(circle(names, quorum, &[]), Err(WitnessError::Policy(_))), "{quorum}");
    }
    assert!(matches!(
        circle(&["a.example", "a.example"], "any", &[]),
        Err(WitnessError::Policy(_))
    ));
    assert!(matches!(circle(&["log.example/1"], "any", &[]), Err(WitnessError::Name { .. })));
    let elsewhere = config::Witness { url: "ftp://w.example".into(), ..configured("a.example") };
    let wrong = Circle::new(log(), &[elsewhere], &config::Witnesses::default());
    assert!(matches!(wrong, Err(WitnessError::Url { .. })));
    let plain = config::Witness { vkey: log().vkey(), ..configured("a.example") };
    let wrong = Circle::new(log(), &[plain], &config::Witnesses::default());
    assert!(matches!(wrong, Err(WitnessError::Vkey { .. })));
}

#[test]
fn a_head_is_published_when_the_quorum_is_met_and_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness.db");
    let both = circle(&["a.example", "b.example"], "all", &[]).unwrap();
    let witnesses = Witnesses::open(both, &path).unwrap();
    let record = |size, name: &str, time| {
        let circle = witnesses.circle();
        let member = circle.members().iter().find(|member| member.name == name).unwrap();
        let line = line(&head(size), name, time);
        witnesses.store.record(circle, member, &head(size), (&line, time)).unwrap();
    };
    record(5, "a.example", NOW);
    assert_eq!(witnesses.newest().unwrap(), None);
    record(5, "b.example", NOW + 1);
    let newest = witnesses.newest().unwrap().unwrap();
    assert_eq!((newest.head.checkpoint.size, newest.by["b.example"]), (5, NOW + 1));
    record(9, "a.example", NOW + 2);
    assert_eq!(witnesses.newest().unwrap().unwrap().head.checkpoint.size, 5);
    record(9, "b.example", NOW + 3);
    record(7, "a.example", NOW + 4);
    record(7, "b.example", NOW + 5);
    let newest = witnesses.newest().unwrap().unwrap();
    assert_eq!(newest.head.checkpoint.size, 9);
    let note = Note::parse(newest.head.signed.as_bytes()).unwrap();
    assert_eq!(note.signatures().len(), 3);
    // Another policy: what was published under the old one does not count.
    let other = circle(&["a.example", "c.example"], "all", &[]).unwrap();
    assert_eq!(Witnesses::open(other, &path).unwrap().newest().unwrap(), None);
    let (dressed, by) = witnesses.cosigned(&head(9)).unwrap();
    assert_eq!((dressed.signed, by.len()), (newest.head.signed, 2));
    assert_eq!(witnesses.cosigned(&head(6)).unwrap(), (head(6), BTreeMap::new()));
}

#[test]
fn of_each_span_the_first_cosignature_is_kept_and_the_newest_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let one = circle(&["a.example"], "any", &[]).unwrap();
    let witnesses = Witnesses::open(one, &folder.path().join("witness.db")).unwrap();
    let member = witnesses.circle().members()[0].clone();
    let start = NOW - NOW % 600;
    for (size, time) in [(1, 0), (2, 1), (3, 2), (4, 599), (5, 600), (6, 601), (7, 602), (8, 1300)]
    {
        let line = line(&head(size), "a.example", start + time);
        let kept = (line.as_str(), start + time);
        witnesses.store.record(witnesses.circle(), &member, &head(size), kept).unwrap();
    }
    let held = (1..=8).filter(|size| !witnesses.cosigned(&head(*size)).unwrap().1.is_empty());
    assert_eq!(held.collect::<Vec<_>>(), [1, 4, 5, 7, 8]);
}

#[test]
fn waiting_grows_to_a_minute() {
    let seconds = [0, 1, 2, 3, 7, 40].map(|failures| pause(failures).as_secs());
    assert_eq!(seconds, [1, 1, 2, 4, 60, 60]);
    assert_eq!(pause(u32::MAX), Duration::from_secs(60));
}
