//! containerd: its running tasks out of the folder of its runtime; its images by `ctr`, if its socket is granted.

use std::collections::BTreeMap;

use exhibit_plugin::{
    OutcomeKind,
    kinds::software_containers::{Container, Image},
};

use super::{Seen, engines, facts::reference, oci, storage};
use crate::{
    look::{Found, Look},
    names::escaped,
    tool::Tool,
};

const TASKS: &str = "/run/containerd/io.containerd.runtime.v2.task";
const SOCKET: &str = "/run/containerd/containerd.sock";
/// Docker's own space: told as Docker's.
const DOCKERS: &str = "moby";

/// Whether a socket speaks containerd's own protocol.
pub(super) fn is_its(path: &str) -> bool {
    path.ends_with("containerd.sock")
}

/// What runs, and with the socket's grant the images too.
pub(super) fn tasks(look: &mut Look<'_>, granted: &[String], seen: &mut Seen) {
    let active = engines::active(look, "containerd.service", "containerd");
    let socket = granted.iter().find(|path| is_its(path));
    let spaces = look.names(TASKS);
    let asked = socket.is_some() && look.host.is_live();
    if spaces == Found::Missing && active != Some(true) && !asked {
        return;
    }
    // What runs for Docker alone is no engine of its own.
    let dockers = matches!(&spaces, Found::Here(names) if names.iter().all(|name| name == DOCKERS));
    if dockers && !asked && seen.has("docker") {
        return;
    }
    let seen_by = if spaces == Found::Unreadable { "nothing" } else { "storage" };
    let mut engine = engines::engine("containerd", seen_by, TASKS);
    engine.active = active;
    engines::socket(look, SOCKET, &mut engine.settings);
    let mut containers = Vec::new();
    for space in spaces.here().unwrap_or_default() {
        if space == DOCKERS {
            continue;
        }
        for id in look.names(&format!("{TASKS}/{space}")).here().unwrap_or_default() {
            match task(look, &space, &id) {
                Some(container) => containers.extend(container),
                None => engine.containers_complete = false,
            }
        }
    }
    let images = match socket.filter(|_| look.host.is_live()) {
        Some(socket) => images(look, socket),
        None => {
            look.seen.outcome(
                OutcomeKind::NotConfigured,
                "which images containerd holds is in a database that only it can read",
                format!(
                    "grant {SOCKET} in settings.containers.sockets; the plugin then asks it by ctr"
                ),
            );
            None
        }
    };
    engine.images_complete &= images.is_some();
    let images = images.unwrap_or_default();
    for container in &mut containers {
        let named = |image: &&Image| {
            container.image.as_ref().is_some_and(|name| image.names.contains(name))
        };
        container.image_id = images.iter().find(named).map(|image| image.id.clone());
    }
    seen.add(look, engine, images, containers);
}

/// One task; nothing inside for the empty container that holds a pod together, none when it cannot be read.
fn task(look: &mut Look<'_>, space: &str, id: &str) -> Option<Option<Container>> {
    let place = format!("{TASKS}/{space}/{id}");
    let file = format!("{place}/config.json");
    let spec = engines::json_of_many(look, &file, &format!("{TASKS}/*/*/config.json"))?;
    let notes = &spec["annotations"];
    if notes["io.kubernetes.cri.container-type"] == "sandbox" {
        return Some(None);
    }
    let Some(told) = oci::container(&spec, |path| storage::is_hosts(look, path)) else {
        look.garbled(&file, "it is no configuration of the OCI runtime specification");
        return None;
    };
    let pid = look.host.text(&format!("{place}/init.pid")).ok().flatten();
    let runs = pid.is_some_and(|pid| look.host.exists(&format!("/proc/{}", pid.trim())));
    Some(Some(Container {
        name: storage::kubernetes(Some(&spec))
            .unwrap_or_else(|| escaped(format!("{space}/{id}").as_bytes())),
        image: reference(&notes["io.kubernetes.cri.image-name"]),
        state: look.host.is_live().then(|| if runs { "running" } else { "stopped" }.to_owned()),
        ..told
    }))
}

/// Every image by `ctr`; none when it could not be asked.
fn images(look: &mut Look<'_>, socket: &str) -> Option<Vec<Image>> {
    let asked = |look: &mut Look<'_>, rest: &[&str]| {
        let arguments = [&["--address", socket, "--timeout", "10s"], rest].concat();
        let output = look.run(&Tool::new("ctr", &arguments))?;
        if output.is_success() {
            return Some(output.stdout);
        }
        look.seen.outcome(
            if output.stderr.contains("permission denied") {
                OutcomeKind::Denied
            } else {
                OutcomeKind::Failed
            },
            format!("ctr of {socket} {}", output.fault()),
            "run the plugin as root, and see that containerd answers on this socket",
        );
        None
    };
    let spaces = asked(look, &["namespaces", "list", "-q"])?;
    let mut found: BTreeMap<String, Image> = BTreeMap::new();
    for space in spaces.split_whitespace().filter(|space| *space != DOCKERS) {
        listed(&asked(look, &["--namespace", space, "images", "list"])?, &mut found);
    }
    Some(found.into_values().collect())
}

/// `REF TYPE DIGEST SIZE PLATFORMS LABELS`, a line each. One image may have several names.
fn listed(table: &str, found: &mut BTreeMap<String, Image>) {
    for line in table.lines().skip(1) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(digest)) = (words.next(), words.nth(1)) else { continue };
        if !digest.starts_with("sha256:") {
            continue;
        }
        let image = found.entry(digest.to_owned()).or_default();
        digest.clone_into(&mut image.id);
        image.digests = vec![digest.to_owned()];
        if !name.starts_with("sha256:") {
            image.names.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_image_are_put_together() {
        let table = "REF                    TYPE                                       DIGEST      SIZE    PLATFORMS   LABELS \n\
             docker.io/library/a:1  application/vnd.oci.image.manifest.v1+json sha256:aa   1.0 KiB linux/amd64 - \n\
             sha256:bb              application/vnd.oci.image.manifest.v1+json sha256:aa   1.0 KiB linux/amd64 - \n\
             broken\n";
        let mut found = BTreeMap::new();
        listed(table, &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!(found["sha256:aa"].names, ["docker.io/library/a:1"]);
    }
}
