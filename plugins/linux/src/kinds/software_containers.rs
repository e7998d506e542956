//! `software.containers` of a Linux host: engines, images and containers, from the folders where engines keep them, or from
//! those sockets of engines that the settings grant.
//!
//! It starts nothing, asks no socket that was not granted, and keeps no value of a variable, no label and no command.

mod api;
mod containerd;
mod docker;
mod engines;
mod facts;
mod oci;
mod storage;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::software_containers::{Container, ContainerEngine, ContainerInventory, Image, KIND},
};
use serde::Deserialize;

use crate::{look::Look, settings};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/var/lib/docker/{containers/*/{config.v2,hostconfig}.json,image}, /etc/docker/daemon.json",
        "/var/lib/containers/storage, ~/.local/share/containers/storage: images, containers, their config.json",
        "/run/containerd/io.containerd.runtime.v2.task/*/*/config.json",
        "/etc/containers/{policy.json,registries.conf,registries.conf.d}",
        "GET of /version, /containers and /images on the sockets of settings.containers.sockets; ctr images list on containerd's",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH: the folders of engines, and those of other accounts",
        "CAP_SYS_PTRACE: whether a container shares a namespace with the host",
        "root, or the group of a socket that settings.containers.sockets grants; who may ask one can become root, so none is asked without",
    ],
    observe,
};

/// Most containers and most images that are taken of one engine.
const MOST: usize = 2_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// Sockets that may be asked.
    sockets: Vec<String>,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Seen {
    engines: Vec<ContainerEngine>,
    images: Vec<Image>,
    containers: Vec<Container>,
    cut: bool,
}

/// After the first [`MOST`] rows no other is looked at; what stands for them tells how many there are.
fn stand_ins<T: Clone>(rows: &mut Vec<T>, left_out: usize) {
    if let Some(last) = rows.last().cloned() {
        rows.resize(rows.len() + left_out, last);
    }
}

impl Seen {
    /// Adds an engine with what it holds.
    fn add(
        &mut self,
        look: &mut Look<'_>,
        mut engine: ContainerEngine,
        mut images: Vec<Image>,
        mut containers: Vec<Container>,
    ) {
        for (what, length) in [("images", images.len()), ("containers", containers.len())] {
            if length > MOST {
                self.cut = true;
                look.seen.outcome(
                    OutcomeKind::LimitExceeded,
                    format!("{} has {length} {what}; {} of them are left out", engine.id, length - MOST),
                    format!("remove {what} that nobody needs (prune), and read how many there are on the host"),
                );
            }
        }
        engine.images_complete &= images.len() <= MOST;
        engine.containers_complete &= containers.len() <= MOST;
        images.truncate(MOST);
        containers.truncate(MOST);
        for image in &mut images {
            image.engine.clone_from(&engine.id);
            let users = containers.iter().filter(|one| one.image_id.as_ref() == Some(&image.id));
            let known = engine.containers_complete
                && containers.iter().all(|container| container.image_id.is_some());
            image.used = if users.count() > 0 { Some(true) } else { known.then_some(false) };
        }
        for container in &mut containers {
            container.engine.clone_from(&engine.id);
        }
        self.images.extend(images);
        self.containers.extend(containers);
        self.engines.push(engine);
    }

    fn has(&self, id: &str) -> bool {
        self.engines.iter().any(|engine| engine.id == id)
    }
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(settings) = settings::table::<Settings>(&mut look, "containers") else {
        return look.done();
    };
    let mut seen = Seen::default();
    if look.host.is_live() {
        api::granted(&mut look, &settings.sockets, &mut seen);
    }
    docker::stored(&mut look, &mut seen);
    storage::stored(&mut look, &mut seen);
    containerd::tasks(&mut look, &settings.sockets, &mut seen);
    let rows = seen.containers.len() + seen.images.len();
    let cut = seen.cut;
    look.seen.document(
        ContainerInventory {
            engines: seen.engines,
            images: seen.images,
            containers: seen.containers,
        },
        rows,
    );
    if cut {
        look.seen.truncated();
    }
    look.done()
}

#[cfg(test)]
mod tests;
