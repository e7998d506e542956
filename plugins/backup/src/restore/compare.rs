//! Compares restored files with their sources by SHA-256. It never follows a link out of what was restored.

use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use exhibit_plugin::kinds::continuity_tests::{Fault, FileCounts};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::sample::File;
use crate::host::Host;

/// What the comparison of a sample showed.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) counts: FileCounts,
    pub(super) bytes: u64,
    pub(super) faults: Vec<Fault>,
}

impl Compared {
    /// Counts one file. `unproven` says why nothing proves it where nothing does, if that is a fault of the restore.
    pub(super) fn count(
        &mut self,
        file: &File,
        restored: &Path,
        verdict: Result<Verdict, String>,
        unproven: Option<&str>,
    ) {
        let counts = &mut self.counts;
        let (count, why) = match verdict {
            Ok(Verdict::Same) => (&mut counts.same_as_source, None),
            Ok(Verdict::Whole) => (&mut counts.whole_by_repository, None),
            Ok(Verdict::NoSource) => (&mut counts.unproven, unproven.map(str::to_owned)),
            Ok(Verdict::Different(why)) => (&mut counts.different, Some(why)),
            Err(why) => (&mut counts.missing, Some(why)),
        };
        *count += 1;
        let size = fs::symlink_metadata(restored).map_or(0, |facts| facts.len());
        self.bytes = self.bytes.saturating_add(size);
        self.faults.extend(why.map(|why| Fault { path: file.path.clone(), why }));
        self.faults.sort();
    }
}

/// Compares every file; with its source where `sources` is the host on which they lie, and where the source has not
/// changed since the backup. `verified` says whether the tool has held all of them against the repository's own checksums.
pub(super) fn all(
    files: &[File],
    restored: &Path,
    sources: Option<&Host>,
    verified: bool,
) -> Compared {
    let mut compared = Compared::default();
    for file in files {
        let inside = file.path.trim_start_matches('/');
        let source = sources.map(|host| (host, format!("/{inside}")));
        let verdict = match one(file, &restored.join(inside), source) {
            Ok(Verdict::NoSource) if verified => Ok(Verdict::Whole),
            verdict => verdict,
        };
        let unproven = "came back, but the restore failed and its source is gone or changed";
        compared.count(file, &restored.join(inside), verdict, Some(unproven));
    }
    compared
}

/// What is known of a file that came back with the size it should have.
pub(super) enum Verdict {
    Same,
    /// By what the repository itself holds.
    Whole,
    /// Nothing is there to compare with.
    NoSource,
    Different(String),
}

/// An error says why there is nothing to compare.
pub(super) fn one(
    file: &File,
    restored: &Path,
    source: Option<(&Host, String)>,
) -> Result<Verdict, String> {
    let facts = fs::symlink_metadata(restored).map_err(|_absent| "did not come back".to_owned())?;
    if !facts.is_file() {
        return Err("came back as something else than a file".to_owned());
    }
    if facts.len() != file.size {
        let why = format!("came back with {} bytes instead of {}", facts.len(), file.size);
        return Ok(Verdict::Different(why));
    }
    by_source(file, restored, source, is_unchanged)
}

/// The same where the backup tells times in whole seconds.
pub(super) fn one_by_seconds(
    file: &File,
    restored: &Path,
    source: Option<(&Host, String)>,
) -> Result<Verdict, String> {
    by_source(file, restored, source, |source, file| {
        let facts = fs::symlink_metadata(source).ok().filter(Metadata::is_file);
        let time = |facts: &Metadata| Timestamp::try_from(facts.modified().ok()?).ok();
        let time = facts.as_ref().filter(|facts| facts.len() == file.size).and_then(time);
        time.zip(file.modified).is_some_and(|(now, then)| now.as_second() == then.as_second())
    })
}

fn by_source(
    file: &File,
    restored: &Path,
    source: Option<(&Host, String)>,
    is_unchanged: fn(&str, &File) -> bool,
) -> Result<Verdict, String> {
    let Some((host, source)) = source.filter(|(_, source)| is_unchanged(source, file)) else {
        return Ok(Verdict::NoSource);
    };
    let expected = match host.file(&source) {
        Ok(Some(source)) => checksum(source),
        Ok(None) | Err(_) => return Ok(Verdict::NoSource),
    };
    let Ok(expected) = expected else { return Ok(Verdict::NoSource) };
    // It may have changed while it was read.
    if !is_unchanged(&source, file) {
        return Ok(Verdict::NoSource);
    }
    if of_restored(restored)? == expected {
        Ok(Verdict::Same)
    } else {
        Ok(Verdict::Different("differs from its source, which has not changed since".to_owned()))
    }
}

/// SHA-256 of what came back.
pub(super) fn of_restored(path: &Path) -> Result<[u8; 32], String> {
    opened(path).and_then(checksum).map_err(|error| format!("cannot be read: {error}"))
}

fn is_unchanged(source: &str, file: &File) -> bool {
    of_same_time(source, file).is_some_and(|facts| facts.len() == file.size)
}

/// Whether a source of the same time has another size, which no backup makes so.
pub(super) fn is_shorter_or_longer(source: &str, file: &File) -> bool {
    of_same_time(source, file).is_some_and(|facts| facts.len() != file.size)
}

fn of_same_time(source: &str, file: &File) -> Option<Metadata> {
    let facts = fs::symlink_metadata(source).ok().filter(Metadata::is_file)?;
    let now = Timestamp::try_from(facts.modified().ok()?).ok()?;
    // borg tells microseconds, rounded through a float.
    let apart = now.as_microsecond().abs_diff(file.modified?.as_microsecond());
    (apart <= 1).then_some(facts)
}

fn opened(path: &Path) -> io::Result<fs::File> {
    // A pipe that takes the file's place must not hold up the test.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

pub(super) fn checksum(mut file: fs::File) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = file.read(&mut buffer)?;
        match buffer.get(..length) {
            Some(bytes) if length > 0 => digest.update(bytes),
            Some(_) | None => return Ok(digest.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_its_verdict() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        let restored = folder.path().join("restored");
        let back = restored.join(source.strip_prefix("/").unwrap());
        fs::create_dir_all(&source).unwrap();
        fs::create_dir_all(&back).unwrap();
        let mut files = Vec::new();
        for (name, here, there) in [
            ("same", "abc", "abc"),
            ("different", "abc", "abX"),
            ("short", "abc", "ab"),
            ("changed", "abcd", "abc"),
        ] {
            fs::write(source.join(name), here).unwrap();
            fs::write(back.join(name), there).unwrap();
            let modified = fs::metadata(source.join(name)).unwrap().modified().unwrap();
            let path = source.join(name).to_string_lossy().into_owned();
            files.push(File { path, size: 3, modified: Timestamp::try_from(modified).ok() });
        }
        let path = source.join("missing").to_string_lossy().into_owned();
        files.push(File { path, size: 3, modified: None });
        let compared = all(&files, &restored, Some(&Host::new(Path::new("/"))), true);
        let expected = FileCounts {
            same_as_source: 1,
            whole_by_repository: 1,
            unproven: 0,
            different: 2,
            missing: 1,
        };
        assert_eq!(compared.counts, expected);
        assert_eq!((compared.faults.len(), compared.bytes), (3, 11));
        let elsewhere = all(&files, &restored, None, false);
        assert_eq!((elsewhere.counts.same_as_source, elsewhere.counts.unproven), (0, 3));
    }
}
