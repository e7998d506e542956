//! `software.inventory` from the databases of dpkg and apt. It never asks a repository.

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::software_inventory::{KIND, Package, PackageState, Repository, SoftwareInventory},
};

use crate::{
    debian::{self, Database, State, sources},
    look::{Found, Look},
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        debian::STATUS,
        "/var/lib/apt/extended_states",
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d/*",
    ],
    needs: &[],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(database) = database(&mut look) else { return look.done() };
    let automatic = look
        .text("/var/lib/apt/extended_states")
        .here()
        .map(|text| debian::Automatic::parse(&text));
    let packages: Vec<_> = database
        .present()
        .map(|package| Package {
            manager: "dpkg".to_owned(),
            name: package.name.clone(),
            architecture: Some(package.architecture.clone()).filter(|text| !text.is_empty()),
            version: package.version.clone(),
            source: Some(package.source.clone()),
            source_version: Some(package.source_version.clone()),
            state: match package.state {
                State::Installed => PackageState::Installed,
                State::Broken | State::Gone => PackageState::Broken,
            },
            held: package.held,
            chosen: automatic.as_ref().map(|list| !list.contains(package)),
        })
        .collect();
    let repositories = repositories(&mut look);
    let (rows, expected) = (packages.len(), packages.len() + database.faults.len());
    look.seen.document(SoftwareInventory { packages, repositories }, rows).expected(expected);
    look.done()
}

/// The package database; none when there is none or it is not readable, which an outcome then says.
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
    for fault in database.faults.iter().take(10) {
        look.garbled(debian::STATUS, fault);
    }
    if database.faults.len() > 10 {
        let more = format!("{} more paragraphs are not understood", database.faults.len() - 10);
        look.garbled(debian::STATUS, &more);
    }
    Some(database)
}

/// Sources of packages; none when a file of them is not readable.
fn repositories(look: &mut Look<'_>) -> Option<Vec<Repository>> {
    let mut found = Vec::new();
    match look.text("/etc/apt/sources.list") {
        Found::Here(text) => found.extend(sources::one_line(&text, "/etc/apt/sources.list")),
        Found::Missing => {}
        Found::Unreadable => return None,
    }
    let names = match look.names("/etc/apt/sources.list.d") {
        Found::Here(names) => names,
        Found::Missing => Vec::new(),
        Found::Unreadable => return None,
    };
    for name in names {
        let path = format!("/etc/apt/sources.list.d/{name}");
        let parse = match name.rsplit_once('.') {
            Some((_, "list")) => sources::one_line,
            Some((_, "sources")) => sources::deb822,
            // apt ignores every other name.
            _ => continue,
        };
        match look.text(&path) {
            Found::Here(text) => found.extend(parse(&text, &path)),
            Found::Missing => {}
            Found::Unreadable => return None,
        }
    }
    Some(found)
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
