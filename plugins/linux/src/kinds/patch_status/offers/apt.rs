//! Lists of apt (`/var/lib/apt/lists`), with the priorities that their release files give them. What apt may choose otherwise is a doubt.

mod policy;

use super::{KEPT, Offer, Offers, USUAL, archive, unpacked};
use crate::{debian::paragraphs, look::Look};
use policy::Policy;

const LISTS: &str = "/var/lib/apt/lists";
/// Priority of lists that are installed from by hand alone.
const BY_HAND: u16 = 1;

/// Who issued the lists of one release file.
struct Release {
    /// What the names of its lists begin with.
    prefix: String,
    origin: String,
    security: bool,
    priority: u16,
}

pub(super) fn read(look: &mut Look<'_>, offers: &mut Offers<'_>) -> bool {
    let names = look.names(LISTS).here().unwrap_or_default();
    let releases: Vec<Release> = names.iter().filter_map(|name| release(look, name)).collect();
    let policy = Policy::read(look);
    offers.doubts.extend(policy.doubts.iter().cloned());
    let mut ends = true;
    for name in names.iter().filter(|name| is_list(name) && policy.uses(name)) {
        let release = releases
            .iter()
            .filter(|one| name.starts_with(&one.prefix))
            .max_by_key(|one| one.prefix.len());
        let path = format!("{LISTS}/{name}");
        ends &= unpacked(look, &path, |reader| {
            archive::paragraphs(reader, |paragraph| take(offers, paragraph, release, &policy))
        });
        offers.list(look, &path);
    }
    ends
}

fn is_list(name: &str) -> bool {
    name.ends_with("_Packages")
        || ["gz", "xz", "lz4", "bz2", "zst"]
            .iter()
            .any(|end| name.ends_with(&format!("_Packages.{end}")))
}

fn take(offers: &mut Offers<'_>, paragraph: &[u8], release: Option<&Release>, policy: &Policy) {
    // Most paragraphs are of packages that are not installed.
    let Some(name) = field(paragraph, b"Package: ") else { return };
    if !offers.wants(name) {
        return;
    }
    let newer = offers.offer(&Offer {
        name,
        version: field(paragraph, b"Version: ").unwrap_or_default(),
        architecture: field(paragraph, b"Architecture: ").unwrap_or_default(),
        origin: release.map_or("", |release| release.origin.as_str()),
        security: release.is_some_and(|release| release.security),
        priority: release.map_or(USUAL, |release| release.priority),
    });
    if !newer {
        return;
    }
    let phased = field(paragraph, b"Phased-Update-Percentage: ");
    if phased.is_some_and(|share| share.trim() != "100") {
        offers.doubts.push(format!("an update of {name} is given to some hosts first"));
    }
    if policy.names(name) {
        offers.doubts.push(format!("a preference names {name}"));
    }
}

/// Value of a field that stands on one line.
fn field<'a>(paragraph: &'a [u8], key: &[u8]) -> Option<&'a str> {
    let value = paragraph.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(key))?;
    std::str::from_utf8(value.trim_ascii()).ok()
}

fn release(look: &mut Look<'_>, name: &str) -> Option<Release> {
    let prefix = name
        .strip_suffix("InRelease")
        .or_else(|| name.strip_suffix("_Release").map(|_| name.trim_end_matches("Release")))?;
    let text = look.text(&format!("{LISTS}/{name}")).here()?;
    // What is signed within stands after an empty line.
    let (_, fields) = paragraphs(&text)
        .into_iter()
        .find(|(_, fields)| fields.contains_key("suite") || fields.contains_key("codename"))?;
    let field = |key: &str| fields.get(key).cloned().unwrap_or_default();
    let (label, version, suite) = (field("label"), field("version"), field("suite"));
    let is = |key: &str| field(key) == "yes";
    let place = [version, suite.clone()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    Some(Release {
        prefix: prefix.to_owned(),
        security: label == "Debian-Security" || suite.ends_with("-security"),
        origin: if place.is_empty() { label } else { format!("{label}:{place}") },
        priority: match (is("notautomatic"), is("butautomaticupgrades")) {
            (false, _) => USUAL,
            (true, true) => KEPT,
            (true, false) => BY_HAND,
        },
    })
}
