//! The log before this one. An entry names its last known head; the other log's own folder shows whether it was so. It never
//! judges what stands in that log: that is a verification of its own.

use std::path::Path;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::continues::Continues;
use jiff::Timestamp;

use super::verify_source;
use crate::files::{FileError, Folder};
use crate::progress::Progress;
use crate::report::{Check, Finding, Predecessor, Report, State};
use crate::trust::Trust;

/// What the entry says; its own reading has told already if it contradicts itself.
pub(super) fn found(trust: &Trust, said: Option<(u64, Continues)>) -> Option<Predecessor> {
    let (index, continues) = said?;
    let (log, head) = continues.head().ok()?;
    let trusted = trust.policy.logs.contains(&log);
    let (origin, size, root) = (head.origin, head.size, head.root);
    let (log_key, signed) = (continues.log_key, continues.signed);
    Some(Predecessor { index, origin, size, root, log_key, trusted, signed })
}

/// Holds the head that `report` found against the log in `old`, a bundle or a folder with checkpoint and tiles, whose key the
/// policy must name too; adds to the report what came of it.
pub fn check(
    report: &mut Report,
    old: &Path,
    trust: &Trust,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<(), FileError> {
    let folder = Folder::open(old)?;
    let place = old.display().to_string();
    let (state, detail) = match &report.predecessor {
        None => (
            State::Failed,
            "no entry that is shown here says that this log goes on from another".to_owned(),
        ),
        Some(named) => {
            let (origin, size, root) = (named.origin.clone(), named.size, named.root);
            let head = Checkpoint { origin, size, root };
            let (old, _) = verify_source(&folder, place.clone(), trust, Some(&head), now, progress);
            judge(named, &old)
        }
    };
    report.state = report.state.max(state);
    report.checks.insert(Check::Predecessor, state);
    report.findings.push(Finding { check: Check::Predecessor, state, file: Some(place), detail });
    Ok(())
}

fn judge(named: &Predecessor, old: &Report) -> (State, String) {
    let Predecessor { index, origin, size, .. } = named;
    let refused = || {
        let failed = old.findings.iter().find(|finding| finding.state == State::Failed);
        let why = failed.map_or("nothing in it can be believed", |finding| &finding.detail);
        (State::Failed, why.to_owned())
    };
    let Some(log) = &old.log else { return refused() };
    if log.origin != *origin {
        let found = &log.origin;
        return (State::Failed, format!("is of the log {found:?}, entry {index} names {origin:?}"));
    }
    if log.size < *size {
        let found = log.size;
        let detail = format!("has {found} entries; entry {index} goes on from {size} of them");
        return (State::Failed, detail);
    }
    if old.state == State::Failed {
        return refused();
    }
    if old.checks.get(&Check::Consistency) != Some(&State::Verified) {
        let detail = format!("does not show whether its first {size} entries have the named root");
        return (State::NotChecked, detail);
    }
    let beyond = match log.size - size {
        0 => "where it ends".to_owned(),
        more => format!("and {more} entries follow there that this log did not know of"),
    };
    let detail =
        format!("shows the head over {size} entries that entry {index} goes on from, {beyond}");
    (State::Verified, detail)
}
