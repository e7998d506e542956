//! Every file against SHA256SUMS. It finds damage; only the signatures find forgery.

use std::collections::BTreeMap;

use exhibit_proto::bundle::SUMS;
use exhibit_proto::digest::Digest;

use crate::files::{FileError, Folder};
use crate::parallel;
use crate::progress::Progress;
use crate::report::{Check, Ledger, State};

/// Two million files.
const MAX_BYTES: u64 = 256 << 20;
const MAX_PATH: usize = 200;
/// Files between two steps of the progress.
const WAVE: usize = 256;

pub(super) fn check(folder: &Folder, ledger: &mut Ledger, progress: &dyn Progress) {
    for (path, what) in folder.refused() {
        ledger.failed(Check::Files, path, format!("{what}: a bundle holds plain files only"));
    }
    folder.claim(SUMS);
    let listed = folder.read(SUMS, MAX_BYTES).map_err(|error| error.to_string());
    let listed = match listed.and_then(|bytes| parse(&bytes)) {
        Ok(listed) => listed,
        Err(error) => {
            ledger.failed(Check::Files, SUMS, error);
            return;
        }
    };
    progress.stage("files", folder.files().map(|(_, size)| size).sum());
    let files: Vec<(&str, u64)> = folder.files().filter(|(path, _)| *path != SUMS).collect();
    for wave in files.chunks(WAVE) {
        let found = parallel::map(wave, |(path, _)| folder.digest(path));
        for ((path, size), found) in wave.iter().zip(found) {
            hold(path, listed.get(*path), found, ledger);
            progress.step(*size);
        }
    }
    for path in listed.keys().filter(|path| !folder.has(path)) {
        ledger.failed(Check::Files, path, format!("{SUMS} lists this file, and it is missing"));
    }
    if ledger.state(Check::Files) != Some(State::Failed) {
        ledger.shown(Check::Files, format!("{} files have the digests of {SUMS}", listed.len()));
    }
}

fn hold(
    path: &str,
    expected: Option<&Digest>,
    found: Result<Digest, FileError>,
    ledger: &mut Ledger,
) {
    match (expected, found) {
        (None, _) => ledger.failed(Check::Files, path, format!("{SUMS} does not list this file")),
        (Some(expected), Ok(found)) if found == *expected => {}
        (Some(expected), Ok(found)) => ledger.failed(
            Check::Files,
            path,
            format!("digest is {found}, {SUMS} says {expected}: one of the two was changed"),
        ),
        (Some(_), Err(error)) => ledger.failed(Check::Files, path, error.to_string()),
    }
}

/// Reads what `sha256sum` writes for plain names; each error names its line.
fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Digest>, String> {
    let text = str::from_utf8(bytes).map_err(|error| format!("not UTF-8 text: {error}"))?;
    let lines = text.strip_suffix('\n').ok_or("last line has no end: cut short?")?;
    let mut listed = BTreeMap::new();
    for (number, line) in (1..).zip(lines.split('\n')) {
        let parts = line.split_once("  ");
        let (digest, path) = parts.ok_or(format!("line {number} is not `<sha256>  <path>`"))?;
        let digest = digest.parse().map_err(|error| format!("line {number}: {error}"))?;
        if !plain(path) {
            let path: String = path.chars().take(MAX_PATH).collect();
            return Err(format!("line {number}: {path:?} is not a path within a bundle"));
        }
        if path == SUMS || listed.insert(path.to_owned(), digest).is_some() {
            return Err(format!("line {number}: {path:?} must not be listed, or stands twice"));
        }
    }
    Ok(listed)
}

/// Relative, without `..`, hidden names, spaces or anything that a shell would read.
fn plain(path: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(fine);
    path.len() <= MAX_PATH && path.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_in_the_list_are_refused() {
        let digest = Digest::of(b"");
        for path in [
            "../secret",
            "/etc/passwd",
            "a/../b",
            "a//b",
            "./a",
            ".hidden",
            "a b",
            "a\\b",
            "",
            "-rf",
            "a/",
            "SHA256SUMS",
        ] {
            assert!(parse(format!("{digest}  {path}\n").as_bytes()).is_err(), "{path:?}");
        }
        assert!(parse(format!("{digest}  a\n{digest}  a\n").as_bytes()).is_err());
        assert!(parse(format!("{digest}  a").as_bytes()).is_err());
        assert!(parse(format!("{digest} *a\n").as_bytes()).is_err());
        assert_eq!(parse(format!("{digest}  tile/0/000.p/1\n").as_bytes()).unwrap().len(), 1);
    }
}
