//! The embedded CA: a P-256 key that signs server certificates for our own names and client certificates for agents.
//!
//! It never takes anything but the public key from a certificate request: the subject is ours.

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::PublicKey;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PublicKeyData as _, SanType,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use super::IdentityError;

const CA_DAYS: i64 = 3650;
/// A clock that runs behind ours must accept a fresh certificate.
const BACKDATED: SignedDuration = SignedDuration::from_mins(10);

/// The CA with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// What a client certificate says, once TLS has accepted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// Agent id.
    pub agent: String,
    pub expires: Timestamp,
    /// SHA-256 of the DER.
    pub digest: Digest,
}

impl Authority {
    /// Makes a CA named after the log; answers it with the PEM of certificate and key.
    pub fn create(
        origin: &str,
        now: Timestamp,
    ) -> Result<(Self, String, Zeroizing<String>), IdentityError> {
        let key =
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(IdentityError::Certificate)?;
        let mut params = CertificateParams::default();
        named(&mut params, &format!("Exhibit CA of {origin}"));
        valid(&mut params, now, CA_DAYS);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(IdentityError::Certificate)?;
        let (pem, key_pem) = (certificate.pem(), Zeroizing::new(key.serialize_pem()));
        let authority = Self::load(&pem, &key_pem)?;
        Ok((authority, pem, key_pem))
    }

    /// Reads the CA from the PEM that [`Authority::create`] gave.
    pub fn load(certificate: &str, key: &str) -> Result<Self, IdentityError> {
        let key = KeyPair::from_pem(key).map_err(IdentityError::Certificate)?;
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|error| IdentityError::Authority(error.to_string()))?;
        let issuer =
            Issuer::from_ca_cert_der(&certificate, key).map_err(IdentityError::Certificate)?;
        Ok(Self { issuer, certificate })
    }

    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// `sha256:<hex>` of the certificate, as agents pin it.
    pub fn fingerprint(&self) -> String {
        format!("sha256:{}", Digest::of(&self.certificate))
    }

    /// A new key and certificate for our own names, with the CA certificate behind it.
    pub fn server_certificate(
        &self,
        names: &[String],
        days: i64,
        now: Timestamp,
    ) -> Result<CertifiedKey, IdentityError> {
        let key =
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(IdentityError::Certificate)?;
        let mut params = CertificateParams::new(names).map_err(IdentityError::Certificate)?;
        named(&mut params, names.first().map_or("exhibit-collector", String::as_str));
        valid(&mut params, now, days);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(IdentityError::Certificate)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = rustls::crypto::ring::default_provider();
        Ok(CertifiedKey::from_der(chain, key, &provider)?)
    }

    /// A client certificate for `agent` over the key of a request whose own signature holds.
    pub fn client_certificate(
        &self,
        csr: &[u8],
        agent: &str,
        days: i64,
        now: Timestamp,
    ) -> Result<CertificateDer<'static>, IdentityError> {
        let request = CertificateSigningRequestParams::from_der(
            &CertificateSigningRequestDer::from(csr.to_vec()),
        )
        .map_err(|error| IdentityError::Csr(error.to_string()))?;
        let key = request.public_key;
        let algorithm = key.algorithm();
        let usable = [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519];
        if !usable.contains(&algorithm) {
            return Err(IdentityError::Csr("key is of another type".into()));
        }
        if algorithm == &PKCS_ED25519 {
            PublicKey::from_spki(&key.subject_public_key_info())
                .map_err(|error| IdentityError::Csr(error.to_string()))?;
        }
        let mut params = CertificateParams::default();
        named(&mut params, agent);
        valid(&mut params, now, days);
        let uri = format!("urn:exhibit:agent:{agent}");
        params.subject_alt_names =
            vec![SanType::URI(uri.try_into().map_err(IdentityError::Certificate)?)];
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate =
            params.signed_by(&key, &self.issuer).map_err(IdentityError::Certificate)?;
        Ok(certificate.der().clone())
    }
}

impl PeerCertificate {
    /// Reads a certificate that TLS has accepted as issued by our CA.
    pub fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let mut names = certificate.subject().iter_common_name();
        let agent = names.next()?.as_str().ok()?.to_owned();
        let expires = Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?;
        names.next().is_none().then(|| Self { agent, expires, digest: Digest::of(der) })
    }
}

fn named(params: &mut CertificateParams, name: &str) {
    let mut subject = rcgen::DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
}

fn valid(params: &mut CertificateParams, now: Timestamp, days: i64) {
    let until = now.saturating_add(SignedDuration::from_hours(24 * days));
    params.not_before = std::time::SystemTime::from(now - BACKDATED).into();
    params.not_after = until.map(std::time::SystemTime::from).map_or(params.not_after, Into::into);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn only_the_public_key_is_taken_from_a_request() {
        let (authority, ..) = Authority::create("log.example/1", now()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["root.example".to_owned()]).unwrap();
        named(&mut params, "somebody else");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let csr = params.serialize_request(&key).unwrap();
        let der = authority.client_certificate(csr.der(), "agent-1", 30, now()).unwrap();
        let read = PeerCertificate::read(&der).unwrap();
        assert_eq!(read.agent, "agent-1");
        assert_eq!(read.expires, now() + SignedDuration::from_hours(720));
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        assert!(!certificate.is_ca());
        assert_eq!(certificate.public_key().raw, key.subject_public_key_info());
        let text = format!("{:?}", certificate.subject_alternative_name().unwrap().unwrap().value);
        assert!(text.contains("urn:exhibit:agent:agent-1") && !text.contains("root.example"));
    }

    #[test]
    fn request_with_a_broken_signature_is_refused() {
        let (authority, ..) = Authority::create("log.example/1", now()).unwrap();
        let key = KeyPair::generate().unwrap();
        let csr = CertificateParams::default().serialize_request(&key).unwrap();
        let mut der = csr.der().to_vec();
        *der.last_mut().unwrap() ^= 1;
        let refused = authority.client_certificate(&der, "agent-1", 30, now());
        assert!(matches!(refused, Err(IdentityError::Csr(_))), "{refused:?}");
    }

    #[test]
    fn authority_survives_its_files() {
        let (authority, pem, key) = Authority::create("log.example/1", now()).unwrap();
        let again = Authority::load(&pem, &key).unwrap();
        assert_eq!(again.fingerprint(), authority.fingerprint());
        assert_eq!(again.fingerprint().len(), "sha256:".len() + 64);
    }
}
