//! Enrolment, renewal and revocation. A token is used up, and a certificate handed out, only after the entry is in the log.

use std::sync::Arc;

use exhibit_proto::digest::Digest;
use exhibit_proto::document::Target;
use exhibit_proto::enrolment::possession;
use exhibit_proto::keys::PublicKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::rpc::{EnrolRequest, EnrolResponse};
use exhibit_proto::statement::{ENROL, Enrol, REVOKE, Revoke, Subject};
use exhibit_proto::tlog_proof::TlogProof;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::registry::Agent;
use super::tokens::{Grant, Tokens};
use super::{Authority, Collector, IdentityError, Registry};
use crate::log::{LogReader, LogWriter};

const MAX_HOST_NAME: usize = 253;
const FIRST_EPOCH: u64 = 1;

/// What enrolments are told and given.
#[derive(Clone, Debug)]
pub struct EnrollerSettings {
    /// Life of a client certificate, in days.
    pub certificate_days: i64,
    /// host:port of the evidence port, as agents reach it.
    pub evidence_address: String,
}

/// What a person asks for who revokes an agent's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Agent id, target or host name, as the person wrote it.
    pub agent: String,
    pub by: String,
    pub reason: String,
}

/// Makes agents; clones share everything.
#[derive(Clone)]
pub struct Enroller(Arc<Inner>);

struct Inner {
    authority: Arc<Authority>,
    collector: Collector,
    tokens: Tokens,
    registry: Registry,
    writer: LogWriter,
    reader: LogReader,
    settings: EnrollerSettings,
    /// One enrolment or revocation at a time: each sees the targets that the one before it granted.
    turn: Mutex<()>,
}

/// A request whose form and signature hold.
struct Checked {
    target: Target,
    host_name: String,
    key: PublicKey,
    csr: Vec<u8>,
}

impl Enroller {
    pub fn new(
        authority: Arc<Authority>,
        collector: Collector,
        tokens: Tokens,
        registry: Registry,
        (writer, reader): (LogWriter, LogReader),
        settings: EnrollerSettings,
    ) -> Self {
        let turn = Mutex::new(());
        Self(Arc::new(Inner {
            authority,
            collector,
            tokens,
            registry,
            writer,
            reader,
            settings,
            turn,
        }))
    }

    /// Enrols an agent, or answers again one whose first answer was lost. To be run to its end even if the caller goes away:
    /// an entry that is in the log must be in the registry.
    pub async fn enrol(
        &self,
        request: EnrolRequest,
        now: Timestamp,
    ) -> Result<EnrolResponse, IdentityError> {
        let checked = check(&request)?;
        let _turn = self.0.turn.lock().await;
        let token = request.token;
        let grant = {
            let (tokens, token) = (self.0.tokens.clone(), token.clone());
            let (host_name, key) = (checked.host_name.clone(), checked.key.id());
            blocking(move || tokens.reserve(&token, &host_name, &key, now)).await?
        };
        let enrolled = self.grant(&checked, &grant, now).await;
        let tokens = self.0.tokens.clone();
        match &enrolled {
            Ok(response) => {
                let agent = response.agent.clone();
                blocking(move || Ok(tokens.complete(&token, &agent, now)?)).await?;
            }
            Err(_) => blocking(move || Ok(tokens.release(&token)?)).await?,
        }
        enrolled
    }

    /// A new certificate for a live agent.
    pub fn renew(
        &self,
        agent: &Agent,
        csr: &[u8],
        now: Timestamp,
    ) -> Result<CertificateDer<'static>, IdentityError> {
        self.0.authority.client_certificate(csr, &agent.id, self.0.settings.certificate_days, now)
    }

    /// Revokes the key of the agent that `name` means (id, target or host name); answers its id and the index of the entry.
    /// Nothing that it sends is admitted from then on, on open connections too, and its targets are free. To be run to its
    /// end, as [`Enroller::enrol`].
    pub async fn revoke(
        &self,
        name: &str,
        by: &str,
        reason: &str,
    ) -> Result<(String, u64), IdentityError> {
        let _turn = self.0.turn.lock().await;
        self.catch_up().await?;
        let agent = self.0.registry.named(name)?;
        if let Some(index) = agent.revoked {
            return Err(IdentityError::RevokedAlready { agent: agent.id, index });
        }
        let index = self.append_revoke(&agent, by, reason).await?;
        Ok((agent.id, index))
    }

    async fn grant(
        &self,
        checked: &Checked,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<EnrolResponse, IdentityError> {
        let Inner { authority, registry, settings, .. } = &*self.0;
        self.catch_up().await?;
        let days = settings.certificate_days;
        if let Some(held) = registry.key(&checked.key.id()) {
            let agent = registry.live(&held.agent)?;
            // Same key, same target: the first answer was lost, or the certificate expired. After a rotation the answer
            // would name the wrong epoch.
            let rotated = held.replaced.is_some() || held.epoch != FIRST_EPOCH;
            if rotated || !agent.targets.contains(&checked.target) {
                return Err(IdentityError::KeyTaken(checked.key.id()));
            }
            let certificate = authority.client_certificate(&checked.csr, &agent.id, days, now)?;
            let (reader, index) = (self.0.reader.clone(), agent.enrolled);
            let receipt = blocking(move || Ok(reader.proof(index)?)).await?;
            return Ok(self.response(agent.id, &certificate, &checked.target, &receipt));
        }
        let id = uuid::Uuid::now_v7().to_string();
        let certificate = authority.client_certificate(&checked.csr, &id, days, now)?;
        if let Some(holder) = registry.holder(&checked.target) {
            if !grant.takes_over {
                return Err(IdentityError::TargetTaken {
                    target: checked.target.to_string(),
                    agent: holder.id,
                    host_name: holder.host_name,
                });
            }
            let reason = format!("replaced by agent {id}");
            self.append_revoke(&holder, &grant.made_by, &reason).await?;
        }
        // An agent may rotate to this very key at this moment.
        let keys = registry.keys_turn();
        let _keys = keys.lock().await;
        if registry.key(&checked.key.id()).is_some() {
            return Err(IdentityError::KeyTaken(checked.key.id()));
        }
        let enrol = Enrol {
            agent: id.clone(),
            epoch: FIRST_EPOCH,
            evidence_key: checked.key.to_pem(),
            targets: vec![checked.target.clone()],
            host_name: checked.host_name.clone(),
            certificate: Digest::of(&certificate),
            approved_by: grant.made_by.clone(),
        };
        let subject = Subject::new(format!("urn:exhibit:agent:{id}"), checked.key.id(), None);
        let entry = self.0.collector.entry(EntryType::Enrol, ENROL, vec![subject], enrol)?;
        let committed = self.0.writer.append(entry).await?;
        self.catch_up().await?;
        tracing::info!(agent = %id, target = %checked.target, index = committed.index, "agent enrolled");
        Ok(self.response(id, &certificate, &checked.target, &committed.proof))
    }

    async fn append_revoke(
        &self,
        agent: &Agent,
        by: &str,
        reason: &str,
    ) -> Result<u64, IdentityError> {
        // A statement that was found good before must stand before the revocation, or nobody could verify it.
        let turn = self.0.registry.turn(&agent.id);
        let _turn = turn.lock().await;
        // It may have rotated meanwhile: the key in force is the one to revoke.
        let agent = &self.0.registry.live(&agent.id)?;
        let (by, reason) = (by.to_owned(), reason.to_owned());
        let revoke = Revoke { agent: agent.id.clone(), key: agent.key, by, reason };
        let subject = Subject::new(format!("urn:exhibit:agent:{}", agent.id), agent.key, None);
        let entry = self.0.collector.entry(EntryType::Revoke, REVOKE, vec![subject], revoke)?;
        let committed = self.0.writer.append(entry).await?;
        self.catch_up().await?;
        tracing::info!(agent = %agent.id, index = committed.index, "agent revoked");
        Ok(committed.index)
    }

    async fn catch_up(&self) -> Result<(), IdentityError> {
        let registry = self.0.registry.clone();
        blocking(move || registry.catch_up()).await
    }

    fn response(
        &self,
        agent: String,
        certificate: &CertificateDer<'_>,
        target: &Target,
        receipt: &TlogProof,
    ) -> EnrolResponse {
        EnrolResponse {
            agent,
            certificate: certificate.to_vec().into(),
            ca: self.0.authority.certificate().to_vec().into(),
            log_key: self.0.collector.verifier().vkey(),
            targets: vec![target.to_string()],
            evidence_address: self.0.settings.evidence_address.clone(),
            receipt: receipt.to_text().into_bytes().into(),
        }
    }
}

/// What can be decided without looking anything up.
fn check(request: &EnrolRequest) -> Result<Checked, IdentityError> {
    let malformed = |what, value: &str, way_out| IdentityError::Malformed {
        what,
        value: value.chars().take(80).collect(),
        way_out,
    };
    let target: Target = request.target.parse().map_err(|_not_a_target| {
        malformed("target", &request.target, "expected `host:<machine-id>`")
    })?;
    let host_name = request.host_name.clone();
    let bad = |c: char| c.is_control() || c.is_whitespace();
    if host_name.is_empty() || host_name.len() > MAX_HOST_NAME || host_name.contains(bad) {
        let way_out = "expected 1 to 253 characters without spaces";
        return Err(malformed("host name", &host_name, way_out));
    }
    let key = PublicKey::from_spki(&request.evidence_key).map_err(IdentityError::EvidenceKey)?;
    let message = possession(&request.token, &request.csr, &request.target, &request.host_name);
    if !key.verifies(&message, &request.possession) {
        return Err(IdentityError::Possession);
    }
    Ok(Checked { target, host_name, key, csr: request.csr.to_vec() })
}

/// Runs a blocking decision off the async threads.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
) -> Result<T, IdentityError> {
    tokio::task::spawn_blocking(act).await.map_err(|_panicked| IdentityError::Interrupted)?
}
