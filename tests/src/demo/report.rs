//! What the demonstration prints: progress while it works, then what a person wants to know.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this file is for")]

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use exhibit_tests::{Installation, RunSummary};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// Everything the summary shows.
pub(crate) struct Shown<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) web: &'a str,
    /// A later start on the same folder.
    pub(crate) again: bool,
    pub(crate) run: &'a RunSummary,
    pub(crate) status: &'a Value,
    pub(crate) bundle: &'a Path,
    pub(crate) verify: &'a str,
}

/// Shows a step while it runs and how long it took.
pub(crate) fn step<T>(what: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let spinner = ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} … {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(120));
    let begun = Instant::now();
    let result = work().context(what);
    spinner.finish_and_clear();
    let mark = if result.is_ok() { "✓" } else { "✗" };
    eprintln!("  {mark} {what} ({:.1} s)", begun.elapsed().as_secs_f64());
    result
}

pub(crate) fn note(what: &str) {
    eprintln!("  · {what}");
}

pub(crate) fn failure(error: &anyhow::Error) {
    eprintln!("\n{error:#}");
}

pub(crate) fn summary(shown: &Shown<'_>) {
    let first = &shown.installation.first;
    println!("\nDashboard");
    println!(
        "  {}   (certificate of this collector's own CA, {})",
        shown.web, first.ca_fingerprint
    );
    let (user, password) = (&first.user, &first.password);
    let changed = if shown.again { ", unless it was changed at the first sign-in" } else { "" };
    println!("  user {user}, password {password}{changed}");

    let run = shown.run;
    println!("\nCollected from this machine");
    println!(
        "  {} documents in {} statements, {} of them unchanged and not sent again; {} verified receipts",
        run.documents, run.statements, run.unchanged, run.receipts
    );
    println!("  log size {}", run.checkpoint_size);
    if !run.outcomes.is_empty() {
        println!("\nCould not be seen, or only in part");
        for outcome in &run.outcomes {
            println!("  {:<28} {}: {}", outcome.kind, outcome.outcome, outcome.detail);
            println!("  {:<28} → {}", "", outcome.remedy);
        }
    }

    println!("\nThe 93 controls of Annex A, by status");
    let names = ["met", "not_met", "stale", "no_evidence", "manual", "excluded"];
    for name in names {
        let count = shown.status.pointer(&format!("/controls/{name}")).and_then(Value::as_u64);
        println!("  {:>3} {}", count.unwrap_or_default(), name.replace('_', " "));
    }

    println!("\nAudit bundle\n  {}", shown.bundle.display());
    println!("  verify it on any machine, without network and without trusting this one:");
    println!("  {}\n", shown.verify);
}
