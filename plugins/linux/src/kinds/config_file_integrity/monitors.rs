//! Programs that watch files: their state, schedule and last report. It starts none of them: a check costs minutes.

use exhibit_plugin::kinds::config_file_integrity::Monitor;

use crate::{
    look::{Found, Look},
    services,
};

/// So much of a report tells its result.
const HEAD: u64 = 16 * 1024;

/// Everything that is installed.
pub(super) fn all(look: &mut Look<'_>) -> Vec<Monitor> {
    let found = [aide(look), tripwire(look), debsums(look), ima(look)];
    let mut found: Vec<Monitor> = found.into_iter().flatten().collect();
    for (name, unit, process) in [
        ("samhain", "samhain.service", "samhain"),
        ("wazuh", "wazuh-agent.service", "wazuh-syscheckd"),
        ("ossec", "ossec.service", "ossec-syscheckd"),
        ("fapolicyd", "fapolicyd.service", "fapolicyd"),
    ] {
        if let Some(service) = services::find(look, unit, process) {
            found.push(Monitor {
                name: name.to_owned(),
                scheduled: service.active.or(service.enabled),
                has_baseline: None,
                baseline_changed: None,
                last_run: None,
                last_result: None,
                detail: None,
            });
        }
    }
    found
}

fn aide(look: &mut Look<'_>) -> Option<Monitor> {
    let programs = ["/usr/bin/aide", "/usr/sbin/aide"];
    if !programs.iter().any(|path| look.host.exists(path)) {
        return None;
    }
    let databases = ["/var/lib/aide/aide.db", "/var/lib/aide/aide.db.gz"];
    let baseline = databases.iter().find_map(|path| day(look, path));
    let timers = ["dailyaidecheck.timer", "aidecheck.timer", "aide-check.timer"];
    let by_timer =
        timers.iter().filter_map(|timer| services::find(look, timer, timer)?.enabled).max();
    let by_cron = ["/etc/cron.daily/aide", "/etc/cron.d/aide", "/etc/cron.daily/dailyaidecheck"];
    // Debian's job for cron leaves the work to the timer where systemd runs.
    let by_cron = by_timer.is_none() && by_cron.iter().any(|path| look.host.exists(path));
    let report = "/var/log/aide/aide.log";
    Some(Monitor {
        name: "aide".to_owned(),
        scheduled: Some(by_timer.unwrap_or(false) || by_cron),
        has_baseline: Some(baseline.is_some()),
        baseline_changed: baseline,
        last_run: day(look, report),
        last_result: result(look, report),
        detail: None,
    })
}

/// The verdict at the top of AIDE's report.
fn result(look: &mut Look<'_>, path: &str) -> Option<String> {
    let Found::Here(head) = look.head(path, HEAD) else { return None };
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let clean = ["found no differences", "all files match", "database match"];
    if clean.iter().any(|words| text.contains(words)) {
        return Some("clean".to_owned());
    }
    text.contains("found differences").then(|| "differences".to_owned())
}

fn tripwire(look: &mut Look<'_>) -> Option<Monitor> {
    if !look.host.exists("/usr/sbin/tripwire") {
        return None;
    }
    let newest = |look: &mut Look<'_>, folder: &str, end: &str| {
        let names = look.names(folder).here().unwrap_or_default();
        let names = names.into_iter().filter(|name| name.ends_with(end));
        names.filter_map(|name| day(look, &format!("{folder}/{name}"))).max()
    };
    let baseline = newest(look, "/var/lib/tripwire", ".twd");
    Some(Monitor {
        name: "tripwire".to_owned(),
        scheduled: Some(look.host.exists("/etc/cron.daily/tripwire")),
        has_baseline: Some(baseline.is_some()),
        baseline_changed: baseline,
        last_run: newest(look, "/var/lib/tripwire/report", ".twr"),
        last_result: None,
        detail: Some("its reports are signed and encrypted; read them with twprint".to_owned()),
    })
}

fn debsums(look: &mut Look<'_>) -> Option<Monitor> {
    if !look.host.exists("/usr/bin/debsums") {
        return None;
    }
    let text = look.text("/etc/default/debsums").here().unwrap_or_default();
    let every = text.lines().filter_map(|line| line.trim().strip_prefix("CRON_CHECK=")).next_back();
    let every = every.unwrap_or("never").trim_matches('"').to_owned();
    Some(Monitor {
        name: "debsums".to_owned(),
        scheduled: Some(every != "never" && !every.is_empty()),
        has_baseline: Some(true),
        baseline_changed: None,
        last_run: None,
        last_result: None,
        detail: Some(format!("CRON_CHECK={every}")),
    })
}

/// The kernel's own measurement of what it opens.
fn ima(look: &mut Look<'_>) -> Option<Monitor> {
    const PLACE: &str = "/sys/kernel/security/ima";
    if !look.host.exists(PLACE) {
        return None;
    }
    let count = look.text(&format!("{PLACE}/runtime_measurements_count")).here();
    let line = look.text("/proc/cmdline").here().unwrap_or_default();
    let known = ["ima_policy=", "ima_appraise=", "ima_hash=", "ima_template="];
    let mut words: Vec<String> = line
        .split_whitespace()
        .filter(|word| known.iter().any(|name| word.starts_with(name)))
        .map(str::to_owned)
        .collect();
    let measures = count.and_then(|text| text.trim().parse::<u64>().ok()).map(|count| count > 1);
    if measures == Some(false) {
        words.push("no policy measures anything".to_owned());
    }
    Some(Monitor {
        name: "ima".to_owned(),
        scheduled: measures,
        has_baseline: None,
        baseline_changed: None,
        last_run: None,
        last_result: None,
        detail: (!words.is_empty()).then(|| words.join(" ")),
    })
}

fn day(look: &mut Look<'_>, path: &str) -> Option<String> {
    let modified = look.facts(path).here()?.modified?;
    Some(modified.strftime("%Y-%m-%d").to_string())
}
