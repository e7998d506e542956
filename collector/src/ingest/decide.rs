//! What is decided about an envelope before its documents come, out of its bytes, the registry and what the log holds. It
//! changes nothing but the memory of agents that know a larger log.

use std::collections::BTreeSet;

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::Link;
use exhibit_proto::rpc::Envelope;
use jiff::Timestamp;

use super::admission::{Admitted, Refused, Terms, Wanted, chain, examine, last};
use super::ahead::Larger;
use super::service::{Held, Shared};
use crate::identity::Agent;
use crate::log::{LogError, LogReader, Unbrought};

/// What was found before the documents came.
pub(super) struct Decided {
    pub(super) admitted: Admitted,
    pub(super) standing: Standing,
    /// Documents that the log does not hold.
    pub(super) lacking: Vec<Wanted>,
    /// The log's root at the size of the head that the statement carries, where that head has another one.
    pub(super) ours: Option<Digest>,
    /// Entries of the log when it was asked.
    size: u64,
}

impl Decided {
    /// What the envelope names and does not bring, once the documents have come but for those that are `gone`.
    pub(super) fn unbrought(&self, gone: Vec<Digest>) -> Unbrought {
        let asked: BTreeSet<Digest> = self.lacking.iter().map(|wanted| wanted.digest).collect();
        let named = self.admitted.documents.iter().map(|named| named.digest);
        let held = named.filter(|digest| !asked.contains(digest)).collect();
        Unbrought { gone, held, size: self.size }
    }
}

/// What the log holds where an envelope belongs.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// Index of the very same envelope.
    pub(super) held: Option<u64>,
    /// Its predecessor is held, or it is the first: there is no gap.
    pub(super) follows: bool,
}

/// Decides about an envelope before its documents; blocking.
pub(super) fn decide(
    service: &Shared,
    agent: &Agent,
    envelope: &Envelope,
) -> Result<Result<Decided, Refused>, LogError> {
    let ingest = &service.ingest;
    let size = ingest.writer.size();
    if let Some(known) = ingest.ahead.proven() {
        return Ok(Err(Refused::later(format!(
            "this log has {size} entries, and its key has signed {known}: the collector must be mended first"
        ))));
    }
    if let Some(refused) = larger(service, agent, envelope.known_size, size) {
        return Ok(Err(refused));
    }
    let (origin, document_bytes) = (ingest.origin.as_str(), ingest.limits.document_bytes);
    let terms = Terms { origin, agent, document_bytes };
    let admitted = match examine(&envelope.bytes, &terms, |key| ingest.registry.key(key)) {
        Ok(admitted) => admitted,
        Err(refused) => return Ok(Err(refused)),
    };
    let standing = match place(&ingest.reader, &admitted)? {
        Ok(standing) => standing,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut decided = Decided { admitted, standing, lacking: Vec::new(), ours: None, size };
    if standing.held.is_some() {
        // The receipt follows without documents.
        return Ok(Ok(decided));
    }
    if let Some(seen) = &decided.admitted.seen {
        if let Some(refused) = larger(service, agent, seen.size, size) {
            return Ok(Err(refused));
        }
        decided.ours = Some(ingest.reader.root_at(seen.size)?).filter(|ours| *ours != seen.root);
    }
    for named in &decided.admitted.documents {
        match service.held(named)? {
            None => decided.lacking.push(named.clone()),
            Some(Held::Named) => {}
            Some(Held::Proof) => {
                let text = format!("{} is held and is not a document", named.digest);
                return Ok(Err(Refused::invalid(text)));
            }
            Some(Held::About(kind, target)) => {
                return Ok(Err(Refused::invalid(format!(
                    "document {} is {kind} of {target}, its statement says {} of {}",
                    named.digest, named.kind, named.target
                ))));
            }
        }
    }
    Ok(Ok(decided))
}

/// An agent that has verified more than this log holds is told to wait, and people are told why.
fn larger(service: &Shared, agent: &Agent, known: u64, ours: u64) -> Option<Refused> {
    if known <= ours {
        service.ingest.ahead.clear(&agent.id, false);
        return None;
    }
    tracing::error!(
        agent = %agent.id, known, ours,
        "an agent has verified a larger log than this one: was an old backup restored?"
    );
    let larger = Larger { known, ours, at: Timestamp::now(), signed: None };
    service.ingest.ahead.note(&agent.id, larger);
    Some(Refused::later(format!(
        "this log has {ours} entries where the agent has verified {known}: the collector must be mended first"
    )))
}

/// What the log holds at the envelope's place and before it.
pub(super) fn place(
    reader: &LogReader,
    admitted: &Admitted,
) -> Result<Result<Standing, Refused>, LogError> {
    let link = admitted.link;
    let own = reader.linked(&admitted.key, &link)?;
    let before = match link.seq.checked_sub(1).filter(|seq| *seq > 0) {
        Some(seq) => reader.linked(&admitted.key, &Link { seq, ..link })?,
        None => None,
    };
    let tip = match admitted.brings {
        Some(_) => reader.tip(&admitted.key, link.epoch)?.map(|tip| tip.seq),
        None => None,
    };
    let placed = chain(admitted, own, before.map(|(_, held)| held));
    let placed = placed.and_then(|held| last(admitted, held, tip));
    let follows = link.seq == 1 || before.is_some();
    Ok(placed.map(|held| Standing { held, follows }))
}
