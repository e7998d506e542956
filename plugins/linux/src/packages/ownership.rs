//! Which of some paths a package brought. It reads lists of files, never the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
};

use super::{apk, pacman, rpm};
use crate::look::{Found, Look};

const DPKG: &str = "/var/lib/dpkg/info";
const DIVERSIONS: &str = "/var/lib/dpkg/diversions";

/// The members of `paths` that a package brought; none when no package database is readable.
pub(crate) fn owned(look: &mut Look<'_>, paths: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    // Before usr-merge a package lists /bin/x for what the kernel calls /usr/bin/x.
    let mut wanted: BTreeMap<String, &str> = BTreeMap::new();
    for path in paths {
        wanted.insert(path.clone(), path);
        for folder in ["/bin/", "/sbin/", "/lib"] {
            if let Some(old) = path.strip_prefix("/usr").filter(|old| old.starts_with(folder)) {
                wanted.insert(old.to_owned(), path);
            }
        }
        // Where /usr/sbin became a link to /usr/bin, packages may still list the former.
        if let Some(name) = path.strip_prefix("/usr/bin/") {
            wanted.insert(format!("/usr/sbin/{name}"), path);
        }
    }
    diverted(look, &mut wanted);
    let mut found = BTreeSet::new();
    let mut meet = |path: &str| {
        if let Some(path) = wanted.get(path) {
            found.insert((*path).to_owned());
        }
    };
    let mut known = dpkg(look, &mut meet);
    let mut of_rpm = |header: &rpm::Header<'_>| header.files().for_each(|path| meet(&path));
    known |= matches!(rpm::each(look, &mut of_rpm), Found::Here(_));
    known |= apk(look, &mut meet);
    known |= pacman(look, &mut meet);
    known.then_some(found)
}

/// A diverted file lies where the diversion says; the list of its package names the old place.
fn diverted(look: &mut Look<'_>, wanted: &mut BTreeMap<String, &str>) {
    let Found::Here(text) = look.text(DIVERSIONS) else { return };
    let lines: Vec<&str> = text.lines().collect();
    for triple in lines.chunks_exact(3) {
        if let [from, to, _package] = triple
            && let Some(path) = wanted.get(*to).copied()
        {
            wanted.insert((*from).to_owned(), path);
        }
    }
}

fn dpkg(look: &mut Look<'_>, meet: &mut impl FnMut(&str)) -> bool {
    let Found::Here(names) = look.names(DPKG) else { return false };
    look.seen.method(format!("{DPKG}/*.list"));
    for name in names.iter().filter(|name| name.ends_with(".list")) {
        let Ok(Some(file)) = look.host.file(&format!("{DPKG}/{name}")) else { continue };
        for line in BufReader::new(file).lines() {
            let Ok(line) = line else { break };
            meet(&line);
        }
    }
    true
}

fn apk(look: &mut Look<'_>, meet: &mut impl FnMut(&str)) -> bool {
    let Found::Here(text) = look.text(apk::INSTALLED) else { return false };
    let mut folder = "";
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("F:") {
            folder = path;
        } else if let Some(name) = line.strip_prefix("R:") {
            meet(&format!("/{folder}/{name}"));
        }
    }
    true
}

fn pacman(look: &mut Look<'_>, meet: &mut impl FnMut(&str)) -> bool {
    let Found::Here(names) = look.names(pacman::LOCAL) else { return false };
    look.seen.method(format!("{}/*/files", pacman::LOCAL));
    for name in names {
        let path = format!("{}/{name}/files", pacman::LOCAL);
        let Ok(Some(text)) = look.host.text(&path) else { continue };
        pacman::block(&text, "FILES").for_each(|path| meet(&format!("/{path}")));
    }
    true
}
