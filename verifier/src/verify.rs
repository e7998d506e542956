//! Verifies a bundle, from the bytes of its files up to its items. Never believes a key that the bundle brings.

mod attested;
mod chains;
mod consistency;
mod documents;
mod head;
mod history;
mod item;
mod keys;
mod log_keys;
mod manifest;
mod predecessor;
#[cfg(feature = "replay")]
mod replay;
mod shown;
mod sums;
mod times;
mod timestamps;
mod tombstones;
mod tree;

use std::collections::BTreeSet;
use std::path::Path;

use exhibit_proto::bundle;
use exhibit_proto::checkpoint::Checkpoint;
use jiff::Timestamp;

use self::head::Head;
use self::manifest::{Outline, Period};
use self::tree::Asked;

use crate::completeness::{self, Told, Window};
use crate::files::{FileError, Folder};
use crate::progress::Progress;
use crate::report::{
    About, Chain, Check, Counts, Item, Ledger, Log, Report, SCHEMA, State, Trusted,
};
use crate::source::Source;
use crate::trust::Trust;

#[cfg(feature = "online")]
pub(crate) use self::head::{Believed, all_keys, believed};
pub use self::predecessor::check as check_predecessor;

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
    let mut report = verify_each(bundle, trust, now, Options::default(), progress, &mut |item| {
        items.push(item)
    })?;
    report.items = items;
    Ok(report)
}

/// What may be asked of a verification beside the bundle itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The time whose completeness is judged; the bundle's own where absent.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Judge the documents again and compare with what the bundle says was found.
    #[cfg(feature = "replay")]
    pub replay: bool,
}

impl Options {
    fn replay(self) -> bool {
        #[cfg(feature = "replay")]
        return self.replay;
        #[cfg(not(feature = "replay"))]
        false
    }
}

/// [`verify`], handing over each item by ascending index as it is judged; the report comes without them, so that memory
/// does not grow with their findings.
pub fn verify_each(
    bundle: &Path,
    trust: &Trust,
    now: Timestamp,
    options: Options,
    progress: &dyn Progress,
    take: &mut dyn FnMut(Item),
) -> Result<Report, FileError> {
    let folder = Folder::open(bundle)?;
    let mut ledger = Ledger::default();
    sums::check(&folder, &mut ledger, progress);
    let head = head::open(&folder, trust, now, &mut ledger);
    let outline = manifest::read(&folder, &mut ledger);
    let mut report = blank(bundle.display().to_string(), folder.count(), trust);
    report.about = outline.as_ref().map(|outline| About {
        generated_at: outline.generated_at.clone(),
        selection: outline.selection.clone(),
    });
    let mut worst = State::Verified;
    let mut failed = BTreeSet::new();
    if let Some(mut head) = head {
        if let Some(outline) = &outline {
            manifest::check(outline, &head, &folder, &mut ledger);
        }
        let (selection, listed) = outline
            .as_ref()
            .map(|outline| (outline.selection.clone(), outline.listed.as_slice()))
            .unwrap_or_default();
        let period = Period::of(&selection, &mut ledger);
        let tree = {
            let asked = Some(Asked { listed, period });
            tree::rebuild(&folder, &head, asked, None, &mut ledger, progress)
        };
        log_keys::follow(&folder, trust, &mut head, &tree, &mut ledger);
        head::copies(&folder, &head, &mut ledger);
        if outline.is_some() && tree.rebuilt {
            manifest::complete((&selection, period), &tree.left_out, &mut ledger);
        }
        let roots = trust.tsa_roots.as_ref();
        let (tokens, stamps) = timestamps::check(&folder, &head, &tree, roots, &mut ledger);
        report.timestamps = stamps;
        let believed = attested::Believed { policy: &trust.policy, tokens: &tokens, now };
        let marks = attested::read(&folder, &head, &tree, &believed);
        let times = times::Times::new(&tokens, marks);
        let window = window(options, period, outline.as_ref());
        let told = Told::new(window.unwrap_or(Window { from: None, to: now }));
        let mut reader = item::Reader::new(&folder, (&head, &trust.policy), &tree, times, told);
        if outline.is_some() {
            progress.stage("items", listed.len() as u64);
            let mut judge = |item: Item| {
                worst = worst.max(item.state);
                report.counts.items.count(item.state);
                failed.extend((item.state == State::Failed).then_some(item.index));
                progress.step(1);
                take(item);
            };
            if let Err(error) = each(&folder, &mut reader, &mut judge) {
                ledger.failed(Check::Manifest, bundle::MANIFEST, error);
            }
        }
        report.counts.documents = reader.documents();
        report.noticed = reader.noticed();
        report.samples = reader.samples();
        report.predecessor = predecessor::found(trust, reader.continues());
        if let Some(window) = window.filter(|_| tree.rebuilt) {
            let mut found = completeness::judge(window, &selection, reader.told(), &tree.arrivals);
            found.limits.extend(beyond(window, period));
            report.completeness = Some(found);
        }
        let asked = (outline.is_some() && options.replay(), &selection, period);
        let found = (failed, head.checkpoint.size, &tree);
        report.replay = shown::judge(&folder, asked, found, &mut ledger, progress);
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

/// The time to judge; nothing without a manifest.
fn window(options: Options, period: Period, outline: Option<&Outline>) -> Option<Window> {
    let made = outline?.generated_at.parse::<Timestamp>().ok()?;
    let own = period.to.map_or(made, |to| to.min(made));
    Some(Window { from: options.from.or(period.from), to: options.to.unwrap_or(own) })
}

/// Words where more is asked than the bundle can show.
fn beyond(window: Window, period: Period) -> Option<String> {
    let before = period.from.filter(|held| window.from.is_none_or(|from| from < *held));
    let after = period.to.filter(|held| window.to > *held);
    let (from, to) = (before.map(|t| format!("from {t}")), after.map(|t| format!("to {t}")));
    let held: Vec<String> = from.into_iter().chain(to).collect();
    (!held.is_empty()).then(|| {
        let held = held.join(" ");
        format!(
            "the bundle holds evidence {held} only; outside, kinds may seem missing that are not"
        )
    })
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
    let place = log.display().to_string();
    let (mut report, _head) = verify_source(&folder, place, trust, None, now, progress);
    report.counts.files = folder.count() as u64;
    Ok(report)
}

/// [`verify_log`] from any source, which `place` names, and against a head of the same log that was remembered. Answers the
/// signed head too, if the policy trusts it.
pub fn verify_source(
    log: &dyn Source,
    place: String,
    trust: &Trust,
    remembered: Option<&Checkpoint>,
    now: Timestamp,
    progress: &dyn Progress,
) -> (Report, Option<String>) {
    let mut ledger = Ledger::default();
    let mut report = blank(place, 0, trust);
    let mut signed = None;
    if let Some(mut head) = head::open(log, trust, now, &mut ledger) {
        signed = Some(head.signed.clone());
        let remembered = remembered.filter(|known| known.origin == head.checkpoint.origin);
        let tree = tree::rebuild(log, &head, None, remembered, &mut ledger, progress);
        // Without envelopes nothing rests on the other keys, unless one of them signed the head.
        if head.keys.all().count() > 1 {
            log_keys::follow(log, trust, &mut head, &tree, &mut ledger);
        }
        report.behind = tree.behind;
        about_log(&mut report, head, tree.chains);
    }
    report.state = ledger.worst();
    report.checks = ledger.checks;
    report.findings = ledger.findings;
    (report, signed)
}

fn blank(place: String, files: usize, trust: &Trust) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        state: State::NotChecked,
        bundle: place,
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
        samples: Vec::new(),
        behind: None,
        predecessor: None,
        completeness: None,
        replay: None,
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
