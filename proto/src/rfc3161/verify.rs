//! Whether a token is what it says: content, signature, the signer's right to stamp, and its chain to a trusted root, all at the
//! token's own time.

use std::time::Duration;

use asn1_rs::FromDer as _;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use webpki::ring::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;

use super::parse::{SHA256, SignerId};
use super::{Info, Roots, TimestampError, Token};
use crate::digest::Digest;

const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";
/// id-kp-timeStamping, as DER content.
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

/// A token that holds, and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub info: Info,
    /// The trusted certificate to which the signer's chain leads, DER.
    pub root: Vec<u8>,
}

impl Token {
    /// Verifies the token over content with the digest `expected`, under `roots`.
    pub fn verify(&self, expected: &Digest, roots: &Roots) -> Result<Verified, TimestampError> {
        let (algorithm, imprint) = &self.info.imprint;
        if algorithm != SHA256 {
            return Err(TimestampError::Algorithm(format!("an imprint of type {algorithm}")));
        }
        if imprint != expected.as_bytes() {
            let (found, expected) = (hex::encode(imprint), expected.to_string());
            return Err(TimestampError::Imprint { found, expected });
        }
        if hash(&self.signer.digest, &self.content)? != self.signer.message_digest {
            let what = "what was signed is not this time-stamp";
            return Err(TimestampError::Signature(what.to_owned()));
        }
        let der = self.signing_certificate()?;
        let (_, certificate) = X509Certificate::from_der(der).map_err(certificate_error)?;
        self.is_signer(&certificate)?;
        may_stamp(&certificate)?;
        let der = CertificateDer::from(der);
        let signer = EndEntityCert::try_from(&der).map_err(certificate_error)?;
        self.signature(&signer)?;
        let root = self.chain(&signer, roots)?;
        Ok(Verified { info: self.info.clone(), root })
    }

    /// The certificate that the signed attributes name (RFC 5816).
    fn signing_certificate(&self) -> Result<&[u8], TimestampError> {
        let (algorithm, expected) = &self.signer.certificate;
        for der in &self.certificates {
            if hash(algorithm, der)? == *expected {
                return Ok(der);
            }
        }
        Err(certificate_error("the token does not carry the one that it names"))
    }

    fn is_signer(&self, certificate: &X509Certificate<'_>) -> Result<(), TimestampError> {
        let same = match &self.signer.id {
            SignerId::Issuer(issuer, serial) => {
                certificate.issuer().as_raw() == issuer && certificate.raw_serial() == serial
            }
            SignerId::Key(id) => certificate.iter_extensions().any(|extension| {
                use x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier;
                matches!(extension.parsed_extension(), SubjectKeyIdentifier(own) if own.0 == id)
            }),
        };
        if same {
            Ok(())
        } else {
            Err(certificate_error("the signer is named in two ways that differ"))
        }
    }

    fn signature(&self, signer: &EndEntityCert<'_>) -> Result<(), TimestampError> {
        let mut why = None;
        for algorithm in algorithms(&self.signer.algorithm, &self.signer.digest)? {
            match signer.verify_signature(algorithm, &self.signer.signed, &self.signer.signature) {
                Ok(()) => return Ok(()),
                Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
                Err(error) => why = Some(error.to_string()),
            }
        }
        let why = why.unwrap_or_else(|| "made for another kind of key".to_owned());
        Err(TimestampError::Signature(why))
    }

    fn chain(&self, signer: &EndEntityCert<'_>, roots: &Roots) -> Result<Vec<u8>, TimestampError> {
        let seconds = self.info.time_ms.div_euclid(1000);
        let since_1970 =
            u64::try_from(seconds).map_err(|_old| TimestampError::Malformed("time before 1970"))?;
        let time = UnixTime::since_unix_epoch(Duration::from_secs(since_1970));
        let roots: Vec<CertificateDer<'_>> =
            roots.valid_at(seconds).into_iter().map(CertificateDer::from).collect();
        if roots.is_empty() {
            return Err(certificate_error("no trusted root was valid at the time of the token"));
        }
        let chain: Vec<CertificateDer<'_>> =
            self.certificates.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let mut why = None;
        // One by one, so that it is known which of them it is.
        for root in &roots {
            let anchors = match anchor_from_trusted_cert(root) {
                Ok(anchor) => [anchor],
                Err(error) => {
                    why = Some(error);
                    continue;
                }
            };
            // Authorities above the signer need not name the usage; the signer's own was looked at.
            let usage = KeyUsage::required_if_present(TIME_STAMPING);
            let algorithms = ALL_VERIFICATION_ALGS;
            match signer.verify_for_usage(algorithms, &anchors, &chain, time, usage, None, None) {
                Ok(_path) => return Ok(root.to_vec()),
                Err(error) => why = Some(error),
            }
        }
        let why = why.map_or_else(String::new, |why| why.to_string());
        Err(certificate_error(format!(
            "no chain to a trusted root at the time of the token: {why}"
        )))
    }
}

/// RFC 3161, 2.3: the certificate is for time-stamping, for nothing else, and says so critically.
fn may_stamp(certificate: &X509Certificate<'_>) -> Result<(), TimestampError> {
    let usage = certificate.extended_key_usage().map_err(certificate_error)?;
    let usage = usage.ok_or_else(|| certificate_error("it has no extended key usage"))?;
    let value = usage.value;
    let others = value.any
        || value.server_auth
        || value.client_auth
        || value.code_signing
        || value.email_protection
        || value.ocsp_signing
        || !value.other.is_empty();
    if !usage.critical || !value.time_stamping || others {
        let what = "its extended key usage is not time-stamping alone, marked critical";
        return Err(certificate_error(what));
    }
    let usage = certificate.key_usage().map_err(certificate_error)?;
    match usage.map(|usage| usage.value.digital_signature() || usage.value.non_repudiation()) {
        Some(false) => Err(certificate_error("its key usage does not allow signatures")),
        Some(true) | None => Ok(()),
    }
}

/// [`may_stamp`] for a test, which finds no authority that stamps without the right to.
#[cfg(test)]
pub(super) fn may_stamp_der(der: &[u8]) -> Result<(), TimestampError> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(certificate_error)?;
    may_stamp(&certificate)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands the error over")]
fn certificate_error(what: impl ToString) -> TimestampError {
    TimestampError::Certificate(what.to_string())
}

fn hash(algorithm: &str, bytes: &[u8]) -> Result<Vec<u8>, TimestampError> {
    match algorithm {
        SHA256 => Ok(Sha256::digest(bytes).to_vec()),
        SHA384 => Ok(Sha384::digest(bytes).to_vec()),
        SHA512 => Ok(Sha512::digest(bytes).to_vec()),
        other => Err(TimestampError::Algorithm(format!("a digest of type {other}"))),
    }
}

type Algorithms = Vec<&'static dyn SignatureVerificationAlgorithm>;

/// What may verify a signature of this type with this digest; the digest of both must be one.
fn algorithms(signature: &str, digest: &str) -> Result<Algorithms, TimestampError> {
    const RSA: &str = "1.2.840.113549.1.1.1";
    let found: Algorithms = match (signature, digest) {
        (RSA | "1.2.840.113549.1.1.11", SHA256) => vec![RSA_PKCS1_2048_8192_SHA256],
        (RSA | "1.2.840.113549.1.1.12", SHA384) => vec![RSA_PKCS1_2048_8192_SHA384],
        (RSA | "1.2.840.113549.1.1.13", SHA512) => vec![RSA_PKCS1_2048_8192_SHA512],
        ("1.2.840.10045.4.3.2", SHA256) => vec![ECDSA_P256_SHA256, ECDSA_P384_SHA256],
        ("1.2.840.10045.4.3.3", SHA384) => vec![ECDSA_P256_SHA384, ECDSA_P384_SHA384],
        (signature, digest) => {
            let what = format!("a signature of type {signature} over a digest of type {digest}");
            return Err(TimestampError::Algorithm(what));
        }
    };
    Ok(found)
}
