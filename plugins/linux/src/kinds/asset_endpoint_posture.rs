//! `asset.endpoint_posture` of a Linux host that people sit at: its locks, its encryption, how it starts, updates itself and is
//! protected. A host without a graphical session is no such device, and says so.
//!
//! It reads settings for everybody and no person's own.

mod locks;
mod sessions;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::asset_endpoint_posture::{Device, EndpointPosture, KIND, Protection},
};
use jiff::tz::TimeZone;

use super::{
    asset_inventory::hardware,
    config_baseline::kernel,
    crypto_at_rest,
    malware_protection::endpoint,
    network_firewall::front_ends,
    patch_status::{self, support},
};
use crate::{look::Look, os_release::OsRelease, services};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/usr/share/{xsessions,wayland-sessions}/*.desktop",
        "/etc/dconf/db/*.d with locks, /usr/share/glib-2.0/schemas/*.override, /etc/xdg/kscreenlockerrc",
        "/etc/{gdm,gdm3}/*.conf, /etc/sddm.conf with drop-ins, /etc/lightdm/lightdm.conf with drop-ins",
        "what crypto.at_rest, config.baseline, patch.status and malware.protection read of disks, start, updates and protection",
        "/sys/class/tpm/tpm0/tpm_version_major, /sys/class/dmi/id/chassis_type, /etc/machine-id, /etc/hostname",
        "front ends of the packet filter, unit files of agents that manage devices",
    ],
    needs: &[
        "root: the cipher of a dm-crypt device",
        "CAP_DAC_READ_SEARCH: logs of automatic updates, some settings of display managers",
    ],
    observe,
};

/// Agents that manage devices, by unit.
const MANAGERS: [(&str, &str); 9] = [
    ("canonical-livepatch", "snap.canonical-livepatch.canonical-livepatchd.service"),
    ("fleet", "orbit.service"),
    ("intune", "intune-daemon.service"),
    ("intune", "microsoft-identity-device-broker.service"),
    ("jumpcloud", "jcagent.service"),
    ("kandji", "kandji-agent.service"),
    ("kolide", "launcher.kolide-k2.service"),
    ("landscape", "landscape-client.service"),
    ("osquery", "osqueryd.service"),
];

/// Kinds of chassis that are carried (SMBIOS, system enclosure): portable, laptop, notebook, hand held, sub notebook, tablet,
/// convertible, detachable.
const CARRIED: [u32; 8] = [8, 9, 10, 11, 14, 30, 31, 32];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let sessions = sessions::all(&mut look);
    if sessions.is_empty() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "no graphical session is installed: nobody sits at this host",
            "nothing needs to be done; servers are described by the other kinds",
        );
        return look.done();
    }
    let device = device(&mut look, sessions);
    look.seen.document(EndpointPosture { devices: vec![device] }, 1);
    look.done()
}

fn device(look: &mut Look<'_>, sessions: Vec<String>) -> Device {
    let line = |look: &mut Look<'_>, path: &str| {
        let text = look.text(path).here()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let release = OsRelease::read(look);
    let today = look.job.now.to_zoned(TimeZone::UTC).date();
    let system = support::observe(look, &release, today);
    let (updates_automatic, last_update) = patch_status::upkeep(look);
    let chassis: Option<u32> =
        hardware::dmi(look, "chassis_type").and_then(|kind| kind.parse().ok());
    Device {
        id: line(look, "/etc/machine-id").unwrap_or_else(|| look.job.target.clone()),
        name: line(look, "/etc/hostname").unwrap_or_default(),
        owner: None,
        portable: chassis.map(|kind| CARRIED.contains(&kind)),
        screen_locks: locks::all(look, &sessions),
        automatic_sign_in: sessions::automatic(look),
        sessions,
        system: Some(system.name).filter(|name| name != "unknown"),
        supported_until: system.end_of_life.or(system.end_of_support),
        disks_encrypted: crypto_at_rest::whole(look),
        secure_boot: kernel::secure_boot(look),
        tpm: tpm(look),
        firewall: firewall(look),
        updates_automatic,
        last_update: last_update.map(|time| time.to_zoned(TimeZone::UTC).date()),
        protection: protection(look),
        managed_by: managers(look),
    }
}

fn tpm(look: &mut Look<'_>) -> Option<String> {
    if let Some(version) = look.text("/sys/class/tpm/tpm0/tpm_version_major").here() {
        return Some(if version.trim() == "2" { "2.0" } else { "1.2" }.to_owned());
    }
    // The class is there on every kernel that knows such modules.
    look.host
        .exists("/sys/class/tpm")
        .then(|| if look.host.exists("/sys/class/tpm/tpm0") { "1.2" } else { "none" }.to_owned())
}

/// Whether a front end is on; none where none is installed, since rules may come from elsewhere.
fn firewall(look: &mut Look<'_>) -> Option<bool> {
    let found = front_ends::find(look);
    if found.iter().any(|one| one.enabled == Some(true)) {
        return Some(true);
    }
    (!found.is_empty() && found.iter().all(|one| one.enabled == Some(false))).then_some(false)
}

fn protection(look: &mut Look<'_>) -> Vec<Protection> {
    let mut found: Vec<Protection> = endpoint::find(look)
        .into_iter()
        .map(|product| Protection { name: product.name, active: product.active })
        .collect();
    if services::is_installed(&look.host, "clamav-daemon.service") {
        let service = services::find(look, "clamav-daemon.service", "clamd");
        found.push(Protection {
            name: "clamav".to_owned(),
            active: service.and_then(|service| service.active),
        });
    }
    found
}

fn managers(look: &mut Look<'_>) -> Vec<String> {
    let installed = |(_, unit): &&(&str, &str)| services::is_installed(&look.host, unit);
    MANAGERS.iter().filter(installed).map(|(name, _)| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn a_host_that_nobody_sits_at_is_no_such_device() {
        let observation = observe(&job(planted(&[("/etc/hostname", "web\n")]).path()));
        assert!(observation.body().is_none());
        let told = outcomes(&observation);
        assert_eq!(
            told,
            ["not_applicable: no graphical session is installed: nobody sits at this host"]
        );
    }

    fn laptop(more: &[(&str, &str)]) -> (Value, Vec<String>) {
        let mut files = vec![
            ("/usr/share/wayland-sessions/gnome.desktop", "[Desktop Entry]\n"),
            ("/usr/share/xsessions/gnome-xorg.desktop", "[Desktop Entry]\n"),
            ("/etc/machine-id", "4c4c\n"),
            ("/etc/hostname", "laptop7\n"),
            ("/etc/os-release", "ID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME=\"Debian 13\"\n"),
            ("/sys/class/dmi/id/chassis_type", "10\n"),
            ("/sys/class/tpm/tpm0/tpm_version_major", "2\n"),
            ("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"),
            ("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
            ("/lib/systemd/system/falcon-sensor.service", ""),
            ("/lib/systemd/system/landscape-client.service", ""),
        ];
        files.extend(more);
        let observation = observe(&job(planted(&files).path()));
        (body(KIND, &observation)["devices"][0].clone(), outcomes(&observation))
    }

    #[test]
    fn a_laptop_is_described_from_its_files() {
        let (device, told) = laptop(&[
            (
                "/etc/dconf/db/local.d/00-lock",
                "[org/gnome/desktop/session]\nidle-delay=uint32 600\n[org/gnome/desktop/screensaver]\nlock-enabled=true\nlock-delay=uint32 5\n",
            ),
            (
                "/etc/dconf/db/local.d/locks/lock",
                "/org/gnome/desktop/session/idle-delay\n/org/gnome/desktop/screensaver/lock-enabled\n",
            ),
            ("/etc/gdm3/daemon.conf", "[daemon]\n#AutomaticLoginEnable=true\n"),
        ]);
        assert_eq!(told, [""; 0]);
        assert_eq!(
            device["screen_locks"],
            json!([{"session": "gnome", "enabled": true, "after_seconds": 605, "enforced": true,
                "source": "/etc/dconf/db/local.d/00-lock"}])
        );
        assert_eq!(
            (&device["portable"], &device["tpm"], &device["firewall"]),
            (&json!(true), &json!("2.0"), &json!(true))
        );
        assert_eq!(
            (&device["automatic_sign_in"], &device["updates_automatic"]),
            (&json!(false), &json!(false))
        );
        assert_eq!(device["protection"], json!([{"name": "falcon-sensor", "active": null}]));
        assert_eq!(
            (&device["managed_by"], &device["sessions"]),
            (&json!(["landscape"]), &json!(["gnome"]))
        );
        assert_eq!(
            (&device["system"], &device["disks_encrypted"]),
            (&json!("Debian 13"), &Value::Null)
        );
        assert!(device["supported_until"].is_string());
    }

    #[test]
    fn defaults_are_told_as_such_and_other_sessions_are_not_made_up() {
        let (device, _) = laptop(&[
            ("/usr/share/xsessions/plasma.desktop", ""),
            ("/usr/share/xsessions/openbox.desktop", ""),
            ("/etc/xdg/kscreenlockerrc", "[Daemon]\nAutolock[$i]=false\nTimeout[$i]=10\n"),
            ("/etc/lightdm/lightdm.conf.d/50.conf", "[Seat:*]\nautologin-user=joe\n"),
        ]);
        assert_eq!(
            device["screen_locks"],
            json!([
                {"session": "gnome", "enabled": true, "after_seconds": 300, "enforced": false, "source": "default"},
                {"session": "kde", "enabled": false, "after_seconds": null, "enforced": true, "source": "/etc/xdg/kscreenlockerrc"},
                {"session": "openbox", "enabled": null, "after_seconds": null, "enforced": false, "source": "not known"},
            ])
        );
        assert_eq!(device["automatic_sign_in"], true);
        assert!(!device.to_string().contains("joe"));
    }
}
