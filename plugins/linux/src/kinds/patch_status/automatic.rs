//! Whether the host updates itself: configured, able to start, and when it really last did.

use exhibit_plugin::kinds::patch_status::{AutomaticUpdates, RunResult};
use jiff::{Timestamp, tz::TimeZone};

use super::history::{local_time, whole_seconds};
use crate::{
    debian::{Database, apt_conf::AptConf},
    look::{Found, Look},
};

const LOG: &str = "/var/log/unattended-upgrades/unattended-upgrades.log";
const STAMP: &str = "/var/lib/apt/periodic/upgrade-stamp";

pub(super) fn observe(
    look: &mut Look<'_>,
    database: &Database,
    zone: &TimeZone,
) -> AutomaticUpdates {
    let installed = database.has("unattended-upgrades");
    let conf = configuration(look);
    let on =
        |key: &str| conf.as_ref().map(|conf| conf.value(key).is_some_and(|value| value != "0"));
    let periodic = on("APT::Periodic::Unattended-Upgrade");
    let lists = on("APT::Periodic::Update-Package-Lists");
    // Unset means enabled here, unlike the two above.
    let switched_off = conf
        .as_ref()
        .is_some_and(|conf| conf.value("APT::Periodic::Enable").is_some_and(|value| value == "0"));
    let upgrade_starts = starts(look, "apt-daily-upgrade.timer");
    let refresh_starts = starts(look, "apt-daily.timer");
    let (last_run, last_result) = if installed { last_run(look, zone) } else { (None, None) };
    let origins = conf.as_ref().map(|conf| {
        ["Unattended-Upgrade::Origins-Pattern", "Unattended-Upgrade::Allowed-Origins"]
            .into_iter()
            .flat_map(|list| conf.list(list))
            .cloned()
            .collect()
    });
    AutomaticUpdates {
        mechanism: installed.then(|| "unattended-upgrades".to_owned()),
        installed,
        enabled: if installed {
            periodic.map(|on| on && !switched_off && upgrade_starts)
        } else {
            Some(false)
        },
        refreshes_lists: lists.map(|on| on && !switched_off && refresh_starts),
        origins,
        last_run,
        last_result,
    }
}

/// apt's configuration; none when a file of it is not readable.
pub(super) fn configuration(look: &mut Look<'_>) -> Option<AptConf> {
    let mut conf = AptConf::default();
    let directory = "/etc/apt/apt.conf.d";
    let names = match look.names(directory) {
        Found::Here(names) => names,
        Found::Missing => Vec::new(),
        Found::Unreadable => return None,
    };
    let taken = |name: &String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        name.bytes().all(plain) && (!name.contains('.') || name.ends_with(".conf"))
    };
    let parts = names.iter().filter(|name| taken(name)).map(|name| format!("{directory}/{name}"));
    for path in parts.chain(["/etc/apt/apt.conf".to_owned()]) {
        match look.text(&path) {
            Found::Here(text) => conf.add(&text),
            Found::Missing => {}
            Found::Unreadable => return None,
        }
    }
    Some(conf)
}

/// Whether something will start it: an enabled timer where systemd runs, else the job of cron.
fn starts(look: &Look<'_>, timer: &str) -> bool {
    let host = &look.host;
    let masked = host.link(&format!("/etc/systemd/system/{timer}")).as_deref() == Some("/dev/null");
    let wanted = host.link(&format!("/etc/systemd/system/timers.target.wants/{timer}")).is_some();
    // In a container the unit files are often there and nothing reads them.
    let systemd = !host.is_live() || host.exists("/run/systemd/system");
    let cron = host.exists("/etc/cron.daily/apt-compat") && host.exists("/usr/sbin/cron");
    // With systemd running, the job of cron leaves the work to the timer.
    if systemd { wanted && !masked } else { cron }
}

fn last_run(look: &mut Look<'_>, zone: &TimeZone) -> (Option<Timestamp>, Option<RunResult>) {
    if let Found::Here(text) = look.text(LOG)
        && let Some((time, result)) = newest_run(&text, zone)
    {
        return (Some(time), Some(result));
    }
    // The stamp is renewed at the end of a run that went well, so it is a run without its result.
    let stamp = look.facts(STAMP).here().and_then(|facts| facts.modified);
    (stamp.map(whole_seconds), None)
}

fn newest_run(log: &str, zone: &TimeZone) -> Option<(Timestamp, RunResult)> {
    let mut newest = None;
    for line in log.lines() {
        let mut words = line.split_whitespace().skip(2);
        let level = words.next().unwrap_or_default();
        let message: Vec<_> = words.collect();
        let start = message.starts_with(&["Starting", "unattended", "upgrades", "script"])
            || message.starts_with(&["Initial", "blacklist"]);
        if start && let Some(time) = local_time(line, zone) {
            newest = Some((time, RunResult::Success));
        } else if matches!(level, "ERROR" | "CRITICAL")
            && let Some((_, result)) = &mut newest
        {
            *result = RunResult::Failure;
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::kinds::testing::{job, planted};

    const INSTALLED: &str =
        "Package: unattended-upgrades\nStatus: install ok installed\nVersion: 2\n";

    #[test]
    fn newest_run_fails_when_an_error_follows_its_start() {
        let good = "2026-11-21 06:20:11,100 INFO Starting unattended upgrades script\n\
            2026-11-21 06:20:12,100 ERROR Lock could not be acquired\n\
            2026-11-22 06:20:11,123 INFO Starting unattended upgrades script\n\
            2026-11-22 06:20:15,123 INFO All upgrades installed\n";
        let (time, result) = newest_run(good, &TimeZone::UTC).unwrap();
        assert_eq!(time.to_string(), "2026-11-22T06:20:11Z");
        assert_eq!(result, RunResult::Success);
        let bad = format!("{good}2026-11-22 06:21:00,000 ERROR Installing the upgrades failed!\n");
        assert_eq!(newest_run(&bad, &TimeZone::UTC).unwrap().1, RunResult::Failure);
        assert_eq!(newest_run("ERROR\n", &TimeZone::UTC), None);
    }

    #[test]
    fn installed_configured_and_started_are_three_facts() {
        let root = planted(&[(
            "/etc/apt/apt.conf.d/20auto-upgrades",
            "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n",
        )]);
        let job = job(root.path());
        let database = Database::parse(INSTALLED);
        let see = |database: &Database| observe(&mut Look::new(&job), database, &TimeZone::UTC);
        assert_eq!(see(&Database::default()).enabled, Some(false));
        assert_eq!(see(&database).enabled, Some(false), "no timer is enabled");
        let wants = root.path().join("etc/systemd/system/timers.target.wants");
        std::fs::create_dir_all(&wants).unwrap();
        symlink(
            "/lib/systemd/system/apt-daily-upgrade.timer",
            wants.join("apt-daily-upgrade.timer"),
        )
        .unwrap();
        let seen = see(&database);
        assert_eq!((seen.enabled, seen.refreshes_lists), (Some(true), Some(false)));
        symlink("/dev/null", root.path().join("etc/systemd/system/apt-daily-upgrade.timer"))
            .unwrap();
        assert_eq!(see(&database).enabled, Some(false), "the timer is masked");
    }
}
