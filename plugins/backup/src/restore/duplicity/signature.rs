//! What duplicity keeps of each file: a sum of each of its blocks, as librsync makes it. It says that a restored file is
//! the one that was backed up, but for changes that were made to fit the sums. It never holds a file.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Signatures with librsync's rolling sum, and MD4 or BLAKE2 beside it; later ones roll another way.
const KNOWN: [u32; 2] = [0x7273_0136, 0x7273_0137];
const HEAD: usize = 12;
/// Largest block that is read at a time; duplicity takes 2 KiB at least and some 64 KiB at most.
const LARGEST: usize = 16 * 1024 * 1024;
/// librsync adds it to each byte.
const OFFSET: u32 = 31;

/// The signature of one file.
#[derive(Debug)]
pub(super) struct Signed(Vec<u8>);

struct Form {
    block: usize,
    /// Bytes for each block: its rolling sum and the strong one.
    each: usize,
}

impl Form {
    fn of(head: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
        let (block, strong) = (usize::try_from(word(4)?).ok()?, usize::try_from(word(8)?).ok()?);
        let fits = KNOWN.contains(&word(0)?) && (1..=LARGEST).contains(&block) && strong <= 64;
        fits.then_some(Self { block, each: strong + 4 })
    }
}

impl Signed {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The most bytes that a file may have whose signature begins so and has so many bytes.
    pub(super) fn most(head: &[u8], size: u64) -> Option<u64> {
        let form = Form::of(head)?;
        let sums = size.checked_sub(u64::try_from(HEAD).ok()?)?;
        let blocks = sums / u64::try_from(form.each).ok()?;
        blocks.checked_mul(u64::try_from(form.block).ok()?)
    }

    /// Whether a file is the one that was signed; none where the signature is of another kind.
    pub(super) fn fits(&self, path: &Path) -> io::Result<Option<bool>> {
        let Some(form) = Form::of(&self.0) else { return Ok(None) };
        let sums = self.0.get(HEAD..).unwrap_or_default();
        if sums.len() % form.each != 0 {
            return Ok(None);
        }
        let mut file = fs::File::open(path)?;
        let mut expected = sums.chunks(form.each);
        let mut block = Vec::with_capacity(form.block);
        loop {
            block.clear();
            let most = u64::try_from(form.block).unwrap_or(u64::MAX);
            (&mut file).take(most).read_to_end(&mut block)?;
            let sum = match (block.is_empty(), expected.next()) {
                (true, None) => return Ok(Some(true)),
                (false, Some(sum)) => sum.first_chunk().copied().map(u32::from_be_bytes),
                (true, Some(_)) | (false, None) => return Ok(Some(false)),
            };
            if sum != Some(rolled(&block)) {
                return Ok(Some(false));
            }
        }
    }
}

/// librsync's sum of a block: of its bytes, and of these sums.
fn rolled(block: &[u8]) -> u32 {
    let (mut plain, mut weighed) = (0_u32, 0_u32);
    for byte in block {
        plain = plain.wrapping_add(u32::from(*byte) + OFFSET);
        weighed = weighed.wrapping_add(plain);
    }
    (weighed << 16) | (plain & 0xffff)
}
