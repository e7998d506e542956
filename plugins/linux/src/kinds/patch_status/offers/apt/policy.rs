//! What apt's own files make of its lists: sources, preferences, settings. It computes only what is exact; of the rest it says what it is.

use std::collections::BTreeSet;

use crate::{
    debian::{apt_conf::AptConf, paragraphs},
    kinds::patch_status::automatic,
    look::{Found, Look},
    repositories,
};

/// Settings that change which lists apt reads or which version it takes; those below them count too.
const SETTINGS: [&str; 10] = [
    "dir",
    "rootdir",
    "apt::default-release",
    "apt::architecture",
    "apt::architectures",
    "apt::get",
    "apt::ignore-hold",
    "apt::solver",
    "acquire::indextargets::deb::packages",
    "pkgcachegen",
];
/// Settings below these that change none of it.
const HARMLESS: [&str; 5] =
    ["dir::cache", "dir::log", "dir::bin", "apt::get::assume-yes", "apt::get::show-"];
/// From this priority on apt takes older versions too.
const DOWNGRADES: i64 = 1000;

/// What decides beside the lists.
#[derive(Default)]
pub(super) struct Policy {
    /// What the names of lists begin with that apt reads. None: no source is configured.
    lists: Option<Vec<String>>,
    pinned: Pinned,
    pub(super) doubts: Vec<String>,
}

/// Packages that preferences speak of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pinned {
    all: bool,
    names: BTreeSet<String>,
}

impl Policy {
    pub(super) fn read(look: &mut Look<'_>) -> Self {
        let mut policy = Self::default();
        match automatic::configuration(look) {
            Some(conf) => policy.doubts.extend(unclear(&conf).map(|key| format!("{key} is set"))),
            None => policy.doubts.push("its settings are not readable".to_owned()),
        }
        let parts = look.names("/etc/apt/preferences.d").here().unwrap_or_default();
        let parts = parts.iter().map(|name| format!("/etc/apt/preferences.d/{name}"));
        for path in parts.chain(["/etc/apt/preferences".to_owned()]) {
            match look.text(&path) {
                Found::Here(text) => {
                    if let Err(doubt) = policy.pinned.add(&text) {
                        policy.doubts.push(format!("{path}: {doubt}"));
                    }
                }
                Found::Missing => {}
                Found::Unreadable => policy.doubts.push(format!("{path} is not readable")),
            }
        }
        policy.sources(look);
        policy
    }

    fn sources(&mut self, look: &mut Look<'_>) {
        let Some(sources) = repositories::of_apt(look) else {
            self.doubts.push("a file of its sources is not readable".to_owned());
            return;
        };
        // On the running host apt reads no list without a source; a tree may have come without its settings.
        if look.host.is_live() {
            self.lists = Some(Vec::new());
        }
        for source in &sources {
            let suite = source.suite.as_deref().unwrap_or_default();
            match beginnings(&source.url, suite, &source.components) {
                Some(names) => self.lists.get_or_insert_default().extend(names),
                None => self.doubts.push(format!("the source '{}' is unusual", source.id)),
            }
        }
    }

    /// Whether apt reads the list of this name: those of sources that were taken away lie about until the next refresh.
    pub(super) fn uses(&self, list: &str) -> bool {
        let begins = |name: &String| list.starts_with(name.as_str());
        self.lists.as_ref().is_none_or(|lists| lists.iter().any(begins))
    }

    /// Whether a preference may speak of the package.
    pub(super) fn names(&self, package: &str) -> bool {
        self.pinned.all || self.pinned.names.contains(package)
    }
}

impl Pinned {
    /// Adds a file of preferences (apt_preferences(5)). Priorities below 1000 only choose among newer versions.
    fn add(&mut self, text: &str) -> Result<(), String> {
        for (line, fields) in paragraphs(text) {
            let packages = fields.get("package").map(String::as_str).unwrap_or_default();
            let priority = fields.get("pin-priority").map(|text| text.trim().parse::<i64>());
            match priority {
                Some(Ok(priority)) if priority < DOWNGRADES => {}
                Some(Ok(_)) => return Err(format!("line {line} may lead to older versions")),
                Some(Err(_)) | None => return Err(format!("line {line} has no priority")),
            }
            for word in packages.split_whitespace() {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
                // `name:architecture` and `name/any`-like words count for all; so do patterns and sources.
                if word.bytes().all(plain) {
                    self.names.insert(word.to_owned());
                } else {
                    self.all = true;
                }
            }
        }
        Ok(())
    }
}

fn unclear(conf: &AptConf) -> impl Iterator<Item = &str> {
    let below = |key: &str, name: &str| {
        key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    conf.keys().filter(move |key| {
        SETTINGS.iter().any(|name| below(key, name))
            && !HARMLESS.iter().any(|name| key.starts_with(name))
    })
}

/// What the names of a source's lists begin with: its address without scheme, `/` as `_`.
fn beginnings(url: &str, suite: &str, components: &[String]) -> Option<Vec<String>> {
    let (scheme, rest) = url.split_once(':')?;
    let known = ["http", "https", "file", "copy", "ftp", "tor+http", "tor+https"];
    if !known.contains(&scheme) || suite.contains("$(") {
        return None;
    }
    let place = rest.strip_prefix("//").unwrap_or(rest).trim_end_matches('/');
    if suite.ends_with('/') {
        let folder = if suite == "/" { "" } else { suite };
        return Some(vec![format!("{}Packages", escaped(&format!("{place}/{folder}")))]);
    }
    let lists = components
        .iter()
        .map(|component| format!("{}_", escaped(&format!("{place}/dists/{suite}/{component}"))));
    Some(lists.collect())
}

/// As apt writes an address into a name (`URItoFileName`).
fn escaped(place: &str) -> String {
    let mut name = String::new();
    for byte in place.bytes() {
        match byte {
            b'/' => name.push('_'),
            byte if byte <= b' ' || byte >= 0x7f || b"\\|{}[]<>\"^~_=!@#$%*".contains(&byte) => {
                name.push_str(&format!("%{byte:02x}"));
            }
            byte => name.push(char::from(byte)),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_lead_to_the_names_of_their_lists() {
        let of = |url: &str, suite: &str| beginnings(url, suite, &["main".to_owned()]);
        let one = |name: &str| Some(vec![name.to_owned()]);
        assert_eq!(
            of("http://deb.debian.org/debian/", "bookworm"),
            one("deb.debian.org_debian_dists_bookworm_main_")
        );
        assert_eq!(
            of("https://x.example:8080/a_b", "stable/updates"),
            one("x.example:8080_a%5fb_dists_stable_updates_main_")
        );
        assert_eq!(of("file:/srv/mirror", "x"), one("_srv_mirror_dists_x_main_"));
        assert_eq!(of("http://x.example/flat", "./"), one("x.example_flat_._Packages"));
        assert_eq!(of("http://x.example/flat", "/"), one("x.example_flat_Packages"));
        for (url, suite) in [("cdrom:[Debian]/", "x"), ("http://x", "$(ARCH)/"), ("x", "y")] {
            assert_eq!(of(url, suite), None, "{url} {suite}");
        }
    }

    #[test]
    fn preferences_name_some_packages_or_may_mean_all() {
        let read = |text: &str| {
            let mut pinned = Pinned::default();
            pinned.add(text).map(|()| pinned)
        };
        let some =
            read("Explanation: why\nPackage: nodejs npm\nPin: origin x\nPin-Priority: 600\n");
        let some = some.unwrap();
        assert!(!some.all && some.names.contains("nodejs") && some.names.contains("npm"));
        for all in ["*", "lib*", "/^x/", "src:linux", "x:i386"] {
            let text = format!("Package: {all}\nPin: release a=x\nPin-Priority: -1\n");
            assert!(read(&text).unwrap().all, "{all}");
        }
        assert!(read("Package: x\nPin: version 1\nPin-Priority: 1001\n").is_err());
        assert!(read("Package: x\nPin: version 1\n").is_err());
    }

    #[test]
    fn only_settings_that_choose_versions_are_in_the_way() {
        let of = |text: &str| {
            let mut conf = AptConf::default();
            conf.add(text);
            unclear(&conf).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of("Dir::Cache::pkgcache \"\"; APT::Install-Recommends \"0\";"), [""; 0]);
        assert_eq!(of("Acquire::IndexTargets { deb::DEP-11 { MetaKey \"x\"; }; };"), [""; 0]);
        assert_eq!(of("APT::Default-Release \"stable\";"), ["apt::default-release"]);
        assert_eq!(of("Dir { State { lists \"/x\"; }; };"), ["dir::state::lists"]);
    }
}
