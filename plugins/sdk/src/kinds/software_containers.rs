//! `software.containers`: container engines, the images they hold and the containers made of them, with what joins a
//! container to its host. It never holds a variable's value, a label or a command.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "software.containers";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:software.containers:v1";

/// Containers of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerInventory {
    /// Engines that are here, sorted by id.
    pub engines: Vec<ContainerEngine>,
    /// Images that were seen, sorted; whether that is all of them stands with the engine.
    pub images: Vec<Image>,
    /// Containers that were seen, running or not, sorted; whether that is all of them stands with the engine.
    pub containers: Vec<Container>,
}

/// One engine; one that runs for an account alone is an engine of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerEngine {
    /// Unique: name, and account where it is not the host's own: `docker`, `podman@joe`.
    pub id: String,
    /// `docker`, `podman`, `containerd`, `cri-o`, or a provider's name.
    pub name: String,
    /// Version. Null: not determinable.
    pub version: Option<String>,
    /// Runs now. Null: not determinable, or it needs no process of its own.
    pub active: Option<bool>,
    /// Where the facts come from: `socket`, `storage`, `api`; `nothing` when none of it could be seen.
    pub seen_by: String,
    /// Whether all its images are in the list.
    pub images_complete: bool,
    /// Whether all its containers are in the list.
    pub containers_complete: bool,
    /// What its settings say that bears on security, from a fixed list of keys.
    pub settings: BTreeMap<String, String>,
    /// Folder, socket or API that was asked.
    pub source: String,
}

/// One image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Id of its engine.
    pub engine: String,
    /// Digest of its configuration, `sha256:…`; of its manifest where the engine knows no other.
    pub id: String,
    /// Names with tags, sorted; empty for one without a name.
    pub names: Vec<String>,
    /// Digests of manifests by which it can be fetched again, sorted.
    pub digests: Vec<String>,
    /// When it was made. Null: not determinable, or made without a time.
    pub created: Option<Timestamp>,
    /// User that it asks for; empty: it asks for none, which is root. Null: not determinable.
    pub user: Option<String>,
    /// Whether a container here is made of it. Null: not determinable.
    pub used: Option<bool>,
}

/// One container.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// Id of its engine.
    pub engine: String,
    /// Name; of a Kubernetes pod `namespace/pod/container`.
    pub name: String,
    /// Image as it was asked for. Null: not determinable.
    pub image: Option<String>,
    /// Id of the image. Null: not determinable.
    pub image_id: Option<String>,
    /// `running`, `paused`, `stopped`, `created`. Null: not determinable.
    pub state: Option<String>,
    /// When it was made. Null: not determinable.
    pub created: Option<Timestamp>,
    /// Whether its first process is root inside it; a name other than `root` counts as another user. Null: not
    /// determinable.
    pub root: Option<bool>,
    /// Whether all devices and rights of the host are its own. Null: not determinable.
    pub privileged: Option<bool>,
    /// Parts of the host that it shares instead of having its own, sorted: `ipc`, `network`, `pid`, `uts`. Null: not
    /// determinable.
    pub shares: Option<Vec<String>>,
    /// Whether its users are mapped to others of the host. Null: not determinable.
    pub users_mapped: Option<bool>,
    /// Capabilities beyond those that engines give by default, sorted, `CAP_…`; `ALL` for every one. Null: not
    /// determinable.
    pub capabilities_added: Option<Vec<String>>,
    /// Whether programs in it may gain no rights. Null: not determinable.
    pub no_new_privileges: Option<bool>,
    /// Whether a filter of system calls is on. Null: not determinable.
    pub seccomp: Option<bool>,
    /// Whether its own file system cannot be written. Null: not determinable.
    pub read_only: Option<bool>,
    /// Files and folders of the host and named volumes that it sees, sorted. Null: not determinable.
    pub mounts: Option<Vec<ContainerMount>>,
    /// Ports that are reachable from outside of it, sorted, such as `0.0.0.0:8080->80/tcp`. Null: not determinable.
    pub ports: Option<Vec<String>>,
    /// When it is started again: `no`, `always`, `on-failure`, `unless-stopped`. Null: not determinable.
    pub restart: Option<String>,
    /// Variables of its environment whose names speak of a secret; how many, never which. Null: not determinable.
    pub secret_variables: Option<u32>,
}

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerMount {
    /// Path of the host, or name of the volume.
    pub source: String,
    /// Path inside.
    pub target: String,
    /// `bind` for a path of the host, `volume` for one that the engine keeps.
    pub kind: String,
    /// Whether the container may write it.
    pub writable: bool,
}

impl Kind for ContainerInventory {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.engines.sort();
        for image in &mut self.images {
            tidy(&mut image.names);
            tidy(&mut image.digests);
        }
        for container in &mut self.containers {
            let lists =
                [&mut container.shares, &mut container.capabilities_added, &mut container.ports];
            lists.into_iter().flatten().for_each(tidy);
            container.mounts.iter_mut().for_each(tidy);
        }
        self.images.sort();
        self.containers.sort();
    }
}

fn tidy<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    let id = "sha256:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";
    json!({
        "engines": [{"id": "docker", "name": "docker", "version": "28.1.1", "active": true, "seen_by": "storage",
            "images_complete": true, "containers_complete": true, "settings": {"live-restore": "true"}, "source": "/var/lib/docker"}],
        "images": [{"engine": "docker", "id": id, "names": ["example.org/shop:4"],
            "digests": ["example.org/shop@sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"],
            "created": "2026-11-01T10:00:00Z", "user": "1000", "used": true}],
        "containers": [{"engine": "docker", "name": "shop", "image": "example.org/shop:4", "image_id": id,
            "state": "running", "created": "2026-11-02T08:00:00Z", "root": false, "privileged": false, "shares": [],
            "users_mapped": false, "capabilities_added": ["CAP_NET_ADMIN"], "no_new_privileges": true, "seccomp": true,
            "read_only": false,
            "mounts": [{"source": "/srv/shop", "target": "/data", "kind": "bind", "writable": true}],
            "ports": ["0.0.0.0:8080->80/tcp"], "restart": "always", "secret_variables": 0}]
    })
}
