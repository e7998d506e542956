//! A log's files from its server: bounded, a few at once, asked again when the server stumbles.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use exhibit_proto::bundle::CHECKPOINT;
use exhibit_proto::tiles::{Level, Tile, WIDTH, bundle, parse_bundle};
use reqwest::{StatusCode, Url};
use tokio::runtime::Runtime;

use super::tls::{Authority, AuthorityError};
use crate::files::FileError;
use crate::source::Source;

/// Beside the newest head: the newest one that enough witnesses cosigned.
pub(super) const COSIGNED: &str = "checkpoint/cosigned";
const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(60);
/// Requests under way.
const AT_ONCE: usize = 16;
/// How often a file is asked for, and the pause before the second time.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// A log at an address.
pub struct Remote {
    client: reqwest::Client,
    /// Ends with `/`.
    prefix: String,
    runtime: Runtime,
    /// One head for a whole verification, however often it is read.
    head: OnceLock<Vec<u8>>,
    /// Whether that is the newest one that witnesses cosigned.
    cosigned: bool,
}

/// Why a log cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error("{0:?} is no address of a log: write https://HOST:PORT")]
    Url(String),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("no client: {0}")]
    Client(#[from] reqwest::Error),
    #[error("no runtime: {0}")]
    Runtime(io::Error),
}

impl Remote {
    /// `url` with no path is a collector's, whose log is under `/log/`; with a path it is the log's prefix itself.
    pub fn new(url: &str, authority: &Authority) -> Result<Self, RemoteError> {
        let refused = || RemoteError::Url(url.to_owned());
        let parsed = Url::parse(url).map_err(|_no_url| refused())?;
        let fine = matches!(parsed.scheme(), "https" | "http") && parsed.has_host();
        if !fine || parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(refused());
        }
        let root = parsed.as_str().trim_end_matches('/');
        let prefix = if matches!(parsed.path(), "" | "/") {
            format!("{root}/log/")
        } else {
            format!("{root}/")
        };
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Lost only to another part of the program that chose the same.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("exhibit/", env!("CARGO_PKG_VERSION")));
        builder = match authority.config()? {
            Some(config) => builder.tls_backend_preconfigured(config),
            // A host without any certificate store can still ask over plain HTTP.
            None if parsed.scheme() == "http" => builder.tls_certs_only([]),
            None => builder,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(RemoteError::Runtime)?;
        Ok(Self {
            client: builder.build()?,
            prefix,
            runtime,
            head: OnceLock::new(),
            cosigned: false,
        })
    }

    /// From here on the head is the newest one that witnesses cosigned, where the log has one.
    pub fn cosigned(mut self) -> Self {
        self.cosigned = true;
        self
    }

    /// Forgets the head, so that the next one is asked for.
    pub fn refresh(&mut self) {
        self.head = OnceLock::new();
    }

    /// The newest head as it is published now, whichever this was told to take.
    pub fn newest(&self, limit: u64) -> Result<Vec<u8>, FileError> {
        self.fetch(CHECKPOINT, limit)
    }

    pub fn wait(&self, time: Duration) {
        // A timer is made inside the runtime that drives it.
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    fn fetch(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let mut pause = PAUSE;
        let mut tried = 1;
        loop {
            match self.runtime.block_on(self.once(path, limit)) {
                Err(FileError::Io { .. }) if tried < TRIES => {
                    self.wait(pause);
                    pause *= 3;
                    tried += 1;
                }
                answered => return answered,
            }
        }
    }

    async fn once(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let url = format!("{}{path}", self.prefix);
        let failed =
            |what: String| FileError::Io { path: url.clone(), source: io::Error::other(what) };
        let told = |error: reqwest::Error| failed(deepest(&error.without_url()));
        let mut answer = self.client.get(&url).send().await.map_err(told)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(FileError::Absent(path.to_owned()));
            }
            other => return Err(failed(format!("the server answers {other}"))),
        }
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(told)? {
            bytes.extend_from_slice(&part);
            if bytes.len() as u64 > limit {
                let (path, found) = (path.to_owned(), bytes.len() as u64);
                return Err(FileError::TooLarge { path, found, limit });
            }
        }
        Ok(bytes)
    }

    /// A partial tile may be gone once the full one exists (C2SP tlog-tiles): then its beginning is what is asked for.
    fn beginning(&self, tile: Tile) -> Option<Vec<u8>> {
        let full = Tile { width: 256, ..tile };
        let most = match tile.level {
            Level::Entries => WIDTH * (u64::from(u16::MAX) + 2),
            Level::Hashes(_) => WIDTH * 32,
        };
        let bytes = self.fetch(&full.to_string(), most).ok()?;
        let width = usize::from(tile.width);
        match tile.level {
            Level::Hashes(_) => bytes.get(..width * 32).map(<[u8]>::to_vec),
            Level::Entries => bundle(parse_bundle(&bytes).ok()?.into_iter().take(width)).ok(),
        }
    }
}

impl Source for Remote {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        if path == CHECKPOINT {
            if let Some(head) = self.head.get() {
                return Ok(head.clone());
            }
            let head = match self.cosigned.then(|| self.fetch(COSIGNED, limit)) {
                None | Some(Err(FileError::Absent(_))) => self.fetch(path, limit)?,
                Some(fetched) => fetched?,
            };
            return Ok(self.head.get_or_init(|| head).clone());
        }
        let read = self.fetch(path, limit);
        let partial = path.parse::<Tile>().ok().filter(|tile| u64::from(tile.width) < WIDTH);
        match (&read, partial) {
            (Err(FileError::Absent(_)), Some(tile)) => self.beginning(tile).map_or(read, Ok),
            _ => read,
        }
    }

    fn has(&self, _path: &str) -> bool {
        true
    }

    fn has_under(&self, _prefix: &str) -> bool {
        true
    }

    fn claim(&self, _path: &str) {}

    fn claim_tiles(&self) {}

    fn at_once(&self) -> usize {
        AT_ONCE
    }
}

/// The innermost cause: what really happened, without the wrappers.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}
