//! Who this agent is: its keys, its certificate, the pinned collector and log, and how they were made.
//! Keys are made here, are readable by the owner only, and never leave the state directory.

mod address;
pub mod enrol;
mod evidence;
mod files;
pub mod tls;

use std::path::{Path, PathBuf};

use exhibit_proto::digest::Digest;
use exhibit_proto::document::Target;
use exhibit_proto::note::Verifier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use address::{Address, AddressError, CaPin, PinError};
pub use files::{StoreError, from_pem, to_pem};

use crate::receipts::Pinned;
use files::{create, make_dir, read_private, replace};

/// What enrolment gave; written last, so its presence means that everything else is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub v: u8,
    /// The id that the certificate carries.
    pub agent: String,
    /// The epoch in which it enrolled; the spool knows the one in force.
    #[serde(with = "exhibit_proto::statement::decimal")]
    pub epoch: u64,
    /// Where this agent enrolled, `host:port` of the second port.
    pub enrolled_with: Address,
    /// `host:port` of the evidence port.
    pub evidence_address: Address,
    /// SHA-256 of the CA certificate, as it was pinned.
    pub ca_fingerprint: Digest,
    /// The CA certificate, PEM.
    pub ca: String,
    /// The log's verifier key; receipts are believed under no other.
    pub log_key: String,
    /// The one before it, while the log signs its heads with both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_log_key: Option<String>,
    pub targets: Vec<Target>,
    pub enrolled_at: Timestamp,
}

impl Identity {
    /// The pinned keys of the log.
    pub fn log(&self) -> Result<Pinned, StoreError> {
        let read = |vkey: &String| {
            Verifier::from_vkey(vkey).map_err(|source| StoreError::Damaged {
                path: PathBuf::from("identity.json"),
                reason: source.to_string(),
            })
        };
        let old = self.old_log_key.as_ref().map(read).transpose()?;
        Ok(Pinned::new(read(&self.log_key)?, old))
    }

    /// DER of the CA certificate.
    pub fn ca_der(&self) -> Result<Vec<u8>, StoreError> {
        from_pem("CERTIFICATE", &self.ca).ok_or_else(|| StoreError::Damaged {
            path: PathBuf::from("identity.json"),
            reason: "the CA certificate is not PEM".to_owned(),
        })
    }
}

/// The TLS client certificate with its key, DER.
#[derive(Clone)]
pub struct Client {
    pub certificate: Vec<u8>,
    /// PKCS #8.
    pub key: Zeroizing<Vec<u8>>,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Validity {
    /// Reads the dates of a DER certificate.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
        let time = |seconds| Timestamp::from_second(seconds).ok();
        let validity = certificate.validity();
        Some(Self {
            from: time(validity.not_before.timestamp())?,
            until: time(validity.not_after.timestamp())?,
        })
    }

    /// A certificate is renewed when a third of its life is left.
    pub fn renewal_due(&self, now: Timestamp) -> bool {
        let life = self.from.duration_until(self.until);
        let left = now.duration_until(self.until);
        left.saturating_mul(3) <= life
    }
}

/// The state directory.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens the directory, making it 0700; refuses one that others can read.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        make_dir(dir)?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Looks at a directory without making anything.
    pub fn look(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub fn identity(&self) -> Result<Option<Identity>, StoreError> {
        let path = self.path("identity.json");
        let Some(text) = read_private(&path)? else {
            return Ok(None);
        };
        let identity: Identity = serde_json::from_str(&text)
            .map_err(|error| StoreError::Damaged { path, reason: error.to_string() })?;
        Ok(Some(identity))
    }

    /// Commits an enrolment; a crash before leaves keys that the next attempt uses again.
    pub fn save_identity(&self, identity: &Identity) -> Result<(), StoreError> {
        let path = self.path("identity.json");
        let text = serde_json::to_string_pretty(identity).map_err(|error| StoreError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        replace(&path, text.as_bytes())
    }

    /// 32 bytes that salt documents and key redactions; they stay on this host and are made at first use.
    pub fn local_key(&self) -> Result<[u8; 32], StoreError> {
        let path = self.path("local.key");
        if read_private(&path)?.is_none() {
            create(&path, hex::encode(*random()?).as_bytes())?;
        }
        self.existing_local_key()?.ok_or_else(|| StoreError::Damaged {
            path,
            reason: "it vanished while it was read".to_owned(),
        })
    }

    /// The same, without making it.
    pub fn existing_local_key(&self) -> Result<Option<[u8; 32]>, StoreError> {
        let path = self.path("local.key");
        let Some(text) = read_private(&path)? else {
            return Ok(None);
        };
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key)
            .map_err(|error| StoreError::Damaged { path, reason: error.to_string() })?;
        Ok(Some(key))
    }

    /// A machine id of our own, for hosts that have none.
    pub fn own_machine_id(&self) -> Result<String, StoreError> {
        let path = self.path("machine-id");
        if read_private(&path)?.is_none() {
            let random = random()?;
            create(&path, hex::encode(random.first_chunk::<16>().unwrap_or(&[0; 16])).as_bytes())?;
        }
        Ok(read_private(&path)?.unwrap_or_default().trim().to_owned())
    }

    /// Key and certificate of the TLS client stand in one file, so that a renewal swaps both at once.
    pub fn client(&self) -> Result<Client, StoreError> {
        let path = self.path("client.pem");
        let text = Zeroizing::new(read_private(&path)?.unwrap_or_default());
        let certificate = from_pem("CERTIFICATE", &text);
        let key = from_pem("PRIVATE KEY", &text).map(Zeroizing::new);
        match (certificate, key) {
            (Some(certificate), Some(key)) => Ok(Client { certificate, key }),
            (None | Some(_), None | Some(_)) => Err(StoreError::Damaged {
                path,
                reason: "it does not hold a certificate and a private key".to_owned(),
            }),
        }
    }

    pub fn save_client(&self, client: &Client) -> Result<(), StoreError> {
        let key = Zeroizing::new(to_pem("PRIVATE KEY", &client.key));
        let both =
            Zeroizing::new([to_pem("CERTIFICATE", &client.certificate), key.to_string()].concat());
        replace(&self.path("client.pem"), both.as_bytes())
    }
}

fn random() -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(StoreError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
