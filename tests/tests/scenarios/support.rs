//! What the scenarios share: a scratch installation, and the log as a bundle shows it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use exhibit_proto::leaf::{EntryType, Leaf, Link};
use exhibit_proto::tiles::parse_bundle;
use exhibit_tests::programs::{run, text};
use exhibit_tests::{Installation, Programs};
use serde_json::Value;
use tempfile::TempDir;

/// An installation that goes with its folder.
pub(crate) struct Scratch {
    pub(crate) installation: Installation,
    folder: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self::ago(None)
    }

    /// One that was begun so many days ago, and takes that day for today.
    pub(crate) fn ago(days: Option<u32>) -> Self {
        let programs = Programs::beside_me().unwrap();
        assert_eq!(programs.missing(), [""; 0], "run `cargo build --workspace --bins` first");
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("exhibit");
        let installation = Installation::open_ago(&programs, &place, days).unwrap();
        Self { installation, folder }
    }

    /// A place beside the installation.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new bundle of everything, already verified by `exhibit`.
    pub(crate) fn verified_bundle(&self, name: &str) -> (PathBuf, Value) {
        let bundle = self.folder.path().join(name);
        self.installation.export(&bundle).unwrap();
        let output = run(self.installation.verify_command(&bundle).arg("--json")).unwrap();
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        (bundle, serde_json::from_str(&said).unwrap())
    }
}

/// Every leaf of the log that a bundle carries, in order.
pub(crate) fn leaves(bundle: &Path) -> Vec<Leaf> {
    let mut files = files_under(&bundle.join("tile/entries"));
    files.sort();
    let bundles = files.iter().map(|file| fs::read(file).unwrap());
    let leaves = bundles.flat_map(|bytes| {
        let entries = parse_bundle(&bytes).unwrap();
        entries.into_iter().map(|entry| Leaf::parse(entry).unwrap()).collect::<Vec<_>>()
    });
    leaves.collect()
}

/// Agents' statements among the leaves.
pub(crate) fn links(bundle: &Path) -> Vec<(Leaf, Link)> {
    let leaves = leaves(bundle).into_iter();
    leaves.filter_map(|leaf| leaf.link.map(|link| (leaf, link))).collect()
}

/// Asserts that one agent's chain has no gap, no double and no break, over all its epochs; answers its length.
pub(crate) fn assert_unbroken_chain(bundle: &Path) -> usize {
    let links = links(bundle);
    let (mut epoch, mut seq, mut prev) = (1, 0, exhibit_proto::digest::Digest::ZERO);
    for (leaf, link) in &links {
        assert_eq!((link.epoch, link.seq, link.prev), (epoch, seq + 1, prev), "leaf {leaf:?}");
        (seq, prev) = (link.seq, leaf.env);
        if leaf.t == EntryType::Rotate {
            (epoch, seq) = (epoch + 1, 0);
        }
    }
    links.len()
}

pub(crate) fn evidence_count(bundle: &Path) -> usize {
    leaves(bundle).iter().filter(|leaf| leaf.t == EntryType::Evidence).count()
}

pub(crate) fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// One request over plain HTTP/1.1: status, media type and body of the answer.
pub(crate) fn http(address: &str, method: &str, path: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let kind = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-type: ").map(str::to_owned));
    (status, kind.unwrap_or_default(), body.to_owned())
}
