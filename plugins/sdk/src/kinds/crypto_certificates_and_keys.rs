//! `crypto.certificates_and_keys`: certificates with their dates, algorithms and who may read their keys. Never a key.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "crypto.certificates_and_keys";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:crypto.certificates_and_keys:v1";

/// Certificates of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// Every certificate that stands for this target, sorted by fingerprint: the first of each file, not its chain.
    pub certificates: Vec<Certificate>,
    /// Private keys beside them or named by services, sorted by id.
    pub keys: Vec<Key>,
    /// Authorities that the target trusts. Null: has no such store, or it could not be read.
    pub trust: Option<Trust>,
    /// Whether every place that is configured or named by a service could be read.
    pub complete: bool,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// SHA-256 of its DER, in hex.
    pub fingerprint: String,
    /// Where it lies, sorted: files, provider's ids.
    pub places: Vec<String>,
    /// Services that name it, sorted, such as `nginx`.
    pub used_by: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Further names, sorted, at most 50.
    pub names: Vec<String>,
    /// How many there are.
    pub names_total: u32,
    /// Serial number in hex.
    pub serial: String,
    /// Start, RFC 3339. Null: not a date of our calendar.
    pub not_before: Option<String>,
    /// End, RFC 3339. Null: not a date of our calendar.
    pub not_after: Option<String>,
    /// Algorithm of the signature, such as `sha256WithRSAEncryption`, or its number.
    pub signature: String,
    /// Algorithm of the key: `rsa`, `ec`, `ed25519`, `ed448`, `dsa`, or its number.
    pub key_algorithm: String,
    /// Size of the key in bits. Null: not known.
    pub key_bits: Option<u32>,
    /// Whether subject and issuer are the same.
    pub self_signed: bool,
    /// Whether it may sign others.
    pub authority: bool,
    /// Certificates that follow it in its file.
    pub chain: u32,
    /// What renews it, such as `certbot`. Null: not known.
    pub renewed_by: Option<String>,
}

/// One private key, as far as can be told without its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Path or provider's id.
    pub id: String,
    /// Services that name it, sorted.
    pub used_by: Vec<String>,
    /// Owner. Null: not a file.
    pub owner: Option<String>,
    /// Group. Null: not a file.
    pub group: Option<String>,
    /// Permission bits, four octal digits. Null: not a file.
    pub mode: Option<String>,
    /// Day it last changed. Null: not known.
    pub changed: Option<String>,
    /// Whether a passphrase protects it. Null: not determinable.
    pub encrypted: Option<bool>,
}

/// Trusted authorities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Where they are.
    pub place: String,
    /// How many.
    pub count: u32,
    /// Those that an operator added, sorted.
    pub added: Vec<Authority>,
}

/// One authority.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Subject.
    pub subject: String,
    /// SHA-256 of its DER, in hex.
    pub fingerprint: String,
    /// End, RFC 3339. Null: not a date of our calendar.
    pub not_after: Option<String>,
    /// Where it was added.
    pub source: String,
}

impl Kind for Certificates {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for certificate in &mut self.certificates {
            certificate.places.sort();
            certificate.used_by.sort();
            certificate.used_by.dedup();
            certificate.names.sort();
        }
        self.certificates.sort();
        for key in &mut self.keys {
            key.used_by.sort();
            key.used_by.dedup();
        }
        self.keys.sort();
        if let Some(trust) = &mut self.trust {
            trust.added.sort();
        }
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "certificates": [{"fingerprint": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
            "places": ["/etc/letsencrypt/live/www.example.org/fullchain.pem"], "used_by": ["nginx"],
            "subject": "CN=www.example.org", "issuer": "C=US, O=Let's Encrypt, CN=R11", "names": ["www.example.org"],
            "names_total": 1, "serial": "03a1", "not_before": "2026-10-01T00:00:00Z",
            "not_after": "2026-12-30T00:00:00Z", "signature": "sha256WithRSAEncryption", "key_algorithm": "ec",
            "key_bits": 256, "self_signed": false, "authority": false, "chain": 1, "renewed_by": "certbot"}],
        "keys": [{"id": "/etc/letsencrypt/live/www.example.org/privkey.pem", "used_by": ["nginx"], "owner": "root",
            "group": "root", "mode": "0600", "changed": "2026-10-01", "encrypted": false}],
        "trust": {"place": "/etc/ssl/certs", "count": 140, "added": [{"subject": "CN=Example Inc Root",
            "fingerprint": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
            "not_after": "2036-01-01T00:00:00Z", "source": "/usr/local/share/ca-certificates/inc.crt"}]},
        "complete": true
    })
}
