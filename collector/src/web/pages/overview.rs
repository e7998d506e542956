//! The first page: every control at a glance, what changed lately, who is silent.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{ControlStatus, Theme};

use super::noticed::{self, Alarms};
use super::witnessed::WitnessedView;
use super::{super::html, Ask, WebError};
use crate::views::ChangeKind;
use crate::web::Frame;
use crate::web::table::encode;
use crate::web::words::{self, Moment, Word};

const CHANGES: u32 = 12;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    counts: Vec<(Word, usize)>,
    themes: Vec<ThemeView>,
    changes: Vec<ChangeView>,
    silent: Vec<(String, String, Moment)>,
    targets: usize,
    agents: usize,
    size: u64,
    witnessed: String,
    first_steps: bool,
    /// Damaged things in the stored log.
    damaged: usize,
    alarms: Alarms,
}

struct ThemeView {
    title: &'static str,
    tiles: Vec<Tile>,
    /// Stripes of the bar: class, start and width in controls.
    bar: Vec<(Word, usize, usize)>,
}

struct Tile {
    id: String,
    title: String,
    word: Word,
    /// Passing targets of all, where targets count.
    targets: String,
}

struct ChangeView {
    at: Moment,
    href: String,
    title: String,
    note: String,
    was: Option<&'static str>,
    word: Option<Word>,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.site.views;
    let assessment = views.assess(ask.now)?;
    let framework = views.assessor().framework();
    let themes = Theme::ALL.map(|theme| {
        let controls = framework.controls().iter().filter(|control| control.theme == theme);
        let tiles: Vec<Tile> = controls
            .filter_map(|control| Some((control, assessment.of(control.id)?)))
            .map(|(control, status)| tile(control.id.to_string(), control.title.clone(), status))
            .collect();
        let title = theme_title(theme);
        ThemeView { title, bar: bar(&tiles), tiles }
    });
    let mut counts: Vec<(Word, usize)> = assessment
        .counts()
        .into_iter()
        .map(|(status, number)| (words::status(status), number))
        .collect();
    counts.sort_by_key(|(word, _)| word.order);
    let agents = views.agents()?;
    let names = ask.target_names()?;
    let silent = assessment.silent.iter().map(|agent| {
        (
            agent.host_name.clone(),
            format!("/agents/{}", encode(&agent.agent)),
            ask.moment(agent.since),
        )
    });
    html(&Overview {
        frame: ask.frame("Overview", "overview"),
        counts,
        themes: themes.into(),
        changes: changes(ask, &names)?,
        silent: silent.collect(),
        targets: names.len(),
        alarms: noticed::alarms(ask, None)?,
        first_steps: agents.is_empty(),
        damaged: ask.site.scrub.standing()?.damage.len(),
        agents: agents.len(),
        witnessed: WitnessedView::of(ask)?.sentence(),
        size: ask.site.log().head()?.checkpoint.size,
    })
}

pub(super) fn theme_title(theme: Theme) -> &'static str {
    match theme {
        Theme::Organizational => "Organizational",
        Theme::People => "People",
        Theme::Physical => "Physical",
        Theme::Technological => "Technological",
    }
}

fn tile(id: String, title: String, status: &ControlStatus) -> Tile {
    let counts = status.counts;
    let targets = match counts.targets {
        0 => String::new(),
        targets => format!(", {} of {targets} targets pass", counts.targets_passing),
    };
    Tile { id, title, word: words::status(status.status), targets }
}

fn bar(tiles: &[Tile]) -> Vec<(Word, usize, usize)> {
    let mut numbers: BTreeMap<u8, (Word, usize)> = BTreeMap::new();
    for tile in tiles {
        numbers.entry(tile.word.order).or_insert((tile.word, 0)).1 += 1;
    }
    let mut start = 0;
    let stripes = numbers.into_values().map(|(word, number)| {
        let stripe = (word, start, number);
        start += number;
        stripe
    });
    stripes.collect()
}

fn changes(ask: &Ask, names: &BTreeMap<String, String>) -> Result<Vec<ChangeView>, WebError> {
    let views = &ask.site.views;
    let agents = ask.agent_names()?;
    let changes = views.changes(CHANGES)?.into_iter().map(|change| {
        let at = ask.moment(change.at);
        Ok(match change.what {
            ChangeKind::Verdict { rule, target, was, is, message } => {
                let title = views.assessor().rule(&rule).map_or(rule.clone(), |r| r.title.clone());
                let name = names.get(&target).cloned().unwrap_or(target);
                ChangeView {
                    at,
                    href: format!("/rules/{}", encode(&rule)),
                    title,
                    note: format!("{name}: {message}"),
                    was: was.and_then(|was| verdict_word(&was)).map(|word| word.label),
                    word: verdict_word(&is),
                }
            }
            ChangeKind::Entry { entry_type, summary } => ChangeView {
                at,
                href: format!("/entries/{}", change.index),
                title: entry_type.replace('_', " "),
                note: match about(ask, &agents, &entry_type, change.index)? {
                    Some(agent) => format!("{agent}: {summary}"),
                    None => summary,
                },
                was: None,
                word: None,
            },
        })
    });
    changes.collect()
}

/// The host of the agent that an entry is about whose summary does not name it.
fn about(
    ask: &Ask,
    agents: &BTreeMap<String, String>,
    entry_type: &str,
    index: u64,
) -> Result<Option<String>, WebError> {
    if !["gap", "conflict", "fork"].contains(&entry_type) {
        return Ok(None);
    }
    let agent = ask.site.views.entry_row(index)?.and_then(|row| row.agent);
    Ok(agent.map(|id| agents.get(&id).cloned().unwrap_or(id)))
}

fn verdict_word(word: &str) -> Option<Word> {
    use exhibit_assessment::Verdict;
    [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable, Verdict::Error]
        .into_iter()
        .find(|verdict| verdict.as_str() == word)
        .map(words::verdict)
}
