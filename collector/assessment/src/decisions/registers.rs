//! The registers: one line each says what a value must be and where it goes. A register that is not here is kept and shown
//! by name, and decides nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::values::{
    Applicability, AttestedValue, Brought, DutyValue, FrozenValue, LabelRulesValue, NoteValue,
    OwnerValue, RetiredValue, SecondPersonValue, WaiverValue,
};
use super::{People, Revision, audits};
use crate::{
    framework::Framework,
    ids::{ControlId, RuleId},
    rule::Rule,
    selection::Labels,
    status::{Attestation, Exclusion, ManualEvidence, Scope, Waived, Waiver},
};

/// Which register says which registers ask for a second person.
/// Labels that people gave to single targets, and those that the configuration gives.
pub const LABEL: &str = "label";
pub const LABEL_RULES: &str = "label_rules";
/// Versions of the statement of applicability.
pub const SOA: &str = "soa";
pub const SECOND_PERSON: &str = "second_person";
/// The only id of what is decided once for everything.
pub const ISMS: &str = "isms";
/// The only id of what the configuration decides.
pub const CONFIGURATION: &str = "configuration";
pub(super) const MAX_TEXT: usize = 20_000;
pub(super) const MAX_LINE: usize = 300;

type Read = fn(&Framework, &Revision, &mut People) -> Result<(), String>;

/// A sort of record.
#[derive(Debug, Clone, Copy)]
pub struct Register {
    /// As entries say it.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What a record of it does, in one sentence.
    pub does: &'static str,
    /// Only the program itself writes it, out of its configuration.
    pub by_program: bool,
    /// It has pages and commands of its own; the general form does not make it.
    pub own_pages: bool,
    read: Read,
}

/// Every register that this version reads.
pub const REGISTERS: [Register; 19] = [
    line("waiver", "Waivers", "A failure is lived with until a date.", waiver),
    line("manual_evidence", "Manual evidence", "A file shows a control for a while.", manual),
    line(
        "attestation",
        "Attestations",
        "Somebody is to say again and again that a control is in place.",
        duty,
    ),
    line("attested", "Attested", "Somebody said that a control is in place.", attested),
    line(LABEL, "Labels", "A target has labels that people gave it.", label),
    line("retired", "Retired targets", "A target is gone for good and counts no longer.", retired),
    line("scope", "Scope", "Which targets the ISMS, a rule or a control is about.", scope),
    line(
        "applicability",
        "Applicability",
        "A control is applicable or excluded, and why.",
        applicability,
    ),
    line("owner", "Owners", "Somebody answers for a control.", owner),
    line("note", "Notes", "What people should know about a control.", note),
    line("audit", "Audits", "An audit has a scope, a period, a team.", audits::audit),
    line("request", "Requests", "Auditors ask for something, and get it.", audits::request),
    line(
        "audit_finding",
        "Audit findings",
        "An audit found something, and the organisation responds.",
        audits::raised,
    ),
    line(
        "audit_comment",
        "Audit comments",
        "Somebody said something on a request or a finding.",
        audits::comment,
    ),
    Register {
        own_pages: true,
        ..line(
            "population",
            "Populations",
            "A list is frozen, and how many of it will be drawn.",
            audits::population,
        )
    },
    Register {
        own_pages: true,
        ..line(
            "sample",
            "Samples",
            "Items of a population are drawn, by a number given after it was frozen.",
            audits::sample,
        )
    },
    Register {
        own_pages: true,
        ..line(
            SOA,
            "Frozen statements of applicability",
            "The statement of applicability is kept as it was.",
            frozen,
        )
    },
    Register {
        by_program: true,
        ..line(
            LABEL_RULES,
            "Labels by configuration",
            "Selections of targets have labels.",
            label_rules,
        )
    },
    Register {
        by_program: true,
        ..line(
            SECOND_PERSON,
            "Second person",
            "Decisions in these registers wait for another person.",
            second_person,
        )
    },
];

const fn line(name: &'static str, title: &'static str, does: &'static str, read: Read) -> Register {
    Register { name, title, does, by_program: false, own_pages: false, read }
}

/// The register of that name, if this version reads it.
#[must_use]
pub fn register(name: &str) -> Option<&'static Register> {
    REGISTERS.iter().find(|register| register.name == name)
}

/// What is there when somebody decides.
pub struct Known<'a> {
    pub framework: &'a Framework,
    pub rules: &'a [Rule],
    pub targets: &'a BTreeSet<String>,
    /// What is in force.
    pub people: &'a People,
    pub now: Timestamp,
}

/// Refuses a value that could not be read later, or that is about nothing that exists; the text says the way out.
pub fn check(known: &Known<'_>, revision: &Revision) -> Result<(), String> {
    let mut alone = People::default();
    read(known.framework, revision, &mut alone)?;
    let mut rules: BTreeSet<&RuleId> = alone.scope.rules.keys().collect();
    for waiver in &alone.waivers {
        if let Waived::Rule(rule) = &waiver.about {
            rules.insert(rule);
        }
        if waiver.until <= known.now {
            return Err(format!("it would have ended on {}; give a later end", waiver.until));
        }
    }
    for rule in rules {
        if !known.rules.iter().any(|held| held.id == *rule) {
            return Err(format!("the rule pack in force has no rule {rule}; see the page Rules"));
        }
    }
    for evidence in &alone.manual {
        if evidence.stale_from() <= known.now {
            let end = evidence.stale_from();
            return Err(format!(
                "it would have ended or be due for review on {end}; give a later time"
            ));
        }
    }
    let mut targets = alone.labels.keys().chain(alone.retired.keys());
    if let Some(unknown) = targets.find(|target| !known.targets.contains(*target)) {
        return Err(format!("no target {unknown} is known; the page Targets lists them"));
    }
    audits::check(known.people, &alone.audits)?;
    if let Some(id) = alone.attested.keys().find(|id| !known.people.duties.contains_key(*id)) {
        return Err(format!("nobody is to attest {id:?}; make the duty first"));
    }
    Ok(())
}

/// Files what is in force under its type.
pub(super) fn read(
    framework: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let known = register(&revision.register);
    let known =
        known.ok_or_else(|| format!("this version knows no register {:?}", revision.register))?;
    (known.read)(framework, revision, people)
}

/// Registers for which the value in force of [`SECOND_PERSON`] asks for a second person.
#[must_use]
pub fn asks(value: &Value) -> BTreeSet<String> {
    let value: Option<SecondPersonValue> = serde_json::from_value(value.clone()).ok();
    value.into_iter().flat_map(|value| value.registers).collect()
}

pub(super) fn value<T: DeserializeOwned>(revision: &Revision) -> Result<T, String> {
    // A derived reader would take a list for an object, field by field.
    if !matches!(revision.value, Value::Object(_)) {
        return Err("its value is not an object".to_owned());
    }
    serde_json::from_value(revision.value.clone()).map_err(|error| error.to_string())
}

pub(super) fn control(framework: &Framework, id: ControlId) -> Result<ControlId, String> {
    let found = framework.control(id).map(|control| control.id);
    found.ok_or_else(|| format!("{id} is no control of the framework"))
}

/// The control that is the record's id.
fn about(framework: &Framework, revision: &Revision) -> Result<ControlId, String> {
    let id = revision.id.parse().map_err(|error: crate::ids::IdError| error.to_string())?;
    control(framework, id)
}

pub(super) fn text(what: &str, text: &str, most: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    bounded(what, text, most)
}

pub(super) fn bounded(what: &str, text: &str, most: usize) -> Result<(), String> {
    let lines = most > MAX_LINE;
    if text.len() > most {
        return Err(format!("{what} has {} bytes: at most {most}", text.len()));
    }
    if text.contains(|c: char| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(format!("{what} {text:?} has control characters; leave them out"));
    }
    Ok(())
}

fn only(revision: &Revision, id: &str) -> Result<(), String> {
    if revision.id == id {
        return Ok(());
    }
    Err(format!(
        "the register {} has one record, {id}, and no {:?}",
        revision.register, revision.id
    ))
}

fn waiver(framework: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let WaiverValue { about, targets, from, until } = value(revision)?;
    if let Waived::Control(id) = &about {
        control(framework, *id)?;
    }
    let waiver = Waiver {
        id: revision.id.clone(),
        about,
        targets,
        reason: revision.reason.clone(),
        approver: revision.approver().to_owned(),
        from: from.unwrap_or_else(|| revision.since()),
        until,
    };
    people.waivers.push(waiver.checked().map_err(|error| error.to_string())?);
    Ok(())
}

fn manual(framework: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let brought: Brought = value(revision)?;
    control(framework, brought.control)?;
    text("the title", &brought.title, MAX_LINE)?;
    text("the file's name", &brought.file, MAX_LINE)?;
    text("the media type", &brought.media_type, MAX_LINE)?;
    hex(&brought.digest)?;
    let evidence = ManualEvidence {
        id: revision.id.clone(),
        control: brought.control,
        title: brought.title.clone(),
        by: revision.by.clone(),
        digest: brought.digest.clone(),
        from: brought.from.unwrap_or_else(|| revision.since()),
        until: brought.until,
        review: brought.review,
    };
    people.manual.push(evidence.checked().map_err(|error| error.to_string())?);
    people.files.insert(revision.id.clone(), brought);
    Ok(())
}

fn hex(digest: &str) -> Result<(), String> {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if digest.len() == 64 && digest.chars().all(hex) {
        return Ok(());
    }
    Err(format!("{digest:?} is not a SHA-256 in hex"))
}

fn frozen(_: &Framework, revision: &Revision, _: &mut People) -> Result<(), String> {
    let FrozenValue { digest, file, media_type, size: _ } = value(revision)?;
    text("the file's name", &file, MAX_LINE)?;
    text("the media type", &media_type, MAX_LINE)?;
    hex(&digest)
}

fn duty(framework: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let DutyValue { control: id, owner, every_days, first_due } = value(revision)?;
    text("the owner", &owner, MAX_LINE)?;
    let control = control(framework, id)?;
    let duty = Attestation { control, owner, every_days, first_due, last: None };
    let duty = duty.checked().map_err(|error| error.to_string())?;
    people.duties.insert(revision.id.clone(), duty);
    Ok(())
}

fn attested(_: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let AttestedValue { says } = value(revision)?;
    text("what is attested", &says, MAX_TEXT)?;
    people.attested.insert(revision.id.clone(), (revision.since(), revision.by.clone()));
    Ok(())
}

fn label(_: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let labels: Labels = value(revision)?;
    people.labels.insert(revision.id.clone(), labels);
    Ok(())
}

fn retired(_: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let RetiredValue {} = value(revision)?;
    people.retired.insert(revision.id.clone(), revision.since());
    Ok(())
}

fn scope(framework: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    only(revision, ISMS)?;
    let scope: Scope = value(revision)?;
    for id in scope.controls.keys() {
        control(framework, *id)?;
    }
    people.scope = scope;
    Ok(())
}

fn applicability(
    framework: &Framework,
    revision: &Revision,
    people: &mut People,
) -> Result<(), String> {
    let control = about(framework, revision)?;
    let row: Applicability = value(revision)?;
    bounded("the justification", &row.justification, MAX_TEXT)?;
    bounded("the implementation", &row.implementation, MAX_TEXT)?;
    if !row.applicable {
        text("the justification of an exclusion", &row.justification, MAX_TEXT)?;
        let (justification, since) = (row.justification.clone(), revision.since());
        people.exclusions.push(Exclusion { control, justification, since });
    }
    people.controls.entry(control).or_default().applicability = Some(row);
    Ok(())
}

fn owner(framework: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let OwnerValue { owner } = value(revision)?;
    text("the owner", &owner, MAX_LINE)?;
    let control = about(framework, revision)?;
    people.controls.entry(control).or_default().owner = Some(owner);
    Ok(())
}

fn note(framework: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    let NoteValue { text: said } = value(revision)?;
    text("the note", &said, MAX_TEXT)?;
    let control = about(framework, revision)?;
    people.controls.entry(control).or_default().note = Some(said);
    Ok(())
}

fn label_rules(_: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    only(revision, CONFIGURATION)?;
    let LabelRulesValue { rules, from_agents } = value(revision)?;
    (people.label_rules, people.from_agents) = (rules, from_agents);
    Ok(())
}

fn second_person(_: &Framework, revision: &Revision, people: &mut People) -> Result<(), String> {
    only(revision, CONFIGURATION)?;
    let SecondPersonValue { registers } = value(revision)?;
    people.second_person = registers.into_iter().collect();
    Ok(())
}
