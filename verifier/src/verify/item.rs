//! One entry of the log after another: leaf, inclusion, envelope, key, signature, statement, documents. A check whose
//! ground is missing is not made, and says so.

use std::collections::BTreeSet;

use exhibit_proto::bundle::{self, MANIFEST};
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::keys::PublicKey;
use exhibit_proto::leaf::{EntryType, Leaf, MAX_BYTES};
use exhibit_proto::merkle::{leaf_hash, verify_inclusion};
use exhibit_proto::statement::{MAX_ENVELOPE, Statement};
use exhibit_proto::tlog_proof::{TlogProof, TlogProofError};
use serde_json::Value;

use super::documents::Documents;
use super::head::Head;
use super::history::History;
use super::keys::{Keys, Refused};
use super::tree::Tree;
use crate::files::Folder;
use crate::report::{Check, Item, Ledger, State, Tally};

mod ahead;
mod content;

use self::ahead::Ahead;

/// A proof of 63 hashes with a checkpoint of 64 signature lines.
const MAX_PROOF: u64 = 64 << 10;
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
    tree: &'a Tree,
    keys: Keys,
    history: History<'a>,
    documents: Documents<'a>,
    key_entries: KeyEntries<'a>,
    /// The newest checkpoint whose signature held, and its text: most proofs carry the same.
    opened: Option<(String, Checkpoint)>,
}

/// Which of the log's enrolments and revocations were read, so that no key is judged without one that was left out.
struct KeyEntries<'a> {
    ahead: &'a [(u64, EntryType)],
    read: BTreeSet<u64>,
    /// The first enrolment and the first revocation that were passed and could not be read.
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
            let first =
                if *entry_type == EntryType::Enrol { &mut self.enrol } else { &mut self.revoke };
            first.get_or_insert(*at);
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
    pub(super) fn new(folder: &'a Folder, head: &'a Head, tree: &'a Tree) -> Self {
        let history = History::new(folder, head.checkpoint.size, tree.tiles);
        let documents = Documents::new(folder);
        let ahead = tree.key_entries.as_slice();
        let key_entries = KeyEntries { ahead, read: BTreeSet::new(), enrol: None, revoke: None };
        Self {
            folder,
            head,
            tree,
            keys: Keys::default(),
            history,
            documents,
            key_entries,
            opened: None,
        }
    }

    /// Documents named by all items so far.
    pub(super) fn documents(&self) -> Tally {
        self.documents.tally
    }

    pub(super) fn check(&mut self, claimed: &bundle::Item, ahead: Option<Ahead>) -> Item {
        let mut ledger = Ledger::default();
        let mut item = Item {
            index: claimed.index,
            entry_type: None,
            state: State::NotChecked,
            agent: None,
            logged: None,
            claimed: None,
            checks: Ledger::default().checks,
            findings: Vec::new(),
            notes: Vec::new(),
        };
        self.folder.claim(&bundle::envelope(&claimed.envelope));
        for listed in &claimed.documents {
            self.folder.claim(&bundle::document(&listed.digest));
        }
        if let Some((leaf, bytes)) = self.leaf(claimed.index, &mut ledger) {
            item.entry_type = Some(leaf.t.as_str().to_owned());
            item.logged = Some(leaf.rx.clone());
            self.inclusion(claimed.index, &bytes, &mut ledger);
            claims(claimed, &leaf, &mut ledger);
            self.key_entries.pass(claimed.index);
            if let Some(statement) = self.opened(claimed.index, &leaf, ahead, &mut ledger) {
                self.content(claimed, &leaf, statement, &mut item, &mut ledger);
            }
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
    fn leaf(&self, index: u64, ledger: &mut Ledger) -> Option<(Leaf, Vec<u8>)> {
        let path = bundle::leaf(index);
        self.folder.claim(&path);
        self.folder.claim(&bundle::proof(index));
        let bytes = match self.folder.read(&path, MAX_BYTES as u64) {
            Ok(bytes) => bytes,
            Err(error) => {
                ledger.failed(Check::Leaf, &path, error.to_string());
                return None;
            }
        };
        match self.tree.leaves.get(&index) {
            Some(hash) if *hash == leaf_hash(&bytes) => ledger.verified(Check::Leaf),
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
        match Leaf::parse(&bytes) {
            Ok(leaf) => Some((leaf, bytes)),
            Err(error) => {
                ledger.failed(Check::Leaf, &path, error.to_string());
                None
            }
        }
    }

    fn inclusion(&mut self, index: u64, leaf: &[u8], ledger: &mut Ledger) {
        let path = bundle::proof(index);
        let bytes = self.folder.read(&path, MAX_PROOF).map_err(|error| error.to_string());
        let proof =
            bytes.and_then(|bytes| TlogProof::parse(&bytes).map_err(|error| error.to_string()));
        let proof = match proof {
            Ok(proof) => proof,
            Err(error) => return ledger.failed(Check::Inclusion, &path, error),
        };
        if proof.index != index {
            return ledger.failed(Check::Inclusion, &path, format!("is of entry {}", proof.index));
        }
        if proof.extra.as_deref().is_some_and(|extra| extra != leaf) {
            return ledger.failed(
                Check::Inclusion,
                &path,
                format!("carries another leaf than leaves/{index}.json"),
            );
        }
        let covered = match self.covered(&proof, leaf) {
            Ok(covered) => covered,
            Err(error) => return ledger.failed(Check::Inclusion, &path, error.to_string()),
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

    /// The checkpoint that the proof leads to.
    fn covered(&mut self, proof: &TlogProof, leaf: &[u8]) -> Result<Checkpoint, TlogProofError> {
        let known = self.opened.take().filter(|(text, _)| *text == proof.checkpoint);
        let (text, checkpoint) = match known {
            Some(known) => known,
            None => {
                let opened = Checkpoint::open(proof.checkpoint.as_bytes(), &self.head.log)?;
                (proof.checkpoint.clone(), opened)
            }
        };
        let covered = self.opened.insert((text, checkpoint)).1.clone();
        let hash = leaf_hash(leaf);
        verify_inclusion(proof.index, covered.size, &hash, &proof.path, &covered.root)?;
        Ok(covered)
    }

    /// The statement, once digest, key and signature held.
    fn opened(
        &self,
        index: u64,
        leaf: &Leaf,
        ahead: Option<Ahead>,
        ledger: &mut Ledger,
    ) -> Option<(Statement<Value>, Signer)> {
        let path = bundle::envelope(&leaf.env);
        self.folder.claim(&path);
        if !self.folder.has(&path) {
            let detail =
                "the envelope is not in the bundle: deleted under a retention rule, or left out";
            ledger.not_checked(Check::Envelope, Some(&path), detail);
            return None;
        }
        let bytes = match self.folder.read(&path, MAX_ENVELOPE as u64) {
            Ok(bytes) => bytes,
            Err(error) => {
                ledger.failed(Check::Envelope, &path, error.to_string());
                return None;
            }
        };
        let found = exhibit_proto::digest::Digest::of(&bytes);
        if found != leaf.env {
            let detail = format!("digest is {found}: not the envelope that entry {index} names");
            ledger.failed(Check::Envelope, &path, detail);
            return None;
        }
        ledger.verified(Check::Envelope);
        let signer = self.signer(index, leaf, ledger)?;
        // What was found ahead counts only for these bytes and this key.
        let ahead = ahead.filter(|ahead| ahead.envelope == found && ahead.key == signer.key);
        let opened = ahead.map(|ahead| ahead.opened);
        match opened.unwrap_or_else(|| Statement::<Value>::open(&bytes, &signer.key)) {
            Ok(statement) => {
                ledger.verified(Check::Signature);
                Some((statement, signer))
            }
            Err(error) => {
                ledger.failed(Check::Signature, &path, error.to_string());
                None
            }
        }
    }

    fn signer(&self, index: u64, leaf: &Leaf, ledger: &mut Ledger) -> Option<Signer> {
        let path = bundle::leaf(index);
        let log = self.head.log.key();
        let by_log = match leaf.t {
            EntryType::Enrol | EntryType::Revoke | EntryType::RulePack | EntryType::Activity => {
                true
            }
            EntryType::Evidence | EntryType::Heartbeat => false,
            EntryType::Other(_) => leaf.key == log.id(),
        };
        if by_log {
            if leaf.key != log.id() {
                let detail = format!(
                    "entry of type {} by key {}, only the log's key makes these",
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
                let detail = format!("the bundle does not hold the enrolment of key {key}");
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
            let detail = format!("entry {at} revokes a key, and the bundle does not say which");
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
