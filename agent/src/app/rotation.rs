//! The evidence key hands over to the next one.

use std::rc::Rc;

use exhibit_proto::keys::SecretKey;
use jiff::{SignedDuration, Timestamp};

use super::agent::Agent;
use super::clock;
use crate::host::Moment;
use crate::spool::Epoch;

impl Agent {
    /// Rotates if the key is as old as the configuration lets it become. A clock that went backwards makes no key old.
    pub fn rotate_if_due(&self, now: Timestamp) -> anyhow::Result<bool> {
        let Some(life) = self.config.evidence_key_life else { return Ok(false) };
        let life = SignedDuration::try_from(life)?;
        let Some(epoch) = self.spool.epoch()? else { return Ok(false) };
        if epoch.since.duration_until(now) < life {
            return Ok(false);
        }
        self.rotate()?;
        Ok(true)
    }

    /// Rotates now. Never waits, so nothing is sealed between its steps.
    ///
    /// 1. the next key is durable; a crash after leaves a key that nobody has heard of: the next rotation takes it up
    /// 2. the rotation, signed by both keys, and the next epoch are in the spool; a crash before is one after 1, a crash
    ///    after leaves the old key under its name: [`crate::identity::Store::evidence_key_of`] does 4 at the next start
    /// 3. this process seals with the new key
    /// 4. the old key is overwritten and the new one takes its name; a crash in the middle is mended like one before it
    ///
    /// What waits in the spool was sealed before and is sent first: the spool goes by epoch and number.
    pub fn rotate(&self) -> anyhow::Result<Epoch> {
        let old = Rc::clone(&self.sealer.borrow());
        // A step 4 that failed earlier is done first, or the next key would be the present one.
        self.store.evidence_key_of(&old.key_id())?;
        let key: SecretKey = self.store.next_evidence_key()?;
        let now = clock();
        let next = Epoch { number: old.epoch + 1, key: key.public().id(), since: now };
        let moment = Moment::at(now);
        self.spool.rotate(&next, |place| old.rotation(place, &moment, &key))?;
        self.sealer.replace(Rc::new(old.with_key(key, next.number)));
        self.store.adopt_next_key()?;
        tracing::info!(epoch = next.number, key = %next.key, "evidence key rotated");
        Ok(next)
    }
}
