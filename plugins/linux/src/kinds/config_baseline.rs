//! `config.baseline` of a Linux host: kernel parameters, mounts, modules, security modules, boot. It changes nothing.

pub(crate) mod kernel;
mod sysctl;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::config_baseline::{ConfigBaseline, KIND, Mount},
};

use crate::{
    look::{Found, Look},
    mounts::unescape,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/proc/sys/**",
        "/etc/sysctl.conf, /etc/sysctl.d, /run/sysctl.d, /usr/lib/sysctl.d",
        "/proc/self/mountinfo",
        "/proc/modules",
        "/etc/modprobe.d, /usr/lib/modprobe.d",
        "/sys/kernel/security, /sys/fs/selinux/enforce",
        "/sys/firmware/efi/efivars/SecureBoot-*",
        "/proc/cmdline",
    ],
    needs: &["root: some kernel parameters and the list of AppArmor profiles"],
    observe,
};

const MOUNTS: &str = "/proc/self/mountinfo";

/// Options that carry no value and tell nothing secret.
const OPTIONS: [&str; 13] = [
    "nodev",
    "noexec",
    "nosuid",
    "ro",
    "rw",
    "relatime",
    "noatime",
    "nodiratime",
    "strictatime",
    "sync",
    "dirsync",
    "nosymfollow",
    "lazytime",
];

/// File systems made and dropped by containers, sandboxes and snaps; they say nothing of the host's own settings.
const PASSING: [&str; 4] = ["nsfs", "overlay", "squashfs", "autofs"];

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let settings = sysctl::live(&mut look);
    let drift = sysctl::drift(&mut look);
    let mounts = mounts(&mut look);
    let body = ConfigBaseline {
        drift,
        mounts,
        modules: kernel::modules(&mut look),
        security_modules: kernel::security_modules(&mut look),
        secure_boot: kernel::secure_boot(&mut look),
        boot_parameters: kernel::boot_parameters(&mut look),
        settings,
    };
    if !look.host.exists("/proc/sys/kernel") {
        return Observation::without_document(
            OutcomeKind::NotApplicable,
            format!(
                "{} has no /proc/sys: settings in force are known of a running host only",
                job.root.display()
            ),
            "run the plugin on the running host",
        );
    }
    let rows = body.settings.len();
    look.seen.document(body, rows);
    look.done()
}

fn mounts(look: &mut Look<'_>) -> Option<Vec<Mount>> {
    let Found::Here(text) = look.text(MOUNTS) else { return None };
    let mut found = Vec::new();
    let mut faults = 0;
    for line in text.lines() {
        match mount(line) {
            Some(mount) => found.push(mount),
            None => faults += 1,
        }
    }
    if faults > 0 {
        look.garbled(MOUNTS, &format!("{faults} lines are not understood"));
    }
    found.retain(|mount| mount.path == "/" || !PASSING.contains(&mount.filesystem.as_str()));
    // Sessions of people come and go, and what the kernel shows of itself has no settings of its own.
    let passing = ["/run/user/", "/proc/", "/sys/"];
    found.retain(|mount| !passing.iter().any(|place| mount.path.starts_with(place)));
    Some(found)
}

/// One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)); the options are those of this mount.
fn mount(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let left: Vec<_> = left.split(' ').collect();
    let mut right = right.split(' ');
    let options = left.get(5)?.split(',').filter(|option| OPTIONS.contains(option));
    Some(Mount {
        path: unescape(left.get(4)?),
        filesystem: right.next()?.to_owned(),
        device: unescape(right.next()?),
        options: options.map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn mounts_tell_their_options_and_no_values() {
        let root = planted(&[
            ("/proc/sys/kernel/randomize_va_space", "2\n"),
            (
                MOUNTS,
                "22 27 0:21 / /mnt/a\\040b rw,nosuid,relatime shared:1 - cifs //s/x rw,username=SECRET\n\
                 23 27 0:22 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\nbroken\n\
                 24 27 0:23 / /run/user/1000 rw - tmpfs tmpfs rw\n",
            ),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        let mounts = body["mounts"].as_array().unwrap();
        assert_eq!(mounts.len(), 1);
        assert_eq!(mounts[0]["path"], "/mnt/a b");
        assert_eq!(mounts[0]["options"], serde_json::json!(["nosuid", "relatime", "rw"]));
        assert!(!body.to_string().contains("SECRET"));
        assert_eq!(body["settings"]["kernel.randomize_va_space"], "2");
        assert!(outcomes(&observation)[0].contains("1 lines"));
    }

    #[test]
    fn an_image_that_does_not_run_has_no_settings_in_force() {
        let observation = observe(&job(planted(&[]).path()));
        assert!(observation.body().is_none());
        assert!(outcomes(&observation)[0].starts_with("not_applicable"));
    }

    #[test]
    fn this_machine_is_described_twice_in_the_same_words() {
        assert_eq!(body(KIND, &observe(&job("/"))), body(KIND, &observe(&job("/"))));
    }
}
