//! `api-token`: tokens for programs that ask the API.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{By, Output, show};
use crate::app;
use crate::config::Config;
use crate::people::Scope;

#[derive(Debug, Subcommand)]
pub(super) enum ApiToken {
    /// Make a token; it is printed this once
    Create(Create),
    /// Tokens, the newest first
    List(List),
    /// End a token
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// For whom it speaks: it never may more than they may
    #[arg(long, value_name = "NAME")]
    user: String,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// read, evidence, bring, decide, export or audit; may be repeated
    #[arg(long, required = true)]
    scope: Vec<Scope>,
    /// Days until it ends: 90 unless it is said, at most 366; 30 for somebody who signs in at a provider
    #[arg(long)]
    days: Option<i64>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only theirs
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// As `list` shows it
    id: String,
    #[command(flatten)]
    by: By,
}

pub(super) fn run(config: &Config, asked: ApiToken, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        ApiToken::Create(Create { user, name, scope, days, by: By { by, output } }) => {
            let made = app::create_api_token(config, (user, name, scope, days), &by, now)?;
            show(output.json, &made, &made.to_string())
        }
        ApiToken::List(List { user, output }) => {
            let found = app::api_tokens(config, user.as_deref(), now)?;
            show(output.json, &found, &found.to_string())
        }
        ApiToken::Revoke(Revoke { id, by: By { by, output } }) => {
            let done = app::revoke_api_token(config, &id, &by, now)?;
            show(output.json, &done, &done.to_string())
        }
    }
}
