//! Finds systemd timers whose service calls a backup tool, and how their last run ended. It never starts one.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::backup_jobs::{JobResult, Schedule};
use jiff::Timestamp;

use super::{commands, settings};
use crate::look::Look;
use crate::services;
use crate::tool::{Output, Tool};

/// Highest precedence first.
const FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

pub(super) fn find(look: &mut Look<'_>) -> Vec<Schedule> {
    let mut timers: BTreeMap<String, String> = BTreeMap::new();
    for folder in FOLDERS {
        for name in look.names(folder).here().unwrap_or_default() {
            if name.ends_with(".timer") {
                let path = format!("{folder}/{name}");
                timers.entry(name).or_insert(path);
            }
        }
    }
    let mut found = Vec::new();
    for (name, path) in timers {
        found.extend(schedule(look, &name, path));
    }
    found
}

fn schedule(look: &mut Look<'_>, name: &str, path: String) -> Option<Schedule> {
    let timer = look.host.text(&path).ok().flatten()?;
    let stem = name.strip_suffix(".timer")?;
    let unit = values(&timer, "Unit").pop().unwrap_or_else(|| format!("{stem}.service"));
    let service = FOLDERS
        .iter()
        .find_map(|folder| look.host.text(&format!("{folder}/{unit}")).ok().flatten())?;
    let commands = values(&service, "ExecStart");
    let tool = commands.iter().find_map(|command| commands::tool_of(&look.host, command))?;
    look.seen.method(path.as_str()).method(format!("{unit} of {name}"));
    let mut expressions = values(&timer, "OnCalendar");
    for key in ["OnBootSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnStartupSec"] {
        expressions.extend(values(&timer, key).into_iter().map(|value| format!("{key}={value}")));
    }
    let (last_run, last_result) = last(look, name, &unit);
    Some(Schedule {
        name: name.to_owned(),
        kind: "timer".to_owned(),
        tool: tool.to_owned(),
        expression: Some(expressions.join(", ")).filter(|text| !text.is_empty()),
        enabled: Some(services::is_wanted(&look.host, name)),
        last_run,
        last_result,
        source: path,
    })
}

/// Every assignment of a key, in order; an empty one clears those before.
fn values(text: &str, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            if value.trim().is_empty() {
                found.clear();
            } else {
                found.push(value.trim().to_owned());
            }
        }
    }
    found
}

fn last(look: &mut Look<'_>, timer: &str, unit: &str) -> (Option<Timestamp>, Option<JobResult>) {
    if look.host.is_live() && look.host.exists("/run/systemd/system") {
        let properties = "--property=ActiveState,Result,ExecMainStartTimestamp";
        let tool = Tool::new("systemctl", &["show", "--timestamp=unix", properties, "--", unit]);
        if let Ok(output) = look.try_run(&tool)
            && output.is_success()
        {
            return from_systemd(&output);
        }
    }
    // systemd touches this file when a persistent timer elapses; it tells no result.
    let stamp = look.facts(&format!("/var/lib/systemd/timers/stamp-{timer}")).here();
    (stamp.and_then(|facts| facts.modified).map(settings::whole_second), None)
}

fn from_systemd(output: &Output) -> (Option<Timestamp>, Option<JobResult>) {
    let values: BTreeMap<&str, &str> =
        output.stdout.lines().filter_map(|line| line.split_once('=')).collect();
    let started = values
        .get("ExecMainStartTimestamp")
        .and_then(|text| text.strip_prefix('@')?.parse::<i64>().ok())
        .filter(|seconds| *seconds > 0)
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    // A service that never ran shows "success" too.
    let result = started.and_then(|_| match (values.get("ActiveState"), values.get("Result")) {
        (Some(&"active" | &"activating"), _) => Some(JobResult::Running),
        (_, Some(&"success")) => Some(JobResult::Success),
        (_, Some(_)) => Some(JobResult::Failure),
        (_, None) => None,
    });
    (started, result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::local::testing;

    #[test]
    fn a_timer_is_a_backup_only_if_its_service_calls_a_tool() {
        let root = testing::planted(&[
            (
                "/etc/systemd/system/nightly.timer",
                "[Timer]\nOnCalendar=*-*-* 03:00:00\nUnit=save.service\n",
            ),
            (
                "/etc/systemd/system/save.service",
                "[Service]\nExecStart=/usr/bin/restic backup /srv\n",
            ),
            ("/usr/lib/systemd/system/apt-daily.timer", "[Timer]\nOnCalendar=daily\n"),
            (
                "/usr/lib/systemd/system/apt-daily.service",
                "[Service]\nExecStart=/usr/lib/apt/apt.systemd.daily\n",
            ),
        ]);
        let found = find(&mut Look::new(&testing::job(root.path())));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "nightly.timer");
        assert_eq!(found[0].expression.as_deref(), Some("*-*-* 03:00:00"));
        assert_eq!((found[0].enabled, found[0].last_run), (Some(false), None));
    }

    #[test]
    fn a_service_that_never_ran_has_no_result() {
        let shown = |text: &str| {
            from_systemd(&Output { code: Some(0), stdout: text.to_owned(), stderr: String::new() })
        };
        assert_eq!(
            shown("ActiveState=inactive\nResult=success\nExecMainStartTimestamp=\n"),
            (None, None)
        );
        let (time, result) =
            shown("ActiveState=failed\nResult=exit-code\nExecMainStartTimestamp=@1795386818\n");
        assert_eq!(
            (time.map(Timestamp::as_second), result),
            (Some(1_795_386_818), Some(JobResult::Failure))
        );
    }
}
