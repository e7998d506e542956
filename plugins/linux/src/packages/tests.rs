use std::{collections::BTreeSet, fs};

use super::{dpkg::declared, *};
use crate::kinds::testing::{job, outcomes, planted};

/// A header as rpm writes it: tag, type (6 text, 4 number, 8 texts), values.
fn header(tags: &[(u32, u32, Vec<u8>, u32)]) -> Vec<u8> {
    let (mut index, mut heap) = (Vec::new(), Vec::new());
    for (tag, kind, value, count) in tags {
        let offset = u32::try_from(heap.len()).unwrap();
        for word in [*tag, *kind, offset, *count] {
            index.extend(word.to_be_bytes());
        }
        heap.extend(value);
    }
    let mut bytes = u32::try_from(tags.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(u32::try_from(heap.len()).unwrap().to_be_bytes());
    [bytes, index, heap].concat()
}

fn text(tag: u32, value: &str) -> (u32, u32, Vec<u8>, u32) {
    (tag, 6, format!("{value}\0").into_bytes(), 1)
}

fn rpm_root() -> tempfile::TempDir {
    let root = planted(&[("/var/lib/rpm/.lock", "")]);
    let openssl = header(&[
        text(1000, "openssl-libs"),
        text(1001, "3.0.7"),
        text(1002, "27.el9"),
        (1003, 4, 1_u32.to_be_bytes().to_vec(), 1),
        text(1011, "Example Linux"),
        text(1014, "ASL 2.0"),
        text(1022, "x86_64"),
        text(1044, "openssl-3.0.7-27.el9.src.rpm"),
        (1116, 4, [0_u32.to_be_bytes(), 1_u32.to_be_bytes()].concat(), 2),
        (1117, 8, b"libssl.so.3\0openssl\0".to_vec(), 2),
        (1118, 8, b"/usr/lib64/\0/usr/bin/\0".to_vec(), 2),
    ]);
    let key = header(&[text(1000, "gpg-pubkey"), text(1001, "1"), text(1002, "1")]);
    let database =
        rusqlite::Connection::open(root.path().join("var/lib/rpm/rpmdb.sqlite")).unwrap();
    database.execute("create table Packages (hnum integer primary key, blob blob)", []).unwrap();
    for blob in [openssl, key, b"\x00\x00\xff\xff\x00\x00\x00\x01short".to_vec()] {
        database.execute("insert into Packages (blob) values (?1)", [blob]).unwrap();
    }
    root
}

#[test]
fn the_database_of_rpm_is_read_natively() {
    let root = rpm_root();
    let job = job(root.path());
    let mut look = Look::new(&job);
    let packages = read(&mut look, true).unwrap();
    assert_eq!(packages.list.len(), 1);
    let one = &packages.list[0];
    assert_eq!((one.name.as_str(), one.version.as_str()), ("openssl-libs", "1:3.0.7-27.el9"));
    assert_eq!(one.source.as_deref(), Some("openssl"));
    assert_eq!(one.source_version.as_deref(), Some("3.0.7-27.el9"));
    assert_eq!(one.licences.as_deref().unwrap(), ["ASL 2.0"]);
    assert_eq!(one.origin.as_deref(), Some("Example Linux"));
    let paths = ["/usr/bin/openssl", "/usr/bin/other"].map(str::to_owned).into();
    assert_eq!(owned(&mut look, &paths).unwrap(), BTreeSet::from(["/usr/bin/openssl".to_owned()]));
}

#[test]
fn a_broken_database_of_rpm_is_told() {
    let root = planted(&[("/var/lib/rpm/rpmdb.sqlite", "no database at all, but long enough")]);
    let job = job(root.path());
    let mut look = Look::new(&job);
    assert!(read(&mut look, false).is_none());
    assert!(outcomes(&look.done())[0].starts_with("failed: /var/lib/rpm/rpmdb.sqlite"));
}

#[test]
fn apk_and_pacman_are_read() {
    let root = planted(&[
        (
            "/lib/apk/db/installed",
            "C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:ld-musl.so.1\n\nP:half\n\n",
        ),
        ("/etc/apk/world", "musl>1 other\n"),
        ("/var/lib/pacman/local/ALPM_DB_VERSION", "9\n"),
        (
            "/var/lib/pacman/local/bash-5.2-1/desc",
            "%NAME%\nbash\n\n%VERSION%\n5.2-1\n\n%LICENSE%\nGPL-3.0-or-later\n\n%REASON%\n1\n\n",
        ),
        (
            "/var/lib/pacman/local/bash-5.2-1/files",
            "%FILES%\nusr/\nusr/bin/bash\n\n%BACKUP%\netc/x\n",
        ),
    ]);
    let job = job(root.path());
    let mut look = Look::new(&job);
    let packages = read(&mut look, true).unwrap();
    let told: Vec<_> = packages
        .list
        .iter()
        .map(|one| (one.manager, one.name.as_str(), one.version.as_str(), one.chosen))
        .collect();
    assert_eq!(
        told,
        [("apk", "musl", "1.2.5-r0", Some(true)), ("pacman", "bash", "5.2-1", Some(false)),]
    );
    assert_eq!(packages.faults, 1);
    let paths = ["/lib/ld-musl.so.1", "/usr/bin/bash", "/etc/x"].map(str::to_owned).into();
    assert_eq!(owned(&mut look, &paths).unwrap().len(), 2);
}

#[test]
fn ownership_knows_merged_folders_and_diversions() {
    let root = planted(&[
        ("/var/lib/dpkg/info/dash.list", "/.\n/bin\n/bin/dash\n/bin/sh\n"),
        ("/var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n"),
    ]);
    let job = job(root.path());
    let paths = ["/usr/bin/dash", "/usr/bin/sh.distrib", "/opt/x"].map(str::to_owned).into();
    let found = owned(&mut Look::new(&job), &paths).unwrap();
    let expected = ["/usr/bin/dash", "/usr/bin/sh.distrib"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
    assert!(
        owned(&mut Look::new(&super::super::kinds::testing::job("/nowhere")), &paths).is_none()
    );
}

#[test]
fn licences_are_those_declared() {
    let dep5 = "Format: https://x/copyright-format/1.0/\nUpstream-Name: x\n\nFiles: *\nCopyright: y\nLicense: GPL-2+ or MIT\n text\n\nLicense: MIT\n Permission\n";
    assert_eq!(declared(dep5).unwrap(), ["GPL-2+ or MIT", "MIT"]);
    let free = "It may be found in `/usr/share/common-licenses/GPL-3'.\n/usr/share/common-licenses/LGPL-2.1.\n";
    assert_eq!(declared(free).unwrap(), ["GPL-3", "LGPL-2.1"]);
    assert_eq!(declared("all rights reserved"), None);
}

#[test]
fn licences_of_this_host_are_mostly_known() {
    let job = job("/");
    let mut look = Look::new(&job);
    if fs::metadata("/var/lib/dpkg/status").is_ok() {
        let packages = read(&mut look, true).unwrap();
        let known = packages.list.iter().filter(|one| one.licences.is_some()).count();
        assert!(known * 2 > packages.list.len(), "{known} of {}", packages.list.len());
    }
}
