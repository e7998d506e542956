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
        let counts = &mut compared.counts;
        let (count, why) = match one(file, &restored.join(inside), source) {
            Ok(Verdict::Same) => (&mut counts.same_as_source, None),
            Ok(Verdict::NoSource) if verified => (&mut counts.whole_by_repository, None),
            Ok(Verdict::NoSource) => (
                &mut counts.unproven,
                Some(
                    "came back, but the restore failed and its source is gone or changed"
                        .to_owned(),
                ),
            ),
            Ok(Verdict::Different(why)) => (&mut counts.different, Some(why)),
            Err(why) => (&mut counts.missing, Some(why)),
        };
        *count += 1;
        let size = fs::symlink_metadata(restored.join(inside)).map_or(0, |facts| facts.len());
        compared.bytes = compared.bytes.saturating_add(size);
        compared.faults.extend(why.map(|why| Fault { path: file.path.clone(), why }));
    }
    compared.faults.sort();
    compared
}

enum Verdict {
    Same,
    NoSource,
    Different(String),
}

/// An error says why there is nothing to compare.
fn one(file: &File, restored: &Path, source: Option<(&Host, String)>) -> Result<Verdict, String> {
    let facts = fs::symlink_metadata(restored).map_err(|_absent| "did not come back".to_owned())?;
    if !facts.is_file() {
        return Err("came back as something else than a file".to_owned());
    }
    if facts.len() != file.size {
        let why = format!("came back with {} bytes instead of {}", facts.len(), file.size);
        return Ok(Verdict::Different(why));
    }
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
    let found = opened(restored).and_then(checksum);
    let found = found.map_err(|error| format!("cannot be read: {error}"))?;
    if found == expected {
        Ok(Verdict::Same)
    } else {
        Ok(Verdict::Different("differs from its source, which has not changed since".to_owned()))
    }
}

fn is_unchanged(source: &str, file: &File) -> bool {
    let same_time = |facts: &Metadata| {
        let now = facts.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        // borg tells microseconds, rounded through a float.
        now.zip(file.modified)
            .is_some_and(|(now, then)| now.as_microsecond().abs_diff(then.as_microsecond()) <= 1)
    };
    fs::symlink_metadata(source)
        .is_ok_and(|facts| facts.is_file() && facts.len() == file.size && same_time(&facts))
}

fn opened(path: &Path) -> io::Result<fs::File> {
    // A pipe that takes the file's place must not hold up the test.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn checksum(mut file: fs::File) -> io::Result<[u8; 32]> {
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
