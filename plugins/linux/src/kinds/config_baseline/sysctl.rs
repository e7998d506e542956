//! Kernel parameters: those in force, and those that files wish for (sysctl.d(5)). It never sets one.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::{OutcomeKind, kinds::config_baseline::Drift};

use crate::{
    host::ReadError,
    look::{Found, Look},
};

/// Parameters that hardening guides for Debian and Ubuntu speak of.
const KEYS: [&str; 52] = [
    "dev.tty.ldisc_autoload",
    "fs.protected_fifos",
    "fs.protected_hardlinks",
    "fs.protected_regular",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "kernel.core_pattern",
    "kernel.core_uses_pid",
    "kernel.dmesg_restrict",
    "kernel.kexec_load_disabled",
    "kernel.kptr_restrict",
    "kernel.modules_disabled",
    "kernel.panic_on_oops",
    "kernel.perf_event_paranoid",
    "kernel.randomize_va_space",
    "kernel.sysrq",
    "kernel.unprivileged_bpf_disabled",
    "kernel.unprivileged_userns_clone",
    "kernel.yama.ptrace_scope",
    "net.core.bpf_jit_harden",
    "net.ipv4.conf.all.accept_redirects",
    "net.ipv4.conf.all.accept_source_route",
    "net.ipv4.conf.all.forwarding",
    "net.ipv4.conf.all.log_martians",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.all.secure_redirects",
    "net.ipv4.conf.all.send_redirects",
    "net.ipv4.conf.default.accept_redirects",
    "net.ipv4.conf.default.accept_source_route",
    "net.ipv4.conf.default.log_martians",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv4.conf.default.secure_redirects",
    "net.ipv4.conf.default.send_redirects",
    "net.ipv4.icmp_echo_ignore_all",
    "net.ipv4.icmp_echo_ignore_broadcasts",
    "net.ipv4.icmp_ignore_bogus_error_responses",
    "net.ipv4.ip_forward",
    "net.ipv4.tcp_rfc1337",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.ipv6.conf.all.accept_ra",
    "net.ipv6.conf.all.accept_redirects",
    "net.ipv6.conf.all.accept_source_route",
    "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.default.accept_ra",
    "net.ipv6.conf.default.accept_redirects",
    "net.ipv6.conf.default.accept_source_route",
    "net.ipv6.conf.default.disable_ipv6",
    "user.max_user_namespaces",
    "vm.mmap_min_addr",
    "vm.unprivileged_userfaultfd",
];

/// Where drop-ins lie; of two with the same name the earlier place wins.
const PLACES: [&str; 4] =
    ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"];

/// Values in force, by name; null where the kernel has no such parameter or it is not readable.
pub(super) fn live(look: &mut Look<'_>) -> BTreeMap<String, Option<String>> {
    let mut denied = Vec::new();
    let mut values = BTreeMap::new();
    for key in KEYS {
        values.insert(key.to_owned(), value(look, key, &mut denied));
    }
    look.seen.method("/proc/sys/**");
    if !denied.is_empty() {
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("permission denied reading {}", denied.join(", ")),
            "run the plugin as root: the kernel shows these parameters to root only",
        );
    }
    values
}

fn value(look: &mut Look<'_>, key: &str, denied: &mut Vec<String>) -> Option<String> {
    match look.host.text(&path_of(key)) {
        Ok(text) => text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Err(ReadError::Denied(_)) => {
            denied.push(key.to_owned());
            None
        }
        Err(error) => {
            look.seen.outcome(error.outcome(), error.to_string(), error.remedy());
            None
        }
    }
}

/// Settings of the files that differ from those in force; none when a file is not readable.
pub(super) fn drift(look: &mut Look<'_>) -> Option<Vec<Drift>> {
    let mut wishes: BTreeMap<String, (String, String)> = BTreeMap::new();
    for path in files(look)? {
        match look.text(&path) {
            Found::Here(text) => wishes.extend(parse(&text, &path)),
            Found::Missing => {}
            Found::Unreadable => return None,
        }
    }
    let mut drift = Vec::new();
    let mut denied = Vec::new();
    // Patterns such as net.ipv4.conf.*.rp_filter stand for names that come and go.
    for (name, (configured, source)) in wishes.into_iter().filter(|(name, _)| !name.contains('*')) {
        let before = denied.len();
        let mut live = value(look, &name, &mut denied);
        if denied.len() == before && live.as_deref() != Some(&configured) {
            let configured = if is_secret(&name) {
                live = live.map(|_| "…".to_owned());
                "…".to_owned()
            } else {
                configured
            };
            drift.push(Drift { name, live, configured, source });
        }
    }
    Some(drift)
}

/// Parameters whose value is a key.
fn is_secret(name: &str) -> bool {
    ["_fastopen_key", "stable_secret"].iter().any(|end| name.ends_with(end))
}

/// Files in the order systemd-sysctl applies them: drop-ins by name, then `/etc/sysctl.conf` as procps does.
fn files(look: &mut Look<'_>) -> Option<Vec<String>> {
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    for place in PLACES {
        match look.names(place) {
            Found::Here(names) => {
                for name in names.into_iter().filter(|name| name.ends_with(".conf")) {
                    let path = format!("{place}/{name}");
                    by_name.entry(name).or_insert(path);
                }
            }
            Found::Missing => {}
            Found::Unreadable => return None,
        }
    }
    let mut paths: Vec<String> = by_name.into_values().collect();
    let mut known = BTreeSet::new();
    // 99-sysctl.conf is usually a link to the main file, which then counts once.
    if !paths.iter().any(|path| path.ends_with("/99-sysctl.conf")) {
        paths.push("/etc/sysctl.conf".to_owned());
    }
    paths.retain(|path| known.insert(path.clone()));
    Some(paths)
}

/// `name = value` lines, with a leading `-` for may fail; names with slashes are brought into dots.
fn parse(text: &str, path: &str) -> Vec<(String, (String, String))> {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                return None;
            }
            let (name, value) = line.trim_start_matches('-').split_once('=')?;
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            Some((dotted(name.trim()), (value, format!("{path}:{}", index + 1))))
        })
        .collect()
}

/// In a name whose first separator is a slash, dots and slashes are swapped (sysctl.d(5)).
fn dotted(name: &str) -> String {
    match name.find(['.', '/']).and_then(|at| name.get(at..at + 1)) {
        Some("/") => swap(name),
        _ => name.to_owned(),
    }
}

fn swap(name: &str) -> String {
    name.chars()
        .map(|character| match character {
            '.' => '/',
            '/' => '.',
            other => other,
        })
        .collect()
}

fn path_of(key: &str) -> String {
    format!("/proc/sys/{}", swap(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn files_that_the_kernel_does_not_follow_are_drift() {
        let root = planted(&[
            ("/proc/sys/net/ipv4/ip_forward", "1\n"),
            ("/proc/sys/kernel/printk", "4\t4\t1\t7\n"),
            ("/proc/sys/net/ipv4/conf/eth0.1/rp_filter", "0\n"),
            ("/usr/lib/sysctl.d/10-a.conf", "net.ipv4.ip_forward = 5\n"),
            ("/etc/sysctl.d/10-a.conf", "# c\nkernel.printk = 4 4 1 7\n-kernel.none=2\n"),
            (
                "/etc/sysctl.d/20-b.conf",
                "net/ipv4/conf/eth0.1/rp_filter=1\nnet.ipv4.conf.*.rp_filter = 1\n",
            ),
            (
                "/etc/sysctl.conf",
                "net.ipv4.ip_forward=0\nnet.ipv6.conf.all.stable_secret=PLANTED\n",
            ),
        ]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        let drift = drift(&mut look).unwrap();
        let told: Vec<_> = drift
            .iter()
            .map(|one| (one.name.as_str(), one.live.as_deref(), one.configured.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("kernel.none", None, "2"),
                ("net.ipv4.conf.eth0/1.rp_filter", Some("0"), "1"),
                ("net.ipv4.ip_forward", Some("1"), "0"),
                ("net.ipv6.conf.all.stable_secret", None, "…")
            ]
        );
        assert_eq!(drift[2].source, "/etc/sysctl.conf:1");
        let live = live(&mut look);
        assert_eq!(live["net.ipv4.ip_forward"].as_deref(), Some("1"));
        assert_eq!(live["kernel.yama.ptrace_scope"], None);
        assert!(KEYS.is_sorted());
    }
}
