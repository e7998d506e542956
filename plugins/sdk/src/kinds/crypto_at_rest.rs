//! `crypto.at_rest`: which storage is encrypted, as far as the target can see. Never reads a key.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "crypto.at_rest";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:crypto.at_rest:v1";

/// Storage of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CryptoAtRest {
    /// Volumes that keep data across a restart, sorted by id. Pseudo and memory file systems are left out.
    pub volumes: Vec<Volume>,
    /// Swap areas, sorted by id; memory may end there.
    pub swap: Vec<Volume>,
}

/// One volume, bucket, database or swap area.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Stable id: mount point on a host, ARN or name at a provider.
    pub id: String,
    /// What it is: `filesystem`, `swap`, `disk`, `bucket`, `database`….
    #[serde(rename = "type")]
    pub kind: String,
    /// Device below, such as `/dev/mapper/root`. Null where there is none.
    pub device: Option<String>,
    /// File system or engine, such as `ext4`. Null: not known.
    pub filesystem: Option<String>,
    /// Whether it is encrypted. Null: not determinable from here; a guest cannot see what lies below its disk.
    pub encrypted: Option<bool>,
    /// By what: `luks1`, `luks2`, `dm-crypt-plain`, `zfs`, `fscrypt`, `kms`…. Null: not encrypted or not determinable.
    pub method: Option<String>,
    /// Cipher or key id, such as `aes-xts-plain64`, `arn:…:key/…`. Null: not known.
    pub detail: Option<String>,
    /// Whether the device leaves the machine easily (removable, network). Null: not determinable.
    pub removable: Option<bool>,
}

impl Kind for CryptoAtRest {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.volumes.sort();
        self.swap.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "volumes": [{"id": "/", "type": "filesystem", "device": "/dev/mapper/root", "filesystem": "ext4",
            "encrypted": true, "method": "luks2", "detail": "aes-xts-plain64", "removable": false}],
        "swap": []
    })
}
