//! One decision that is made at the command line, and the records that are shown there.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use exhibit_proto::statement::{Act, Decision};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Because, Output, show};
use crate::app;
use crate::config::Config;
use crate::decisions::Attached;

#[derive(Debug, Args)]
pub(super) struct Named {
    pub(super) id: String,
    #[command(flatten)]
    pub(super) because: Because,
}

/// Approves or withdraws whatever is newest.
pub(super) fn act(
    config: &Config,
    register: &str,
    Named { id, because }: Named,
    act: Act,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    let after = app::newest(config, register, &id)?;
    made(config, (register, &id, after), (act, None), because, now).with_context(|| {
        format!("{register} {id} (`decision list {register}` shows what there is)")
    })
}

pub(super) fn made(
    config: &Config,
    (register, id, after): (&str, &str, Option<u64>),
    (act, value): (Act, Option<Value>),
    because: Because,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    brought(config, (register, id, after), (act, value, None), because, now)
}

/// With the file that the value names.
pub(super) fn brought(
    config: &Config,
    (register, id, after): (&str, &str, Option<u64>),
    (act, value, file): (Act, Option<Value>, Option<Attached>),
    Because { reason, by, output }: Because,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    let (register, id) = (register.to_owned(), id.to_owned());
    let decision = Decision { register, id, after, act, value, by, reason };
    let done = app::decide(config, decision, file, now)?;
    show(output.json, &done, &done.to_string())
}

/// One record a line.
pub(super) fn list(
    config: &Config,
    register: Option<&str>,
    id: Option<&str>,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let found = app::records(config, register, id, Timestamp::now())?;
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let text = if lines.is_empty() { "nothing is decided".to_owned() } else { lines.join("\n") };
    show(output.json, &json!({"records": found}), &text)
}

impl Because {
    /// The same for another decision of one command.
    pub(super) fn again(&self) -> Self {
        let Self { reason, by, output } = self;
        Self { reason: reason.clone(), by: by.clone(), output: Output { json: output.json } }
    }
}
