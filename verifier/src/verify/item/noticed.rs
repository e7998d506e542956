//! What the collector noticed about agents: gaps, conflicts, forks. Each is held against what the bundle holds; the
//! collector's word alone shows nothing, and an agent's word fails nothing.

use std::collections::BTreeSet;

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::{KeyId, PublicKey};
use exhibit_proto::statement::{Conflict, Fork, Gap, MAX_ENVELOPE, Over, Statement};
use serde_json::Value;

use super::Reader;
use crate::report::{Check, Item, Ledger, Noticed, Standing};

/// What was noticed by the entries so far.
#[derive(Default)]
pub(super) struct Noticing {
    pub(super) all: Vec<Noticed>,
    /// Agents of whom a fork was logged.
    claimants: BTreeSet<String>,
}

impl Noticing {
    /// Whether an earlier entry says that this agent holds another head than the log.
    pub(super) fn claims(&self, agent: &str) -> bool {
        self.claimants.contains(agent)
    }
}

impl Reader<'_> {
    pub(super) fn gap(
        &mut self,
        item: &mut Item,
        statement: &Statement<Value>,
    ) -> Result<(), String> {
        let gap: Gap = statement.predicate_as().map_err(|error| error.to_string())?;
        if gap.from == 0 || gap.to < gap.from {
            return Err(format!("is about numbers {} to {}", gap.from, gap.to));
        }
        self.owned(&gap.key, &gap.agent)?;
        let mut chains = self.tree.chains.iter();
        let chain = chains.find(|chain| (chain.key, chain.epoch) == (gap.key, gap.epoch));
        let (mut missing, mut closed_by) = (0_u64, Vec::new());
        if let Some(chain) = chain {
            for open in &chain.gaps {
                let (from, to) = (open.from.max(gap.from), open.to.min(gap.to));
                if from <= to {
                    missing = missing.saturating_add((to - from).saturating_add(1));
                }
            }
            let late = chain.late.iter().filter(|late| (gap.from..=gap.to).contains(&late.seq));
            closed_by.extend(late.map(|late| late.index).filter(|index| *index > item.index));
        }
        let what = numbers(gap.from, gap.to);
        let (standing, rest) = match (chain, missing) {
            (None, _) => {
                (Standing::NotShown, "the log's leaves do not show what became of them".to_owned())
            }
            (Some(_), 0) => (Standing::Closed, format!("all came later{}", entries(&closed_by))),
            (Some(_), missing) => {
                let came = if closed_by.is_empty() {
                    String::new()
                } else {
                    format!(", others came later{}", entries(&closed_by))
                };
                (Standing::Open, format!("{missing} are missing to this day{came}"))
            }
        };
        let detail = format!(
            "{what} of agent {}, epoch {}, had not come when a later one did: {rest}",
            gap.agent, gap.epoch
        );
        self.note(item, "gap", gap.agent, standing, detail, (closed_by, gap.suppressed));
        Ok(())
    }

    pub(super) fn conflict(
        &mut self,
        item: &mut Item,
        statement: &Statement<Value>,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let conflict: Conflict = statement.predicate_as().map_err(|error| error.to_string())?;
        let key = self.owned(&conflict.key, &conflict.agent)?;
        let (held, refused) = (conflict.held, conflict.refused);
        let both = [self.signed_by(&held, &key, ledger), self.signed_by(&refused, &key, ledger)];
        let standing = match both {
            [Read::Signed(held), Read::Signed(refused)] => {
                match excludes(&conflict, &held, &refused) {
                    Ok(()) => {
                        ledger.verified(Check::Conflict);
                        Standing::Proven
                    }
                    Err(error) => {
                        ledger.failed(Check::Conflict, &bundle::envelope(&conflict.refused), error);
                        Standing::NotShown
                    }
                }
            }
            [Read::Absent | Read::Broken | Read::Signed(_), _] => Standing::NotShown,
        };
        let what = match conflict.over {
            Over::Number => format!("two statements number {}", conflict.seq),
            Over::Predecessor => {
                format!("a statement {} that does not follow the one before it", conflict.seq)
            }
        };
        let shown = match standing {
            Standing::Proven => "both signatures hold: two agents with one key, or a copied key",
            Standing::Open | Standing::Closed | Standing::Claimed | Standing::NotShown => {
                "it is not shown here"
            }
        };
        let detail = format!(
            "the key of agent {}, epoch {}, signed {what} ({held} is logged, {refused} was refused): {shown}",
            conflict.agent, conflict.epoch
        );
        let more = (Vec::new(), conflict.suppressed);
        self.note(item, "conflict", conflict.agent, standing, detail, more);
        Ok(())
    }

    pub(super) fn fork(
        &mut self,
        item: &mut Item,
        statement: &Statement<Value>,
        path: &str,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let fork: Fork = statement.predicate_as().map_err(|error| error.to_string())?;
        if let Some(note) = &fork.signed {
            let signed = self.head.keys.open_any(note.as_bytes());
            let signed = signed.map_err(|error| format!("the head that it carries: {error}"))?;
            if (signed.size, signed.root) != (fork.size, fork.root) {
                return Err("carries another head than it names".to_owned());
            }
        }
        let head = format!("root {} over {} entries", fork.root, fork.size);
        // What an entry carries was signed before it: a log of more entries than stand before it cannot hold it.
        let ahead = fork.size > item.index;
        let ours = if ahead { None } else { self.history.root_at(fork.size) };
        if ours == Some(fork.root) {
            return Err(format!("calls {head} foreign, and it is this log's own"));
        }
        let shown = ahead || ours.is_some();
        let (standing, detail) = match (&fork.signed, shown) {
            (Some(_), true) => {
                let detail = format!(
                    "the log's key signed {head}, which is no past of this log: two histories under one key"
                );
                ledger.failed(Check::Fork, path, detail.clone());
                (Standing::Proven, detail)
            }
            (Some(_), false) => {
                let detail = format!(
                    "the log's key signed {head}, and the bundle does not show the log's past to compare"
                );
                ledger.not_checked(Check::Fork, Some(path), detail.clone());
                (Standing::NotShown, detail)
            }
            (None, _) => {
                ledger.verified(Check::Fork);
                let detail = format!(
                    "agent {} says that it saw {head}, the log has {} there: its word alone, no signature of the log; ask for the heads that it keeps",
                    fork.agent,
                    ours.unwrap_or(fork.ours)
                );
                (Standing::Claimed, detail)
            }
        };
        self.noticed.claimants.insert(fork.agent.clone());
        self.note(item, "fork", fork.agent, standing, detail, (Vec::new(), fork.suppressed));
        Ok(())
    }

    fn note(
        &mut self,
        item: &mut Item,
        entry_type: &str,
        agent: String,
        standing: Standing,
        detail: String,
        (closed_by, suppressed): (Vec<u64>, u64),
    ) {
        item.agent = Some(agent.clone());
        let (index, entry_type) = (item.index, entry_type.to_owned());
        let noticed = Noticed { index, entry_type, agent, standing, detail, closed_by, suppressed };
        self.noticed.all.push(noticed);
    }

    /// The key that the entry is about, which an earlier entry must have enrolled for this agent.
    fn owned(&self, key: &KeyId, agent: &str) -> Result<PublicKey, String> {
        let owner = self.keys.owner(key).filter(|owner| owner.agent == agent);
        let owner = owner.ok_or_else(|| {
            format!("is about key {key} of agent {agent:?}, which no earlier entry enrols for it")
        })?;
        Ok(owner.key)
    }

    fn signed_by(&self, digest: &Digest, key: &PublicKey, ledger: &mut Ledger) -> Read {
        let path = bundle::envelope(digest);
        self.folder.claim(&path);
        if !self.folder.has(&path) {
            let detail =
                "the envelope is not in the bundle: deleted under a retention rule, or left out";
            ledger.not_checked(Check::Conflict, Some(&path), detail);
            return Read::Absent;
        }
        let bytes = match self.folder.read(&path, MAX_ENVELOPE as u64) {
            Ok(bytes) if Digest::of(&bytes) == *digest => bytes,
            Ok(bytes) => {
                let detail = format!("digest is {}", Digest::of(&bytes));
                ledger.failed(Check::Conflict, &path, detail);
                return Read::Broken;
            }
            Err(error) => {
                ledger.failed(Check::Conflict, &path, error.to_string());
                return Read::Broken;
            }
        };
        match Statement::<Value>::open(&bytes, key) {
            Ok(statement) => Read::Signed(statement),
            Err(error) => {
                let detail = format!("the agent's key did not sign it: {error}");
                ledger.failed(Check::Conflict, &path, detail);
                Read::Broken
            }
        }
    }
}

/// One of the two envelopes.
enum Read {
    Signed(Statement<Value>),
    Absent,
    Broken,
}

/// Whether two statements of one key exclude each other as the entry says.
fn excludes(
    conflict: &Conflict,
    held: &Statement<Value>,
    refused: &Statement<Value>,
) -> Result<(), String> {
    let one = held.capsule().map_err(|error| error.to_string())?;
    let two = refused.capsule().map_err(|error| error.to_string())?;
    let epochs = one.epoch == conflict.epoch && two.epoch == conflict.epoch;
    let differ = match conflict.over {
        Over::Number => one.seq == two.seq && conflict.held != conflict.refused,
        Over::Predecessor => one.seq.checked_add(1) == Some(two.seq) && two.prev != conflict.held,
    };
    if epochs && differ && two.seq == conflict.seq {
        return Ok(());
    }
    Err(format!(
        "statement {} of epoch {} and statement {} of epoch {} do not exclude each other: the entry is wrong",
        one.seq, one.epoch, two.seq, two.epoch
    ))
}

fn numbers(from: u64, to: u64) -> String {
    if from == to { format!("statement {from}") } else { format!("statements {from} to {to}") }
}

fn entries(indexes: &[u64]) -> String {
    const SHOWN: usize = 8;
    let list: Vec<String> = indexes.iter().take(SHOWN).map(u64::to_string).collect();
    let more = if indexes.len() > SHOWN { ", …" } else { "" };
    if list.is_empty() { String::new() } else { format!(" (entries {}{more})", list.join(", ")) }
}
