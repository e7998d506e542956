//! TLS to the collector: 1.3 only, the CA pinned, and every refusal told in words that a person can act on.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use exhibit_proto::digest::Digest;
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct};
use rustls::{RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use super::{Address, CaPin, Client};

const CONNECT: Duration = Duration::from_secs(10);
/// How often a silent connection is asked for life, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);

/// Why no connection stands, in words for a person.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(
        "collector {address} cannot be reached: {reason}; check address, network and that it runs"
    )]
    Unreachable { address: String, reason: String },
    #[error("{0}")]
    Refused(String),
    #[error("certificate and key cannot be used: {0}; enrol again")]
    Unusable(rustls::Error),
}

/// A connection, and what TLS had to say about it.
pub struct Connection {
    pub channel: Channel,
    pub trouble: Trouble,
}

/// The last TLS error of a connection. A TLS 1.3 client learns that its certificate was refused only at its first read,
/// where the RPC layer hides the cause.
#[derive(Clone, Debug, Default)]
pub struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    /// What TLS said, if it was TLS that failed.
    pub fn text(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, error: &io::Error) {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(tls) = tls {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(explain(tls));
        }
    }
}

/// The one place that chooses the cryptography.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Mutual TLS that remembers its sessions: the next connection under the same certificate is taken up without certificates,
/// which are most of a handshake. The collector asks at each call anew whether the agent is known.
#[derive(Default)]
pub struct Remembered(Mutex<Option<(Vec<u8>, Arc<ClientConfig>)>>);

impl Remembered {
    /// The configuration of before, or a new one where the certificate is another.
    pub fn mutual(&self, ca: Vec<u8>, client: &Client) -> Result<Arc<ClientConfig>, ConnectError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((certificate, config)) = known.as_ref()
            && *certificate == client.certificate
        {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(mutual(ca, client)?);
        *known = Some((client.certificate.clone(), Arc::clone(&config)));
        Ok(config)
    }
}

/// For enrolment: no client certificate yet, and a CA known by its fingerprint only.
pub fn pinned(pin: CaPin) -> Result<ClientConfig, ConnectError> {
    let verifier = Pinned { pin, provider: provider() };
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(ConnectError::Unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(with_alpn(config))
}

/// For everything after: mutual TLS under the CA that enrolment pinned.
pub fn mutual(ca: Vec<u8>, client: &Client) -> Result<ClientConfig, ConnectError> {
    let key = PrivateKeyDer::Pkcs8(client.key.to_vec().into());
    let chain = vec![CertificateDer::from(client.certificate.clone())];
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(ConnectError::Unusable)?
        .with_root_certificates(roots(CertificateDer::from(ca)).map_err(ConnectError::Unusable)?)
        .with_client_auth_cert(chain, key)
        .map_err(ConnectError::Unusable)?;
    Ok(with_alpn(config))
}

fn with_alpn(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

fn roots(ca: CertificateDer<'static>) -> Result<RootCertStore, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(ca)?;
    Ok(roots)
}

/// Connects and completes the handshake.
pub async fn connect(
    address: &Address,
    config: impl Into<Arc<ClientConfig>>,
) -> Result<Connection, ConnectError> {
    let unreachable =
        |reason: String| ConnectError::Unreachable { address: address.to_string(), reason };
    let name = address.server_name().map_err(|error| unreachable(error.to_string()))?;
    let trouble = Trouble::default();
    let connector = TlsConnector::from(config.into());
    let (host, port, noted) = (address.host().to_owned(), address.port(), trouble.clone());
    let service = tower::service_fn(move |_uri| {
        let (host, name) = (host.clone(), name.clone());
        let (connector, trouble) = (connector.clone(), noted.clone());
        async move {
            let tcp = TcpStream::connect((host.as_str(), port)).await?;
            tcp.set_nodelay(true)?;
            let tls =
                connector.connect(name, tcp).await.inspect_err(|error| trouble.note(error))?;
            Ok::<_, io::Error>(TokioIo::new(Watched { inner: tls, trouble }))
        }
    });
    // TLS is the connector's; the scheme here only fills a header.
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|error| unreachable(error.to_string()))?
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    match endpoint.connect_with_connector(service).await {
        Ok(channel) => Ok(Connection { channel, trouble }),
        Err(error) => Err(match trouble.text() {
            Some(refused) => ConnectError::Refused(refused),
            None => unreachable(deepest(&error)),
        }),
    }
}

/// The innermost cause: what really happened, without the wrappers.
pub(crate) fn deepest(error: &dyn std::error::Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}

/// What a TLS error means to the person who runs the agent.
fn explain(error: &rustls::Error) -> String {
    if let rustls::Error::AlertReceived(alert) = error {
        let enrol = "ask for a new token and enrol again (move the state directory away first)";
        return if *alert == AlertDescription::CertificateExpired {
            format!("the collector refuses this agent's certificate: it has expired; {enrol}")
        } else if *alert == AlertDescription::CertificateRevoked
            || *alert == AlertDescription::AccessDenied
        {
            format!("the collector refuses this agent's certificate: it is revoked; {enrol}")
        } else if *alert == AlertDescription::UnknownCA {
            format!(
                "the collector does not know who issued this agent's certificate: is it another collector than the one enrolled with? {enrol}"
            )
        } else {
            format!("the collector broke off the handshake ({alert:?}); see its log, or {enrol}")
        };
    }
    if let rustls::Error::InvalidCertificate(reason) = error {
        if let CertificateError::Other(pin) = reason {
            return pin.to_string();
        }
        // Another CA of the same name shows as a wrong signature.
        let stranger = [CertificateError::UnknownIssuer, CertificateError::BadSignature];
        return if stranger.contains(reason) {
            "the collector's certificate was not issued by the CA that was pinned at enrolment: either this is another collector, or somebody is in between; compare the fingerprint that `exhibit-collector token create` prints".to_owned()
        } else {
            format!(
                "the collector's certificate is not accepted: {reason}; check its address and both clocks"
            )
        };
    }
    format!("TLS with the collector failed: {error}")
}

/// Accepts a chain that contains the certificate with the pinned fingerprint and that validates to it.
#[derive(Debug)]
struct Pinned {
    pin: CaPin,
    provider: Arc<CryptoProvider>,
}

/// The chain of the collector does not contain the pinned certificate.
#[derive(Debug, thiserror::Error)]
#[error(
    "the collector shows no certificate with fingerprint {pin} (it shows {shown}): either --ca is wrong, this is another collector, or somebody is in between; compare with what `exhibit-collector token create` prints"
)]
struct WrongCa {
    pin: CaPin,
    shown: String,
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
        let digest = |certificate: &CertificateDer<'_>| CaPin(Digest::of(certificate));
        let Some(ca) = intermediates.iter().find(|shown| digest(shown) == self.pin) else {
            let shown = intermediates.last().unwrap_or(end_entity);
            let wrong = WrongCa { pin: self.pin, shown: digest(shown).to_string() };
            let other = rustls::OtherError(Arc::new(wrong));
            return Err(rustls::Error::InvalidCertificate(CertificateError::Other(other)));
        };
        let roots = roots(ca.clone().into_owned())?;
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

/// A stream that notes TLS errors on their way to layers which would hide them.
struct Watched<S> {
    inner: S,
    trouble: Trouble,
}

impl<S> Watched<S> {
    fn note<T>(&self, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &poll {
            self.trouble.note(error);
        }
        poll
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_read(context, buffer);
        self.note(poll)
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// A write that fails because the other side hung up hides the alert that says why: it still waits to be read.
    fn after_write<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if matches!(poll, Poll::Ready(Err(_))) {
            let mut byte = [0; 1];
            match Pin::new(&mut self.inner).poll_read(context, &mut ReadBuf::new(&mut byte)) {
                Poll::Ready(Err(error)) => self.trouble.note(&error),
                Poll::Ready(Ok(())) => {}
                // The write failed before the event loop told of the hang-up; a dead socket always becomes readable.
                Poll::Pending => return Poll::Pending,
            }
        }
        self.note(poll)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.after_write(context, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_flush(context);
        self.after_write(context, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_shutdown(context);
        self.after_write(context, poll)
    }
}
