//! Pending updates from the lists that each manager really fetched, beside what the manager itself says of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    debian,
    made::{Told, as_root, ask, done, is_root, root},
    pacman,
    rpm::{self, DATABASE, Package},
};

const OLD: [Package; 4] = [
    ("openssl-libs", "1", "3.0.7", "27.el9", "noarch", "Apache-2.0", 0),
    ("kernel-core", "0", "5.14.0", "427.el9", "noarch", "GPL-2.0-only", 0),
    ("runc", "4", "1.1.12", "3.el9", "noarch", "Apache-2.0", 0),
    ("quiet", "0", "1", "1", "noarch", "MIT", 0),
];
const NEW: [Package; 4] = [
    ("openssl-libs", "1", "3.0.7", "28.el9_4", "noarch", "Apache-2.0", 0),
    ("openssl-libs", "1", "3.0.10", "1.el9", "noarch", "Apache-2.0", 0),
    ("runc", "4", "1.1.12", "3.1.el9", "noarch", "Apache-2.0", 0),
    ("not-here", "0", "9", "1", "noarch", "MIT", 0),
];

/// A hole of openssl, mended by the first of the two newer versions; and a mere fault of runc.
const ADVISORIES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<updates>
<update from="x@example.org" status="final" type="security" version="1"><id>RLSA-2026:1</id><title>a &amp; b</title>
<issued date="2026-11-01 00:00:00"/><severity>Important</severity><pkglist><collection short="c"><name>c</name>
<package name="openssl-libs" version="3.0.7" release="28.el9_4" epoch="1" arch="noarch" src="x"><filename>x</filename></package>
</collection></pkglist></update>
<update from="x@example.org" status="final" type="bugfix" version="1"><id>RLBA-2026:2</id><title>t</title>
<issued date="2026-11-02 00:00:00"/><pkglist><collection short="c"><name>c</name>
<package name="runc" version="1.1.12" release="3.1.el9" epoch="4" arch="noarch" src="x"><filename>x</filename></package>
</collection></pkglist></update>
</updates>
"#;

fn dnf(root: &Path) -> Command {
    let mut command = as_root("dnf");
    // Where the database lies on RHEL 9 and later; Debian's rpm looks elsewhere.
    fs::write(root.join(".rpmmacros"), format!("%_dbpath {DATABASE}\n")).unwrap();
    command.env("HOME", root).arg("--installroot").arg(root).args(["--releasever=9", "-q", "-y"]);
    command
}

fn repository(root: &Path, packages: &[Package]) {
    let work = tempfile::tempdir().unwrap();
    let folder = root.join("srv/repository");
    fs::create_dir_all(&folder).unwrap();
    for file in rpm::built(work.path(), packages) {
        fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    done(Command::new("createrepo_c").arg("-q").arg(&folder));
    let advisories = work.path().join("updateinfo.xml");
    fs::write(&advisories, ADVISORIES).unwrap();
    done(Command::new("modifyrepo_c").arg(advisories).arg(folder.join("repodata")));
}

fn described(root: &Path, places: &[&str]) {
    let folder = root.join("srv/repository");
    let one = |name: &str, on: u8| {
        let url = folder.display();
        format!("[{name}]\nname={name}\nbaseurl=file://{url}\nenabled={on}\ngpgcheck=0\n")
    };
    for place in places {
        fs::create_dir_all(root.join(place)).unwrap();
        fs::write(root.join(place).join("x.repo"), one("base", 1) + &one("off", 0)).unwrap();
    }
    fs::write(root.join("etc/os-release"), "ID=rocky\nVERSION_ID=\"9.5\"\n").unwrap();
}

fn rocky() -> PathBuf {
    root("dnf", &format!("1 {OLD:?} {NEW:?} {ADVISORIES}"), |root| {
        repository(root, &OLD);
        described(root, &["etc/yum.repos.d", "etc/zypp/repos.d"]);
        done(dnf(root).args(["install", "openssl-libs", "kernel-core", "runc", "quiet"]));
        done(dnf(root).args(["remove", "quiet"]));
        repository(root, &NEW);
        done(dnf(root).args(["makecache", "--refresh"]));
        let mut zypper = as_root("zypper");
        zypper.env("HOME", root).args(["--non-interactive", "--no-gpg-checks", "--root"]).arg(root);
        done(zypper.arg("refresh"));
    })
}

fn pending(told: &Told) -> Vec<(String, String, bool)> {
    let list = told.body("patch.status")["pending"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter()
        .map(|one| (text(&one["name"]), text(&one["candidate"]), one["security"] == true))
        .collect()
}

#[test]
fn lists_of_dnf_tell_what_dnf_tells_without_asking_it() {
    let root = rocky();
    let told = ask(&root, &["patch.status", "sdlc.change_records"], &json!({}));
    // It ends with 100 when something waits.
    let mut check = dnf(&root);
    let said = check.env("LC_ALL", "C").args(["-C", "check-update"]).output().unwrap();
    assert_eq!(said.status.code(), Some(100));
    let said = String::from_utf8(said.stdout).unwrap();
    let mut expected: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|w: &Vec<_>| w.len() == 3)
        .collect();
    expected.sort();
    let holes = done(dnf(&root).args(["-C", "updateinfo", "list", "--security"]));
    let expected: Vec<(String, String, bool)> = expected
        .iter()
        .map(|words| {
            let name = words[0].trim_end_matches(".noarch");
            (name.to_owned(), words[1].to_owned(), holes.contains(&format!("{name}-")))
        })
        .collect();
    assert_eq!(pending(&told), expected);
    assert_eq!(expected.len(), 2, "{said}");
    let body = told.body("patch.status");
    assert_eq!(body["counts"]["security"], 1);
    assert_eq!(body["pending"][0]["origins"], json!(["base"]));
    assert!(body["lists_refreshed"].is_string() && body["last_update"].is_string());
    assert_eq!(told.outcomes("patch.status"), [""; 0]);

    // dnf leaves its history in the log beside the database.
    let changes = told.body("sdlc.change_records")["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "{changes:?}");
    let listed = done(dnf(&root).args(["history", "list"]));
    assert_eq!(
        listed.lines().filter(|line| line.contains("install") || line.contains("remove")).count(),
        2
    );
}

#[test]
fn lists_of_zypper_are_read_too() {
    let root = rocky();
    let copy = tempfile::tempdir().unwrap();
    for path in ["usr/lib/sysimage/rpm", "var/cache/zypp/raw", "etc"] {
        let target = copy.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        done(Command::new("cp").arg("-a").arg(root.join(path)).arg(target));
    }
    fs::remove_dir_all(copy.path().join("etc/yum.repos.d")).unwrap();
    let told = ask(copy.path(), &["patch.status"], &json!({}));
    let dnf = ask(&root, &["patch.status"], &json!({}));
    assert_eq!(pending(&told), pending(&dnf));
    assert_eq!(told.body("patch.status")["counts"]["security"], 1);
    // What is switched off offers nothing.
    let off = copy.path().join("etc/zypp/repos.d/x.repo");
    fs::write(&off, fs::read_to_string(&off).unwrap().replace("enabled=1", "enabled=0")).unwrap();
    let told = ask(copy.path(), &["patch.status"], &json!({}));
    assert!(told.body("patch.status")["pending"].is_null());
    assert!(told.outcomes("patch.status")[0].starts_with("not_applicable: no list"));
}

#[test]
fn lists_of_pacman_tell_what_pacman_tells() {
    let made = pacman::made();
    let copy = tempfile::tempdir().unwrap();
    done(Command::new("cp").arg("-a").arg(made.join("var")).arg(copy.path()));
    let sync = copy.path().join("var/lib/pacman/sync");
    fs::create_dir_all(&sync).unwrap();
    let work = tempfile::tempdir().unwrap();
    let offered = [
        ("core", "glibc", "2.40+r16+gaa533d58ff-3"),
        ("core", "openssh", "9.9p2-1"),
        // The first repository that has it decides.
        ("extra", "openssh", "10.0p1-1"),
        ("extra", "tzdata", "1:2024a-1"),
    ];
    for (repository, name, version) in offered {
        let file = pacman::package(work.path(), name, version, "MIT");
        done(
            Command::new("repo-add")
                .arg("-q")
                .arg(sync.join(format!("{repository}.db.tar.gz")))
                .arg(file),
        );
    }
    fs::create_dir_all(copy.path().join("etc")).unwrap();
    let conf = "[options]\nArchitecture = x86_64\n[core]\nServer = file:///x\n[extra]\nServer = file:///x\n";
    fs::write(copy.path().join("etc/pacman.conf"), conf).unwrap();
    let said = done(
        Command::new("pacman")
            .args(["-Qu", "--root"])
            .arg(copy.path())
            .arg("--dbpath")
            .arg(copy.path().join("var/lib/pacman"))
            .arg("--config")
            .arg(copy.path().join("etc/pacman.conf")),
    );
    let expected: Vec<(String, String, bool)> = said
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .map(|words| (words[0].to_owned(), words[3].to_owned(), false))
        .collect();
    assert_eq!(expected.len(), 2, "{said}");
    let told = ask(copy.path(), &["patch.status"], &json!({}));
    assert_eq!(pending(&told), expected);
    assert!(told.body("patch.status")["counts"]["security"].is_null());
}

#[test]
fn lists_of_apt_tell_what_apt_tells() {
    if !is_root() {
        // Nobody else may change into the root to ask its apt.
        return;
    }
    let root = debian::made("trixie", debian::TRIXIE);
    // The same root as if three of its packages were old.
    let copy = tempfile::tempdir().unwrap();
    for path in ["etc/apt", "var/lib/apt", "var/lib/dpkg/status", "etc/os-release"] {
        let target = copy.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        done(Command::new("cp").arg("-aL").arg(root.join(path)).arg(target));
    }
    let path = copy.path().join("var/lib/dpkg/status");
    let status = fs::read_to_string(&path).unwrap();
    let old: Vec<String> = status
        .split("\n\n")
        .map(|paragraph| {
            let ours = ["sudo", "mawk", "libpam-pwquality"]
                .iter()
                .any(|name| paragraph.starts_with(&format!("Package: {name}\n")));
            let line =
                paragraph.lines().find(|line| line.starts_with("Version: ")).unwrap_or_default();
            if ours { paragraph.replace(line, "Version: 0.1") } else { paragraph.to_owned() }
        })
        .collect();
    fs::write(&path, old.join("\n\n")).unwrap();
    let inside = "tmp/status-of-old-packages";
    fs::copy(&path, root.join(inside)).unwrap();
    let said = done(
        Command::new("chroot")
            .arg(&root)
            .args(["apt-get", "-s", "-o", "Debug::NoLocking=true", "-o"])
            .arg(format!("Dir::State::status=/{inside}"))
            .arg("dist-upgrade"),
    );
    fs::remove_file(root.join(inside)).unwrap();
    let mut expected: Vec<(String, String, bool)> = said
        .lines()
        .filter_map(|line| line.strip_prefix("Inst "))
        .map(|line| {
            let name = line.split(' ').next().unwrap().to_owned();
            let candidate = line.split('(').nth(1).unwrap().split(' ').next().unwrap().to_owned();
            (name, candidate, line.contains("Debian-Security"))
        })
        .collect();
    expected.sort();
    assert!(expected.len() >= 3, "{said}");
    let told = ask(copy.path(), &["patch.status"], &json!({}));
    assert_eq!(pending(&told), expected);
    for one in told.body("patch.status")["pending"].as_array().unwrap() {
        for origin in one["origins"].as_array().unwrap() {
            assert!(said.contains(origin.as_str().unwrap()), "{origin} is not in {said}");
        }
    }
    assert_eq!(told.outcomes("patch.status"), [""; 0]);
}
