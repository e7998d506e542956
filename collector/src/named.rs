//! Which documents an entry names, by what its envelope says. Signatures and digests are checked elsewhere; it looks nothing up.

use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::statement::DECISION_FILE;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::log::scrub::Named;
use crate::packs::{GIVEN_MEDIA_TYPE, PACK_MEDIA_TYPE};
use crate::report::SOA_MEDIA_TYPE;
use crate::views::KEPT_MEDIA_TYPE;

/// As much of a statement as names documents.
#[derive(Deserialize)]
struct Statement<P> {
    #[serde(default)]
    subject: Vec<Subject>,
    predicate: P,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    digest: Sha256,
    #[serde(rename = "mediaType")]
    media_type: Option<String>,
}

#[derive(Deserialize)]
struct Sha256 {
    sha256: Digest,
}

#[derive(Deserialize)]
struct Run {
    capsule: Capsule,
    documents: Vec<Observed>,
}

#[derive(Deserialize)]
struct Capsule {
    agent: String,
}

#[derive(Deserialize)]
struct Observed {
    kind: String,
    target: String,
    digest: Digest,
}

#[derive(Deserialize)]
struct Conflict {
    agent: String,
    refused: Digest,
}

/// What an envelope of an entry of this type names; nothing if it cannot be read, which its digest tells elsewhere.
pub fn named(entry_type: &str, envelope: &[u8]) -> Vec<Named> {
    match entry_type {
        "evidence" => {
            let Some(Statement { predicate: run, .. }) = read::<Run>(envelope) else {
                return Vec::new();
            };
            let agent = run.capsule.agent;
            let what = |of: Observed| Named {
                digest: of.digest,
                what: format!("{} of {}, from agent {agent}", of.kind, of.target),
            };
            run.documents.into_iter().map(what).collect()
        }
        "tombstone" => subjects(envelope, KEPT_MEDIA_TYPE, "findings kept by a tombstone"),
        "rule_pack" => {
            let mut named = subjects(envelope, PACK_MEDIA_TYPE, "sources of a rule pack");
            named.extend(subjects(envelope, GIVEN_MEDIA_TYPE, "rules of the organisation"));
            named
        }
        "decision" => {
            let subjects = read::<IgnoredAny>(envelope).map(|statement| statement.subject);
            let files =
                subjects.into_iter().flatten().filter(|subject| subject.name == DECISION_FILE);
            let what = "file that a person brought".to_owned();
            files.map(|file| Named { digest: file.digest.sha256, what: what.clone() }).collect()
        }
        "activity" => subjects(envelope, SOA_MEDIA_TYPE, "a frozen statement of applicability"),
        "conflict" => {
            let conflict = read::<Conflict>(envelope).map(|statement| statement.predicate);
            let what = |of: Conflict| Named {
                digest: of.refused,
                what: format!("envelope that was refused, of agent {}", of.agent),
            };
            conflict.map(what).into_iter().collect()
        }
        // A fork's proof stands in its envelope; the others bring nothing.
        _ => Vec::new(),
    }
}

fn subjects(envelope: &[u8], media_type: &str, what: &str) -> Vec<Named> {
    let subjects = read::<IgnoredAny>(envelope).map(|statement| statement.subject);
    let subjects = subjects.into_iter().flatten();
    let fits = subjects.filter(|subject| subject.media_type.as_deref() == Some(media_type));
    fits.map(|subject| Named { digest: subject.digest.sha256, what: what.to_owned() }).collect()
}

fn read<P: DeserializeOwned>(envelope: &[u8]) -> Option<Statement<P>> {
    let payload = Envelope::parse(envelope).ok()?.unverified_payload().ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use exhibit_proto::keys::SecretKey;
    use exhibit_proto::statement::{Over, Statement, Subject, TOMBSTONE};
    use serde_json::json;

    use super::*;

    fn sealed(subject: Vec<Subject>, predicate: serde_json::Value) -> Vec<u8> {
        let key = SecretKey::from_seed(&[1; 32]);
        Statement::new(TOMBSTONE, subject, predicate).seal(&key).unwrap()
    }

    #[test]
    fn each_type_names_what_it_brings_and_nothing_else() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let run = json!({"capsule": {"agent": "a1"},
            "documents": [{"kind": "time.sync", "target": "host:a", "digest": one}]});
        let found = named("evidence", &sealed(vec![Subject::new("x", two, None)], run.clone()));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].digest, &*found[0].what), (one, "time.sync of host:a, from agent a1"));
        let subjects =
            vec![Subject::new("log", two, None), Subject::new("kept", one, Some(KEPT_MEDIA_TYPE))];
        assert_eq!(named("tombstone", &sealed(subjects.clone(), json!({})))[0].digest, one);
        assert!(named("rule_pack", &sealed(subjects.clone(), json!({}))).is_empty());
        assert!(named("heartbeat", &sealed(subjects, run)).is_empty());
        let over = serde_json::to_value(Over::Number).unwrap();
        let conflict = json!({"agent": "a1", "refused": two, "held": one, "over": over});
        assert_eq!(named("conflict", &sealed(vec![], conflict))[0].digest, two);
        assert!(named("evidence", b"no envelope").is_empty());
    }
}
