//! An envelope as it was signed, however it travelled. It believes nothing: what comes out is hashed and its signature checked
//! like any other.

use bytes::Bytes;
use exhibit_proto::digest::Digest;
use exhibit_proto::rpc::Envelope;
use exhibit_proto::{against, dsse};
use tonic::Status;

use super::service::{Shared, blocking};

impl Shared {
    /// The envelope as it was signed, where its payload came apart or packed against an earlier one. An agent whose stream
    /// ends here sends it whole the next time.
    pub(super) async fn whole(&self, envelope: Envelope) -> Result<Envelope, Status> {
        let Envelope { bytes, payload, base, known_size } = envelope;
        let payload = match base.is_empty() {
            true => payload,
            false => self.unpacked(&bytes, &payload, &base).await?.into(),
        };
        let bytes = match payload.is_empty() {
            true => bytes,
            false => dsse::together(&bytes, &payload).map_err(invalid)?.into(),
        };
        Ok(Envelope { bytes, known_size, payload: Bytes::new(), base: Bytes::new() })
    }

    async fn unpacked(&self, head: &[u8], packed: &[u8], base: &[u8]) -> Result<Vec<u8>, Status> {
        let (reader, digest) =
            (self.ingest.reader.clone(), Digest::try_from(base).map_err(invalid)?);
        let held = blocking(move || reader.envelope(&digest)).await?;
        let held = held.as_deref().map(dsse::Envelope::parse).transpose().map_err(invalid)?;
        let head = dsse::Envelope::parse(head).map_err(invalid)?;
        // What others said is none of this agent's business, not even whether it is here.
        let own = |held: &dsse::Envelope| held.key_hints().next() == head.key_hints().next();
        let held = held.filter(own).ok_or_else(|| {
            Status::failed_precondition(format!(
                "no envelope {digest} by this key is held, against which the payload is packed: send it whole"
            ))
        })?;
        let earlier = held.unverified_payload().map_err(invalid)?;
        against::unpack(packed, &earlier).map_err(invalid)
    }
}

fn invalid(error: impl std::error::Error) -> Status {
    Status::invalid_argument(error.to_string())
}
