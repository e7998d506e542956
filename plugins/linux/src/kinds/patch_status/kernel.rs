//! The kernel that runs, the newest that is installed, and whether a restart is due.

use exhibit_plugin::kinds::patch_status::Kernel;

use crate::{
    debian::{Database, State},
    look::Look,
    packages::Installed,
    versions::Scheme,
};

const MARKER: &str = "/run/reboot-required";

fn running(look: &mut Look<'_>) -> Option<String> {
    if !look.host.is_live() {
        return None;
    }
    look.seen.method("uname(2)");
    Some(rustix::system::uname().release().to_string_lossy().into_owned())
}

/// Without dpkg: the releases that have modules here, and whether a restart is due.
pub(super) fn of_modules(look: &mut Look<'_>, installed: &[Installed]) -> (Kernel, Option<bool>) {
    let folder = "/usr/lib/modules";
    let names = look.names(folder).here().unwrap_or_default();
    let has_modules = |name: &&String| look.host.exists(&format!("{folder}/{name}/modules.dep"));
    let releases: Vec<String> = names.iter().filter(has_modules).cloned().collect();
    let rpm = installed.iter().any(|package| package.manager == "rpm");
    let scheme = if rpm { Scheme::Rpm } else { Scheme::Pacman };
    let newest = |of: &dyn Fn(&String) -> bool| {
        let ours = releases.iter().filter(|release| of(release));
        ours.max_by(|left, right| scheme.compare(left, right)).cloned()
    };
    let running = running(look);
    // Another flavour may be newer and not meant to run.
    let alike =
        |release: &String| running.as_ref().is_none_or(|now| flavour(now) == flavour(release));
    let newest_installed = newest(&alike).or_else(|| newest(&|_| true));
    let due = running.as_ref().zip(newest_installed.as_ref()).map(|(now, newest)| {
        // apk and pacman keep one release of a flavour, so what runs is either the one that is here or gone.
        if rpm { scheme.compare(now, newest).is_lt() } else { !releases.contains(now) }
    });
    (Kernel { running, newest_installed }, due)
}

/// `default` of `6.4.0-150600.23.25-default`, `rt` of `5.14.0-427.el9.x86_64+rt`; nothing where the release has none.
fn flavour(release: &str) -> &str {
    let end = release.rsplit(['-', '+']).next().unwrap_or_default();
    if end.starts_with(|first: char| first.is_ascii_alphabetic()) { end } else { "" }
}

/// Running and newest installed release.
pub(super) fn observe(look: &mut Look<'_>, database: &Database) -> Kernel {
    let running = running(look);
    let images = look.names("/boot").here().unwrap_or_default();
    let images = images
        .iter()
        .filter_map(|name| name.strip_prefix("vmlinuz-"))
        .filter(|release| !release.ends_with(".old"));
    let packages = database
        .packages
        .iter()
        .filter(|package| package.state == State::Installed)
        .filter_map(|package| package.name.strip_prefix("linux-image-"))
        .map(|release| release.strip_prefix("unsigned-").unwrap_or(release));
    let newest_installed = images
        .chain(packages)
        // Meta packages such as linux-image-amd64 name no release.
        .filter(|release| release.starts_with(|first: char| first.is_ascii_digit()))
        .max_by(|left, right| Scheme::Dpkg.compare(left, right))
        .map(str::to_owned);
    Kernel { running, newest_installed }
}

/// Whether a restart is due and which packages ask for it. None: nothing on this host would know.
pub(super) fn reboot(
    look: &mut Look<'_>,
    database: &Database,
    kernel: &Kernel,
) -> (Option<bool>, Vec<String>) {
    if look.facts(MARKER).here().is_some() {
        let packages = look.text(&format!("{MARKER}.pkgs")).here().unwrap_or_default();
        let packages = packages.lines().map(str::trim).filter(|line| !line.is_empty());
        return (Some(true), packages.map(str::to_owned).collect());
    }
    if let (Some(running), Some(newest)) = (&kernel.running, &kernel.newest_installed) {
        return (Some(Scheme::Dpkg.compare(running, newest).is_lt()), Vec::new());
    }
    // Only these write the marker; without them its absence says nothing.
    let marks =
        ["unattended-upgrades", "update-notifier-common"].iter().any(|name| database.has(name));
    ((look.host.is_live() && marks).then_some(false), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    fn see(
        files: &[(&str, &str)],
        status: &str,
        running: Option<&str>,
    ) -> (Kernel, Option<bool>, Vec<String>) {
        let root = planted(files);
        let job = job(root.path());
        let mut look = Look::new(&job);
        let database = Database::parse(status);
        let mut kernel = observe(&mut look, &database);
        kernel.running = running.map(str::to_owned);
        let (required, packages) = reboot(&mut look, &database, &kernel);
        (kernel, required, packages)
    }

    #[test]
    fn an_older_running_kernel_asks_for_a_restart() {
        let files = [("/boot/vmlinuz-6.1.0-9-amd64", ""), ("/boot/vmlinuz-6.1.0-38-amd64", "")];
        let (kernel, required, _) = see(&files, "", Some("6.1.0-9-amd64"));
        assert_eq!(kernel.newest_installed.as_deref(), Some("6.1.0-38-amd64"));
        assert_eq!(required, Some(true));
        assert_eq!(see(&files, "", Some("6.1.0-38-amd64")).1, Some(false));
        let package = "Package: linux-image-amd64\nStatus: install ok installed\nVersion: 1\n\n\
            Package: linux-image-6.1.0-40-amd64\nStatus: install ok installed\nVersion: 1\n";
        let (kernel, required, _) = see(&files, package, Some("6.1.0-38-amd64"));
        assert_eq!(kernel.newest_installed.as_deref(), Some("6.1.0-40-amd64"));
        assert_eq!(required, Some(true));
    }

    #[test]
    fn modules_tell_the_kernel_where_dpkg_does_not() {
        let root = planted(&[
            ("/usr/lib/modules/5.14.0-427.el9.x86_64/modules.dep", ""),
            ("/usr/lib/modules/5.14.0-503.11.1.el9_5.x86_64/modules.dep", ""),
            ("/usr/lib/modules/5.14.0-600.el9.x86_64/left-behind", ""),
        ]);
        let job = job(root.path());
        let (kernel, due) = of_modules(&mut Look::new(&job), &[]);
        assert_eq!(kernel.newest_installed.as_deref(), Some("5.14.0-503.11.1.el9_5.x86_64"));
        assert_eq!((kernel.running, due), (None, None));
        assert_eq!(flavour("6.4.0-150600.23.25-default"), "default");
        assert_eq!(flavour("5.14.0-427.el9.x86_64+rt"), "rt");
        assert_eq!(flavour("6.12.1-arch1-1"), "");
    }

    #[test]
    fn without_an_installed_kernel_and_marker_nothing_is_known() {
        assert_eq!(see(&[], "", Some("6.18.44")).1, None);
        let (_, required, packages) =
            see(&[("/run/reboot-required", ""), ("/run/reboot-required.pkgs", "b\na\n")], "", None);
        assert_eq!((required, packages), (Some(true), vec!["b".into(), "a".into()]));
    }
}
