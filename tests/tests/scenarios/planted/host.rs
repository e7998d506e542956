//! A host with a secret in each of its files, and an agent whose plugins observe it.

use std::collections::BTreeMap;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use exhibit_tests::Installation;
use rustix::fs::inotify;

use super::made;

/// Stands in every secret, and in nothing else.
pub(crate) const MARK: &str = "zqplant";
/// Files as text: a line `==> PATH`, then the content; each `§` becomes a secret of its own.
const FILES: [&str; 4] = [
    include_str!("people.txt"),
    include_str!("software.txt"),
    include_str!("services.txt"),
    include_str!("watch.txt"),
];
/// Files whose names, owners or modes are evidence and whose content nobody may read.
const UNREAD: &[&str] = &[
    // Only whether they are there, or when they changed, is told.
    "/etc/doas.conf",
    "/home/joe/.google_authenticator",
    "/home/joe/.config/Yubico",
    "/home/joe/.yubico",
    "/usr/share/xsessions",
    "/usr/share/wayland-sessions",
    "/run/reboot-required",
    "/boot/vmlinuz",
    "/usr/lib/modules",
    "/var/lib/snapd/snaps",
    "/var/lib/aide/aide.db",
    "/var/lib/tripwire",
    "/var/chef/backup",
    "/var/cache/salt",
    "/root/.ansible",
    "/var/lib/ansible",
    "/var/lib/logrotate/status",
    "/var/spool/cron/atjobs",
    "/var/spool/at",
    "/etc/cron.allow",
    "/etc/cron.deny",
    "/etc/at.allow",
    "/etc/at.deny",
    "/etc/systemd/system/multi-user.target.wants",
    "/etc/squidguard",
    "/etc/periodic",
    "/etc/clamav/freshclam.conf",
    "/etc/freshclam.conf",
    "/var/log/clamav/freshclam.log",
    "/etc/e2guardian/e2guardian.conf",
    "/snap/",
    // Only on the running host itself.
    "/srv/borg/",
    "/srv/duplicity/",
    "/srv/open/",
    "/srv/bin/",
    // Nobody declares that it reads them.
    "/etc/crypttab",
    "/etc/plain.key",
    "/etc/fstab",
];

/// What each run after the first no longer finds, so that it looks further.
pub(crate) const ROUNDS: [&[&str]; 4] = [
    &[
        "/etc/os-release",
        "/etc/gdm3",
        "/etc/dnf",
        "/etc/monit",
        "/etc/pihole/pihole.toml",
        "/var/log/apt",
        "/var/lib/dpkg",
        "/etc/clamav/clamd.conf",
        "/etc/puppetlabs",
        "/etc/audit/plugins.d",
        "/etc/resolv.conf",
        "/usr/share/distro-info/debian.csv",
    ],
    &[
        "/etc/gdm",
        "/etc/sddm.conf",
        "/etc/sddm.conf.d",
        "/etc/lightdm/lightdm.conf",
        "/var/cache/dnf",
        "/var/cache/libdnf5",
    ],
    &["/var/lib/rpm"],
    &["/lib/apk"],
];

/// What was planted.
pub(crate) struct Planted {
    root: PathBuf,
    /// Each secret and the path of the file that holds it.
    secrets: BTreeMap<String, String>,
    /// Paths as the host knows them.
    files: Vec<String>,
}

/// Tells which of the planted files were read since it began.
pub(crate) struct Watch {
    inotify: OwnedFd,
    waiting: BTreeMap<i32, String>,
}

impl Planted {
    pub(crate) fn below(root: &Path) -> Self {
        let mut planted =
            Self { root: root.to_owned(), secrets: BTreeMap::new(), files: Vec::new() };
        for block in FILES.iter().flat_map(|text| text.split("==> ").skip(1)) {
            let (path, content) = block.split_once('\n').unwrap();
            planted.add(path, content);
        }
        made::add(&mut planted);
        for (path, mode) in [("/srv/open", 0o666), ("/srv/bin", 0o4755)] {
            for file in fs::read_dir(root.join(path.trim_start_matches('/'))).unwrap() {
                let mode = fs::Permissions::from_mode(mode);
                fs::set_permissions(file.unwrap().path(), mode).unwrap();
            }
        }
        planted
    }

    /// Plants a file of text.
    pub(crate) fn add(&mut self, path: &str, content: &str) {
        let name = self.filled(path, path);
        let content = self.filled(content, &name);
        self.write(&name, content.as_bytes());
    }

    /// Plants a file as it is.
    pub(crate) fn write(&mut self, path: &str, content: &[u8]) {
        let file = self.place(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        self.files.push(path.to_owned());
    }

    /// Notes a file that something else planted.
    pub(crate) fn note(&mut self, path: &str) {
        self.files.push(path.to_owned());
    }

    /// The text with a new secret for each `§`.
    pub(crate) fn filled(&mut self, text: &str, origin: &str) -> String {
        let mut parts = text.split('§');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            // Lower-case letters alone: what looks most like a harmless word.
            let number = self.secrets.len();
            let letter = |by: usize| char::from(b'a' + u8::try_from(number / by % 26).unwrap());
            let secret = format!("{MARK}{}{}{}", letter(676), letter(26), letter(1));
            filled.push_str(&secret);
            filled.push_str(part);
            self.secrets.insert(secret, origin.to_owned());
        }
        filled
    }

    /// Where a path of the host lies.
    pub(crate) fn place(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Where a secret that stands in the text was planted.
    pub(crate) fn origin(&self, text: &str) -> Option<&str> {
        let lower = text.to_lowercase();
        let found = self.secrets.iter().find(|(secret, _)| lower.contains(*secret));
        found.map(|(_, origin)| origin.as_str())
    }

    /// Takes away what hides other sources: where two tell the same, the first is read.
    pub(crate) fn uncover(&mut self, round: &[&str]) {
        for path in round {
            let place = self.place(path);
            if place.is_dir() { fs::remove_dir_all(place) } else { fs::remove_file(place) }
                .unwrap();
            self.files.retain(|file| !Path::new(file).starts_with(path));
        }
    }

    /// Watches who reads the files from now on.
    pub(crate) fn watch(&self) -> Watch {
        let inotify = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        let files =
            self.files.iter().filter(|path| !UNREAD.iter().any(|unread| path.starts_with(unread)));
        let watch = |path: &String| {
            let file = self.place(path);
            let id = inotify::add_watch(&inotify, &file, inotify::WatchFlags::ACCESS).unwrap();
            (id, path.clone())
        };
        let waiting = files.map(watch).collect();
        Watch { inotify, waiting }
    }
}

impl Watch {
    /// The files that nobody has read.
    pub(crate) fn unread(mut self) -> Vec<String> {
        let mut buffer = [MaybeUninit::uninit(); 64 * 1024];
        let mut events = inotify::Reader::new(self.inotify, &mut buffer);
        loop {
            match events.next() {
                Err(rustix::io::Errno::AGAIN) => return self.waiting.into_values().collect(),
                event => drop(self.waiting.remove(&event.unwrap().wd())),
            }
        }
    }
}

/// Lets the agent observe by plugins that `script` starts, the path of the program being `"$0"`.
pub(crate) fn configure(installation: &Installation, script: &str, linux: &str, backup: &str) {
    let mut agent = "state_dir = \"agent\"\n[limits]\ndeadline = \"100s\"\n".to_owned();
    for (plugin, settings) in [("linux", linux), ("backup", backup)] {
        let program = installation.programs.path(&format!("exhibit-plugin-{plugin}"));
        let wrapper = installation.folder.join(plugin);
        let text = format!(
            "#!/bin/sh\nset -- '{}' \"$@\"\n[ $# = 1 ] || exec \"$@\"\n{script}\n",
            program.display()
        );
        fs::write(&wrapper, text).unwrap();
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        let whole = if plugin == "linux" { SETTINGS } else { "" };
        agent.push_str(&format!(
            "[[plugin]]\npath = \"{plugin}\"\n[plugin.settings]\n{whole}{settings}"
        ));
    }
    fs::write(installation.folder.join("agent.toml"), agent).unwrap();
}

const SETTINGS: &str = r#"
permissions = { paths = ["/etc", "/srv"] }
integrity = { megabytes = 16, seconds = 2 }
certificates = { paths = ["/srv/certificates"] }
keys = { comments = true }
advisories = [{ path = "/srv/advisories.json", format = "debian-tracker" }, { path = "/srv/osv", format = "osv" }]
"#;

/// What the backup plugin looks at in a tree of files.
pub(crate) const BACKUP: &str = r#"
backup.repositories = [
  { name = "dumps", tool = "files", location = "/srv/dumps" },
  { name = "barman", tool = "barman", location = "/b/main" },
  { name = "snap", tool = "rsnapshot", location = "/snap" },
  { name = "duplicity", tool = "duplicity", location = "/srv/duplicity" },
  { name = "borg", tool = "borg", location = "/srv/borg" },
]
"#;
