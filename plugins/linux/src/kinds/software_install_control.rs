//! `software.install_control` of a Linux host: package sources and their signatures, who may install, what runs that no
//! package brought, and what confines programs. It installs nothing and follows no repository.

mod enforcement;
mod installers;
mod running;

use exhibit_plugin::kinds::software_install_control::{InstallControl, KIND};
use exhibit_plugin::{Entry, Job, Observation};

use crate::{look::Look, repositories};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/apt/sources.list, /etc/apt/sources.list.d/*, /etc/apt/apt.conf, /etc/apt/apt.conf.d/*",
        "/etc/dnf/dnf.conf, /etc/yum.conf, /etc/yum.repos.d/*.repo, /etc/zypp/zypp.conf, /etc/zypp/repos.d/*.repo",
        "/etc/apk/repositories, /etc/pacman.conf and what it includes",
        "/var/lib/flatpak/repo/config, names in /var/lib/snapd/snaps",
        "/etc/sudoers and what it includes",
        "/etc/polkit-1/rules.d/*.rules, /usr/share/polkit-1/rules.d/*.rules, /var/lib/polkit-1/localauthority/*/*.pkla",
        "/proc/<pid>/exe and the lists of files of the package databases",
        "/etc/fapolicyd/fapolicyd.conf, /etc/selinux/config, /sys/fs/selinux/enforce, /sys/kernel/security/apparmor/profiles",
    ],
    needs: &[
        "CAP_SYS_PTRACE for the programs of other accounts",
        "CAP_DAC_READ_SEARCH for /etc/sudoers and polkit's rules",
        "root for AppArmor's profiles",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let found = repositories::read(&mut look);
    let sources = found.whole.then_some(found.sources);
    let installers = installers::find(&mut look);
    let (running, running_complete) = running::find(&mut look);
    let enforcement = enforcement::find(&mut look);
    let rows = sources.as_ref().map_or(0, Vec::len)
        + installers.as_ref().map_or(0, Vec::len)
        + running.as_ref().map_or(0, Vec::len);
    let body = InstallControl {
        sources,
        managers: found.managers,
        installers,
        running,
        running_complete,
        enforcement,
    };
    look.seen.document(body, rows);
    look.done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn a_planted_host_says_who_may_install_from_where() {
        let root = planted(&[
            ("/var/lib/dpkg/status", ""),
            ("/etc/apt/sources.list", "deb http://u:planted-secret@m.example/debian s main\n"),
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n"),
            ("/etc/group", "root:x:0:\nbob:x:1000:\n"),
            (
                "/etc/sudoers",
                "%admin ALL=(ALL) ALL\nbob ALL=(root) NOPASSWD: /usr/bin/apt-get update, /usr/bin/ls\n\
                 eve ALL=(root) /usr/bin/ls\n",
            ),
            (
                "/etc/polkit-1/rules.d/50-x.rules",
                "polkit.addRule(function(action) { if (action.id == \"org.freedesktop.packagekit.package-install\") return polkit.Result.YES; });",
            ),
            ("/etc/selinux/config", "SELINUX=permissive\n"),
            ("/etc/fapolicyd/fapolicyd.conf", "permissive = 1\n"),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        assert_eq!(body["sources"][0]["encrypted_transport"], false);
        let who: Vec<_> = body["installers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["via"].as_str().unwrap(), one["principal"].as_str().unwrap_or("-")))
            .collect();
        assert_eq!(who, [("polkit", "-"), ("sudo", "%admin"), ("sudo", "bob")]);
        assert_eq!(body["installers"][2]["tools"][0], "/usr/bin/apt-get update");
        assert_eq!(body["installers"][2]["authentication_required"], false);
        assert_eq!(body["running"], serde_json::Value::Null);
        assert_eq!(body["running_complete"], false);
        let modes: Vec<_> = body["enforcement"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["name"].as_str().unwrap(), one["configured"].as_str().unwrap_or("-")))
            .collect();
        assert_eq!(modes, [("fapolicyd", "permissive"), ("selinux", "permissive")]);
        assert!(!serde_json::to_string(&body).unwrap().contains("planted-secret"));
    }

    #[test]
    fn this_very_test_is_a_program_that_no_package_brought() {
        let observation = observe(&job("/"));
        let body = body(KIND, &observation);
        let own = std::env::current_exe().unwrap();
        let own = own.to_str().unwrap();
        let known = std::path::Path::new("/var/lib/dpkg/info").exists();
        let list = body["running"].as_array();
        let found = list.is_some_and(|list| list.iter().any(|one| one["path"] == own));
        assert_eq!(found, known, "{body}");
        let hidden = outcomes(&observation).iter().any(|told| told.contains("are not visible"));
        assert_eq!(body["running_complete"], known && !hidden, "{body}");
    }
}
