//! `config.scheduled_jobs` of a Linux host: what timers, cron, anacron and at start, as whom, and how it last ended.
//!
//! Commands leave it only in a form without values; see `command_line`.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::config_scheduled_jobs::{
    Job as Listed, JobResult, KIND, ScheduledJobs, Scheduler,
};
use exhibit_plugin::{Entry, Job, Observation};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    accounts::Tables,
    command_line,
    jobs::{self, Planned},
    look::Look,
    services,
    tool::Tool,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "timers and services in /{etc,run,usr/lib,lib}/systemd/system with drop-ins",
        "systemctl show of timers and their services",
        "/etc/crontab, /etc/cron.d/*, /etc/cron.{hourly,daily,weekly,monthly}, /etc/periodic/*",
        "/var/spool/cron/crontabs/*, /var/spool/cron/tabs/*, /var/spool/cron/*, /etc/crontabs/*",
        "/etc/anacrontab; names in /var/spool/cron/atjobs and /var/spool/at",
        "/etc/cron.allow, /etc/cron.deny, /etc/at.allow, /etc/at.deny",
    ],
    needs: &["CAP_DAC_READ_SEARCH for the crontabs of accounts and jobs of at"],
    observe,
};

/// Properties of one unit, by name.
type Properties = BTreeMap<String, String>;

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let planned = jobs::find(&mut look);
    let units = shown(&mut look, &planned);
    let tables = Tables::read(&mut look);
    let schedulers = schedulers(&mut look, &planned);
    let cron = schedulers.iter().find(|one| one.name == "cron").and_then(|one| one.enabled);
    let mut listed = Vec::new();
    for one in planned {
        let writable = writable_by_others(&look, &tables, &one);
        let service = one.service.as_ref().and_then(|service| units.get(service));
        let timer = units.get(&one.name);
        let (last_run, last_result, exit_code) = last(service);
        let command = one.command.as_deref().map(command_line::shown);
        listed.push(Listed {
            command_sha256: command.as_ref().map(|text| hex::encode(Sha256::digest(text))),
            command,
            last_run: last_run.or_else(|| stamp(&mut look, &one)),
            last_result,
            exit_code,
            next_run: one.next.or_else(|| time(timer?, "NextElapseUSecRealtime")),
            enabled: match (one.kind, cron) {
                ("cron", Some(false)) => Some(false),
                (_, _) => one.enabled,
            },
            kind: one.kind.to_owned(),
            name: one.name,
            owner: one.owner,
            schedule: one.schedule,
            program_writable_by_others: writable,
            source: one.source,
        });
    }
    let rows = listed.len();
    look.seen.document(ScheduledJobs { jobs: listed, schedulers }, rows);
    look.done()
}

/// What systemd knows of all timers and their services, in one call.
fn shown(look: &mut Look<'_>, planned: &[Planned]) -> BTreeMap<String, Properties> {
    let mut units: Vec<&str> = Vec::new();
    for one in planned.iter().filter(|one| one.kind == "timer") {
        units.push(&one.name);
        units.extend(one.service.as_deref());
    }
    if units.is_empty() || !look.host.is_live() || !look.host.exists("/run/systemd/system") {
        return BTreeMap::new();
    }
    let properties = "--property=Id,ActiveState,Result,ExecMainStartTimestamp,ExecMainStatus,NextElapseUSecRealtime";
    let mut arguments = vec!["show", "--timestamp=unix", properties, "--"];
    arguments.extend(units);
    let Some(output) = look.run(&Tool::new("systemctl", &arguments)) else {
        return BTreeMap::new();
    };
    parse(&output.stdout)
}

/// Paragraphs of `Name=value`, one a unit.
fn parse(text: &str) -> BTreeMap<String, Properties> {
    let paragraphs = text.split("\n\n").map(|paragraph| -> Properties {
        let pairs = paragraph.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    });
    paragraphs.filter_map(|unit| Some((unit.get("Id")?.clone(), unit))).collect()
}

fn time(unit: &Properties, name: &str) -> Option<Timestamp> {
    let seconds: i64 = unit.get(name)?.strip_prefix('@')?.parse().ok()?;
    Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
}

fn last(service: Option<&Properties>) -> (Option<Timestamp>, Option<JobResult>, Option<i32>) {
    // A service that never ran shows "success" too.
    let Some((unit, started)) =
        service.and_then(|unit| Some((unit, time(unit, "ExecMainStartTimestamp")?)))
    else {
        return (None, None, None);
    };
    let running = matches!(
        unit.get("ActiveState").map(String::as_str),
        Some("active" | "activating" | "reloading")
    );
    let result = match unit.get("Result").map(String::as_str) {
        Some(_) if running => Some(JobResult::Running),
        Some("success") => Some(JobResult::Success),
        Some(_) => Some(JobResult::Failure),
        None => None,
    };
    let code = unit.get("ExecMainStatus").and_then(|code| code.parse().ok()).filter(|_| !running);
    (Some(started), result, code)
}

/// Without systemd's word: the stamps of persistent timers and of anacron.
fn stamp(look: &mut Look<'_>, one: &Planned) -> Option<Timestamp> {
    let path = match one.kind {
        "timer" => format!("/var/lib/systemd/timers/stamp-{}", one.name),
        _ => return None,
    };
    let modified = look.facts(&path).here()?.modified?;
    Timestamp::from_second(modified.as_second()).ok()
}

/// Whether somebody beside its owner and root may write the program that the command names first.
fn writable_by_others(look: &Look<'_>, tables: &Tables, one: &Planned) -> Option<bool> {
    let command = one.command.as_deref()?;
    let path = command
        .split_whitespace()
        .map(|word| word.trim_start_matches(['-', '@', '+', '!', ':']))
        .find(|word| word.starts_with('/'))?;
    let facts = look.host.facts(path).ok().flatten().filter(|facts| !facts.directory)?;
    let owner = tables.users.iter().find(|user| Some(&user.name) == one.owner.as_ref());
    let strange = facts.uid != 0 && owner.is_none_or(|owner| owner.uid != facts.uid);
    Some(strange || facts.mode & 0o002 != 0 || (facts.mode & 0o020 != 0 && facts.gid != 0))
}

fn schedulers(look: &mut Look<'_>, planned: &[Planned]) -> Vec<Scheduler> {
    let mut found = Vec::new();
    if planned.iter().any(|one| one.kind == "timer") {
        let active = look.host.is_live().then(|| look.host.exists("/run/systemd/system"));
        found.push(Scheduler {
            name: "systemd".to_owned(),
            active,
            enabled: None,
            allowed_users: None,
        });
    }
    let units = [
        (
            "cron",
            &["cron.service", "crond.service", "cronie.service"][..],
            &["cron", "crond", "crond"][..],
        ),
        ("atd", &["atd.service"], &["atd"]),
    ];
    for (name, units, processes) in units {
        let mut states = units.iter().zip(processes);
        let state = states.find_map(|(unit, process)| services::find(look, unit, process));
        let Some(state) = state else { continue };
        let list = if name == "cron" { "/etc/cron.allow" } else { "/etc/at.allow" };
        found.push(Scheduler {
            name: name.to_owned(),
            active: state.active,
            enabled: state.enabled,
            allowed_users: look.text(list).here().map(|text| {
                text.lines()
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect()
            }),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};
    use serde_json::Value;

    #[test]
    fn every_kind_of_job_is_listed_and_no_planted_secret_leaves() {
        // Planted files belong to whoever runs the test.
        let uid = rustix::process::getuid().as_raw();
        let passwd = format!("root:x:{uid}:0::/root:/bin/sh\n");
        let root = planted(&[
            ("/etc/passwd", &passwd),
            ("/etc/group", "root:x:0:\n"),
            (
                "/etc/crontab",
                "PATH=/bin\nTOKEN=PLANTED\n17 * * * * root cd / && run-parts /etc/cron.hourly\n",
            ),
            (
                "/etc/cron.d/dump",
                "0 3 * * * backup mysqldump -pPLANTED x%PLANTED\n@reboot root PASS=PLANTED /opt/x\n",
            ),
            ("/etc/cron.d/old.bak", "0 3 * * * root PLANTED\n"),
            ("/var/spool/cron/crontabs/bob", "*/5 * * * *\t/home/bob/bin/x --token PLANTED\n"),
            ("/etc/anacrontab", "SHELL=/bin/sh\n7 10 weekly nice run-parts /etc/cron.weekly\n"),
            ("/var/spool/cron/atjobs/a0000101c4a0e0", "#!/bin/sh\nTOKEN=PLANTED; export TOKEN\n"),
            ("/etc/cron.allow", "bob\n"),
            ("/usr/lib/systemd/system/cron.service", ""),
            ("/usr/lib/systemd/system/n.timer", "[Timer]\nOnCalendar=daily\nOnBootSec=5min\n"),
            (
                "/usr/lib/systemd/system/n.service",
                "[Service]\nUser=www\nEnvironment=KEY=PLANTED\nExecStart=/usr/bin/n --key=PLANTED\n",
            ),
            (
                "/etc/systemd/system/n.service.d/x.conf",
                "[Service]\nExecStart=\nExecStart=/usr/bin/m go\n",
            ),
            ("/home/bob/bin/x", "#!/bin/sh\n"),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("-").to_owned();
        let told: Vec<String> = body["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                ["type", "owner", "schedule", "command"].map(|key| text(one, key)).join(" | ")
            })
            .collect();
        assert_eq!(
            told,
            [
                "anacron | root | every 7 days | nice run-parts /etc/cron.weekly",
                "at | root | once | -",
                "cron | backup | 0 3 * * * | mysqldump -p… …",
                "cron | root | @reboot | PASS=… /opt/x",
                "cron | root | 17 * * * * | cd / && run-parts /etc/cron.hourly",
                "cron | bob | */5 * * * * | /home/bob/bin/x --token …",
                "timer | www | daily, OnBootSec=5min | /usr/bin/m …",
            ]
        );
        assert_eq!(body["schedulers"][0]["allowed_users"], serde_json::json!(["bob"]));
        assert!(!body.to_string().contains("PLANTED"), "{body}");
        assert!(body["jobs"][1]["next_run"].is_string());
    }

    #[test]
    fn systemd_tells_the_last_run_and_a_service_that_never_ran_has_none() {
        let units = parse(
            "Id=a.service\nActiveState=failed\nResult=exit-code\nExecMainStartTimestamp=@1795386818\nExecMainStatus=3\n\n\
             Id=b.service\nActiveState=inactive\nResult=success\nExecMainStartTimestamp=\nExecMainStatus=0\n\n\
             NextElapseUSecRealtime=@1795390000\nId=a.timer\n",
        );
        let (started, result, code) = last(units.get("a.service"));
        assert_eq!(started.unwrap().as_second(), 1_795_386_818);
        assert_eq!((result, code), (Some(JobResult::Failure), Some(3)));
        assert_eq!(last(units.get("b.service")), (None, None, None));
        assert!(time(&units["a.timer"], "NextElapseUSecRealtime").is_some());
    }
}
