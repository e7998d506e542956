//! What Debian and Ubuntu write about their packages, as plain parsers over text.
//!
//! It reads no file itself and runs nothing.

pub(crate) mod apt_conf;
pub(crate) mod sources;

use std::collections::{BTreeMap, BTreeSet};

/// Where dpkg keeps its database.
pub(crate) const STATUS: &str = "/var/lib/dpkg/status";

/// One paragraph of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    pub(crate) source: String,
    pub(crate) source_version: String,
    pub(crate) state: State,
    pub(crate) held: bool,
}

/// What the database says of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Installed and configured, triggers pending or not.
    Installed,
    /// Neither in nor out: unpacked, half configured, half installed.
    Broken,
    /// Only configuration files are left, or nothing.
    Gone,
}

/// The database, and what of it could not be understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    pub(crate) packages: Vec<Package>,
    /// Paragraphs in the file, those of removed packages included.
    pub(crate) paragraphs: usize,
    /// Line and fault of each paragraph that was left out.
    pub(crate) faults: Vec<String>,
}

impl Database {
    /// Reads the text of the database.
    pub(crate) fn parse(text: &str) -> Self {
        let mut database = Self::default();
        for (line, fields) in paragraphs(text) {
            database.paragraphs += 1;
            match package(&fields) {
                Ok(package) => database.packages.push(package),
                Err(fault) => database.faults.push(format!("line {line}: {fault}")),
            }
        }
        database
    }

    /// Packages that are really there, broken ones included.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.state != State::Gone)
    }

    /// Whether a package is installed and configured.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.packages
            .iter()
            .any(|package| package.name == name && package.state == State::Installed)
    }
}

fn package(fields: &BTreeMap<String, String>) -> Result<Package, String> {
    let name = fields.get("package").filter(|name| !name.is_empty()).ok_or("no Package field")?;
    let status = fields.get("status").ok_or_else(|| format!("{name} has no Status field"))?;
    let mut words = status.split_whitespace();
    let (want, _flag, state) = (words.next(), words.next(), words.next());
    let state = match state {
        Some("installed" | "triggers-pending" | "triggers-awaited") => State::Installed,
        Some("unpacked" | "half-configured" | "half-installed") => State::Broken,
        Some("config-files" | "not-installed") => State::Gone,
        _ => return Err(format!("{name} has the unknown status '{status}'")),
    };
    let version = match fields.get("version") {
        Some(version) => version.clone(),
        None if state == State::Gone => String::new(),
        None => return Err(format!("{name} has no Version field")),
    };
    let (source, source_version) = match fields.get("source") {
        None => (name.clone(), version.clone()),
        Some(source) => match source.split_once(" (") {
            Some((source, inside)) => (source.to_owned(), inside.trim_end_matches(')').to_owned()),
            None => (source.clone(), version.clone()),
        },
    };
    Ok(Package {
        name: name.clone(),
        version,
        architecture: fields.get("architecture").cloned().unwrap_or_default(),
        source,
        source_version,
        state,
        held: want == Some("hold"),
    })
}

/// Splits text into paragraphs of `Key: value` with their first line's number; keys in lower case, continuation lines
/// joined by a newline.
pub(crate) fn paragraphs(text: &str) -> Vec<(usize, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let (mut start, mut last) = (0, String::new());
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            if !fields.is_empty() {
                found.push((start, std::mem::take(&mut fields)));
            }
            last.clear();
        } else if line.starts_with('#') {
            // A comment, as apt allows in its own files.
        } else if line.starts_with([' ', '\t']) {
            if let Some(value) = fields.get_mut(&last) {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else {
            if fields.is_empty() {
                start = index + 1;
            }
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            last = key.trim().to_ascii_lowercase();
            fields.insert(last.clone(), value.trim().to_owned());
        }
    }
    if !fields.is_empty() {
        found.push((start, fields));
    }
    found
}

/// Packages that apt marks as pulled in by others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Automatic {
    names: BTreeSet<String>,
    pairs: BTreeSet<(String, String)>,
}

impl Automatic {
    /// Reads apt's `extended_states`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for (_, mut fields) in paragraphs(text) {
            if fields.get("auto-installed").is_some_and(|flag| flag == "1")
                && let Some(name) = fields.remove("package")
            {
                let architecture = fields.remove("architecture").unwrap_or_default();
                found.names.insert(name.clone());
                found.pairs.insert((name, architecture));
            }
        }
        found
    }

    /// Whether it is one of them. apt files packages of architecture `all` under the host's own.
    pub(crate) fn contains(&self, package: &Package) -> bool {
        if package.architecture == "all" {
            self.names.contains(&package.name)
        } else {
            self.pairs.contains(&(package.name.clone(), package.architecture.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Package: apt\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.6.1\n\
        Description: package manager\n continued: here\n\nPackage: libssl3\nStatus: hold ok installed\n\
        Architecture: amd64\nSource: openssl (3.0.15)\nVersion: 3.0.15+b1\n\nPackage: old\n\
        Status: deinstall ok config-files\nVersion: 1\n\nPackage: half\nStatus: install reinstreq half-installed\n\
        Version: 2\n\nPackage: odd\nStatus: what is this\nVersion: 2\n\nVersion: 3\n";

    #[test]
    fn database_tells_installed_broken_and_gone_apart() {
        let database = Database::parse(TEXT);
        let states: Vec<_> =
            database.packages.iter().map(|p| (p.name.as_str(), p.state, p.held)).collect();
        assert_eq!(
            states,
            [
                ("apt", State::Installed, false),
                ("libssl3", State::Installed, true),
                ("old", State::Gone, false),
                ("half", State::Broken, false)
            ]
        );
        let ssl = &database.packages[1];
        assert_eq!((ssl.source.as_str(), ssl.source_version.as_str()), ("openssl", "3.0.15"));
        assert_eq!(database.paragraphs, 6);
        assert_eq!(database.faults.len(), 2);
        assert!(database.faults[0].contains("line 22") && database.faults[0].contains("odd"));
    }

    #[test]
    fn garbage_is_a_fault_and_not_a_package() {
        for text in
            ["\u{0}\u{1}\u{2}", "Package\n\nPackage:\n", ":::\n \n:", "Package: x\nStatus:\n"]
        {
            let database = Database::parse(text);
            assert!(database.packages.is_empty());
            assert!(!database.faults.is_empty(), "{text:?}");
        }
        assert!(Database::parse("").faults.is_empty());
    }

    #[test]
    fn automatic_packages_are_those_with_the_flag() {
        let text = "Package: apt\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: b\nAuto-Installed: 0\n";
        let automatic = Automatic::parse(text);
        let mut package = Database::parse(TEXT).packages[0].clone();
        assert!(automatic.contains(&package));
        package.architecture = "all".into();
        assert!(automatic.contains(&package));
        package.architecture = "i386".into();
        assert!(!automatic.contains(&package));
    }
}
