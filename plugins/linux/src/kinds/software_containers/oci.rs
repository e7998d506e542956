//! A container as the runtime was told to make it: the `config.json` of the OCI runtime specification. Pure but for the one
//! question it asks its caller.

use exhibit_plugin::kinds::software_containers::{Container, ContainerMount};
use serde_json::Value;

use super::facts::{beyond_default, list, secret_variables, text, texts};

/// Name in the specification and in the document, of the namespaces that matter.
const NAMESPACES: [(&str, &str); 4] =
    [("ipc", "ipc"), ("network", "network"), ("pid", "pid"), ("uts", "uts")];

/// Folders of engines: what is mounted from there is their own business (names, resolvers, shared memory).
const OWN: [&str; 5] = [
    "/run/containerd/",
    "/var/lib/containerd/",
    "/var/lib/docker/containers/",
    "/var/lib/kubelet/pods/",
    "/userdata/",
];

/// What the specification says; none when it is none. `is_hosts` tells whether the namespace at a path is the host's
/// own, or none when that cannot be seen.
pub(super) fn container(
    spec: &Value,
    is_hosts: impl Fn(&str) -> Option<bool>,
) -> Option<Container> {
    spec["ociVersion"].as_str()?;
    let process = &spec["process"];
    let linux = &spec["linux"];
    let bounding = texts(&process["capabilities"]["bounding"]);
    let added = beyond_default(&bounding);
    let namespaces = list(&linux["namespaces"]);
    let all_devices = list(&linux["resources"]["devices"]).iter().any(|device| {
        device["allow"] == true
            && device["access"].as_str().is_some_and(|access| access.contains('w'))
            && (device["type"].is_null() || device["type"] == "a")
            && device["major"].as_i64().is_none_or(|major| major < 0)
    });
    let masked = !list(&linux["maskedPaths"]).is_empty();
    let told = text(&spec["annotations"]["io.podman.annotations.privileged"]);
    Some(Container {
        root: Some(process["user"]["uid"].as_u64()? == 0),
        privileged: Some(
            told.as_deref() == Some("TRUE") || added == ["ALL"] && all_devices && !masked,
        ),
        shares: shares(namespaces, is_hosts),
        users_mapped: Some(namespaces.iter().any(|one| one["type"] == "user")),
        capabilities_added: Some(added),
        no_new_privileges: Some(process["noNewPrivileges"] == true),
        seccomp: Some(linux["seccomp"].is_object()),
        read_only: Some(spec["root"]["readonly"] == true),
        mounts: Some(list(&spec["mounts"]).iter().filter_map(mount).collect()),
        secret_variables: Some(secret_variables(&process["env"])),
        ..Container::default()
    })
}

/// A namespace that is not asked for is the host's; one at a path may be.
fn shares(namespaces: &[Value], is_hosts: impl Fn(&str) -> Option<bool>) -> Option<Vec<String>> {
    let mut shared = Vec::new();
    for (kind, name) in NAMESPACES {
        let own = namespaces.iter().find(|one| one["type"] == kind);
        let hosts = match own.map(|one| one["path"].as_str().filter(|path| !path.is_empty())) {
            None => true,
            Some(None) => false,
            Some(Some(path)) => is_hosts(path)?,
        };
        if hosts {
            shared.push(name.to_owned());
        }
    }
    Some(shared)
}

fn mount(mount: &Value) -> Option<ContainerMount> {
    let options = texts(&mount["options"]);
    let bound =
        mount["type"] == "bind" || options.iter().any(|one| one == "bind" || one == "rbind");
    let source = text(&mount["source"]).filter(|_| bound)?;
    // A volume lies in a folder of the engine that bears its name.
    let volume = source.strip_suffix("/_data").and_then(|path| path.split_once("/volumes/"));
    if volume.is_none() && OWN.iter().any(|folder| source.contains(folder)) {
        return None;
    }
    Some(ContainerMount {
        target: text(&mount["destination"])?,
        kind: if volume.is_some() { "volume" } else { "bind" }.to_owned(),
        writable: !options.iter().any(|option| option == "ro"),
        source: volume.map_or(source.clone(), |(_, name)| name.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec() -> Value {
        json!({"ociVersion": "1.0.2", "process": {"user": {"uid": 0}, "env": ["A_TOKEN=x"],
                "capabilities": {"bounding": ["CAP_CHOWN", "CAP_NET_ADMIN"]}, "noNewPrivileges": true},
            "root": {"path": "rootfs", "readonly": true},
            "mounts": [{"destination": "/s", "type": "bind", "source": "/var/run/docker.sock", "options": ["rbind", "ro"]},
                {"destination": "/v", "type": "bind", "source": "/var/lib/x/volumes/db/_data", "options": ["rbind"]},
                {"destination": "/etc/hosts", "type": "bind", "source": "/r/userdata/hosts", "options": ["bind"]},
                {"destination": "/proc", "type": "proc", "source": "proc"}],
            "linux": {"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "network", "path": "/proc/7/ns/net"}],
                "seccomp": {}, "resources": {"devices": [{"allow": false, "access": "rwm"}]}}})
    }

    #[test]
    fn what_joins_a_container_to_its_host_is_read() {
        let seen = container(&spec(), |path| Some(path == "/proc/7/ns/net")).unwrap();
        assert_eq!(seen.shares.unwrap(), ["network", "uts"]);
        assert_eq!(seen.capabilities_added.unwrap(), ["CAP_NET_ADMIN"]);
        assert_eq!((seen.root, seen.privileged), (Some(true), Some(false)));
        assert_eq!((seen.seccomp, seen.read_only), (Some(true), Some(true)));
        assert_eq!((seen.no_new_privileges, seen.users_mapped), (Some(true), Some(false)));
        assert_eq!(seen.secret_variables, Some(1));
        let mounts = seen.mounts.unwrap();
        let mount = |source: &str, target: &str, kind: &str, writable| ContainerMount {
            source: source.to_owned(),
            target: target.to_owned(),
            kind: kind.to_owned(),
            writable,
        };
        assert_eq!(
            mounts,
            [mount("/var/run/docker.sock", "/s", "bind", false), mount("db", "/v", "volume", true)]
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_made_up() {
        assert_eq!(container(&spec(), |_| None).unwrap().shares, None);
        for broken in [json!(null), json!([]), json!({"ociVersion": 1}), json!({"ociVersion": "1"})]
        {
            assert_eq!(container(&broken, |_| None), None);
        }
    }

    #[test]
    fn all_rights_all_devices_and_nothing_masked_is_privileged() {
        let mut spec = spec();
        spec["process"]["capabilities"]["bounding"] =
            json!(["CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_BOOT"]);
        let privileged = |spec: &Value| container(spec, |_| None).unwrap().privileged.unwrap();
        assert!(!privileged(&spec));
        spec["linux"]["resources"]["devices"] = json!([{"allow": true, "access": "rwm"}]);
        assert!(privileged(&spec));
        spec["linux"]["maskedPaths"] = json!(["/proc/kcore"]);
        assert!(!privileged(&spec));
    }
}
