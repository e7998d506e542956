//! `<data>/timestamps/`: `checkpoint-<size>` (a head with the log's signature alone, never changed), `checkpoint-<size>.<authority>.tsr`
//! (the authority's whole answer), `chain.pem` (certificates that tokens led through). Each file is whole and on disk under its
//! name, or not there. `standing.json` says how asking went; it proves nothing and is not published.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::bundle::TIMESTAMP_CHAIN;
use exhibit_proto::rfc3161::Token;
use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};

use super::{Authority, StampError};
use crate::log::Head;

const STANDING: &str = "standing.json";

pub use exhibit_proto::bundle::Timestamp as Name;

/// The folder. Clones share it; several processes may use it at once.
#[derive(Clone, Debug)]
pub struct Stamps(PathBuf);

/// One token that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Entries that it covers.
    pub size: u64,
    /// The authority's time: RFC 3339, UTC.
    pub time: String,
    /// Its name under `timestamps/`.
    pub file: String,
}

/// How one authority stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub name: String,
    pub url: String,
    pub newest: Option<Kept>,
    /// When it was last asked: RFC 3339.
    pub asked: Option<String>,
    /// Why the last asking brought no token.
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    at: String,
    problem: Option<String>,
}

/// A name that can stand in a file's name.
pub(super) fn is_name(name: &str) -> bool {
    Name::Token { size: 1, authority: name.to_owned() }.is_sound()
}

impl Stamps {
    pub fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// What may be published and exported, by size.
    pub fn names(&self) -> Result<Vec<Name>, StampError> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io_at(&self.0, source)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| io_at(&self.0, source))?;
            names.extend(entry.file_name().to_str().and_then(|name| name.parse::<Name>().ok()));
        }
        names.sort();
        Ok(names)
    }

    /// The bytes of one of [`Stamps::names`].
    pub fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, StampError> {
        let path = self.0.join(name.to_string());
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(io_at(&path, source)),
        }
    }

    /// Keeps the head under its size; once there, it never changes.
    pub(super) fn freeze(&self, head: &Head) -> Result<Name, StampError> {
        let name = Name::Checkpoint { size: head.checkpoint.size };
        match self.read(&name)? {
            Some(frozen) if frozen == head.signed.as_bytes() => {}
            Some(_other) => return Err(StampError::Forked(self.0.join(name.to_string()))),
            None => self.put(&name.to_string(), head.signed.as_bytes())?,
        }
        Ok(name)
    }

    /// The newest frozen checkpoint that waits for `authority`, and since when. One that no authority stamped and that is
    /// older than the newest is of no use to anybody, and goes.
    pub(super) fn waiting(&self, authority: &str) -> Result<Option<(u64, Time)>, StampError> {
        let names = self.names()?;
        let newest = names.iter().filter_map(Name::checkpoint).max();
        let stamped =
            |size: u64| names.iter().any(|name| name.token().is_some_and(|(s, _)| s == size));
        for size in names.iter().filter_map(Name::checkpoint) {
            if Some(size) != newest && !stamped(size) {
                let path = self.0.join(Name::Checkpoint { size }.to_string());
                fs::remove_file(&path).map_err(|source| io_at(&path, source))?;
            }
        }
        let done = names.iter().filter_map(Name::token).filter(|(_, by)| *by == authority);
        let done = done.map(|(size, _)| size).max();
        match newest.filter(|newest| done.is_none_or(|done| *newest > done)) {
            Some(size) => Ok(Some((size, self.written(&Name::Checkpoint { size })?))),
            None => Ok(None),
        }
    }

    /// Keeps a verified token and the certificates it led through. Steps, and what a crash after each leaves:
    pub(crate) fn keep(
        &self,
        (size, data): (u64, &[u8]),
        authority: &str,
        response: &[u8],
        chain: &[Vec<u8>],
    ) -> Result<Name, StampError> {
        // 0. The checkpoint, if another authority's turn has cleared it away meanwhile.
        let frozen = Name::Checkpoint { size };
        if self.read(&frozen)?.is_none() {
            self.put(&frozen.to_string(), data)?;
        }
        // 1. The chain: certificates without a token; harmless, and there for the next one.
        self.extend_chain(chain)?;
        // 2. The token. From here on it counts; a crash before it leaves a frozen checkpoint that is asked for again.
        let name = Name::Token { size, authority: authority.to_owned() };
        self.put(&name.to_string(), response)?;
        Ok(name)
    }

    /// The newest token of an authority: its size, and when it came here.
    pub(super) fn newest(&self, authority: &str) -> Result<Option<(u64, Time)>, StampError> {
        let names = self.names()?;
        let theirs = names.iter().filter_map(Name::token).filter(|(_, by)| *by == authority);
        let Some(size) = theirs.map(|(size, _)| size).max() else { return Ok(None) };
        let at = self.written(&Name::Token { size, authority: authority.to_owned() })?;
        Ok(Some((size, at)))
    }

    pub(super) fn standing(&self, authority: &Authority) -> Result<Standing, StampError> {
        let mut newest = None;
        if let Some((size, _)) = self.newest(authority.name())? {
            let name = Name::Token { size, authority: authority.name().to_owned() };
            let token = Token::from_response(&self.read(&name)?.unwrap_or_default())?;
            let time = Time::from_millisecond(token.info().time_ms).unwrap_or(Time::MIN);
            newest = Some(Kept { size, time: rfc3339(time), file: name.to_string() });
        }
        let asked = self.asked()?.remove(authority.name());
        let (asked, problem) = asked.map_or((None, None), |asked| (Some(asked.at), asked.problem));
        let (name, url) = (authority.name().to_owned(), authority.url().to_owned());
        Ok(Standing { name, url, newest, asked, problem })
    }

    /// Notes an asking and what came in its way; answers whether that is news.
    pub(super) fn note(
        &self,
        authority: &str,
        now: Time,
        problem: Option<String>,
    ) -> Result<bool, StampError> {
        let mut all = self.asked()?;
        let before = all.get(authority).map(|asked| asked.problem.clone());
        let news = before.as_ref() != Some(&problem);
        all.insert(authority.to_owned(), Asked { at: rfc3339(now), problem });
        self.put(STANDING, &serde_json::to_vec_pretty(&all)?)?;
        Ok(news)
    }

    fn asked(&self) -> Result<BTreeMap<String, Asked>, StampError> {
        let path = self.0.join(STANDING);
        match fs::read(&path) {
            // It proves nothing: one that cannot be read is written anew.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(source) => Err(io_at(&path, source)),
        }
    }

    fn written(&self, name: &Name) -> Result<Time, StampError> {
        let path = self.0.join(name.to_string());
        let at = fs::metadata(&path).and_then(|facts| facts.modified());
        let at = at.map_err(|source| io_at(&path, source))?;
        Ok(Time::try_from(at).unwrap_or(Time::MIN))
    }

    fn extend_chain(&self, certificates: &[Vec<u8>]) -> Result<(), StampError> {
        let known = self.read(&Name::Chain)?.unwrap_or_default();
        let mut text = String::from_utf8_lossy(&known).into_owned();
        let before = text.len();
        for der in certificates {
            let pem = pem(der);
            if !text.contains(&pem) {
                text.push_str(&pem);
            }
        }
        if text.len() == before { Ok(()) } else { self.put(TIMESTAMP_CHAIN, text.as_bytes()) }
    }

    /// The whole file under its name and on disk, or nothing.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StampError> {
        let (path, partial) =
            (self.0.join(name), self.0.join(format!(".{name}.{}.partial", std::process::id())));
        let write = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&partial, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|source| io_at(&path, source))
    }
}

fn pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for (place, c) in encoded.chars().enumerate() {
        text.push(c);
        if place % 64 == 63 {
            text.push('\n');
        }
    }
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}-----END CERTIFICATE-----\n")
}

fn rfc3339(time: Time) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn io_at(path: &Path, source: io::Error) -> StampError {
    StampError::Io { path: path.to_owned(), source }
}
