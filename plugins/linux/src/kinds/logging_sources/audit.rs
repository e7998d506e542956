//! Understands auditctl's answers and audit's files; it never talks to the kernel.

/// `auditctl -s`, reduced to what says whether auditing is in force.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// Events are recorded (1) or recorded with rules locked until reboot (2).
    pub(crate) enabled: bool,
    pub(crate) immutable: bool,
    /// A daemon holds the kernel's audit socket.
    pub(crate) daemon: bool,
    /// The kernel dropped events since boot.
    pub(crate) lost: bool,
}

/// Parses `auditctl -s` (`name value` lines); `None` when the two facts that matter are missing.
pub(crate) fn status(text: &str) -> Option<Status> {
    let number = |name: &str| -> Option<u64> {
        text.lines().find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            (words.next()? == name).then(|| words.next()?.parse().ok()).flatten()
        })
    };
    let enabled = number("enabled")?;
    Some(Status {
        enabled: enabled > 0,
        immutable: enabled == 2,
        daemon: number("pid")? != 0,
        lost: number("lost").is_some_and(|lost| lost > 0),
    })
}

/// Rules in a rules file or in `auditctl -l` output: lines that add a watch or a rule.
pub(crate) fn rules(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| {
            let first = line.split_ascii_whitespace().next();
            matches!(first, Some("-a" | "-A" | "-w"))
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_daemon_is_not_auditing() {
        let text =
            "enabled 0\nfailure 1\npid 0\nrate_limit 0\nlost 0\nloginuid_immutable 0 unlocked\n";
        let expected = Status { enabled: false, immutable: false, daemon: false, lost: false };
        assert_eq!(status(text), Some(expected));
    }

    #[test]
    fn enabled_two_means_locked() {
        let status = status("enabled 2\npid 412\nlost 3\n").unwrap();
        assert!(status.enabled && status.immutable && status.daemon && status.lost);
    }

    #[test]
    fn noise_is_not_a_status() {
        assert_eq!(status("Error - unknown"), None);
        assert_eq!(status("enabled maybe\npid 1"), None);
    }

    #[test]
    fn control_lines_and_comments_are_no_rules() {
        let text = "## x\n-D\n-b 8192\n-w /etc/passwd -p wa -k identity\n-a always,exit -F arch=b64 -S execve\n-e 2\nNo rules\n";
        assert_eq!(rules(text).len(), 2);
    }
}
