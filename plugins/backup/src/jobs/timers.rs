//! Finds systemd timers whose service calls a backup tool, and how their last run ended. It never starts one.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::backup_jobs::{JobResult, Schedule};
use jiff::Timestamp;

use super::{commands, whole_second};
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
    let timer = look.part(&path)?;
    let stem = name.strip_suffix(".timer")?;
    let unit = values(&timer, "Unit").pop().unwrap_or_else(|| format!("{stem}.service"));
    let service = FOLDERS.iter().find_map(|folder| look.part(&format!("{folder}/{unit}")))?;
    let commands = values(&service, "ExecStart");
    let call = commands.iter().find_map(|command| commands::call_of(&look.host, command))?;
    look.seen.method(path.as_str()).method(format!("{unit} of {name}"));
    let mut expressions = values(&timer, "OnCalendar");
    for key in ["OnBootSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnStartupSec"] {
        expressions.extend(values(&timer, key).into_iter().map(|value| format!("{key}={value}")));
    }
    let Last { run, result, armed_since } = last(look, name, &unit);
    Some(Schedule {
        name: name.to_owned(),
        kind: "timer".to_owned(),
        tool: call.tool.to_owned(),
        expression: Some(expressions.join(", ")).filter(|text| !text.is_empty()),
        action: call.action.map(str::to_owned),
        enabled: Some(services::is_wanted(&look.host, name)),
        armed_since,
        last_run: run,
        last_result: result,
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

/// What is recorded of the runs of a timer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Last {
    run: Option<Timestamp>,
    result: Option<JobResult>,
    armed_since: Option<Timestamp>,
}

fn last(look: &mut Look<'_>, timer: &str, unit: &str) -> Last {
    if look.host.is_live() && look.host.exists("/run/systemd/system") {
        let mut shown = |unit: &str, properties: &str| {
            let properties = format!("--property={properties}");
            let words = ["show", "--timestamp=unix", &properties, "--", unit];
            let output = look.try_run(&Tool::new("systemctl", &words)).ok()?;
            output.is_success().then_some(output)
        };
        if let Some(service) = shown(unit, "ActiveState,Result,ExecMainStartTimestamp") {
            let timer = shown(timer, "ActiveState,ActiveEnterTimestamp");
            return from_systemd(&service, timer.as_ref());
        }
    }
    // systemd touches this file when a persistent timer elapses or is first started; it tells no result.
    let stamp = look.facts(&format!("/var/lib/systemd/timers/stamp-{timer}")).here();
    let run = stamp.and_then(|facts| facts.modified).map(whole_second);
    Last { run, ..Last::default() }
}

fn from_systemd(service: &Output, timer: Option<&Output>) -> Last {
    fn values(output: &Output) -> BTreeMap<&str, &str> {
        output.stdout.lines().filter_map(|line| line.split_once('=')).collect()
    }
    let time = |text: Option<&&str>| {
        let seconds = text?.strip_prefix('@')?.parse::<i64>().ok()?;
        Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
    };
    let of_service = values(service);
    let run = time(of_service.get("ExecMainStartTimestamp"));
    // A service that never ran shows "success" too.
    let result =
        run.and_then(|_| match (of_service.get("ActiveState"), of_service.get("Result")) {
            (Some(&"active" | &"activating"), _) => Some(JobResult::Running),
            (_, Some(&"success")) => Some(JobResult::Success),
            (_, Some(_)) => Some(JobResult::Failure),
            (_, None) => None,
        });
    let of_timer = timer.map(values).unwrap_or_default();
    let armed = of_timer.get("ActiveState") == Some(&"active");
    let armed_since = time(of_timer.get("ActiveEnterTimestamp")).filter(|_| armed);
    Last { run, result, armed_since }
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
    fn a_job_that_never_ran_is_told_from_one_that_failed() {
        let of =
            |text: &str| Output { code: Some(0), stdout: text.to_owned(), stderr: String::new() };
        let timer = of("ActiveState=active\nActiveEnterTimestamp=@1795000000\n");
        let never = of("ActiveState=inactive\nResult=success\nExecMainStartTimestamp=\n");
        let last = from_systemd(&never, Some(&timer));
        assert_eq!((last.run, last.result), (None, None));
        assert_eq!(last.armed_since.map(Timestamp::as_second), Some(1_795_000_000));
        let failed =
            of("ActiveState=failed\nResult=exit-code\nExecMainStartTimestamp=@1795386818\n");
        let last =
            from_systemd(&failed, Some(&of("ActiveState=inactive\nActiveEnterTimestamp=@5\n")));
        assert_eq!(
            (last.run.map(Timestamp::as_second), last.result, last.armed_since),
            (Some(1_795_386_818), Some(JobResult::Failure), None)
        );
    }
}
