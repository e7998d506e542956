//! `population`: what is frozen, what is drawn, and the lists.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use exhibit_assessment::Selection;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Kind;
use exhibit_proto::sample::Size;
use exhibit_proto::statement::Act;
use jiff::Timestamp;
use serde_json::json;

use super::made::{Named, act};
use super::{Because, Output, show};
use crate::app;
use crate::config::Config;
use crate::population::{Rows, Wanted};

#[derive(Debug, Subcommand)]
pub(super) enum Population {
    /// Freeze a list: accounts, hosts, changes, backup jobs, packages, whatever rows documents hold
    Freeze(Box<Freeze>),
    /// Draw the sample, by a number that whoever audits gave after they saw the population's entry. Once
    Draw(Draw),
    /// Agree to a population that another person proposed, where the configuration asks for that
    Approve(Named),
    /// A population is not used; it stays in the log
    Withdraw(Named),
    /// Populations in force, and what was drawn
    List(Output),
    /// Print a list exactly as it is stored: JSON objects, one a line
    Show {
        id: String,
        /// The drawn lines instead of all
        #[arg(long)]
        drawn: bool,
    },
}

#[derive(Debug, Args)]
#[group(id = "size", required = true, multiple = false, args = ["items", "percent"])]
pub(super) struct Freeze {
    /// What it is a list of, in words
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// Rows of the newest documents of this kind, such as identity.accounts; the targets themselves if absent
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Where in a document's body the rows are (JSON Pointer, such as /accounts); needed where it holds more than one list
    #[arg(long, value_name = "POINTER", requires = "kind", conflicts_with = "documents")]
    rows: Option<String>,
    /// Each document is one item
    #[arg(long, requires = "kind")]
    documents: bool,
    /// Only this field of a row stands in the list; may be repeated. All of them if absent
    #[arg(long, value_name = "NAME")]
    field: Vec<String>,
    /// Only on these targets: a selection like 'environment = production'
    #[arg(long, value_name = "SELECTION", default_value = "all")]
    targets: String,
    /// The log as it was with so many entries; as it is if absent
    #[arg(long, value_name = "ENTRIES")]
    entries: Option<u64>,
    /// How many will be drawn
    #[arg(long, value_name = "NUMBER")]
    items: Option<u32>,
    /// How many of 100 will be drawn, rounded up
    #[arg(long, value_name = "PERCENT")]
    percent: Option<u8>,
    /// So many of each target, instead of all together
    #[arg(long)]
    each_target: bool,
    /// The number is fixed already: its SHA-256, from whoever audits. Then nobody at all can choose what is drawn
    #[arg(long, value_name = "SHA256")]
    sealed: Option<Digest>,
    /// The audit that it belongs to
    #[arg(long, value_name = "AUDIT")]
    audit: Option<String>,
    /// A name of its own; the next free one like P-2027-001 if absent
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(super) struct Draw {
    /// The population
    id: String,
    /// What whoever audits gave: dice, a long random text, what they sealed before
    #[arg(long, value_name = "NUMBER")]
    number: String,
    #[command(flatten)]
    because: Because,
}

pub(super) fn run(config: &Config, asked: Population, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Population::Freeze(asked) => freeze(config, *asked, now),
        Population::Draw(Draw { id, number, because }) => {
            let Because { reason, by, output } = because;
            let because = app::Because { by, reason };
            let done = app::draw_sample(config, (&id, &number), because, now)?;
            show(output.json, &done, &done.to_string())
        }
        Population::Approve(named) => act(config, "population", named, Act::Approve, now),
        Population::Withdraw(named) => act(config, "population", named, Act::Withdraw, now),
        Population::List(output) => {
            let found = app::populations(config)?;
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            let text =
                if lines.is_empty() { "no population is frozen".into() } else { lines.join("\n") };
            show(output.json, &json!({"populations": found}), &text)
        }
        Population::Show { id, drawn } => {
            let list = app::population_list(config, &id, drawn)?;
            std::io::stdout().write_all(&list).context("writing to standard output")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn freeze(config: &Config, asked: Freeze, now: Timestamp) -> anyhow::Result<ExitCode> {
    let Freeze { title, kind, rows, documents, field, targets, entries, .. } = asked;
    ensure!(!title.trim().is_empty(), "--title is empty: it stands in the log for good");
    let size = match (asked.items, asked.percent) {
        (Some(items), _) => Size::Items(items),
        (None, percent) => Size::Percent(percent.unwrap_or_default()),
    };
    let rows = match (rows, documents) {
        (Some(pointer), _) => Rows::At(pointer),
        (None, true) => Rows::Document,
        (None, false) => Rows::Only,
    };
    let targets: Selection = targets.parse()?;
    let wanted = Wanted {
        title,
        audit: asked.audit,
        kind,
        rows,
        fields: field,
        targets,
        entries,
        size,
        each_target: asked.each_target,
        sealed: asked.sealed,
    };
    let Because { reason, by, output } = asked.because;
    let done =
        app::freeze_population(config, (asked.id, &wanted), app::Because { by, reason }, now)?;
    show(output.json, &done, &done.to_string())
}
