//! Verifies a bundle, from the bytes of its files up to its items. Never believes a key that the bundle brings.

mod chains;
mod documents;
mod head;
mod history;
mod item;
mod keys;
mod manifest;
mod sums;
mod times;
mod tree;

use std::path::Path;

use exhibit_proto::bundle;
use jiff::Timestamp;

use crate::files::{FileError, Folder};
use crate::progress::Progress;
use crate::report::{About, Check, Counts, Ledger, Log, Report, SCHEMA, State, Trusted};
use crate::trust::Trust;

/// Verifies the bundle in folder `bundle`. Whatever is wrong with the bundle is in the report; an error means that the
/// folder cannot be read at all. `now` only judges whether a cosignature comes from the future.
pub fn verify(
    bundle: &Path,
    trust: &Trust,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Report, FileError> {
    let folder = Folder::open(bundle)?;
    let mut ledger = Ledger::default();
    sums::check(&folder, &mut ledger, progress);
    let head = head::open(&folder, trust, now, &mut ledger);
    let manifest = manifest::read(&folder, &mut ledger);
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        state: State::NotChecked,
        bundle: bundle.display().to_string(),
        trust: trusted(trust),
        log: None,
        about: manifest.as_ref().map(|manifest| About {
            generated_at: manifest.generated_at.clone(),
            selection: manifest.selection.clone(),
        }),
        counts: Counts { files: folder.files().count() as u64, ..Counts::default() },
        checks: Ledger::default().checks,
        findings: Vec::new(),
        items: Vec::new(),
        chains: Vec::new(),
    };
    let readable = manifest.is_some();
    if let Some(head) = head {
        if let Some(manifest) = &manifest {
            manifest::check(manifest, &head, &folder, &mut ledger);
        }
        let (items, selection) =
            manifest.map(|manifest| (manifest.items, manifest.selection)).unwrap_or_default();
        let period = manifest::Period::of(&selection, &mut ledger);
        let tree = tree::rebuild(&folder, &head, (&items, period), &mut ledger, progress);
        if readable && tree.rebuilt {
            manifest::complete(&selection, &tree.left_out, &mut ledger);
        }
        let mut reader = item::Reader::new(&folder, &head, &tree);
        progress.stage("items", items.len() as u64);
        for claimed in &items {
            let item = reader.check(claimed);
            report.counts.items.count(item.state);
            report.items.push(item);
            progress.step(1);
        }
        report.counts.documents = reader.documents();
        report.chains = tree.chains;
        let gaps = report.chains.iter().flat_map(|chain| &chain.gaps);
        report.counts.missing_statements =
            gaps.fold(0, |sum: u64, gap| sum.saturating_add(gap.len()));
        report.log = Some(Log {
            origin: head.log.name().to_owned(),
            fingerprint: head.log.key().id(),
            size: head.checkpoint.size,
            root: head.checkpoint.root,
            cosigned: head.cosigned,
        });
        // Without a manifest there are no items, and nearly every file would be named.
        for path in folder.unclaimed().into_iter().filter(|_| readable) {
            let detail = "belongs to nothing in this bundle: no item refers to it";
            ledger.failed(Check::Files, path, detail);
        }
    } else {
        let why = "no checkpoint that the policy trusts, so nothing can be shown about them";
        ledger.not_checked(Check::Leaf, Some(bundle::MANIFEST), format!("items: {why}"));
    }
    let worst = report.items.iter().map(|item| item.state).max().unwrap_or(State::Verified);
    report.state = ledger.worst().max(worst);
    report.checks = ledger.checks;
    report.findings = ledger.findings;
    Ok(report)
}

fn trusted(trust: &Trust) -> Trusted {
    let logs = trust.policy.logs.iter().map(|log| log.vkey()).collect();
    Trusted { policy: trust.source.clone(), policy_sha256: trust.sha256, logs }
}
