//! Merges a systemd configuration file with its drop-ins as systemd.conf(5) orders them; it never writes.

use std::collections::BTreeMap;

use crate::look::{Found, Look};

/// Highest precedence first.
const FOLDERS: [&str; 4] =
    ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];

/// The files that make up one configuration, in the order they apply, with their text.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) files: Vec<(String, String)>,
}

/// Collects `name` (such as `journald.conf`). What cannot be read leaves an outcome.
pub(crate) fn layers(look: &mut Look<'_>, name: &str) -> Layers {
    let mut layers = Layers::default();
    // The first main file hides those of lower folders.
    for folder in FOLDERS {
        if layers.add(look, format!("{folder}/{name}")) {
            break;
        }
    }
    // A drop-in hides those of the same name in lower folders; all apply in order of file name.
    let mut drop_ins: BTreeMap<String, String> = BTreeMap::new();
    for folder in FOLDERS {
        let folder = format!("{folder}/{name}.d");
        for file in look.names(&folder).here().unwrap_or_default() {
            if file.ends_with(".conf") {
                let path = format!("{folder}/{file}");
                drop_ins.entry(file).or_insert(path);
            }
        }
    }
    for path in drop_ins.into_values() {
        layers.add(look, path);
    }
    layers
}

impl Layers {
    /// Whether the file exists, readable or not.
    fn add(&mut self, look: &mut Look<'_>, path: String) -> bool {
        // A link to /dev/null masks the file.
        if look.host.link(&path).as_deref() == Some("/dev/null") {
            return true;
        }
        match look.text(&path) {
            Found::Here(text) => {
                self.files.push((path, text));
                true
            }
            Found::Missing => false,
            Found::Unreadable => true,
        }
    }

    /// Every assignment of `key` in `[section]`, in order, with its place.
    fn assignments<'a>(
        &'a self,
        section: &'a str,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a str, String)> {
        self.files.iter().flat_map(move |(path, text)| {
            let mut inside = false;
            (1..).zip(text.lines().map(str::trim)).filter_map(
                move |(number, line): (usize, &str)| {
                    if let Some(name) =
                        line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
                    {
                        inside = name == section;
                        return None;
                    }
                    let (name, value) = line.split_once('=').filter(|_| inside)?;
                    (name.trim() == key).then(|| (value.trim(), format!("{path}:{number}")))
                },
            )
        })
    }

    /// The last assignment, as systemd takes it; an empty value goes back to the default.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<String> {
        let last = self.assignments(section, key).last()?;
        Some(last.0.to_owned()).filter(|value| !value.is_empty())
    }

    /// Words of a list, to which every assignment adds and which an empty one clears, with the place of each.
    pub(crate) fn list(&self, section: &str, key: &str) -> Vec<(String, String)> {
        let mut words = Vec::new();
        for (value, place) in self.assignments(section, key) {
            if value.is_empty() {
                words.clear();
            }
            words.extend(
                value.split_ascii_whitespace().map(|word| (word.to_owned(), place.clone())),
            );
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;

    fn read(files: &[(&str, &str)]) -> Layers {
        let root = testing::planted(files);
        layers(&mut Look::new(&testing::job(root.path())), "journald.conf")
    }

    #[test]
    fn drop_ins_beat_the_main_file_in_order_of_name() {
        let layers = read(&[
            ("/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\nCompress=no\n"),
            ("/usr/lib/systemd/journald.conf.d/90-x.conf", "[Journal]\nStorage=persistent\n"),
            ("/etc/systemd/journald.conf.d/10-x.conf", "[Journal]\nStorage=none\n"),
        ]);
        assert_eq!(layers.value("Journal", "Storage").as_deref(), Some("persistent"));
        assert_eq!(layers.value("Journal", "Compress").as_deref(), Some("no"));
    }

    #[test]
    fn the_same_name_in_etc_hides_the_one_in_usr_lib_even_when_masked() {
        let below = "/usr/lib/systemd/journald.conf.d/50-x.conf";
        let root = testing::planted(&[(below, "[Journal]\nStorage=none\n")]);
        let drop_ins = root.path().join("etc/systemd/journald.conf.d");
        std::fs::create_dir_all(&drop_ins).unwrap();
        std::os::unix::fs::symlink("/dev/null", drop_ins.join("50-x.conf")).unwrap();
        let job = testing::job(root.path());
        let layers = layers(&mut Look::new(&job), "journald.conf");
        assert_eq!(layers.value("Journal", "Storage"), None);
    }

    #[test]
    fn only_the_first_main_file_counts() {
        let layers = read(&[
            ("/usr/lib/systemd/journald.conf", "[Journal]\nStorage=none\n"),
            ("/etc/systemd/journald.conf", "[Journal]\n#Storage=auto\n"),
        ]);
        assert_eq!(layers.value("Journal", "Storage"), None);
    }

    #[test]
    fn other_sections_and_empty_values_do_not_count() {
        let text = "[Other]\nStorage=none\n[Journal]\nStorage=volatile\nStorage=\n";
        assert_eq!(read(&[("/etc/systemd/journald.conf", text)]).value("Journal", "Storage"), None);
    }

    #[test]
    fn lists_grow_until_they_are_cleared() {
        let text = "[Time]\nNTP=a b\nNTP=\nNTP=c\n";
        let layers = read(&[("/etc/systemd/journald.conf", text)]);
        let place = "/etc/systemd/journald.conf:4".to_owned();
        assert_eq!(layers.list("Time", "NTP"), [("c".to_owned(), place)]);
    }
}
