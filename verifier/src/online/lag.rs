//! A log whose witnesses are slow is not one that withholds: its newest head still extends what was remembered, though the
//! newest cosigned one is older.

use exhibit_proto::checkpoint::Checkpoint;

use super::remote::Remote;
use crate::follows::{Refused, follows};
use crate::report::{Check, Finding, Report, State};
use crate::trust::Trust;
use crate::verify::{self, Believed};

const MAX_NOTE: u64 = 64 << 10;

/// Where the cosigned head of `report` is a past of the head `known`: whether the newest head, cosigned or not, extends that
/// one. Then nothing is withheld, and the report says so.
pub fn lag(log: &Remote, trust: &Trust, known: &Checkpoint, report: &mut Report) {
    if report.behind.is_none() {
        return;
    }
    let Ok(bytes) = log.newest(MAX_NOTE) else { return };
    let Ok(Believed { checkpoint: newest, .. }) = verify::believed(&bytes, trust, log) else {
        return;
    };
    let grown = newest.origin == known.origin && newest.size >= known.size;
    match grown.then(|| follows(log, known, &newest)) {
        Some(Ok(())) => {}
        Some(Err(Refused::Fork(_) | Refused::Behind(_) | Refused::Unavailable(_))) | None => return,
    }
    report.behind = None;
    report.findings.retain(|finding| finding.check != Check::Consistency);
    let cosigned = report.log.as_ref().map_or(0, |log| log.size);
    let detail = format!(
        "the newest head, over {} entries, extends the remembered one over {}; witnesses have cosigned up to {cosigned}",
        newest.size, known.size
    );
    let (check, state, file) = (Check::Consistency, State::Verified, None);
    report.checks.insert(check, state);
    report.findings.push(Finding { check, state, file, detail });
    report.state = report.checks.values().copied().max().unwrap_or(State::NotChecked);
}
