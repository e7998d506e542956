//! The certificates that agents showed last, for people to look at: kept beside the log, where nothing lies that must be believed later.
//! Never decides whether one is good.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use exhibit_proto::digest::Digest;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

use crate::identity::PeerCertificate;
use crate::secrets::{SecretsDb, SecretsError};

/// One that an agent shows again and again is written down so often: after a restart its last time is known to within this.
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_hours(24);

const TABLE: &str = "
CREATE TABLE IF NOT EXISTS shown_certificates (
  agent   TEXT PRIMARY KEY,
  digest  TEXT NOT NULL,
  expires INTEGER NOT NULL,
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

/// What each agent showed last; clones share it. By default it is forgotten at the end of the process.
#[derive(Clone, Default)]
pub struct Certificates {
    known: Arc<Mutex<BTreeMap<String, Known>>>,
    kept: Option<SecretsDb>,
}

struct Known {
    shown: ShownCertificate,
    written: Timestamp,
}

/// A client certificate that TLS took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCertificate {
    /// SHA-256 of its DER.
    pub digest: Digest,
    pub expires: Timestamp,
    /// When it was shown last; of before this process started, up to a day earlier than that.
    pub at: Timestamp,
}

impl Certificates {
    /// Those that were written down before, and from now on those that are new. Blocking.
    pub fn open(kept: SecretsDb) -> Result<Self, SecretsError> {
        let known = kept.with(|connection| {
            connection.execute_batch(TABLE)?;
            let mut ask =
                connection.prepare("SELECT agent, digest, expires, at FROM shown_certificates")?;
            let rows = ask.query_map([], |row| {
                let (agent, digest): (String, String) = (row.get(0)?, row.get(1)?);
                Ok((agent, digest, row.get(2)?, row.get(3)?))
            })?;
            // A row that says nothing readable is as good as none: the agent shows its certificate again.
            let known = rows.filter_map(|row| {
                row.map(|(agent, digest, expires, at)| Some((agent, read(&digest, expires, at)?)))
                    .transpose()
            });
            known.collect::<rusqlite::Result<BTreeMap<String, Known>>>()
        })?;
        Ok(Self { known: Arc::new(Mutex::new(known)), kept: Some(kept) })
    }

    pub(crate) fn note(&self, certificate: &PeerCertificate, at: Timestamp) {
        let PeerCertificate { agent, expires, digest } = certificate;
        let shown = ShownCertificate { digest: *digest, expires: *expires, at };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.get(agent).filter(|known| {
            known.shown.digest == *digest && at.duration_since(known.written) < WRITTEN_EVERY
        });
        let written = fresh.map(|known| known.written);
        known.insert(agent.clone(), Known { shown: shown.clone(), written: written.unwrap_or(at) });
        drop(known);
        if let (None, Some(kept)) = (written, &self.kept) {
            write(kept.clone(), agent.clone(), &shown);
        }
    }

    /// What an agent showed last.
    pub fn of(&self, agent: &str) -> Option<ShownCertificate> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(agent).map(|known| known.shown.clone())
    }
}

fn read(digest: &str, expires: i64, at: i64) -> Option<Known> {
    let time = |second| Timestamp::from_second(second).ok();
    let shown =
        ShownCertificate { digest: digest.parse().ok()?, expires: time(expires)?, at: time(at)? };
    Some(Known { written: shown.at, shown })
}

/// Writes it down off the async threads; one that is lost is shown again.
fn write(kept: SecretsDb, agent: String, shown: &ShownCertificate) {
    let ShownCertificate { digest, expires, at } = shown;
    let row = (agent, digest.to_string(), expires.as_second(), at.as_second());
    let write = move || {
        let sql =
            "INSERT INTO shown_certificates (agent, digest, expires, at) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (agent) DO UPDATE SET digest = ?2, expires = ?3, at = ?4";
        if let Err(error) = kept.with(|connection| connection.execute(sql, row)) {
            tracing::warn!(%error, "which certificate an agent showed could not be written down");
        }
    };
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(write)),
        Err(_outside) => write(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(text: &str) -> PeerCertificate {
        let expires = "2026-12-01T00:00:00Z".parse().unwrap();
        PeerCertificate { agent: "a".to_owned(), expires, digest: Digest::of(text.as_bytes()) }
    }

    #[test]
    fn what_an_agent_showed_is_known_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let opened = || {
            let secrets = SecretsDb::open(&dir.path().join("secrets.db")).unwrap();
            Certificates::open(secrets).unwrap()
        };
        let at = |hour: i64| Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap();
        let first = opened();
        assert_eq!(first.of("a"), None);
        first.note(&certificate("first"), at(0));
        first.note(&certificate("first"), at(1));
        let digest = |certificates: &Certificates| {
            certificates.of("a").map(|shown| (shown.digest, shown.at))
        };
        assert_eq!(digest(&first), Some((Digest::of(b"first"), at(1))));
        // The second time was too soon to be written down.
        assert_eq!(digest(&opened()), Some((Digest::of(b"first"), at(0))));
        first.note(&certificate("first"), at(25));
        assert_eq!(digest(&opened()), Some((Digest::of(b"first"), at(25))));
        first.note(&certificate("renewed"), at(26));
        assert_eq!(digest(&opened()), Some((Digest::of(b"renewed"), at(26))));
        assert_eq!(opened().of("a").unwrap().expires, certificate("renewed").expires);
    }
}
