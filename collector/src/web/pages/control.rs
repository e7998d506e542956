//! One control: status and reasons, rules, findings by target, attributes.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{
    Attributes, Cause, Control, ControlId, Counts, Item, Reason, Rule, Strength,
};

use super::decided::{Decided, decided};
use super::frameworks::{self, SaidView};
use super::picture::theme_title;
use super::{super::html, Ask, WebError, evidence_href, target_href};
use crate::views::{Asked, FindingRow, Segment};
use crate::web::charts::{self, Interval};
use crate::web::table::encode;
use crate::web::words::{self, Moment, Word};
use crate::web::{Frame, api};

/// Findings on a page about something else; their list has the others.
pub(super) const FIRST: u64 = 50;

#[derive(Template)]
#[template(path = "control.html")]
struct ControlPage {
    frame: Frame,
    id: String,
    title: String,
    theme: &'static str,
    summary: String,
    new_in_2022: bool,
    controls_2013: String,
    attributes: Vec<(&'static str, Vec<String>)>,
    word: Word,
    /// The status in time, where it was ever judged.
    /// The first full hour at which the status was this one, and has been since; none: it turned after the last one.
    since: Option<Moment>,
    interval: Option<Interval>,
    counts: Counts,
    reasons: Vec<ReasonView>,
    hidden_reasons: u64,
    rules: Vec<RuleView>,
    findings: Vec<FindingView>,
    /// Findings that are not on the page.
    more: u64,
    decided: Decided,
    oldest: Option<Moment>,
    freshest: Option<Moment>,
    said: Vec<SaidView>,
    previous: Option<String>,
    next: Option<String>,
}

pub(super) struct ReasonView {
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) text: String,
    pub(super) rule: Option<(String, String)>,
    pub(super) target: Option<(String, String)>,
    pub(super) strength: Option<Word>,
    pub(super) since: Option<Moment>,
}

pub(super) struct RuleView {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) strength: Word,
    pub(super) severity: &'static str,
    pub(super) kind: String,
    pub(super) freshness: String,
    pub(super) why: String,
    pub(super) fix: String,
    pub(super) pass: u64,
    pub(super) fail: u64,
}

pub(super) struct FindingView {
    pub(super) word: Word,
    pub(super) rule: String,
    pub(super) rule_href: String,
    pub(super) target: String,
    pub(super) target_href: String,
    pub(super) message: String,
    pub(super) items: Vec<Item>,
    pub(super) more_items: u64,
    pub(super) evidence: String,
    pub(super) kind: String,
    pub(super) observed: Moment,
    pub(super) since: Moment,
    pub(super) strength: Option<Word>,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.views;
    let missing = || WebError::NotFound(format!("control {:?}", ask.param(0)));
    let id: ControlId = ask.param(0).parse().map_err(|_not_an_id| missing())?;
    let framework = views.assessor().framework();
    let control = framework.control(id).ok_or_else(missing)?;
    let (assessment, status) = views.shown_of(ask.now, id)?;
    let status = status.ok_or_else(missing)?;
    let mut related: Vec<(&Rule, Strength)> = views
        .assessor()
        .pack()
        .rules()
        .iter()
        .filter_map(|rule| Some((rule, rule.strength(id)?)))
        .collect();
    related.sort_by_key(|(rule, strength)| (*strength, &rule.id));
    let segments = views.finding_segments()?;
    let rules =
        related.iter().map(|(rule, strength)| rule_view(rule, *strength, &segments)).collect();
    let first = Asked { limit: Some(FIRST), ..Asked::default() };
    let found = api::findings::part(ask, &first.also("controls", &id.to_string()))?;
    let more = found.fitting.saturating_sub(found.rows.len() as u64);
    let findings = found.rows.into_iter().map(|row| {
        let strength = related.iter().find(|(rule, _)| rule.id.as_str() == row.rule);
        told_view(ask, row, strength.map(|(_, strength)| *strength))
    });
    let findings = findings.collect();
    let named = status.reasons.iter().filter_map(|reason| reason.target.as_deref());
    let names = views.names_of(named)?;
    let reasons = status.reasons.iter().map(|reason| reason_view(ask, reason, &names));
    let place = framework.controls().iter().position(|other| other.id == id).unwrap_or(0);
    let history = views.status_history(id)?;
    let neighbour = |place: Option<usize>| {
        place.and_then(|place| framework.controls().get(place)).map(|other| other.id.to_string())
    };
    html(&ControlPage {
        frame: ask.frame(format!("{id} {}", control.title), "controls"),
        id: id.to_string(),
        title: control.title.clone(),
        theme: theme_title(control.theme),
        summary: control.summary.clone(),
        new_in_2022: control.new_in_2022,
        controls_2013: control.controls_2013.join(", "),
        attributes: attributes(control),
        word: words::status(status.status),
        since: history
            .iter()
            .take_while(|row| row.status == status.status)
            .last()
            .map(|row| ask.moment(row.from)),
        interval: charts::of_statuses(&history, ask.now),
        counts: status.counts,
        hidden_reasons: status.reason_count.saturating_sub(status.reasons.len() as u64),
        reasons: reasons.collect(),
        rules,
        findings,
        more,
        decided: decided(ask, id, &assessment)?,
        oldest: status.oldest.map(|at| ask.moment(at)),
        freshest: status.freshest.map(|at| ask.moment(at)),
        said: frameworks::said(ask, id),
        previous: neighbour(place.checked_sub(1)),
        next: neighbour(place.checked_add(1)),
    })
}

fn attributes(control: &Control) -> Vec<(&'static str, Vec<String>)> {
    let Attributes {
        control_types,
        security_properties,
        cybersecurity_concepts,
        operational_capabilities,
        security_domains,
    } = &control.attributes;
    let plain = |values: &Vec<String>| values.iter().map(|v| v.replace('_', " ")).collect();
    vec![
        ("Control type", plain(control_types)),
        ("Security properties", plain(security_properties)),
        ("Cybersecurity concepts", plain(cybersecurity_concepts)),
        ("Operational capabilities", plain(operational_capabilities)),
        ("Security domains", plain(security_domains)),
    ]
}

pub(super) fn rule_view(rule: &Rule, strength: Strength, found: &[Segment]) -> RuleView {
    use exhibit_assessment::Verdict;
    let with = |verdict| Segment::count(found, rule.id.as_str(), verdict);
    RuleView {
        id: rule.id.to_string(),
        href: format!("/rules/{}", rule.id),
        title: rule.title.clone(),
        description: rule.description.clone(),
        strength: words::strength(strength),
        severity: words::severity(rule.severity),
        kind: rule.kind.clone(),
        freshness: words::length(u64::from(rule.freshness) * 3600),
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        pass: with(Verdict::Pass),
        fail: with(Verdict::Fail),
    }
}

pub(super) fn finding_view(
    ask: &Ask,
    row: FindingRow,
    name: Option<String>,
    rule: Option<&Rule>,
    strength: Option<Strength>,
) -> FindingView {
    FindingView {
        word: words::verdict(row.verdict),
        rule: rule.map_or_else(|| row.rule.clone(), |rule| rule.title.clone()),
        rule_href: format!("/rules/{}", encode(&row.rule)),
        target_href: target_href(&row.target),
        evidence: evidence_href(row.observed_index, &row.kind, &row.target),
        target: name.unwrap_or(row.target),
        message: row.message,
        more_items: row.item_count.saturating_sub(row.items.len() as u64),
        items: row.items,
        kind: row.kind,
        observed: ask.moment(row.observed_at),
        since: ask.moment(row.verdict_since),
        strength: strength.map(words::strength),
    }
}

/// Offending items of one finding among many; the document has the others.
const ITEMS: usize = 5;

/// A finding of the API as pages about something else show it.
pub(super) fn told_view(
    ask: &Ask,
    row: api::findings::FindingRow,
    strength: Option<Strength>,
) -> FindingView {
    let shown = row.offending.len().min(ITEMS);
    FindingView {
        word: words::verdict(row.verdict),
        rule_href: format!("/rules/{}", encode(&row.rule)),
        rule: row.title,
        target_href: target_href(&row.target),
        evidence: evidence_href(row.index, &row.kind, &row.target),
        target: row.name,
        message: row.message,
        more_items: row.items.saturating_sub(shown as u64),
        items: row
            .offending
            .into_iter()
            .take(ITEMS)
            .map(|one| exhibit_assessment::Item { id: one.id, why: one.why })
            .collect(),
        kind: row.kind,
        observed: ask.moment(row.observed),
        since: ask.moment(row.since),
        strength: strength.map(words::strength),
    }
}

/// A reason as pages show it.
pub(super) fn reason_view(
    ask: &Ask,
    reason: &Reason,
    names: &BTreeMap<String, String>,
) -> ReasonView {
    let (class, icon) = cause(reason.cause);
    let rule = reason.rule.as_ref().map(|rule| {
        let known = ask.views.assessor().rule(rule.as_str());
        let title = known.map(|rule| rule.title.clone());
        (title.unwrap_or_else(|| rule.to_string()), format!("/rules/{rule}"))
    });
    let target = reason
        .target
        .as_ref()
        .map(|target| (names.get(target).unwrap_or(target).clone(), target_href(target)));
    let since = reason.since.map(|at| ask.moment(at));
    let strength = reason.strength.map(words::strength);
    ReasonView { class, icon, text: reason.text.clone(), rule, target, strength, since }
}

fn cause(cause: Cause) -> (&'static str, &'static str) {
    use exhibit_assessment::{Status, Verdict};
    let status = |status| {
        let word = words::status(status);
        (word.class, word.icon)
    };
    let verdict = |verdict| {
        let word = words::verdict(verdict);
        (word.class, word.icon)
    };
    match cause {
        Cause::Excluded => status(Status::Excluded),
        Cause::Fail | Cause::WaiverExpired | Cause::Waived => status(Status::NotMet),
        Cause::RuleError => verdict(Verdict::Error),
        Cause::NotCollected | Cause::SilentAgent | Cause::NothingArrived | Cause::NotScheduled => {
            status(Status::NoEvidence)
        }
        Cause::Stale | Cause::ManualStale => status(Status::Stale),
        Cause::NotApplicable | Cause::OutsideScope => verdict(Verdict::NotApplicable),
        Cause::Pass => status(Status::Met),
        Cause::NoRule | Cause::Manual => status(Status::Manual),
    }
}
