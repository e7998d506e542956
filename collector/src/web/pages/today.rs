//! The first page: what needs a person now, each with one click to act; then what changed lately. Everything is read as it
//! stands; nothing is remembered of who did what about it.

mod news;
mod tasks;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use super::noticed::{self, Alarm, Alarms};
use super::witnessed::WitnessedView;
use super::{super::html, Ask, WebError, picture};
use crate::views::Assessment;
use crate::web::Frame;
use crate::web::words::Word;
use news::News;

pub(in crate::web) use news::latest;
pub(in crate::web) use tasks::Group;

#[derive(Template)]
#[template(path = "today.html")]
struct Today {
    frame: Frame,
    counts: Vec<(Word, usize)>,
    groups: Vec<Group>,
    news: Vec<News>,
    targets: usize,
    agents: usize,
    size: u64,
    witnessed: String,
    first_steps: bool,
    /// Damaged things in the stored log.
    damaged: usize,
    alarms: Alarms,
}

/// What stands, and everything that needs a person.
pub(in crate::web) struct Stand {
    pub(in crate::web) assessment: Arc<Assessment>,
    pub(in crate::web) groups: Vec<Group>,
    pub(in crate::web) targets: usize,
    pub(in crate::web) agents: usize,
    pub(in crate::web) size: u64,
    pub(super) witnessed: WitnessedView,
    pub(in crate::web) damaged: usize,
    pub(in crate::web) alarms: Vec<Alarm>,
}

pub(in crate::web) fn stand(ask: &Ask) -> Result<Stand, WebError> {
    let views = &ask.views;
    let assessment = views.shown(ask.now)?;
    let (targets, agents) = views.population()?;
    let witnessed = WitnessedView::of(ask)?;
    // Witnesses and damage are known of now alone.
    let past = ask.is_past();
    Ok(Stand {
        groups: tasks::all(ask, &assessment, &witnessed)?,
        targets,
        agents,
        alarms: noticed::all_alarms(ask, None)?,
        damaged: if past { 0 } else { ask.site.scrub.standing()?.damage.len() },
        size: if past { views.applied()? } else { ask.site.log().head()?.checkpoint.size },
        witnessed,
        assessment,
    })
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let stand = stand(ask)?;
    html(&Today {
        frame: ask.frame("Today", "today"),
        counts: picture::counts(&stand.assessment),
        groups: stand.groups.into_iter().map(Group::shown).collect(),
        news: news::latest(ask)?,
        targets: stand.targets,
        alarms: Alarms::of(stand.alarms),
        first_steps: stand.agents == 0,
        damaged: stand.damaged,
        agents: stand.agents,
        witnessed: if ask.is_past() { String::new() } else { stand.witnessed.sentence() },
        size: stand.size,
    })
}
