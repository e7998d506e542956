//! What a verification found, as `--json` prints it. Never decides what is printed for people.
//!
//! The schema is stable: `urn:exhibit:verification:v1` gains fields, it does not change or lose them.

mod sampled;

use std::collections::BTreeMap;

use exhibit_proto::bundle::Selection;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::completeness::Completeness;

pub use sampled::{Found, Sampled};

/// What `schema` says.
pub const SCHEMA: &str = "urn:exhibit:verification:v1";

/// The result of one check, one item or the whole; a later one outweighs an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Verified,
    /// Neither shown nor refuted: what would be needed is not there. Never counts as verified.
    NotChecked,
    Failed,
}

/// What is checked: of the bundle as a whole, then of each item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Every file has the digest that SHA256SUMS lists, and none is missing, unlisted or out of place.
    Files,
    /// The checkpoint is signed by the policy's log, under its name.
    Checkpoint,
    /// As many witnesses cosigned the checkpoint as the policy asks for.
    Quorum,
    /// The log extends the head that was remembered (`verify --url --state`).
    Consistency,
    /// `log.pem` and `policy` in the bundle name the key that the policy file names.
    LogKey,
    /// `manifest.json` says what the entries say.
    Manifest,
    /// The root follows from the shipped leaves.
    Root,
    /// Shipped hash tiles are those that follow from the leaves.
    Tiles,
    /// Each agent's statements follow one another without doubles or broken links.
    Chains,
    /// All enrolments and revocations of the log are in the bundle.
    Keys,
    /// Tokens of time-stamping authorities (RFC 3161) hold under the roots that were given, over heads that this log grew from.
    Timestamps,
    /// The item's leaf is the log's entry of that index.
    Leaf,
    /// The item's proof leads to the signed checkpoint.
    Inclusion,
    /// The envelope has the digest that the leaf names.
    Envelope,
    /// The signing key was enrolled before the entry and not revoked before it.
    Key,
    /// The envelope's signature.
    Signature,
    /// The statement says what its leaf says, and speaks for targets granted to its agent.
    Statement,
    /// Each document named is there, has that digest, and is about what the statement says.
    Documents,
    /// The checkpoint that the statement carries is an earlier head of this log.
    Anchor,
    /// The agent's key did sign both envelopes that the collector says exclude each other.
    Conflict,
    /// No head that the log's key signed contradicts the log.
    Fork,
    /// The log before this one, where it was given (`--predecessor`), shows the head that this log goes on from.
    Predecessor,
    /// The findings and statuses that the bundle brings follow from its documents, under its rule packs (`--replay`).
    Replay,
}

/// One thing worth saying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub check: Check,
    pub state: State,
    /// The file of the bundle it is about, with `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    pub detail: String,
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: String,
    /// `failed` if anything failed, else `not_checked` if anything was not checked.
    pub state: State,
    /// The folder as the person named it.
    pub bundle: String,
    pub trust: Trusted,
    /// Absent if no checkpoint could be believed.
    pub log: Option<Log>,
    /// What the manifest says; absent if it cannot be read.
    pub about: Option<About>,
    pub counts: Counts,
    /// Checks of the bundle as a whole.
    pub checks: BTreeMap<Check, State>,
    /// About the bundle as a whole; the verified ones say what was done.
    pub findings: Vec<Finding>,
    /// By ascending index.
    pub items: Vec<Item>,
    /// Tokens of time-stamping authorities that the bundle holds.
    #[serde(default)]
    pub timestamps: Vec<Stamp>,
    /// Every agent's chain in the whole log; empty if the leaves are not shipped.
    pub chains: Vec<Chain>,
    /// What the collector noticed about agents: entries of type gap, conflict and fork, by ascending index.
    #[serde(default)]
    pub noticed: Vec<Noticed>,
    /// Populations that were frozen, by ascending index, each with what was drawn from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Sampled>,
    /// Entries of the remembered head, where the log shows only a past of it (`verify --url --state`): the exit code is then 3,
    /// unless something failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<u64>,
    /// The log that this one took over from, by the bundle's entry of type `continues`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Predecessor>,
    /// Who spoke when; absent where the log's leaves or the manifest are not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Completeness>,
    /// What was judged again; absent without `--replay`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

/// What judging the documents again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Findings that were made again.
    pub findings: u64,
    /// Claims that differ from what was found, or that nothing gives; the first of them stand in the bundle's findings.
    pub differences: u64,
    /// Claims whose documents, or whose rule pack, are not in the bundle.
    pub not_shown: u64,
    /// Controls whose status was assessed again; 0 where the bundle brings no statuses.
    pub statuses: u64,
    /// Decisions of people in force at the end that the statuses were assessed by.
    #[serde(default)]
    pub decisions: u64,
    /// What the result rests on besides documents, rules, heartbeats and decisions.
    pub limits: Vec<String>,
}

/// The last head of another log that was known when this one took over. What that log holds beyond it is not part of this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// The entry that says so.
    pub index: u64,
    pub origin: String,
    pub size: u64,
    pub root: Digest,
    /// The key that signed the head.
    pub log_key: String,
    /// Whether the policy names that key for that log.
    pub trusted: bool,
    /// The signed head, verbatim.
    pub signed: String,
}

/// On whose word the result rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// The policy file as the person named it.
    pub policy: String,
    pub policy_sha256: Digest,
    /// The logs that the policy names, as verifier keys.
    pub logs: Vec<String>,
}

/// The log that the bundle is from, by its signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    pub origin: String,
    /// SHA-256 of the key's DER SubjectPublicKeyInfo.
    pub fingerprint: KeyId,
    pub size: u64,
    pub root: Digest,
    /// Witnesses of the policy that cosigned, with Unix seconds.
    pub cosigned: BTreeMap<String, u64>,
}

/// What the bundle says that it is: a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub generated_at: String,
    pub selection: Selection,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub files: u64,
    pub items: Tally,
    /// Documents that items name, each counted where it is named.
    pub documents: Tally,
    /// Statements missing from agents' chains.
    pub missing_statements: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub verified: u64,
    pub not_checked: u64,
    pub failed: u64,
}

/// One entry of the log that the bundle holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub index: u64,
    /// The entry's type; absent if its leaf cannot be read.
    #[serde(rename = "type")]
    pub entry_type: Option<String>,
    pub state: State,
    /// Who speaks, once the signature held.
    pub agent: Option<String>,
    /// When the collector received it, by its leaf.
    pub logged: Option<String>,
    /// When the agent says it sealed it.
    pub claimed: Option<String>,
    /// It cannot have been made before; absent if the bundle does not show it. By the word of somebody outside where the head that
    /// its agent had seen covers such a word, else by the collector's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Bound>,
    /// It cannot have been logged before, by the word of somebody outside that stands in an entry in front of it; absent if none
    /// does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged_not_before: Option<Bound>,
    /// It was in the log by then, by the word of somebody outside; absent if nobody outside says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Bound>,
    pub checks: BTreeMap<Check, State>,
    /// Everything that failed or was not checked.
    pub findings: Vec<Finding>,
    /// Nothing wrong, but worth knowing.
    pub notes: Vec<String>,
}

/// A bound in time, and on whose word it rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// RFC 3339, UTC.
    pub time: String,
    pub basis: Basis,
    /// The witnesses, or the authority with its token's file, and the entry that carries it, if one does; or the entry.
    pub by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// As many witnesses as the policy asks for cosigned a head: of their times the one up to which, or from which on, enough of
    /// them signed.
    Cosignature,
    /// An authority stamped a head: its time and the inaccuracy that it grants.
    Token,
    /// The collector's own clock when it received an entry that the agent's head covers: a claim.
    Received,
}

impl Bound {
    pub fn new(time: Timestamp, basis: Basis, by: &str) -> Self {
        let time = time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        Self { time, basis, by: by.to_owned() }
    }

    /// Milliseconds since 1970.
    pub fn ms(&self) -> i64 {
        self.time.parse::<Timestamp>().map_or(i64::MAX, Timestamp::as_millisecond)
    }
}

/// One token of a time-stamping authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Entries of the head that it stamps.
    pub size: u64,
    /// As its file's name says.
    pub authority: String,
    /// `not_checked`: no roots were given, or the bundle does not show that its log grew from that head.
    pub state: State,
    /// The authority's time, RFC 3339; absent if the token cannot be believed.
    pub time: Option<String>,
    pub accuracy_ms: Option<i64>,
    /// Object identifier.
    pub policy: Option<String>,
    /// Hex.
    pub serial: Option<String>,
}

/// One agent's chain: the statements of one key and epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    pub key: KeyId,
    #[serde(with = "exhibit_proto::statement::decimal")]
    pub epoch: u64,
    #[serde(with = "exhibit_proto::statement::decimal")]
    pub last: u64,
    pub statements: u64,
    /// Sequence numbers that the log does not hold.
    pub gaps: Vec<Gap>,
    /// Statements that came after later ones and so closed a gap, in the order of the log.
    #[serde(default)]
    pub late: Vec<Late>,
    /// The entry that ended it: a rotation, after which another key speaks in the next epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<u64>,
}

/// A statement that came after later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    #[serde(with = "exhibit_proto::statement::decimal")]
    pub seq: u64,
    pub index: u64,
}

/// Something that the collector noticed about an agent, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// The entry that says so.
    pub index: u64,
    /// `gap`, `conflict` or `fork`.
    #[serde(rename = "type")]
    pub entry_type: String,
    pub agent: String,
    pub standing: Standing,
    pub detail: String,
    /// Entries that closed the gap, wholly or in part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_by: Vec<u64>,
    /// How many more things were noticed of this agent before it, and not logged because there were too many in an hour.
    pub suppressed: u64,
}

/// How far something that was noticed is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Numbers are still missing.
    Open,
    /// All missing numbers came later.
    Closed,
    /// Signatures in this bundle show it to anybody.
    Proven,
    /// An agent says so, and nothing else shows it.
    Claimed,
    /// What would show it is not here.
    NotShown,
}

/// Missing sequence numbers, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    #[serde(with = "exhibit_proto::statement::decimal")]
    pub from: u64,
    #[serde(with = "exhibit_proto::statement::decimal")]
    pub to: u64,
}

impl Gap {
    pub fn len(&self) -> u64 {
        (self.to - self.from).saturating_add(1)
    }

    /// Never: a gap has at least one number.
    pub fn is_empty(&self) -> bool {
        self.to < self.from
    }
}

impl Tally {
    pub fn count(&mut self, state: State) {
        match state {
            State::Verified => self.verified += 1,
            State::NotChecked => self.not_checked += 1,
            State::Failed => self.failed += 1,
        }
    }
}

/// Checks under way: each check's worst state, and what is to be said about it.
#[derive(Debug, Default)]
pub struct Ledger {
    pub checks: BTreeMap<Check, State>,
    pub findings: Vec<Finding>,
}

impl Ledger {
    /// Holds, unless something else of this check does not.
    pub fn verified(&mut self, check: Check) {
        self.weigh(check, State::Verified);
    }

    /// Holds, and how it was shown is worth saying.
    pub fn shown(&mut self, check: Check, detail: impl Into<String>) {
        self.say(check, State::Verified, None, detail.into());
    }

    pub fn failed(&mut self, check: Check, file: &str, detail: impl Into<String>) {
        self.say(check, State::Failed, Some(file.to_owned()), detail.into());
    }

    pub fn not_checked(&mut self, check: Check, file: Option<&str>, detail: impl Into<String>) {
        self.say(check, State::NotChecked, file.map(str::to_owned), detail.into());
    }

    /// The state of a check that has been made.
    pub fn state(&self, check: Check) -> Option<State> {
        self.checks.get(&check).copied()
    }

    /// The worst state; nothing checked is not verified.
    pub fn worst(&self) -> State {
        self.checks.values().copied().max().unwrap_or(State::NotChecked)
    }

    fn say(&mut self, check: Check, state: State, file: Option<String>, detail: String) {
        self.weigh(check, state);
        self.findings.push(Finding { check, state, file, detail });
    }

    fn weigh(&mut self, check: Check, state: State) {
        let known = self.checks.entry(check).or_insert(state);
        *known = state.max(*known);
    }
}
