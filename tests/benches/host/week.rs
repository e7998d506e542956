//! A week of one agent at the default schedule, replayed in minutes: what it collects is real, how it is sent is real, and every
//! byte of its connections is counted on the way. Of the clock only the schedule is replayed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use exhibit_agent::app::{Agent, Catalog};
use exhibit_agent::config::Config;
use exhibit_agent::schedule::{Due, due, splay};
use exhibit_agent::upload::Session;
use exhibit_proto::document::Kind;
use exhibit_tests::Programs;
use exhibit_tests::installation::Installation;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Bytes that passed, both ways, within TCP.
#[derive(Debug, Default)]
struct Passed {
    up: AtomicU64,
    down: AtomicU64,
    connections: AtomicU64,
}

impl Passed {
    fn now(&self) -> [u64; 3] {
        [&self.up, &self.down, &self.connections].map(|count| count.load(Ordering::SeqCst))
    }
}

/// Kinds that a busy week changes; they observe a tree in which somebody works.
const WORKED_ON: [&str; 6] = [
    "identity.accounts",
    "identity.privileged_grants",
    "identity.sign_in_policy",
    "patch.status",
    "sdlc.change_records",
    "software.inventory",
];

/// Replays a quiet week, then a busy one.
pub(crate) fn measure(programs: &Programs, folder: &Path, days: u32) -> Result<Value> {
    let at = Installation::open(programs, &folder.join("week"))?;
    let tree = at.folder.join("tree");
    copy_of_this_machine(&tree)?;
    let serving = at.serve()?;
    let passed = Arc::new(Passed::default());
    let port = pass_on(&serving.evidence, Arc::clone(&passed))?;
    configure(programs, &at, &tree, port)?;
    at.enrol(&serving)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let replayed = runtime.block_on(replay(&at.folder.join("agent.toml"), &tree, &passed, days));
    serving.stop()?;
    replayed
}

async fn replay(config: &Path, tree: &Path, passed: &Passed, days: u32) -> Result<Value> {
    let agent = Agent::open(Config::load(config)?)?;
    let catalog = agent.catalog().await?;
    agent.beat(&catalog)?;
    agent.collect(&catalog, &catalog.wanted()).await?;
    agent.upload(&mut Session::default()).await?;
    let first = passed.now();
    let mut clock: Timestamp = "2026-11-23T00:00:00Z".parse()?;
    let mut last = catalog.wanted().into_iter().map(|kind| (kind, clock)).collect();
    let mut weeks = Vec::new();
    for busy in [false, true] {
        let (before, mut most) = (passed.now(), 0);
        for day in 0..days {
            if busy {
                work(tree, day)?;
            }
            let morning = passed.now();
            clock = one_day(&agent, &catalog, clock, &mut last).await?;
            most = most.max(sum(passed.now()) - sum(morning));
        }
        let [up, down, connections] = [0, 1, 2].map(|at| passed.now()[at] - before[at]);
        let per_day = |total: u64| total / u64::from(days.max(1));
        weeks.push(json!({
            "week": if busy { "busy" } else { "quiet" },
            "days": days,
            "bytes_sent_a_day": per_day(up),
            "bytes_received_a_day": per_day(down),
            "bytes_both_ways_on_the_worst_day": most,
            "connections_a_day": per_day(connections),
        }));
    }
    Ok(json!({
        "schedule": "default",
        "counted": "bytes within TCP, TLS included, without the heads of packets",
        "first_run_bytes": {"sent": first[0], "received": first[1]},
        "weeks": weeks,
    }))
}

fn sum(passed: [u64; 3]) -> u64 {
    passed[0] + passed[1]
}

/// What the agent's own loop does in a day, one step after the other: a heartbeat where silence would be too long, then what is due.
async fn one_day(
    agent: &Agent,
    catalog: &Catalog<'_>,
    from: Timestamp,
    last: &mut BTreeMap<Kind, Timestamp>,
) -> Result<Timestamp> {
    let until = from.checked_add(SignedDuration::from_hours(24))?;
    let interval = SignedDuration::try_from(agent.interval()?)?;
    let schedule = &agent.config.schedule;
    let (mut now, mut told) = (from, from);
    // The first heartbeat of a day closes the one before.
    agent.beat(catalog)?;
    while now < until {
        let mut next = told.checked_add(interval)?;
        let mut ready = Vec::new();
        for kind in catalog.wanted() {
            let line = schedule.of(&kind);
            let splay = splay(&agent.identity.agent, line, schedule.splay);
            match due(line, splay, now, last.get(&kind).copied()) {
                Due::Now => ready.push(kind),
                Due::At(at) => next = next.min(at),
                Due::Never => {}
            }
        }
        let silent = told.duration_until(now) >= interval;
        if silent {
            agent.beat(catalog)?;
        }
        if !ready.is_empty() {
            agent.collect(catalog, &ready).await?;
            last.extend(ready.iter().map(|kind| (kind.clone(), now)));
        }
        if silent || !ready.is_empty() {
            agent.upload(&mut Session::default()).await?;
            told = now;
            continue;
        }
        now = next;
    }
    Ok(until)
}

/// Listens on a port of its own and passes on what comes, counting.
fn pass_on(to: &str, passed: Arc<Passed>) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let to = to.to_owned();
    thread::spawn(move || {
        for inside in listener.incoming().flatten() {
            // A collector that is gone shows to the agent as a connection that ends.
            let Ok(outside) = TcpStream::connect(&to) else { continue };
            passed.connections.fetch_add(1, Ordering::SeqCst);
            for up in [true, false] {
                let (Ok(one), Ok(other)) = (inside.try_clone(), outside.try_clone()) else {
                    continue;
                };
                let (from, into) = if up { (one, other) } else { (other, one) };
                let passed = Arc::clone(&passed);
                thread::spawn(move || {
                    copy(from, into, if up { &passed.up } else { &passed.down });
                });
            }
        }
    });
    Ok(port)
}

fn copy(mut from: TcpStream, mut into: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        count.fetch_add(u64::try_from(length).unwrap_or(0), Ordering::SeqCst);
        if into.write_all(bytes).is_err() {
            break;
        }
    }
    // The other side may have ended first.
    into.shutdown(Shutdown::Write).unwrap_or(());
}

/// Two plugins of one program: what somebody works on is observed in a tree, the rest on this machine. The two daily scans look at
/// little, for their documents are small whatever they read.
fn configure(programs: &Programs, at: &Installation, tree: &Path, port: u16) -> Result<()> {
    let plugin = programs.path("exhibit-plugin-linux");
    let script = at.folder.join("in-tree");
    let text = format!(
        "#!/bin/sh\n[ $# -gt 0 ] && exec '{0}' \"$@\"\nsed 's|\"root\":\"/\"|\"root\":\"{1}\"|' | '{0}'\n",
        plugin.display(),
        tree.display()
    );
    fs::write(&script, text)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let path = |path: &Path| Value::from(path.to_string_lossy().as_ref()).to_string();
    let agent = format!(
        "state_dir = \"agent\"\ncollector = \"127.0.0.1:{port}\"\n[[plugin]]\npath = {}\nkinds = {}\n\
         [[plugin]]\npath = {}\n[plugin.settings]\npermissions = {{ paths = [\"/etc\"] }}\n\
         integrity = {{ megabytes = 16, seconds = 2 }}\n[[plugin]]\npath = {}\n",
        path(&script),
        json!(WORKED_ON),
        path(&plugin),
        path(&programs.path("exhibit-plugin-backup")),
    );
    Ok(fs::write(at.folder.join("agent.toml"), agent)?)
}

/// Where this machine says who may do what, and what is installed.
fn copy_of_this_machine(tree: &Path) -> Result<()> {
    for path in
        ["etc", "var/lib/dpkg/status", "var/lib/apt", "var/log/apt", "usr/share/distro-info"]
    {
        let from = Path::new("/").join(path);
        if from.exists() {
            let into = tree.join(path);
            fs::create_dir_all(into.parent().context("a path without a folder")?)?;
            let copied =
                std::process::Command::new("cp").arg("-a").args([&from, &into]).status()?;
            anyhow::ensure!(copied.success(), "cp of {} ended with {copied}", from.display());
        }
    }
    Ok(())
}

/// A day's work: five packages are updated, and by turns an account comes, somebody gets rights, sshd is set.
fn work(tree: &Path, day: u32) -> Result<()> {
    let status = tree.join("var/lib/dpkg/status");
    let mut number = 0;
    let text = fs::read_to_string(&status)?;
    let lines = text.lines().map(|line| {
        let version = line.strip_prefix("Version: ");
        number += u32::from(version.is_some());
        // Other ones each day, spread over the whole.
        match version.filter(|_| number % 180 == 10 * day) {
            Some(version) => format!("Version: {version}+day{day}"),
            None => line.to_owned(),
        }
    });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    fs::write(&status, text)?;
    let add = |path: &str, line: &str| -> Result<()> {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().context("a path without a folder")?)?;
        let mut file = fs::File::options().create(true).append(true).open(path)?;
        Ok(writeln!(file, "{line}")?)
    };
    add(
        "var/log/apt/history.log",
        &format!(
            "\nStart-Date: 2026-11-{:02}  06:12:00\nCommandline: apt-get upgrade\nUpgrade: a:amd64 (1, 2)\nEnd-Date: 2026-11-{:02}  06:12:30",
            day + 1,
            day + 1
        ),
    )?;
    match day % 3 {
        0 => {
            add("etc/passwd", &format!("new{day}:x:{0}:{0}::/home/new{day}:/bin/bash", 3000 + day))
        }
        1 => add(&format!("etc/sudoers.d/day{day}"), &format!("new{day} ALL=(ALL) ALL")),
        _ => add("etc/ssh/sshd_config", &format!("MaxAuthTries {}", 3 + day % 3)),
    }
}
