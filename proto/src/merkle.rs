//! The Merkle tree of RFC 6962 §2.1 and the proofs of RFC 9162 §2.1.3–2.1.4, over any source of subtree hashes.

use crate::digest::Digest;

/// Root of the empty tree: SHA-256 of nothing.
pub fn empty_root() -> Digest {
    Digest::of(b"")
}

/// `H(0x00 || leaf)`.
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], leaf])
}

/// `H(0x01 || left || right)`.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// A complete subtree: the `index`-th of `2^level` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    pub level: u8,
    pub index: u64,
}

/// Where proofs find the hashes of complete subtrees.
pub trait Nodes {
    type Error;
    /// The hash of a complete subtree that lies within the tree being proved.
    fn node(&mut self, node: Node) -> Result<Digest, Self::Error>;
}

/// Why no proof can be made or none is accepted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofError {
    #[error("index {index} is outside a tree of size {size}")]
    OutOfRange { index: u64, size: u64 },
    #[error("size {old} is larger than size {new}")]
    Shrinks { old: u64, new: u64 },
    #[error("proof has {found} hashes where {expected} belong")]
    Length { expected: usize, found: usize },
    #[error("proof leads to another root than the checkpoint's")]
    Root,
}

/// The root of a tree of `size` leaves.
pub fn root<N: Nodes>(size: u64, nodes: &mut N) -> Result<Digest, N::Error> {
    if size == 0 { Ok(empty_root()) } else { range(0, size, nodes) }
}

/// The inclusion path of leaf `index` in a tree of `size`, leaf's sibling first. The caller holds `index < size`.
pub fn prove_inclusion<N: Nodes>(
    index: u64,
    size: u64,
    nodes: &mut N,
) -> Result<Vec<Digest>, N::Error> {
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range(middle, high, nodes)?);
            high = middle;
        } else {
            path.push(range(low, middle, nodes)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The consistency proof from `old` to `new` leaves; empty when `old` is 0 or `new`. The caller holds `old <= new`.
pub fn prove_consistency<N: Nodes>(
    old: u64,
    new: u64,
    nodes: &mut N,
) -> Result<Vec<Digest>, N::Error> {
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut low, mut high) = (0, new);
    let mut path = Vec::new();
    // RFC 9162 §2.1.4.1: SUBPROOF descends to the subtree that ends at `old`.
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range(middle, high, nodes)?);
            high = middle;
        } else {
            path.push(range(low, middle, nodes)?);
            low = middle;
        }
    }
    if low != 0 {
        path.push(range(low, high, nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is number `index` of the tree with `size` leaves and `root` (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Digest,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange { index, size });
    }
    let expected = inclusion_length(index, size);
    if path.len() != expected {
        return Err(ProofError::Length { expected, found: path.len() });
    }
    let (mut fnode, mut snode) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if fnode & 1 == 1 || fnode == snode {
            hash = node_hash(sibling, &hash);
            while fnode & 1 == 0 && fnode != 0 {
                fnode >>= 1;
                snode >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        fnode >>= 1;
        snode >>= 1;
    }
    if snode == 0 && hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree with `new` leaves extends the one with `old` (RFC 9162 §2.1.4.2; sizes 0 and equal as in C2SP).
pub fn verify_consistency(
    (old, old_root): (u64, &Digest),
    (new, new_root): (u64, &Digest),
    path: &[Digest],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Shrinks { old, new });
    }
    if old == new || old == 0 {
        if !path.is_empty() {
            return Err(ProofError::Length { expected: 0, found: path.len() });
        }
        let same = if old == new { old_root == new_root } else { *old_root == empty_root() };
        return if same { Ok(()) } else { Err(ProofError::Root) };
    }
    let mut hashes = path.iter();
    let seed = if old.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let Some(seed) = seed else {
        return Err(ProofError::Length { expected: 1, found: 0 });
    };
    let (mut fnode, mut snode) = (old - 1, new - 1);
    while fnode & 1 == 1 {
        fnode >>= 1;
        snode >>= 1;
    }
    let (mut first, mut second) = (*seed, *seed);
    for hash in hashes {
        if snode == 0 {
            return Err(ProofError::Root);
        }
        if fnode & 1 == 1 || fnode == snode {
            first = node_hash(hash, &first);
            second = node_hash(hash, &second);
            while fnode & 1 == 0 && fnode != 0 {
                fnode >>= 1;
                snode >>= 1;
            }
        } else {
            second = node_hash(&second, hash);
        }
        fnode >>= 1;
        snode >>= 1;
    }
    let holds = snode == 0 && first == *old_root && second == *new_root;
    if holds { Ok(()) } else { Err(ProofError::Root) }
}

/// How many hashes the inclusion path of `index` in `size` leaves has.
pub fn inclusion_length(index: u64, size: u64) -> usize {
    let (mut low, mut high, mut length) = (0, size, 0);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            high = middle
        } else {
            low = middle
        }
        length += 1;
    }
    length
}

/// The largest power of two below `n`; the caller holds `n > 1`.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The root of leaves `low..high`, where `low` is a multiple of the power of two that spans the range.
fn range<N: Nodes>(low: u64, high: u64, nodes: &mut N) -> Result<Digest, N::Error> {
    let count = high - low;
    if count.is_power_of_two() {
        let index = low >> count.ilog2();
        let level = u8::try_from(count.ilog2()).unwrap_or(u8::MAX);
        return nodes.node(Node { level, index });
    }
    let middle = low + split(count);
    let left = range(low, middle, nodes)?;
    let right = range(middle, high, nodes)?;
    Ok(node_hash(&left, &right))
}

#[cfg(test)]
#[path = "merkle_tests.rs"]
mod tests;
