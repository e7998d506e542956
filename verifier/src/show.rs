//! A report as a person reads it. Never leaves out a failure; `--json` has everything.

use std::fmt::Write as _;

use crate::report::{Basis, Bound, Chain, Finding, Item, Report, State, Tally};

/// Lines of one sort that are printed before the rest is only counted.
const SHOWN: usize = 200;

/// The summary, ending with a line end. What stands in it from the bundle is shown without control characters.
pub fn summary(report: &Report) -> String {
    let mut out = String::new();
    head("Bundle", report, &mut out);
    counts(report, &mut out);
    rest(report, &mut out);
    out
}

/// The summary of a log that was verified alone.
pub fn log_summary(report: &Report) -> String {
    let mut out = String::new();
    head("Folder", report, &mut out);
    say(&mut out, format_args!("\n"));
    chains(report, &mut out);
    rest(report, &mut out);
    out
}

fn rest(report: &Report, out: &mut String) {
    let whole: Vec<&Finding> = report.findings.iter().collect();
    let of = |state| whole.iter().copied().filter(move |finding| finding.state == state);
    section(out, "Shown", of(State::Verified).map(shown));
    section(
        out,
        "Failed",
        of(State::Failed).map(|f| line(None, f)).chain(items(report, State::Failed)),
    );
    section(
        out,
        "Not checked",
        of(State::NotChecked).map(|f| line(None, f)).chain(items(report, State::NotChecked)),
    );
    let gaps = report
        .chains
        .iter()
        .flat_map(|chain| chain.gaps.iter().map(|gap| gap_line(chain, gap.from, gap.to)));
    section(out, "Gaps (statements that the log does not hold)", gaps);
    let noticed = report.noticed.iter().map(|noticed| {
        let more = match noticed.suppressed {
            0 => String::new(),
            more => format!("; {more} more were noticed before it and not logged"),
        };
        format!("entry {}: {}: {}{more}", noticed.index, noticed.entry_type, noticed.detail)
    });
    section(out, "Noticed about agents (gaps, conflicts, forks)", noticed);
    section(out, "Times", report.items.iter().filter_map(times));
    let notes = report
        .items
        .iter()
        .flat_map(|item| item.notes.iter().map(|note| format!("entry {}: {note}", item.index)));
    section(out, "Notes", notes);
    let verdict = match report.state {
        State::Verified => "VERIFIED: everything was checked and holds.",
        State::NotChecked => {
            "VERIFIED IN PART: nothing failed; what stands under \"Not checked\" is not shown either way."
        }
        State::Failed => "FAILED: do not rely on what stands under \"Failed\".",
    };
    say(out, format_args!("\n{verdict}\n"));
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
        let about = format!(
            "{targets}; {kinds}{controls}; from {from} to {to}; made {}",
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

/// Findings of this state of all items, each with its entry.
fn items(report: &Report, state: State) -> impl Iterator<Item = String> {
    let lines = |item: &Item| {
        let of = item.findings.iter().filter(move |finding| finding.state == state);
        of.map(|finding| line(Some(item.index), finding)).collect::<Vec<_>>()
    };
    report.items.iter().flat_map(lines).collect::<Vec<_>>().into_iter()
}

/// Between which moments an item came to be, as far as that is known.
fn times(item: &Item) -> Option<String> {
    let told = |bound: &Bound| match bound.basis {
        Basis::Cosignature => format!("{} (cosigned by {})", bound.time, bound.by),
        Basis::Token => format!("{} (time-stamp of {})", bound.time, bound.by),
        Basis::Received => format!("{} (by the collector's clock: {})", bound.time, bound.by),
    };
    let before = item.not_before.as_ref().map(|bound| format!("not before {}", told(bound)));
    let after = item.not_after.as_ref().map(|bound| format!("in the log by {}", told(bound)));
    let known: Vec<String> = before.into_iter().chain(after).collect();
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

fn gap_line(chain: &Chain, from: u64, to: u64) -> String {
    let what =
        if from == to { format!("number {from}") } else { format!("numbers {from} to {to}") };
    format!("key {}, epoch {}: {what} of {}", chain.key, chain.epoch, chain.last)
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut count = 0;
    for line in lines {
        if count == 0 {
            say(out, format_args!("\n{title}\n"));
        }
        if count < SHOWN {
            say(out, format_args!("  {}\n", clean(&line)));
        }
        count += 1;
    }
    if count > SHOWN {
        say(out, format_args!("  … and {} more: see --json\n", count - SHOWN));
    }
}

/// Keeps a bundle from writing to the terminal: control and direction characters show as U+FFFD.
fn clean(text: &str) -> String {
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
