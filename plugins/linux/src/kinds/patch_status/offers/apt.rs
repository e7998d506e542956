//! Lists of apt (`/var/lib/apt/lists`), for a root whose apt nobody should run. Lists that are only installed from by hand (backports,
//! experimental) offer nothing to what came from elsewhere.

use exhibit_plugin::OutcomeKind;

use super::{Offer, Offers, archive, unpacked};
use crate::{debian::paragraphs, look::Look};

const LISTS: &str = "/var/lib/apt/lists";

/// Who issued the lists of one release file.
struct Release {
    /// What the names of its lists begin with.
    prefix: String,
    origin: String,
    security: bool,
    by_hand: bool,
}

pub(super) fn read(look: &mut Look<'_>, offers: &mut Offers<'_>) -> bool {
    let names = look.names(LISTS).here().unwrap_or_default();
    let releases: Vec<Release> = names.iter().filter_map(|name| release(look, name)).collect();
    let mut ends = true;
    for name in names.iter().filter(|name| is_list(name)) {
        let release = releases
            .iter()
            .filter(|one| name.starts_with(&one.prefix))
            .max_by_key(|one| one.prefix.len());
        if release.is_some_and(|release| release.by_hand) {
            continue;
        }
        let origin = release.map_or("", |release| release.origin.as_str());
        let security = release.is_some_and(|release| release.security);
        let path = format!("{LISTS}/{name}");
        ends &= unpacked(look, &path, |reader| {
            let mut fields = [String::new(), String::new(), String::new()];
            archive::lines(reader, |line| {
                if line.is_empty() {
                    take(offers, &mut fields, origin, security);
                }
                for (key, field) in
                    ["Package: ", "Version: ", "Architecture: "].iter().zip(&mut fields)
                {
                    if let Some(value) = line.strip_prefix(key) {
                        value.clone_into(field);
                    }
                }
            })?;
            take(offers, &mut fields, origin, security);
            Ok(())
        });
        offers.list(look, &path);
    }
    let pinned = look.host.exists("/etc/apt/preferences")
        || look.names("/etc/apt/preferences.d").here().is_some_and(|names| !names.is_empty());
    if pinned && offers.lists > 0 {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "apt has preferences, which are not computed below another root: an update may be held by them",
            "run the plugin on the host itself, where apt is asked",
        );
    }
    ends
}

fn is_list(name: &str) -> bool {
    name.ends_with("_Packages")
        || ["gz", "xz", "lz4", "bz2", "zst"]
            .iter()
            .any(|end| name.ends_with(&format!("_Packages.{end}")))
}

fn take(offers: &mut Offers<'_>, fields: &mut [String; 3], origin: &str, security: bool) {
    let [name, version, architecture] = fields;
    if offers.wants(name) {
        offers.offer(&Offer { name, architecture, version, origin, security });
    }
    fields.iter_mut().for_each(String::clear);
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
        by_hand: is("notautomatic"),
    })
}
