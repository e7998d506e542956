//! What people decided about one control or one target, for its page.

use std::collections::BTreeMap;

use exhibit_assessment::decisions::{Applicability, LabelSource, People};
use exhibit_assessment::{ControlId, Labels, Standing, Waived};
use jiff::Timestamp;

use super::decisions::{href, standing};
use super::{Ask, WebError, target_href};
use crate::views::Assessment;
use crate::web::decide::form_href;
use crate::web::words::{self, Moment, Word};

/// The part of a control's page that people wrote.
pub(super) struct Decided {
    pub(super) applicability: Option<Applicability>,
    pub(super) owner: Option<String>,
    pub(super) note: Option<String>,
    pub(super) waivers: Vec<Line>,
    pub(super) manual: Vec<Paper>,
    pub(super) duties: Vec<Duty>,
    /// What waits for a second person.
    pub(super) waiting: Vec<(String, String, String)>,
    /// Targets that the scope leaves out, with findings that decide nothing.
    pub(super) outside: Vec<(String, String, u64)>,
    /// Of all: many are listed on the scope's page.
    pub(super) outside_count: usize,
    /// Addresses of the forms: waiver, evidence, duty, applicability, owner, note.
    pub(super) forms: [String; 6],
}

pub(super) struct Line {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) word: Word,
    /// What it covers, and until when.
    pub(super) what: String,
    pub(super) failures: u64,
    pub(super) reason: String,
    pub(super) approver: String,
    pub(super) until: Moment,
    /// In words.
    pub(super) ends: String,
}

pub(super) struct Paper {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) word: Word,
    pub(super) title: String,
    pub(super) file: String,
    pub(super) file_href: String,
    pub(super) digest: String,
    pub(super) by: String,
    pub(super) until: Moment,
    /// In words.
    pub(super) ends: String,
    pub(super) review: Option<Moment>,
}

pub(super) struct Duty {
    pub(super) href: String,
    pub(super) word: Word,
    pub(super) owner: String,
    pub(super) every: u32,
    pub(super) due: Moment,
    pub(super) last: Option<(Moment, String)>,
    /// Where it is attested.
    pub(super) attest: String,
}

/// Most targets outside of the scope that are named.
const NAMED: usize = 20;

pub(super) fn decided(
    ask: &Ask,
    id: ControlId,
    assessment: &Assessment,
) -> Result<Decided, WebError> {
    let people = &assessment.people;
    let name = id.to_string();
    let of_control = people.controls.get(&id).cloned().unwrap_or_default();
    let names = ask.target_names()?;
    let outside = assessment.outside.iter().take(NAMED).map(|target| {
        let shown = names.get(&target.target).unwrap_or(&target.target).clone();
        (shown, target_href(&target.target), target.findings)
    });
    let known: &[(&str, &str)] = &[("control", &name)];
    let one: &[(&str, &str)] = &[("id", &name)];
    Ok(Decided {
        applicability: of_control.applicability,
        owner: of_control.owner,
        note: of_control.note,
        waivers: waivers(ask, id, assessment),
        manual: papers(ask, id, people)?,
        duties: duties(ask, id, people),
        waiting: waiting(ask, id)?,
        outside: outside.collect(),
        outside_count: assessment.outside.len(),
        forms: [
            form_href("waiver", &[("about", &name)]),
            form_href("manual_evidence", known),
            form_href("attestation", &[("control", &name), ("id", &name)]),
            form_href("applicability", one),
            form_href("owner", one),
            form_href("note", one),
        ],
    })
}

/// Waivers that cover failures on the control, also those that have ended.
fn waivers(ask: &Ask, id: ControlId, assessment: &Assessment) -> Vec<Line> {
    let assessor = ask.views.assessor();
    let about = |waived: &Waived| match waived {
        Waived::Control(control) => *control == id,
        Waived::Rule(rule) => {
            assessor.rule(rule.as_str()).is_some_and(|rule| rule.strength(id).is_some())
        }
    };
    let waivers = assessment.people.waivers.iter().zip(&assessment.waivers);
    let lines = waivers.filter(|(waiver, _)| about(&waiver.about)).map(|(waiver, state)| {
        let (class, label, icon, meaning) = match state.standing {
            Standing::InEffect => {
                ("manual", "in effect", words::WAITS, "Failures that it covers count as waived.")
            }
            Standing::Expired => {
                ("stale", "ended", words::ENDED, "It has no effect any more: failures count again.")
            }
            Standing::NotYet => ("excluded", "not yet", words::WAITS, "It begins later."),
        };
        let what = match &waiver.about {
            Waived::Rule(rule) => format!("rule {rule}"),
            Waived::Control(_) => "every rule on this control".to_owned(),
        };
        let on = if waiver.targets.is_all() {
            String::new()
        } else {
            format!(", on {}", waiver.targets)
        };
        Line {
            id: waiver.id.clone(),
            href: href("waiver", &waiver.id),
            word: Word { class, label, icon, meaning, order: 0 },
            what: format!("{what}{on}"),
            failures: state.failures,
            reason: waiver.reason.clone(),
            approver: waiver.approver.clone(),
            until: ask.moment(waiver.until),
            ends: words::end(waiver.until),
        }
    });
    lines.collect()
}

fn papers(ask: &Ask, id: ControlId, people: &People) -> Result<Vec<Paper>, WebError> {
    let mut papers = Vec::new();
    for evidence in people.manual.iter().filter(|evidence| evidence.control == id) {
        let history = ask.views.record_history("manual_evidence", &evidence.id)?;
        let index = history.iter().find(|row| row.in_force()).map_or(0, |row| row.index);
        let place = href("manual_evidence", &evidence.id);
        papers.push(Paper {
            file_href: format!("{place}/file/{index}"),
            id: evidence.id.clone(),
            href: place,
            word: fresh(evidence.from <= ask.now, evidence.stale_from(), ask.now),
            title: evidence.title.clone(),
            file: people.files.get(&evidence.id).map(|file| file.file.clone()).unwrap_or_default(),
            digest: evidence.digest.clone(),
            by: evidence.by.clone(),
            until: ask.moment(evidence.until),
            ends: words::end(evidence.until),
            review: evidence.review.map(|at| ask.moment(at)),
        });
    }
    Ok(papers)
}

fn duties(ask: &Ask, id: ControlId, people: &People) -> Vec<Duty> {
    let duties = people.duties.iter().filter(|(_, duty)| duty.control == id);
    let shown = duties.map(|(name, duty)| Duty {
        href: href("attestation", name),
        word: fresh(true, duty.due(), ask.now),
        owner: duty.owner.clone(),
        every: duty.every_days,
        due: ask.moment(duty.due()),
        last: duty.last.as_ref().map(|(at, by)| (ask.moment(*at), by.clone())),
        attest: form_href("attested", &[("id", name)]),
    });
    shown.collect()
}

fn fresh(begun: bool, until: Timestamp, now: Timestamp) -> Word {
    let (class, label, icon, meaning) = if !begun {
        ("excluded", "not yet", words::WAITS, "It begins to count later.")
    } else if now < until {
        ("manual", "counts", words::GOOD, "It is valid; nobody need look at it yet.")
    } else {
        ("stale", "due", words::WAITS, "Its time is over: somebody must look at it again.")
    };
    Word { class, label, icon, meaning, order: 0 }
}

/// Proposals that name the control: register, address, id.
fn waiting(ask: &Ask, id: ControlId) -> Result<Vec<(String, String, String)>, WebError> {
    let name = id.to_string();
    let assessor = ask.views.assessor();
    let about = |row: &&crate::views::RecordRow| {
        let text =
            |place: &str| row.value.as_ref().and_then(|value| value.pointer(place)?.as_str());
        let rule = text("/about/rule").and_then(|rule| assessor.rule(rule));
        row.id == name
            || text("/control") == Some(&name)
            || text("/about/control") == Some(&name)
            || rule.is_some_and(|rule| rule.strength(id).is_some())
    };
    let rows = ask.views.records(None)?;
    let waiting =
        rows.iter().filter(|row| standing(row, ask.now).label == "proposed").filter(about);
    Ok(waiting
        .map(|row| {
            (super::decisions::title(&row.register), href(&row.register, &row.id), row.id.clone())
        })
        .collect())
}

/// What people say about a target.
pub(super) struct Marks {
    /// In force: name, value and who gives it.
    pub(super) labels: Vec<(String, String, &'static str)>,
    pub(super) label_form: String,
    pub(super) retire_form: String,
    /// The record that says that it is gone for good, and since when.
    pub(super) retired: Option<(String, Moment)>,
    /// The scope leaves it out.
    pub(super) outside: bool,
}

pub(super) fn marks(ask: &Ask, target: &str) -> Result<Marks, WebError> {
    let assessed = ask.views.shown(ask.now)?;
    let retired = assessed.people.retired.get(target);
    Ok(Marks {
        labels: labels(&assessed.people.layers(target, &ask.views.told(target)?)),
        label_form: form_href("label", &[("id", target)]),
        retire_form: form_href("retired", &[("id", target)]),
        retired: retired.map(|at| (href("retired", target), ask.moment(*at))),
        outside: assessed.outside.iter().any(|outside| outside.target == target),
    })
}

/// Of each name what stands above the others, with who gives it.
fn labels(layers: &[(LabelSource, Labels)]) -> Vec<(String, String, &'static str)> {
    let mut all: BTreeMap<&str, (&str, LabelSource)> = BTreeMap::new();
    for (source, labels) in layers {
        all.extend(labels.iter().map(|(name, value)| (name, (value, *source))));
    }
    let named = all
        .into_iter()
        .map(|(name, (value, source))| (name.to_owned(), value.to_owned(), source.as_str()));
    named.collect()
}
