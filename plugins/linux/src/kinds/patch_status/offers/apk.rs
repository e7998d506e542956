//! Indexes that apk keeps (`APKINDEX.*.tar.gz`). Which repository one came from is not told by its name.

use super::{Offer, Offers, USUAL, archive, unpacked};
use crate::look::Look;

/// The second is where a permanent cache is linked to.
const FOLDERS: [&str; 2] = ["/var/cache/apk", "/etc/apk/cache"];

pub(super) fn read(look: &mut Look<'_>, offers: &mut Offers<'_>) -> bool {
    let mut ends = true;
    let mut seen = Vec::new();
    for folder in FOLDERS {
        for name in look.names(folder).here().unwrap_or_default() {
            if !name.starts_with("APKINDEX.") || !name.ends_with(".tar.gz") || seen.contains(&name)
            {
                continue;
            }
            let path = format!("{folder}/{name}");
            ends &= unpacked(look, &path, |reader| {
                archive::entries(reader, |entry, content| {
                    if entry != "APKINDEX" {
                        return Ok(());
                    }
                    let mut fields = [String::new(), String::new(), String::new()];
                    archive::lines(content, |line| {
                        if line.is_empty() {
                            take(offers, &mut fields, &name);
                        }
                        for (key, field) in ["P:", "V:", "A:"].iter().zip(&mut fields) {
                            if let Some(value) = line.strip_prefix(key) {
                                value.clone_into(field);
                            }
                        }
                    })?;
                    take(offers, &mut fields, &name);
                    Ok(())
                })
            });
            offers.list(look, &path);
            seen.push(name);
        }
    }
    ends
}

fn take(offers: &mut Offers<'_>, fields: &mut [String; 3], origin: &str) {
    let [name, version, architecture] = fields;
    if offers.wants(name) {
        offers.offer(&Offer {
            name,
            architecture,
            version,
            origin,
            security: false,
            priority: USUAL,
        });
    }
    fields.iter_mut().for_each(String::clear);
}
