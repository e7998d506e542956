//! The first page: what needs a person now, each with one click to act; then what changed lately. Everything is read as it
//! stands; nothing is remembered of who did what about it.

mod news;
mod tasks;

use askama::Template;
use axum::response::Response;

use super::noticed::{self, Alarms};
use super::witnessed::WitnessedView;
use super::{super::html, Ask, WebError, picture};
use crate::web::Frame;
use crate::web::words::Word;
use news::News;
use tasks::Group;

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

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let views = &ask.views;
    let assessment = views.assess(ask.now)?;
    let (targets, agents) = views.population()?;
    let witnessed = WitnessedView::of(ask)?;
    // Witnesses and damage are known of now alone.
    let past = ask.is_past();
    html(&Today {
        frame: ask.frame("Today", "today"),
        counts: picture::counts(&assessment),
        groups: tasks::all(ask, &assessment, &witnessed)?,
        news: news::latest(ask)?,
        targets,
        alarms: noticed::alarms(ask, None)?,
        first_steps: agents == 0,
        damaged: if past { 0 } else { ask.site.scrub.standing()?.damage.len() },
        agents,
        witnessed: if past { String::new() } else { witnessed.sentence() },
        size: if past { views.applied()? } else { ask.site.log().head()?.checkpoint.size },
    })
}
