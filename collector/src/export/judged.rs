//! What the collector shows about the evidence of a bundle: findings, statuses, and the rule packs that gave them. An auditor
//! judges again from the documents and compares; nothing here is a proof by itself.

use std::collections::BTreeSet;
use std::io::Write as _;

use exhibit_assessment::{FINDINGS_SCHEMA, FindingClaim, Observed};
use exhibit_proto::bundle;
use jiff::Timestamp;

use super::folder::Folder;
use super::{ExportError, Selection};
use crate::log::LogReader;
use crate::packs::{PacksError, history};
use crate::views::Views;

/// Writes the three; statuses only where the bundle ends with the present, which the tables must stand at.
pub(super) fn write(
    (views, reader): (&Views, &LogReader),
    selection: &Selection,
    (size, now): (u64, Timestamp),
    folder: &mut Folder,
) -> Result<(), ExportError> {
    let entries = views.entries_between((selection.from, selection.to), size)?;
    let first = views.pack_at(entries.start)?.unwrap_or(entries.start);
    for pack in history(reader)?.iter().filter(|pack| !pack.proposed && pack.index < size) {
        // One that judges nothing of the period may be left out.
        if pack.index < first {
            continue;
        }
        match pack.archive_bytes(reader) {
            Ok(bytes) => folder.put_once(&bundle::pack(&pack.said.pack), &bytes)?,
            // Nothing judged by it here either; a replay says so.
            Err(PacksError::Absent(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let wanted = |target: &str, kind: Option<&str>| {
        let asked = |target| selection.targets.is_empty() || selection.targets.contains(&target);
        let kinds = |kind: &str| {
            let known = kind.parse().is_ok_and(|kind| selection.kinds.contains(&kind));
            selection.kinds.is_empty() || known
        };
        target.parse().is_ok_and(asked) && kind.is_none_or(kinds)
    };
    let mut file = folder.begin_file(bundle::FINDINGS)?;
    let head = format!("{{\"schema\":\"{FINDINGS_SCHEMA}\",\"size\":{size},\"findings\":[");
    file.write_all(head.as_bytes()).map_err(|error| file.failed(error))?;
    let (mut current, mut comma) = (Vec::new(), "\n");
    views.finding_claims(entries, |claim| {
        if !wanted(&claim.target, Some(&claim.kind)) {
            return Ok(());
        }
        let written = file
            .write_all(comma.as_bytes())
            .and_then(|()| serde_json::to_writer(&mut file, &claim).map_err(Into::into));
        written.map_err(|error| file.failed(error))?;
        comma = ",\n";
        current.extend(observed(claim));
        Ok::<_, ExportError>(())
    })?;
    file.write_all(b"\n]}\n").map_err(|error| file.failed(error))?;
    folder.end_file(file)?;
    if selection.to.is_some() {
        return Ok(());
    }
    let Some(mut statuses) = views.status_claims(size, now, &wanted)? else { return Ok(()) };
    let kinds: BTreeSet<String> = selection.kinds.iter().map(ToString::to_string).collect();
    let assessor = views.assessor();
    statuses.statuses = statuses.follow(assessor.framework(), (assessor.pack(), &kinds), &current);
    let text = serde_json::to_vec_pretty(&statuses).unwrap_or_default();
    folder.put(bundle::STATUSES, &text)
}

/// A claim that holds still, as the statuses take it.
fn observed(claim: FindingClaim) -> Option<Observed> {
    let observed_at = claim.observed_at.unwrap_or(claim.since);
    claim.to.is_none().then_some(Observed {
        rule: claim.rule,
        target: claim.target,
        verdict: claim.verdict,
        message: claim.message,
        item_count: claim.item_count,
        since: claim.since,
        observed_at,
    })
}
