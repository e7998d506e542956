//! Reads the entries of a tar archive as duplicity writes it (ustar with the long names of pax and GNU). It never holds an
//! entry's content, and never writes a file.

use std::io::{self, Read};

use jiff::Timestamp;

use super::chain::seconds;

const BLOCK: usize = 512;
/// Longest name that an extension may give.
const LONGEST: u64 = 64 * 1024;

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    /// Without a slash at its end.
    pub(super) path: Vec<u8>,
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
}

/// Shows each entry with its content, as far as somebody reads it. An archive that ends early is an error.
pub(super) fn entries(
    mut stream: impl Read,
    each: &mut dyn FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut long: Option<Vec<u8>> = None;
    let mut block = [0; BLOCK];
    loop {
        stream.read_exact(&mut block)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let size =
            number(field(&block, 124, 12)).filter(|_| is_sound(&block)).ok_or_else(broken)?;
        let padded = size.checked_next_multiple_of(512).ok_or_else(broken)?;
        let mut content = (&mut stream).take(padded);
        match block.get(156).copied().unwrap_or(0) {
            b'x' => long = pax_path(&text(&mut content, size)?).or(long),
            b'L' => long = Some(text(&mut content, size)?),
            b'g' | b'K' => {}
            _ => {
                let path = long.take().unwrap_or_else(|| name(&block));
                let end =
                    path.iter().rposition(|byte| !matches!(byte, b'/' | 0)).map_or(0, |at| at + 1);
                let time = number(field(&block, 136, 12)).and_then(|time| i64::try_from(time).ok());
                let path = path.get(..end).unwrap_or_default().to_vec();
                let entry = Entry { path, size, modified: time.and_then(seconds) };
                each(&entry, &mut (&mut content).take(size))?;
            }
        }
        let left = content.limit();
        if io::copy(&mut content, &mut io::sink())? < left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a header of the archive is broken")
}

fn field(block: &[u8; BLOCK], at: usize, length: usize) -> &[u8] {
    block.get(at..at + length).unwrap_or_default()
}

/// Up to the first zero.
fn cut(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal digits; longer numbers than fit are in no archive of signatures.
fn number(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(cut(bytes)).ok()?.trim();
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// The sum of all bytes, with spaces in place of itself.
fn is_sound(block: &[u8; BLOCK]) -> bool {
    let spaces = (148..156).map(|_| u64::from(b' ')).sum::<u64>();
    let others = block.iter().enumerate().filter(|(at, _)| !(148..156).contains(at));
    number(field(block, 148, 8))
        == Some(others.map(|(_, byte)| u64::from(*byte)).sum::<u64>() + spaces)
}

fn name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = cut(field(block, 0, 100));
    // GNU has other things there.
    let prefix = if field(block, 257, 6) == b"ustar\0" { cut(field(block, 345, 155)) } else { b"" };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn text(content: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > LONGEST {
        return Err(broken());
    }
    let mut text = Vec::new();
    content.take(size).read_to_end(&mut text)?;
    Ok(text)
}

/// `<length> path=<name>\n`, where the length counts all of the record.
fn pax_path(records: &[u8]) -> Option<Vec<u8>> {
    let mut rest = records;
    let mut found = None;
    while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(rest.get(..space)?).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length.checked_sub(1)?)?;
        if let Some(path) = record.strip_prefix(b"path=") {
            found = Some(path.to_vec());
        }
        rest = rest.get(length..)?;
    }
    found
}
