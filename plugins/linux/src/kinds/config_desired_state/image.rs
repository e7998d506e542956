//! The image that an ostree or bootc host boots. It fetches none.

use exhibit_plugin::kinds::config_desired_state::Image;
use serde_json::Value;

use crate::{look::Look, tool::Tool};

pub(super) fn find(look: &mut Look<'_>) -> Option<Image> {
    if !look.host.exists("/ostree/repo") && !look.host.exists("/run/ostree-booted") {
        return None;
    }
    let line = look.text("/proc/cmdline").here().unwrap_or_default();
    let booted = line.split_whitespace().find_map(|word| word.strip_prefix("ostree="))?;
    // ostree=/ostree/boot.1/<name of the system>/<checksum of kernel>/<serial>
    let mut parts = booted.trim_start_matches('/').split('/').skip(2);
    let mut image = Image {
        mechanism: "ostree".to_owned(),
        reference: parts.next().map(str::to_owned),
        digest: None,
        signed: signed(look),
        layered: None,
        source: "/proc/cmdline".to_owned(),
    };
    if look.host.is_live()
        && let Ok(output) = look.try_run(&Tool::new("rpm-ostree", &["status", "--json"]))
        && output.is_success()
    {
        told(&output.stdout, &mut image);
    }
    Some(image)
}

fn told(text: &str, image: &mut Image) {
    let Ok(status) = serde_json::from_str::<Value>(text) else { return };
    let list = status.get("deployments").and_then(Value::as_array);
    let mut list = list.into_iter().flatten();
    let is_booted = |one: &&Value| one.get("booted").and_then(Value::as_bool) == Some(true);
    let Some(booted) = list.find(is_booted) else { return };
    let word = |key: &str| booted.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(reference) = word("container-image-reference") {
        "bootc".clone_into(&mut image.mechanism);
        image.reference = Some(reference);
        image.digest = word("container-image-reference-digest");
    } else {
        image.reference = word("origin").or(image.reference.take());
        image.digest = word("checksum");
    }
    let packages = booted.get("requested-packages").and_then(Value::as_array);
    image.layered = packages.map(|packages| !packages.is_empty());
    "rpm-ostree status --json".clone_into(&mut image.source);
}

/// Whether every remote demands a signature; none when there is no remote.
fn signed(look: &mut Look<'_>) -> Option<bool> {
    let folder = "/etc/ostree/remotes.d";
    let names = look.names(folder).here().unwrap_or_default();
    let mut all = None;
    for name in names.iter().filter(|name| name.ends_with(".conf")) {
        let Some(text) = look.text(&format!("{folder}/{name}")).here() else { continue };
        let off = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .any(|(key, value)| key.trim() == "gpg-verify" && value.trim() != "true");
        all = Some(all.unwrap_or(true) && !off);
    }
    all
}
