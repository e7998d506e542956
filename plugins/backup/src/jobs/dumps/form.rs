//! Forms of dumps by their first and last bytes. Pure.

use std::io::Read;

/// Bytes of the beginning and of the end that are looked at.
pub(crate) const START: u64 = 1024;
pub(super) const END: u64 = 4096;
/// A compressed dump that grows past this is not read through.
const MOST: usize = 512 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Empty,
    /// Text of pg_dump or pg_dumpall.
    Postgres,
    /// Text of mysqldump or mariadb-dump.
    Mysql,
    /// Other statements.
    Sql,
    Gzip,
    Xz,
    Zip,
    Tar,
    /// Open to all eyes and without an end that can be known: custom dumps, databases, streams.
    Open,
    /// Encrypted.
    Sealed,
    /// A folder of a copied database.
    Database,
    Unknown,
}

pub(crate) fn of(start: &[u8]) -> Form {
    const SEALED: [&[u8]; 4] = [
        b"age-encryption.org/",
        b"-----BEGIN PGP MESSAGE",
        b"Salted__",
        b"-----BEGIN AGE ENCRYPTED",
    ];
    const OPEN: [&[u8]; 5] =
        [b"PGDMP", b"\x28\xb5\x2f\xfd", b"BZh", b"XBSTCK01", b"SQLite format 3"];
    let begins = |list: &[&[u8]]| list.iter().any(|magic| start.starts_with(magic));
    let holds = |words: &str| has(start, words);
    match start {
        [] => Form::Empty,
        _ if begins(&SEALED) => Form::Sealed,
        _ if start.starts_with(b"\x1f\x8b") => Form::Gzip,
        _ if start.starts_with(b"\xfd7zXZ") => Form::Xz,
        _ if start.starts_with(b"PK\x03\x04") => Form::Zip,
        _ if start.get(257..262) == Some(b"ustar") => Form::Tar,
        _ if begins(&OPEN) => Form::Open,
        _ if holds("-- PostgreSQL database dump")
            || holds("-- PostgreSQL database cluster dump") =>
        {
            Form::Postgres
        }
        _ if holds("-- MySQL dump ") || holds("-- MariaDB dump ") => Form::Mysql,
        _ if start.starts_with(b"--") || start.starts_with(b"/*") => Form::Sql,
        _ => Form::Unknown,
    }
}

fn has(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

impl Form {
    /// None: not to be told.
    pub(super) fn is_encrypted(self) -> Option<bool> {
        match self {
            Self::Sealed => Some(true),
            Self::Unknown | Self::Empty => None,
            Self::Postgres
            | Self::Mysql
            | Self::Sql
            | Self::Gzip
            | Self::Xz
            | Self::Zip
            | Self::Tar
            | Self::Open
            | Self::Database => Some(false),
        }
    }

    /// What is wrong with a file of this form; none where nothing is, or where its end tells nothing.
    pub(super) fn fault(self, start: &[u8], end: &[u8]) -> Option<&'static str> {
        const CUT: &str = "ends before its end: it was cut short";
        let whole = match self {
            Self::Empty => return Some("is empty"),
            Self::Postgres => {
                let all = has(start, "-- PostgreSQL database cluster dump");
                let words = match all {
                    true => "-- PostgreSQL database cluster dump complete",
                    false => "-- PostgreSQL database dump complete",
                };
                has(end, words)
            }
            Self::Mysql => has(end, "-- Dump completed"),
            Self::Xz => end.ends_with(b"YZ"),
            Self::Zip => has(end, "PK\u{5}\u{6}"),
            Self::Tar => {
                let last = end.len().checked_sub(1024).and_then(|at| end.get(at..));
                last.is_some_and(|last| last.iter().all(|byte| *byte == 0))
            }
            Self::Gzip | Self::Sql | Self::Open | Self::Sealed | Self::Database | Self::Unknown => {
                true
            }
        };
        (!whole).then_some(CUT)
    }
}

/// The same for what a compressed file holds.
pub(super) fn through(mut inside: impl Read, is_late: &dyn Fn() -> bool) -> Option<&'static str> {
    let (mut start, mut end) = (Vec::new(), Vec::new());
    let mut piece = vec![0; 64 * 1024];
    let mut total = 0_usize;
    loop {
        if total > MOST || is_late() {
            return None;
        }
        let Ok(length) = inside.read(&mut piece) else {
            return Some("cannot be unpacked to its end: it was cut short or is damaged");
        };
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { break };
        total = total.saturating_add(length);
        let (most, keep) = (usize::try_from(START).unwrap_or(0), usize::try_from(END).unwrap_or(0));
        start.extend(read.iter().take(most.saturating_sub(start.len())));
        end.extend_from_slice(read);
        end.drain(..end.len().saturating_sub(keep));
    }
    of(&start).fault(&start, &end)
}
