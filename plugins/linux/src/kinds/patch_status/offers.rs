//! Which newer versions the lists on this host offer for what is installed. It fetches no list and resolves no dependency.

mod apk;
mod apt;
mod archive;
mod pacman;
mod repodata;

use std::{cmp::Ordering, collections::BTreeMap};

use exhibit_plugin::{OutcomeKind, kinds::patch_status::PendingUpdate};
use jiff::Timestamp;

use crate::{
    look::{Found, Look},
    packages::Installed,
    versions::Scheme,
};

/// What the lists say.
#[derive(Debug, Default)]
pub(super) struct Offered {
    /// None: there is no list, or none that can be read; an outcome says so.
    pub(super) updates: Option<Vec<PendingUpdate>>,
    /// Whether a list tells which updates mend security.
    pub(super) knows_security: bool,
    pub(super) refreshed: Option<Timestamp>,
}

/// Reads the lists of the manager that has the most of `installed`.
pub(super) fn read(look: &mut Look<'_>, installed: &[Installed]) -> Offered {
    let managers = ["dpkg", "rpm", "apk", "pacman"];
    let count = |manager: &str| installed.iter().filter(|one| one.manager == manager).count();
    let Some(manager) = managers.into_iter().rev().max_by_key(|manager| count(manager)) else {
        return Offered::default();
    };
    let mut offers = Offers::new(manager, installed);
    let ends = match manager {
        "dpkg" => apt::read(look, &mut offers),
        "rpm" => repodata::read(look, &mut offers),
        "apk" => apk::read(look, &mut offers),
        _ => pacman::read(look, &mut offers),
    };
    if !ends {
        return Offered::default();
    }
    if !offers.doubts.is_empty() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!("{manager} itself may choose otherwise: {}", offers.doubts.join("; ")),
            "run the plugin on the host itself, where the manager is asked",
        );
    }
    offers.offered(look, manager)
}

/// The updates of apt, without asking it; none where it may choose otherwise than is understood here: then it must be asked.
pub(super) fn of_apt(look: &mut Look<'_>, installed: &[Installed]) -> Option<Offered> {
    let mut alone = Look::new(look.job);
    let mut offers = Offers::new("dpkg", installed);
    if !apt::read(&mut alone, &mut offers) {
        offers.doubts.extend(alone.seen.outcomes().map(|(_, detail, _)| detail.to_owned()));
    }
    if !offers.doubts.is_empty() {
        offers.doubts.dedup();
        let why =
            format!("apt is asked, for it may choose otherwise: {}", offers.doubts.join("; "));
        look.seen.log(exhibit_plugin::protocol::Level::Info, why);
        return None;
    }
    for used in alone.seen.methods() {
        look.seen.method(used);
    }
    Some(offers.offered(look, "dpkg"))
}

/// Priority of what is installed, and of what a list offers that says nothing of it, as apt has them (apt_preferences(5)).
const KEPT: u16 = 100;
const USUAL: u16 = 500;

/// An installed package, and what is offered for it.
struct Wanted<'a> {
    package: &'a Installed,
    /// Priority of the version that is installed.
    priority: u16,
    newer: Vec<Newer>,
    /// Versions that mend a hole.
    secure: Vec<String>,
}

/// A version that is newer than the installed one.
struct Newer {
    version: String,
    priority: u16,
    origins: Vec<String>,
    security: bool,
}

/// Installed packages by name, and what is offered for them.
struct Offers<'a> {
    scheme: Scheme,
    wanted: BTreeMap<&'a str, Vec<Wanted<'a>>>,
    /// Lists that were read, and those of advisories among them.
    lists: usize,
    advisories: usize,
    refreshed: Option<Timestamp>,
    /// Why the manager itself may choose otherwise.
    doubts: Vec<String>,
}

/// One version in a list.
struct Offer<'a> {
    name: &'a str,
    architecture: &'a str,
    version: &'a str,
    origin: &'a str,
    security: bool,
    priority: u16,
}

impl<'a> Offers<'a> {
    fn new(manager: &'static str, installed: &'a [Installed]) -> Self {
        let scheme = Scheme::of_manager(manager).unwrap_or(Scheme::Dpkg);
        let mut wanted: BTreeMap<&str, Vec<Wanted<'_>>> = BTreeMap::new();
        for package in installed.iter().filter(|one| one.manager == manager && !one.held) {
            let list = wanted.entry(package.name.as_str()).or_default();
            let twin = list.iter_mut().find(|one| one.package.architecture == package.architecture);
            match twin {
                // Of several kernels the newest counts.
                Some(twin) => {
                    if scheme.compare(&twin.package.version, &package.version).is_lt() {
                        twin.package = package;
                    }
                }
                None => list.push(Wanted {
                    package,
                    priority: KEPT,
                    newer: Vec::new(),
                    secure: Vec::new(),
                }),
            }
        }
        Self { scheme, wanted, lists: 0, advisories: 0, refreshed: None, doubts: Vec::new() }
    }

    /// Whether a package of this name is installed; of all others a list says too much.
    fn wants(&self, name: &str) -> bool {
        self.wanted.contains_key(name)
    }

    fn of(&mut self, name: &str, architecture: &str) -> impl Iterator<Item = &mut Wanted<'a>> {
        let list = self.wanted.get_mut(name).map(Vec::as_mut_slice).unwrap_or_default();
        list.iter_mut().filter(move |one| {
            let own = one.package.architecture.as_deref();
            // A package may become independent of the architecture, or stop being so.
            own.is_none_or(|own| {
                own == architecture
                    || [own, architecture].iter().any(|one| ["all", "noarch", "any"].contains(one))
            })
        })
    }

    /// Takes note of a version; true when it is newer than what is installed.
    fn offer(&mut self, offer: &Offer<'_>) -> bool {
        let scheme = self.scheme;
        let mut is_newer = false;
        for one in self.of(offer.name, offer.architecture) {
            match scheme.compare(&one.package.version, offer.version) {
                Ordering::Greater => continue,
                Ordering::Equal => {
                    one.priority = one.priority.max(offer.priority);
                    continue;
                }
                Ordering::Less => is_newer = true,
            }
            let mut known = one.newer.iter_mut();
            let known = known.find(|n| scheme.compare(&n.version, offer.version).is_eq());
            match known {
                Some(known) => {
                    known.priority = known.priority.max(offer.priority);
                    known.security |= offer.security;
                    if !known.origins.iter().any(|origin| origin == offer.origin) {
                        known.origins.push(offer.origin.to_owned());
                    }
                }
                None => one.newer.push(Newer {
                    version: offer.version.to_owned(),
                    priority: offer.priority,
                    origins: vec![offer.origin.to_owned()],
                    security: offer.security,
                }),
            }
        }
        is_newer
    }

    /// Takes note that a version mends a hole.
    fn mends(&mut self, name: &str, architecture: &str, version: &str) {
        for one in self.of(name, architecture) {
            one.secure.push(version.to_owned());
        }
    }

    /// Takes note of a list.
    fn list(&mut self, look: &Look<'_>, path: &str) {
        self.lists += 1;
        let modified = look.host.facts(path).ok().flatten().and_then(|facts| facts.modified);
        self.refreshed = self.refreshed.max(modified);
    }

    fn offered(self, look: &mut Look<'_>, manager: &str) -> Offered {
        if self.lists == 0 {
            look.seen.outcome(
                OutcomeKind::NotApplicable,
                format!("no list of available packages of {manager} is kept here, so pending updates are not known"),
                "let the package manager keep the lists that it fetches",
            );
            return Offered::default();
        }
        let knows_security = manager == "dpkg" || self.advisories > 0;
        Offered { knows_security, refreshed: self.refreshed, updates: Some(self.updates()) }
    }

    fn updates(self) -> Vec<PendingUpdate> {
        let scheme = self.scheme;
        self.wanted.into_values().flatten().filter_map(|one| one.update(scheme)).collect()
    }
}

impl Wanted<'_> {
    /// The newest version of the highest priority, unless the installed one has a higher.
    fn update(self, scheme: Scheme) -> Option<PendingUpdate> {
        let compare = |left: &str, right: &str| scheme.compare(left, right);
        let best = self.newer.iter().max_by(|left, right| {
            left.priority.cmp(&right.priority).then_with(|| compare(&left.version, &right.version))
        })?;
        if best.priority < self.priority {
            return None;
        }
        let until = |version: &str| compare(version, &best.version).is_le();
        let mends =
            |version: &String| compare(&self.package.version, version).is_lt() && until(version);
        Some(PendingUpdate {
            name: self.package.name.clone(),
            architecture: self.package.architecture.clone(),
            installed: Some(self.package.version.clone()),
            candidate: best.version.clone(),
            // A later version mends what an earlier one mended, whoever issued it.
            security: self.newer.iter().any(|newer| newer.security && until(&newer.version))
                || self.secure.iter().any(mends),
            origins: best.origins.clone(),
        })
    }
}

/// Shows a list, unpacked, to `use_it`; false when it is not there or not readable, which an outcome then says.
fn unpacked(
    look: &mut Look<'_>,
    path: &str,
    use_it: impl FnOnce(&mut dyn std::io::BufRead) -> Result<(), String>,
) -> bool {
    let Found::Here(file) = look.file(path) else { return false };
    let result = archive::open(file).and_then(|mut reader| use_it(&mut *reader));
    if let Err(fault) = &result {
        look.garbled(path, fault);
    }
    result.is_ok()
}

/// Whether bytes are a list of dnf (an index, a primary list, advisories) that ends well.
pub(crate) fn is_repodata(bytes: &[u8], installed: &[Installed]) -> bool {
    let mut offers = Offers::new("rpm", installed);
    let mut modular = 0;
    let index = std::str::from_utf8(bytes).is_ok_and(|text| repodata::index_of(text).is_ok());
    let list = repodata::primary(&mut &*bytes, &mut offers, "x", &mut modular).is_ok();
    let advisories = repodata::advisories(&mut &*bytes, &mut offers).is_ok();
    for update in offers.updates() {
        let installed = update.installed.as_deref().unwrap_or_default();
        assert!(Scheme::Rpm.compare(installed, &update.candidate).is_lt(), "an update is newer");
    }
    index && list && advisories
}

/// Whether bytes are an archive of tar that ends well.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    let mut files = 0_usize;
    let walked = archive::entries(&mut &*bytes, |_, content| {
        files += 1;
        archive::lines(content, |line| assert!(!line.ends_with('\n'), "a line has no end"))
    });
    walked.is_ok() && files > 0
}

#[cfg(test)]
mod tests;
