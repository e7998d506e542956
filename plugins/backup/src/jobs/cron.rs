//! Finds cron entries that call a backup tool. cron keeps no record of results, so none is reported.

use exhibit_plugin::kinds::backup_jobs::Schedule;

use super::commands;
use crate::look::Look;
use crate::services;

const USER_TABLES: &str = "/var/spool/cron/crontabs";
const PERIODS: [(&str, &str); 4] = [
    ("/etc/cron.hourly", "@hourly"),
    ("/etc/cron.daily", "@daily"),
    ("/etc/cron.weekly", "@weekly"),
    ("/etc/cron.monthly", "@monthly"),
];

pub(super) fn find(look: &mut Look<'_>) -> Vec<Schedule> {
    let mut found = Vec::new();
    table(look, "/etc/crontab", true, &mut found);
    for name in look.names("/etc/cron.d").here().unwrap_or_default() {
        if is_run(&name) {
            table(look, &format!("/etc/cron.d/{name}"), true, &mut found);
        }
    }
    for name in look.names(USER_TABLES).here().unwrap_or_default() {
        table(look, &format!("{USER_TABLES}/{name}"), false, &mut found);
    }
    for (folder, expression) in PERIODS {
        for name in look.names(folder).here().unwrap_or_default() {
            let path = format!("{folder}/{name}");
            if let Some(call) =
                commands::call_of_script(&look.host, &path).filter(|_| is_run(&name))
            {
                // run-parts leaves out what may not be executed.
                let runs = look.facts(&path).here().map(|facts| facts.mode & 0o111 != 0);
                found.push(schedule(path.clone(), call, expression, runs, path));
            }
        }
    }
    if !found.is_empty() {
        let cron = services::find(look, "cron.service", "cron").and_then(|service| service.enabled);
        for schedule in &mut found {
            schedule.enabled = match (cron, schedule.enabled) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                (None, _) | (_, None) => None,
            };
        }
    }
    found
}

/// cron and run-parts leave out names with a dot or a tilde.
fn is_run(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn table(look: &mut Look<'_>, path: &str, has_user: bool, found: &mut Vec<Schedule>) {
    let Some(text) = look.text(path).here() else { return };
    for (number, line) in (1..).zip(text.lines()) {
        let Some((expression, command)) = entry(line, has_user) else { continue };
        if let Some(call) = commands::call_of(&look.host, &command) {
            found.push(schedule(
                path.to_owned(),
                call,
                &expression,
                Some(true),
                format!("{path}:{number}"),
            ));
        }
    }
}

/// Expression and command of one line; none for comments, settings and noise.
fn entry(line: &str, has_user: bool) -> Option<(String, String)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let first = words.first()?;
    let fields = if first.starts_with('@') { 1 } else { 5 };
    // A setting such as PATH=… is no entry.
    if fields == 5 && !first.bytes().all(|b| b.is_ascii_digit() || b"*,-/~".contains(&b)) {
        return None;
    }
    let command = words.get(fields + usize::from(has_user)..).filter(|rest| !rest.is_empty())?;
    Some((words.get(..fields)?.join(" "), command.join(" ")))
}

fn schedule(
    name: String,
    call: commands::Call,
    expression: &str,
    enabled: Option<bool>,
    source: String,
) -> Schedule {
    Schedule {
        name,
        kind: "cron".to_owned(),
        tool: call.tool.to_owned(),
        action: call.action.map(str::to_owned),
        expression: Some(expression.to_owned()),
        enabled,
        armed_since: None,
        last_run: None,
        last_result: None,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::local::testing;

    fn found(files: &[(&str, &str)]) -> Vec<(String, String, String)> {
        let root = testing::planted(files);
        find(&mut Look::new(&testing::job(root.path())))
            .into_iter()
            .map(|s| (s.source, s.tool, s.expression.unwrap()))
            .collect()
    }

    #[test]
    fn system_tables_have_a_user_column_and_user_tables_have_none() {
        let lines = found(&[
            ("/etc/cron.d/backup", "PATH=/usr/bin\n# x\n0 3 * * * root restic backup /\n"),
            ("/var/spool/cron/crontabs/bob", "@daily borg create ::x /home/bob\n"),
            ("/etc/cron.d/old.bak", "0 3 * * * root restic backup /\n"),
        ]);
        assert_eq!(
            lines,
            [
                ("/etc/cron.d/backup:3".into(), "restic".into(), "0 3 * * *".into()),
                ("/var/spool/cron/crontabs/bob:1".into(), "borg".into(), "@daily".into())
            ]
        );
    }

    #[test]
    fn a_daily_script_that_may_not_be_executed_is_off() {
        let root = testing::planted(&[("/etc/cron.daily/backup", "#!/bin/sh\nrsnapshot daily\n")]);
        let found = find(&mut Look::new(&testing::job(root.path())));
        assert_eq!(found[0].enabled, Some(false));
        assert_eq!(found[0].expression.as_deref(), Some("@daily"));
    }

    #[test]
    fn noise_is_no_entry() {
        assert_eq!(entry("* * *", true), None);
        assert_eq!(entry("MAILTO=root restic a b c d e", true), None);
        assert_eq!(entry("", true), None);
        assert_eq!(entry("0 3 * * * root", true), None);
    }
}
