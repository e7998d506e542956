//! One entry of the log after another: leaf, inclusion, envelope, key, signature, statement, documents. A check whose
//! ground is missing is not made, and says so.

use std::collections::BTreeSet;

use exhibit_proto::bundle::{self, MANIFEST};
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::continues::Continues;
use exhibit_proto::keys::PublicKey;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::policy::Policy;

use super::documents::Documents;
use super::head::Head;
use super::history::History;
use super::keys::{Keys, Refused};
use super::times::Times;
use super::tombstones::Tombstones;
use super::tree::Tree;
use crate::completeness::Told;
use crate::files::Folder;
use crate::report::{Check, Item, Ledger, State, Tally};

mod ahead;
mod attested;
mod content;
mod decided;
mod noticed;
mod sampled;

use self::ahead::{Ahead, Content, Held, Opened};
use self::noticed::Noticing;
use self::sampled::Sampling;

const CHECKS: [Check; 6] = [
    Check::Leaf,
    Check::Inclusion,
    Check::Envelope,
    Check::Key,
    Check::Signature,
    Check::Statement,
];

/// Checks items by ascending index, so that keys are known when their statements come.
pub(super) struct Reader<'a> {
    folder: &'a Folder,
    head: &'a Head,
    policy: &'a Policy,
    tree: &'a Tree,
    keys: Keys,
    history: History<'a>,
    documents: Documents<'a>,
    noticed: Noticing,
    sampling: Sampling,
    key_entries: KeyEntries<'a>,
    times: Times,
    told: Told,
    /// Which log this one goes on from, and the entry that says so.
    continues: Option<(u64, Continues)>,
}

/// Which of the log's enrolments, rotations and revocations were read, so that no key is judged without one that was left out.
struct KeyEntries<'a> {
    ahead: &'a [(u64, EntryType)],
    read: BTreeSet<u64>,
    /// The first entry that brings a key and the first that ends one that were passed and could not be read; a rotation
    /// does both.
    enrol: Option<u64>,
    revoke: Option<u64>,
}

impl KeyEntries<'_> {
    /// Passes all entries before `index`; those that the bundle holds have been checked by then.
    fn pass(&mut self, index: u64) {
        while let [(at, entry_type), rest @ ..] = self.ahead
            && *at < index
        {
            self.ahead = rest;
            if self.read.remove(at) {
                continue;
            }
            if *entry_type != EntryType::Revoke {
                self.enrol.get_or_insert(*at);
            }
            if *entry_type != EntryType::Enrol {
                self.revoke.get_or_insert(*at);
            }
        }
    }
}

/// Who signed an entry.
struct Signer {
    key: PublicKey,
    /// The agent and its targets; `None` for the log's own key.
    agent: Option<super::keys::Enrolled>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        folder: &'a Folder,
        (head, policy): (&'a Head, &'a Policy),
        tree: &'a Tree,
        times: Times,
        told: Told,
    ) -> Self {
        let history = History::new(folder, head.checkpoint.size, tree.tiles);
        // Leaves that do not lead to the signed root say nothing.
        let stones = if tree.rebuilt { tree.stones.as_slice() } else { &[] };
        let stones = Tombstones::read(folder, stones, &head.keys);
        let documents = Documents::new(folder, stones);
        let ahead = tree.key_entries.as_slice();
        let key_entries = KeyEntries { ahead, read: BTreeSet::new(), enrol: None, revoke: None };
        let (keys, noticed) = (Keys::default(), Noticing::default());
        let continues = None;
        Self {
            folder,
            head,
            policy,
            tree,
            keys,
            history,
            documents,
            noticed,
            sampling: Sampling::default(),
            key_entries,
            times,
            told,
            continues,
        }
    }

    /// What all statements so far say that completeness rests on.
    pub(super) fn told(&mut self) -> &Told {
        for (key, agent) in self.keys.agents() {
            self.told.speaks(agent, *key);
        }
        &self.told
    }

    /// Documents named by all items so far.
    pub(super) fn documents(&self) -> Tally {
        self.documents.tally
    }

    /// What the collector noticed about agents, by all items so far.
    pub(super) fn noticed(&mut self) -> Vec<crate::report::Noticed> {
        std::mem::take(&mut self.noticed.all)
    }

    /// Populations and what was drawn from them, by all items so far.
    pub(super) fn samples(&mut self) -> Vec<crate::report::Sampled> {
        std::mem::take(&mut self.sampling.all)
    }

    /// Which log this one goes on from, if an item says so.
    pub(super) fn continues(&mut self) -> Option<(u64, Continues)> {
        self.continues.take()
    }

    pub(super) fn check(&mut self, claimed: &bundle::Item, ahead: Ahead) -> Item {
        let mut ledger = Ledger::default();
        let mut item = Item {
            index: claimed.index,
            entry_type: None,
            state: State::NotChecked,
            agent: None,
            logged: None,
            claimed: None,
            not_before: None,
            logged_not_before: None,
            not_after: None,
            checks: Ledger::default().checks,
            findings: Vec::new(),
            notes: Vec::new(),
        };
        self.folder.claim(&bundle::envelope(&claimed.envelope));
        for listed in &claimed.documents {
            self.folder.claim(&bundle::document(&listed.digest));
        }
        self.documents.remember(ahead.documents);
        if let Some((leaf, held)) = self.leaf(claimed.index, ahead.leaf, &mut ledger) {
            item.entry_type = Some(leaf.t.as_str().to_owned());
            item.logged = Some(leaf.rx.clone());
            self.inclusion(claimed.index, held.covered, &mut ledger);
            claims(claimed, &leaf, &mut ledger);
            self.key_entries.pass(claimed.index);
            if let Some(opened) = self.opened(claimed.index, &leaf, held.content, &mut ledger) {
                self.content(claimed, &leaf, opened, &mut item, &mut ledger);
            }
        }
        self.times.judge(&mut item, &ledger);
        if let Some(rx) = item
            .logged
            .as_deref()
            .filter(|_| ledger.state(Check::Inclusion) == Some(State::Verified))
        {
            self.times.received(item.index, rx);
        }
        for check in CHECKS {
            if ledger.state(check).is_none() {
                ledger.not_checked(check, None, "what it rests on could not be shown");
            }
        }
        item.state = ledger.worst();
        item.checks = ledger.checks;
        item.findings = ledger.findings;
        item
    }

    /// The item's leaf, held against the log's own entry where that is shipped.
    fn leaf(
        &self,
        index: u64,
        found: Result<Held, String>,
        ledger: &mut Ledger,
    ) -> Option<(Leaf, Held)> {
        let path = bundle::leaf(index);
        self.folder.claim(&path);
        self.folder.claim(&bundle::proof(index));
        let mut held = match found {
            Ok(held) => held,
            Err(error) => {
                ledger.failed(Check::Leaf, &path, error);
                return None;
            }
        };
        match self.tree.leaf(index) {
            Some(hash) if hash == held.hash => ledger.verified(Check::Leaf),
            Some(_) => {
                let detail = format!("is not entry {index} of the log in tile/entries");
                ledger.failed(Check::Leaf, &path, detail);
            }
            None => {
                let detail =
                    "the log's leaves are not shipped as a whole, so it rests on its proof alone";
                ledger.not_checked(Check::Leaf, Some(&path), detail);
            }
        }
        match std::mem::replace(&mut held.leaf, Err(String::new())) {
            Ok(leaf) => Some((leaf, held)),
            Err(error) => {
                ledger.failed(Check::Leaf, &path, error);
                None
            }
        }
    }

    /// Holds the checkpoint to which the item's proof leads against the bundle's own.
    fn inclusion(&mut self, index: u64, covered: Result<Checkpoint, String>, ledger: &mut Ledger) {
        let path = bundle::proof(index);
        let covered = match covered {
            Ok(covered) => covered,
            Err(error) => return ledger.failed(Check::Inclusion, &path, error),
        };
        let ours = &self.head.checkpoint;
        if covered.size > ours.size {
            let detail = format!(
                "leads to a checkpoint over {} entries; the bundle's covers {}: was a newer bundle cut short?",
                covered.size, ours.size
            );
            return ledger.failed(Check::Inclusion, &path, detail);
        }
        let root = if covered.size == ours.size {
            Some(ours.root)
        } else {
            self.history.root_at(covered.size)
        };
        match root {
            Some(root) if root == covered.root => ledger.verified(Check::Inclusion),
            Some(root) => {
                let detail = format!(
                    "leads to the signed root {} over {} entries, the bundle's log has {root} there: two logs under one key",
                    covered.root, covered.size
                );
                ledger.failed(Check::Inclusion, &path, detail);
            }
            None => {
                let detail = "leads to an older checkpoint, and the bundle does not show that the log grew from it";
                ledger.not_checked(Check::Inclusion, Some(&path), detail);
            }
        }
    }

    /// The statement, once digest, key and signature held.
    fn opened(
        &self,
        index: u64,
        leaf: &Leaf,
        content: Content,
        ledger: &mut Ledger,
    ) -> Option<(Opened, Signer)> {
        let path = bundle::envelope(&leaf.env);
        self.folder.claim(&path);
        let (bytes, digest, ahead) = match content {
            Content::Absent => {
                let detail = "the envelope is not in the bundle: deleted under a retention rule, or left out";
                ledger.not_checked(Check::Envelope, Some(&path), detail);
                return None;
            }
            Content::Unreadable(error) => {
                ledger.failed(Check::Envelope, &path, error);
                return None;
            }
            Content::Read { bytes, digest, ahead } => (bytes, digest, ahead),
        };
        if digest != leaf.env {
            let detail = format!("digest is {digest}: not the envelope that entry {index} names");
            ledger.failed(Check::Envelope, &path, detail);
            return None;
        }
        ledger.verified(Check::Envelope);
        let signer = self.signer(index, leaf, ledger)?;
        // What was found ahead counts only for this key.
        let ahead = ahead.filter(|ahead| ahead.0 == signer.key).map(|ahead| ahead.1);
        match ahead.unwrap_or_else(|| Opened::open(&bytes, &signer.key)) {
            Ok(opened) => {
                ledger.verified(Check::Signature);
                Some((opened, signer))
            }
            Err(error) => {
                ledger.failed(Check::Signature, &path, error.to_string());
                None
            }
        }
    }

    fn signer(&self, index: u64, leaf: &Leaf, ledger: &mut Ledger) -> Option<Signer> {
        let path = bundle::leaf(index);
        let log = self.head.keys.of_entry(index).key();
        let by_log = match leaf.t {
            EntryType::Enrol
            | EntryType::Revoke
            | EntryType::RulePack
            | EntryType::Activity
            | EntryType::Gap
            | EntryType::Conflict
            | EntryType::Fork
            | EntryType::Tombstone
            | EntryType::Hold
            | EntryType::LogKey
            | EntryType::Time
            | EntryType::Continues
            | EntryType::Decision => true,
            EntryType::Evidence | EntryType::Heartbeat | EntryType::Rotate => false,
            EntryType::Other(_) => leaf.key == log.id(),
        };
        if by_log {
            if leaf.key != log.id() {
                let detail = format!(
                    "entry of type {} by key {}, only the log's key of that time makes these",
                    leaf.t.as_str(),
                    leaf.key
                );
                ledger.failed(Check::Key, &path, detail);
                return None;
            }
            ledger.verified(Check::Key);
            return Some(Signer { key: *log, agent: None });
        }
        let agent = match self.keys.at(index, &leaf.key) {
            Ok(agent) => agent.clone(),
            Err(Refused::Unknown(key))
                if !self.tree.rebuilt || self.key_entries.enrol.is_some() =>
            {
                let detail = format!("the bundle does not hold the entry that brought key {key}");
                ledger.not_checked(Check::Key, Some(&path), detail);
                return None;
            }
            Err(refused) => {
                ledger.failed(Check::Key, &path, refused.to_string());
                return None;
            }
        };
        if !self.tree.rebuilt {
            let detail =
                "the log's leaves are not shipped as a whole: a revocation cannot be ruled out";
            ledger.not_checked(Check::Key, Some(&path), detail);
        } else if let Some(at) = self.key_entries.revoke {
            let detail = format!("entry {at} ends a key, and the bundle does not say which");
            ledger.not_checked(Check::Key, Some(&path), detail);
        } else {
            ledger.verified(Check::Key);
        }
        Some(Signer { key: agent.key, agent: Some(agent) })
    }
}

/// What the manifest says about an entry must be what its leaf says.
fn claims(claimed: &bundle::Item, leaf: &Leaf, ledger: &mut Ledger) {
    let said = (&claimed.entry_type, &claimed.logged, &claimed.envelope);
    if said == (&leaf.t, &leaf.rx, &leaf.env) {
        ledger.verified(Check::Manifest);
    } else {
        let detail = format!(
            "says something else about entry {} than leaves/{}.json",
            claimed.index, claimed.index
        );
        ledger.failed(Check::Manifest, MANIFEST, detail);
    }
}
