//! Finds which Debian package owns a file, by dpkg's file lists; it never runs dpkg.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::Host;

/// Where dpkg keeps its file lists.
pub(crate) const INFO: &str = "/var/lib/dpkg/info";

/// Package names by path, for those of `wanted` that a package owns.
pub(crate) fn of_files(host: &Host, wanted: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Ok(Some(names)) = host.names(INFO) else { return found };
    // Lists may name a file by the path from before /usr was merged.
    let mut spellings: BTreeMap<&str, &str> = BTreeMap::new();
    for path in wanted {
        spellings.insert(path, path);
        if let Some(short) = path.strip_prefix("/usr") {
            spellings.insert(short, path);
        }
    }
    for name in names {
        let package = name.strip_suffix(".list").and_then(|name| name.split(':').next());
        let Some(package) = package else { continue };
        let Ok(Some(list)) = host.text(&format!("{INFO}/{name}")) else { continue };
        for line in list.lines() {
            if let Some(path) = spellings.get(line) {
                found.insert((*path).to_owned(), package.to_owned());
            }
        }
        if found.len() == wanted.len() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::local::testing;

    #[test]
    fn a_file_is_found_under_its_old_spelling_too() {
        let root = testing::planted(&[
            ("/var/lib/dpkg/info/iputils-ping.list", "/.\n/bin\n/bin/ping\n"),
            ("/var/lib/dpkg/info/libx:amd64.list", "/usr/lib/x\n"),
            ("/var/lib/dpkg/info/other.md5sums", "/bin/ping\n"),
        ]);
        let wanted =
            BTreeSet::from(["/usr/bin/ping".into(), "/usr/lib/x".into(), "/opt/own".into()]);
        let expected = BTreeMap::from([
            ("/usr/bin/ping".to_owned(), "iputils-ping".to_owned()),
            ("/usr/lib/x".to_owned(), "libx".to_owned()),
        ]);
        assert_eq!(of_files(&Host::new(root.path()), &wanted), expected);
    }
}
