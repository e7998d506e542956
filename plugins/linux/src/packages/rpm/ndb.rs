//! rpm's own database format (`Packages.db`; openSUSE, SLE 15 SP3 and later): pages of slots, each of which says where the
//! header of one package lies. Little-endian. It takes no lock and never writes.

use std::{fs::File, os::unix::fs::FileExt};

/// Bytes of the head of the file, of a slot, of a block, of a page of slots.
const HEAD: usize = 32;
const SLOT: usize = 16;
const BLOCK: u64 = 16;
const PAGE: usize = 4096;
/// Before and after the header of a package.
const BEFORE: usize = 16;
const AFTER: usize = 12;
/// A hundred thousand packages need 400 pages.
const MOST_PAGES: u32 = 64 * 1024;
/// rpm takes no header of more than 256 MiB; those of packages with 10,000 files have 1 MiB.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Calls `use_it` for every package's header and counts those that are damaged.
///
/// # Errors
///
/// When the file is no such database, is cut, or changed while it was read.
pub(super) fn read(file: &File, mut use_it: impl FnMut(&[u8]) -> bool) -> Result<usize, String> {
    let head = head(file)?;
    let mut odd = 0;
    let mut page = vec![0; PAGE];
    for number in 0..head.pages {
        let at = u64::from(number) * u64::try_from(PAGE).unwrap_or(0);
        file.read_exact_at(&mut page, at).map_err(|_error| "it ends within its slots")?;
        let start = if number == 0 { HEAD } else { 0 };
        for slot in page.get(start..).unwrap_or_default().chunks_exact(SLOT) {
            if slot.get(..4) != Some(b"Slot") {
                return Err("a slot of it is none".to_owned());
            }
            let (package, block, blocks) = (word(slot, 4), word(slot, 8), word(slot, 12));
            if block == 0 {
                continue;
            }
            let whole = blob(file, package, block, blocks);
            odd += usize::from(!whole.is_some_and(|bytes| use_it(&bytes)));
        }
    }
    // rpm writes a new generation with each change.
    if self::head(file)? == head { Ok(odd) } else { Err("it changed while it was read".to_owned()) }
}

#[derive(PartialEq)]
struct Head {
    generation: u32,
    pages: u32,
}

fn head(file: &File) -> Result<Head, String> {
    let mut bytes = [0; HEAD];
    file.read_exact_at(&mut bytes, 0).map_err(|_error| "it has not even a head")?;
    if bytes.get(..4) != Some(b"RpmP") || word(&bytes, 4) != 0 {
        return Err("it is no database of the form ndb, version 0".to_owned());
    }
    let head = Head { generation: word(&bytes, 8), pages: word(&bytes, 12) };
    if head.pages > MOST_PAGES {
        return Err(format!("it claims {} pages of slots", head.pages));
    }
    Ok(head)
}

/// The header of one package, if what lies around it says that it is whole and the one that the slot means.
fn blob(file: &File, package: u32, block: u32, blocks: u32) -> Option<Vec<u8>> {
    let length = u64::from(blocks) * BLOCK;
    if length > MOST_BYTES {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut bytes, u64::from(block) * BLOCK).ok()?;
    let end = bytes.len().checked_sub(AFTER)?;
    let (inside, after) = bytes.split_at(end);
    let size = usize::try_from(word(inside.get(..BEFORE)?, 12)).ok()?;
    let is_right = inside.get(..4) == Some(b"BlbS")
        && word(inside, 4) == package
        && after.get(8..) == Some(b"BlbE")
        && word(after, 4) == word(inside, 12)
        && word(after, 0) == adler(inside);
    if !is_right {
        return None;
    }
    bytes.truncate(BEFORE.checked_add(size).filter(|whole| *whole <= end)?);
    bytes.drain(..BEFORE);
    Some(bytes)
}

/// The sum of RFC 1950 (Adler-32).
fn adler(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    // So many additions stay below 32 bits.
    for piece in bytes.chunks(5552) {
        for byte in piece {
            low += u32::from(*byte);
            high += low;
        }
        low %= 65_521;
        high %= 65_521;
    }
    (high << 16) | low
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map(u32::from_le_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_the_specification() {
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler(&[0xff; 100_000]), 0x149a_302c);
    }
}
