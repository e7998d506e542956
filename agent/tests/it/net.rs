//! How the small collector is reached: its CA, its certificate, TLS and HTTP/2.

use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;

pub(crate) fn authority() -> (Vec<u8>, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap().der().to_vec();
    (ca, Issuer::new(params, key))
}

pub(crate) fn server_certificate(
    issuer: &Issuer<'static, KeyPair>,
    ca: &[u8],
) -> (PrivateKeyDer<'static>, Vec<CertificateDer<'static>>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let chain = vec![certificate.der().clone(), CertificateDer::from(ca.to_vec())];
    (PrivateKeyDer::Pkcs8(key.serialize_der().into()), chain)
}

pub(crate) async fn serve(
    listener: TcpListener,
    mut config: rustls::ServerConfig,
    routes: tonic::service::Routes,
) {
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let routes = routes.prepare();
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let (acceptor, routes) = (acceptor.clone(), routes.clone());
        tokio::spawn(async move {
            // A refused handshake is what some tests want.
            let Ok(tls) = acceptor.accept(tcp).await else { return };
            let mut builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            builder.http2().timer(TokioTimer::new());
            let service = TowerToHyperService::new(routes);
            drop(builder.serve_connection(TokioIo::new(tls), service).await);
        });
    }
}
