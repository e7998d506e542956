//! `user`: who may sign in at the pages.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::api_tokens::{self, ApiToken};
use super::{By, Output, show};
use crate::app;
use crate::config::Config;
use crate::decisions::moment;
use crate::people::{Access, Change, Role};

#[derive(Debug, Subcommand)]
pub(super) enum Accounts {
    /// People who may sign in at the pages, and their roles; works while `serve` runs
    #[command(subcommand)]
    User(User),
    /// Tokens for programs that ask the API; works while `serve` runs
    #[command(subcommand)]
    ApiToken(ApiToken),
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add somebody; prints a first password, to be changed at the first sign-in
    Add(Add),
    /// Everybody, with roles
    List(Output),
    /// Give somebody another role, another end; open sessions end
    Role(ChangeRole),
    /// Nobody signs in with that name any more; open sessions end. The name stays taken, since decisions name it
    Disable(One),
    /// Let somebody sign in again
    Enable(One),
    /// A new first password in the place of the one they have; open sessions end
    Reset(One),
    /// Take the second factor away of somebody who lost app and paper; open sessions end
    ForgetSecond(One),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Letters, digits and . - _ @; stands in the log for good
    name: String,
    /// viewer, contributor, compliance, admin or auditor
    #[arg(long)]
    role: Role,
    #[arg(long, value_name = "TEXT", default_value = "")]
    full_name: String,
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    email: String,
    /// Last day (UTC), or a moment; an auditor needs one
    #[arg(long, value_name = "DAY", value_parser = moment::until)]
    valid_until: Option<Timestamp>,
    /// The only audit that an auditor may see
    #[arg(long, value_name = "AUDIT")]
    audit: Option<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub(super) struct ChangeRole {
    name: String,
    /// viewer, contributor, compliance, admin or auditor
    role: Role,
    /// Last day (UTC), or a moment; without it as before
    #[arg(long, value_name = "DAY", value_parser = moment::until)]
    valid_until: Option<Timestamp>,
    /// The account has no end
    #[arg(long, conflicts_with = "valid_until")]
    no_end: bool,
    /// The only audit that an auditor may see; without it any
    #[arg(long, value_name = "AUDIT")]
    audit: Option<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub(super) struct One {
    name: String,
    #[command(flatten)]
    by: By,
}

pub(super) fn accounts(
    config: &Config,
    asked: Accounts,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    match asked {
        Accounts::User(asked) => run(config, asked, now),
        Accounts::ApiToken(asked) => api_tokens::run(config, asked, now),
    }
}

fn run(config: &Config, asked: User, now: Timestamp) -> anyhow::Result<ExitCode> {
    let (change, By { by, output }) = match asked {
        User::List(output) => {
            let found = app::people(config, now)?;
            return show(output.json, &found, &found.to_string());
        }
        User::Add(Add { name, role, full_name, email, valid_until, audit, by }) => {
            let access = Access { role, valid_until, audit };
            (Change::Add { name, full_name, email, access }, by)
        }
        User::Role(ChangeRole { name, role, valid_until, no_end, audit, by }) => {
            let before = app::access_of(config, &name, now)?;
            let valid_until = if no_end { None } else { valid_until.or(before.valid_until) };
            (Change::Access { name, access: Access { role, valid_until, audit } }, by)
        }
        User::Disable(One { name, by }) => (Change::Disable { name }, by),
        User::Enable(One { name, by }) => (Change::Enable { name }, by),
        User::Reset(One { name, by }) => (Change::Reset { name }, by),
        User::ForgetSecond(One { name, by }) => (Change::ForgetSecond { name }, by),
    };
    let done = app::change_people(config, &change, &by, now)?;
    show(output.json, &done, &done.to_string())
}
