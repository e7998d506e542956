//! Whether a service is installed, switched on and running: from systemd where it is the init, otherwise from unit files
//! and the process table. It never starts or stops one.

use std::collections::BTreeMap;
use std::fs;

use super::host::Host;
use super::look::Look;
use super::tool::Tool;

const UNIT_FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
const WANTS_FOLDERS: [&str; 2] = ["/etc/systemd/system", "/usr/lib/systemd/system"];

/// One service as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Switched on for the next start. None: not determinable.
    pub enabled: Option<bool>,
    /// Runs now. None: not determinable.
    pub active: Option<bool>,
}

/// The state of `unit`, whose main process calls itself `process`; none when it is not installed.
pub fn find(look: &mut Look<'_>, unit: &str, process: &str) -> Option<Service> {
    let installed = is_installed(&look.host, unit);
    if look.host.is_live()
        && look.host.exists("/run/systemd/system")
        && let Some(service) = from_systemd(look, unit)
    {
        return (installed || service.active == Some(true)).then_some(service);
    }
    let active = if look.host.is_live() {
        look.seen.method("/proc/<pid>/comm");
        runs(&look.host, process)
    } else {
        None
    };
    if !installed && active != Some(true) {
        return None;
    }
    look.seen.method(format!("/etc/systemd/system/*.wants/{unit}"));
    Some(Service { enabled: Some(is_wanted(&look.host, unit)), active })
}

/// Whether a unit file of this name exists. Cheap: it asks nobody.
#[must_use]
pub fn is_installed(host: &Host, unit: &str) -> bool {
    UNIT_FOLDERS.iter().any(|folder| host.exists(&format!("{folder}/{unit}")))
}

fn from_systemd(look: &mut Look<'_>, unit: &str) -> Option<Service> {
    let tool =
        Tool::new("systemctl", &["show", "--property=ActiveState,UnitFileState", "--", unit]);
    let output = look.try_run(&tool).ok().filter(super::tool::Output::is_success)?;
    let values: BTreeMap<&str, &str> =
        output.stdout.lines().filter_map(|line| line.split_once('=')).collect();
    Some(Service {
        enabled: match *values.get("UnitFileState")? {
            "enabled" | "enabled-runtime" | "static" | "alias" | "indirect" | "generated" => {
                Some(true)
            }
            "disabled" | "masked" | "masked-runtime" => Some(false),
            _ => None,
        },
        active: match *values.get("ActiveState")? {
            "active" | "reloading" | "activating" => Some(true),
            "inactive" | "failed" | "deactivating" => Some(false),
            _ => None,
        },
    })
}

/// Whether a process of this name exists; the kernel keeps its first 15 bytes. None: /proc is not listable, or forbidden.
fn runs(host: &Host, process: &str) -> Option<bool> {
    let wanted: String = process.chars().take(15).collect();
    let entries = fs::read_dir("/proc").ok()?;
    let (mut found, mut forbidden) = (false, false);
    for name in entries.flatten().map(|entry| entry.path().join("comm")) {
        if host.allows(&name.to_string_lossy()) {
            found |= fs::read_to_string(&name).is_ok_and(|comm| comm.trim_end() == wanted);
        } else {
            forbidden = true;
        }
    }
    (found || !forbidden).then_some(found)
}

/// Whether a target or another unit pulls the unit in at start, and nothing masks it.
pub fn is_wanted(host: &Host, unit: &str) -> bool {
    if host.link(&format!("/etc/systemd/system/{unit}")).as_deref() == Some("/dev/null") {
        return false;
    }
    WANTS_FOLDERS.iter().any(|folder| {
        let names = host.names(folder).ok().flatten().unwrap_or_default();
        names
            .iter()
            .filter(|name| name.ends_with(".wants") || name.ends_with(".requires"))
            .any(|name| host.link(&format!("{folder}/{name}/{unit}")).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    #[test]
    fn installed_wanted_and_masked_are_told_apart() {
        let unit = "/usr/lib/systemd/system/chrony.service";
        let root = testing::planted(&[(unit, "[Unit]\n")]);
        let job = testing::job(root.path());
        let state = || find(&mut Look::new(&job), "chrony.service", "chronyd");
        assert_eq!(state(), Some(Service { enabled: Some(false), active: None }));
        let wants = root.path().join("etc/systemd/system/multi-user.target.wants");
        fs::create_dir_all(&wants).unwrap();
        symlink(unit, wants.join("chrony.service")).unwrap();
        assert_eq!(state(), Some(Service { enabled: Some(true), active: None }));
        symlink("/dev/null", root.path().join("etc/systemd/system/chrony.service")).unwrap();
        assert_eq!(state().unwrap().enabled, Some(false));
        assert_eq!(find(&mut Look::new(&job), "ntpsec.service", "ntpd"), None);
    }

    #[test]
    fn this_very_process_runs_and_an_invented_one_does_not() {
        let own = fs::read_to_string("/proc/self/comm").unwrap();
        assert_eq!(runs(&Host::new(Path::new("/")), own.trim_end()), Some(true));
        assert_eq!(runs(&Host::new(Path::new("/")), "no-such-process"), Some(false));
    }
}
