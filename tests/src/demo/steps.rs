//! The steps, in the order a person would take them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use exhibit_tests::programs::{run, run_json, shown, text};
use exhibit_tests::{Installation, Programs};
use tokio::signal::unix::{SignalKind, signal};

use crate::{build, report};

/// Everything; with `once` it ends after verification, otherwise it serves until Ctrl-C.
pub(crate) async fn all(data: Option<PathBuf>, build: bool, once: bool) -> Result<()> {
    let programs = Programs::beside_me()?;
    if build {
        build::programs(&programs)?;
    }
    if let [missing, ..] = programs.missing()[..] {
        bail!("{missing} is not in {}: start without --no-build", programs.folder().display());
    }
    let data = data.unwrap_or_else(|| programs.folder().with_file_name("demo"));
    let again = data.join("first-start.json").is_file();

    let what = if again { "opening the collector made earlier" } else { "making CA, keys and log" };
    let installation = report::step(what, || Installation::open(&programs, &data))?;
    let mut serving = report::step("starting the collector", || installation.serve())?;
    if installation.enrolled() {
        report::note("the agent is enrolled already and keeps its keys");
    } else {
        report::step("enrolling the agent: one-time token, CA pinned by fingerprint", || {
            installation.enrol(&serving)
        })?;
    }
    let summary = report::step("observing this machine, waiting for verified receipts", || {
        installation.observe()
    })?;
    let status = report::step("judging the evidence", || {
        run_json(installation.collector().args(["status", "--json"]))
    })?;

    let bundle = data.canonicalize()?.join(format!("bundle-{}", summary.checkpoint_size));
    if !bundle.exists() {
        report::step("writing the audit bundle", || installation.export(&bundle))?;
    }
    let mut verify = installation.verify_command(&bundle);
    let command = shown(&verify);
    report::step("verifying the bundle offline, trusting the policy file only", || {
        let output = run(&mut verify)?;
        if output.status.success() {
            Ok(())
        } else {
            bail!("{}{}", text(&output.stdout), text(&output.stderr))
        }
    })?;

    report::summary(&report::Shown {
        installation: &installation,
        web: &serving.web,
        again,
        run: &summary,
        status: &status,
        bundle: &bundle,
        verify: &command,
    });
    if once {
        return serving.stop();
    }
    report::note("serving until Ctrl-C");
    // Whoever ends this program another way means the collector, too: left behind, it would hold its directory.
    let mut ended = signal(SignalKind::terminate()).context("waiting for SIGTERM")?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked.context("waiting for Ctrl-C")?,
        _ = ended.recv() => {}
    }
    // A terminal sends Ctrl-C to the collector as well; it drains and ends by itself.
    report::note("stopping");
    drop(serving.signal(rustix::process::Signal::TERM));
    let status = serving.wait()?;
    if status.success() { Ok(()) } else { bail!("collector ended with {status}") }
}
