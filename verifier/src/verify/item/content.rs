//! What a statement says, against its leaf, its agent's grants and the log's past.

use exhibit_proto::bundle::{self, MANIFEST};
use exhibit_proto::continues::Continues;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::{KeyId, PublicKey};
use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::log_key;
use exhibit_proto::statement::{
    ACTIVITY, CONFLICT, CONTINUES, Capsule, DECISION, ENROL, EVIDENCE, Enrol, FORK, GAP, HEARTBEAT,
    HOLD, HOLD_LIFTED, LOG_KEY, MAX_ENVELOPE, REVOKE, ROTATE, RULE_PACK, RULE_PACK_PROPOSED,
    Revoke, Run, Statement, StatementError, TIME, TOMBSTONE,
};
use serde_json::Value;

use super::super::times;
use super::{Opened, Reader, Signer};
use crate::report::{Check, Item, Ledger, State};

/// PEM of an Ed25519 key, with room.
const MAX_PEM: u64 = 4 << 10;

/// What a run says, and who signed it.
struct Said<'a> {
    statement: &'a Statement<Value>,
    run: Option<Result<Run, StatementError>>,
    signer: &'a Signer,
}

/// What an entry of the type states; some state one of two things. `None`: this version does not know the type.
fn expected(entry_type: &EntryType, stated: &str) -> Option<&'static str> {
    let expected = match entry_type {
        EntryType::Evidence => EVIDENCE,
        EntryType::Heartbeat => HEARTBEAT,
        EntryType::Enrol => ENROL,
        EntryType::Revoke => REVOKE,
        EntryType::Rotate => ROTATE,
        EntryType::RulePack if stated == RULE_PACK_PROPOSED => RULE_PACK_PROPOSED,
        EntryType::RulePack => RULE_PACK,
        EntryType::Activity => ACTIVITY,
        EntryType::Gap => GAP,
        EntryType::Conflict => CONFLICT,
        EntryType::Fork => FORK,
        EntryType::Tombstone => TOMBSTONE,
        EntryType::Hold if stated == HOLD_LIFTED => HOLD_LIFTED,
        EntryType::Hold => HOLD,
        EntryType::LogKey => LOG_KEY,
        EntryType::Time => TIME,
        EntryType::Continues => CONTINUES,
        EntryType::Decision => DECISION,
        EntryType::Other(_) => return None,
    };
    Some(expected)
}

impl Reader<'_> {
    pub(super) fn content(
        &mut self,
        claimed: &bundle::Item,
        leaf: &Leaf,
        (Opened { statement, run }, signer): (Opened, Signer),
        item: &mut Item,
        ledger: &mut Ledger,
    ) {
        let path = bundle::envelope(&leaf.env);
        let Some(expected) = expected(&leaf.t, &statement.predicate_type) else {
            let name = leaf.t.as_str();
            let detail = format!("entries of type {name:?} are not known to this version");
            return ledger.not_checked(Check::Statement, Some(&path), detail);
        };
        if statement.predicate_type != expected {
            let found: String = statement.predicate_type.chars().take(120).collect();
            let detail = format!("is a {found:?}, its leaf says {:?}", leaf.t.as_str());
            return ledger.failed(Check::Statement, &path, detail);
        }
        if !claimed.documents.is_empty() && leaf.t != EntryType::Evidence {
            ledger.failed(
                Check::Manifest,
                MANIFEST,
                format!("lists documents of entry {}", item.index),
            );
        }
        let read = match &leaf.t {
            EntryType::Enrol => self.enrol(item, &statement, ledger),
            EntryType::Revoke => self.revoke(item, &statement),
            EntryType::Rotate => self.rotate(item, leaf, &statement, &signer, ledger),
            EntryType::Evidence => {
                let said = Said { statement: &statement, run, signer: &signer };
                self.run(claimed, item, leaf, said, ledger)
            }
            EntryType::Heartbeat => self.capsule(item, leaf, &statement, &signer, ledger).map(drop),
            EntryType::Gap => self.gap(item, &statement),
            EntryType::Conflict => self.conflict(item, &statement, ledger),
            EntryType::Fork => self.fork(item, &statement, &path, ledger),
            EntryType::LogKey => self.log_key(leaf),
            EntryType::Time => self.attested(item, &statement, &path, ledger),
            EntryType::Continues => self.predecessor(item, &statement),
            EntryType::Decision => self.decision(item, leaf, &statement, ledger),
            EntryType::Activity => {
                self.files(&statement, ledger);
                Ok(())
            }
            EntryType::RulePack | EntryType::Tombstone | EntryType::Hold | EntryType::Other(_) => {
                Ok(())
            }
        };
        let unlinked = signer.agent.is_none() && leaf.link.is_some();
        match read {
            Err(error) => ledger.failed(Check::Statement, &path, error),
            Ok(()) if unlinked => {
                ledger.failed(
                    Check::Statement,
                    &path,
                    "the log's own entry claims a place in an agent's chain",
                );
            }
            Ok(()) => {
                if matches!(leaf.t, EntryType::Enrol | EntryType::Rotate | EntryType::Revoke) {
                    self.key_entries.read.insert(item.index);
                }
                ledger.verified(Check::Statement);
                self.tell(leaf, &statement);
            }
        }
    }

    /// Remembers what completeness rests on; runs are remembered where they are read.
    fn tell(&mut self, leaf: &Leaf, statement: &Statement<Value>) {
        match &leaf.t {
            EntryType::Heartbeat => {
                if let Ok(beat) = statement.predicate_as() {
                    self.told.heartbeat(&leaf.rx, leaf.key, &beat);
                }
            }
            EntryType::Enrol => {
                if let Ok(enrol) = statement.predicate_as() {
                    self.told.enrolled(&leaf.rx, &enrol);
                }
            }
            EntryType::Revoke => {
                if let Ok(revoke) = statement.predicate_as::<Revoke>() {
                    self.told.revoked(&leaf.rx, &revoke.agent);
                }
            }
            EntryType::Evidence
            | EntryType::Rotate
            | EntryType::RulePack
            | EntryType::LogKey
            | EntryType::Continues
            | EntryType::Activity
            | EntryType::Gap
            | EntryType::Conflict
            | EntryType::Fork
            | EntryType::Tombstone
            | EntryType::Hold
            | EntryType::Time
            | EntryType::Decision
            | EntryType::Other(_) => {}
        }
    }

    fn enrol(
        &mut self,
        item: &mut Item,
        statement: &Statement<Value>,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let enrol: Enrol = statement.predicate_as().map_err(|error| error.to_string())?;
        let id = self.keys.enrol(item.index, &enrol)?;
        item.agent = Some(enrol.agent.clone());
        self.key_file(item.index, &id, ledger)
    }

    /// The signature of the old key held; that of the new one is checked here.
    fn rotate(
        &mut self,
        item: &mut Item,
        leaf: &Leaf,
        statement: &Statement<Value>,
        signer: &Signer,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        self.capsule(item, leaf, statement, signer, ledger)?;
        let envelope = self.again(leaf)?;
        let id = self.keys.rotate(item.index, &leaf.key, &envelope)?;
        self.key_file(item.index, &id, ledger)
    }

    /// The head of the log before this one, as its key signed it; whose key that is, the policy says.
    fn predecessor(&mut self, item: &Item, statement: &Statement<Value>) -> Result<(), String> {
        let continues: Continues = statement.predicate_as().map_err(|error| error.to_string())?;
        let (log, _) = continues.head().map_err(|error| error.to_string())?;
        if log.name() == self.head.log.name() {
            return Err("a log cannot go on from itself".to_owned());
        }
        if let Some((first, _)) = &self.continues {
            return Err(format!("entry {first} says already which log this one goes on from"));
        }
        self.continues = Some((item.index, continues));
        Ok(())
    }

    /// Which keys are in force was read before; that both signed is said of the item too.
    fn log_key(&self, leaf: &Leaf) -> Result<(), String> {
        let change = log_key::open(&self.again(leaf)?, self.head.log.name());
        change.map(drop).map_err(|error| error.to_string())
    }

    /// The envelope that was judged, once more.
    fn again(&self, leaf: &Leaf) -> Result<Vec<u8>, String> {
        let envelope = self.folder.read(&bundle::envelope(&leaf.env), MAX_ENVELOPE as u64);
        let envelope = envelope.map_err(|error| error.to_string())?;
        if Digest::of(&envelope) == leaf.env {
            Ok(envelope)
        } else {
            Err("the envelope was changed while it was read".to_owned())
        }
    }

    /// The shipped file of a key that entry `index` brings.
    fn key_file(&self, index: u64, id: &KeyId, ledger: &mut Ledger) -> Result<(), String> {
        let path = bundle::key(id);
        self.folder.claim(&path);
        if !self.folder.has(&path) {
            let detail = "not shipped; the key is taken from the entry that brings it";
            ledger.not_checked(Check::Key, Some(&path), detail);
            return Ok(());
        }
        let pem = self.folder.read(&path, MAX_PEM).map_err(|error| error.to_string())?;
        match PublicKey::from_pem(&String::from_utf8_lossy(&pem)) {
            Ok(key) if key.id() == *id => {}
            Ok(key) => {
                let detail = format!("is key {}, not the one that entry {index} brings", key.id());
                ledger.failed(Check::Key, &path, detail);
            }
            Err(error) => ledger.failed(Check::Key, &path, error.to_string()),
        }
        Ok(())
    }

    fn revoke(&mut self, item: &mut Item, statement: &Statement<Value>) -> Result<(), String> {
        let revoke: Revoke = statement.predicate_as().map_err(|error| error.to_string())?;
        item.agent = Some(revoke.agent.clone());
        self.keys.revoke(item.index, &revoke)
    }

    fn run(
        &mut self,
        claimed: &bundle::Item,
        item: &mut Item,
        leaf: &Leaf,
        Said { statement, run, signer }: Said<'_>,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        self.capsule(item, leaf, statement, signer, ledger)?;
        let run = run.unwrap_or_else(|| statement.predicate_as());
        let run = run.map_err(|error| error.to_string())?;
        let granted = signer.agent.as_ref().map(|agent| &agent.targets);
        let spoken =
            run.documents.iter().map(|d| &d.target).chain(run.outcomes.iter().map(|o| &o.target));
        let foreign = spoken
            .into_iter()
            .find(|target| granted.is_some_and(|granted| !granted.contains(*target)));
        self.documents.check(item.index, &run, &statement.subject, &claimed.documents, ledger);
        if foreign.is_none() {
            self.told.run(&leaf.rx, &run);
        }
        match foreign {
            Some(target) => Err(format!("speaks for {target}, which its enrolment does not grant")),
            None => Ok(()),
        }
    }

    /// What every statement of an agent says about itself.
    fn capsule(
        &mut self,
        item: &mut Item,
        leaf: &Leaf,
        statement: &Statement<Value>,
        signer: &Signer,
        ledger: &mut Ledger,
    ) -> Result<Capsule, String> {
        let capsule = statement.capsule().map_err(|error| error.to_string())?;
        let link = Link { epoch: capsule.epoch, seq: capsule.seq, prev: capsule.prev };
        if leaf.link != Some(link) {
            return Err(format!(
                "says epoch {}, number {}, predecessor {}; its leaf says otherwise",
                link.epoch, link.seq, link.prev
            ));
        }
        if let Some(agent) = signer.agent.as_ref().filter(|agent| agent.agent != capsule.agent) {
            return Err(format!(
                "says that it is of agent {:?}; its key was enrolled for {:?}",
                capsule.agent, agent.agent
            ));
        }
        if let Some(agent) = signer.agent.as_ref().filter(|agent| agent.epoch != capsule.epoch) {
            return Err(format!(
                "is of epoch {}; its key was enrolled for epoch {}",
                capsule.epoch, agent.epoch
            ));
        }
        item.agent = Some(capsule.agent.clone());
        item.claimed = Some(capsule.sealed_at.clone());
        item.notes.extend(times::compare(&capsule.sealed_at, &leaf.rx)?);
        self.anchor(item.index, &capsule, &bundle::envelope(&leaf.env), ledger);
        let seen = capsule.checkpoint.as_ref();
        let seen = seen.filter(|_| ledger.state(Check::Anchor) == Some(State::Verified));
        item.not_before = seen.and_then(|seen| self.times.not_before(seen.size));
        Ok(capsule)
    }

    /// The head that the agent had seen must be a past of this log, so the statement is not older than it, and the log
    /// was not rewritten since.
    fn anchor(&mut self, index: u64, capsule: &Capsule, path: &str, ledger: &mut Ledger) {
        let Some(seen) = &capsule.checkpoint else { return };
        if seen.origin != self.head.log.name() {
            let detail =
                format!("carries a checkpoint of the log {:?}: made for another log", seen.origin);
            return ledger.failed(Check::Anchor, path, detail);
        }
        if seen.size > index {
            let detail = format!(
                "carries a checkpoint over {} entries, and stands at index {index} itself",
                seen.size
            );
            return ledger.failed(Check::Anchor, path, detail);
        }
        match self.history.root_at(seen.size) {
            Some(root) if root == seen.root => ledger.verified(Check::Anchor),
            Some(root) => {
                let detail = format!(
                    "the agent saw root {} over {} entries, the log has {root} there: the log was rewritten, or showed the agent another one",
                    seen.root, seen.size
                );
                // The collector said so when it came: then it is this agent's word against the log, and no more.
                if self.noticed.claims(&capsule.agent) {
                    ledger.not_checked(Check::Anchor, Some(path), detail);
                } else {
                    ledger.failed(Check::Anchor, path, detail);
                }
            }
            None => {
                let detail = "the bundle does not show the log's past, so the head that the agent saw cannot be compared";
                ledger.not_checked(Check::Anchor, Some(path), detail);
            }
        }
    }
}
