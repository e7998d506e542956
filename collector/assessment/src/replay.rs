//! Judges observations again, one after the other, and holds what somebody claims to have found against it. Pure: who reads the
//! observations, and from where, is another's business. It shares no line with the tables of the collector.

mod claims;
mod people;
mod premises;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

pub use claims::{
    FINDINGS_SCHEMA, FindingClaim, FindingsClaimed, STATUSES_SCHEMA, StatusesClaimed,
};
pub use people::{PeopleClaimed, schedule_differences};
pub use premises::Premises;

use crate::{
    engine::{Capture, Evidence, Judge},
    finding::{Finding, Verdict},
    ids::RuleId,
    pack::{PackError, RulePack},
    selection::Labels,
    status::{Gap, Observed},
};
use claims::Track;

/// Differences that are told in full; all are counted.
pub const MAX_DIFFERENCES: usize = 200;

/// One observation of a document.
#[derive(Debug, Clone)]
pub struct Sight {
    pub target: String,
    pub kind: String,
    pub digest: String,
    pub observed_at: Timestamp,
    pub capture: Capture,
}

/// A claim that does not follow from the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The entry at which it shows.
    pub index: u64,
    pub rule: String,
    pub target: String,
    pub detail: String,
}

/// What a replay came to.
#[derive(Debug, Clone, Default)]
pub struct Replayed {
    /// Findings that were made again.
    pub findings: u64,
    /// At most [`MAX_DIFFERENCES`].
    pub differences: Vec<Difference>,
    pub difference_count: u64,
    /// Claims that nothing at hand shows or refutes: their documents are not here.
    pub not_shown: u64,
    /// The findings that hold at the end, as far as they were made again, with the claimed beginnings of their verdicts.
    pub current: Vec<Observed>,
    /// What the last run of each kind on each target could not see.
    pub gaps: Vec<Gap>,
    /// Target and kind of everything that some run spoke of.
    pub ended: BTreeSet<(String, String)>,
}

/// Where documents come from: by digest, kind and target; nothing if they are not at hand.
pub type Documents<'a> = &'a dyn Fn(&str, &str, &str) -> Option<Value>;

/// A replay under way. Entries are handed over in the order of the log.
#[derive(Default)]
pub struct Replay {
    judging: Option<Judging>,
    places: BTreeMap<(String, String), Place>,
    gaps: BTreeMap<(String, String), Vec<Gap>>,
    labels: BTreeMap<String, Labels>,
    /// The entry that claims begin at, until it is passed: nothing is judged before.
    begins: Option<u64>,
    findings: u64,
    differences: Vec<Difference>,
    difference_count: u64,
}

struct Judging {
    judge: Judge,
    /// Whether rules of a kind read the time or how a document was obtained.
    anew: BTreeMap<String, bool>,
    /// Kinds of which a rule reads labels.
    labelled: BTreeSet<String>,
}

/// A kind on a target.
#[derive(Default)]
struct Place {
    sight: Option<Sight>,
    /// Whether the document is at hand.
    held: bool,
    /// A deletion took it after it was observed, and nobody brought it again so far. It may be at hand all the same: it was brought
    /// later.
    gone: bool,
    /// The last entry at which it was judged, unless something was not at hand since.
    judged: Option<u64>,
    last: Vec<Finding>,
    claims: BTreeMap<RuleId, Track>,
}

impl Replay {
    /// Against these claims.
    #[must_use]
    pub fn new(claims: Vec<FindingClaim>) -> Self {
        let mut replay = Self::default();
        for claim in claims {
            let place =
                replay.places.entry((claim.target.clone(), claim.kind.clone())).or_default();
            place.claims.entry(claim.rule.clone()).or_default().push(claim);
        }
        for place in replay.places.values_mut() {
            place.claims.values_mut().for_each(Track::sort);
        }
        replay
    }

    /// Against claims of what held from entry `start` on. Entries until then say only what was in force there: it is judged once, and
    /// claims that had ended before are not missed.
    #[must_use]
    pub fn beginning(mut self, start: u64) -> Self {
        self.begins = Some(start);
        self
    }

    /// What is in force is judged as soon as the beginning is passed.
    fn reach(&mut self, index: u64, documents: Documents<'_>) {
        if let Some(start) = self.begins.take_if(|start| *start < index) {
            self.judge_all(start, documents);
        }
    }

    /// From entry `index` on, this pack judges; whatever is current is judged by it.
    pub fn pack(
        &mut self,
        index: u64,
        pack: &RulePack,
        documents: Documents<'_>,
    ) -> Result<(), PackError> {
        self.reach(index, documents);
        let (mut anew, mut labelled) = (BTreeMap::new(), BTreeSet::new());
        for rule in pack.rules() {
            *anew.entry(rule.kind.clone()).or_insert(false) |= rule.clock || rule.capture;
            labelled.extend(rule.labels.then(|| rule.kind.clone()));
        }
        self.judging = Some(Judging { judge: Judge::new(pack)?, anew, labelled });
        self.judge_all(index, documents);
        Ok(())
    }

    fn judge_all(&mut self, index: u64, documents: Documents<'_>) {
        let places: Vec<(String, String)> = self.places.keys().cloned().collect();
        for place in places {
            self.judge(index, &place, documents);
        }
    }

    /// From entry `index` on a pack is in force that is not at hand: nothing can be judged until another one comes.
    pub fn unknown_pack(&mut self, index: u64, documents: Documents<'_>) {
        self.reach(index, documents);
        self.judging = None;
        self.places.values_mut().for_each(|place| place.judged = None);
    }

    /// From entry `index` on, these targets have these labels; what rules say by them is judged again.
    pub fn labelled(
        &mut self,
        index: u64,
        labels: BTreeMap<String, Labels>,
        documents: Documents<'_>,
    ) {
        self.reach(index, documents);
        for (target, labels) in labels {
            let before = self.labels.insert(target.clone(), labels.clone());
            if before.as_ref() == Some(&labels) {
                continue;
            }
            let kinds = self.judging.as_ref().map(|judging| judging.labelled.clone());
            for kind in kinds.unwrap_or_default() {
                self.judge(index, &(target.clone(), kind), documents);
            }
        }
    }

    /// A run observed a document.
    pub fn observed(&mut self, index: u64, sight: Sight, documents: Documents<'_>) {
        self.reach(index, documents);
        let key = (sight.target.clone(), sight.kind.clone());
        let place = self.places.entry(key.clone()).or_default();
        let same = place.sight.as_ref().is_some_and(|before| before.digest == sight.digest);
        let anew = self.judging.as_ref().and_then(|judging| judging.anew.get(&key.1)).copied();
        (place.sight, place.gone) = (Some(sight), false);
        if !same || !place.held || anew.unwrap_or(false) {
            self.judge(index, &key, documents);
        }
    }

    /// A deletion took a document of this kind from this target: findings that shared its words are made again of the newest. If
    /// that itself went, whoever brings it again has it judged anew.
    pub fn deleted(
        &mut self,
        index: u64,
        (target, kind, digest): (&str, &str, &str),
        documents: Documents<'_>,
    ) {
        self.reach(index, documents);
        let key = (target.to_owned(), kind.to_owned());
        match self.places.get_mut(&key) {
            Some(Place { sight: Some(sight), held, judged, gone, .. })
                if sight.digest == digest =>
            {
                (*held, *judged, *gone) = (false, None, true);
            }
            Some(_) => self.judge(index, &key, documents),
            None => {}
        }
    }

    /// How the last run of a kind on a target ended, besides its document.
    pub fn ended(&mut self, target: &str, kind: &str, gaps: Vec<Gap>) {
        self.gaps.insert((target.to_owned(), kind.to_owned()), gaps);
    }

    fn judge(&mut self, index: u64, key: &(String, String), documents: Documents<'_>) {
        if self.begins.is_some() {
            return;
        }
        let Some(place) = self.places.get_mut(key) else { return };
        let (Some(judging), Some(sight)) = (&self.judging, &place.sight) else { return };
        let found = documents(&sight.digest, &sight.kind, &sight.target).filter(|_| !place.gone);
        place.held = found.is_some();
        let Some(document) = found else {
            (place.judged, place.last) = (None, Vec::new());
            return;
        };
        let evidence = Evidence {
            document: &document,
            observed_at: sight.observed_at,
            capture: Some(&sight.capture),
            labels: self.labels.get(&key.0),
        };
        let findings = judging.judge.judge_evidence(&sight.kind, &evidence);
        self.findings += findings.len() as u64;
        let told = compare(place, index, &findings);
        (place.judged, place.last) = (Some(index), findings);
        for (rule, detail) in told {
            let target = key.0.clone();
            self.tell(Difference { index, rule, target, detail });
        }
    }

    fn tell(&mut self, difference: Difference) {
        self.difference_count += 1;
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(difference);
        }
    }

    /// Ends the replay; claims that begin after the last judgement of their place were made up.
    #[must_use]
    pub fn finish(mut self, documents: Documents<'_>) -> Replayed {
        self.reach(u64::MAX, documents);
        let mut done = Replayed { findings: self.findings, ..Replayed::default() };
        let mut late = Vec::new();
        for ((target, _), place) in &mut self.places {
            for (rule, track) in &mut place.claims {
                if let Some(judged) = place.judged {
                    late.extend(track.begins_after(judged).map(|from| Difference {
                        index: from,
                        rule: rule.to_string(),
                        target: target.clone(),
                        detail:
                            "is claimed from an entry on at which nothing was judged".to_owned(),
                    }));
                }
                done.not_shown += track.not_shown();
            }
            let sight = place.sight.as_ref().filter(|_| place.held && place.judged.is_some());
            let Some(sight) = sight else { continue };
            done.current.extend(place.last.iter().map(|finding| {
                Observed {
                    rule: finding.rule.clone(),
                    target: target.clone(),
                    verdict: finding.verdict,
                    message: finding.message.clone(),
                    item_count: finding.item_count,
                    since: place
                        .claims
                        .get(&finding.rule)
                        .and_then(Track::since)
                        .unwrap_or(sight.observed_at),
                    observed_at: sight.observed_at,
                }
            }));
        }
        late.into_iter().for_each(|difference| self.tell(difference));
        done.ended = self.gaps.keys().cloned().collect();
        done.gaps = self.gaps.into_values().flatten().collect();
        done.differences = self.differences;
        done.difference_count = self.difference_count;
        done
    }
}

/// What the claims about a place say otherwise than its findings at entry `index`: rule and words.
fn compare(place: &mut Place, index: u64, findings: &[Finding]) -> Vec<(String, String)> {
    let mut told = Vec::new();
    let judged = place.judged;
    for finding in findings {
        let track = place.claims.entry(finding.rule.clone()).or_default();
        told.extend(track.say(finding, index).map(|what| (finding.rule.to_string(), what)));
    }
    for (rule, track) in &mut place.claims {
        if !findings.iter().any(|finding| finding.rule == *rule)
            && let Some(claim) = track.at(index)
        {
            let verdict = Verdict::as_str(claim.verdict);
            told.push((
                rule.to_string(),
                format!("{verdict} is claimed, and the pack in force has no such rule"),
            ));
        }
        if judged.is_some_and(|judged| track.began_between(judged, index)) {
            let what = "is claimed from an entry on at which nothing was judged".to_owned();
            told.push((rule.to_string(), what));
        }
    }
    told
}
