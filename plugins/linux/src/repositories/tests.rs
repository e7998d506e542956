use super::*;
use crate::kinds::testing::{job, planted};

fn found(files: &[(&str, &str)]) -> Repositories {
    let root = planted(files);
    read(&mut Look::new(&job(root.path())))
}

fn checked(found: &Repositories) -> Vec<(&str, &str, Option<bool>, Option<bool>)> {
    let source = |source: &'_ Source| (source.encrypted_transport, source.signature_checked);
    found
        .sources
        .iter()
        .map(|one| (one.manager.as_str(), one.id.as_str(), source(one).0, source(one).1))
        .collect()
}

#[test]
fn apt_tells_its_keys_and_what_weakens_it() {
    let found = found(&[
        (
            "/etc/apt/sources.list",
            "deb [signed-by=/k.gpg] https://a.example/d s main\ndeb [trusted=yes] http://b.example/ x\n",
        ),
        ("/etc/apt/apt.conf.d/99x", "APT::Get::AllowUnauthenticated \"true\";\n"),
    ]);
    assert_eq!(found.sources[0].key.as_deref(), Some("/k.gpg"));
    assert_eq!(
        checked(&found),
        [
            ("apt", "deb https://a.example/d s main", Some(true), Some(true)),
            ("apt", "deb http://b.example/ x", Some(false), Some(false)),
        ]
    );
    assert_eq!(found.managers[0].signature_required, Some(false));
    assert_eq!(
        found.managers[0].weakened_by,
        ["APT::Get::AllowUnauthenticated=true (/etc/apt/apt.conf.d/99x)"]
    );
}

#[test]
fn dnf_and_zypper_say_which_source_goes_unchecked() {
    let found = found(&[
        ("/etc/dnf/dnf.conf", "[main]\ngpgcheck=1\nlocalpkg_gpgcheck=0\n"),
        (
            "/etc/yum.repos.d/x.repo",
            "[base]\nbaseurl=https://u:planted-secret@r.example/x\ngpgcheck=1\ngpgkey=file:///k\n\
             [odd]\nbaseurl=http://r.example/y\ngpgcheck=0\n[off]\nenabled=0\nbaseurl=http://z\n\
             [lax]\nbaseurl=https://r.example/z\nsslverify=0\n",
        ),
        ("/etc/zypp/repos.d/y.repo", "[oss]\nenabled=1\nbaseurl=https://s.example/oss\n"),
    ]);
    assert_eq!(
        checked(&found),
        [
            ("dnf", "base", Some(true), Some(true)),
            ("dnf", "odd", Some(false), Some(false)),
            ("dnf", "lax", Some(false), None),
            ("zypper", "oss", Some(true), None),
        ]
    );
    assert_eq!(found.managers[0].weakened_by, ["localpkg_gpgcheck=0 (/etc/dnf/dnf.conf)"]);
    assert_eq!(found.managers[0].signature_required, Some(true));
    assert_eq!(found.managers[1].signature_required, Some(true));
    assert!(!format!("{found:?}").contains("planted-secret"));
}

#[test]
fn pacman_apk_flatpak_and_snap_are_read() {
    let found = found(&[
        (
            "/etc/pacman.conf",
            "[options]\nSigLevel = Required DatabaseOptional\nCheckSpace\n[core]\nInclude = /etc/pacman.d/mirrorlist\n\
             [aur]\nSigLevel = Optional TrustAll\nServer = http://aur.example/$repo\n",
        ),
        (
            "/etc/pacman.d/mirrorlist",
            "#Server = http://no\nServer = https://m.example/$repo\nServer = https://n.example\n",
        ),
        (
            "/etc/apk/repositories",
            "# c\nhttps://dl.example/v3.20/main\n@edge http://dl.example/edge\n/media/x/apks\n",
        ),
        (
            "/var/lib/flatpak/repo/config",
            "[core]\nx=1\n[remote \"hub\"]\nurl=https://hub.example/repo/\ngpg-verify=false\n",
        ),
        ("/var/lib/snapd/snaps/tool_x1.snap", ""),
        ("/var/lib/snapd/snaps/core22_1122.snap", ""),
    ]);
    assert_eq!(
        checked(&found),
        [
            ("flatpak", "hub", Some(true), Some(false)),
            ("apk", "https://dl.example/v3.20/main", Some(true), Some(true)),
            ("apk", "http://dl.example/edge", Some(false), Some(true)),
            ("apk", "/media/x/apks", Some(true), Some(true)),
            ("pacman", "core https://m.example/$repo", Some(true), None),
            ("pacman", "aur http://aur.example/$repo", Some(false), Some(false)),
        ]
    );
    let pacman = found.managers.iter().find(|one| one.name == "pacman").unwrap();
    assert_eq!(pacman.signature_required, Some(true));
    assert_eq!(pacman.weakened_by.len(), 2);
    let snap = found.managers.iter().find(|one| one.name == "snap").unwrap();
    assert_eq!(snap.unsigned, ["tool"]);
}
