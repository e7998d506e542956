//! Docker: what its folders hold, and the form in which it describes a container, which Podman's socket speaks too.

use exhibit_plugin::{
    OutcomeKind,
    kinds::software_containers::{Container, ContainerMount, Image},
};
use serde_json::{Value, json};

use super::{
    MOST, Seen, engines,
    facts::{beyond_default, is_root, list, reference, secret_variables, text, texts, time},
    stand_ins,
};
use crate::look::{Found, Look};

const SOCKET: &str = "/run/docker.sock";

/// What lies in Docker's folders, unless a socket told it already.
pub(super) fn stored(look: &mut Look<'_>, seen: &mut Seen) {
    let daemon = engines::docker_daemon(look);
    let folder = text(&daemon["data-root"]).unwrap_or_else(|| "/var/lib/docker".to_owned());
    let active = engines::active(look, "docker.service", "dockerd");
    if seen.has("docker") {
        return;
    }
    let names = look.names(&format!("{folder}/containers"));
    if names == Found::Missing && active.is_none() && !look.host.exists(SOCKET) {
        return;
    }
    let seen_by = if matches!(names, Found::Here(_)) { "storage" } else { "nothing" };
    let mut engine = engines::engine("docker", seen_by, &folder);
    engine.active = active;
    engine.settings = engines::docker_settings(look, &daemon);
    engines::socket(look, SOCKET, &mut engine.settings);
    if names == Found::Missing {
        look.seen.outcome(
            OutcomeKind::NotConfigured,
            format!("docker is here and {folder}/containers is not"),
            format!("name its folder as data-root in /etc/docker/daemon.json, or grant {SOCKET} in settings.containers.sockets"),
        );
    }
    let mapped = text(&daemon["userns-remap"]).is_some();
    let mut containers = Vec::new();
    let names = names.here().unwrap_or_default();
    for id in names.iter().take(MOST) {
        let place = format!("{folder}/containers/{id}");
        let config = engines::json_of_many(
            look,
            &format!("{place}/config.v2.json"),
            &format!("{folder}/containers/*/config.v2.json"),
        );
        let host = engines::json_of_many(
            look,
            &format!("{place}/hostconfig.json"),
            &format!("{folder}/containers/*/hostconfig.json"),
        );
        match (config, host) {
            (Some(config), Some(host)) => containers.push(kept(look, &config, &host, mapped)),
            (_, _) => engine.containers_complete = false,
        }
    }
    stand_ins(&mut containers, names.len().saturating_sub(MOST));
    let images = images(look, &folder);
    engine.images_complete &= images.is_some();
    seen.add(look, engine, images.unwrap_or_default(), containers);
}

/// One container out of its two files.
fn kept(look: &mut Look<'_>, config: &Value, host: &Value, mapped: bool) -> Container {
    let points: Vec<&Value> =
        config["MountPoints"].as_object().map(|map| map.values().collect()).unwrap_or_default();
    let inspected = json!({
        "Name": config["Name"], "Image": config["Image"], "Created": config["Created"],
        "Config": config["Config"], "HostConfig": host, "Mounts": points,
    });
    let running = config["State"]["Running"] == true;
    let pid = config["State"]["Pid"].as_u64().unwrap_or(0);
    // The file keeps saying so when the machine went down with it.
    let gone = look.host.is_live() && !look.host.exists(&format!("/proc/{pid}"));
    let state = match (running && !gone, config["State"]["Paused"] == true) {
        (true, true) => "paused",
        (true, false) => "running",
        (false, _) => "stopped",
    };
    let mut container = inspect(&inspected, mapped);
    container.state = Some(state.to_owned());
    if config["NoNewPrivileges"] == true {
        container.no_new_privileges = Some(true);
    }
    container
}

/// One container as `docker inspect` tells it.
pub(super) fn inspect(told: &Value, mapped: bool) -> Container {
    let (config, host) = (&told["Config"], &told["HostConfig"]);
    let privileged = host["Privileged"].as_bool();
    let options = texts(&host["SecurityOpt"]);
    let unconfined =
        options.iter().any(|one| one == "seccomp=unconfined" || one == "seccomp:unconfined");
    let user = config["User"].as_str();
    let restart = text(&host["RestartPolicy"]["Name"]).unwrap_or_else(|| "no".to_owned());
    Container {
        engine: String::new(),
        name: text(&told["Name"]).unwrap_or_default().trim_start_matches('/').to_owned(),
        image: reference(&config["Image"]),
        image_id: text(&told["Image"]),
        state: text(&told["State"]["Status"]).map(|state| word(&state).to_owned()),
        created: time(&told["Created"]),
        root: user.map(is_root),
        privileged,
        shares: shares(host),
        users_mapped: Some(mapped && host["UsernsMode"] != "host"),
        capabilities_added: host.is_object().then(|| {
            if privileged == Some(true) {
                vec!["ALL".to_owned()]
            } else {
                beyond_default(&texts(&host["CapAdd"]))
            }
        }),
        no_new_privileges: host.is_object().then(|| {
            options.iter().any(|one| {
                one.strip_prefix("no-new-privileges").is_some_and(|rest| !rest.ends_with("false"))
            })
        }),
        seccomp: privileged.map(|privileged| !privileged && !unconfined),
        read_only: host["ReadonlyRootfs"].as_bool(),
        mounts: told["Mounts"].as_array().map(|all| all.iter().filter_map(mount).collect()),
        ports: host.is_object().then(|| ports(&host["PortBindings"])),
        restart: host.is_object().then_some(restart),
        secret_variables: config.is_object().then(|| secret_variables(&config["Env"])),
    }
}

fn word(state: &str) -> &str {
    match state {
        "exited" | "dead" | "removing" | "stopping" => "stopped",
        "restarting" => "running",
        "configured" | "initialized" => "created",
        other => other,
    }
}

/// Null where it joins another container, which may share the host's.
fn shares(host: &Value) -> Option<Vec<String>> {
    let mut shared = Vec::new();
    for (key, name) in
        [("IpcMode", "ipc"), ("NetworkMode", "network"), ("PidMode", "pid"), ("UTSMode", "uts")]
    {
        let mode = host[key].as_str()?;
        if mode.starts_with("container:") {
            return None;
        }
        if mode == "host" {
            shared.push(name.to_owned());
        }
    }
    Some(shared)
}

fn mount(point: &Value) -> Option<ContainerMount> {
    let kind = point["Type"].as_str()?;
    let source = match kind {
        "bind" => text(&point["Source"])?,
        "volume" => text(&point["Name"])?,
        _ => return None,
    };
    Some(ContainerMount {
        source,
        target: text(&point["Destination"])?,
        kind: kind.to_owned(),
        writable: point["RW"].as_bool()?,
    })
}

/// `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`; no address stands for all of them.
fn ports(bindings: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (inside, outside) in bindings.as_object().into_iter().flatten() {
        for binding in list(outside) {
            let address = text(&binding["HostIp"]).unwrap_or_else(|| "0.0.0.0".to_owned());
            let port = text(&binding["HostPort"]).unwrap_or_else(|| "*".to_owned());
            found.push(format!("{address}:{port}->{inside}"));
        }
    }
    found
}

/// The images of Docker's own store; none when it keeps them elsewhere, which an outcome then says.
fn images(look: &mut Look<'_>, folder: &str) -> Option<Vec<Image>> {
    let place = format!("{folder}/image");
    let Some(drivers) = look.names(&place).here().filter(|names| !names.is_empty()) else {
        look.seen.outcome(
            OutcomeKind::NotConfigured,
            format!("the images of docker are not in {place}: it keeps them in containerd"),
            format!("grant {SOCKET} in settings.containers.sockets"),
        );
        return None;
    };
    let mut images = Vec::new();
    for driver in drivers {
        let store = format!("{place}/{driver}");
        let named = engines::json(look, &format!("{store}/repositories.json"));
        let named = named.unwrap_or(Value::Null);
        let content = format!("{store}/imagedb/content/sha256");
        let ids = look.names(&content).here()?;
        for id in ids.iter().take(MOST) {
            let config =
                engines::json_of_many(look, &format!("{content}/{id}"), &format!("{content}/*"))
                    .unwrap_or(Value::Null);
            images.push(image(&format!("sha256:{id}"), &named, &config));
        }
        stand_ins(&mut images, ids.len().saturating_sub(MOST));
    }
    Some(images)
}

fn image(id: &str, named: &Value, config: &Value) -> Image {
    let mut image = Image {
        id: id.to_owned(),
        created: time(&config["created"]),
        // A configuration may leave it out.
        user: config["config"]
            .is_object()
            .then(|| text(&config["config"]["User"]).unwrap_or_default()),
        ..Image::default()
    };
    let repositories = named["Repositories"].as_object().into_iter().flatten();
    for (name, target) in repositories.filter_map(|(_, all)| all.as_object()).flatten() {
        if target != id {
            continue;
        }
        match name.split_once('@') {
            Some((_, digest)) => image.digests.push(digest.to_owned()),
            None => image.names.push(name.clone()),
        }
    }
    image
}
