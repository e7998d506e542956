//! Databases of repositories that pacman keeps (`/var/lib/pacman/sync`), in the order of its settings: the first that has a package
//! decides, as with pacman itself.

use std::collections::BTreeSet;

use super::{Offer, Offers, USUAL, archive, unpacked};
use crate::{look::Look, repositories};

const FOLDER: &str = "/var/lib/pacman/sync";

pub(super) fn read(look: &mut Look<'_>, offers: &mut Offers<'_>) -> bool {
    let mut ends = true;
    let mut decided: BTreeSet<String> = BTreeSet::new();
    for repository in repositories::pacman_order(look) {
        let path = format!("{FOLDER}/{repository}.db");
        if !look.host.exists(&path) {
            continue;
        }
        let mut here: Vec<String> = Vec::new();
        ends &= unpacked(look, &path, |reader| {
            archive::entries(reader, |entry, content| {
                if !entry.ends_with("/desc") {
                    return Ok(());
                }
                let mut fields = [String::new(), String::new(), String::new()];
                let mut current = String::new();
                archive::lines(content, |line| {
                    if line.starts_with('%') {
                        line.clone_into(&mut current);
                        return;
                    }
                    for (key, field) in ["%NAME%", "%VERSION%", "%ARCH%"].iter().zip(&mut fields) {
                        if current == *key && field.is_empty() {
                            line.clone_into(field);
                        }
                    }
                })?;
                let [name, version, architecture] = &fields;
                if offers.wants(name) && !decided.contains(name) {
                    let origin = repository.as_str();
                    offers.offer(&Offer {
                        name,
                        architecture,
                        version,
                        origin,
                        security: false,
                        priority: USUAL,
                    });
                    here.push(name.clone());
                }
                Ok(())
            })
        });
        decided.extend(here);
        offers.list(look, &path);
    }
    ends
}
