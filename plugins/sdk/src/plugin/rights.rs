//! Says in one line which rights this process has. Never acquires or drops any.

use std::fs;

/// Capability names by bit, as in `linux/capability.h`.
pub const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Effective user and capabilities of this process, such as `uid=998 caps=dac_read_search`.
pub(super) fn describe() -> String {
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| from_status(&status))
        .unwrap_or_else(|| "unknown: /proc/self/status is not readable".to_owned())
}

fn from_status(status: &str) -> Option<String> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let uid = field("Uid:")?.split_whitespace().nth(1)?;
    let effective = u64::from_str_radix(field("CapEff:")?, 16).ok()?;
    Some(format!("uid={uid} caps={}", capabilities(effective)))
}

fn capabilities(set: u64) -> String {
    let all = (1_u64 << CAPABILITIES.len()) - 1;
    if set & all == all {
        return "all".to_owned();
    }
    let (mut held, mut missing) = (Vec::new(), Vec::new());
    for (bit, name) in CAPABILITIES.iter().enumerate() {
        if (set >> bit) & 1 == 1 { held.push(*name) } else { missing.push(*name) }
    }
    // The shorter list is the one that tells.
    if held.is_empty() {
        "none".to_owned()
    } else if missing.len() < held.len() {
        format!("all but {}", missing.join(","))
    } else {
        held.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_named() {
        let status = "Name:\tx\nUid:\t0\t998\t998\t998\nCapEff:\t0000000000080004\n";
        assert_eq!(from_status(status).unwrap(), "uid=998 caps=dac_read_search,sys_ptrace");
        assert_eq!(capabilities(0), "none");
        assert_eq!(capabilities(u64::MAX ^ 0x10000), "all but sys_module");
        assert_eq!(capabilities(u64::MAX), "all");
        assert_eq!(from_status("Uid:\tbroken"), None);
    }
}
