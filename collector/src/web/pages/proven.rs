//! An entry with everything that proves it, checked once more while the page is made.

use exhibit_proto::dsse::{Envelope, IN_TOTO};
use exhibit_proto::keys::PublicKey;
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::Statement;
use serde_json::Value;

use super::{Ask, WebError};
use crate::log::Entry;

/// What the entry and evidence pages show of an entry.
pub(in crate::web) struct Proven {
    pub(in crate::web) index: u64,
    pub(in crate::web) leaf: String,
    pub(in crate::web) envelope_digest: String,
    pub(in crate::web) key: String,
    /// PEM of the key, when a policy or an enrolment names it.
    pub(in crate::web) pem: String,
    /// Who holds the key.
    pub(in crate::web) holder: String,
    /// `None`: there is no envelope or no key to check.
    pub(in crate::web) signature_holds: Option<bool>,
    pub(in crate::web) proof: String,
    pub(in crate::web) path_length: usize,
    pub(in crate::web) inclusion_holds: bool,
    pub(in crate::web) size: u64,
    pub(in crate::web) root: String,
    pub(in crate::web) statement: Option<Statement<Value>>,
}

pub(in crate::web) fn load(ask: &Ask, index: u64) -> Result<(Entry, Proven), WebError> {
    let log = ask.site.log();
    let size = log.head()?.checkpoint.size;
    let missing = || WebError::NotFound(format!("entry {index} in a log of {size}"));
    if index >= size {
        return Err(missing());
    }
    let entry = log.entry(index)?.ok_or_else(missing)?;
    let proof = log.proof(index)?;
    let keys = &ask.site.keys;
    let in_force: Vec<Verifier> = keys.in_force().into_iter().cloned().collect();
    let checked = proof.verify(&entry.leaf_bytes, &in_force).ok();
    let key_id = entry.leaf.key.to_string();
    let own = keys.of_entry(index).key();
    let (pem, holder) = match Some(own).filter(|own| own.id() == entry.leaf.key) {
        Some(own) => (own.to_pem(), "this log".to_owned()),
        None => ask.views.key(&key_id)?.unwrap_or_default(),
    };
    let envelope = entry.envelope.as_deref().and_then(|bytes| Envelope::parse(bytes).ok());
    let payload = envelope.as_ref().and_then(|envelope| envelope.unverified_payload().ok());
    let public = PublicKey::from_pem(&pem).ok();
    let signature_holds =
        envelope.as_ref().zip(public).map(|(envelope, key)| envelope.open(IN_TOTO, &key).is_ok());
    let statement = payload.and_then(|payload| Statement::from_payload(&payload).ok());
    let checkpoint = checked.clone();
    let proven = Proven {
        index,
        leaf: String::from_utf8_lossy(&entry.leaf_bytes).into_owned(),
        envelope_digest: entry.leaf.env.to_string(),
        key: key_id,
        pem,
        holder,
        signature_holds,
        path_length: proof.path.len(),
        proof: proof.to_text(),
        inclusion_holds: checked.is_some(),
        size: checkpoint.as_ref().map_or(size, |checkpoint| checkpoint.size),
        root: checkpoint.map_or(String::new(), |checkpoint| checkpoint.root.to_string()),
        statement,
    };
    Ok((entry, proven))
}
