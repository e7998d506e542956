//! `crypto.in_transit`: which protocols, ciphers and certificates are offered on the wire. Never judges them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "crypto.in_transit";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:crypto.in_transit:v1";

/// Encryption on the wire of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CryptoInTransit {
    /// What is offered, sorted by id.
    pub endpoints: Vec<Endpoint>,
    /// Policies that bear on every program, sorted by name.
    pub policies: Vec<Policy>,
    /// Whether all listeners were asked for TLS, or all that somebody named. False: none was, or not all, so listeners
    /// without an endpoint may speak it.
    pub probed: bool,
}

/// One server, listener or load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// `ssh`, or address and port such as `127.0.0.1:443`, or a provider's id.
    pub id: String,
    /// `ssh`, `tls`, or `plain` for a listener that does not answer to TLS.
    pub protocol: String,
    /// Where the facts come from: `sshd -T`, `files`, `handshake`, `api`.
    pub seen_by: String,
    /// Versions that it accepts, sorted, such as `TLSv1.2`. Null: not determinable.
    pub versions: Option<Vec<String>>,
    /// Ciphers in its order; of a handshake the one it chose for each version. Null: its program's own default.
    pub ciphers: Option<Vec<String>>,
    /// Key exchanges. Null: its program's own default, or not determinable.
    pub key_exchanges: Option<Vec<String>>,
    /// Authentication codes. Null: as above.
    pub macs: Option<Vec<String>>,
    /// Algorithms by which it proves itself. Null: as above.
    pub host_key_algorithms: Option<Vec<String>>,
    /// Certificate it shows. Null: none was seen.
    pub certificate: Option<Shown>,
}

/// A certificate as a peer sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// SHA-256 of its DER, in hex.
    pub fingerprint: String,
    /// Subject.
    pub subject: String,
    /// End, RFC 3339. Null: not a date of our calendar.
    pub not_after: Option<String>,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `crypto-policies`, `openssl`, `gnutls`, or a provider's name.
    pub name: String,
    /// Values that it sets, by key.
    pub settings: BTreeMap<String, String>,
    /// File or page.
    pub source: String,
}

impl Kind for CryptoInTransit {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for endpoint in &mut self.endpoints {
            if let Some(versions) = &mut endpoint.versions {
                versions.sort();
            }
        }
        self.endpoints.sort();
        self.policies.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "endpoints": [
            {"id": "127.0.0.1:443", "protocol": "tls", "seen_by": "handshake", "versions": ["TLSv1.2", "TLSv1.3"],
                "ciphers": ["ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_AES_256_GCM_SHA384"], "key_exchanges": null,
                "macs": null, "host_key_algorithms": null,
                "certificate": {"fingerprint": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
                    "subject": "CN=www.example.org", "not_after": "2026-12-30T00:00:00Z"}},
            {"id": "ssh", "protocol": "ssh", "seen_by": "sshd -T", "versions": null,
                "ciphers": ["chacha20-poly1305@openssh.com"], "key_exchanges": ["curve25519-sha256"],
                "macs": ["umac-128-etm@openssh.com"], "host_key_algorithms": ["ssh-ed25519"], "certificate": null}],
        "policies": [{"name": "openssl", "settings": {"MinProtocol": "TLSv1.2"}, "source": "/etc/ssl/openssl.cnf"}],
        "probed": true
    })
}
