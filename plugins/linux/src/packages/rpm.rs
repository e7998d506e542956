//! Packages of rpm: natively from its SQLite database or its own form (ndb), through `rpm -qa` where it is one of Berkeley DB.

mod header;
mod ndb;

use std::os::fd::AsRawFd;

use exhibit_plugin::{OutcomeKind, kinds::software_inventory::PackageState};
use jiff::Timestamp;

use super::{Installed, Packages};
use crate::{
    look::{Found, Look},
    sqlite,
    tool::Tool,
};
pub(crate) use header::Header;

const FOLDERS: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// Database of rpm before 4.16, by Berkeley DB.
const OLDER: &str = "Packages";
const FIELDS: &str = "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{LICENSE}\\t%{VENDOR}\\t%{INSTALLTIME}\\n";

pub(super) fn read(look: &mut Look<'_>, packages: &mut Packages) -> bool {
    let (mut list, mut faults) = (Vec::new(), 0);
    match each(look, |header| match header.installed() {
        Some(package) => list.push(package),
        None => faults += usize::from(!header.is_key()),
    }) {
        Found::Here(odd) => {
            packages.list.extend(list);
            packages.faults += faults + odd;
            true
        }
        Found::Unreadable => false,
        Found::Missing => older(look, packages),
    }
}

/// Calls `use_it` for the header of every package of a database that is read natively, and counts what is no header.
pub(crate) fn each(look: &mut Look<'_>, mut use_it: impl FnMut(&Header<'_>)) -> Found<usize> {
    for folder in FOLDERS {
        let path = format!("{folder}/rpmdb.sqlite");
        let found = sqlite::read(look, &path, |database| {
            let mut odd = 0_usize;
            let mut statement = database.prepare("select blob from Packages")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                match row.get_ref(0)?.as_blob().ok().and_then(Header::parse) {
                    Some(header) => use_it(&header),
                    None => odd += 1,
                }
            }
            Ok(odd)
        });
        if found != Found::Missing {
            return odd(look, &path, found);
        }
        let path = format!("{folder}/Packages.db");
        let found = match look.file(&path) {
            Found::Here(file) => {
                let each =
                    |bytes: &[u8]| Header::parse(bytes).map(|header| use_it(&header)).is_some();
                match ndb::read(&file, each) {
                    Ok(odd) => Found::Here(odd),
                    Err(fault) => {
                        look.garbled(&path, &fault);
                        Found::Unreadable
                    }
                }
            }
            Found::Missing => Found::Missing,
            Found::Unreadable => Found::Unreadable,
        };
        if found != Found::Missing {
            return odd(look, &path, found);
        }
    }
    Found::Missing
}

fn odd(look: &mut Look<'_>, path: &str, found: Found<usize>) -> Found<usize> {
    if let Found::Here(odd @ 1..) = found {
        look.garbled(path, &format!("{odd} entries are cut or no header of a package"));
    }
    found
}

/// Databases of Berkeley DB, through rpm itself, which is told where they lie.
fn older(look: &mut Look<'_>, packages: &mut Packages) -> bool {
    let there = |folder: &&&str| look.host.exists(&format!("{folder}/{OLDER}"));
    let Some(folder) = FOLDERS.iter().find(there) else { return false };
    // A name for the folder that was checked, so that no link in another root leads out of it.
    let opened =
        if look.host.is_live() { None } else { look.host.directory(folder).ok().flatten() };
    let place = opened
        .as_ref()
        .map(|opened| format!("/proc/{}/fd/{}", std::process::id(), opened.as_raw_fd()));
    let mut arguments = vec!["-qa", "--qf", FIELDS];
    if let Some(place) = &place {
        arguments.extend(["--dbpath", place]);
    }
    let Some(output) = look.run(&Tool::new("rpm", &arguments)) else { return false };
    let (mut list, mut faults, mut keys) = (Vec::new(), 0, 0);
    for line in output.stdout.lines() {
        match from_line(line) {
            Some(package) => list.push(package),
            None if line.starts_with("gpg-pubkey\t") => keys += 1,
            None => faults += 1,
        }
    }
    // An rpm that does not know the form warns, prints nothing and ends well.
    if !output.is_success() || list.len() + keys == 0 {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!("{folder}: rpm -qa {}, and tells no package", output.fault()),
            "observe the host itself, where its own rpm can read it; if that fails too, rpm --rebuilddb",
        );
        return false;
    }
    packages.list.extend(list);
    packages.faults += faults;
    true
}

fn from_line(line: &str) -> Option<Installed> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [name, epoch, version, release, architecture, source, licence, vendor, installed] =
        cells.as_slice()
    else {
        return None;
    };
    if *name == "gpg-pubkey" {
        return None;
    }
    let said =
        |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && text != "(none)");
    package(
        name,
        epoch.parse().ok().filter(|epoch| *epoch > 0),
        &format!("{version}-{release}"),
        said(architecture),
        said(source).as_deref(),
        said(licence),
        said(vendor),
        installed.parse().ok(),
    )
}

#[expect(clippy::too_many_arguments, reason = "one for each field of both forms")]
#[expect(clippy::unnecessary_wraps, reason = "both callers chain on it")]
fn package(
    name: &str,
    epoch: Option<u32>,
    version: &str,
    architecture: Option<String>,
    source_package: Option<&str>,
    licence: Option<String>,
    vendor: Option<String>,
    installed: Option<u32>,
) -> Option<Installed> {
    let version = epoch.map_or_else(|| version.to_owned(), |epoch| format!("{epoch}:{version}"));
    let source = source_package.and_then(source_of);
    Some(Installed {
        manager: "rpm",
        name: name.to_owned(),
        architecture,
        version,
        source: source.as_ref().map(|(name, _)| name.clone()),
        source_version: source.map(|(_, version)| version),
        state: PackageState::Installed,
        held: false,
        chosen: None,
        licences: licence.map(|text| vec![text]),
        origin: vendor,
        installed_at: installed.and_then(|at| Timestamp::from_second(i64::from(at)).ok()),
    })
}

/// Name and version out of `openssl-3.0.7-27.el9.src.rpm`.
fn source_of(file: &str) -> Option<(String, String)> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some((name.to_owned(), format!("{version}-{release}")))
}
