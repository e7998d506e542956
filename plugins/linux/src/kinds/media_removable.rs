//! `media.removable` of a Linux host: modules, USBGuard, kernel parameters, udisks, and what is attached now.
//!
//! It reads no medium and no serial number, and loads no module.

mod devices;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::media_removable::{Control, KIND, RemovableMedia},
};

use crate::{
    look::{Found, Look},
    services,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/proc/modules, /lib/modules/<release>/modules.{dep,builtin}",
        "/{etc,run,usr/lib,lib}/modprobe.d/*.conf",
        "/proc/cmdline, /sys/module/usbcore/parameters/authorized_default",
        "/etc/usbguard/{usbguard-daemon.conf,rules.conf,rules.d}: targets of rules, counted",
        "systemctl show of usbguard, udisks2 and autofs, or /proc/<pid>/comm",
        "/sys/block/*, /proc/self/mountinfo",
    ],
    needs: &["CAP_DAC_READ_SEARCH: /etc/usbguard, which only root may read"],
    observe,
};

/// Modules through which USB sticks, cards and FireWire disks come in.
const MODULES: [&str; 4] = ["usb_storage", "uas", "mmc_block", "firewire_sbp2"];
const MODPROBE: [&str; 4] =
    ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let modules = modules(&mut look);
    let guard = usbguard(&mut look);
    let authorised = authorised_default(&mut look);
    let blocked = blocked(&modules, guard.as_ref(), authorised.as_ref());
    let mut controls = modules;
    controls.extend(guard);
    controls.extend(authorised);
    for (name, unit, process) in
        [("udisks2", "udisks2.service", "udisksd"), ("autofs", "autofs.service", "automount")]
    {
        if let Some(service) = services::find(&mut look, unit, process) {
            controls.push(Control {
                name: name.to_owned(),
                state: activity(service.active, service.enabled).to_owned(),
                detail: None,
                source: unit.to_owned(),
            });
        }
    }
    let devices = if look.host.is_live() {
        devices::attached(&mut look)
    } else {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "devices are attached to a running host, and {} is only a file tree",
                job.root.display()
            ),
            "observe the running host with root '/'",
        );
        None
    };
    let rows = controls.len() + devices.as_ref().map_or(0, Vec::len);
    look.seen.document(RemovableMedia { usb_storage_blocked: blocked, controls, devices }, rows);
    look.done()
}

fn activity(active: Option<bool>, enabled: Option<bool>) -> &'static str {
    match (active, enabled) {
        (Some(true), _) => "active",
        (Some(false), _) => "inactive",
        (None, Some(true)) => "enabled",
        (None, Some(false)) => "disabled",
        (None, None) => "unknown",
    }
}

/// State of each module; none that cannot be told.
fn modules(look: &mut Look<'_>) -> Vec<Control> {
    let loaded = look.text("/proc/modules").here().unwrap_or_default();
    let release = look.text("/proc/sys/kernel/osrelease").here().unwrap_or_default();
    let folder = format!("/lib/modules/{}", release.trim());
    let kernel = !release.trim().is_empty() && look.host.exists(&folder);
    let available = if kernel { look.text(&format!("{folder}/modules.dep")).here() } else { None };
    let builtin =
        if kernel { look.text(&format!("{folder}/modules.builtin")).here() } else { None };
    let rules = modprobe(look);
    MODULES
        .iter()
        .map(|module| {
            let file = |text: &Option<String>| text.as_ref().map(|text| lists(text, module));
            let rule = rules.iter().find(|(name, ..)| name == module);
            let is_loaded =
                loaded.lines().any(|line| line.split_whitespace().next() == Some(module));
            // A driver that is built in shows only by its folder when the kernel's own lists are absent.
            let folder = look.host.is_live() && look.host.exists(&format!("/sys/module/{module}"));
            let state = match (is_loaded, file(&builtin), file(&available), rule) {
                (true, ..) => "loaded",
                (false, Some(true), ..) => "builtin",
                (false, ..) if folder => "builtin",
                (false, _, _, Some((_, "disabled", _))) => "disabled",
                (false, _, Some(false), _) => "absent",
                (false, _, _, Some((_, state, _))) => state,
                (false, _, Some(true), None) => "available",
                (false, _, None, None) => "unknown",
            };
            Control {
                name: format!("module:{module}"),
                state: state.to_owned(),
                detail: rule
                    .filter(|(_, rule, _)| *rule != state)
                    .map(|(_, rule, place)| format!("{rule} by {place}")),
                source: rule
                    .map_or_else(|| "/proc/modules".to_owned(), |(.., place)| place.clone()),
            }
        })
        .collect()
}

/// Whether a list of module files names a module; file names use `-` or `_`.
fn lists(text: &str, module: &str) -> bool {
    text.lines()
        .filter_map(|line| line.split(':').next()?.rsplit('/').next())
        .any(|file| file.split('.').next().is_some_and(|name| name.replace('-', "_") == module))
}

/// Modules that modprobe.d(5) keeps out: name, `disabled` (cannot be loaded by name) or `blacklisted` (not by itself),
/// place.
fn modprobe(look: &mut Look<'_>) -> Vec<(String, &'static str, String)> {
    let mut found: Vec<(String, &'static str, String)> = Vec::new();
    for folder in MODPROBE {
        for name in look.names(folder).here().unwrap_or_default() {
            if !name.ends_with(".conf") {
                continue;
            }
            let path = format!("{folder}/{name}");
            let text = look.text(&path).here().unwrap_or_default();
            for (number, line) in (1..).zip(text.lines()) {
                let words: Vec<&str> = line.split_whitespace().collect();
                let (module, state) = match words.as_slice() {
                    ["blacklist", module, ..] => (module, "blacklisted"),
                    ["install", module, command, ..] if refuses(command) => (module, "disabled"),
                    _ => continue,
                };
                let module = module.replace('-', "_");
                let known = found.iter_mut().find(|(name, ..)| *name == module);
                match known {
                    Some(known) if state == "disabled" => {
                        *known = (module, state, format!("{path}:{number}"))
                    }
                    Some(_) => {}
                    None => found.push((module, state, format!("{path}:{number}"))),
                }
            }
        }
    }
    found
}

fn refuses(command: &str) -> bool {
    matches!(command.rsplit('/').next(), Some("false" | "true" | "nologin" | ":"))
}

/// USBGuard: whether it runs, what it does with a device that no rule names, and how many rules of each target it has.
fn usbguard(look: &mut Look<'_>) -> Option<Control> {
    const DAEMON: &str = "/etc/usbguard/usbguard-daemon.conf";
    let service = services::find(look, "usbguard.service", "usbguard-daemon")?;
    let daemon = look.text(DAEMON);
    let implicit = match &daemon {
        // Its documented default.
        Found::Here(text) => {
            Some(setting(text, "ImplicitPolicyTarget").unwrap_or_else(|| "block".to_owned()))
        }
        Found::Missing | Found::Unreadable => None,
    };
    let mut files = vec!["/etc/usbguard/rules.conf".to_owned()];
    for name in look.names("/etc/usbguard/rules.d").here().unwrap_or_default() {
        files.push(format!("/etc/usbguard/rules.d/{name}"));
    }
    let (mut rules, mut readable) = ([("allow", 0), ("block", 0), ("reject", 0)], true);
    for file in files {
        match look.text(&file) {
            Found::Here(text) => {
                for (target, count) in &mut rules {
                    *count += text
                        .lines()
                        .filter(|line| line.split_whitespace().next() == Some(target))
                        .count();
                }
            }
            Found::Missing => {}
            Found::Unreadable => readable = false,
        }
    }
    let counted = rules.map(|(target, count)| format!("{count} {target}")).join(", ");
    let counted =
        if readable { format!("rules: {counted}") } else { "rules not readable".to_owned() };
    let implicit = implicit.unwrap_or_else(|| "not known".to_owned());
    Some(Control {
        name: "usbguard".to_owned(),
        state: activity(service.active, service.enabled).to_owned(),
        detail: Some(format!("implicit target {implicit}; {counted}")),
        source: DAEMON.to_owned(),
    })
}

fn setting(text: &str, key: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.trim().split_once('='));
    lines
        .filter(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().to_owned())
        .next_back()
}

/// Whether the kernel lets USB devices in before anybody allowed them.
fn authorised_default(look: &mut Look<'_>) -> Option<Control> {
    let source = "/sys/module/usbcore/parameters/authorized_default";
    let (value, source) = match look.text(source) {
        Found::Here(value) => (value.trim().to_owned(), source),
        Found::Missing | Found::Unreadable => {
            let line = look.text("/proc/cmdline").here()?;
            let value = line
                .split_whitespace()
                .find_map(|word| word.strip_prefix("usbcore.authorized_default="))?;
            (value.to_owned(), "/proc/cmdline")
        }
    };
    Some(Control {
        name: "usbcore.authorized_default".to_owned(),
        state: value,
        detail: None,
        source: source.to_owned(),
    })
}

/// Whether storage that nobody allowed is kept out; none when the modules cannot be told.
fn blocked(
    modules: &[Control],
    guard: Option<&Control>,
    authorised: Option<&Control>,
) -> Option<bool> {
    let state =
        |name: &str| modules.iter().find(|one| one.name == name).map(|one| one.state.as_str());
    let guards = guard.is_some_and(|guard| {
        guard.state == "active"
            && guard.detail.as_deref().is_some_and(|text| {
                text.starts_with("implicit target block")
                    || text.starts_with("implicit target reject")
            })
    });
    if guards || authorised.is_some_and(|one| one.state == "0") {
        return Some(true);
    }
    // UAS needs usb-storage, so that one decides.
    match state("module:usb_storage")? {
        "disabled" | "absent" => Some(true),
        // A blacklisted module is still loaded by name.
        "loaded" | "builtin" | "available" | "blacklisted" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing;

    const KERNEL: [(&str, &str); 3] = [
        ("/proc/sys/kernel/osrelease", "6.1.0-9\n"),
        ("/proc/modules", "ext4 1 0 - Live 0x0\n"),
        ("/lib/modules/6.1.0-9/modules.builtin", "kernel/drivers/mmc/core/mmc_block.ko\n"),
    ];
    const DEP: (&str, &str) = (
        "/lib/modules/6.1.0-9/modules.dep",
        "kernel/drivers/usb/storage/usb-storage.ko.xz: kernel/x.ko\nkernel/drivers/usb/storage/uas.ko:\n",
    );

    fn see(files: &[(&str, &str)]) -> Value {
        let files: Vec<_> = KERNEL.iter().chain(files).copied().collect();
        let root = testing::planted(&files);
        testing::body(KIND, &observe(&testing::job(root.path())))
    }

    fn state(body: &Value, name: &str) -> Value {
        let rows = body["controls"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).map_or(Value::Null, |row| row["state"].clone())
    }

    #[test]
    fn a_blacklist_keeps_nobody_out_and_an_install_line_does() {
        let body = see(&[DEP, ("/etc/modprobe.d/a.conf", "blacklist usb-storage\n")]);
        assert_eq!(
            (state(&body, "module:usb_storage"), &body["usb_storage_blocked"]),
            (json!("blacklisted"), &json!(false))
        );
        let body = see(&[
            DEP,
            ("/etc/modprobe.d/a.conf", "blacklist usb-storage\ninstall usb-storage /bin/false\n"),
        ]);
        assert_eq!(
            (state(&body, "module:usb_storage"), &body["usb_storage_blocked"]),
            (json!("disabled"), &json!(true))
        );
        assert_eq!(state(&body, "module:mmc_block"), "builtin");
        assert_eq!(state(&body, "module:firewire_sbp2"), "absent");
        let body = see(&[
            DEP,
            ("/proc/modules", "usb_storage 1 0 - Live 0x0\n"),
            ("/etc/modprobe.d/a.conf", "install usb-storage /bin/true\n"),
        ]);
        assert_eq!(
            (state(&body, "module:usb_storage"), &body["usb_storage_blocked"]),
            (json!("loaded"), &json!(false))
        );
        assert_eq!(see(&[])["usb_storage_blocked"], Value::Null);
        assert_eq!(
            see(&[DEP, ("/proc/cmdline", "quiet usbcore.authorized_default=0 secret=SECRET\n")])["usb_storage_blocked"],
            true
        );
    }

    #[test]
    fn usbguard_is_told_by_its_counts_and_no_device_is_named() {
        let body = see(&[
            DEP,
            ("/usr/lib/systemd/system/usbguard.service", "[Unit]\n"),
            (
                "/etc/usbguard/usbguard-daemon.conf",
                "# c\nImplicitPolicyTarget=block\nIPCAllowedUsers=root\n",
            ),
            (
                "/etc/usbguard/rules.conf",
                "allow id 1:2 serial \"SECRET\" name \"SECRET\"\nblock id 3:4\n",
            ),
        ]);
        let guard = body["controls"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == "usbguard")
            .unwrap();
        assert_eq!(guard["detail"], "implicit target block; rules: 1 allow, 1 block, 0 reject");
        // It is installed and not switched on.
        assert_eq!(body["usb_storage_blocked"], false);
        assert!(!body.to_string().contains("SECRET"));
    }
}
