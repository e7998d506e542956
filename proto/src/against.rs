//! Packs a payload against an earlier one that both sides hold, for the way between them: a run says nearly what the one before
//! it said. What is signed and stored never depends on it; a payload that comes out wrong fails at its signature.
//!
//! The packed form is a Zstandard frame (RFC 8878) with the whole earlier payload as raw-content dictionary.

use zstd::bulk::{Compressor, Decompressor};

use crate::statement::MAX_ENVELOPE;

/// Above it a payload of some ten kilobytes takes longer and hardly gets shorter.
const LEVEL: i32 = 3;

/// Why a packed payload cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("a payload that is packed against another cannot be opened: {0}; send it whole")]
pub struct AgainstError(#[source] std::io::Error);

/// The payload, packed; `None` where that fails or is of no use.
pub fn pack(payload: &[u8], earlier: &[u8]) -> Option<Vec<u8>> {
    let mut compressor = Compressor::with_dictionary(LEVEL, earlier).ok()?;
    compressor.compress(payload).ok().filter(|packed| packed.len() < payload.len())
}

/// What was packed against `earlier`, at most as long as an envelope may be.
pub fn unpack(packed: &[u8], earlier: &[u8]) -> Result<Vec<u8>, AgainstError> {
    let mut opened = Decompressor::with_dictionary(earlier).map_err(AgainstError)?;
    opened.decompress(packed, MAX_ENVELOPE).map_err(AgainstError)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// About what a run says.
    fn said(seconds: u32, digest: u8) -> Vec<u8> {
        let digest = format!("{digest:02x}").repeat(32);
        format!(
            r#"{{"documents":[{{"digest":"{digest}","kind":"capacity.metrics","rows":1}}],"sealed_at":"2026-11-23T11:00:{seconds:02}Z"}}"#
        )
        .into_bytes()
    }

    #[test]
    fn a_run_is_a_fraction_against_the_one_before() {
        let (before, after) = (said(10, 7).repeat(10), said(11, 7).repeat(10));
        let packed = pack(&after, &before).unwrap();
        assert!(packed.len() < 80, "{} bytes", packed.len());
        assert_eq!(unpack(&packed, &before).unwrap(), after);
    }

    #[test]
    fn what_opens_to_more_than_an_envelope_is_refused() {
        let most = vec![b'x'; MAX_ENVELOPE];
        assert_eq!(unpack(&pack(&most, b"{}").unwrap(), b"{}").unwrap().len(), MAX_ENVELOPE);
        let more = vec![b'x'; MAX_ENVELOPE + 1];
        assert!(unpack(&pack(&more, b"{}").unwrap(), b"{}").is_err());
    }

    proptest! {
        #[test]
        fn what_is_packed_is_opened_again_and_noise_is_an_error_or_other_bytes(
            payload in vec(any::<u8>(), 0..3000), earlier in vec(any::<u8>(), 0..3000),
        ) {
            // Whatever the two hold: a dictionary may look like one of Zstandard's own, and then is none.
            if let Some(packed) = pack(&payload, &earlier) {
                prop_assert_eq!(&unpack(&packed, &earlier).unwrap(), &payload);
            }
            drop(unpack(&earlier, &payload));
        }
    }
}
