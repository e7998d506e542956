//! `report`: what is asked for, and where it goes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use exhibit_assessment::ControlId;
use jiff::Timestamp;

use super::show;
use crate::app;
use crate::config::Config;
use crate::report::{Ask, Format, Kind, Selection};

#[derive(Debug, Args)]
pub(super) struct Report {
    /// What about: controls, soa, findings, gap, poam, evidence, lapses, catalog
    #[arg(long)]
    kind: Kind,
    /// In which form: csv, json, xlsx; of controls, soa and lapses also pdf; of findings, soa, poam and catalog also oscal; of findings also ocsf
    #[arg(long)]
    format: Format,
    /// File to make, or `-` for standard output (what was made is then told on standard error)
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite the file
    #[arg(long)]
    force: bool,
    /// Only this control, like A.8.13; may be repeated
    #[arg(long, value_name = "CONTROL")]
    control: Vec<ControlId>,
    /// Only findings and evidence of this target; may be repeated
    #[arg(long, value_name = "TARGET")]
    target: Vec<exhibit_proto::document::Target>,
    /// Of the statement of applicability: a frozen version instead of how it is now, by its entry
    #[arg(long, value_name = "ENTRY")]
    frozen: Option<u64>,
    /// As it stood at the end of a day (2026-11-30), at a time (RFC 3339), or once the log had the entry of this number
    #[arg(long, value_name = "MOMENT", conflicts_with = "frozen")]
    as_of: Option<String>,
    /// Of lapses: where the period begins; it ends at --as-of, or now. The end of a day, a time, or the number of an entry
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// Who asks; stands in the report and in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    #[arg(long)]
    /// Tell what was made as one JSON object instead of text
    json: bool,
}

pub(super) fn report(config: &Config, asked: Report, now: Timestamp) -> anyhow::Result<ExitCode> {
    let Report { kind, format, output, force, control, target, frozen, as_of, from, by, json } =
        asked;
    let (controls, targets) = (control.into_iter().collect(), target.into_iter().collect());
    let ask =
        Ask { kind, format, selection: Selection { controls, targets }, by, frozen, from: None };
    let to_stdout = output.as_os_str() == "-";
    let out = if to_stdout { None } else { Some(output.as_path()) };
    let made = app::report(config, (ask, as_of.as_deref(), from.as_deref()), (out, force), now)?;
    if to_stdout {
        let line = if json { serde_json::to_string(&made)? } else { made.to_string() };
        writeln!(std::io::stderr(), "{line}")?;
        return Ok(ExitCode::SUCCESS);
    }
    show(json, &made, &made.to_string())
}
