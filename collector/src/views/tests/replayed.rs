//! The log of a test judged again by what shares no line with the tables.

use exhibit_assessment::decisions::{self, Decided};
use exhibit_assessment::{Framework, Labels, Premises, Replay, Replayed, Sight};
use exhibit_proto::dsse::Envelope;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{self, Act, Decision, Enrol, Heartbeat};
use jiff::Timestamp;

use super::*;
use crate::packs::LoggedPack;
use crate::views::{LastWord, ViewsError, judge};

/// The same log folded by what shares no line with the tables, against what the tables say.
pub(super) fn replay(sample: &Sample, views: &Views) -> Replayed {
    replay_since(sample, views, 0)
}

/// The same for what came from entry `start` on: of the runs before it only the last words of each place are looked at.
pub(super) fn replay_since(sample: &Sample, views: &Views, start: u64) -> Replayed {
    let size = views.applied().unwrap();
    let mut claims = Vec::new();
    let taken = views.finding_claims(start..size, |claim| {
        claims.push(claim);
        Ok::<_, ViewsError>(())
    });
    taken.unwrap();
    let mut replay = Replay::new(claims);
    let mut last = Vec::new();
    if start > 0 {
        replay = replay.beginning(start);
        last = views.last_words(views.received(start).unwrap().unwrap(), size).unwrap();
    }
    let brought = |index: u64, observed: &statement::Observed| {
        let says = |word: &LastWord| {
            (word.index, word.kind.as_str(), word.target.as_str())
                == (index, observed.kind.as_str(), observed.target.as_str())
        };
        index >= start || last.iter().any(says)
    };
    let reader = &sample.reader;
    let document = |digest: &str, _: &str, _: &str| {
        let bytes = reader.document(&digest.parse().unwrap()).unwrap()?;
        Some(serde_json::from_slice(&bytes).unwrap())
    };
    let (framework, mut premises) = (Framework::builtin().unwrap(), Premises::default());
    let mut in_force = String::new();
    for index in 0..size {
        let entry = reader.entry(index).unwrap().unwrap();
        if entry.leaf.t == EntryType::RulePack {
            let logged = LoggedPack::of(&entry).unwrap();
            let digest = logged.said.pack.to_string();
            if !logged.proposed && digest != in_force {
                replay.pack(index, &logged.pack(reader).unwrap(), &document).unwrap();
                in_force = digest;
            }
        }
        let envelope = Envelope::parse(&entry.envelope.unwrap()).unwrap();
        let payload = envelope.unverified_payload().unwrap();
        if premise(&mut premises, index, &entry.leaf.t, &payload) {
            replay.labelled(index, premises.labels(&framework, None), &document);
        }
        if entry.leaf.t == EntryType::Tombstone {
            let stone = Statement::<statement::Tombstone>::from_payload(&payload).unwrap();
            for gone in stone.predicate.documents {
                let digest = gone.digest.to_string();
                let place = (gone.target.as_str(), gone.kind.as_str(), digest.as_str());
                replay.deleted(index, place, &document);
            }
        } else if entry.leaf.t == EntryType::Evidence {
            let run = Statement::<Run>::from_payload(&payload).unwrap().predicate;
            for observed in run.documents.into_iter().filter(|one| brought(index, one)) {
                let sight = Sight {
                    target: observed.target.to_string(),
                    kind: observed.kind.to_string(),
                    digest: observed.digest.to_string(),
                    observed_at: observed.started.parse().unwrap(),
                    capture: judge::capture_of(&observed),
                };
                replay.observed(index, sight, &document);
            }
        }
    }
    replay.finish(&document)
}

/// Takes an entry that may change labels.
fn premise(premises: &mut Premises, index: u64, t: &EntryType, payload: &[u8]) -> bool {
    if *t == EntryType::Enrol {
        let enrol = Statement::<Enrol>::from_payload(payload).unwrap().predicate;
        let targets: Vec<&str> = enrol.targets.iter().map(|target| target.as_str()).collect();
        premises.enrolled(Timestamp::UNIX_EPOCH, &enrol.agent, &enrol.host_name, &targets);
    } else if *t == EntryType::Heartbeat {
        let beat = Statement::<Heartbeat>::from_payload(payload).unwrap().predicate;
        let given = beat.labels.iter();
        let given = given
            .map(|(target, given)| (target.to_string(), Labels::try_from(given.clone()).unwrap()));
        let schedule: [(&str, &str); 0] = [];
        let said = (beat.host_name.as_str(), beat.interval_seconds);
        premises.beat(&beat.capsule.agent, said, schedule, &given.collect());
    } else if *t == EntryType::Decision {
        let said = Statement::<Decision>::from_payload(payload).unwrap().predicate;
        let Decision { register, id, after, act, value, by, reason } = said.checked().unwrap();
        let act = match act {
            Act::Put => decisions::Act::Put,
            Act::Withdraw => decisions::Act::Withdraw,
            Act::Approve => decisions::Act::Approve,
        };
        let (at, value) = (Timestamp::UNIX_EPOCH, value.unwrap_or_default());
        premises.decided(Decided { index, at, register, id, after, act, value, by, reason });
    } else {
        return false;
    }
    true
}
