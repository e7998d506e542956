//! Every file against SHA256SUMS. It finds damage; only the signatures find forgery.

use std::io::{BufRead as _, BufReader, Read as _};

use exhibit_proto::bundle::SUMS;
use exhibit_proto::digest::Digest;

use crate::files::{FileError, Folder};
use crate::parallel;
use crate::progress::Progress;
use crate::report::{Check, Ledger, State};

const MAX_PATH: usize = 200;
/// A digest, two spaces, the longest path, a line end.
const MAX_LINE: u64 = 64 + 2 + MAX_PATH as u64 + 1;
/// Files between two steps of the progress.
const WAVE: usize = 1024;

/// What the list says of one file.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    path: String,
    expected: Digest,
}

pub(super) fn check(folder: &Folder, ledger: &mut Ledger, progress: &dyn Progress) {
    for (path, what) in folder.refused() {
        ledger.failed(Check::Files, path, format!("{what}: a bundle holds plain files only"));
    }
    folder.claim(SUMS);
    progress.stage("files", folder.bytes());
    match listed(folder, ledger, progress) {
        Ok(files) => {
            for path in folder.unlisted().filter(|path| path != SUMS) {
                let detail = format!("{SUMS} does not list this file");
                ledger.failed(Check::Files, &path, detail);
            }
            if ledger.state(Check::Files) != Some(State::Failed) {
                ledger.shown(Check::Files, format!("{files} files have the digests of {SUMS}"));
            }
        }
        Err(error) => ledger.failed(Check::Files, SUMS, error),
    }
}

/// Holds every file that the list names against it; answers how many. The list is never held as a whole.
fn listed(folder: &Folder, ledger: &mut Ledger, progress: &dyn Progress) -> Result<u64, String> {
    let file = folder.open_file(SUMS).map_err(|error| error.to_string())?;
    let mut lines = Lines { reader: BufReader::new(file), number: 0 };
    let (mut wave, mut files) = (Vec::with_capacity(WAVE), 0);
    loop {
        let line = lines.next()?;
        let last = line.is_none();
        if let Some(line) = line {
            files += 1;
            // A file may be named once; one that is not there cannot be told from a double by its mark alone.
            if !folder.list(&line.path) && folder.has(&line.path) {
                let (number, path) = (lines.number, line.path);
                return Err(format!("line {number}: {path:?} stands twice"));
            }
            wave.push(line);
        }
        if last || wave.len() == WAVE {
            let found = parallel::map(&wave, |line: &Line| folder.digest(&line.path));
            for (line, found) in wave.drain(..).zip(found) {
                hold(&line, found, ledger);
                progress.step(folder.size(&line.path).unwrap_or(0));
            }
        }
        if last {
            return Ok(files);
        }
    }
}

fn hold(line: &Line, found: Result<Digest, FileError>, ledger: &mut Ledger) {
    let Line { path, expected } = line;
    match found {
        Ok(found) if found == *expected => {}
        Ok(found) => ledger.failed(
            Check::Files,
            path,
            format!("digest is {found}, {SUMS} says {expected}: one of the two was changed"),
        ),
        Err(FileError::Absent(_)) => {
            ledger.failed(Check::Files, path, format!("{SUMS} lists this file, and it is missing"));
        }
        Err(
            error @ (FileError::TooLarge { .. }
            | FileError::Changed(_)
            | FileError::Io { .. }
            | FileError::NotAFolder(_)
            | FileError::TooMany),
        ) => ledger.failed(Check::Files, path, error.to_string()),
    }
}

/// Reads what `sha256sum` writes for plain names; each error names its line.
struct Lines<R> {
    reader: BufReader<R>,
    number: u64,
}

impl<R: std::io::Read> Lines<R> {
    fn next(&mut self) -> Result<Option<Line>, String> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes);
        read.map_err(|error| error.to_string())?;
        if bytes.is_empty() && self.number > 0 {
            return Ok(None);
        }
        self.number += 1;
        let number = self.number;
        let Some(line) = bytes.strip_suffix(b"\n") else {
            return Err(format!("line {number} has no end, or is too long: cut short?"));
        };
        let text = str::from_utf8(line).map_err(|error| format!("line {number}: {error}"))?;
        let parts = text.split_once("  ");
        let (digest, path) = parts.ok_or(format!("line {number} is not `<sha256>  <path>`"))?;
        let expected = digest.parse().map_err(|error| format!("line {number}: {error}"))?;
        if !plain(path) {
            let path: String = path.chars().take(MAX_PATH).collect();
            return Err(format!("line {number}: {path:?} is not a path within a bundle"));
        }
        if path == SUMS {
            return Err(format!("line {number}: {path:?} must not be listed"));
        }
        Ok(Some(Line { path: path.to_owned(), expected }))
    }
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

    fn first(text: &str) -> Result<Option<Line>, String> {
        Lines { reader: BufReader::new(text.as_bytes()), number: 0 }.next()
    }

    #[test]
    fn a_path_that_stands_twice_is_refused() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("a"), "a").unwrap();
        let line = format!("{}  a\n", Digest::of(b"a"));
        for (times, expected) in [(1, State::Verified), (2, State::Failed)] {
            std::fs::write(place.path().join(SUMS), line.repeat(times)).unwrap();
            let folder = Folder::open(place.path()).unwrap();
            let mut ledger = Ledger::default();
            check(&folder, &mut ledger, &crate::progress::Silent);
            assert_eq!(ledger.state(Check::Files), Some(expected));
            let told = ledger.findings.iter().any(|found| found.detail.contains("stands twice"));
            assert_eq!(told, expected == State::Failed, "{:?}", ledger.findings);
        }
    }

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
            assert!(first(&format!("{digest}  {path}\n")).is_err(), "{path:?}");
        }
        for bad in [format!("{digest}  a"), format!("{digest} *a\n"), String::new(), "\n".into()] {
            assert!(first(&bad).is_err(), "{bad:?}");
        }
        let long = format!("{digest}  {}\n", "a".repeat(MAX_PATH + 1));
        assert!(first(&long).is_err());
        let line = first(&format!("{digest}  tile/0/000.p/1\n")).unwrap().unwrap();
        assert_eq!((line.path.as_str(), line.expected), ("tile/0/000.p/1", digest));
    }
}
