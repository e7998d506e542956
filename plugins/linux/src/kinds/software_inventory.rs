//! `software.inventory` from the databases of dpkg, rpm, apk and pacman. It never asks a repository.

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::software_inventory::{KIND, Package, SoftwareInventory},
};

use crate::{
    debian::{self, Database},
    look::{Found, Look},
    packages, repositories,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        debian::STATUS,
        "/var/lib/dpkg/info/*.list (their times)",
        "/var/lib/apt/extended_states",
        "/var/lib/rpm or /usr/lib/sysimage/rpm: rpmdb.sqlite, Packages.db (Berkeley DB: rpm -qa)",
        "/lib/apk/db/installed",
        "/var/lib/pacman/local/*/desc",
        "/usr/share/doc/*/copyright",
        "package sources of apt, dnf, zypper, apk, pacman, flatpak",
    ],
    needs: &["CAP_DAC_READ_SEARCH where the database of rpm is not for everybody"],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(found) = packages::read(&mut look, true) else { return look.done() };
    let (rows, expected) = (found.list.len(), found.list.len() + found.faults);
    let packages = found
        .list
        .into_iter()
        .map(|package| Package {
            manager: package.manager.to_owned(),
            name: package.name,
            architecture: package.architecture,
            version: package.version,
            source: package.source,
            source_version: package.source_version,
            state: package.state,
            held: package.held,
            chosen: package.chosen,
            licences: package.licences,
            origin: package.origin,
            installed_at: package.installed_at,
        })
        .collect();
    let repositories = repositories::of_inventory(&mut look);
    look.seen.document(SoftwareInventory { packages, repositories }, rows).expected(expected);
    look.done()
}

/// The package database of dpkg; none when there is none or it is not readable, which an outcome then says.
pub(crate) fn database(look: &mut Look<'_>) -> Option<Database> {
    let text = match look.text(debian::STATUS) {
        Found::Here(text) => text,
        Found::Unreadable => return None,
        Found::Missing => {
            look.seen.outcome(
                OutcomeKind::NotApplicable,
                format!("no {}: this host is not managed by dpkg", debian::STATUS),
                "only Debian, Ubuntu and their kin are observed so far",
            );
            return None;
        }
    };
    let database = Database::parse(&text);
    packages::report_faults(look, &database);
    Some(database)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn planted_packages_and_sources_are_listed() {
        let root = planted(&[
            (
                debian::STATUS,
                "Package: b\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n\n\
                 Package: a\nStatus: hold ok unpacked\nArchitecture: all\nVersion: 1\nSource: s (0.9)\n\n\
                 Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
            ),
            (
                "/var/lib/apt/extended_states",
                "Package: b\nArchitecture: amd64\nAuto-Installed: 1\n",
            ),
            ("/etc/apt/sources.list", "deb http://deb.example/debian bookworm main\n"),
            ("/etc/apt/sources.list.d/x.list.save", "deb http://ignored.example/ y z\n"),
            ("/etc/apt/sources.list.d/y.sources", "Types: deb\nURIs: https://y\nSuites: s\n"),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        assert_eq!(body["packages"].as_array().unwrap().len(), 2);
        assert_eq!(body["packages"][0]["name"], "a");
        assert_eq!(body["packages"][0]["state"], "broken");
        assert_eq!(body["packages"][0]["held"], true);
        assert_eq!(body["packages"][0]["source_version"], "0.9");
        assert_eq!(body["packages"][1]["chosen"], false);
        let ids: Vec<_> =
            body["repositories"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
        assert_eq!(ids, ["deb http://deb.example/debian bookworm main", "deb https://y s"]);
    }

    #[test]
    fn a_host_without_dpkg_is_not_applicable() {
        let observation = observe(&job(planted(&[]).path()));
        assert!(observation.body().is_none());
        assert!(outcomes(&observation)[0].starts_with("not_applicable: no /var/lib/dpkg/status"));
    }

    #[test]
    fn a_broken_database_gives_what_can_be_read_and_says_so() {
        let root = planted(&[(
            debian::STATUS,
            "Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: cut\nStat",
        )]);
        let observation = observe(&job(root.path()));
        assert_eq!(body(KIND, &observation)["packages"].as_array().unwrap().len(), 1);
        assert!(outcomes(&observation)[0].contains("line 5"), "{:?}", outcomes(&observation));
    }
}
