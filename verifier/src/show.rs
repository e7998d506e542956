//! A report as a person reads it. Never leaves out a failure; `--json` has everything.

use std::fmt::Write as _;

use crate::completeness::{self, Completeness};
use crate::report::{
    Basis, Bound, Chain, Finding, Item, Predecessor, Report, Sampled, State, Tally,
};

/// Lines of one sort that are printed before the rest is only counted.
const SHOWN: usize = 200;

/// Lines of one sort: the first of them, and how many there are.
#[derive(Debug, Default)]
struct Lines {
    shown: Vec<String>,
    count: usize,
}

impl Lines {
    fn add(&mut self, line: impl FnOnce() -> String) {
        if self.count < SHOWN {
            self.shown.push(line());
        }
        self.count += 1;
    }
}

/// What is worth showing of items, taken in as they come; bounded, however many there are.
#[derive(Debug, Default)]
pub struct Kept {
    failed: Lines,
    not_checked: Lines,
    times: Lines,
    notes: Lines,
}

impl Kept {
    pub fn take(&mut self, item: &Item) {
        for finding in &item.findings {
            match finding.state {
                State::Failed => self.failed.add(|| line(Some(item.index), finding)),
                State::NotChecked => self.not_checked.add(|| line(Some(item.index), finding)),
                State::Verified => {}
            }
        }
        if let Some(known) = times(item) {
            self.times.add(|| known);
        }
        for note in &item.notes {
            self.notes.add(|| format!("entry {}: {note}", item.index));
        }
    }
}

/// The summary, ending with a line end. What stands in it from the bundle is shown without control characters.
pub fn summary(report: &Report) -> String {
    let mut kept = Kept::default();
    report.items.iter().for_each(|item| kept.take(item));
    summary_of(report, &kept)
}

/// [`summary`], where the items went elsewhere.
pub fn summary_of(report: &Report, kept: &Kept) -> String {
    let mut out = String::new();
    head("Bundle", report, &mut out);
    counts(report, &mut out);
    rest(report, kept, &mut out);
    out
}

/// The summary of a log that was verified alone.
pub fn log_summary(report: &Report) -> String {
    let mut out = String::new();
    head("Log in", report, &mut out);
    say(&mut out, format_args!("\n"));
    chains(report, &mut out);
    rest(report, &Kept::default(), &mut out);
    out
}

fn rest(report: &Report, kept: &Kept, out: &mut String) {
    let of = |state| {
        let mut lines = Lines::default();
        let worth = report.findings.iter().filter(|finding| finding.state == state);
        worth.for_each(|finding| {
            lines.add(
                || if state == State::Verified { shown(finding) } else { line(None, finding) },
            );
        });
        lines
    };
    section(out, "Shown", &[&of(State::Verified)]);
    section(out, "Failed", &[&of(State::Failed), &kept.failed]);
    section(out, "Not checked", &[&of(State::NotChecked), &kept.not_checked]);
    let mut missing = Lines::default();
    for chain in &report.chains {
        let gaps = chain.gaps.iter();
        gaps.for_each(|gap| missing.add(|| gap_line(chain, gap.from, gap.to)));
    }
    section(out, "Gaps (statements that the log does not hold)", &[&missing]);
    let mut noticed = Lines::default();
    for found in &report.noticed {
        noticed.add(|| {
            let more = match found.suppressed {
                0 => String::new(),
                more => format!("; {more} more were noticed before it and not logged"),
            };
            format!("entry {}: {}: {}{more}", found.index, found.entry_type, found.detail)
        });
    }
    section(out, "Noticed about agents (gaps, conflicts, forks)", &[&noticed]);
    samples(report, out);
    if let Some(before) = &report.predecessor {
        let Predecessor { index, origin, size, root, trusted, .. } = before;
        let whose = match trusted {
            true => "the policy names the key that signed it",
            false => "the policy does not name the key that signed it: add that log's line to it",
        };
        let line =
            format!("entry {index}: goes on from {origin} at {size} entries, root {root}; {whose}");
        section(out, "The log before this one", &[&Lines { count: 1, shown: vec![line] }]);
    }
    section(out, "Times", &[&kept.times]);
    section(out, "Notes", &[&kept.notes]);
    if let Some(found) = &report.completeness {
        let (heading, lines) = completeness::lines(found);
        section(out, &heading, &[&Lines { count: lines.len(), shown: lines }]);
    }
    if let Some(replay) = &report.replay {
        let mut lines = vec![format!(
            "{} findings made again, {} statuses assessed again, {} differences, {} claims not shown",
            replay.findings, replay.statuses, replay.differences, replay.not_shown
        )];
        lines.extend(replay.limits.iter().cloned());
        section(out, "Replay", &[&Lines { count: lines.len(), shown: lines }]);
    }
    let verdict = match report.state {
        State::Verified => "VERIFIED: everything was checked and holds.",
        State::NotChecked => {
            "VERIFIED IN PART: nothing failed; what stands under \"Not checked\" is not shown either way."
        }
        State::Failed => "FAILED: do not rely on what stands under \"Failed\".",
    };
    say(out, format_args!("\n{verdict}\n"));
    if let Some(known) = report.behind {
        say(
            out,
            format_args!(
                "BEHIND: the log has shown {known} entries before and shows fewer now; ask again, and then ask its owner why.\n"
            ),
        );
    }
    let lacking = report.completeness.as_ref().map_or(0, Completeness::lacking);
    if lacking > 0 {
        say(
            out,
            format_args!(
                "INCOMPLETE: of {lacking} agents something is missing: see Completeness.\n"
            ),
        );
    }
}

fn head(what: &str, report: &Report, out: &mut String) {
    say(out, format_args!("{what}   {}\n", clean(&report.bundle)));
    if let Some(about) = &report.about {
        let chosen = &about.selection;
        let list = |words: Vec<&str>, all: &str| {
            if words.is_empty() { all.to_owned() } else { words.join(", ") }
        };
        let targets = list(chosen.targets.iter().map(|t| t.as_str()).collect(), "all targets");
        let kinds = list(chosen.kinds.iter().map(|k| k.as_str()).collect(), "all kinds");
        let controls = list(chosen.controls.iter().map(String::as_str).collect(), "");
        let controls =
            if controls.is_empty() { controls } else { format!(" (controls {controls})") };
        let from = chosen.from.as_deref().unwrap_or("the beginning");
        let to = chosen.to.as_deref().unwrap_or("the end");
        let audit = chosen.audit.as_ref().map(|id| format!("audit {id}: ")).unwrap_or_default();
        let about = format!(
            "{audit}{targets}; {kinds}{controls}; from {from} to {to}; made {}",
            about.generated_at
        );
        say(out, format_args!("About    {}\n", clean(&about)));
    }
    match &report.log {
        Some(log) => {
            say(
                out,
                format_args!(
                    "Log      {}, {} entries, root {}\n",
                    clean(&log.origin),
                    log.size,
                    log.root
                ),
            );
            say(out, format_args!("Key      sha256:{}\n", log.fingerprint));
            let because = format!(
                "the policy file {} says so (sha256:{})",
                report.trust.policy, report.trust.policy_sha256
            );
            say(out, format_args!("Trusted  because {}\n", clean(&because)));
        }
        None => {
            let policy = clean(&report.trust.policy);
            say(out, format_args!("Log      no checkpoint that the policy file {policy} trusts\n"));
        }
    }
}

fn counts(report: &Report, out: &mut String) {
    let tally = |tally: &Tally| {
        format!(
            "{} verified, {} failed, {} not checked",
            tally.verified, tally.failed, tally.not_checked
        )
    };
    let counts = &report.counts;
    say(out, format_args!("\nItems      {}\n", tally(&counts.items)));
    say(out, format_args!("Documents  {}\n", tally(&counts.documents)));
    say(out, format_args!("Files      {}\n", counts.files));
    chains(report, out);
}

fn chains(report: &Report, out: &mut String) {
    if report.log.is_some() {
        let (chains, missing) = (report.chains.len(), report.counts.missing_statements);
        say(out, format_args!("Chains     {chains}, {missing} statements missing\n"));
    }
}

/// Between which moments an item came to be, as far as that is known.
fn times(item: &Item) -> Option<String> {
    let told = |bound: &Bound| match bound.basis {
        Basis::Cosignature => format!("{} (cosigned by {})", bound.time, bound.by),
        Basis::Token => format!("{} (time-stamp of {})", bound.time, bound.by),
        Basis::Received => format!("{} (by the collector's clock: {})", bound.time, bound.by),
    };
    let before = item.not_before.as_ref().map(|bound| format!("not before {}", told(bound)));
    // What is not made before a moment is not logged before it either.
    let shown = item.not_before.as_ref().is_some_and(|bound| bound.basis != Basis::Received);
    let logged = item.logged_not_before.as_ref().filter(|_| !shown);
    let logged = logged.map(|bound| format!("logged not before {}", told(bound)));
    let after = item.not_after.as_ref().map(|bound| format!("in the log by {}", told(bound)));
    let known: Vec<String> = before.into_iter().chain(logged).chain(after).collect();
    (!known.is_empty()).then(|| format!("entry {}: {}", item.index, known.join("; ")))
}

fn line(index: Option<u64>, finding: &Finding) -> String {
    let entry = index.map(|index| format!("entry {index}: ")).unwrap_or_default();
    let file = finding.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
    format!("{entry}{file}{}", finding.detail)
}

/// What held, under the name that the JSON gives the check.
fn shown(finding: &Finding) -> String {
    let name = serde_json::to_value(finding.check).unwrap_or_default();
    format!("{:10} {}", name.as_str().unwrap_or_default(), finding.detail)
}

fn samples(report: &Report, out: &mut String) {
    let mut lines = Lines::default();
    report.samples.iter().for_each(|sampled| lines.add(|| sample_line(sampled)));
    section(out, "Populations and samples", &[&lines]);
}

fn sample_line(sampled: &Sampled) -> String {
    let Sampled { population, id, title, items, plan, sample, .. } = sampled;
    let frozen = format!("entry {population}: {id} {title:?}, {items} items, to draw {plan}");
    match sample {
        Some(found) => {
            let how = if found.state == State::Verified {
                "drawn again, the same"
            } else {
                "not drawn again"
            };
            format!(
                "{frozen}; {} drawn by entry {}, seed {}: {how}",
                found.items, found.index, found.seed
            )
        }
        None => format!("{frozen}; nothing drawn"),
    }
}

fn gap_line(chain: &Chain, from: u64, to: u64) -> String {
    let what =
        if from == to { format!("number {from}") } else { format!("numbers {from} to {to}") };
    format!("key {}, epoch {}: {what} of {}", chain.key, chain.epoch, chain.last)
}

fn section(out: &mut String, title: &str, parts: &[&Lines]) {
    let count: usize = parts.iter().map(|lines| lines.count).sum();
    let shown = parts.iter().flat_map(|lines| &lines.shown).take(SHOWN);
    for (at, line) in shown.enumerate() {
        if at == 0 {
            say(out, format_args!("\n{title}\n"));
        }
        say(out, format_args!("  {}\n", clean(line)));
    }
    if count > SHOWN {
        say(out, format_args!("  … and {} more: see --json\n", count - SHOWN));
    }
}

/// Keeps a bundle from writing to the terminal: control and direction characters show as U+FFFD.
pub fn clean(text: &str) -> String {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if bad(c) { '\u{fffd}' } else { c }).collect()
}

fn say(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    out.write_fmt(text).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn terminal_control_from_a_bundle_is_not_passed_on() {
        assert_eq!(clean("a\u{1b}[2Jb\r\n\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}c");
    }
}
