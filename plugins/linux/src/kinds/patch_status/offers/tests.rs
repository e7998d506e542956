use std::{io::Write, path::Path};

use super::*;
use crate::{
    kinds::testing::{job, outcomes, planted},
    packages,
};

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// An archive of tar with one file, as `tar --format=ustar` lays it out.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut head = vec![0; 512];
    let mut put =
        |at: usize, text: &str| head[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(124, &format!("{:011o}", content.len()));
    put(156, "0");
    put(257, "ustar");
    let padding = vec![0; (512 - content.len() % 512) % 512];
    [head.as_slice(), content, &padding].concat()
}

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let full = root.join(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(full, bytes).unwrap();
}

fn told(root: &Path) -> (Offered, Vec<String>) {
    let job = job(root);
    let mut look = Look::new(&job);
    let installed = packages::read(&mut look, false).unwrap().list;
    (read(&mut look, &installed), outcomes(&look.done()))
}

const ALPINE: [(&str, &str); 1] = [(
    "/lib/apk/db/installed",
    "P:musl\nV:1.2.5-r0\nA:x86_64\n\nP:busybox\nV:1.36.1-r9\nA:x86_64\n\n",
)];

#[test]
fn an_index_of_apk_is_three_packed_pieces_in_one() {
    let root = planted(&ALPINE);
    let index = b"C:Q1\nP:busybox\nV:1.36.1-r29\nA:x86_64\n\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nP:zsh\nV:9\nA:x86_64\n";
    let pieces = [
        gz(&tar(".SIGN.RSA.x", b"sign")),
        gz(&tar("DESCRIPTION", b"v3.20")),
        gz(&tar("APKINDEX", index)),
    ];
    write(root.path(), "var/cache/apk/APKINDEX.0a1b2c3d.tar.gz", &pieces.concat());
    let (offered, outcomes) = told(root.path());
    let updates = offered.updates.unwrap();
    assert_eq!(updates.len(), 1, "{updates:?} {outcomes:?}");
    assert_eq!(
        (updates[0].name.as_str(), updates[0].candidate.as_str()),
        ("busybox", "1.36.1-r29")
    );
    assert!(offered.refreshed.is_some() && !offered.knows_security);
}

#[test]
fn a_cut_list_gives_no_updates_and_is_named() {
    let whole =
        gz(&tar("APKINDEX", "P:busybox\nV:1.36.1-r29\nA:x86_64\n\n".repeat(500).as_bytes()));
    let no_number = {
        let mut bytes = tar("APKINDEX", b"P:busybox\n");
        bytes[124..128].copy_from_slice(b"wxyz");
        gz(&bytes)
    };
    let long = gz(&{
        let mut bytes = tar("APKINDEX", b"P:busybox\n");
        bytes[124..135].copy_from_slice(b"77777777777");
        bytes
    });
    let bad: [(&[u8], &str); 6] = [
        (&whole[..whole.len() / 2], "APKINDEX"),
        (&gz(b"no archive at all, but longer than nothing"), "APKINDEX"),
        (&gz(&[b'x'; 600]), "no archive of tar"),
        (&no_number, "no number"),
        (&long, "ends in the middle"),
        (b"\xfd7zXZ\0rest", "xz"),
    ];
    for (bytes, said) in bad {
        let root = planted(&ALPINE);
        write(root.path(), "var/cache/apk/APKINDEX.0a1b2c3d.tar.gz", bytes);
        let (offered, outcomes) = told(root.path());
        assert!(offered.updates.is_none(), "{said}");
        assert!(
            outcomes[0].starts_with("failed: /var/cache/apk/APKINDEX.0a1b2c3d.tar.gz"),
            "{outcomes:?}"
        );
        assert!(outcomes[0].contains(said), "{outcomes:?} {said}");
    }
}

#[test]
fn lists_that_are_installed_from_by_hand_offer_nothing() {
    let release = |suite: &str, more: &str| {
        format!("Origin: Debian\nLabel: Debian\nSuite: {suite}\nVersion: 13.2\nCodename: x\n{more}")
    };
    let root = planted(&[
        (
            "/var/lib/dpkg/status",
            "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n",
        ),
        ("/var/lib/apt/lists/m_dists_stable_InRelease", &release("stable", "")),
        (
            "/var/lib/apt/lists/m_dists_stable-backports_InRelease",
            &release("stable-backports", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"),
        ),
        (
            "/var/lib/apt/lists/m_dists_stable_main_binary-amd64_Packages",
            "Package: a\nArchitecture: amd64\nVersion: 2\n",
        ),
        (
            "/var/lib/apt/lists/m_dists_stable-backports_main_binary-amd64_Packages",
            "Package: a\nArchitecture: amd64\nVersion: 3\n",
        ),
    ]);
    let (offered, outcomes) = told(root.path());
    assert_eq!(outcomes, [""; 0]);
    let updates = offered.updates.unwrap();
    assert_eq!(updates[0].candidate, "2");
    assert_eq!(updates[0].origins, ["Debian:13.2/stable"]);
    assert!(!updates[0].security);
}

#[test]
fn a_list_packed_with_lz4_is_read_and_a_cut_one_is_not() {
    let list = "Package: a\nArchitecture: amd64\nVersion: 2\n\n".repeat(10_000);
    let mut packed = lz4_flex::frame::FrameEncoder::new(Vec::new());
    packed.write_all(list.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let status = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
    let name = "var/lib/apt/lists/m_dists_stable_main_binary-amd64_Packages.lz4";
    let root = planted(&[("/var/lib/dpkg/status", status)]);
    write(root.path(), name, &packed);
    let (offered, outcomes) = told(root.path());
    assert_eq!(offered.updates.unwrap().len(), 1, "{outcomes:?}");
    for cut in [packed.len() / 2, packed.len() - 6, 9] {
        write(root.path(), name, &packed[..cut]);
        let (offered, outcomes) = told(root.path());
        assert!(offered.updates.is_none(), "{cut} of {}", packed.len());
        assert!(outcomes[0].starts_with(&format!("failed: /{name}")), "{outcomes:?}");
    }
}
