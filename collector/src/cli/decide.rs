//! What people decide, as they type it: waivers, applicability, labels, scope.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use exhibit_assessment::decisions::ISMS;
use exhibit_proto::statement::{Act, Decision};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Because, Output, evidence, show};
use crate::app;
use crate::config::Config;
use crate::decisions::{Attached, moment};

/// What people decide; each command works while `serve` runs.
#[derive(Debug, Subcommand)]
pub(super) enum Decide {
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
pub(super) enum Waiver {
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
pub(super) struct WaiverAdd {
    /// Failures of this rule, on every control that it speaks about
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Failures of any rule, on this control
    #[arg(long, value_name = "CONTROL")]
    control: Option<String>,
    /// Only on these targets: a selection like 'environment = test' or 'target = "host:4711"'
    #[arg(long, value_name = "SELECTION", default_value = "all")]
    targets: String,
    /// First day or moment (UTC); at once if absent
    #[arg(long, value_name = "DAY", value_parser = moment::from)]
    from: Option<Timestamp>,
    /// Last day or end (UTC): a waiver without an end does not exist
    #[arg(long, value_name = "DAY", value_parser = moment::until)]
    until: Timestamp,
    /// A name of its own; the next free one like W-2027-001 if absent
    #[arg(long)]
    id: Option<String>,
    /// Change the waiver whose newest revision is this entry, as `decision show` tells it
    #[arg(long, value_name = "ENTRY", requires = "id")]
    after: Option<u64>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    pub(super) id: String,
    #[command(flatten)]
    pub(super) because: Because,
}

#[derive(Debug, Subcommand)]
pub(super) enum Soa {
    /// Decide about one control; what is not named stays as it is
    Set(Box<SoaSet>),
    /// Every control about which something is decided; with an entry, the version that it froze
    Show(SoaShow),
    #[command(flatten)]
    Versions(super::soa::Versions),
}

#[derive(Debug, Args)]
pub(super) struct SoaShow {
    /// Print the document of the version that this entry froze, exactly as it is stored; `soa list` shows them
    #[arg(value_name = "ENTRY", conflicts_with = "json")]
    entry: Option<u64>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct SoaSet {
    control: String,
    /// It applies (so does a control about which nothing is decided)
    #[arg(long, conflicts_with = "exclude")]
    applicable: bool,
    /// It does not apply; needs a justification
    #[arg(long)]
    exclude: bool,
    /// Why it is included or excluded
    #[arg(long, value_name = "TEXT")]
    justification: Option<String>,
    /// How it is implemented
    #[arg(long, value_name = "TEXT")]
    implementation: Option<String>,
    /// How far
    #[arg(long, value_parser = ["implemented", "partly", "planned", "not_implemented"])]
    status: Option<String>,
    /// Who answers for the control: a record of its own
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// What people should know about it: a record of its own
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Subcommand)]
pub(super) enum Label {
    /// Give a target labels; `key=` takes one away, others stay
    Set(LabelSet),
    /// Labels that people gave
    List(Output),
}

#[derive(Debug, Args)]
pub(super) struct LabelSet {
    target: String,
    #[arg(required = true, value_name = "KEY=VALUE")]
    labels: Vec<String>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Subcommand)]
pub(super) enum Scope {
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
pub(super) enum Target {
    /// It is gone for good: it leaves the population, and its findings decide nothing from now on
    Retire(Named),
    /// It is there after all
    Return(Named),
    /// Targets that are retired
    Retired(Output),
}

#[derive(Debug, Subcommand)]
pub(super) enum Decisions {
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

pub(super) fn run(config: &Config, asked: Decide, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Decide::Waiver(asked) => waiver(config, asked, now),
        Decide::Soa(asked) => soa(config, asked, now),
        Decide::Evidence(asked) => evidence::evidence(config, asked, now),
        Decide::Attest(asked) => evidence::attest(config, asked, now),
        Decide::Label(asked) => label(config, asked, now),
        Decide::Scope(asked) => scope(config, asked, now),
        Decide::Target(asked) => target(config, asked, now),
        Decide::Decision(asked) => decision(config, asked, now),
    }
}

fn waiver(config: &Config, asked: Waiver, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Waiver::Add(asked) => {
            let WaiverAdd { rule, control, targets, from, until, id, after, because } = asked;
            let about = match (rule, control) {
                (Some(rule), _) => json!({"rule": rule}),
                (None, control) => json!({"control": control}),
            };
            let mut value = json!({"about": about, "targets": targets, "until": until});
            if let Some(from) = from {
                value["from"] = json!(from);
            }
            let id = match id {
                Some(id) => id,
                None => app::next_id(config, "waiver", now)?,
            };
            made(config, ("waiver", &id, after), (Act::Put, Some(value)), because, now)
        }
        Waiver::Approve(named) => act(config, "waiver", named, Act::Approve, now),
        Waiver::Withdraw(named) => act(config, "waiver", named, Act::Withdraw, now),
        Waiver::List(output) => list(config, Some("waiver"), None, &output),
    }
}

fn soa(config: &Config, asked: Soa, now: Timestamp) -> anyhow::Result<ExitCode> {
    let asked = match asked {
        Soa::Show(SoaShow { entry: Some(entry), .. }) => {
            return super::soa::document(config, entry);
        }
        Soa::Show(SoaShow { output, .. }) => {
            return list(config, Some("applicability"), None, &output);
        }
        Soa::Versions(asked) => return super::soa::versions(config, asked, now),
        Soa::Set(asked) => asked,
    };
    let SoaSet { control, because, owner, note, .. } = &*asked;
    let mut code = ExitCode::SUCCESS;
    let named = [&asked.justification, &asked.implementation, &asked.status];
    let row = asked.applicable || asked.exclude || named.iter().any(|text| text.is_some());
    anyhow::ensure!(
        row || owner.is_some() || note.is_some(),
        "nothing is decided about {control}: name --applicable, --exclude, --justification, --implementation, --status, --owner or --note"
    );
    if row {
        let (before, after) = app::value_in_force(config, "applicability", control)?;
        let mut value = before.unwrap_or_else(|| json!({"applicable": true}));
        if asked.applicable || asked.exclude {
            value["applicable"] = json!(!asked.exclude);
        }
        for (key, text) in ["justification", "implementation", "status"].into_iter().zip(named) {
            if let Some(text) = text {
                value[key] = json!(text);
            }
        }
        let place = ("applicability", control.as_str(), after);
        code = made(config, place, (Act::Put, Some(value)), because.again(), now)?;
    }
    let others = [("owner", json!({"owner": owner}), owner), ("note", json!({"text": note}), note)];
    for (register, value, given) in others {
        if given.is_some() {
            let after = app::newest(config, register, control)?;
            let place = (register, control.as_str(), after);
            code = made(config, place, (Act::Put, Some(value)), because.again(), now)?;
        }
    }
    Ok(code)
}

fn label(config: &Config, asked: Label, now: Timestamp) -> anyhow::Result<ExitCode> {
    let LabelSet { target, labels, because } = match asked {
        Label::List(output) => return list(config, Some("label"), None, &output),
        Label::Set(asked) => asked,
    };
    let (before, after) = app::value_in_force(config, "label", &target)?;
    let mut value = before.unwrap_or_else(|| Value::Object(Map::new()));
    for label in &labels {
        let (key, text) = label.split_once('=').ok_or_else(|| {
            anyhow::anyhow!("{label:?} is not KEY=VALUE; KEY= takes a label away")
        })?;
        match (value.as_object_mut(), text) {
            (Some(labels), "") => drop(labels.remove(key)),
            (Some(labels), text) => drop(labels.insert(key.to_owned(), json!(text))),
            (None, _) => {}
        }
    }
    made(config, ("label", &target, after), (Act::Put, Some(value)), because, now)
}

fn scope(config: &Config, asked: Scope, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Scope::Show(output) => {
            let (value, _) = app::value_in_force(config, "scope", ISMS)?;
            let value = value.unwrap_or_else(|| json!({"isms": "all"}));
            show(output.json, &value, &serde_json::to_string_pretty(&value)?)
        }
        Scope::Set { file, because } => {
            use anyhow::Context as _;
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("reading {}", file.display()))?;
            let value: Value = serde_json::from_str(&text)
                .with_context(|| format!("{} is not JSON", file.display()))?;
            let after = app::newest(config, "scope", ISMS)?;
            made(config, ("scope", ISMS, after), (Act::Put, Some(value)), because, now)
        }
    }
}

fn target(config: &Config, asked: Target, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Target::Retire(Named { id, because }) => {
            let after = app::newest(config, "retired", &id)?;
            made(config, ("retired", &id, after), (Act::Put, Some(json!({}))), because, now)
        }
        Target::Return(named) => act(config, "retired", named, Act::Withdraw, now),
        Target::Retired(output) => list(config, Some("retired"), None, &output),
    }
}

fn decision(config: &Config, asked: Decisions, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Decisions::List { register, output } => list(config, register.as_deref(), None, &output),
        Decisions::Show { register, id, output } => {
            list(config, Some(&register), Some(&id), &output)
        }
        Decisions::Approve { register, named } => act(config, &register, named, Act::Approve, now),
        Decisions::Withdraw { register, named } => {
            act(config, &register, named, Act::Withdraw, now)
        }
    }
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
    made(config, (register, &id, after), (act, None), because, now)
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
    let found = app::records(config, register, id)?;
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let text = if lines.is_empty() { "nothing is decided".to_owned() } else { lines.join("\n") };
    show(output.json, &json!({"records": found}), &text)
}

impl Because {
    /// The same for another decision of one command.
    fn again(&self) -> Self {
        let Self { reason, by, output } = self;
        Self { reason: reason.clone(), by: by.clone(), output: Output { json: output.json } }
    }
}
