//! What the log says about agents: who is enrolled, with which key, for which targets, and who was revoked.
//!
//! It never learns anything from a message: only from entries that the log's key of their time signed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use exhibit_proto::digest::Digest;
use exhibit_proto::document::Target;
use exhibit_proto::keys::{KeyId, PublicKey};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::rotation;
use exhibit_proto::statement::{ENROL, Enrol, REVOKE, Revoke, Statement};
use serde_json::Value;

use super::IdentityError;
use crate::log::{Entry, LogError, LogReader};

/// Entries of one type that are read at once.
const PAGE: u32 = 500;
/// What says who may speak.
const TYPES: [EntryType; 3] = [EntryType::Enrol, EntryType::Rotate, EntryType::Revoke];

/// An enrolled agent.
#[derive(Clone, Debug)]
pub struct Agent {
    pub id: String,
    pub host_name: String,
    pub targets: BTreeSet<Target>,
    /// The epoch and the key that are in force.
    pub epoch: u64,
    pub key: KeyId,
    /// Index of its enrol entry.
    pub enrolled: u64,
    /// Index of the entry that revoked the key in force.
    pub revoked: Option<u64>,
    /// Digest of its enrol envelope.
    pub envelope: Digest,
}

/// An evidence key and whose it is.
#[derive(Clone, Debug)]
pub struct KeyState {
    pub key: PublicKey,
    pub agent: String,
    pub epoch: u64,
    /// The predecessor of its first statement: zeros, or the rotation that brought it.
    pub begins: Digest,
    pub revoked: Option<u64>,
    /// Index of the entry that put another key in its place.
    pub replaced: Option<u64>,
}

/// Follows the log; clones share the state.
#[derive(Clone)]
pub struct Registry {
    reader: LogReader,
    log: LogKeys,
    state: Arc<RwLock<State>>,
    turns: Arc<Mutex<HashMap<String, Turn>>>,
    keys_turn: Turn,
}

/// Held by whoever adds to what the log says of one agent: a statement must not slip in behind a revocation.
pub type Turn = Arc<tokio::sync::Mutex<()>>;

#[derive(Default)]
struct State {
    agents: BTreeMap<String, Agent>,
    keys: BTreeMap<KeyId, KeyState>,
    /// The first index that is not read yet.
    next: u64,
}

impl Registry {
    /// Reads every enrolment, rotation and revocation of the log; blocking.
    pub fn open(reader: LogReader, log: LogKeys) -> Result<Self, IdentityError> {
        let (state, turns, keys_turn) = Default::default();
        let registry = Self { reader, log, state, turns, keys_turn };
        registry.catch_up()?;
        Ok(registry)
    }

    /// Reads what was appended since; blocking. Called after each entry of our own before it is acted upon.
    pub fn catch_up(&self) -> Result<(), IdentityError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let size = self.reader.head()?.checkpoint.size;
        while state.next < size {
            let (mut page, mut until) = (Vec::new(), size);
            for entry_type in &TYPES {
                let entries = self.reader.entries_of(entry_type, state.next, PAGE)?;
                // Beyond a full page there may be more of this type: what the others have there must wait for it.
                if entries.len() >= PAGE as usize
                    && let Some(last) = entries.last()
                {
                    until = until.min(last.index + 1);
                }
                page.extend(entries);
            }
            page.sort_by_key(|entry| entry.index);
            for entry in page.iter().filter(|entry| entry.index < until) {
                state.apply(entry, &self.log)?;
            }
            state.next = until;
        }
        Ok(())
    }

    pub fn agent(&self, id: &str) -> Option<Agent> {
        self.read(|state| state.agents.get(id).cloned())
    }

    pub fn agents(&self) -> Vec<Agent> {
        self.read(|state| state.agents.values().cloned().collect())
    }

    pub fn key(&self, key: &KeyId) -> Option<KeyState> {
        self.read(|state| state.keys.get(key).cloned())
    }

    /// The agent that speaks for a target now.
    pub fn holder(&self, target: &Target) -> Option<Agent> {
        self.read(|state| {
            let mut agents = state.agents.values();
            agents.find(|agent| agent.revoked.is_none() && agent.targets.contains(target)).cloned()
        })
    }

    /// The agent, if it may speak.
    pub fn live(&self, id: &str) -> Result<Agent, IdentityError> {
        let agent = self.agent(id).ok_or_else(|| IdentityError::UnknownAgent(id.to_owned()))?;
        match agent.revoked {
            None => Ok(agent),
            Some(index) => Err(IdentityError::Revoked { agent: agent.id, index }),
        }
    }

    /// The one agent that a person means: by id, or, if it may speak, by target or host name.
    pub fn named(&self, name: &str) -> Result<Agent, IdentityError> {
        if let Some(agent) = self.agent(name) {
            return Ok(agent);
        }
        let fits = |agent: &&Agent| {
            let target = agent.targets.iter().any(|target| target.as_str() == name);
            agent.revoked.is_none() && (target || agent.host_name.eq_ignore_ascii_case(name))
        };
        let all = self.agents();
        let mut found = all.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(agent), None) => Ok(agent.clone()),
            (None, _) => Err(IdentityError::NobodyNamed(name.to_owned())),
            (Some(one), Some(other)) => Err(IdentityError::SeveralNamed {
                name: name.to_owned(),
                ids: format!("{}, {}", one.id, other.id),
            }),
        }
    }

    /// What to hold while something is added to what the log says of this agent.
    pub fn turn(&self, agent: &str) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(agent.to_owned()).or_default())
    }

    /// What to hold, inside an agent's turn, while a key is looked up as new and entered: no two agents may get one key.
    pub fn keys_turn(&self) -> Turn {
        Arc::clone(&self.keys_turn)
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn apply(&mut self, entry: &Entry, log: &LogKeys) -> Result<(), IdentityError> {
        let index = entry.index;
        let Some(envelope) = &entry.envelope else {
            let text = format!("entry {index} says who may speak, and its envelope is missing");
            return Err(LogError::Damaged(text).into());
        };
        if entry.leaf.t == EntryType::Rotate {
            return self.rotate(entry, envelope);
        }
        let statement = Statement::<Value>::open(envelope, log.of_entry(index).key())?;
        match statement.predicate_type.as_str() {
            ENROL => self.enrol(entry, statement.predicate_as()?)?,
            REVOKE => self.revoke(index, &statement.predicate_as()?),
            other => {
                let text = format!("entry {index} is {} and says {other:?}", entry.leaf.t.as_str());
                return Err(LogError::Damaged(text).into());
            }
        }
        Ok(())
    }

    fn enrol(&mut self, entry: &Entry, enrol: Enrol) -> Result<(), IdentityError> {
        let key = PublicKey::from_pem(&enrol.evidence_key).map_err(IdentityError::EvidenceKey)?;
        let state = KeyState {
            key,
            agent: enrol.agent.clone(),
            epoch: enrol.epoch,
            begins: Digest::ZERO,
            revoked: None,
            replaced: None,
        };
        self.keys.insert(key.id(), state);
        let agent = Agent {
            id: enrol.agent.clone(),
            host_name: enrol.host_name,
            targets: enrol.targets.into_iter().collect(),
            epoch: enrol.epoch,
            key: key.id(),
            enrolled: entry.index,
            revoked: None,
            envelope: entry.leaf.env,
        };
        self.agents.insert(enrol.agent, agent);
        Ok(())
    }

    /// A rotation that admission would refuse cannot stand in a log that only admission writes to.
    fn rotate(&mut self, entry: &Entry, envelope: &[u8]) -> Result<(), IdentityError> {
        let (index, old) = (entry.index, entry.leaf.key);
        let damaged = |what: String| LogError::Damaged(format!("entry {index}: {what}"));
        let Some(state) = self.keys.get_mut(&old) else {
            return Err(damaged(format!("key {old} is not enrolled and rotates")).into());
        };
        let rotation = rotation::open(envelope, &state.key);
        let rotation = rotation.map_err(|error| damaged(error.to_string()))?;
        state.replaced.get_or_insert(index);
        let (agent, epoch) = (state.agent.clone(), rotation.statement.predicate.new_epoch);
        let id = rotation.key.id();
        if let Some(agent) = self.agents.get_mut(&agent).filter(|agent| agent.key == old) {
            (agent.key, agent.epoch) = (id, epoch);
        }
        let (key, begins) = (rotation.key, entry.leaf.env);
        let state = KeyState { key, agent, epoch, begins, revoked: None, replaced: None };
        self.keys.insert(id, state);
        Ok(())
    }

    fn revoke(&mut self, index: u64, revoke: &Revoke) {
        if let Some(key) = self.keys.get_mut(&revoke.key) {
            key.revoked.get_or_insert(index);
        }
        if let Some(agent) = self.agents.get_mut(&revoke.agent)
            && agent.key == revoke.key
        {
            agent.revoked.get_or_insert(index);
        }
    }
}
