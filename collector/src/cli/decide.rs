//! What people decide, as they type it: waivers, applicability, labels, scope.

mod args;

use std::process::ExitCode;

use exhibit_assessment::decisions::ISMS;
use exhibit_proto::statement::Act;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::made::{Named, act, list, made};
use super::{evidence, show};
use crate::app;
use crate::config::Config;
use args::{Decisions, Label, LabelSet, Scope, Soa, SoaSet, SoaShow, Target, Waiver, WaiverAdd};

pub(super) use args::Decide;

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
