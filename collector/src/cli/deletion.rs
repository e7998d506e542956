//! `delete` and `hold`: one document goes, or some must not.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use exhibit_proto::statement;
use jiff::Timestamp;
use serde_json::json;

use super::{Because, Output, show};
use crate::app;
use crate::config::Config;
use crate::requests::Request;

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// SHA-256 of the document, as its evidence page shows it
    #[arg(long, value_name = "DIGEST")]
    document: exhibit_proto::digest::Digest,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Subcommand)]
pub(super) enum Hold {
    /// Make a hold; without --target, --kind, --from and --to it covers everything
    Add(HoldAdd),
    /// All holds, the lifted ones among them
    List(Output),
    /// End a hold
    Lift(HoldLift),
}

#[derive(Debug, Args)]
pub(super) struct HoldAdd {
    #[arg(long, value_name = "TARGET")]
    target: Option<exhibit_proto::document::Target>,
    #[arg(long, value_name = "KIND")]
    kind: Option<exhibit_proto::document::Kind>,
    /// Only what was observed from this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only what was observed until this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(super) struct HoldLift {
    /// Id of the hold, as `hold list` shows it
    id: u64,
    #[command(flatten)]
    because: Because,
}

pub(super) fn delete(config: &Config, asked: Delete, now: Timestamp) -> anyhow::Result<ExitCode> {
    let Delete { document, because: Because { reason, by, output } } = asked;
    let entry = app::delete(config, document, (by, reason), now)?;
    let text = format!("deleted; entry {entry} says so, digest and proofs stay");
    show(output.json, &json!({"entry": entry}), &text)
}

pub(super) fn hold(config: &Config, asked: Hold, now: Timestamp) -> anyhow::Result<ExitCode> {
    let (request, output) = match asked {
        Hold::List(output) => {
            let holds = app::holds(config)?;
            let lines: Vec<String> = holds.iter().map(ToString::to_string).collect();
            let text = if lines.is_empty() { "no holds".to_owned() } else { lines.join("\n") };
            return show(output.json, &holds, &text);
        }
        Hold::Add(HoldAdd { target, kind, from, to, because }) => {
            let Because { reason, by, output } = because;
            let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
            let (from, to) = (text(from), text(to));
            let hold = statement::Hold { target, kind, from, to, by, reason };
            (Request::Hold(hold), output)
        }
        Hold::Lift(HoldLift { id, because }) => {
            let Because { reason, by, output } = because;
            (Request::Lift(statement::HoldLifted { hold: id, by, reason }), output)
        }
    };
    let entry = app::hold(config, request, now)?;
    show(output.json, &json!({"entry": entry}), &format!("logged as entry {entry}"))
}
