//! Enrolment and renewal: a one-time token becomes a client certificate and the pinned key of the log.
//! The evidence key signs that it agrees; it never travels.

use std::time::Duration;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Target;
use exhibit_proto::enrolment::possession;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::enrolment_client::EnrolmentClient;
use exhibit_proto::rpc::evidence_client::EvidenceClient;
use exhibit_proto::rpc::{EnrolRequest, EnrolResponse, RenewRequest};
use exhibit_proto::tlog_proof::TlogProof;
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use zeroize::Zeroizing;

use super::tls::{self, ConnectError, Connection, Trouble};
use super::{Address, CaPin, Client, Identity, Store, StoreError, Validity, to_pem};

const ANSWER: Duration = Duration::from_secs(30);

/// What enrolment is told.
#[derive(Clone)]
pub struct Invitation {
    pub collector: Address,
    pub ca: CaPin,
    pub token: Zeroizing<String>,
    pub target: Target,
    pub host_name: String,
}

/// Why an agent is not enrolled, or its certificate not renewed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error(
        "already enrolled as agent {agent}; to enrol anew, stop the agent, see that `exhibit-agent status` shows an empty spool, and move {dir} away"
    )]
    Already { agent: String, dir: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the collector refuses: {0}")]
    Refused(String),
    #[error("the collector's answer is not believed: {0}; nothing was stored")]
    Unbelievable(String),
    #[error("cannot make a certificate request: {0}")]
    Request(#[from] rcgen::Error),
}

/// Enrols; answers the identity and the checkpoint under which the enrolment stands in the log.
///
/// 1. keys are made and durable; a crash after leaves them for the next attempt
/// 2. the collector logs the enrolment and answers; a crash after costs the token: ask for another
/// 3. certificate durable, 4. identity durable: enrolled
pub async fn enrol(
    store: &Store,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<(Identity, String), EnrolError> {
    if let Some(identity) = store.identity()? {
        let dir = store.path("").display().to_string();
        return Err(EnrolError::Already { agent: identity.agent, dir });
    }
    let evidence = store.evidence_key()?;
    store.local_key()?;
    let (key, csr) = request()?;
    let (token, target) = (invitation.token.as_str(), invitation.target.as_str());
    let agreed = possession(token, &csr, target, &invitation.host_name);
    let request = EnrolRequest {
        token: token.to_owned(),
        host_name: invitation.host_name.clone(),
        target: target.to_owned(),
        csr: csr.into(),
        evidence_key: evidence.public().to_spki().into(),
        possession: evidence.sign(&agreed).to_vec().into(),
    };
    let config = tls::pinned(invitation.ca)?;
    let Connection { channel, trouble } = tls::connect(&invitation.collector, config).await?;
    let mut client = EnrolmentClient::new(channel);
    let answer = answered(client.enrol(request), &trouble).await?;
    let (identity, checkpoint) = believe(invitation, &answer, now)?;
    let client = Client { certificate: answer.certificate.to_vec(), key };
    fits(&client)?;
    store.save_client(&client)?;
    store.save_identity(&identity)?;
    Ok((identity, checkpoint))
}

/// Exchanges the certificate for a fresh one with a fresh key; both are durable when this returns.
pub async fn renew(
    store: &Store,
    connection: &Connection,
    now: Timestamp,
) -> Result<Validity, EnrolError> {
    let (key, csr) = request()?;
    let mut client = EvidenceClient::new(connection.channel.clone());
    let call = client.renew(RenewRequest { csr: csr.into() });
    let answer = answered(call, &connection.trouble).await?;
    let validity = usable(&answer.certificate, now)?;
    let renewed = Client { certificate: answer.certificate.to_vec(), key };
    fits(&renewed)?;
    store.save_client(&renewed)?;
    Ok(validity)
}

/// A fresh key (PKCS #8) and the request for its certificate, DER. The names in it are the collector's to decide.
fn request() -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), EnrolError> {
    let key = KeyPair::generate()?;
    let request = CertificateParams::default().serialize_request(&key)?;
    Ok((Zeroizing::new(key.serialize_der()), request.der().to_vec()))
}

async fn answered<T>(
    call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
    trouble: &Trouble,
) -> Result<T, EnrolError> {
    match tokio::time::timeout(ANSWER, call).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(status)) => {
            let said = trouble.text().unwrap_or_else(|| status.message().to_owned());
            Err(EnrolError::Refused(said))
        }
        Err(_elapsed) => Err(EnrolError::Refused(format!(
            "no answer within {} s; the token may be spent, ask for another if the next attempt says so",
            ANSWER.as_secs()
        ))),
    }
}

/// Checks everything in the answer that can be checked before it is pinned.
fn believe(
    invitation: &Invitation,
    answer: &EnrolResponse,
    now: Timestamp,
) -> Result<(Identity, String), EnrolError> {
    let unbelievable = |text: String| EnrolError::Unbelievable(text);
    if CaPin(Digest::of(&answer.ca)) != invitation.ca {
        return Err(unbelievable("it names another CA than the pinned one".to_owned()));
    }
    usable(&answer.certificate, now)?;
    let log = Verifier::from_vkey(&answer.log_key).map_err(|e| unbelievable(e.to_string()))?;
    let signed = believe_receipt(&answer.receipt, &log)?;
    let mut targets = Vec::new();
    for target in &answer.targets {
        targets.push(target.parse::<Target>().map_err(|e| unbelievable(e.to_string()))?);
    }
    if !targets.contains(&invitation.target) {
        let text = format!("it does not grant {} to this agent", invitation.target);
        return Err(unbelievable(text));
    }
    if answer.agent.is_empty() || answer.agent.len() > 100 {
        return Err(unbelievable("it gives no agent id".to_owned()));
    }
    let identity = Identity {
        v: 1,
        agent: answer.agent.clone(),
        epoch: 1,
        enrolled_with: invitation.collector.clone(),
        evidence_address: evidence_address(invitation, &answer.evidence_address)?,
        ca_fingerprint: invitation.ca.0,
        ca: to_pem("CERTIFICATE", &answer.ca),
        log_key: log.vkey(),
        old_log_key: None,
        targets,
        enrolled_at: now,
    };
    Ok((identity, signed))
}

/// A collector that listens everywhere does not know its name; then it is the one that we came by.
fn evidence_address(invitation: &Invitation, told: &str) -> Result<Address, EnrolError> {
    let told = told.replacen("0.0.0.0:", &format!("{}:", invitation.collector.host()), 1).replacen(
        "[::]:",
        &format!("{}:", invitation.collector.host()),
        1,
    );
    told.parse().map_err(|error| EnrolError::Unbelievable(format!("evidence address: {error}")))
}

fn believe_receipt(receipt: &[u8], log: &Verifier) -> Result<String, EnrolError> {
    let refused = |text: String| EnrolError::Unbelievable(format!("enrolment receipt: {text}"));
    let proof = TlogProof::parse(receipt).map_err(|error| refused(error.to_string()))?;
    let bytes = proof.extra.clone().ok_or_else(|| refused("it carries no leaf".to_owned()))?;
    let leaf = Leaf::parse(&bytes).map_err(|error| refused(error.to_string()))?;
    if leaf.t != EntryType::Enrol || leaf.key != log.key().id() {
        return Err(refused("its leaf is no enrolment by the log".to_owned()));
    }
    let checkpoint: Checkpoint =
        proof.verify(&bytes, log).map_err(|error| refused(error.to_string()))?;
    tracing::debug!(size = checkpoint.size, "enrolment is in the log");
    Ok(proof.checkpoint)
}

fn usable(certificate: &[u8], now: Timestamp) -> Result<Validity, EnrolError> {
    let unbelievable = |text: String| EnrolError::Unbelievable(text);
    let validity = Validity::of(certificate)
        .ok_or_else(|| unbelievable("its certificate cannot be read".to_owned()))?;
    if validity.until <= now {
        let text = format!("its certificate ended {}; compare both clocks", validity.until);
        return Err(unbelievable(text));
    }
    Ok(validity)
}

/// Whether the certificate is for the key: TLS would find out too late.
fn fits(client: &Client) -> Result<(), EnrolError> {
    let key = KeyPair::try_from(client.key.as_slice())?;
    let mismatch = || EnrolError::Unbelievable("its certificate is for another key".to_owned());
    let (_, certificate) =
        x509_parser::parse_x509_certificate(&client.certificate).map_err(|_bad| mismatch())?;
    let spki = certificate.public_key().raw;
    if spki == rcgen::PublicKeyData::subject_public_key_info(&key) {
        Ok(())
    } else {
        Err(mismatch())
    }
}
