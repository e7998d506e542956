//! `hardware.health` of a Linux host: disks as SMART tells, memory errors, sensors against their own limits, power supplies,
//! UPS and firmware. It starts no test of a disk, wakes none, and opens no file with a UPS's password.

mod disks;
mod sensors;

use std::collections::BTreeMap;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::hardware_health::{HardwareHealth, KIND, Part},
};

use crate::{kinds::crypto_at_rest::guest, look::Look};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "smartctl --nocheck=standby -H -A -j /dev/<disk>",
        "/sys/class/hwmon/*, /sys/class/power_supply/*",
        "/sys/devices/system/edac/mc/*: counts of memory errors",
        "/sys/class/dmi/id/{bios_date,bios_version}",
        "upsc <name of /etc/nut/ups.conf>, /var/log/apcupsd.status",
        "/proc/cpuinfo, /sys/class/dmi/id/{sys_vendor,product_name}: whether it is a guest",
    ],
    needs: &["root: smartctl opens the disk", "CAP_DAC_READ_SEARCH: /etc/nut/ups.conf"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let is_guest = look.host.exists("/proc/cpuinfo").then(|| guest::is_guest(&mut look));
    let mut parts = sensors::all(&mut look);
    if look.host.is_live() && is_guest != Some(true) {
        parts.extend(disks::all(&mut look));
    }
    if !look.host.is_live() && is_guest.is_none() && parts.is_empty() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "hardware belongs to a running host, and {} is only a file tree",
                look.host.root().display()
            ),
            "run the plugin on the host itself",
        );
        return look.done();
    }
    if is_guest == Some(true) {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "this is a guest: its disks, memory and power are those of the machine below it",
            "observe that machine, or take the provider's evidence",
        );
    }
    let rows = parts.len();
    look.seen.document(HardwareHealth { is_guest, parts }, rows);
    look.done()
}

fn part(kind: &str, name: &str, state: &str, source: &str) -> Part {
    Part {
        id: format!("{kind}:{name}"),
        kind: kind.to_owned(),
        state: state.to_owned(),
        settings: BTreeMap::new(),
        source: source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    fn row<'a>(body: &'a Value, id: &str) -> &'a Value {
        let rows = body["parts"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).unwrap_or(&Value::Null)
    }

    #[test]
    fn parts_are_judged_by_their_own_limits_only() {
        let root = planted(&[
            ("/proc/cpuinfo", "flags : fpu\n"),
            ("/sys/class/hwmon/hwmon0/name", "coretemp\n"),
            ("/sys/class/hwmon/hwmon0/temp1_input", "71000\n"),
            ("/sys/class/hwmon/hwmon0/temp1_crit", "100000\n"),
            ("/sys/class/hwmon/hwmon0/temp2_input", "101000\n"),
            ("/sys/class/hwmon/hwmon0/temp2_crit", "100000\n"),
            ("/sys/class/hwmon/hwmon0/temp3_input", "50000\n"),
            ("/sys/class/hwmon/hwmon0/fan1_input", "0\n"),
            ("/sys/class/hwmon/hwmon0/fan1_alarm", "1\n"),
            ("/sys/class/hwmon/hwmon0/in0_alarm", "0\n"),
            ("/sys/devices/system/edac/mc/mc0/ue_count", "0\n"),
            ("/sys/devices/system/edac/mc/mc0/ce_count", "5\n"),
            ("/sys/class/power_supply/BAT0/type", "Battery\n"),
            ("/sys/class/power_supply/BAT0/energy_full", "30\n"),
            ("/sys/class/power_supply/BAT0/energy_full_design", "60\n"),
            ("/sys/class/dmi/id/bios_date", "03/14/2022\n"),
            ("/sys/class/dmi/id/bios_version", "F.1\n"),
            (
                "/var/log/apcupsd.status",
                "UPSNAME  : rack\nSTATUS   : ONLINE REPLACEBATT\nBATTDATE : 2019-01-01\nSERIALNO : SECRET\n",
            ),
        ]);
        let seen = body(KIND, &observe(&job(root.path())));
        assert!(!seen.to_string().contains("SECRET"));
        assert_eq!(seen["is_guest"], false);
        let state = |id: &str| row(&seen, id)["state"].clone();
        assert_eq!(state("temperature:coretemp/hwmon0/temp1"), "ok");
        assert_eq!(state("temperature:coretemp/hwmon0/temp2"), "failed");
        assert_eq!(state("temperature:coretemp/hwmon0/temp3"), "unknown");
        assert_eq!(
            (state("fan:coretemp/hwmon0/fan1"), state("voltage:coretemp/hwmon0/in0")),
            (json!("failed"), json!("ok"))
        );
        assert_eq!(
            (state("memory:mc0"), state("battery:BAT0")),
            (json!("warning"), json!("unknown"))
        );
        assert_eq!(row(&seen, "battery:BAT0")["settings"]["capacity_percent"], "50");
        assert_eq!(
            row(&seen, "firmware:bios")["settings"],
            json!({"released": "2022-03-14", "version": "F.1"})
        );
        assert_eq!(row(&seen, "ups:rack")["state"], "warning");
    }

    #[test]
    fn a_guest_is_told_as_one() {
        let root = planted(&[("/proc/cpuinfo", "flags : fpu hypervisor\n")]);
        let observation = observe(&job(root.path()));
        assert_eq!(body(KIND, &observation)["is_guest"], true);
        assert!(outcomes(&observation)[0].starts_with("not_applicable"));
    }

    #[test]
    fn smart_is_read_for_both_kinds_of_disks() {
        let ata = json!({"smart_status": {"passed": true}, "power_on_time": {"hours": 30_000},
            "ata_smart_attributes": {"table": [{"id": 5, "raw": {"value": 8}}, {"id": 197, "raw": {"value": 0}}]}});
        let seen = disks::read("sda", &ata, "x").unwrap();
        assert_eq!((seen.state.as_str(), seen.settings["reallocated"].as_str()), ("warning", "8"));
        assert_eq!(seen.settings["power_on_years"], "3");
        let nvme = json!({"smart_status": {"passed": false}, "nvme_smart_health_information_log": {"percentage_used": 101, "media_errors": 0}});
        let seen = disks::read("nvme0n1", &nvme, "x").unwrap();
        assert_eq!(
            (seen.state.as_str(), seen.settings["used_percent"].as_str()),
            ("failed", "100")
        );
        assert_eq!(disks::read("sda", &json!({}), "x"), None);
    }
}
