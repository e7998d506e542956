//! Recognises a backup tool in a command or in the script it starts. It never runs one.

use crate::host::Host;

const TOOLS: [&str; 18] = [
    "restic",
    "borg",
    "borgmatic",
    "duplicity",
    "duply",
    "rsnapshot",
    "kopia",
    "rdiff-backup",
    "tarsnap",
    "bacula-dir",
    "bareos-dir",
    "rustic",
    "bupstash",
    "backupninja",
    "autopostgresqlbackup",
    "automysqlbackup",
    "pgbackrest",
    "barman",
];
/// A longer script is a program, and a program is judged by its name.
const MAX_SCRIPT: u64 = 256 * 1024;

/// The tool that a command calls, directly or in the script it names.
pub(super) fn tool_of(host: &Host, command: &str) -> Option<&'static str> {
    if let Some(tool) = tool_in(command) {
        return Some(tool);
    }
    let script = command.split_ascii_whitespace().map(bare).find(|word| word.starts_with('/'))?;
    tool_of_script(host, script)
}

/// The tool that a script calls; none when it is not a script or may not be read.
pub(super) fn tool_of_script(host: &Host, path: &str) -> Option<&'static str> {
    let bytes = host.head(path, MAX_SCRIPT).ok().flatten()?;
    let text = String::from_utf8_lossy(&bytes);
    if !text.starts_with("#!") {
        return None;
    }
    text.lines().filter(|line| !line.trim_start().starts_with('#')).find_map(tool_in)
}

fn tool_in(text: &str) -> Option<&'static str> {
    text.split(|c: char| c.is_whitespace() || "|&;()`$\"'".contains(c))
        .map(bare)
        .filter_map(|word| word.rsplit('/').next())
        .find_map(|word| TOOLS.iter().copied().find(|tool| *tool == word))
}

/// systemd's marks before a command: `-`, `@`, `+`, `!`, `:`.
fn bare(word: &str) -> &str {
    word.trim_start_matches(['-', '@', '+', '!', ':'])
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
        ]);
        let host = Host::new(root.path());
        for (command, expected) in [
            ("-/usr/bin/restic backup /srv", Some("restic")),
            ("cd / && borgmatic --verbosity 0", Some("borgmatic")),
            ("/bin/sh /usr/local/bin/none.sh", None),
            ("/usr/local/bin/backup.sh --quiet", Some("borg")),
            ("/usr/local/bin/other.sh", None),
            ("/usr/bin/restic-exporter", None),
        ] {
            assert_eq!(tool_of(&host, command), expected, "{command}");
        }
    }
}
