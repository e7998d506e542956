//! C2SP tlog-proof: a leaf's inclusion proof with the checkpoint it leads to, as one text. Our receipts are this.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::digest::Digest;
use crate::merkle::{ProofError, leaf_hash, verify_inclusion};
use crate::note::Verifier;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A parsed proof; nothing of it is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Unauthenticated by the format; we put the leaf here, which the proof then authenticates.
    pub extra: Option<Vec<u8>>,
    pub index: u64,
    pub path: Vec<Digest>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// Why a proof is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TlogProofError {
    #[error("not a tlog-proof: {0}")]
    Malformed(&'static str),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        let malformed = TlogProofError::Malformed;
        let text = str::from_utf8(bytes).map_err(|_not_utf8| malformed("not UTF-8"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed("no blank line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(malformed("first line is not c2sp.org/tlog-proof@v1"));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(encoded) => {
                lines.next();
                let extra = STANDARD.decode(encoded);
                Some(extra.map_err(|_not_base64| malformed("extra is not base64"))?)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(malformed("no index line"))?;
        let path: Option<Vec<_>> = lines.map(hash_line).collect();
        let path = path.filter(|path| path.len() <= 63).ok_or(malformed("bad hash line"))?;
        Ok(Self { extra, index, path, checkpoint: checkpoint.to_owned() })
    }

    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", STANDARD.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{}\n", STANDARD.encode(hash.as_bytes())));
        }
        text + "\n" + &self.checkpoint
    }

    /// Accepts the proof for `leaf` under the key of `log`, or one of its keys; answers the checkpoint that covers it.
    pub fn verify<L: AsRef<[Verifier]> + ?Sized>(
        &self,
        leaf: &[u8],
        log: &L,
    ) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), log)?;
        let hash = leaf_hash(leaf);
        verify_inclusion(self.index, checkpoint.size, &hash, &self.path, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

fn hash_line(line: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(line).ok()?;
    Digest::try_from(bytes.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SecretKey;
    use crate::merkle::node_hash;

    fn proof_of_two() -> (TlogProof, Verifier) {
        let key = SecretKey::from_seed(&[3; 32]);
        let (left, right) = (leaf_hash(b"left"), leaf_hash(b"right"));
        let root = node_hash(&left, &right);
        let checkpoint = Checkpoint { origin: "log.example/1".into(), size: 2, root };
        let checkpoint = checkpoint.sign(&key).unwrap();
        let log = Verifier::new("log.example/1", key.public()).unwrap();
        let extra = Some(b"left".to_vec());
        (TlogProof { extra, index: 0, path: vec![right], checkpoint }, log)
    }

    #[test]
    fn proof_survives_its_text_and_verifies_for_its_leaf_only() {
        let (proof, log) = proof_of_two();
        let again = TlogProof::parse(proof.to_text().as_bytes()).unwrap();
        assert_eq!(again, proof);
        assert_eq!(again.verify(b"left", &log).unwrap().size, 2);
        assert_eq!(again.verify(b"right", &log), Err(ProofError::Root.into()));
    }

    #[test]
    fn proof_of_another_log_is_refused() {
        let (proof, _) = proof_of_two();
        let stranger = SecretKey::from_seed(&[4; 32]).public();
        let log = Verifier::new("log.example/1", stranger).unwrap();
        assert!(matches!(proof.verify(b"left", &log), Err(TlogProofError::Checkpoint(_))));
    }

    #[test]
    fn malformed_proofs_are_refused() {
        let text = proof_of_two().0.to_text();
        for bad in [
            text.replace("@v1", "@v2"),
            text.replace("index 0", "index 00"),
            text.replace("extra ", "extra !"),
            text.replace("\n\n", "\n"),
            text.replace("index 0\n", "index 0\nAAAA\n"),
        ] {
            assert!(TlogProof::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
