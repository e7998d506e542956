//! Documents on their way in: chunks, a running hash, and what they must be once whole. Never keeps more than declared.

use std::collections::BTreeMap;

use exhibit_proto::digest::{Digest, Hasher};
use exhibit_proto::document::Document;

use super::admission::{Refused, Wanted};

/// The documents that one envelope still waits for.
pub(super) struct Arriving {
    waiting: BTreeMap<Digest, Partial>,
    whole: Vec<Vec<u8>>,
    gone: Vec<Digest>,
}

struct Partial {
    wanted: Wanted,
    hasher: Hasher,
    bytes: Vec<u8>,
}

/// What a chunk came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Took {
    Fine,
    /// Nobody asked for this document.
    Unasked,
}

impl Arriving {
    pub(super) fn new(wanted: impl IntoIterator<Item = Wanted>) -> Self {
        let waiting = wanted.into_iter().map(|wanted| {
            let partial =
                Partial { wanted: wanted.clone(), hasher: Hasher::default(), bytes: Vec::new() };
            (wanted.digest, partial)
        });
        Self { waiting: waiting.collect(), whole: Vec::new(), gone: Vec::new() }
    }

    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The documents that came, and the digests of those that did not.
    pub(super) fn into_parts(self) -> (Vec<Vec<u8>>, Vec<Digest>) {
        (self.whole, self.gone)
    }

    /// Takes the next part of a document.
    pub(super) fn chunk(
        &mut self,
        digest: Digest,
        bytes: &[u8],
        last: bool,
    ) -> Result<Took, Refused> {
        let Some(partial) = self.waiting.get_mut(&digest) else {
            return Ok(Took::Unasked);
        };
        let size = partial.wanted.size;
        if (partial.bytes.len() + bytes.len()) as u64 > size {
            let text = format!("document {digest} is longer than the {size} bytes declared for it");
            return Err(Refused::invalid(text));
        }
        partial.hasher.update(bytes);
        partial.bytes.extend_from_slice(bytes);
        if last && let Some(partial) = self.waiting.remove(&digest) {
            self.whole.push(partial.finish()?);
        }
        Ok(Took::Fine)
    }

    /// The agent had to drop the document: its digest stays in the statement, the gap is visible.
    pub(super) fn gone(&mut self, digest: Digest) -> Took {
        if self.waiting.remove(&digest).is_none() {
            return Took::Unasked;
        }
        self.gone.push(digest);
        Took::Fine
    }
}

impl Partial {
    fn finish(self) -> Result<Vec<u8>, Refused> {
        let Self { wanted, hasher, bytes } = self;
        let found = hasher.finish();
        if found != wanted.digest {
            return Err(Refused::invalid(format!(
                "document {} hashes to {found}: send the bytes that were hashed",
                wanted.digest
            )));
        }
        if bytes.len() as u64 != wanted.size {
            let (length, size) = (bytes.len(), wanted.size);
            return Err(Refused::invalid(format!(
                "document {found} has {length} bytes, its statement says {size}"
            )));
        }
        let document = Document::parse(&bytes)
            .map_err(|error| Refused::invalid(format!("document {found}: {error}")))?;
        if (&document.kind, &document.target) != (&wanted.kind, &wanted.target) {
            return Err(Refused::invalid(format!(
                "document {found} is {} of {}, its statement says {} of {}",
                document.kind, document.target, wanted.kind, wanted.target
            )));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Vec<u8> {
        Document {
            body: serde_json::json!({}),
            kind: "time.sync".parse().unwrap(),
            salt: "00".repeat(16),
            schema: "urn:exhibit:kind:time.sync:v1".into(),
            target: "host:a".parse().unwrap(),
            v: 1,
            withheld: Vec::new(),
        }
        .write()
        .into_bytes()
    }

    fn wanted(bytes: &[u8]) -> Wanted {
        Wanted {
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            kind: "time.sync".parse().unwrap(),
            target: "host:a".parse().unwrap(),
        }
    }

    #[test]
    fn chunks_make_the_document_that_was_declared() {
        let bytes = document();
        let mut arriving = Arriving::new([wanted(&bytes)]);
        let (head, tail) = bytes.split_at(10);
        let digest = Digest::of(&bytes);
        assert_eq!(arriving.chunk(digest, head, false), Ok(Took::Fine));
        assert!(!arriving.is_done());
        assert_eq!(arriving.chunk(digest, tail, true), Ok(Took::Fine));
        assert!(arriving.is_done());
        assert_eq!(arriving.chunk(digest, tail, true), Ok(Took::Unasked));
        assert_eq!(arriving.into_parts(), (vec![bytes], vec![]));
    }

    #[test]
    fn what_was_given_up_is_named() {
        let bytes = document();
        let mut arriving = Arriving::new([wanted(&bytes)]);
        assert_eq!(arriving.gone(Digest::of(b"other")), Took::Unasked);
        assert_eq!(arriving.gone(Digest::of(&bytes)), Took::Fine);
        assert!(arriving.is_done());
        assert_eq!(arriving.into_parts(), (vec![], vec![Digest::of(&bytes)]));
    }

    #[test]
    fn other_bytes_other_sizes_and_other_kinds_are_refused() {
        let bytes = document();
        let lying = Wanted { digest: Digest::of(b"x"), ..wanted(&bytes) };
        let short = Wanted { size: 10, ..wanted(&bytes) };
        let long = Wanted { size: 1000, ..wanted(&bytes) };
        let kind = Wanted { kind: "patch.status".parse().unwrap(), ..wanted(&bytes) };
        let target = Wanted { target: "host:b".parse().unwrap(), ..wanted(&bytes) };
        for (wanted, text) in [
            (lying, "hashes to"),
            (short, "longer than"),
            (long, "its statement says 1000"),
            (kind, "patch.status"),
            (target, "host:b"),
        ] {
            let digest = wanted.digest;
            let refused = Arriving::new([wanted]).chunk(digest, &bytes, true).unwrap_err();
            assert!(refused.reason.contains(text), "{refused}");
        }
    }
}
