//! A root of pacman: packages that pacman installed, as on Arch.

use std::{fs, path::Path, process::Command};

use serde_json::json;

use crate::made::{as_root, ask, done, root, rows};

/// Name, version, licence, reason (`1` came with another).
const PACKAGES: [(&str, &str, &str, &str); 3] = [
    ("glibc", "2.40+r16+gaa533d58ff-2", "LGPL-2.1-or-later", "1"),
    ("openssh", "9.9p1-2", "BSD-2-Clause", "0"),
    ("tzdata", "1:2024b-1", "Public Domain", "0"),
];

pub(crate) fn pacman(root: &Path) -> Command {
    let mut command = as_root("pacman");
    command.arg("--root").arg(root).args(["--noconfirm", "--config", "/dev/null"]);
    command.arg("--dbpath").arg(root.join("var/lib/pacman"));
    command
}

/// A package file: what makepkg would put into one.
pub(crate) fn package(
    folder: &Path,
    name: &str,
    version: &str,
    licence: &str,
) -> std::path::PathBuf {
    let work = folder.join(format!("{name}-{version}"));
    fs::create_dir_all(work.join("usr/bin")).unwrap();
    fs::write(work.join("usr/bin").join(name), name).unwrap();
    let info = format!(
        "pkgname = {name}\npkgbase = {name}-base\npkgver = {version}\npkgdesc = d\nurl = https://example.org\n\
         builddate = 1700000000\npackager = P <p@example.org>\nsize = 10\narch = x86_64\nlicense = {licence}\n"
    );
    fs::write(work.join(".PKGINFO"), info).unwrap();
    let file = folder.join(format!("{name}-{}-x86_64.pkg.tar.gz", version.replace(':', "_")));
    done(Command::new("tar").arg("-C").arg(&work).arg("-czf").arg(&file).args([".PKGINFO", "usr"]));
    file
}

pub(crate) fn made() -> std::path::PathBuf {
    root("pacman", &format!("1 {PACKAGES:?}"), |root| {
        let work = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.join("var/lib/pacman")).unwrap();
        for (name, version, licence, reason) in PACKAGES {
            let file = package(work.path(), name, version, licence);
            let reason = if reason == "1" { "--asdeps" } else { "--asexplicit" };
            done(pacman(root).args(["-U", reason]).arg(file));
        }
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/os-release"), "ID=arch\nPRETTY_NAME=\"Arch Linux\"\n").unwrap();
    })
}

#[test]
fn the_database_of_pacman_tells_what_pacman_tells() {
    let root = made();
    let told = ask(&root, &["software.inventory"], &json!({}));
    assert_eq!(told.outcomes("software.inventory"), [""; 0]);
    let listed = done(pacman(&root).arg("-Q"));
    let listed: Vec<Vec<String>> =
        listed.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
    assert_eq!(rows(&told, &["name", "version"]), listed);
    let explicit = done(pacman(&root).arg("-Qqe"));
    for row in
        rows(&told, &["name", "chosen", "licences", "source", "architecture", "installed_at"])
    {
        assert_eq!(row[1] == "true", explicit.lines().any(|name| name == row[0]), "{row:?}");
        let info = done(pacman(&root).args(["-Qi", &row[0]]));
        let said = |key: &str| {
            let line = info.lines().find(|line| line.starts_with(key)).unwrap();
            line.split_once(" : ").unwrap().1.trim().to_owned()
        };
        assert_eq!(said("Licenses"), row[2]);
        assert_eq!(said("Architecture"), row[4]);
        assert_eq!(row[3], format!("{}-base", row[0]));
        let at: jiff::Timestamp = row[5].parse().unwrap();
        let said = jiff::fmt::strtime::parse("%a %b %e %H:%M:%S %Y", said("Install Date"));
        let said = said.unwrap().to_datetime().unwrap();
        assert_eq!(at.to_zoned(jiff::tz::TimeZone::system()).datetime(), said);
    }
}
