//! `patch.status`: what waits, how old that knowledge is, support, restart. It installs nothing and fetches nothing.

mod automatic;
mod history;
mod kernel;
pub(crate) mod offers;
mod outdated;
mod pending;
pub(crate) mod support;

pub(crate) use history::{local_time, zone};

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::patch_status::{
        AutomaticUpdates, Counts, KIND, OperatingSystem, PatchStatus, PendingUpdate,
    },
};
use jiff::{Timestamp, tz::TimeZone};

use super::software_inventory::database;
use crate::{look::Look, os_release::OsRelease, packages, services};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/var/lib/dpkg/status",
        "/var/lib/apt/lists/*Release, *Packages",
        "/etc/apt/sources.list{,.d/*}, /etc/apt/preferences{,.d/*}",
        "apt-get -s dist-upgrade, where apt's policy is not understood",
        "databases of rpm, apk and pacman",
        "/var/cache/{dnf,libdnf5}/*/repodata, /var/cache/zypp/raw/*/repodata",
        "/var/cache/apk/APKINDEX.*.tar.gz",
        "/var/lib/pacman/sync/*.db",
        "/usr/lib/modules/*/modules.dep",
        "/var/log/apt/history.log",
        "/var/log/dpkg.log",
        "/etc/apt/apt.conf.d/*",
        "/var/log/unattended-upgrades/unattended-upgrades.log",
        "/boot/vmlinuz-*",
        "/run/reboot-required",
        "/proc/<pid>/{maps,exe,cgroup}: libraries that are mapped and gone",
        "/etc/os-release",
        "/usr/share/distro-info/{debian,ubuntu}.csv",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH or group adm: the log of unattended-upgrades",
        "CAP_SYS_PTRACE: libraries that programs of other accounts run with",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let today = job.now.to_zoned(TimeZone::UTC).date();
    let release = OsRelease::read(&mut look);
    let os = support::observe(&mut look, &release, today);
    if !look.host.exists(crate::debian::STATUS) {
        return without_dpkg(look, os);
    }
    let Some(database) = database(&mut look) else { return look.done() };
    let zone = history::zone(&mut look);
    let pending = pending::observe(&mut look);
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
    let (outdated_programs, outdated_complete) = outdated::find(&mut look);
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
        outdated_programs,
        outdated_complete,
    };
    look.seen.document(body, rows);
    look.done()
}

/// Whether updates install themselves, and when packages last changed.
pub(crate) fn upkeep(look: &mut Look<'_>) -> (Option<bool>, Option<Timestamp>) {
    if !look.host.exists(crate::debian::STATUS) {
        let wanted = |(_, unit): &(&str, &str)| services::is_wanted(&look.host, unit);
        return (Some(TIMERS.iter().any(wanted)), None);
    }
    let Some(database) = database(look) else { return (None, None) };
    let zone = history::zone(look);
    let automatic = automatic::observe(look, &database, &zone).enabled;
    (automatic, history::last_update(look, &zone))
}

/// Timers that install updates on systems without dpkg.
const TIMERS: [(&str, &str); 5] = [
    ("dnf-automatic", "dnf-automatic.timer"),
    ("dnf-automatic", "dnf-automatic-install.timer"),
    ("dnf-automatic", "dnf5-automatic.timer"),
    ("transactional-update", "transactional-update.timer"),
    ("os-update", "os-update.timer"),
];

fn count(number: usize) -> Option<u64> {
    u64::try_from(number).ok()
}

/// Without dpkg: what the lists on the host offer, and whether a timer installs it.
fn without_dpkg(mut look: Look<'_>, os: OperatingSystem) -> Observation {
    let Some(installed) = packages::read(&mut look, false) else { return look.done() };
    let offered = offers::read(&mut look, &installed.list);
    if offered.updates.is_some() && !offered.knows_security {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "the lists here do not tell which updates mend security",
            "see vulnerability.findings with a mirrored advisory file",
        );
    }
    let (kernel, reboot_required) = kernel::of_modules(&mut look, &installed.list);
    let pending = offered.updates;
    let secure = |list: &Vec<PendingUpdate>| list.iter().filter(|update| update.security).count();
    let there = TIMERS.iter().filter(|(_, unit)| services::is_installed(&look.host, unit));
    let there: Vec<&(&str, &str)> = there.collect();
    let wanted = there.iter().find(|(_, unit)| services::is_wanted(&look.host, unit));
    let mechanism = wanted.or(there.first()).map(|(name, _)| (*name).to_owned());
    let rows = pending.as_ref().map_or(0, Vec::len);
    let (outdated_programs, outdated_complete) = outdated::find(&mut look);
    let body = PatchStatus {
        os,
        counts: Counts {
            installed: count(installed.list.len()),
            pending: pending.as_ref().and_then(|list| count(list.len())),
            security: pending
                .as_ref()
                .filter(|_| offered.knows_security)
                .map(secure)
                .and_then(count),
            held: None,
        },
        pending,
        lists_refreshed: offered.refreshed.map(history::whole_seconds),
        last_update: installed
            .list
            .iter()
            .filter_map(|package| package.installed_at)
            .max()
            .or_else(|| look.facts(packages::apk::INSTALLED).here()?.modified)
            .map(history::whole_seconds),
        automatic_updates: AutomaticUpdates {
            installed: mechanism.is_some(),
            // cron may do it too, which is not looked at.
            enabled: mechanism.is_some().then_some(wanted.is_some()),
            mechanism,
            refreshes_lists: None,
            origins: None,
            last_run: None,
            last_result: None,
        },
        kernel: Some(kernel),
        reboot_required,
        reboot_packages: Vec::new(),
        outdated_programs,
        outdated_complete,
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
        assert!(outcomes(&observation)[0].starts_with("not_applicable: no list"));
    }

    #[test]
    fn a_host_without_dpkg_tells_its_support_and_what_is_missing() {
        let root = planted(&[
            ("/etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n"),
            ("/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n\n"),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(body["os"]["support_state"], "ended");
        assert_eq!(body["counts"]["installed"], 1);
        assert_eq!(body["pending"], serde_json::Value::Null);
        assert!(
            outcomes(&observation)[0]
                .starts_with("not_applicable: no list of available packages of apk")
        );
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
