//! The names of many files in little memory. A bundle of a million items has three million files, nearly all of them named
//! by a number or a digest; as text their names alone would take more than a verification may.

use std::sync::atomic::{AtomicU8, Ordering};

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;

/// Some check has asked for the file.
pub(super) const CLAIMED: u8 = 1;
/// The list of digests names it.
pub(super) const LISTED: u8 = 2;

/// Files named by one kind of name, in its order.
pub(super) struct Shelf<K> {
    /// Name, and size in bytes.
    files: Vec<(K, u64)>,
    marks: Vec<AtomicU8>,
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self { files: Vec::new(), marks: Vec::new() }
    }
}

impl<K: Ord> Shelf<K> {
    pub(super) fn add(&mut self, name: K, size: u64) {
        self.files.push((name, size));
    }

    /// After the last [`Shelf::add`]; before, nothing is found.
    pub(super) fn sort(&mut self) {
        self.files.sort_unstable_by(|one, two| one.0.cmp(&two.0));
        self.files.shrink_to_fit();
        self.marks.resize_with(self.files.len(), AtomicU8::default);
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.files.iter().map(|(name, size)| (name, *size))
    }

    pub(super) fn size(&self, name: &K) -> Option<u64> {
        self.place(name).and_then(|at| self.files.get(at)).map(|(_, size)| *size)
    }

    /// Answers whether the file is there and had not got this mark.
    pub(super) fn mark(&self, name: &K, mark: u8) -> bool {
        let marks = self.place(name).and_then(|at| self.marks.get(at));
        marks.is_some_and(|marks| marks.fetch_or(mark, Ordering::Relaxed) & mark == 0)
    }

    pub(super) fn without(&self, mark: u8) -> impl Iterator<Item = &K> {
        let marked = self.files.iter().zip(&self.marks);
        let without = marked.filter(move |(_, marks)| marks.load(Ordering::Relaxed) & mark == 0);
        without.map(|((name, _), _)| name)
    }

    /// The first name that is not before `name`.
    pub(super) fn from(&self, name: &K) -> Option<&K> {
        let at = self.files.partition_point(|(known, _)| known < name);
        self.files.get(at).map(|(known, _)| known)
    }

    fn place(&self, name: &K) -> Option<usize> {
        self.files.binary_search_by(|(known, _)| known.cmp(name)).ok()
    }
}

/// Which shelf a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Leaf(u64),
    Proof(u64),
    Envelope(Digest),
    Document(Digest),
    Other,
}

impl Name {
    /// Only the one spelling that [`bundle`] writes is short; everything else keeps its text.
    pub(super) fn of(path: &str) -> Self {
        let Some((folder, file)) = path.split_once('/') else { return Self::Other };
        let name = match folder {
            "leaves" => file.strip_suffix(".json").and_then(|n| n.parse().ok()).map(Self::Leaf),
            "proofs" => {
                file.strip_suffix(".tlog-proof").and_then(|n| n.parse().ok()).map(Self::Proof)
            }
            "envelopes" => {
                file.strip_suffix(".json").and_then(|d| d.parse().ok()).map(Self::Envelope)
            }
            "documents" => {
                file.strip_suffix(".json").and_then(|d| d.parse().ok()).map(Self::Document)
            }
            _ => None,
        };
        name.filter(|name| name.path().is_some_and(|known| known == path)).unwrap_or(Self::Other)
    }

    fn path(self) -> Option<String> {
        match self {
            Self::Leaf(index) => Some(bundle::leaf(index)),
            Self::Proof(index) => Some(bundle::proof(index)),
            Self::Envelope(digest) => Some(bundle::envelope(&digest)),
            Self::Document(digest) => Some(bundle::document(&digest)),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_spelling_of_a_path_has_a_short_name() {
        let digest = Digest::of(b"d");
        assert_eq!(Name::of("leaves/12.json"), Name::Leaf(12));
        assert_eq!(Name::of("proofs/0.tlog-proof"), Name::Proof(0));
        assert_eq!(Name::of(&bundle::envelope(&digest)), Name::Envelope(digest));
        let upper = format!("documents/{}.json", digest.to_string().to_uppercase());
        for other in ["leaves/012.json", "leaves/+1.json", "leaves/1", "leaf", upper.as_str()] {
            assert_eq!(Name::of(other), Name::Other, "{other}");
        }
    }

    #[test]
    fn a_mark_is_new_once() {
        let mut shelf = Shelf::default();
        [3_u64, 1, 2].iter().for_each(|name| shelf.add(*name, 10));
        shelf.sort();
        assert!(shelf.mark(&2, CLAIMED) && !shelf.mark(&2, CLAIMED) && shelf.mark(&2, LISTED));
        assert!(!shelf.mark(&9, CLAIMED));
        assert_eq!(shelf.without(CLAIMED).copied().collect::<Vec<_>>(), [1, 3]);
        assert_eq!((shelf.size(&3), shelf.size(&4), shelf.from(&0)), (Some(10), None, Some(&1)));
    }
}
