//! Recognises a backup tool in a command or in the script it starts, and what is asked of it. It never runs one.

use crate::host::Host;

/// A call of a backup tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) tool: &'static str,
    /// `backup`, `copy`, `check`, `prune`.
    pub(super) action: Option<&'static str>,
}

/// Tools by name, and the words that say what they are to do.
const TOOLS: &[(&str, &[(&str, &str)])] = &[
    ("restic", RESTIC),
    ("rustic", RESTIC),
    (
        "borg",
        &[
            ("create", BACKUP),
            ("check", CHECK),
            ("prune", PRUNE),
            ("compact", PRUNE),
            ("delete", PRUNE),
        ],
    ),
    (
        "borgmatic",
        &[("create", BACKUP), ("check", CHECK), ("prune", PRUNE), ("compact", PRUNE), ("", BACKUP)],
    ),
    (
        "duplicity",
        &[
            ("verify", CHECK),
            ("remove-older-than", PRUNE),
            ("remove-all-but-n-full", PRUNE),
            ("cleanup", PRUNE),
            ("", BACKUP),
        ],
    ),
    ("duply", &[("verify", CHECK), ("purge", PRUNE), ("cleanup", PRUNE), ("", BACKUP)]),
    ("rsnapshot", &[("configtest", ""), ("", BACKUP)]),
    ("kopia", &[("create", BACKUP), ("verify", CHECK), ("maintenance", PRUNE), ("sync-to", COPY)]),
    (
        "rdiff-backup",
        &[
            ("verify", CHECK),
            ("--verify", CHECK),
            ("remove", PRUNE),
            ("--remove-older-than", PRUNE),
            ("", BACKUP),
        ],
    ),
    ("tarsnap", &[("-c", BACKUP), ("-d", PRUNE)]),
    ("bacula-dir", &[]),
    ("bareos-dir", &[]),
    ("bupstash", &[("put", BACKUP), ("rm", PRUNE), ("gc", PRUNE)]),
    ("backupninja", ALWAYS),
    ("autopostgresqlbackup", ALWAYS),
    ("automysqlbackup", ALWAYS),
    ("pgbackrest", &[("backup", BACKUP), ("verify", CHECK), ("expire", PRUNE)]),
    ("barman", &[("backup", BACKUP), ("verify-backup", CHECK), ("delete", PRUNE)]),
    ("wal-g", &[("backup-push", BACKUP), ("wal-verify", CHECK), ("delete", PRUNE)]),
    ("pg_dump", ALWAYS),
    ("pg_dumpall", ALWAYS),
    ("pg_basebackup", ALWAYS),
    ("mysqldump", ALWAYS),
    ("mariadb-dump", ALWAYS),
    ("mydumper", ALWAYS),
    ("xtrabackup", &[("--backup", BACKUP)]),
    ("mariabackup", &[("--backup", BACKUP)]),
    ("mariadb-backup", &[("--backup", BACKUP)]),
    (
        "btrbk",
        &[
            ("run", BACKUP),
            ("snapshot", SNAPSHOT),
            ("resume", COPY),
            ("archive", COPY),
            ("prune", PRUNE),
        ],
    ),
    ("sanoid", &[("", SNAPSHOT)]),
    ("syncoid", &[("", COPY)]),
    ("rsync", &[("", COPY)]),
    ("rclone", &[("copy", COPY), ("sync", COPY), ("move", COPY), ("check", CHECK)]),
];
const BACKUP: &str = "backup";
const COPY: &str = "copy";
const CHECK: &str = "check";
const PRUNE: &str = "prune";
const SNAPSHOT: &str = "snapshot";
const RESTIC: &[(&str, &str)] =
    &[("backup", BACKUP), ("check", CHECK), ("forget", PRUNE), ("prune", PRUNE), ("copy", COPY)];
/// It can do nothing else.
const ALWAYS: &[(&str, &str)] = &[("", BACKUP)];
/// A longer script is a program, and a program is judged by its name.
const MAX_SCRIPT: u64 = 256 * 1024;

/// The call that a command makes, directly or in the script it names.
pub(super) fn call_of(host: &Host, command: &str) -> Option<Call> {
    if let Some(call) = best(calls_in(command)) {
        return Some(call);
    }
    let script = command.split_ascii_whitespace().map(bare).find(|word| word.starts_with('/'))?;
    call_of_script(host, script)
}

/// The call that a script makes; none when it is not a script or may not be read.
pub(super) fn call_of_script(host: &Host, path: &str) -> Option<Call> {
    let bytes = host.head(path, MAX_SCRIPT).ok().flatten()?;
    let text = String::from_utf8_lossy(&bytes);
    if !text.starts_with("#!") {
        return None;
    }
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    best(lines.flat_map(calls_in).collect())
}

/// What a script is for: it backs up before it checks and prunes.
fn best(calls: Vec<Call>) -> Option<Call> {
    let rank = |call: &Call| match call.action {
        Some(BACKUP) => 0,
        Some(SNAPSHOT | COPY) => 1,
        Some(CHECK) => 2,
        Some(PRUNE) => 3,
        Some(_) | None => 4,
    };
    calls.into_iter().min_by_key(rank)
}

/// Each command of a line ends where a shell would end it.
fn calls_in(text: &str) -> Vec<Call> {
    let parts = text.split(['|', '&', ';', '(', ')', '`', '$', '"', '\'']);
    parts.filter_map(call_in).collect()
}

fn call_in(part: &str) -> Option<Call> {
    let mut words = part.split_ascii_whitespace().map(bare);
    let (tool, actions) = words.by_ref().find_map(|word| {
        let name = word.rsplit('/').next()?;
        TOOLS.iter().find(|(tool, _)| *tool == name)
    })?;
    let rest: Vec<&str> = words.collect();
    let asked = actions.iter().find(|(word, _)| word.is_empty() || rest.contains(word));
    Some(Call {
        tool,
        action: asked.map(|(_, action)| *action).filter(|action| !action.is_empty()),
    })
}

/// systemd's marks before a command: `-`, `@`, `+`, `!`, `:`. An option keeps its dashes.
fn bare(word: &str) -> &str {
    let rest = word.trim_start_matches(['-', '@', '+', '!', ':']);
    if rest.starts_with('/') { rest } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::local::testing;

    #[test]
    fn commands_and_scripts_are_recognised() {
        let root = testing::planted(&[
            (
                "/usr/local/bin/backup.sh",
                "#!/bin/sh\n# restic is not used any more\nif true; then /usr/bin/borg create ::x /; fi\n",
            ),
            ("/usr/local/bin/other.sh", "#!/bin/sh\necho restic-like\n"),
            (
                "/usr/local/bin/all.sh",
                "#!/bin/sh\nborg prune --keep-daily 7\nborg check\nborg \\\n  create ::{now} /srv\n",
            ),
        ]);
        let host = Host::new(root.path());
        for (command, expected) in [
            ("-/usr/bin/restic backup /srv", Some(("restic", Some("backup")))),
            ("cd / && borgmatic --verbosity 0", Some(("borgmatic", Some("backup")))),
            ("borgmatic check --verbosity 0", Some(("borgmatic", Some("check")))),
            ("/bin/sh /usr/local/bin/none.sh", None),
            ("/usr/local/bin/backup.sh --quiet", Some(("borg", Some("backup")))),
            ("/usr/local/bin/all.sh", Some(("borg", Some("backup")))),
            ("/usr/local/bin/other.sh", None),
            ("/usr/bin/restic-exporter", None),
            ("restic check --read-data-subset=1%", Some(("restic", Some("check")))),
            ("restic unlock", Some(("restic", None))),
            ("pg_dump -Fc app | restic backup --stdin", Some(("pg_dump", Some("backup")))),
            ("/usr/bin/rsync -a /srv nas:/srv", Some(("rsync", Some("copy")))),
            ("sh -c 'rsnapshot daily'", Some(("rsnapshot", Some("backup")))),
            ("mariadb-backup --prepare --target-dir=/b", Some(("mariadb-backup", None))),
        ] {
            let found = call_of(&host, command).map(|call| (call.tool, call.action));
            assert_eq!(found, expected, "{command}");
        }
    }
}
