//! Which digests an entry brings, so that whoever has one finds the entry: its envelope's, its leaf's, and those that the
//! collector's own entries name (reports, frozen versions, files, rule packs).

use exhibit_proto::dsse::Envelope;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::merkle::leaf_hash;

use super::At;
use crate::views::ViewsError;
use crate::views::read::{DigestOf, head};

/// Digests of one entry that are kept; a tombstone names up to 64 documents.
const MOST: usize = 256;
/// Hex digits of a SHA-256.
const DIGITS: usize = 64;

pub(super) fn note(at: &At<'_>) -> Result<(), ViewsError> {
    put(at, at.entry.leaf.env.as_bytes(), DigestOf::Envelope)?;
    put(at, leaf_hash(&at.entry.leaf_bytes).as_bytes(), DigestOf::Leaf)?;
    // What agents state names documents, which are found where they are.
    if matches!(at.entry.leaf.t, EntryType::Evidence | EntryType::Heartbeat) {
        return Ok(());
    }
    let envelope = at.entry.envelope.as_deref().and_then(|bytes| Envelope::parse(bytes).ok());
    let payload = envelope.and_then(|envelope| envelope.unverified_payload().ok());
    for digest in digests(&payload.unwrap_or_default()) {
        put(at, &digest, DigestOf::Named)?;
    }
    Ok(())
}

fn put(at: &At<'_>, digest: &[u8; 32], of: DigestOf) -> Result<(), ViewsError> {
    at.tx.prepare_cached("INSERT OR IGNORE INTO digests VALUES (?1, ?2, ?3)")?.execute((
        head(digest),
        of.number(),
        at.index(),
    ))?;
    Ok(())
}

/// Every SHA-256 that a statement spells out.
fn digests(payload: &[u8]) -> Vec<[u8; 32]> {
    let words = payload.split(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let words = words.filter(|word| word.len() == DIGITS).take(MOST);
    let read = |word: &[u8]| {
        let mut digest = [0; 32];
        hex::decode_to_slice(word, &mut digest).ok().map(|()| digest)
    };
    words.filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_digests_are_taken_out_of_a_statement_and_nothing_else() {
        let digest = "ab".repeat(32);
        let text = format!("{{\"sha256\":\"{digest}\",\"short\":\"abcd\",\"long\":\"{digest}a\"}}");
        assert_eq!(digests(text.as_bytes()), [[0xab; 32]]);
    }
}
