//! Controls told together: by theme and by attribute, never averaged; and the single score with its definition.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{
    Attribute, ControlStatus, Part, SCORE_DEFINITION, Score, Status, Theme, rollup, score,
};

use super::picture::theme_title;
use super::{super::html, Ask, WebError};
use crate::views::Assessment;
use crate::web::Frame;
use crate::web::table::{Table, column, count, encode, number, text, word};
use crate::web::words::{self, Word};

#[derive(Template)]
#[template(path = "rollup.html")]
struct RollupPage {
    frame: Frame,
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

/// Controls that have something in common, told together.
pub(in crate::web) struct Told {
    /// Title and name of what they have in common.
    pub(in crate::web) title: &'static str,
    pub(in crate::web) key: &'static str,
    /// What it says of these; empty of all controls.
    pub(in crate::web) value: String,
    pub(in crate::web) part: Part,
}

/// All controls, then by theme, then by each attribute.
pub(in crate::web) fn told(ask: &Ask, assessment: &Assessment) -> Vec<Told> {
    let framework = ask.views.assessor().framework();
    let all = rollup(framework, &assessment.statuses);
    let mut told =
        vec![Told { title: "All controls", key: "all", value: String::new(), part: all.whole }];
    told.extend(all.themes.into_iter().map(|(theme, part)| Told {
        title: "Theme",
        key: "theme",
        value: theme.as_str().to_owned(),
        part,
    }));
    for (attribute, key, title) in ATTRIBUTES {
        told.extend(framework.values(attribute).into_iter().map(|value| {
            let has = |status: &&ControlStatus| {
                let control = framework.control(status.control);
                control.is_some_and(|row| row.attributes.of(attribute).iter().any(|v| v == value))
            };
            let of: Vec<ControlStatus> = assessment.statuses.iter().filter(has).cloned().collect();
            Told { title, key, value: value.to_owned(), part: rollup(framework, &of).whole }
        }));
    }
    told
}

/// Statuses, the worst first.
fn statuses() -> [Word; 6] {
    let mut order = Status::ALL.map(words::status);
    order.sort_by_key(|word| word.order);
    order
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let assessment = ask.views.shown(ask.now)?;
    let order = statuses();
    let mut groups: Vec<(&'static str, Vec<PartView>)> = Vec::new();
    for one in told(ask, &assessment) {
        let view = part_view(&one, &order);
        match groups.last_mut().filter(|(title, _)| *title == one.title) {
            Some((_, parts)) => parts.push(view),
            None => groups.push((one.title, vec![view])),
        }
    }
    let shown = ask.site.score;
    html(&RollupPage {
        frame: ask.frame("Roll-up", "rollup"),
        groups,
        score: score(&assessment.statuses, shown),
        definition: SCORE_DEFINITION,
        shown,
        statuses: order.to_vec(),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    let (assessment, order) = (ask.views.shown(ask.now)?, statuses());
    let mut columns = vec![column("by", "By"), column("group", "Group"), column("worst", "Worst")];
    columns.extend(order.iter().map(|word| number(word.class, word.label)));
    columns.extend([
        number("controls", "Controls"),
        number("judged", "Judged pairs of control and target"),
        number("passing", "Passing pairs"),
    ]);
    let rows = told(ask, &assessment).into_iter().map(|one| {
        let PartView { name, worst, counts, controls, judged, passing, .. } =
            part_view(&one, &order);
        let mut cells = vec![text(one.title), text(name), word(worst)];
        cells.extend(counts.into_iter().chain([controls, judged, passing]).map(count));
        cells
    });
    let (caption, rows) = ("Controls told together".to_owned(), rows.collect());
    Ok(ask.csv("rollup", &Table { id: "main", caption, columns, rows, empty: "", csv: None }))
}

fn part_view(told: &Told, order: &[Word]) -> PartView {
    let part = &told.part;
    let theme = Theme::ALL.into_iter().find(|theme| theme.as_str() == told.value);
    let (name, href) = match (told.key, theme) {
        ("all", _) => (told.title.to_owned(), "/controls".to_owned()),
        ("theme", Some(theme)) => {
            let title = theme_title(theme);
            (title.to_owned(), format!("/controls?theme={}", encode(title)))
        }
        (key, _) => {
            (told.value.replace('_', " "), format!("/controls?{key}={}", encode(&told.value)))
        }
    };
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
