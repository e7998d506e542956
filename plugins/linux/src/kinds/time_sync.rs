//! `time.sync`: whether the clock follows a reference, by which program and which sources.
//!
//! It never sets a clock and asks no server. A program that runs is not a clock that is right: both are told apart.

mod answers;
mod sources;

use exhibit_plugin::kinds::time_sync::{Daemon, KIND, Source, TimeSync};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};

use crate::look::Look;
use crate::services;
use crate::tool::{Tool, ToolError};

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "timedatectl show (only under systemd)",
        "chronyc -n -c tracking (only while chronyd runs)",
        "adjtimex --print (only where neither of them answers)",
        "/etc/chrony/{chrony.conf,conf.d,sources.d}, /etc/systemd/timesyncd.conf with drop-ins",
        "/etc/ntpsec/ntp.conf, /etc/ntp.conf, /etc/openntpd/ntpd.conf, /etc/linuxptp/ptp4l.conf",
        "/etc/localtime, /etc/timezone, /proc/self/ns/pid",
        "systemctl show of the time services, or /proc/<pid>/comm",
    ],
    needs: &[],
    observe,
};

/// Service, unit, and what its process calls itself.
const DAEMONS: [(&str, &str, &str); 5] = [
    ("chrony", "chrony.service", "chronyd"),
    ("ntp", "ntp.service", "ntpd"),
    ("ntpsec", "ntpsec.service", "ntpd"),
    ("openntpd", "openntpd.service", "ntpd"),
    ("systemd-timesyncd", "systemd-timesyncd.service", "systemd-timesyncd"),
];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let daemons = daemons(&mut look);
    let mut body = TimeSync {
        synchronised: None,
        sources: sources::all(&mut look),
        offset_ms: None,
        max_error_ms: None,
        stratum: None,
        timezone: timezone(&look),
        kept_by_host: None,
        daemons,
    };
    if look.host.is_live() {
        body.kept_by_host = is_container(&mut look);
        state(&mut look, &mut body);
    } else {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "the clock belongs to a running host, and {} is only a file tree",
                job.root.display()
            ),
            "observe the running host with root '/'",
        );
    }
    let rows = body.sources.len();
    look.seen.document(body, rows);
    look.done()
}

fn daemons(look: &mut Look<'_>) -> Vec<Daemon> {
    DAEMONS
        .iter()
        .filter_map(|(name, unit, process)| {
            // Three programs call themselves ntpd: only an installed unit tells which it is.
            let installed = *process != "ntpd" || has_unit(look, unit);
            let service = installed.then(|| services::find(look, unit, process)).flatten()?;
            Some(Daemon {
                name: (*name).to_owned(),
                enabled: service.enabled,
                active: service.active,
            })
        })
        .collect()
}

fn has_unit(look: &Look<'_>, unit: &str) -> bool {
    ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
        .iter()
        .any(|folder| look.host.exists(&format!("{folder}/{unit}")))
}

/// Asks the daemons and the kernel how the clock is now.
fn state(look: &mut Look<'_>, body: &mut TimeSync) {
    if look.host.exists("/run/systemd/system")
        && let Ok(output) = look.try_run(&Tool::new("timedatectl", &["show"]))
        && output.is_success()
    {
        body.synchronised = answers::timedate(&output.stdout).synchronised;
    }
    let chronyd_runs = body.daemons.iter().any(|d| d.name == "chrony" && d.active == Some(true));
    if chronyd_runs {
        tracking(look, body);
    }
    if body.synchronised.is_none() {
        kernel(look, body);
    }
    let nobody_tries = body.daemons.iter().all(|daemon| daemon.active == Some(false));
    if body.synchronised.is_none() {
        let running = if nobody_tries { "no time service runs" } else { "a time service runs" };
        look.seen.outcome(
            OutcomeKind::ToolMissing,
            format!("whether the clock is synchronised is not known ({running}): neither systemd, chrony nor adjtimex answered"),
            "install the package adjtimex or chrony, or run under systemd, whose timedatectl reads the kernel's flag",
        );
    }
}

fn tracking(look: &mut Look<'_>, body: &mut TimeSync) {
    // -n: names of sources would be asked from a name server.
    let tool = Tool::new("chronyc", &["-n", "-c", "tracking"]);
    let output = match look.try_run(&tool) {
        Ok(output) => output,
        Err(error) => {
            let detail = format!("chronyd was not asked for its state: {error}");
            look.seen.outcome(error.outcome(), detail, error.remedy());
            return;
        }
    };
    let parsed = answers::tracking(&output.stdout);
    let Some(tracking) = parsed.filter(|_| output.is_success()) else {
        let said = output.stdout.lines().next().unwrap_or_default().trim().to_owned();
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("chronyd runs and does not answer: '{said}' ({})", output.fault()),
            "run the plugin as root or as the account of chronyd, or allow 127.0.0.1 to ask on its command port",
        );
        return;
    };
    body.synchronised = body.synchronised.or(Some(tracking.synchronised));
    body.stratum = Some(tracking.stratum).filter(|stratum| *stratum <= 16);
    body.offset_ms = tracking.synchronised.then_some(tracking.offset_ms);
    if let Some(address) = tracking.reference.filter(|_| tracking.synchronised) {
        for source in body.sources.iter_mut().filter(|source| source.address == address) {
            source.selected = Some(true);
        }
        if !body.sources.iter().any(|source| source.address == address) {
            body.sources.push(Source {
                address,
                kind: "server".to_owned(),
                authenticated: None,
                selected: Some(true),
                source: "chronyc tracking".to_owned(),
            });
        }
    }
}

/// The kernel's own flag, by a tool that prints it; silent when none is installed, since the caller says so.
fn kernel(look: &mut Look<'_>, body: &mut TimeSync) {
    for tool in [Tool::new("adjtimex", &["--print"]), Tool::new("busybox", &["adjtimex"])] {
        match look.try_run(&tool) {
            Ok(output) => {
                let answer = answers::adjtimex(&output.stdout);
                body.synchronised = answer.synchronised;
                body.max_error_ms = answer.max_error_ms;
                if body.synchronised.is_some() {
                    return;
                }
            }
            Err(ToolError::Missing(_)) => {}
            Err(error) => {
                look.seen.outcome(error.outcome(), error.to_string(), error.remedy());
            }
        }
    }
}

fn timezone(look: &Look<'_>) -> Option<String> {
    let linked = look.host.link("/etc/localtime");
    let linked = linked.as_deref().and_then(|target| target.split_once("zoneinfo/"));
    match linked {
        Some((_, zone)) => Some(zone.to_owned()),
        None => {
            let text = look.host.text("/etc/timezone").ok().flatten()?;
            Some(text.trim().to_owned()).filter(|zone| !zone.is_empty())
        }
    }
}

/// Whether this is a container, whose clock is the one of the machine around it. Marks such as /.dockerenv stay behind in
/// virtual machines made from images; the process namespace does not lie, and the first one has a fixed number.
fn is_container(look: &mut Look<'_>) -> Option<bool> {
    const FIRST: &str = "pid:[4026531836]";
    look.seen.method("/proc/self/ns/pid");
    look.host.link("/proc/self/ns/pid").map(|namespace| namespace != FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;
    use serde_json::Value;

    #[test]
    fn a_file_tree_tells_who_would_keep_the_clock_and_not_how_it_is() {
        let root = testing::planted(&[
            ("/usr/lib/systemd/system/chrony.service", "[Unit]\n"),
            (
                "/etc/chrony/chrony.conf",
                "server time.example.org nts\nsourcedir /etc/chrony/sources.d\n",
            ),
            ("/etc/chrony/sources.d/own.sources", "pool pool.example.org\n"),
            ("/etc/timezone", "Europe/Zurich\n"),
        ]);
        let seen = observe(&testing::job(root.path()));
        let body = testing::body(KIND, &seen);
        assert_eq!(body["daemons"][0]["name"], "chrony");
        assert_eq!(body["daemons"][0]["enabled"], false);
        assert_eq!(body["sources"][0]["source"], "/etc/chrony/sources.d/own.sources:1");
        assert_eq!(body["sources"][1]["authenticated"], true);
        assert_eq!(body["timezone"], "Europe/Zurich");
        assert_eq!(body["synchronised"], Value::Null);
        assert!(testing::outcomes(&seen)[0].starts_with("not_applicable"));
    }

    #[test]
    fn this_machine_says_something_or_why_not() {
        let seen = observe(&testing::job("/"));
        let body = testing::body(KIND, &seen);
        assert!(body["synchronised"].is_boolean() || !testing::outcomes(&seen).is_empty());
    }
}
