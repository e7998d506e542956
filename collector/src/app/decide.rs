//! Decisions of people: checked against what stands, under the writer, one at a time; then logged. It decides nothing itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::anyhow;
use exhibit_assessment::decisions::{
    self, CONFIGURATION, Known, LABEL_RULES, Place, REGISTERS, REQUEST, Revision, SECOND_PERSON,
    SOA, StepError,
};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::sample;
use exhibit_proto::statement::{Act, DECISION, Decision, Subject, decision_file};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::open::OpenViews;
use crate::audit;
use crate::config::Config;
use crate::decisions::{Decide, Decided, Deciding, Undecided};
use crate::identity::Collector;
use crate::log::LogWriter;
use crate::population;
use crate::views::{RecordRow, Views};
use crate::web::Clock;

/// Who says what the configuration decides.
const BY_CONFIGURATION: &str = "configuration";

/// Whoever logs decisions: one at a time, each after what it rests on is seen.
#[derive(Clone)]
pub(crate) struct Decider {
    pub(super) collector: Collector,
    pub(super) writer: LogWriter,
    pub(super) views: OpenViews,
    /// Register and value of what the configuration decides; `None`: nothing of it.
    pub(super) configured: Vec<(&'static str, Option<Value>)>,
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

/// What the configuration decides, as values of its registers.
pub(super) fn configured(config: &Config) -> Vec<(&'static str, Option<Value>)> {
    let mut registers = config.approval.second_person.clone();
    registers.sort_unstable();
    registers.dedup();
    let second = Some(json!({"registers": registers})).filter(|_| !registers.is_empty());
    vec![(SECOND_PERSON, second), (LABEL_RULES, label_rules(config))]
}

/// Labels by selection, and which names are taken from agents.
fn label_rules(config: &Config) -> Option<Value> {
    let mut value = json!({"rules": config.label});
    if let Some(names) = &config.labels.from_agents {
        value["from_agents"] = json!(names);
    }
    let says = !config.label.is_empty() || config.labels.from_agents.is_some();
    says.then_some(value)
}

impl Decider {
    /// The callback for pages, by their clock.
    pub(crate) fn lent(&self, clock: Clock) -> Decide {
        let decider = self.clone();
        Arc::new(move |deciding| {
            let (decider, now) = (decider.clone(), clock());
            // To its end, even if whoever asked goes away: what is in the log must be told to the pages.
            let done = tokio::spawn(async move { decider.decide(deciding, now).await });
            Box::pin(async move {
                done.await.unwrap_or_else(|error| Err(Undecided::Unable(error.to_string())))
            })
        })
    }

    /// Logs what the configuration decides where that has changed.
    pub(super) async fn settle(&self) -> Result<(), Undecided> {
        let _turn = self.turn.lock().await;
        let views = self.caught_up().await?;
        self.settled(&views).await.map(drop)
    }

    pub(crate) async fn decide(
        &self,
        deciding: Deciding,
        now: Timestamp,
    ) -> Result<Decided, Undecided> {
        let Deciding { decision, file } = deciding;
        let decision = decision.checked().map_err(refused)?;
        let programs =
            REGISTERS.iter().find(|known| known.name == decision.register && known.by_program);
        if programs.is_some() {
            let text =
                format!("only the configuration decides in the register {}", decision.register);
            return Err(Undecided::Refused(text));
        }
        let _turn = self.turn.lock().await;
        let mut views = self.caught_up().await?;
        // Before anything else: what asks for a second person stands in front of what it is asked for.
        if self.settled(&views).await? {
            views = self.caught_up().await?;
        }
        let held = file.as_ref().map(|file| file.digest());
        let (asked, looked) = (decision.clone(), views.clone());
        let checked = tokio::task::spawn_blocking(move || {
            let files = files(&looked, &asked, held)?;
            let proposed = check(&looked, &asked, now)?;
            population::admit(&looked, &asked).map_err(refused)?;
            audit::admit(&looked, &asked).map_err(refused)?;
            Ok((files, proposed))
        });
        let (subjects, proposed) = checked.await.map_err(unable)??;
        let mut subject = self.about();
        subject.extend(subjects);
        let entry = self.collector.entry(EntryType::Decision, DECISION, subject, decision);
        let mut entry = entry.map_err(refused)?;
        entry.documents.extend(file.map(crate::decisions::Attached::into_bytes));
        let entry = self.writer.append(entry).await.map_err(unable)?.index;
        // Whoever decided is shown it.
        self.caught_up().await?;
        Ok(Decided { entry, proposed })
    }

    /// Answers whether anything was logged.
    async fn settled(&self, views: &Views) -> Result<bool, Undecided> {
        let mut any = false;
        for &(register, ref value) in &self.configured {
            let looked = views.clone();
            let history =
                tokio::task::spawn_blocking(move || looked.record_history(register, CONFIGURATION));
            let history = history.await.map_err(unable)?.map_err(unable)?;
            let held = history.iter().find(|row| row.in_force()).and_then(|row| row.value.as_ref());
            if held == value.as_ref() {
                continue;
            }
            let act = if value.is_some() { Act::Put } else { Act::Withdraw };
            let decision = Decision {
                register: register.to_owned(),
                id: CONFIGURATION.to_owned(),
                after: history.iter().map(|row| row.index).max(),
                act,
                value: value.clone(),
                by: BY_CONFIGURATION.to_owned(),
                reason: "as the configuration says".to_owned(),
            };
            let decision = decision.checked().map_err(refused)?;
            let entry = self.collector.entry(EntryType::Decision, DECISION, self.about(), decision);
            self.writer.append(entry.map_err(refused)?).await.map_err(unable)?;
            any = true;
        }
        Ok(any)
    }

    fn about(&self) -> Vec<Subject> {
        let log = self.collector.verifier().name().to_owned();
        vec![Subject::new(log, self.collector.public().id(), None)]
    }

    async fn caught_up(&self) -> Result<Views, Undecided> {
        let open = Arc::clone(&self.views);
        let opened = tokio::task::spawn_blocking(move || {
            let views = open()?;
            views.catch_up()?;
            anyhow::Ok(views)
        });
        opened.await.map_err(unable)?.map_err(unable)
    }
}

fn refused(why: impl Into<anyhow::Error>) -> Undecided {
    Undecided::Refused(why.into().to_string())
}

fn unable(why: impl Into<anyhow::Error>) -> Undecided {
    Undecided::Unable(format!("{:#}", why.into()))
}

/// Answers whether it waits for a second person.
fn check(views: &Views, decision: &Decision, now: Timestamp) -> Result<bool, Undecided> {
    let Decision { register, id, after, act, value, by, reason } = decision;
    let history = views.record_history(register, id).map_err(unable)?;
    let people = views.people().map_err(unable)?;
    let second = people.second_person.contains(register);
    let place = place(&history);
    let word = match act {
        Act::Put => decisions::Act::Put,
        Act::Withdraw => decisions::Act::Withdraw,
        Act::Approve => decisions::Act::Approve,
    };
    decisions::step(&place, second, (word, *after, by)).map_err(|error| match error {
        StepError::Stale { .. } => Undecided::Stale(stale(&error, &history)),
        StepError::Nothing | StepError::NotProposed | StepError::SamePerson(_) => refused(error),
    })?;
    if let Some(value) = value {
        let revision = Revision {
            register: register.clone(),
            id: id.clone(),
            index: 0,
            at: now,
            value: value.clone(),
            by: by.clone(),
            reason: reason.clone(),
            approved: None,
        };
        let targets: BTreeSet<String> =
            views.target_ids().map_err(unable)?.into_iter().map(|(id, _)| id).collect();
        let (framework, rules) = (views.assessor().framework(), views.assessor().pack().rules());
        let known = Known { framework, rules, targets: &targets, people: &people, now };
        decisions::check(&known, &revision).map_err(Undecided::Refused)?;
    }
    Ok(*act == Act::Put && second)
}

fn place(history: &[RecordRow]) -> Place {
    Place {
        newest: history.iter().map(|row| row.index).max(),
        in_force: history.iter().find(|row| row.in_force()).map(|row| row.index),
        proposed: history.iter().find(|row| row.waits()).map(|row| (row.index, row.by.clone())),
    }
}

/// Who was quicker, and when.
fn stale(error: &StepError, history: &[RecordRow]) -> String {
    match history.iter().max_by_key(|row| row.index) {
        Some(row) => format!("{error} ({} by {} on {})", row.reason, row.by, row.at),
        None => error.to_string(),
    }
}

/// The files that a value names, as subjects; each comes along, or the log holds it.
fn files(
    views: &Views,
    decision: &Decision,
    comes: Option<exhibit_proto::digest::Digest>,
) -> Result<Vec<Subject>, Undecided> {
    let named = named(decision);
    let mut subjects = Vec::new();
    for (text, media_type) in &named {
        let digest =
            text.parse().map_err(|_not_hex| refused(anyhow!("{text:?} is not a SHA-256")))?;
        // One that is named alone is the one that comes.
        let alone = named.len() == 1 && comes.is_some();
        let held = comes == Some(digest)
            || (!alone && views.log().document(&digest).map_err(unable)?.is_some());
        if !held {
            return Err(refused(anyhow!(
                "no file with the digest {digest} came, and the log holds none"
            )));
        }
        subjects.push(decision_file(digest, media_type));
    }
    match comes {
        Some(digest) if !subjects.iter().any(|subject| subject.digest.sha256 == digest) => {
            Err(refused(anyhow!("this decision brings no file")))
        }
        Some(_) | None => Ok(subjects),
    }
}

/// Digests and media types of the files that a value names.
fn named(decision: &Decision) -> Vec<(&str, &str)> {
    let Some(value) = &decision.value else { return Vec::new() };
    match decision.register.as_str() {
        "manual_evidence" | SOA => one(value, "application/octet-stream").into_iter().collect(),
        sample::POPULATION | sample::SAMPLE => one(value, sample::MEDIA_TYPE).into_iter().collect(),
        REQUEST => {
            let files = value.get("files").and_then(Value::as_array).into_iter().flatten();
            files.filter_map(|file| one(file, "application/octet-stream")).collect()
        }
        _ => Vec::new(),
    }
}

fn one<'a>(value: &'a Value, otherwise: &'a str) -> Option<(&'a str, &'a str)> {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    Some((part("digest")?, part("media_type").unwrap_or(otherwise)))
}

#[cfg(test)]
pub(crate) mod tests;
