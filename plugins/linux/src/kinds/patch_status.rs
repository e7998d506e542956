//! `patch.status` of Debian and Ubuntu: what waits, how old that knowledge is, support, restart. It installs nothing.

mod automatic;
mod history;
mod kernel;
mod pending;
mod support;

pub(crate) use history::{local_time, zone};

use exhibit_plugin::{
    Entry, Job, Observation,
    kinds::patch_status::{Counts, KIND, PatchStatus},
};
use jiff::tz::TimeZone;

use super::software_inventory::database;
use crate::{look::Look, os_release::OsRelease};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "apt-get -s dist-upgrade",
        "/var/lib/dpkg/status",
        "/var/lib/apt/lists/*Release",
        "/var/log/apt/history.log",
        "/var/log/dpkg.log",
        "/etc/apt/apt.conf.d/*",
        "/var/log/unattended-upgrades/unattended-upgrades.log",
        "/boot/vmlinuz-*",
        "/run/reboot-required",
        "/etc/os-release",
    ],
    needs: &["CAP_DAC_READ_SEARCH or group adm: the log of unattended-upgrades"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let today = job.now.to_zoned(TimeZone::UTC).date();
    let os = support::operating_system(&OsRelease::read(&mut look), today);
    let Some(database) = database(&mut look) else { return look.done() };
    let zone = history::zone(&mut look);
    let pending = pending::observe(&mut look);
    let count = |number: usize| u64::try_from(number).ok();
    let counts = Counts {
        installed: count(database.present().count()),
        pending: pending.as_ref().and_then(|list| count(list.len())),
        security: pending
            .as_ref()
            .and_then(|list| count(list.iter().filter(|update| update.security).count())),
        held: count(database.present().filter(|package| package.held).count()),
    };
    let kernel = kernel::observe(&mut look, &database);
    let (reboot_required, reboot_packages) = kernel::reboot(&mut look, &database, &kernel);
    let rows = pending.as_ref().map_or(0, Vec::len);
    let body = PatchStatus {
        os,
        pending,
        counts,
        lists_refreshed: history::lists_refreshed(&mut look),
        last_update: history::last_update(&mut look, &zone).map(history::whole_seconds),
        automatic_updates: automatic::observe(&mut look, &database, &zone),
        kernel: Some(kernel),
        reboot_required,
        reboot_packages,
    };
    look.seen.document(body, rows);
    look.done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    const STATUS: &str = "Package: a\nStatus: hold ok installed\nVersion: 1\n";

    #[test]
    fn a_planted_host_is_described_without_its_pending_updates() {
        let root = planted(&[
            ("/var/lib/dpkg/status", STATUS),
            ("/etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n"),
            ("/var/log/apt/history.log", "End-Date: 2026-11-20  06:12:31\n"),
            ("/var/lib/apt/lists/x_InRelease", ""),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(body["os"]["codename"], "noble");
        assert_eq!(body["os"]["support_state"], "supported");
        assert_eq!(body["pending"], serde_json::Value::Null);
        assert_eq!(body["counts"]["held"], 1);
        assert_eq!(body["last_update"], "2026-11-20T06:12:31Z");
        assert!(body["lists_refreshed"].is_string());
        assert_eq!(body["reboot_required"], serde_json::Value::Null);
        assert!(outcomes(&observation)[0].starts_with("not_applicable"));
    }

    #[test]
    fn without_lists_nothing_is_claimed_about_their_age() {
        let root = planted(&[
            ("/var/lib/dpkg/status", STATUS),
            ("/var/lib/apt/periodic/update-success-stamp", ""),
        ]);
        let body = body(KIND, &observe(&job(root.path())));
        assert_eq!(body["lists_refreshed"], serde_json::Value::Null);
        assert_eq!(body["os"]["support_state"], "unknown");
    }
}
