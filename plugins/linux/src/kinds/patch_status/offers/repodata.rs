//! Lists that dnf, dnf5 and zypper keep (`repomd.xml` with the primary list and the advisories), of the repositories that are switched on.
//! Packages of modules are not compared: which of their streams is wanted stands elsewhere.

use std::io::BufRead;

use exhibit_plugin::OutcomeKind;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{Offer, Offers, USUAL, unpacked};
use crate::{
    look::{Found, Look},
    repositories,
};

const FOLDERS: [(&str, &str); 3] =
    [("dnf", "/var/cache/libdnf5"), ("dnf", "/var/cache/dnf"), ("zypper", "/var/cache/zypp/raw")];

pub(super) fn read(look: &mut Look<'_>, offers: &mut Offers<'_>) -> bool {
    let enabled = repositories::read(look);
    let (mut ends, mut modular, mut without) = (true, 0_usize, Vec::new());
    for (manager, folder) in FOLDERS {
        for name in look.names(folder).here().unwrap_or_default() {
            // dnf adds sixteen digits of a digest, zypper nothing.
            let id = if manager == "dnf" {
                name.rsplit_once('-').map_or("", |(id, _)| id)
            } else {
                &name
            };
            let is_on = enabled.sources.iter().any(|one| one.manager == manager && one.id == id);
            let base = format!("{folder}/{name}");
            let index = format!("{base}/repodata/repomd.xml");
            if !is_on || !look.host.exists(&index) {
                continue;
            }
            let Found::Here(text) = look.text(&index) else {
                ends = false;
                continue;
            };
            let lists = match index_of(&text) {
                Ok(lists) => lists,
                Err(fault) => {
                    look.garbled(&index, &fault);
                    ends = false;
                    continue;
                }
            };
            let place = |kind: &str| {
                let found = lists.iter().find(|(name, _)| name == kind)?;
                Some(format!("{base}/{}", found.1))
            };
            if let Some(path) = place("primary").filter(|path| look.host.exists(path)) {
                ends &= unpacked(look, &path, |reader| primary(reader, offers, id, &mut modular));
                offers.list(look, &index);
            }
            match place("updateinfo").filter(|path| look.host.exists(path)) {
                Some(path) => {
                    ends &= unpacked(look, &path, |reader| advisories(reader, offers));
                    offers.advisories += 1;
                }
                None => without.push(id.to_owned()),
            }
        }
    }
    if modular > 0 {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!("{modular} packages of modules are not compared with what is installed"),
            "run dnf check-update on the host for what comes from modules",
        );
    }
    if offers.lists > 0 && offers.advisories == 0 {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!("no repository here tells which updates mend security: {}", without.join(", ")),
            "see vulnerability.findings with a mirrored advisory file",
        );
    }
    ends
}

/// Kinds of lists and where they lie.
pub(super) fn index_of(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut kind = String::new();
    elements(
        &mut text.as_bytes(),
        |_, _| Ok(()),
        |element, _| {
            match element.local_name().as_ref() {
                "data" => kind = attribute(element, "type"),
                "location" => {
                    let place = attribute(element, "href");
                    if place.split('/').any(|part| part == "..") || place.starts_with('/') {
                        return Err(format!("the list {kind} lies outside: {place}"));
                    }
                    found.push((kind.clone(), place));
                }
                _ => {}
            }
            Ok(())
        },
    )?;
    Ok(found)
}

#[derive(Default)]
struct Row {
    name: String,
    architecture: String,
    version: String,
    vendor: String,
}

pub(super) fn primary(
    reader: &mut dyn BufRead,
    offers: &mut Offers<'_>,
    origin: &str,
    modular: &mut usize,
) -> Result<(), String> {
    let row = std::cell::RefCell::new(Row::default());
    elements(
        reader,
        |name, text| {
            let mut row = row.borrow_mut();
            match name {
                // Names of files and of what is required stand in elements of other names.
                "name" => text.clone_into(&mut row.name),
                "arch" => text.clone_into(&mut row.architecture),
                "vendor" => text.clone_into(&mut row.vendor),
                "package" => {
                    let row = std::mem::take(&mut *row);
                    if offers.wants(&row.name) && row.architecture != "src" {
                        if row.version.contains(".module") {
                            *modular += 1;
                        } else {
                            offers.offer(&Offer {
                                name: &row.name,
                                architecture: &row.architecture,
                                version: &row.version,
                                origin,
                                security: false,
                                priority: USUAL,
                            });
                        }
                    }
                }
                _ => {}
            }
            Ok(())
        },
        |element, parent| {
            if element.local_name().as_ref() == "version" && parent == "package" {
                row.borrow_mut().version = version_of(element);
            }
            Ok(())
        },
    )
}

pub(super) fn advisories(reader: &mut dyn BufRead, offers: &mut Offers<'_>) -> Result<(), String> {
    let mut security = false;
    elements(
        reader,
        |_, _| Ok(()),
        |element, _| {
            match element.local_name().as_ref() {
                "update" => security = attribute(element, "type") == "security",
                "package" if security => {
                    let name = attribute(element, "name");
                    if offers.wants(&name) {
                        offers.mends(&name, &attribute(element, "arch"), &version_of(element));
                    }
                }
                _ => {}
            }
            Ok(())
        },
    )
}

/// `ver` and `rel` in a primary list, `version` and `release` in an advisory.
fn version_of(element: &BytesStart<'_>) -> String {
    let one = |short: &str, long: &str| {
        Some(attribute(element, short))
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| attribute(element, long))
    };
    let epoch = attribute(element, "epoch");
    let epoch = if epoch.is_empty() || epoch == "0" { String::new() } else { format!("{epoch}:") };
    format!("{epoch}{}-{}", one("ver", "version"), one("rel", "release"))
}

fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    let found = element.try_get_attribute(name).ok().flatten();
    found.map(|one| one.value.into_owned()).unwrap_or_default()
}

/// Walks a document: `start` meets each element as it begins, with its parent's name; `end` its name and text as it ends.
fn elements(
    reader: &mut dyn BufRead,
    mut end: impl FnMut(&str, &str) -> Result<(), String>,
    mut start: impl FnMut(&BytesStart<'_>, &str) -> Result<(), String>,
) -> Result<(), String> {
    let mut xml = Reader::from_reader(reader);
    let (mut buffer, mut text, mut open) = (Vec::new(), String::new(), Vec::<String>::new());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| error.to_string())? {
            Event::Start(element) => {
                start(&element, open.last().map(String::as_str).unwrap_or_default())?;
                open.push(element.local_name().as_ref().to_owned());
                text.clear();
                if open.len() > 64 {
                    return Err("it is nested too deeply".to_owned());
                }
            }
            Event::Empty(element) => {
                start(&element, open.last().map(String::as_str).unwrap_or_default())?;
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(part) => text.push_str(entity(&part)),
            Event::End(element) => {
                end(element.local_name().as_ref(), text.trim())?;
                open.pop();
                text.clear();
            }
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err("it ends in the middle".to_owned()),
            Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// The entities that every document knows; no name of a package holds another.
fn entity(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "\u{fffd}",
    }
}
