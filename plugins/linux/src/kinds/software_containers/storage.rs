//! Podman and CRI-O: the folder in which both keep images and containers, the host's and that of every account.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use exhibit_plugin::{
    OutcomeKind,
    kinds::software_containers::{Container, Image},
};
use serde_json::Value;

use super::{
    MOST, Seen, engines,
    facts::{list, reference, text, texts, time},
    oci, stand_ins,
};
use crate::{
    accounts::Tables,
    look::{Found, Look},
    services,
};

const CONFIGURED: &str = "/etc/containers/storage.conf";
const HOSTS: &str = "/var/lib/containers/storage";
const SOCKET: &str = "/run/podman/podman.sock";

/// What lies in the folders, unless a socket told it already.
pub(super) fn stored(look: &mut Look<'_>, seen: &mut Seen) {
    let folder = configured(look).unwrap_or_else(|| HOSTS.to_owned());
    let crio = services::is_installed(&look.host, "crio.service");
    let podman =
        ["libpod", "db.sql"].iter().any(|name| look.host.exists(&format!("{folder}/{name}")));
    let id = if crio && !podman { "cri-o" } else { "podman" };
    store(look, seen, id, &folder, "/run/containers/storage");
    let mut denied = Vec::new();
    for user in Tables::read(look).users {
        let folder = format!("{}/.local/share/containers/storage", user.home.trim_end_matches('/'));
        match look.host.facts(&folder) {
            Ok(Some(_)) => {
                let run = format!("/run/user/{}/containers", user.uid);
                store(look, seen, &format!("podman@{}", user.name), &folder, &run);
            }
            Ok(None) => {}
            Err(_) => denied.push(user.home),
        }
    }
    if let Some(first) = denied.first() {
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("{} homes cannot be entered, such as {first}: whether containers lie there is not known", denied.len()),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root)",
        );
    }
}

/// Another folder that the settings name.
fn configured(look: &mut Look<'_>) -> Option<String> {
    let content = look.text(CONFIGURED).here()?;
    let mut values = content.lines().filter_map(|line| line.trim().strip_prefix("graphroot"));
    let value = values.find_map(|rest| rest.trim_start().strip_prefix('='))?;
    Some(value.trim().trim_matches('"').trim_end_matches('/').to_owned())
}

/// One folder with everything in it.
fn store(look: &mut Look<'_>, seen: &mut Seen, id: &str, folder: &str, run: &str) {
    if seen.has(id) {
        return;
    }
    let names = match look.names(folder) {
        Found::Here(names) => names,
        Found::Missing => return,
        Found::Unreadable => {
            let engine = engines::engine(id, "nothing", folder);
            return seen.add(look, engine, Vec::new(), Vec::new());
        }
    };
    let mut engine = engines::engine(id, "storage", folder);
    engine.settings = engines::containers_settings(look);
    if id == "podman" {
        engines::socket(look, SOCKET, &mut engine.settings);
    }
    if id == "cri-o" {
        engine.active = engines::active(look, "crio.service", "crio");
    }
    let (mut images, mut containers) = (Vec::new(), Vec::new());
    for name in names {
        if let Some(driver) = name.strip_suffix("-images") {
            let place = format!("{folder}/{driver}-images");
            let listed = index(look, &format!("{place}/images.json"));
            engine.images_complete &= listed.is_some();
            let listed = listed.unwrap_or_default();
            images.extend(listed.iter().take(MOST).map(|one| image(look, &place, one)));
            stand_ins(&mut images, listed.len().saturating_sub(MOST));
        } else if let Some(driver) = name.strip_suffix("-containers") {
            let listed = index(look, &format!("{folder}/{driver}-containers/containers.json"));
            engine.containers_complete &= listed.is_some();
            let listed = listed.unwrap_or_default();
            for one in listed.iter().take(MOST) {
                let below = format!("{driver}-containers");
                containers.push(container(
                    look,
                    &format!("{folder}/{below}"),
                    &format!("{run}/{below}"),
                    one,
                ));
            }
            stand_ins(&mut containers, listed.len().saturating_sub(MOST));
        }
    }
    seen.add(look, engine, images, containers);
}

/// The list of a store: empty when nothing was ever put there, none when it cannot be understood.
fn index(look: &mut Look<'_>, file: &str) -> Option<Vec<Value>> {
    if !look.host.exists(file) {
        return Some(Vec::new());
    }
    match engines::json(look, file)? {
        Value::Array(list) => Some(list),
        Value::Null => Some(Vec::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            look.garbled(file, "it is no list");
            None
        }
    }
}

fn image(look: &mut Look<'_>, place: &str, one: &Value) -> Image {
    let id = text(&one["id"]).unwrap_or_default();
    let key = format!("sha256:{id}");
    // The name of a file of the store that is not plain is written in base 64.
    let file = format!("{place}/{id}/={}", STANDARD.encode(&key));
    let config = if is_id(&id) {
        engines::json_of_many(look, &file, &format!("{place}/*/=*"))
    } else {
        None
    };
    let config = config.unwrap_or(Value::Null);
    Image {
        id: key,
        names: texts(&one["names"]),
        digests: text(&one["digest"]).into_iter().collect(),
        created: time(&config["created"]).or_else(|| time(&one["created"])),
        user: config.is_object().then(|| text(&config["config"]["User"]).unwrap_or_default()),
        ..Image::default()
    }
}

/// Whether it may be part of a path.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn container(look: &mut Look<'_>, place: &str, run: &str, one: &Value) -> Container {
    let id = text(&one["id"]).unwrap_or_default();
    let metadata: Value = one["metadata"]
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let spec = format!("{place}/{id}/userdata/config.json");
    let was_started = is_id(&id) && look.host.exists(&spec);
    let specified = if was_started {
        engines::json_of_many(look, &spec, &format!("{place}/*/userdata/config.json"))
    } else {
        None
    };
    let told =
        specified.as_ref().and_then(|spec| oci::container(spec, |path| is_hosts(look, path)));
    if specified.is_some() && told.is_none() {
        look.garbled(&spec, "it is no configuration of the OCI runtime specification");
    }
    let name = list(&one["names"]).first().and_then(text);
    Container {
        name: kubernetes(specified.as_ref()).or(name).unwrap_or_else(|| id.clone()),
        image: reference(&metadata["image-name"]),
        image_id: text(&one["image"]).map(|image| format!("sha256:{image}")),
        created: time(&one["created"]),
        state: state(look, run, &id, was_started),
        ..told.unwrap_or_default()
    }
}

/// Name by which Kubernetes knows it.
pub(super) fn kubernetes(spec: Option<&Value>) -> Option<String> {
    let notes = &spec?["annotations"];
    let first = |keys: [&str; 2]| keys.iter().find_map(|key| text(&notes[*key]));
    let space = first(["io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"])?;
    let pod = first(["io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"])?;
    let name = first(["io.kubernetes.cri.container-name", "io.kubernetes.container.name"])?;
    Some(format!("{space}/{pod}/{name}"))
}

/// Whether a path leads to the same namespace as that of the first process. None: not to be seen.
pub(super) fn is_hosts(look: &Look<'_>, path: &str) -> Option<bool> {
    let name = path.rsplit('/').next()?;
    if !look.host.is_live() {
        return None;
    }
    Some(look.host.link(path)? == look.host.link(&format!("/proc/1/ns/{name}"))?)
}

/// What the running host says of a container. None: not a running host, or not to be told.
fn state(look: &mut Look<'_>, run: &str, id: &str, was_started: bool) -> Option<String> {
    if !look.host.is_live() || !is_id(id) {
        return None;
    }
    let rest = if was_started { "stopped" } else { "created" };
    look.seen.method(format!("{run}/*/userdata/pidfile"));
    let pid = match look.host.text(&format!("{run}/{id}/userdata/pidfile")) {
        Ok(Some(pid)) => pid.trim().parse::<u32>().ok()?,
        Ok(None) => return Some(rest.to_owned()),
        Err(_) => return None,
    };
    match look.host.text(&format!("/proc/{pid}/cgroup")) {
        // Another process may have its number by now.
        Ok(Some(groups)) => groups.contains(id).then(|| "running".to_owned()),
        Ok(None) => Some(rest.to_owned()),
        Err(_) => None,
    }
}
