//! Every line of tlog-witness about `add-checkpoint`, as a table.

use super::*;
use crate::keys::SecretKey;
use crate::merkle::{Node, Nodes, leaf_hash, node_hash, prove_consistency, root};

const ORIGIN: &str = "log.example/1";

/// A tree of leaves `0`, `1`, …; `twist` gives another history from that leaf on.
struct Leaves(u64);

impl Nodes for Leaves {
    type Error = std::convert::Infallible;

    fn node(&mut self, node: Node) -> Result<Digest, Self::Error> {
        if node.level == 0 {
            let twisted = node.index >= self.0;
            return Ok(leaf_hash(format!("{}{twisted}", node.index).as_bytes()));
        }
        let below = |index| Node { level: node.level - 1, index };
        let left = self.node(below(node.index * 2))?;
        Ok(node_hash(&left, &self.node(below(node.index * 2 + 1))?))
    }
}

fn log() -> (SecretKey, Vec<Verifier>) {
    let key = SecretKey::from_seed(&[1; 32]);
    let verifier = Verifier::new(ORIGIN, key.public()).unwrap();
    (key, vec![verifier])
}

fn head(size: u64, twist: u64) -> Checkpoint {
    let root = root(size, &mut Leaves(twist)).unwrap();
    Checkpoint { origin: ORIGIN.into(), size, root }
}

fn seen(size: u64) -> Seen {
    Seen { size, root: head(size, u64::MAX).root }
}

/// A request for `old` → `new`, whose history differs from leaf `twist` on.
fn request(old: u64, new: u64, twist: u64) -> AddCheckpoint {
    let proof = if old <= new {
        prove_consistency(old, new, &mut Leaves(twist)).unwrap()
    } else {
        Vec::new()
    };
    AddCheckpoint { old, proof, checkpoint: head(new, twist).sign(&log().0).unwrap() }
}

#[test]
fn answers_are_those_of_the_specification() {
    let (key, logs) = log();
    let honest = u64::MAX;
    let stranger = SecretKey::from_seed(&[2; 32]);
    let foreign = |note: String| AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: note };
    let renamed = Checkpoint { origin: "log.example/2".into(), ..head(5, honest) };
    let mut long = request(4, 9, honest);
    long.proof.push(Digest::ZERO);
    let mut short = request(4, 9, honest);
    short.proof.pop();
    let mut not_empty = request(0, 5, honest);
    not_empty.proof.push(Digest::ZERO);
    let mut same_with_proof = request(5, 5, honest);
    same_with_proof.proof.push(Digest::ZERO);
    let wrong_empty = Checkpoint { root: Digest::ZERO, ..head(0, honest) };
    let signed = head(5, honest).sign(&key).unwrap();
    let broken = signed.replace("\n5\n", "\n6\n");
    let cases = [
        ("first head", None, request(0, 5, honest), 200),
        ("first head, empty tree", None, request(0, 0, honest), 200),
        ("growth", Some(seen(4)), request(4, 9, honest), 200),
        ("growth from an odd size", Some(seen(7)), request(7, 70, honest), 200),
        ("same head again", Some(seen(5)), request(5, 5, honest), 200),
        ("not a note", None, foreign("hello\n".into()), 400),
        ("no checkpoint in the note", None, foreign("a\n\n\u{2014} b AAAAAAAA\n".into()), 400),
        ("old over new", Some(seen(9)), request(9, 5, honest), 400),
        ("unknown log", None, foreign(renamed.sign(&key).unwrap()), 404),
        ("signed by a stranger", None, foreign(head(5, honest).sign(&stranger).unwrap()), 403),
        ("failing signature", None, foreign(broken), 403),
        ("old is behind", Some(seen(6)), request(4, 9, honest), 409),
        ("old is ahead", Some(seen(4)), request(6, 9, honest), 409),
        ("old where nothing was seen", None, request(4, 9, honest), 409),
        ("nothing where something was seen", Some(seen(4)), request(0, 9, honest), 409),
        ("smaller than what was seen", Some(seen(9)), request(5, 5, honest), 409),
        ("another history", Some(seen(4)), request(4, 9, 2), 422),
        ("proof too long", Some(seen(4)), long, 422),
        ("proof too short", Some(seen(4)), short, 422),
        ("proof from nothing", None, not_empty, 422),
        ("same size, proof not empty", Some(seen(5)), same_with_proof, 422),
        ("same size, another root", Some(seen(5)), request(5, 5, 2), 422),
        ("empty tree, wrong root", None, foreign(wrong_empty.sign(&key).unwrap()), 422),
    ];
    for (name, seen, request, status) in cases {
        let verdict = decide(seen, &request, &logs);
        assert_eq!(verdict.status(), status, "{name}: {verdict:?}");
        if let Verdict::Moved(size) = verdict {
            assert_eq!(size, seen.map_or(0, |seen| seen.size), "{name}");
        }
    }
}

#[test]
fn during_a_change_of_keys_either_key_is_enough_and_unknown_signatures_are_ignored() {
    let (key, mut logs) = log();
    let next = SecretKey::from_seed(&[3; 32]);
    logs.push(Verifier::new(ORIGIN, next.public()).unwrap());
    for key in [&key, &next] {
        let signed = head(5, u64::MAX).sign(key).unwrap();
        let checkpoint = format!("{signed}\u{2014} stranger AAAAAAAAAAAA\n");
        let request = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint };
        assert_eq!(decide(None, &request, &logs).status(), 200);
    }
}

#[test]
fn request_survives_its_text_and_malformed_ones_are_refused() {
    let request = request(4, 9, u64::MAX);
    let text = request.to_text();
    assert_eq!(AddCheckpoint::parse(text.as_bytes()), Ok(request.clone()));
    assert_eq!(claimed_origin(&request), ORIGIN);
    let many = "A".repeat(43) + "=\n";
    for (bad, why) in [
        (text.replace("old 4", "old 04"), "old"),
        (text.replace("old 4", "old  4"), "old"),
        (text.replace("old 4", "old +4"), "old"),
        (text.replace("old 4", "size 4"), "old"),
        (text.replace("old 4\n", "old 4\nAAAA\n"), "base64"),
        (text.replace("old 4\n", "old 4\r\n"), "old"),
        (text.replace("old 4\n", &format!("old 4\n{}", many.repeat(64))), "over 63"),
        (text.replace("\n\n", "\n"), "blank line"),
        ("x".repeat(MAX_REQUEST + 1), "16 KiB"),
        (String::new(), "blank line"),
    ] {
        let error = AddCheckpoint::parse(bad.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error} lacks {why}");
    }
    assert!(AddCheckpoint::parse(b"\xff").is_err());
}

#[test]
fn example_of_the_specification_reads() {
    let body = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n\
        example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!((request.old, request.proof.len()), (20_852_014, 4));
    assert_eq!(claimed_origin(&request), "example.com/behind-the-sofa");
    assert_eq!(request.to_text(), body);
}
