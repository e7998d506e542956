//! Packages of rpm: natively from its SQLite database, through `rpm -qa` where the database has an older form.

mod header;

use exhibit_plugin::{OutcomeKind, kinds::software_inventory::PackageState};
use rusqlite::{Connection, OpenFlags};

use super::{Installed, Packages};
use crate::{
    look::{Found, Look},
    sqlite,
    tool::Tool,
};
pub(crate) use header::Header;

const FOLDERS: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// Databases of rpm before 4.16 and of its own other format.
const OLDER: [&str; 2] = ["Packages", "Packages.db"];
const FIELDS: &str = "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{LICENSE}\\t%{VENDOR}\\n";

pub(super) fn read(look: &mut Look<'_>, packages: &mut Packages) -> bool {
    let mut there = false;
    if each(look, |header| match header.installed() {
        Some(package) => packages.list.push(package),
        None => packages.faults += usize::from(!header.is_key()),
    }) {
        return true;
    }
    for folder in FOLDERS {
        there |= OLDER.iter().any(|name| look.host.exists(&format!("{folder}/{name}")));
    }
    if !there {
        return false;
    }
    if !look.host.is_live() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "the rpm database is of the form before SQLite and lies in another root",
            "observe the host itself, where its own rpm can read it",
        );
        return false;
    }
    let Some(output) = look.run(&Tool::new("rpm", &["-qa", "--qf", FIELDS])) else { return false };
    if !output.is_success() {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!("rpm -qa {}", output.fault()),
            "repair the database with rpm --rebuilddb",
        );
        return false;
    }
    for line in output.stdout.lines() {
        match from_line(line) {
            Some(package) => packages.list.push(package),
            None => packages.faults += usize::from(!line.starts_with("gpg-pubkey\t")),
        }
    }
    true
}

/// Calls `use_it` for the header of every package of an SQLite database; false when there is none or it is not readable.
pub(super) fn each(look: &mut Look<'_>, mut use_it: impl FnMut(&Header<'_>)) -> bool {
    for folder in FOLDERS {
        let path = format!("{folder}/rpmdb.sqlite");
        let Found::Here(file) = look.file(&path) else { continue };
        let mut run = || -> rusqlite::Result<()> {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let database = Connection::open_with_flags(sqlite::address(&file), flags)?;
            let mut statement = database.prepare("select blob from Packages")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if let Some(header) = Header::parse(row.get_ref(0)?.as_blob()?) {
                    use_it(&header);
                }
            }
            Ok(())
        };
        if let Err(error) = run() {
            look.garbled(&path, &error.to_string());
            return false;
        }
        return true;
    }
    false
}

fn from_line(line: &str) -> Option<Installed> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [name, epoch, version, release, architecture, source, licence, vendor] = cells.as_slice()
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
    )
}

#[expect(clippy::unnecessary_wraps, reason = "both callers chain on it")]
fn package(
    name: &str,
    epoch: Option<u32>,
    version: &str,
    architecture: Option<String>,
    source_package: Option<&str>,
    licence: Option<String>,
    vendor: Option<String>,
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
    })
}

/// Name and version out of `openssl-3.0.7-27.el9.src.rpm`.
fn source_of(file: &str) -> Option<(String, String)> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some((name.to_owned(), format!("{version}-{release}")))
}
