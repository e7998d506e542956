//! Who gets in, and who does not.

use exhibit_collector::identity::Authority;
use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::{HeartbeatRequest, RenewRequest};
use exhibit_proto::statement::{ENROL, Enrol, Statement};
use exhibit_proto::tlog_proof::TlogProof;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tonic::Code;

use crate::harness::{Agent, Asking, Collector};

const TARGET: &str = "host:one";

#[tokio::test]
async fn token_enrols_once_and_the_log_says_so() {
    let collector = Collector::start();
    let token = collector.token(&[]);
    let asking = Asking::new(&token, TARGET, 1);
    let answer = asking.send(&collector).await.unwrap();
    assert_eq!(answer.targets, [TARGET]);
    assert_eq!(answer.ca.as_ref(), collector.ca.as_ref());
    assert_eq!(answer.log_key, collector.log.vkey());
    assert!(answer.evidence_address.starts_with("localhost:"));
    let proof = TlogProof::parse(&answer.receipt).unwrap();
    let leaf = proof.extra.clone().unwrap();
    proof.verify(&leaf, &collector.log).unwrap();

    let envelope = exhibit_proto::leaf::Leaf::parse(&leaf).unwrap().env;
    let reader = exhibit_collector::log::LogReader::open(&collector.dir.path().join("data/log.db"));
    let bytes = reader.unwrap().envelope(&envelope).unwrap().unwrap();
    let statement = Statement::<Value>::open(&bytes, collector.log.key()).unwrap();
    assert_eq!(statement.predicate_type, ENROL);
    let enrol: Enrol = statement.predicate_as().unwrap();
    assert_eq!((enrol.agent, enrol.approved_by), (answer.agent.clone(), "ada".to_owned()));
    assert_eq!(enrol.evidence_key, asking.key.public().to_pem());
    assert_eq!(enrol.certificate, Digest::of(&answer.certificate));

    // The same key with the same token: the first answer was lost.
    let again = asking.send(&collector).await.unwrap();
    assert_eq!(again.agent, answer.agent);
    // Anybody else: used.
    let other = Asking::new(&token, "host:two", 2).send(&collector).await.unwrap_err();
    assert_eq!(other.code(), Code::Unauthenticated);
    assert!(other.message().contains("was used on"), "{other}");
    assert_eq!(collector.checkpoint().await.size, 4);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_way_out_and_logs_nothing() {
    let collector = Collector::start();
    let token = collector.token(&[]);
    let fine = || Asking::new(&token, TARGET, 1);

    let unknown = Asking::new("exh_unknown", TARGET, 1);
    let expired = Asking::new(&collector.token(&["--ttl", "1ms"]), TARGET, 1);
    let foreign = Asking::new(&collector.token(&["--host-name", "db-*"]), TARGET, 1);
    let mut forged = fine();
    forged.request.target = "host:two".into();
    let mut weak = fine();
    weak.request.evidence_key = [&fine().request.evidence_key[..12], &[0; 32]].concat().into();
    let mut csr = fine();
    csr.request.csr = b"no request".to_vec().into();
    let signed = exhibit_proto::enrolment::possession(
        &token,
        &csr.request.csr,
        TARGET,
        &csr.request.host_name,
    );
    csr.request.possession = csr.key.sign(&signed).to_vec().into();
    let mut target = fine();
    target.request.target = "nowhere".into();

    for (asking, code, text) in [
        (unknown, Code::Unauthenticated, "token create"),
        (expired, Code::Unauthenticated, "expired on"),
        (foreign, Code::PermissionDenied, "db-*"),
        (forged, Code::InvalidArgument, "does not fit this request"),
        (weak, Code::InvalidArgument, "small-order"),
        (csr, Code::InvalidArgument, "certificate request"),
        (target, Code::InvalidArgument, "nowhere"),
    ] {
        let refused = asking.send(&collector).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(text), "{refused} lacks {text}");
    }
    assert_eq!(collector.checkpoint().await.size, 5);
    // None of this used the token up.
    fine().send(&collector).await.unwrap();
}

#[tokio::test]
async fn a_taken_target_needs_a_token_that_replaces_and_revokes_the_holder() {
    let collector = Collector::start();
    let first = Agent::enrol(&collector, TARGET, 1).await;
    let mut held = first.client(&collector).await;
    held.heartbeat(HeartbeatRequest::default()).await.unwrap();

    let taken = Asking::new(&collector.token(&[]), TARGET, 2).send(&collector).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    assert!(taken.message().contains(&first.id) && taken.message().contains("--replace"));

    let asking = Asking::new(&collector.token(&["--replace"]), TARGET, 2);
    let second = asking.send(&collector).await.unwrap();
    assert_ne!(second.agent, first.id);
    // The open connection and a new one are both turned away.
    let refused = held.heartbeat(HeartbeatRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("revoked"), "{refused}");
    let refused = first.client(&collector).await.heartbeat(HeartbeatRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let second = Agent::of(asking, &second);
    second.client(&collector).await.heartbeat(HeartbeatRequest::default()).await.unwrap();
}

#[tokio::test]
async fn evidence_port_admits_only_certificates_of_its_ca() {
    let collector = Collector::start();
    let beat = HeartbeatRequest::default();
    // TLS 1.3: a refused certificate shows at the first use.
    let nobody = match collector.evidence(None).await {
        Ok(mut client) => client.heartbeat(beat.clone()).await.map(drop).map_err(drop),
        Err(_) => Err(()),
    };
    assert_eq!(nobody, Err(()));
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::default().self_signed(&key).unwrap();
    let stranger = (own.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()));
    let stranger = match collector.evidence(Some(stranger)).await {
        Ok(mut client) => client.heartbeat(beat).await.map(drop).map_err(drop),
        Err(_) => Err(()),
    };
    assert_eq!(stranger, Err(()));
}

#[tokio::test]
async fn an_expired_certificate_is_refused_by_tls() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let keys = collector.dir.path().join("data/keys");
    let read = |name| std::fs::read_to_string(keys.join(name)).unwrap();
    let authority = Authority::load(&read("ca.pem"), &read("ca.key.pem")).unwrap();
    let csr = CertificateParams::default().serialize_request(&agent.tls).unwrap();
    let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(72);
    agent.certificate = authority.client_certificate(csr.der(), &agent.id, 2, long_ago).unwrap();
    let key = PrivateKeyDer::Pkcs8(agent.tls.serialize_der().into());
    let refused = match collector.evidence(Some((agent.certificate.clone(), key))).await {
        Ok(mut client) => {
            client.heartbeat(HeartbeatRequest::default()).await.map(drop).map_err(drop)
        }
        Err(_) => Err(()),
    };
    assert_eq!(refused, Err(()));
}

#[tokio::test]
async fn a_client_that_pins_another_ca_does_not_connect() {
    let collector = Collector::start();
    let key = KeyPair::generate().unwrap();
    let other = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let other = other.self_signed(&key).unwrap();
    assert!(collector.web(other.der()).await.is_err());
}

#[tokio::test]
async fn certificate_is_renewed_for_a_new_key() {
    let collector = Collector::start();
    let mut agent = Agent::enrol(&collector, TARGET, 1).await;
    let tls = KeyPair::generate().unwrap();
    let csr = CertificateParams::default().serialize_request(&tls).unwrap();
    let request = RenewRequest { csr: csr.der().to_vec().into() };
    let renewed = agent.client(&collector).await.renew(request).await.unwrap().into_inner();
    agent.certificate = CertificateDer::from(renewed.certificate.to_vec());
    agent.tls = tls;
    let answer = agent.client(&collector).await.heartbeat(HeartbeatRequest::default()).await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.wall_millis > 0);
    assert!(std::str::from_utf8(&answer.checkpoint).unwrap().starts_with("log.test/1\n4\n"));
    let refused = agent.client(&collector).await.renew(RenewRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn enrolments_of_one_address_are_limited() {
    let collector = Collector::start_with("[identity]\nenrolments_per_minute = 2\n");
    let asking = Asking::new("exh_unknown", TARGET, 1);
    for _ in 0..2 {
        assert_eq!(asking.send(&collector).await.unwrap_err().code(), Code::Unauthenticated);
    }
    assert_eq!(asking.send(&collector).await.unwrap_err().code(), Code::ResourceExhausted);
}
