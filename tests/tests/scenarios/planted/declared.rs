//! What the plugins declare that they read, held against what is planted: each path of a declaration needs a plant, or a line
//! here that says why no secret can stand there.

use std::collections::BTreeSet;

use exhibit_plugin::Describe;
use exhibit_tests::Programs;

use super::host::Planted;

const KERNEL: &str = "the kernel's own words and numbers";
const LIVE: &str = "planted on the running host";
const ELSEWHERE: &str = "the same reader is given a plant in another of its places";

/// Paths without a plant in the tree: how they begin, and why.
const NO_PLANT: &[(&str, &str)] = &[
    ("/dev/", "disks are asked for counters by smartctl"),
    ("/proc/<pid>/", LIVE),
    ("/proc/cpuinfo", KERNEL),
    ("/proc/loadavg", KERNEL),
    ("/proc/mdstat", KERNEL),
    ("/proc/meminfo", KERNEL),
    ("/proc/modules", KERNEL),
    ("/proc/net/", KERNEL),
    ("/proc/self/mountinfo", LIVE),
    ("/proc/self/ns/pid", KERNEL),
    ("/proc/stat", KERNEL),
    ("/proc/swaps", KERNEL),
    ("/proc/sys/", KERNEL),
    ("/sys/", KERNEL),
    ("/etc/.git", LIVE),
    ("/version", LIVE),
    ("/containers", LIVE),
    ("/images", LIVE),
    ("/run/netns", "names alone"),
    ("/ostree", "a checksum of the kernel's command line, which is planted"),
    ("/etc/systemd/system/*.target.wants/", "links, read as such"),
    ("/run/sysctl.d", ELSEWHERE),
    ("/usr/lib/sysctl.d", ELSEWHERE),
    ("/run/modprobe.d", ELSEWHERE),
    ("/lib/modprobe.d", ELSEWHERE),
    ("/lib/modules/<release>/modules.dep", "written by depmod out of names of modules"),
    ("/run/systemd/journal", ELSEWHERE),
    ("/usr/local/lib/systemd/journal", ELSEWHERE),
    ("/usr/lib/systemd/journal", ELSEWHERE),
    ("/var/log/journal", "200 bytes of a head of numbers, or the mode alone"),
    ("/var/lib/clamav/", "512 bytes of a head that ClamAV signs"),
    ("/etc/clamd.conf", ELSEWHERE),
    ("/usr/lib/sysimage/rpm", ELSEWHERE),
    ("/etc/nut/ups.conf>", "the name of a supply"),
    ("~root/.borgmatic/checks", "names and times alone"),
];

/// Sources that are no paths: how their declaration begins, and what stands for them.
const NO_PATH: &[(&str, &str)] = &[
    ("attribute security.capability", "bits of the kernel"),
    ("ionice ", "answers nothing"),
    ("what crypto.at_rest", "planted for the kinds that it names"),
    ("front ends of the packet filter", "ufw.conf, unit files"),
    ("uname(2)", KERNEL),
    ("ip -j address show", KERNEL),
    ("statvfs(2)", KERNEL),
    ("timers and ", "the timers, services and tables of cron in the tree"),
    ("systemctl show", "the units themselves are planted"),
    ("cryptsetup status", "tells a cipher"),
    ("zfs get", "tells one property"),
    ("zpool status", "tells devices and counters"),
    ("settings of nginx", "nginx.conf and those of the nine others"),
    ("settings of PostgreSQL", "postgresql.conf, my.cnf, mongod.conf, redis.conf"),
    ("sshd -T", "sshd_config, which it prints"),
    ("journald.conf, coredump.conf", "planted below /etc/systemd"),
    ("every file of AuthorizedKeysFile", "authorized_keys, ca.pub"),
    ("getent passwd", LIVE),
    ("journalctl -o json", "auth.log, whose lines are read by the same reader"),
    ("lsattr -d", "flags and names"),
    ("auditctl", "audit.rules, which it loads"),
    ("timedatectl show", "tells the clock"),
    ("chronyc", "tells the clock"),
    ("adjtimex", "tells the clock"),
    ("nft -j", LIVE),
    ("iptables-nft-save", "the same rules as nft"),
    ("iptables-legacy-save", "the same rules as nft"),
    ("databases of rpm, apk and pacman", "a database of each is in the tree"),
    ("databases of dpkg, rpm", "a database of each is in the tree"),
    ("package sources of apt", "planted below /etc"),
    ("settings.advisories", "advisories.json and a folder of OSV"),
    ("apt-get -s", LIVE),
    ("the SQLite database of rpm", "rpmdb.sqlite"),
    ("restic ", LIVE),
    ("borg ", LIVE),
    ("config of local repositories of borg", LIVE),
    ("pgbackrest info", "a repository of it, in the plugin's own test of secrets"),
    (
        "names, sizes, times, first and last bytes",
        "dumps, and folders of rsnapshot, duplicity and Barman",
    ),
    ("btrfs subvolume list", "names and times"),
    ("scripts that these start", "scripts below cron.daily"),
    ("the sources of the restored files", LIVE),
    ("dumps of PostgreSQL", "a dump and its server, in the plugin's own test of secrets"),
    (
        "dumps of MariaDB",
        "only numbers of rows and checksums of tables are told, as the restore tests of MariaDB hold",
    ),
    ("duplicity list-current-files", "contents and passphrase, in the tests of its restores"),
    ("the files of the newest snapshot", "contents, in the tests of restores of rsnapshot"),
    (
        "count and checksum of the tables",
        "numbers of a database, in the plugin's own test of secrets",
    ),
];

/// Declared sources that nothing stands for, and reasons that nothing declares any more.
pub(super) fn without_plant(programs: &Programs, planted: &Planted) -> Vec<String> {
    let mut missing = Vec::new();
    let mut used = BTreeSet::new();
    for program in ["exhibit-plugin-linux", "exhibit-plugin-backup"] {
        let output = programs.command(program).arg("--describe").output().unwrap();
        let described: Describe = serde_json::from_slice(&output.stdout).unwrap();
        for kind in &described.kinds {
            for reads in &kind.reads {
                let paths = patterns(reads);
                if paths.is_empty() {
                    match NO_PATH.iter().find(|(begins, _)| reads.starts_with(begins)) {
                        Some((begins, _)) => drop(used.insert(*begins)),
                        None => missing.push(format!("{}: {reads}", kind.kind)),
                    }
                }
                for path in paths {
                    let reason = NO_PLANT.iter().find(|(begins, _)| path.starts_with(begins));
                    if let Some((begins, _)) = reason {
                        used.insert(*begins);
                    } else if !planted.paths().any(|planted| fits(&path, planted)) {
                        missing.push(format!("{}: {path} (of: {reads})", kind.kind));
                    }
                }
            }
        }
    }
    let reasons = NO_PLANT.iter().chain(NO_PATH).map(|(begins, _)| *begins);
    missing.extend(
        reasons
            .filter(|begins| !used.contains(begins))
            .map(|begins| format!("a reason is given for {begins}, which nothing declares")),
    );
    missing
}

/// The paths in a declaration, with `*`, braces written out.
fn patterns(reads: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in words(reads) {
        let word = word.trim_matches(['(', ')', ',', ';', ':', '.']);
        if word.starts_with('/') || word.starts_with("~/") || word.starts_with("~root/") {
            found.extend(expanded(word));
        }
    }
    found
}

/// Splits at blanks and commas that stand outside braces and pointed brackets.
fn words(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut depth = 0;
    for character in text.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && (character.is_whitespace() || character == ',') {
            found.push(String::new());
        } else if let Some(word) = found.last_mut() {
            word.push(character);
        }
    }
    found
}

fn expanded(text: &str) -> Vec<String> {
    // The innermost braces first.
    let Some((head, after)) = text.split_once('}') else { return vec![text.to_owned()] };
    let (before, inside) = head.rsplit_once('{').expect("braces come in pairs");
    inside.split(',').flat_map(|one| expanded(&format!("{before}{one}{after}"))).collect()
}

/// Whether a planted path is one of those that a pattern means, or lies below it.
fn fits(pattern: &str, path: &str) -> bool {
    let pattern = match pattern.strip_prefix('~') {
        Some(rest) => {
            format!("{}/{}", "*", rest.trim_start_matches("root").trim_start_matches('/'))
        }
        None => pattern.to_owned(),
    };
    let homes = ["/home/joe/", "/root/"];
    let candidates = homes.iter().filter_map(|home| path.strip_prefix(home));
    let candidates = candidates.map(|rest| format!("*/{rest}")).chain([path.to_owned()]);
    candidates.into_iter().any(|path| {
        let (wanted, parts): (Vec<&str>, Vec<&str>) = (
            pattern.trim_matches('/').split('/').collect(),
            path.trim_matches('/').split('/').collect(),
        );
        wanted.len() <= parts.len()
            && wanted.iter().zip(&parts).all(|(wanted, part)| part_fits(wanted, part))
    })
}

/// `*` stands for anything, and so does what is written as `<pid>`.
fn part_fits(wanted: &str, part: &str) -> bool {
    let (mut pattern, mut named) = (String::new(), false);
    for character in wanted.chars() {
        match character {
            '<' => {
                named = true;
                pattern.push('*');
            }
            '>' => named = false,
            _ if named => {}
            _ => pattern.push(character),
        }
    }
    matches(pattern.as_bytes(), part.as_bytes())
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|taken| matches(rest, &text[taken..])),
        Some((byte, rest)) => text.first() == Some(byte) && matches(rest, &text[1..]),
    }
}

#[test]
fn paths_of_a_declaration_are_written_out() {
    let reads = "settings in /{etc,run}/x/{a,b}.conf with drop-ins, ~/.ssh/*; GET of (/y/*.{c,l}[vd]), never z";
    assert_eq!(
        patterns(reads),
        [
            "/etc/x/a.conf",
            "/etc/x/b.conf",
            "/run/x/a.conf",
            "/run/x/b.conf",
            "~/.ssh/*",
            "/y/*.c[vd]",
            "/y/*.l[vd]"
        ]
    );
    for (pattern, path, expected) in [
        ("/etc/x", "/etc/x", true),
        ("/etc/x", "/etc/x/y", true),
        ("/etc/x", "/etc/xy", false),
        ("/etc/*/y", "/etc/x/y", true),
        ("/etc/*.conf", "/etc/a.conf", true),
        ("/etc/*.conf", "/etc/a/b.conf", false),
        ("/proc/<pid>/exe", "/proc/1/exe", true),
        ("~/.ssh/*", "/home/joe/.ssh/id", true),
        ("~root/.x", "/root/.x", true),
        ("/a/*b*c", "/a/1b2c", true),
        ("/a/*b*c", "/a/1c2b", false),
    ] {
        assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
    }
}
