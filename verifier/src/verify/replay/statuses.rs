//! The statuses, assessed again from what follows out of the entries, against those that the bundle brings.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{
    FindingClaim, Framework, Gap, Observed, Premises, Replayed, StatusesClaimed,
    schedule_differences,
};
use exhibit_proto::bundle::STATUSES;
use jiff::SignedDuration;

use super::Ground;
use super::walk::InForce;
use crate::report::{Check, Ledger};

/// How much earlier than the last entry that they rest on statuses may have been assessed: clocks differ by as much.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What judging the statuses again came to.
#[derive(Default)]
pub(super) struct Judged {
    /// How many things differ.
    pub(super) differences: u64,
    /// Decisions that are in force.
    pub(super) decisions: u64,
    pub(super) limits: Vec<String>,
}

/// Assesses the statuses again.
pub(super) fn judge(
    (claims, mut claimed): (&[FindingClaim], StatusesClaimed),
    (ground, framework): (&Ground<'_>, &Framework),
    (done, (pack, premises)): (&Replayed, (InForce, Premises)),
    ledger: &mut Ledger,
) -> Judged {
    let mut judged = Judged::default();
    let mut told = moment(&claimed, ground);
    told.extend(people(&mut claimed, framework, ground, &premises, &mut judged));
    told.extend(gaps(&claimed, &done.gaps));
    judged.limits.extend(believed(claims, &claimed, done));
    if let Some((digest, Some(pack))) = pack {
        if claimed.pack != digest.to_string() {
            let named = &claimed.pack;
            told.push(format!("names the rule pack {named}, and {digest} was in force"));
        }
        let selected = &ground.selection.kinds;
        let kinds: BTreeSet<String> = selected.iter().map(ToString::to_string).collect();
        let findings = current(claims, &done.current);
        let statuses = claimed.follow(framework, (&pack, &kinds), &findings);
        if statuses.len() != claimed.statuses.len() {
            let (is, was) = (statuses.len(), claimed.statuses.len());
            told.push(format!("{was} controls are named, there are {is}"));
        }
        let pairs = statuses.iter().zip(&claimed.statuses);
        for (is, was) in pairs.filter(|(is, was)| is != was) {
            let (control, claim, follows) = (is.control, was.status.as_str(), is.status.as_str());
            told.push(if claim == follows && was.control == control {
                format!("{control}: {claim} rests on other reasons than are claimed")
            } else {
                format!("{control}: {claim} is claimed, {follows} follows")
            });
        }
        if told.is_empty() {
            let (count, size, now) = (claimed.statuses.len(), claimed.size, claimed.now);
            let (version, decided) = (&claimed.version, judged.decisions);
            let detail = format!(
                "{count} statuses follow from them and from {decided} decisions in force at entry {size}, {now}, under rule pack {version} ({digest})"
            );
            ledger.shown(Check::Replay, detail);
        }
    } else {
        let detail =
            "the rule pack in force at the end is not in the bundle: statuses cannot be assessed";
        ledger.not_checked(Check::Replay, Some(STATUSES), detail);
    }
    judged.differences = told.len() as u64;
    told.into_iter().for_each(|detail| ledger.failed(Check::Replay, STATUSES, detail));
    judged
}

/// Whether the statuses are about the log that the bundle shows, and about no moment before its end.
fn moment(claimed: &StatusesClaimed, ground: &Ground<'_>) -> Vec<String> {
    let mut told = Vec::new();
    if claimed.size != ground.size {
        let (was, is) = (claimed.size, ground.size);
        told.push(format!("rest on {was} entries, and the bundle's log has {is}"));
    }
    let early = |last: &jiff::Timestamp| last.duration_since(claimed.now) > SKEW;
    if let Some(last) = ground.tree.last.filter(early) {
        let now = claimed.now;
        told.push(format!("were assessed as of {now}, and the last entry was logged {last}"));
    }
    let left_out = &ground.tree.left_out.decisions;
    if let Some(first) = left_out.first {
        let entries = left_out.entries;
        told.push(format!(
            "{entries} decisions of people are not in the bundle, the first is entry {first}: what they say counts for nothing here"
        ));
    }
    told
}

/// Holds what is claimed of people and schedules against decisions and heartbeats, and puts what follows in its place.
fn people(
    claimed: &mut StatusesClaimed,
    framework: &Framework,
    ground: &Ground<'_>,
    premises: &Premises,
    judged: &mut Judged,
) -> Vec<String> {
    let selection = ground.selection;
    let asked = |target: &str| {
        selection.targets.is_empty() || selection.targets.iter().any(|one| one.as_str() == target)
    };
    let wanted = |target: &str, kind: &str| {
        let kinds = &selection.kinds;
        asked(target) && (kinds.is_empty() || kinds.iter().any(|one| one.as_str() == kind))
    };
    let people = premises.people(framework);
    judged.decisions = premises.decisions().in_force().count() as u64;
    judged.limits = people
        .unread
        .iter()
        .map(|one| {
            format!(
                "{} {} (entry {}) is not read by this version: {}",
                one.register, one.id, one.index, one.why
            )
        })
        .collect();
    let decided = premises.claimed(&people, asked);
    let expected = premises.expected(&people, claimed.now, wanted);
    let mut told = claimed.people.differences(&decided, premises.decisions());
    told.extend(schedule_differences(&claimed.expected, &expected));
    (claimed.people, claimed.expected) = (decided, expected);
    told
}

/// The findings that hold at the end: as they were made again, and as they are claimed where the bundle does not show them.
fn current(claims: &[FindingClaim], made: &[Observed]) -> Vec<Observed> {
    let mut all: BTreeMap<(&str, &str), Observed> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.to.is_none()) {
        let observed = Observed {
            rule: claim.rule.clone(),
            target: claim.target.clone(),
            verdict: claim.verdict,
            message: claim.message.clone(),
            item_count: claim.item_count,
            since: claim.since,
            observed_at: claim.observed_at.unwrap_or(claim.since),
        };
        all.insert((claim.rule.as_str(), claim.target.as_str()), observed);
    }
    for observed in made {
        all.insert((observed.rule.as_str(), observed.target.as_str()), observed.clone());
    }
    all.into_values().collect()
}

/// What no run of the bundle speaks about, so that statuses rest on the claim.
fn believed(claims: &[FindingClaim], claimed: &StatusesClaimed, done: &Replayed) -> Vec<String> {
    let made: BTreeSet<(&str, &str)> =
        done.current.iter().map(|one| (one.rule.as_str(), one.target.as_str())).collect();
    let stays = |target: &str| !claimed.people.retired.contains(target);
    let findings = claims.iter().filter(|claim| {
        claim.to.is_none()
            && stays(&claim.target)
            && !made.contains(&(claim.rule.as_str(), claim.target.as_str()))
    });
    let spoken: BTreeSet<(&str, &str)> =
        done.ended.iter().map(|(target, kind)| (target.as_str(), kind.as_str())).collect();
    let gaps = claimed.gaps.iter().filter(|gap| {
        stays(&gap.target) && !spoken.contains(&(gap.target.as_str(), gap.kind.as_str()))
    });
    let (findings, gaps) = (findings.count(), gaps.count());
    if findings + gaps == 0 {
        return Vec::new();
    }
    vec![format!(
        "{findings} findings and {gaps} gaps that the statuses rest on are claims that nothing here shows: their documents, or the runs that speak of them, are not in the bundle"
    )]
}

/// What is claimed not to have been seen, against what the last runs say; since when is not compared.
fn gaps(claimed: &StatusesClaimed, made: &[Gap]) -> Vec<String> {
    let stays = |gap: &&Gap| !claimed.people.retired.contains(&gap.target);
    let made: Vec<&Gap> = made.iter().filter(stays).collect();
    let words = |gap: &Gap| {
        let (outcome, detail) = (gap.outcome.as_str(), &gap.detail);
        (gap.target.clone(), gap.kind.clone(), format!("{outcome}: {detail}"))
    };
    let places: BTreeSet<(&str, &str)> =
        made.iter().map(|gap| (gap.target.as_str(), gap.kind.as_str())).collect();
    let was: BTreeSet<_> = claimed.gaps.iter().map(words).collect();
    let is: BTreeSet<_> = made.iter().copied().map(words).collect();
    let missing = is.difference(&was).map(|(target, kind, what)| {
        format!("{kind} of {target}: {what:?} was said by the last run, and is not claimed")
    });
    // What no run of the bundle speaks about cannot be compared.
    let extra = was
        .difference(&is)
        .filter(|(target, kind, _)| places.contains(&(target.as_str(), kind.as_str())));
    let extra = extra.map(|(target, kind, what)| {
        format!("{kind} of {target}: {what:?} is claimed, and the last run does not say so")
    });
    missing.chain(extra).collect()
}
