//! Facts of X.509 certificates (RFC 5280), and certificates out of PEM or DER files. It verifies no signature and decodes
//! no private key.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_parser::{
    extensions::GeneralName,
    objects::{oid_registry, oid2sn},
    prelude::{FromDer, X509Certificate},
    public_key::PublicKey,
};

use crate::names;

/// Names that are told of one certificate.
const MAX_NAMES: usize = 50;

/// What one certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) fingerprint: String,
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) names: Vec<String>,
    pub(crate) names_total: u32,
    pub(crate) serial: String,
    pub(crate) not_before: Option<String>,
    pub(crate) not_after: Option<String>,
    pub(crate) signature: String,
    pub(crate) key_algorithm: String,
    pub(crate) key_bits: Option<u32>,
    pub(crate) self_signed: bool,
    pub(crate) authority: bool,
}

/// Certificates of a file in its order, as DER: every block `CERTIFICATE` of a PEM file, or the file itself.
pub(crate) fn ders(file: &[u8]) -> Vec<Vec<u8>> {
    if file.first() == Some(&0x30) {
        return vec![file.to_vec()];
    }
    let text = String::from_utf8_lossy(file);
    let mut found = Vec::new();
    let mut rest: &str = &text;
    while let Some((_, after)) = rest.split_once("-----BEGIN CERTIFICATE-----") {
        let Some((inside, after)) = after.split_once("-----END CERTIFICATE-----") else { break };
        let inside: String = inside.chars().filter(|c| !c.is_whitespace()).collect();
        // A block that is no base64 still counts: it becomes a certificate that is not understood.
        found.push(STANDARD.decode(inside).unwrap_or_default());
        rest = after;
    }
    found
}

/// What a certificate says; none when it is not understood.
pub(crate) fn facts(der: &[u8]) -> Option<Facts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let (names, names_total) = alternative_names(&certificate);
    let time = |seconds: i64| Timestamp::from_second(seconds).ok().map(|time| time.to_string());
    let (key_algorithm, key_bits) = key(&certificate);
    let serial = hex::encode(certificate.raw_serial());
    Some(Facts {
        fingerprint: fingerprint(der),
        subject: text(&certificate.subject().to_string()),
        issuer: text(&certificate.issuer().to_string()),
        names,
        names_total,
        serial,
        not_before: time(certificate.validity().not_before.timestamp()),
        not_after: time(certificate.validity().not_after.timestamp()),
        signature: algorithm(&certificate.signature_algorithm.algorithm),
        key_algorithm,
        key_bits,
        self_signed: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        authority: certificate.is_ca(),
    })
}

/// SHA-256 in hex.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    hex::encode(Sha256::digest(der))
}

fn text(name: &str) -> String {
    names::escaped(name.as_bytes())
}

/// Names of hosts and services; addresses of persons are only counted.
fn alternative_names(certificate: &X509Certificate<'_>) -> (Vec<String>, u32) {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let all =
        extension.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let told = all.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(text(name)),
        GeneralName::URI(uri) => Some(text(uri)),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => None,
    });
    (told.take(MAX_NAMES).collect(), u32::try_from(all.len()).unwrap_or(u32::MAX))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

fn algorithm(oid: &x509_parser::der_parser::Oid<'_>) -> String {
    let number = oid.to_id_string();
    match number.as_str() {
        "1.3.101.112" => "ed25519".to_owned(),
        "1.3.101.113" => "ed448".to_owned(),
        _ => oid2sn(oid, oid_registry()).map_or(number, str::to_owned),
    }
}

fn key(certificate: &X509Certificate<'_>) -> (String, Option<u32>) {
    let info = certificate.public_key();
    let number = info.algorithm.algorithm.to_id_string();
    let name = match number.as_str() {
        "1.2.840.113549.1.1.1" => "rsa",
        "1.2.840.113549.1.1.10" => "rsa-pss",
        "1.2.840.10045.2.1" => "ec",
        "1.2.840.10040.4.1" => "dsa",
        "1.3.101.112" => return ("ed25519".to_owned(), Some(256)),
        "1.3.101.113" => return ("ed448".to_owned(), Some(456)),
        _ => return (number, None),
    };
    let bits = match info.parsed() {
        Ok(PublicKey::RSA(key)) => rsa_bits(key.modulus),
        // The size of a point is that of its curve rounded up to bytes; 521 bits need 66.
        Ok(PublicKey::EC(point)) => match u32::try_from(point.key_size()).ok() {
            Some(528) => Some(521),
            bits => bits,
        },
        Ok(PublicKey::DSA(key)) => rsa_bits(key),
        _ => None,
    };
    (name.to_owned(), bits)
}

fn rsa_bits(modulus: &[u8]) -> Option<u32> {
    let start = modulus.iter().position(|byte| *byte != 0)?;
    let modulus = modulus.get(start..)?;
    Some(u32::try_from(modulus.len()).ok()? * 8 - modulus.first()?.leading_zeros())
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A certificate made with OpenSSL for these tests: EC P-256, two names, 2026-11-01 to 2026-12-01.
    pub(crate) const PEM: &str = include_str!("certificate/example.pem");

    #[test]
    fn facts_of_a_certificate_are_those_that_openssl_shows() {
        let ders = ders(format!("noise\n{PEM}more\n{PEM}").as_bytes());
        assert_eq!(ders.len(), 2);
        let facts = facts(&ders[0]).unwrap();
        assert_eq!(facts.subject, "C=XX, O=Example Inc, CN=www.example.org");
        assert_eq!(
            (facts.names.as_slice(), facts.names_total),
            (&["www.example.org".to_owned(), "192.0.2.1".to_owned()][..], 3)
        );
        assert_eq!((facts.key_algorithm.as_str(), facts.key_bits), ("ec", Some(256)));
        assert_eq!(facts.signature, "ecdsa-with-SHA256");
        assert_eq!(facts.not_after.as_deref(), Some("2026-12-01T00:00:00Z"));
        assert_eq!((facts.serial.as_str(), facts.self_signed), ("2a", true));
        assert!(!format!("{facts:?}").contains("person@"));
    }

    #[test]
    fn broken_blocks_are_counted_and_not_understood() {
        let file = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\ncut";
        let ders = ders(file);
        assert_eq!(ders.len(), 1);
        assert_eq!(facts(&ders[0]), None);
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_never_panics(at in 0_usize..400, byte: u8, cut in 0_usize..400) {
            let mut der = ders(PEM.as_bytes()).remove(0);
            let length = der.len();
            der[at % length] = byte;
            der.truncate(length - cut % length);
            prop_assert!(facts(&der).is_none_or(|facts| facts.fingerprint.len() == 64));
        }
    }
}
