//! What an agent signs at enrolment, so that nobody can enrol a key that they do not hold.

use crate::digest::Digest;
use crate::dsse::pae;

const PAYLOAD_TYPE: &str = "application/vnd.exhibit.enrolment+text";

/// The bytes that the evidence key signs. Every value that the collector will act on is in them; the token only as its
/// digest, so that the signed bytes may be kept.
pub fn possession(token: &str, csr: &[u8], target: &str, host_name: &str) -> Vec<u8> {
    let token = Digest::of(token.as_bytes());
    let csr = Digest::of(csr);
    let host_name = Digest::of(host_name.as_bytes());
    let payload = format!("token {token}\ncsr {csr}\ntarget {target}\nhost {host_name}\n");
    pae(PAYLOAD_TYPE, payload.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_changes_the_signed_bytes() {
        let base = possession("t", b"c", "host:a", "h");
        for other in [
            possession("u", b"c", "host:a", "h"),
            possession("t", b"d", "host:a", "h"),
            possession("t", b"c", "host:b", "h"),
            possession("t", b"c", "host:a", "i"),
        ] {
            assert_ne!(base, other);
        }
    }
}
