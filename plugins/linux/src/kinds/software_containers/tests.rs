use serde_json::{Value, json};

use super::*;
use crate::kinds::testing::{body, job, outcomes, planted};

const IMAGE: &str = "4050046debdb792b844649530172f26b534a9bba9c40671bd5530cc3bcfc8b7e";
const WEB: &str = "2b4cb7253a28681319bac3f48eb05b35b5b643a671883f3707c9caf94f3c06c5";

fn named<'a>(body: &'a Value, list: &str, key: &str, name: &str) -> &'a Value {
    body[list].as_array().unwrap().iter().find(|row| row[key] == name).unwrap_or(&Value::Null)
}

/// The files that Podman 4.3 wrote, shortened.
fn podman(folder: &str) -> Vec<(String, String)> {
    let metadata =
        json!({"image-name": "localhost/app:1", "image-id": IMAGE, "name": "web"}).to_string();
    let spec = json!({"ociVersion": "1.0.2-dev", "process": {"user": {"uid": 1000, "gid": 0}, "args": ["/bin/a", "plantedsecretarg"],
        "env": ["PASSWORD=plantedsecretenv"], "capabilities": {"bounding": ["CAP_CHOWN"]}}, "root": {"path": "/x"},
        "mounts": [{"destination": "/host-etc", "type": "bind", "source": "/etc", "options": ["ro", "rbind"]}],
        "annotations": {"io.podman.annotations.privileged": "TRUE", "label": "plantedsecretlabel"},
        "linux": {"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}]}});
    let base = format!("{folder}/vfs-containers");
    vec![
        (
            format!("{base}/containers.json"),
            json!([{"id": WEB, "names": ["web"], "image": IMAGE, "metadata": metadata, "created": "2026-11-23T05:00:01.3Z"},
                {"id": "ff", "names": ["never-started"], "image": IMAGE, "metadata": "{}", "created": "2026-11-23T05:00:01.3Z"}])
            .to_string(),
        ),
        (format!("{base}/{WEB}/userdata/config.json"), spec.to_string()),
        (format!("{folder}/libpod/bolt_state.db"), String::new()),
        (
            format!("{folder}/vfs-images/images.json"),
            json!([{"id": IMAGE, "digest": "sha256:6248", "names": ["localhost/app:1"], "created": "2026-11-23T05:00:00.7Z"}])
                .to_string(),
        ),
        (
            format!("{folder}/vfs-images/{IMAGE}/=c2hhMjU2OjQwNTAwNDZkZWJkYjc5MmI4NDQ2NDk1MzAxNzJmMjZiNTM0YTliYmE5YzQwNjcxYmQ1NTMwY2MzYmNmYzhiN2U="),
            json!({"created": "2026-11-20T00:00:00Z", "config": {"User": "1000", "Env": ["PASSWORD=plantedsecretimage"]}}).to_string(),
        ),
    ]
}

fn plant(files: &[(String, String)]) -> tempfile::TempDir {
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    planted(&files)
}

#[test]
fn the_store_of_podman_is_read_for_the_host_and_for_each_account() {
    let mut files = podman("/var/lib/containers/storage");
    files.extend(podman("/home/joe/.local/share/containers/storage"));
    files.push(("/etc/passwd".into(), "joe:x:1000:1000::/home/joe:/bin/sh\n".into()));
    files.push(("/etc/group".into(), "joe:x:1000:\n".into()));
    files.push((
        "/etc/containers/policy.json".into(),
        json!({"default": [{"type": "insecureAcceptAnything"}]}).to_string(),
    ));
    files.push((
        "/etc/containers/registries.conf".into(),
        "[[registry]]\nlocation = \"r\"\ninsecure = true # x\n".into(),
    ));
    let observation = observe(&job(plant(&files).path()));
    let seen = body(KIND, &observation);
    assert!(!seen.to_string().contains("plantedsecret"), "{seen}");
    assert_eq!(outcomes(&observation), [""; 0]);
    assert_eq!(
        seen["engines"][0]["settings"],
        json!({"insecure-registries": "1", "signature_policy": "insecureAcceptAnything"})
    );
    assert_eq!(seen["engines"][1]["id"], "podman@joe");
    let image = named(&seen, "images", "engine", "podman@joe");
    assert_eq!(
        (&image["id"], &image["user"], &image["created"], &image["used"]),
        (
            &json!(format!("sha256:{IMAGE}")),
            &json!("1000"),
            &json!("2026-11-20T00:00:00Z"),
            &json!(true)
        )
    );
    let web = named(&seen, "containers", "name", "web");
    assert_eq!((&web["root"], &web["privileged"]), (&json!(false), &json!(true)));
    assert_eq!((&web["shares"], &web["secret_variables"]), (&json!(["network"]), &json!(1)));
    assert_eq!(
        web["mounts"],
        json!([{"source": "/etc", "target": "/host-etc", "kind": "bind", "writable": false}])
    );
    let other = named(&seen, "containers", "name", "never-started");
    assert_eq!((&other["root"], &other["mounts"]), (&Value::Null, &Value::Null));
}

/// Files as Docker 20 to 28 writes them with its own store of images.
fn docker() -> Vec<(String, String)> {
    let place = "/var/lib/docker/containers/aa";
    vec![
        (
            format!("{place}/config.v2.json"),
            json!({"Name": "/shop", "Image": format!("sha256:{IMAGE}"), "Created": "2026-11-02T08:00:00.1Z", "NoNewPrivileges": false,
                "State": {"Running": true, "Pid": 77}, "Config": {"User": "", "Image": "shop:4", "Env": ["DB_PASSWORD=plantedsecret"],
                    "Labels": {"a": "plantedsecret"}, "Cmd": ["--key", "plantedsecret"]},
                "MountPoints": {"/s": {"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/s", "RW": true},
                    "/v": {"Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data", "Destination": "/v", "RW": true}}})
            .to_string(),
        ),
        (
            format!("{place}/hostconfig.json"),
            json!({"Privileged": false, "NetworkMode": "host", "PidMode": "", "IpcMode": "private", "UTSMode": "", "UsernsMode": "",
                "CapAdd": ["NET_ADMIN"], "ReadonlyRootfs": false, "SecurityOpt": ["no-new-privileges", "seccomp=unconfined"],
                "RestartPolicy": {"Name": "always"}, "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}})
            .to_string(),
        ),
        (
            "/var/lib/docker/image/overlay2/repositories.json".into(),
            json!({"Repositories": {"shop": {"shop:4": format!("sha256:{IMAGE}"), "shop@sha256:99": format!("sha256:{IMAGE}")}}}).to_string(),
        ),
        (
            format!("/var/lib/docker/image/overlay2/imagedb/content/sha256/{IMAGE}"),
            json!({"created": "0001-01-01T00:00:00Z", "config": {"Env": ["A=plantedsecret"]}}).to_string(),
        ),
        (
            "/etc/docker/daemon.json".into(),
            json!({"hosts": ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"], "userns-remap": "default", "icc": false,
                "insecure-registries": ["r"], "log-opts": {"splunk-token": "plantedsecret"}})
            .to_string(),
        ),
    ]
}

#[test]
fn the_folder_of_docker_is_read_without_its_socket() {
    let observation = observe(&job(plant(&docker()).path()));
    let seen = body(KIND, &observation);
    assert!(!seen.to_string().contains("plantedsecret"), "{seen}");
    assert_eq!(
        seen["engines"][0]["settings"],
        json!({"hosts": "tcp://0.0.0.0:2375", "icc": "false", "insecure-registries": "1", "userns-remap": "default"})
    );
    let shop = &seen["containers"][0];
    assert_eq!(
        (&shop["name"], &shop["root"], &shop["state"]),
        (&json!("shop"), &json!(true), &json!("running"))
    );
    assert_eq!((&shop["shares"], &shop["users_mapped"]), (&json!(["network"]), &json!(true)));
    assert_eq!((&shop["no_new_privileges"], &shop["seccomp"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&shop["ports"], &shop["restart"], &shop["capabilities_added"]),
        (&json!(["0.0.0.0:8080->80/tcp"]), &json!("always"), &json!(["CAP_NET_ADMIN"]))
    );
    assert_eq!(shop["mounts"][0]["source"], "/var/run/docker.sock");
    assert_eq!(shop["mounts"][1]["source"], "data");
    let image = &seen["images"][0];
    assert_eq!(
        (&image["names"], &image["digests"], &image["created"], &image["user"]),
        (&json!(["shop:4"]), &json!(["sha256:99"]), &Value::Null, &json!(""))
    );
}

#[test]
fn broken_files_leave_the_list_incomplete_and_are_told() {
    let mut files = docker();
    files[0].1.truncate(100);
    let root = plant(&files);
    let pipe = root.path().join("var/lib/containers/storage/overlay-images");
    std::fs::create_dir_all(&pipe).unwrap();
    let kind = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, pipe.join("images.json"), kind, mode, 0).unwrap();
    let observation = observe(&job(root.path()));
    let seen = body(KIND, &observation);
    assert_eq!(named(&seen, "engines", "id", "docker")["containers_complete"], false);
    assert_eq!(named(&seen, "engines", "id", "podman")["images_complete"], false);
    let told = outcomes(&observation);
    assert!(told.iter().any(|text| text.contains("config.v2.json: it is not JSON")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("a pipe")), "{told:?}");
}

#[test]
fn tasks_of_containerd_are_told_and_its_images_need_a_grant() {
    let task = "/run/containerd/io.containerd.runtime.v2.task/k8s.io";
    let spec = |kind: &str| {
        json!({"ociVersion": "1.1.0", "process": {"user": {"uid": 0}, "capabilities": {"bounding": []}},
            "annotations": {"io.kubernetes.cri.container-type": kind, "io.kubernetes.cri.sandbox-namespace": "shop",
                "io.kubernetes.cri.sandbox-name": "web-0", "io.kubernetes.cri.container-name": "nginx",
                "io.kubernetes.cri.image-name": "docker.io/library/nginx:1"},
            "linux": {"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"}]}})
        .to_string()
    };
    let files = [
        (format!("{task}/a/config.json"), spec("container")),
        (format!("{task}/b/config.json"), spec("sandbox")),
    ];
    let observation = observe(&job(plant(&files).path()));
    let seen = body(KIND, &observation);
    assert_eq!(seen["containers"].as_array().unwrap().len(), 1);
    assert_eq!(seen["containers"][0]["name"], "shop/web-0/nginx");
    assert_eq!(seen["engines"][0]["images_complete"], false);
    assert!(outcomes(&observation)[0].contains("only it can read"));
}

#[test]
fn a_socket_that_is_granted_and_hangs_is_an_outcome_and_the_rest_is_still_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let mut job = job("/");
    job.deadline = std::time::Instant::now() + std::time::Duration::from_secs(2);
    job.settings = json!({"containers": {"sockets": [path]}});
    let observation = observe(&job);
    body(KIND, &observation);
    let told = outcomes(&observation);
    assert!(
        told.iter().any(|text| text.starts_with("timed_out") && text.contains("/version")),
        "{told:?}"
    );
    drop(listener);
    job.settings = json!({"containers": {"socket": []}});
    assert!(outcomes(&observe(&job))[0].starts_with("not_configured"));
}

#[test]
fn of_more_than_are_listed_the_number_is_told() {
    let place = "/var/lib/containers/storage";
    let many: Vec<Value> = (0..MOST + 7)
        .map(|number| json!({"id": format!("{number:064}"), "names": [format!("i:{number}")], "created": "2026-11-23T05:00:00Z"}))
        .collect();
    let root = plant(&[
        (format!("{place}/libpod/bolt_state.db"), String::new()),
        (format!("{place}/vfs-images/images.json"), json!(many).to_string()),
        (format!("{place}/vfs-containers/containers.json"), "[]".to_owned()),
    ]);
    let seen = observe(&job(root.path()));
    let told = outcomes(&seen);
    let expected = format!("has {} images; 7 of them are left out", MOST + 7);
    assert!(told.iter().any(|one| one.contains(&expected)), "{told:?}");
    let body = body(KIND, &seen);
    assert_eq!(body["images"].as_array().unwrap().len(), MOST);
    assert_eq!(body["engines"][0]["images_complete"], false);
}
