//! Jobs of cron, anacron and at. A job of at holds the environment of the person who made it, so its file is never read.

use jiff::Timestamp;

use super::Planned;
use crate::{accounts::Tables, look::Look};

/// Tables of single accounts: Debian, SUSE, RHEL, Alpine.
const TABLES: [&str; 4] =
    ["/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron", "/etc/crontabs"];
const PERIODS: [(&str, &str); 9] = [
    ("/etc/cron.hourly", "@hourly"),
    ("/etc/cron.daily", "@daily"),
    ("/etc/cron.weekly", "@weekly"),
    ("/etc/cron.monthly", "@monthly"),
    ("/etc/periodic/15min", "*/15 * * * *"),
    ("/etc/periodic/hourly", "@hourly"),
    ("/etc/periodic/daily", "@daily"),
    ("/etc/periodic/weekly", "@weekly"),
    ("/etc/periodic/monthly", "@monthly"),
];
const AT: [&str; 3] = ["/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs"];

pub(super) fn find(look: &mut Look<'_>) -> Vec<Planned> {
    let mut found = Vec::new();
    table(look, "/etc/crontab", None, &mut found);
    for name in look.names("/etc/cron.d").here().unwrap_or_default() {
        if is_run(&name) {
            table(look, &format!("/etc/cron.d/{name}"), None, &mut found);
        }
    }
    let mut seen = Vec::new();
    for folder in TABLES {
        for name in look.names(folder).here().unwrap_or_default() {
            let path = format!("{folder}/{name}");
            let is_file = look.host.facts(&path).is_ok_and(|f| f.is_some_and(|f| !f.directory));
            // On Alpine one folder is a link to another.
            if is_file && !name.starts_with('.') && !seen.contains(&name) {
                table(look, &path, Some(&name), &mut found);
                seen.push(name);
            }
        }
    }
    for (folder, schedule) in PERIODS {
        for name in look.names(folder).here().unwrap_or_default() {
            if !is_run(&name) {
                continue;
            }
            let path = format!("{folder}/{name}");
            // run-parts leaves out what may not be executed.
            let runs = look.facts(&path).here().map(|facts| facts.mode & 0o111 != 0);
            found.push(job("cron", path.clone(), Some("root"), schedule, runs, Some(path)));
        }
    }
    anacron(look, &mut found);
    at(look, &mut found);
    found
}

/// cron and run-parts leave out names with a dot or a tilde.
fn is_run(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn job(
    kind: &'static str,
    name: String,
    owner: Option<&str>,
    schedule: &str,
    enabled: Option<bool>,
    command: Option<String>,
) -> Planned {
    Planned {
        kind,
        owner: owner.map(str::to_owned),
        schedule: Some(schedule.to_owned()),
        enabled,
        command,
        service: None,
        next: None,
        source: name.clone(),
        name,
    }
}

fn table(look: &mut Look<'_>, path: &str, owner: Option<&str>, found: &mut Vec<Planned>) {
    let Some(text) = look.text(path).here() else { return };
    for (number, line) in (1..).zip(text.lines()) {
        let Some((schedule, rest)) = entry(line.trim()) else { continue };
        let (owner, command) = match owner {
            Some(owner) => (owner, rest),
            None => match rest.split_once(char::is_whitespace) {
                Some((owner, command)) => (owner, command.trim()),
                None => continue,
            },
        };
        // Behind an unescaped % stands what cron feeds the command: data, and often a secret.
        let command = command.split('%').next().unwrap_or_default().trim().to_owned();
        let name = format!("{path}:{number}");
        found.push(job("cron", name, Some(owner), &schedule, Some(true), Some(command)));
    }
}

/// Schedule and the rest of one line; none for comments, settings and noise.
fn entry(line: &str) -> Option<(String, &str)> {
    let first = line.split_whitespace().next()?;
    let fields = if first.starts_with('@') { 1 } else { 5 };
    // A setting such as PATH=… is no entry.
    if fields == 5 && !first.bytes().all(|byte| byte.is_ascii_digit() || b"*,-/~".contains(&byte)) {
        return None;
    }
    let (mut schedule, mut rest) = (Vec::new(), line);
    for _ in 0..fields {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        schedule.push(word);
        rest = after.trim_start();
    }
    (!rest.is_empty()).then(|| (schedule.join(" "), rest))
}

fn anacron(look: &mut Look<'_>, found: &mut Vec<Planned>) {
    let path = "/etc/anacrontab";
    let Some(text) = look.text(path).here() else { return };
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [period, delay, _id, command @ ..] = words.as_slice() else { continue };
        let is_period = period.starts_with('@') || period.bytes().all(|byte| byte.is_ascii_digit());
        if !is_period || command.is_empty() || delay.parse::<u32>().is_err() {
            continue;
        }
        let schedule = if period.starts_with('@') {
            (*period).to_owned()
        } else {
            format!("every {period} days")
        };
        let command = Some(command.join(" "));
        let name = format!("{path}:{number}");
        found.push(job("anacron", name, Some("root"), &schedule, Some(true), command));
    }
}

/// The name of a job of at holds its queue, its number and the minute of its start, in hexadecimal.
fn at(look: &mut Look<'_>, found: &mut Vec<Planned>) {
    for folder in AT {
        for name in look.names(folder).here().unwrap_or_default() {
            let minutes = name.get(6..14).and_then(|text| i64::from_str_radix(text, 16).ok());
            let Some(minutes) = minutes.filter(|_| name.len() == 14) else { continue };
            let path = format!("{folder}/{name}");
            let uid = look.facts(&path).here().map(|facts| facts.uid);
            let tables = Tables::read(look);
            let owner = tables.users.iter().find(|user| Some(user.uid) == uid);
            let owner = owner.map(|user| user.name.clone());
            let mut one = job("at", path, owner.as_deref(), "once", Some(true), None);
            one.next = Timestamp::from_second(minutes.saturating_mul(60)).ok();
            found.push(one);
        }
    }
}
