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
mod timestamps;
mod tombstones;
mod tree;

use std::path::Path;

use exhibit_proto::bundle;
use jiff::Timestamp;

use self::head::Head;
use self::tree::Asked;

use crate::files::{FileError, Folder};
use crate::progress::Progress;
use crate::report::{
    About, Chain, Check, Counts, Item, Ledger, Log, Report, SCHEMA, State, Trusted,
};
use crate::trust::Trust;

/// Items whose signatures are checked at a time.
const WAVE: usize = 512;

/// Verifies the bundle in folder `bundle`. Whatever is wrong with the bundle is in the report; an error means that the
/// folder cannot be read at all. `now` only judges whether a cosignature comes from the future.
pub fn verify(
    bundle: &Path,
    trust: &Trust,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Report, FileError> {
    let mut items = Vec::new();
    let mut report = verify_each(bundle, trust, now, progress, &mut |item| items.push(item))?;
    report.items = items;
    Ok(report)
}

/// [`verify`], handing over each item by ascending index as it is judged; the report comes without them, so that memory
/// does not grow with their findings.
pub fn verify_each(
    bundle: &Path,
    trust: &Trust,
    now: Timestamp,
    progress: &dyn Progress,
    take: &mut dyn FnMut(Item),
) -> Result<Report, FileError> {
    let folder = Folder::open(bundle)?;
    let mut ledger = Ledger::default();
    sums::check(&folder, &mut ledger, progress);
    let head = head::open(&folder, trust, now, &mut ledger);
    let outline = manifest::read(&folder, &mut ledger);
    let mut report = blank(bundle, folder.count(), trust);
    report.about = outline.as_ref().map(|outline| About {
        generated_at: outline.generated_at.clone(),
        selection: outline.selection.clone(),
    });
    let mut worst = State::Verified;
    if let Some(head) = head {
        head::copies(&folder, &head.log, &mut ledger);
        if let Some(outline) = &outline {
            manifest::check(outline, &head, &folder, &mut ledger);
        }
        let (selection, listed) = outline
            .as_ref()
            .map(|outline| (outline.selection.clone(), outline.listed.as_slice()))
            .unwrap_or_default();
        let period = manifest::Period::of(&selection, &mut ledger);
        let tree = {
            let asked = Some(Asked { listed, period });
            tree::rebuild(&folder, &head, asked, &mut ledger, progress)
        };
        if outline.is_some() && tree.rebuilt {
            manifest::complete(&selection, &tree.left_out, &mut ledger);
        }
        let roots = trust.tsa_roots.as_ref();
        let (known, stamps) = timestamps::check(&folder, &head, &tree, roots, &mut ledger);
        report.timestamps = stamps;
        let times = times::Times::new(known);
        let mut reader = item::Reader::new(&folder, &head, &tree, times);
        if outline.is_some() {
            progress.stage("items", listed.len() as u64);
            let mut judge = |item: Item| {
                worst = worst.max(item.state);
                report.counts.items.count(item.state);
                progress.step(1);
                take(item);
            };
            if let Err(error) = each(&folder, &mut reader, &mut judge) {
                ledger.failed(Check::Manifest, bundle::MANIFEST, error);
            }
        }
        report.counts.documents = reader.documents();
        report.noticed = reader.noticed();
        about_log(&mut report, head, tree.chains);
        // Without a manifest there are no items, and nearly every file would be named.
        for path in folder.unclaimed().filter(|_| outline.is_some()) {
            let detail = "belongs to nothing in this bundle: no item refers to it";
            ledger.failed(Check::Files, &path, detail);
        }
    } else {
        let why = "no checkpoint that the policy trusts, so nothing can be shown about them";
        ledger.not_checked(Check::Leaf, Some(bundle::MANIFEST), format!("items: {why}"));
    }
    report.state = ledger.worst().max(worst);
    report.checks = ledger.checks;
    report.findings = ledger.findings;
    Ok(report)
}

/// Judges one item of the manifest after another, a wave at a time.
fn each(
    folder: &Folder,
    reader: &mut item::Reader<'_>,
    take: &mut dyn FnMut(Item),
) -> Result<(), String> {
    let mut wave = Vec::with_capacity(WAVE);
    let mut flush = |wave: &mut Vec<bundle::Item>| {
        // What costs most needs nobody's turn.
        let ahead = reader.ahead(wave);
        for (claimed, ahead) in wave.drain(..).zip(ahead) {
            take(reader.check(&claimed, ahead));
        }
    };
    manifest::items(folder, &mut |item| {
        wave.push(item);
        if wave.len() == WAVE {
            flush(&mut wave);
        }
    })?;
    flush(&mut wave);
    Ok(())
}

/// Verifies the log alone, in a folder with its checkpoint and its tiles (C2SP tlog-tiles): the head under the policy, the
/// root and every hash tile from the leaves, and every agent's chain. Signatures of statements are not shown: a log's
/// folder holds no envelopes.
pub fn verify_log(
    log: &Path,
    trust: &Trust,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Report, FileError> {
    let folder = Folder::open(log)?;
    let mut ledger = Ledger::default();
    let mut report = blank(log, folder.count(), trust);
    if let Some(head) = head::open(&folder, trust, now, &mut ledger) {
        let tree = tree::rebuild(&folder, &head, None, &mut ledger, progress);
        about_log(&mut report, head, tree.chains);
    }
    report.state = ledger.worst();
    report.checks = ledger.checks;
    report.findings = ledger.findings;
    Ok(report)
}

fn blank(place: &Path, files: usize, trust: &Trust) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        state: State::NotChecked,
        bundle: place.display().to_string(),
        trust: trusted(trust),
        log: None,
        about: None,
        counts: Counts { files: files as u64, ..Counts::default() },
        checks: Ledger::default().checks,
        findings: Vec::new(),
        items: Vec::new(),
        timestamps: Vec::new(),
        chains: Vec::new(),
        noticed: Vec::new(),
    }
}

fn about_log(report: &mut Report, head: Head, chains: Vec<Chain>) {
    report.chains = chains;
    let gaps = report.chains.iter().flat_map(|chain| &chain.gaps);
    report.counts.missing_statements = gaps.fold(0, |sum: u64, gap| sum.saturating_add(gap.len()));
    report.log = Some(Log {
        origin: head.log.name().to_owned(),
        fingerprint: head.log.key().id(),
        size: head.checkpoint.size,
        root: head.checkpoint.root,
        cosigned: head.cosigned,
    });
}

fn trusted(trust: &Trust) -> Trusted {
    let logs = trust.policy.logs.iter().map(|log| log.vkey()).collect();
    Trusted { policy: trust.source.clone(), policy_sha256: trust.sha256, logs }
}
