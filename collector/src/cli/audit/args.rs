//! Arguments of `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::super::made::Named;
use super::super::{Because, Output};
use crate::decisions::moment;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Audit {
    /// Make an audit: what it is about, for which period, by whom
    New(Box<New>),
    /// Nothing in it changes any more
    Close(Named),
    /// It goes on
    Open(Named),
    /// Audits in force
    List(Output),
    /// What auditors want to see, and what they get
    #[command(subcommand)]
    Request(Request),
    /// What auditors found, graded, with the organisation's response
    #[command(subcommand)]
    Finding(Finding),
    /// Write the bundle of an audit: what its scope and period cover, what is attached, drawn, asked for and found
    Export {
        audit: String,
        /// Folder to make
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Who exports; stands in the log
        #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
        by: String,
        #[command(flatten)]
        output: Output,
    },
    /// Say something on a request or a finding; it stays as it is said
    Comment {
        audit: String,
        /// The request or the finding
        #[arg(long, value_name = "ID")]
        on: String,
        #[arg(long, value_name = "TEXT")]
        text: String,
        #[command(flatten)]
        because: Because,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    #[arg(long, value_name = "TEXT")]
    pub(super) title: String,
    /// internal, stage_1, stage_2, surveillance or customer
    #[arg(long = "type", value_name = "TYPE", value_parser = ["internal", "stage_1", "stage_2", "surveillance", "customer"])]
    pub(super) sort: String,
    /// A control in scope, like A.8.13; may be repeated. All if absent
    #[arg(long, value_name = "CONTROL")]
    pub(super) control: Vec<String>,
    /// Targets in scope: a selection like 'environment = production'
    #[arg(long, value_name = "SELECTION", default_value = "all")]
    pub(super) targets: String,
    /// First day (UTC) of the period whose evidence is looked at
    #[arg(long, value_name = "DAY", value_parser = moment::from)]
    pub(super) from: Timestamp,
    /// Last day (UTC) of that period
    #[arg(long, value_name = "DAY", value_parser = moment::until)]
    pub(super) until: Timestamp,
    /// Who leads it
    #[arg(long, value_name = "NAME")]
    pub(super) lead: String,
    /// Somebody of the team; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) team: Vec<String>,
    /// It has not begun
    #[arg(long)]
    pub(super) planned: bool,
    /// A name of its own; the next free one like A-2027-001 if absent
    #[arg(long)]
    pub(super) id: Option<String>,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Request {
    /// Ask for something
    Add(RequestAdd),
    /// Answer it: in words, with evidence of the log, with a file
    Answer(Box<RequestAnswer>),
    /// It is open, answered, returned or accepted
    Set(RequestSet),
    /// Take a list as CSV with the columns request, and if wanted number, controls, due, owner. One bad row, and nothing is taken
    Import {
        audit: String,
        file: PathBuf,
        #[command(flatten)]
        because: Because,
    },
    /// Print the audit's list as CSV, with answers, evidence and comments
    Export { audit: String },
    /// Requests of all audits
    List(Output),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RequestAdd {
    pub(super) audit: String,
    /// What is asked for
    #[arg(long, value_name = "TEXT")]
    pub(super) text: String,
    /// The number that it has in the auditors' own list
    #[arg(long, value_name = "TEXT")]
    pub(super) number: Option<String>,
    /// A control that it is about; may be repeated
    #[arg(long, value_name = "CONTROL")]
    pub(super) control: Vec<String>,
    /// Last day (UTC)
    #[arg(long, value_name = "DAY", value_parser = moment::until)]
    pub(super) due: Option<Timestamp>,
    /// Who answers it
    #[arg(long, value_name = "NAME")]
    pub(super) owner: Option<String>,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RequestAnswer {
    pub(super) id: String,
    #[arg(long, value_name = "TEXT")]
    pub(super) answer: Option<String>,
    /// Evidence: 'ENTRY KIND TARGET', or the address of its page; may be repeated
    #[arg(long, value_name = "EVIDENCE")]
    pub(super) evidence: Vec<String>,
    /// A file; at most 8 MiB, and no program
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RequestSet {
    pub(super) id: String,
    #[arg(long, value_parser = ["open", "answered", "returned", "accepted"])]
    pub(super) status: String,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Finding {
    /// Say what was found
    Add(Box<Raise>),
    /// What the organisation says to it
    Respond(Respond),
    /// It is dealt with
    Close(Named),
    /// Findings of all audits
    List(Output),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Raise {
    pub(super) audit: String,
    #[arg(long, value_parser = ["major", "minor", "observation", "opportunity"])]
    pub(super) grade: String,
    #[arg(long, value_name = "CONTROL")]
    pub(super) control: Option<String>,
    /// What was found
    #[arg(long, value_name = "TEXT")]
    pub(super) text: String,
    /// Evidence: 'ENTRY KIND TARGET', or the address of its page; may be repeated
    #[arg(long, value_name = "EVIDENCE")]
    pub(super) evidence: Vec<String>,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Respond {
    pub(super) id: String,
    #[arg(long, value_name = "TEXT")]
    pub(super) response: String,
    #[command(flatten)]
    pub(super) because: Because,
}
