//! The evidence key and the one that will follow it. Which of two key files is in force is not decided here: the spool
//! says which key signs the chain.

use exhibit_proto::keys::{KeyId, SecretKey};
use zeroize::Zeroizing;

use super::files::{create, move_over, read_private};
use super::{Store, StoreError, random};

const CURRENT: &str = "evidence.pem";
const NEXT: &str = "evidence.next.pem";

impl Store {
    /// The key that signs statements, made at first use.
    pub fn evidence_key(&self) -> Result<SecretKey, StoreError> {
        self.made(CURRENT)
    }

    /// The key that will follow, durable before anybody hears of it; one that a crash left is taken up again.
    pub fn next_evidence_key(&self) -> Result<SecretKey, StoreError> {
        self.made(NEXT)
    }

    /// The key that the spool says is in force. A crash after a rotation leaves the new key under the name of the next
    /// one, and the old key or nothing legible beside it: this puts the new one in its place.
    pub fn evidence_key_of(&self, in_force: &KeyId) -> Result<SecretKey, StoreError> {
        if let Some(Ok(next)) = self.read_key(NEXT)?
            && next.public().id() == *in_force
        {
            self.adopt_next_key()?;
            return Ok(next);
        }
        let damaged = |reason| StoreError::Damaged { path: self.path(CURRENT), reason };
        let found = self.read_key(CURRENT)?;
        let found = found.ok_or_else(|| damaged("it is missing".to_owned()))?.map_err(damaged)?;
        if found.public().id() == *in_force {
            return Ok(found);
        }
        let id = found.public().id();
        Err(damaged(format!("it holds key {id}, the chain in the spool is signed by {in_force}")))
    }

    /// Puts the next key in place of the current one, whose bytes are overwritten first. On storage that keeps old blocks
    /// (journals, snapshots, flash) they may survive: that is why the log ends the old key by its own entry.
    pub fn adopt_next_key(&self) -> Result<(), StoreError> {
        move_over(&self.path(NEXT), &self.path(CURRENT))
    }

    fn made(&self, name: &str) -> Result<SecretKey, StoreError> {
        let path = self.path(name);
        if read_private(&path)?.is_none() {
            create(&path, SecretKey::from_seed(&*random()?).to_pem().as_bytes())?;
        }
        let missing = || Err("it vanished while it was read".to_owned());
        self.read_key(name)?
            .unwrap_or_else(missing)
            .map_err(|reason| StoreError::Damaged { path, reason })
    }

    /// None when there is no such file; an error inside when it holds no key.
    fn read_key(&self, name: &str) -> Result<Option<Result<SecretKey, String>>, StoreError> {
        let pem = read_private(&self.path(name))?.map(Zeroizing::new);
        Ok(pem.map(|pem| SecretKey::from_pem(&pem).map_err(|error| error.to_string())))
    }
}
