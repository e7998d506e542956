//! Whether a log extends a head that was remembered. Damage and withholding are told as such, never as another history.

use exhibit_proto::bundle::CHECKPOINT;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;

use super::head::Head;
use crate::follows::{Refused, behind};
use crate::report::{Check, Ledger};
use crate::source::Source;

/// `rebuilt`: whether the leaves lead to the signed root; `past`: the root of those of them that the remembered head covers, if
/// there are as many. Answers the size of the remembered head if the log shows only a past of it.
pub(super) fn judge(
    log: &dyn Source,
    (head, rebuilt): (&Head, bool),
    (known, past): (&Checkpoint, Option<Digest>),
    ledger: &mut Ledger,
) -> Option<u64> {
    let size = known.size;
    if !rebuilt {
        let detail = "the leaves do not lead to the signed root, so they show no past of it";
        ledger.not_checked(Check::Consistency, Some(CHECKPOINT), detail);
        return None;
    }
    match past {
        Some(root) if root == known.root => {
            let detail = format!("extends the remembered head over {size} entries");
            ledger.shown(Check::Consistency, detail);
        }
        Some(root) => {
            let detail = format!(
                "the log has root {root} over {size} entries, the remembered head says {}: the log was rewritten, or shows two histories",
                known.root
            );
            ledger.failed(Check::Consistency, CHECKPOINT, detail);
        }
        None => return older(log, &head.checkpoint, known, ledger),
    }
    None
}

fn older(
    log: &dyn Source,
    found: &Checkpoint,
    known: &Checkpoint,
    ledger: &mut Ledger,
) -> Option<u64> {
    match behind(log, found, known) {
        Refused::Fork(reason) => ledger.failed(Check::Consistency, CHECKPOINT, reason),
        Refused::Behind(known) => {
            let detail = format!(
                "behind: the head over {} entries is a past of the remembered one over {known}; a stale answer, or not cosigned any further yet",
                found.size
            );
            ledger.not_checked(Check::Consistency, Some(CHECKPOINT), detail);
            return Some(known);
        }
        Refused::Unavailable(reason) => {
            ledger.not_checked(Check::Consistency, Some(CHECKPOINT), "its past cannot be shown");
            ledger.failed(Check::Checkpoint, CHECKPOINT, reason);
        }
    }
    None
}
