//! Whose word is taken for who the server is. A log's answers are signed or lead to what is signed, so this guards against
//! listeners and idle hands in between, not against false heads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use exhibit_proto::digest::Digest;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// Who vouches for the server.
#[derive(Clone, Debug)]
pub enum Authority {
    /// Whoever this system trusts.
    System,
    /// The CA whose certificate has this SHA-256 fingerprint; the server shows it.
    Fingerprint(Digest),
    /// The CA certificates in this PEM file.
    File(PathBuf),
}

/// Why there is nobody to vouch.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error(
        "{0:?} is no fingerprint: write sha256: and 64 hex digits, as `exhibit-collector init` prints"
    )]
    Fingerprint(String),
    #[error("CA file {}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("TLS cannot be set up: {0}")]
    Unusable(#[from] rustls::Error),
}

impl Authority {
    /// `sha256:<64 hex>`.
    pub fn fingerprint(text: &str) -> Result<Self, AuthorityError> {
        let hex = text.strip_prefix("sha256:").map(str::to_ascii_lowercase);
        let digest = hex.and_then(|hex| hex.parse().ok());
        digest.map(Self::Fingerprint).ok_or_else(|| AuthorityError::Fingerprint(text.to_owned()))
    }

    /// How a client checks the server; `None`: as the system does.
    pub(super) fn config(&self) -> Result<Option<ClientConfig>, AuthorityError> {
        let builder = || {
            ClientConfig::builder_with_provider(provider())
                .with_protocol_versions(&[&rustls::version::TLS13])
        };
        Ok(match self {
            Self::System => None,
            Self::File(path) => {
                let roots = roots(path)?;
                Some(builder()?.with_root_certificates(roots).with_no_client_auth())
            }
            Self::Fingerprint(pin) => {
                let verifier = Arc::new(Pinned { pin: *pin, provider: provider() });
                let builder = builder()?.dangerous();
                Some(builder.with_custom_certificate_verifier(verifier).with_no_client_auth())
            }
        })
    }
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn roots(path: &Path) -> Result<RootCertStore, AuthorityError> {
    let failed = |reason: String| AuthorityError::File { path: path.to_owned(), reason };
    let mut roots = RootCertStore::empty();
    let read = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    for certificate in read {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() { Err(failed("it holds no certificate".to_owned())) } else { Ok(roots) }
}

/// Accepts a chain that contains the certificate with the pinned fingerprint and that validates to it.
#[derive(Debug)]
struct Pinned {
    pin: Digest,
    provider: Arc<CryptoProvider>,
}

#[derive(thiserror::Error)]
#[error(
    "the server shows no certificate with fingerprint sha256:{pin}; the last it shows has sha256:{shown}"
)]
struct WrongCa {
    pin: Digest,
    shown: Digest,
}

/// The TLS library shows a person what is for debugging.
impl std::fmt::Debug for WrongCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(ca) = intermediates.iter().find(|shown| Digest::of(shown) == self.pin) else {
            let shown = Digest::of(intermediates.last().unwrap_or(end_entity));
            let other = rustls::OtherError(Arc::new(WrongCa { pin: self.pin, shown }));
            return Err(rustls::Error::InvalidCertificate(CertificateError::Other(other)));
        };
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only TLS 1.3 is spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
