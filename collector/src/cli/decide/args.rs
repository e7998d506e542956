//! Arguments of what people decide.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::cli::made::Named;
use crate::cli::{Because, Output, evidence};
use crate::decisions::moment;

/// What people decide; each command works while `serve` runs.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Decide {
    /// Live with a failure until a date: waivers, with who, why and for which targets; works while `serve` runs
    #[command(subcommand)]
    Waiver(Waiver),
    /// Statement of applicability: which controls apply or are excluded, why, how implemented, who answers for them
    #[command(subcommand)]
    Soa(Soa),
    /// Manual evidence: files that show a control for a while; hashed, logged, never counted as machine evidence
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Say that a control is in place, or ask somebody to say so again and again
    Attest(evidence::Attest),
    /// Labels of targets: environment, owner, criticality, service, or what you need for selections
    #[command(subcommand)]
    Label(Label),
    /// The scope of the ISMS: which targets count, for everything, for a rule or for a control
    #[command(subcommand)]
    Scope(Scope),
    /// Targets that are gone for good, so that nobody waits for evidence of them
    #[command(subcommand)]
    Target(Target),
    /// Everything that people decided: list, show with history, approve, withdraw, of any register
    #[command(subcommand)]
    Decision(Decisions),
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Waiver {
    /// Live with failures of a rule or on a control until a date. A waived failure is shown as waived, never as a pass
    Add(WaiverAdd),
    /// Agree to a waiver that another person proposed
    Approve(Named),
    /// End a waiver, or take back one that is proposed
    Withdraw(Named),
    /// Waivers that stand or are proposed
    List(Output),
}

#[derive(Debug, Args)]
#[group(id = "about", required = true, multiple = false, args = ["rule", "control"])]
pub(in crate::cli) struct WaiverAdd {
    /// Failures of this rule, on every control that it speaks about
    #[arg(long, value_name = "RULE")]
    pub(super) rule: Option<String>,
    /// Failures of any rule, on this control
    #[arg(long, value_name = "CONTROL")]
    pub(super) control: Option<String>,
    /// Only on these targets: a selection like 'environment = test' or 'target = "host:4711"'
    #[arg(long, value_name = "SELECTION", default_value = "all")]
    pub(super) targets: String,
    /// First day or moment (UTC); at once if absent
    #[arg(long, value_name = "DAY", value_parser = moment::from)]
    pub(super) from: Option<Timestamp>,
    /// Last day or end (UTC): a waiver without an end does not exist
    #[arg(long, value_name = "DAY", value_parser = moment::until)]
    pub(super) until: Timestamp,
    /// A name of its own; the next free one like W-2027-001 if absent
    #[arg(long)]
    pub(super) id: Option<String>,
    /// Change the waiver whose newest revision is this entry, as `decision show` tells it
    #[arg(long, value_name = "ENTRY", requires = "id")]
    pub(super) after: Option<u64>,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Soa {
    /// Decide about one control; what is not named stays as it is
    Set(Box<SoaSet>),
    /// Every control about which something is decided; with an entry, the version that it froze
    Show(SoaShow),
    #[command(flatten)]
    Versions(crate::cli::soa::Versions),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SoaShow {
    /// Print the document of the version that this entry froze, exactly as it is stored; `soa list` shows them
    #[arg(value_name = "ENTRY", conflicts_with = "json")]
    pub(super) entry: Option<u64>,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SoaSet {
    pub(super) control: String,
    /// It applies (so does a control about which nothing is decided)
    #[arg(long, conflicts_with = "exclude")]
    pub(super) applicable: bool,
    /// It does not apply; needs a justification
    #[arg(long)]
    pub(super) exclude: bool,
    /// Why it is included or excluded
    #[arg(long, value_name = "TEXT")]
    pub(super) justification: Option<String>,
    /// How it is implemented
    #[arg(long, value_name = "TEXT")]
    pub(super) implementation: Option<String>,
    /// How far
    #[arg(long, value_parser = ["implemented", "partly", "planned", "not_implemented"])]
    pub(super) status: Option<String>,
    /// Who answers for the control: a record of its own
    #[arg(long, value_name = "NAME")]
    pub(super) owner: Option<String>,
    /// What people should know about it: a record of its own
    #[arg(long, value_name = "TEXT")]
    pub(super) note: Option<String>,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Label {
    /// Give a target labels; `key=` takes one away, others stay
    Set(LabelSet),
    /// Labels that people gave
    List(Output),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LabelSet {
    pub(super) target: String,
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub(super) labels: Vec<String>,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Scope {
    /// The scope in force
    Show(Output),
    /// Decide on the scope: a JSON file with `isms`, `rules` and `controls`, each a selection like "environment = production"
    Set {
        file: PathBuf,
        #[command(flatten)]
        because: Because,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Target {
    /// It is gone for good: it leaves the population, and its findings decide nothing from now on
    Retire(Named),
    /// It is there after all
    Return(Named),
    /// Targets that are retired
    Retired(Output),
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Decisions {
    /// What stands or is proposed, of one register or of all
    List {
        register: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// One record with its history, newest first
    Show {
        register: String,
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Agree to what another person proposed
    Approve {
        register: String,
        #[command(flatten)]
        named: Named,
    },
    /// End what is in force, or take back what is proposed
    Withdraw {
        register: String,
        #[command(flatten)]
        named: Named,
    },
}
