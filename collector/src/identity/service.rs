//! The enrolment service of the second port: a rate limit, the enroller, and one place that makes gRPC statuses.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use exhibit_proto::rpc::enrolment_server::{Enrolment, EnrolmentServer};
use exhibit_proto::rpc::{EnrolRequest, EnrolResponse};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use super::{Enroller, IdentityError};
use crate::log::AppendError;
use crate::net::Peer;

/// A request has a token, a CSR and a key; nothing long.
const MAX_MESSAGE: usize = 64 << 10;
/// Addresses that are remembered before idle ones are dropped.
const REMEMBERED: usize = 10_000;

/// Enrolment over gRPC.
pub struct EnrolmentService {
    enroller: Enroller,
    limit: Arc<DefaultKeyedRateLimiter<IpAddr>>,
}

impl EnrolmentService {
    /// `per_minute` enrolments are allowed to one address.
    pub fn server(enroller: Enroller, per_minute: NonZeroU32) -> EnrolmentServer<Self> {
        let limit = Arc::new(RateLimiter::keyed(Quota::per_minute(per_minute)));
        EnrolmentServer::new(Self { enroller, limit })
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }
}

#[tonic::async_trait]
impl Enrolment for EnrolmentService {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let peer = request.extensions().get::<Peer>();
        let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
        if self.limit.len() > REMEMBERED {
            self.limit.retain_recent();
        }
        if self.limit.check_key(&address).is_err() {
            return Err(IdentityError::TooMany(address).into());
        }
        let (enroller, request) = (self.enroller.clone(), request.into_inner());
        // A task of its own: a client that goes away must not stop it half way.
        let task = tokio::spawn(async move { enroller.enrol(request, Timestamp::now()).await });
        match task.await.unwrap_or(Err(IdentityError::Interrupted)) {
            Ok(response) => Ok(Response::new(response)),
            Err(error) => {
                tracing::warn!(%address, %error, "enrolment refused");
                Err(error.into())
            }
        }
    }
}

/// Agents learn the class and the way out; faults of our own stay in our log.
impl From<IdentityError> for Status {
    fn from(error: IdentityError) -> Self {
        let text = error.to_string();
        match error {
            IdentityError::TokenUnknown
            | IdentityError::TokenUsed { .. }
            | IdentityError::TokenExpired { .. } => Self::unauthenticated(text),
            IdentityError::TokenHost { .. }
            | IdentityError::Revoked { .. }
            | IdentityError::RevokedAlready { .. }
            | IdentityError::UnknownAgent(_) => Self::permission_denied(text),
            IdentityError::NobodyNamed(_) | IdentityError::SeveralNamed { .. } => {
                Self::not_found(text)
            }
            IdentityError::Malformed { .. }
            | IdentityError::EvidenceKey(_)
            | IdentityError::Possession
            | IdentityError::Csr(_) => Self::invalid_argument(text),
            IdentityError::TargetTaken { .. } | IdentityError::KeyTaken(_) => {
                Self::already_exists(text)
            }
            IdentityError::TokenBusy | IdentityError::TooMany(_) => Self::resource_exhausted(text),
            IdentityError::Append(AppendError::Busy | AppendError::Stopped) => {
                Self::unavailable(text)
            }
            IdentityError::Append(AppendError::Conflict { .. } | AppendError::TooLong { .. })
            | IdentityError::File { .. }
            | IdentityError::OpenToOthers { .. }
            | IdentityError::KeyFile { .. }
            | IdentityError::Authority(_)
            | IdentityError::Certificate(_)
            | IdentityError::Tls(_)
            | IdentityError::Random(_)
            | IdentityError::Note(_)
            | IdentityError::Statement(_)
            | IdentityError::Secrets(_)
            | IdentityError::Log(_)
            | IdentityError::Interrupted => {
                tracing::error!(error = text, "the collector could not do its part");
                Self::internal("the collector has a fault of its own; see its log")
            }
        }
    }
}
