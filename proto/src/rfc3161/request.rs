//! What a time-stamping authority is asked.

use asn1_rs::{Boolean, Integer, OctetString, Oid, Sequence, SerializeError, ToDer, oid};

use super::{TimestampError, Token};
use crate::digest::Digest;

const SHA256: Oid<'static> = oid!(2.16.840.1.101.3.4.2.1);

/// One question: a digest, a nonce that makes the answer fresh, and perhaps a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    imprint: Digest,
    nonce: [u8; 9],
    policy: Option<Oid<'static>>,
}

impl Request {
    /// `random` is never used twice; `policy` is an object identifier, or none for the authority's own choice.
    pub fn new(
        imprint: Digest,
        random: [u8; 8],
        policy: Option<&str>,
    ) -> Result<Self, TimestampError> {
        let mut nonce = [0x01; 9]; // A leading one: positive and shortest in DER, whatever follows.
        nonce[1..].copy_from_slice(&random);
        let read = |text: &str| {
            let refused = || TimestampError::NotAPolicy(text.chars().take(80).collect());
            let arcs: Option<Vec<u64>> = text.split('.').map(|arc| arc.parse().ok()).collect();
            let arcs = arcs.filter(|arcs| arcs.len() > 2 && arcs[0] < 3 && arcs[1] < 40);
            Oid::from(&arcs.ok_or_else(refused)?).map_err(|_not_an_oid| refused())
        };
        Ok(Self { imprint, nonce, policy: policy.map(read).transpose()? })
    }

    /// TimeStampReq, version 1, with the signer's certificate asked for.
    pub fn to_der(&self) -> Vec<u8> {
        // Writing to a vector cannot fail, and nothing in it is too long.
        self.encoded().unwrap_or_default()
    }

    fn encoded(&self) -> Result<Vec<u8>, SerializeError> {
        let sequence = |parts: &[Vec<u8>]| Sequence::new(parts.concat().into()).to_der_vec();
        let algorithm = sequence(&[SHA256.to_der_vec()?, asn1_rs::Null::new().to_der_vec()?])?;
        let digest = OctetString::new(self.imprint.as_bytes()).to_der_vec()?;
        let mut parts = vec![1_u32.to_der_vec()?, sequence(&[algorithm, digest])?];
        if let Some(policy) = &self.policy {
            parts.push(policy.to_der_vec()?);
        }
        parts.push(Integer::new(&self.nonce).to_der_vec()?);
        parts.push(Boolean::TRUE.to_der_vec()?);
        sequence(&parts)
    }

    /// Whether `token` answers this question and no earlier one. Says nothing about its signature.
    pub fn answered_by(&self, token: &Token) -> Result<(), TimestampError> {
        let info = token.info();
        if info.nonce.as_deref() != Some(self.nonce.as_slice()) {
            return Err(TimestampError::Nonce);
        }
        let expected = self.policy.as_ref().map(Oid::to_id_string);
        match expected {
            Some(expected) if expected != info.policy => {
                Err(TimestampError::Policy { found: info.policy.clone(), expected })
            }
            Some(_) | None => Ok(()),
        }
    }
}
