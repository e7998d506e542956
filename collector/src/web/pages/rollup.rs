//! Controls told together: by theme and by attribute, never averaged; and the single score with its definition.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{
    Attribute, ControlStatus, Part, SCORE_DEFINITION, Score, Status, rollup, score,
};

use super::picture::theme_title;
use super::{super::html, Ask, WebError};
use crate::web::Frame;
use crate::web::table::encode;
use crate::web::words::{self, Word};

#[derive(Template)]
#[template(path = "rollup.html")]
struct RollupPage {
    frame: Frame,
    whole: Vec<PartView>,
    groups: Vec<(&'static str, Vec<PartView>)>,
    /// None: switched off, or nothing to tell.
    score: Option<Score>,
    definition: &'static str,
    shown: bool,
    statuses: Vec<Word>,
}

struct PartView {
    name: String,
    href: String,
    worst: Word,
    controls: u64,
    /// In the order of the words.
    counts: Vec<u64>,
    judged: u64,
    passing: u64,
}

/// The five attributes with their names in addresses and for people.
pub(super) const ATTRIBUTES: [(Attribute, &str, &str); 5] = [
    (Attribute::ControlTypes, "control_types", "Control type"),
    (Attribute::SecurityProperties, "security_properties", "Security property"),
    (Attribute::CybersecurityConcepts, "cybersecurity_concepts", "Cybersecurity concept"),
    (Attribute::OperationalCapabilities, "operational_capabilities", "Operational capability"),
    (Attribute::SecurityDomains, "security_domains", "Security domain"),
];

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.views;
    let (assessment, framework) = (views.assess(ask.now)?, views.assessor().framework());
    let mut order = Status::ALL.map(words::status);
    order.sort_by_key(|word| word.order);
    let view = |name: String, href: String, part: &Part| part_view(name, href, part, &order);
    let all = rollup(framework, &assessment.statuses);
    let themes = all.themes.iter().map(|(theme, part)| {
        let title = theme_title(*theme);
        view(title.to_owned(), format!("/controls?theme={}", encode(title)), part)
    });
    let mut groups = vec![("Theme", themes.collect())];
    for (attribute, key, title) in ATTRIBUTES {
        let values = framework.values(attribute).into_iter().map(|value| {
            let has = |status: &&ControlStatus| {
                let control = framework.control(status.control);
                control.is_some_and(|row| row.attributes.of(attribute).iter().any(|v| v == value))
            };
            let of: Vec<ControlStatus> = assessment.statuses.iter().filter(has).cloned().collect();
            let href = format!("/controls?{key}={}", encode(value));
            view(value.replace('_', " "), href, &rollup(framework, &of).whole)
        });
        groups.push((title, values.collect()));
    }
    let shown = ask.site.score;
    html(&RollupPage {
        frame: ask.frame("Roll-up", "rollup"),
        whole: vec![view("All controls".to_owned(), "/controls".to_owned(), &all.whole)],
        groups,
        score: score(&assessment.statuses, shown),
        definition: SCORE_DEFINITION,
        shown,
        statuses: order.to_vec(),
    })
}

fn part_view(name: String, href: String, part: &Part, order: &[Word]) -> PartView {
    let count = |word: &Word| {
        let found = part.counts.iter().find(|(status, _)| status.as_str() == word.class);
        found.map_or(0, |(_, number)| *number)
    };
    PartView {
        name,
        href,
        worst: words::status(part.worst),
        controls: part.controls,
        counts: order.iter().map(count).collect(),
        judged: part.judged,
        passing: part.passing,
    }
}
