//! The header of one package as rpm stores it: an index of tags and a heap of values, all big-endian. Reads what we need.

use super::package;
use crate::packages::Installed;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const INSTALL_TIME: u32 = 1008;
const VENDOR: u32 = 1011;
const LICENCE: u32 = 1014;
const ARCHITECTURE: u32 = 1022;
const SOURCE: u32 = 1044;
const FILE_STATES: u32 = 1029;
const FILE_MODES: u32 = 1030;
const FILE_DIGESTS: u32 = 1035;
const FILE_FLAGS: u32 = 1037;
const DIRECTORY_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIRECTORY_NAMES: u32 = 1118;
const DIGEST_ALGORITHM: u32 = 5011;
/// Length of an entry of the index: tag, type, offset, count.
const ENTRY: usize = 16;

/// One file as a package brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: String,
    /// Digest of its content in hexadecimal digits; empty for what has none (a folder, a link).
    pub(crate) digest: String,
    /// Type and permissions, as in `st_mode`.
    pub(crate) mode: u32,
    /// Bits as rpm has them: 1 configuration, 8 may be missing, 64 not delivered.
    pub(crate) flags: u32,
    /// 0: it was put in place and is still this package's.
    pub(crate) state: u8,
}

/// One header.
pub(crate) struct Header<'a> {
    index: &'a [u8],
    heap: &'a [u8],
}

impl<'a> Header<'a> {
    /// Splits the bytes; none when the lengths do not fit.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let entries = usize::try_from(word(bytes, 0)?).ok()?;
        let length = usize::try_from(word(bytes, 4)?).ok()?;
        let middle = entries.checked_mul(ENTRY)?.checked_add(8)?;
        let index = bytes.get(8..middle)?;
        let heap = bytes.get(middle..middle.checked_add(length)?)?;
        Some(Self { index, heap })
    }

    /// Offset and count of a tag.
    fn find(&self, tag: u32) -> Option<(usize, usize)> {
        let entry = self.index.chunks_exact(ENTRY).find(|entry| word(entry, 0) == Some(tag))?;
        Some((usize::try_from(word(entry, 8)?).ok()?, usize::try_from(word(entry, 12)?).ok()?))
    }

    fn texts(&self, tag: u32) -> impl Iterator<Item = String> {
        let (offset, count) = self.find(tag).unwrap_or((0, 0));
        let values = self.heap.get(offset..).unwrap_or_default().split(|byte| *byte == 0);
        values.take(count).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    fn text(&self, tag: u32) -> Option<String> {
        self.texts(tag).next().filter(|text| !text.is_empty())
    }

    fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> {
        let (offset, count) = self.find(tag).unwrap_or((0, 0));
        let values = self.heap.get(offset..).unwrap_or_default().chunks_exact(4);
        values.take(count).filter_map(|value| word(value, 0))
    }

    /// Numbers of 16 bits.
    fn shorts(&self, tag: u32) -> impl Iterator<Item = u32> {
        let (offset, count) = self.find(tag).unwrap_or((0, 0));
        let values = self.heap.get(offset..).unwrap_or_default().as_chunks::<2>().0.iter();
        values.take(count).map(|value| u32::from(u16::from_be_bytes(*value)))
    }

    fn bytes(&self, tag: u32) -> &[u8] {
        let (offset, count) = self.find(tag).unwrap_or((0, 0));
        let values = self.heap.get(offset..).unwrap_or_default();
        values.get(..count.min(values.len())).unwrap_or_default()
    }

    /// Name of the package.
    pub(crate) fn name(&self) -> Option<String> {
        self.text(NAME)
    }

    /// Which digest the files have, as OpenPGP numbers them (1 MD5, 8 SHA-256).
    pub(crate) fn digest_algorithm(&self) -> u32 {
        // Packages from before there was a choice have MD5.
        self.numbers(DIGEST_ALGORITHM).next().unwrap_or(1)
    }

    /// Its files with what is known of each.
    pub(crate) fn delivered(&self) -> impl Iterator<Item = File> {
        let (digests, modes) = (self.texts(FILE_DIGESTS), self.shorts(FILE_MODES));
        let (flags, states) = (self.numbers(FILE_FLAGS), self.bytes(FILE_STATES));
        let rest = digests.zip(modes).zip(flags).zip(states.iter().copied());
        self.paths().zip(rest).filter_map(|(path, (((digest, mode), flags), state))| {
            Some(File { path: path?, digest, mode, flags, state })
        })
    }

    /// Whether it is a key that signs packages, which rpm files as a package.
    pub(crate) fn is_key(&self) -> bool {
        self.text(NAME).as_deref() == Some("gpg-pubkey")
    }

    /// The package; none for a key or a header without a name and version.
    pub(crate) fn installed(&self) -> Option<Installed> {
        let name = self.text(NAME).filter(|name| name != "gpg-pubkey")?;
        package(
            &name,
            self.numbers(EPOCH).next().filter(|epoch| *epoch > 0),
            &format!("{}-{}", self.text(VERSION)?, self.text(RELEASE)?),
            self.text(ARCHITECTURE),
            self.text(SOURCE).as_deref(),
            self.text(LICENCE),
            self.text(VENDOR),
            self.numbers(INSTALL_TIME).next(),
        )
    }

    /// Paths of the files that it brought.
    pub(crate) fn files(&self) -> impl Iterator<Item = String> {
        self.paths().flatten()
    }

    /// The same, with none for a file whose folder is not there.
    fn paths(&self) -> impl Iterator<Item = Option<String>> {
        let folders: Vec<String> = self.texts(DIRECTORY_NAMES).collect();
        self.texts(BASE_NAMES).zip(self.numbers(DIRECTORY_INDEXES)).map(move |(name, at)| {
            Some(format!("{}{name}", folders.get(usize::try_from(at).ok()?)?))
        })
    }
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}
