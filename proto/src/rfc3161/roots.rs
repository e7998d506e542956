//! Whom the caller trusts to tell the time.

use asn1_rs::FromDer as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;

use super::TimestampError;

const MAX_BYTES: usize = 1 << 20;
const MAX_ROOTS: usize = 256;

/// Certificates of authorities, from a file that the caller chose; never from a token or a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots(Vec<Vec<u8>>);

impl Roots {
    /// Reads a PEM file with one certificate or more; other sections are refused, text between sections is not looked at.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TimestampError> {
        let refused = |what: String| Err(TimestampError::Roots(what));
        if pem.len() > MAX_BYTES {
            return refused(format!("{} bytes are over 1 MiB", pem.len()));
        }
        let mut roots = Vec::new();
        for section in Pem::iter_from_buffer(pem) {
            let section = match section {
                Ok(section) => section,
                Err(error) => return refused(error.to_string()),
            };
            if section.label != "CERTIFICATE" {
                let label: String = section.label.chars().take(40).collect();
                return refused(format!("{label:?} is not a certificate"));
            }
            match X509Certificate::from_der(&section.contents) {
                Ok(([], _)) => roots.push(section.contents),
                Ok(_) => return refused("bytes after a certificate".to_owned()),
                Err(error) => return refused(error.to_string()),
            }
            if roots.len() > MAX_ROOTS {
                return refused(format!("over {MAX_ROOTS} certificates"));
            }
        }
        if roots.is_empty() { refused("no certificate".to_owned()) } else { Ok(Self(roots)) }
    }

    /// DER.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// Those that are valid at `time` (Unix seconds): a chain is built to these only.
    pub(super) fn valid_at(&self, time: i64) -> Vec<&[u8]> {
        let valid = |der: &&[u8]| {
            X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
                let validity = certificate.validity();
                (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&time)
            })
        };
        self.0.iter().map(Vec::as_slice).filter(valid).collect()
    }
}
