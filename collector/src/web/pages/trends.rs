//! Pictures for people who would rather look than read: statuses over time by theme, where failures are, how old updates and
//! backups are. A table with the same numbers stands under each.

mod ages;
mod heat;
pub(in crate::web) mod tables;

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{Status, Theme};
use jiff::{SignedDuration, Timestamp};

use super::picture::theme_title;
use super::{super::html, Ask, WebError};
use crate::views::StatusRow;
use crate::web::Frame;
use crate::web::charts::{Bar, Part, columns};
use crate::web::words::{self, Word};

pub(in crate::web) use ages::{Ages, AgesView, views as ages};
pub(in crate::web) use heat::{HeatView, view as heat};

/// Periods to choose from, in days.
pub(in crate::web) const PERIODS: [i64; 4] = [7, 30, 90, 365];
pub(in crate::web) const PERIOD: i64 = 30;
/// Bars of one picture.
const BARS: i32 = 40;

#[derive(Template)]
#[template(path = "trends.html")]
struct TrendsPage {
    frame: Frame,
    days: i64,
    periods: [i64; 4],
    legend: Vec<Word>,
    themes: Vec<ThemeTrend>,
    /// A theme has a bar.
    drawn: bool,
    heat: HeatView,
    /// Why nothing fails, where nothing does.
    none_fails: &'static str,
    ages: Vec<AgesView>,
}

struct ThemeTrend {
    title: &'static str,
    picture: String,
    from: String,
    to: String,
    /// Moment, then numbers in the order of the legend; newest first.
    rows: Vec<(String, Vec<u64>)>,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let days = days(ask);
    let mut legend: Vec<Word> = Status::ALL.into_iter().map(words::status).collect();
    // Stacked from below: what is well first.
    legend.sort_by_key(|word| std::cmp::Reverse(word.order));
    let themes = themes(ask, &legend)?;
    html(&TrendsPage {
        frame: ask.frame("Trends", "trends"),
        days,
        periods: PERIODS,
        drawn: themes.iter().any(|theme| !theme.rows.is_empty()),
        themes,
        legend,
        heat: heat(ask)?.as_ref().clone(),
        none_fails: none_fails(ask)?,
        ages: ages(ask)?.as_ref().clone(),
    })
}

/// Counts what the page shows, for whoever comes next.
pub(in crate::web) fn counted(ask: &Ask) -> Result<(), WebError> {
    heat::view(ask)?;
    ages::views(ask)?;
    Ok(())
}

/// That no rule fails is told only where rules have spoken.
fn none_fails(ask: &Ask) -> Result<&'static str, WebError> {
    Ok(match (ask.views.population()?.0, ask.views.finding_segments()?.is_empty()) {
        (0, _) => {
            "No target is observed yet, so nothing was judged. Make a token with `exhibit-collector token create` and enrol an agent."
        }
        (_, true) => "Nothing was judged yet: the first runs of the agents bring evidence.",
        (_, false) => "No rule that decides a control fails on any target.",
    })
}

/// The period that the address asks for, in days.
fn days(ask: &Ask) -> i64 {
    let days = ask.query.get("days").and_then(|days| days.parse().ok());
    days.filter(|days| PERIODS.contains(days)).unwrap_or(PERIOD)
}

/// What the controls of a theme were at a moment; nothing before the first full hour of the log.
pub(in crate::web) struct Then {
    pub(in crate::web) theme: Theme,
    pub(in crate::web) at: Timestamp,
    pub(in crate::web) statuses: Vec<Status>,
}

/// Statuses at moments of the period that the address asks for, theme by theme, the oldest first.
pub(in crate::web) fn over_time(ask: &Ask) -> Result<Vec<Then>, WebError> {
    let (views, days) = (&ask.views, days(ask));
    let length = SignedDuration::from_hours(24 * days);
    let from = ask.now.checked_sub(length).unwrap_or(Timestamp::MIN);
    let framework = views.assessor().framework();
    let theme_of: BTreeMap<_, Theme> =
        framework.controls().iter().map(|control| (control.id, control.theme)).collect();
    let mut moments: Vec<(Timestamp, Vec<StatusRow>)> = Vec::new();
    for back in (0..BARS).rev() {
        let at = ask.now.checked_sub(length / BARS * back).unwrap_or(from);
        moments.push((at, views.statuses_at(at)?));
    }
    let then = Theme::ALL.iter().flat_map(|theme| {
        let of = |row: &&StatusRow| theme_of.get(&row.control) == Some(theme);
        let then = moments.iter().map(move |(at, rows)| {
            let statuses = rows.iter().filter(of).map(|row| row.status).collect();
            Then { theme: *theme, at: *at, statuses }
        });
        then.collect::<Vec<_>>()
    });
    Ok(then.collect())
}

fn themes(ask: &Ask, legend: &[Word]) -> Result<Vec<ThemeTrend>, WebError> {
    let all = over_time(ask)?;
    let trends = Theme::ALL.into_iter().map(|theme| {
        let then = all.iter().filter(|then| then.theme == theme);
        trend(theme, &then.collect::<Vec<_>>(), legend)
    });
    Ok(trends.collect())
}

fn trend(theme: Theme, moments: &[&Then], legend: &[Word]) -> ThemeTrend {
    let mut bars = Vec::new();
    for Then { at, statuses: then, .. } in moments {
        // Before the first full hour of the log nothing was judged: no bar is drawn.
        if then.is_empty() {
            continue;
        }
        let parts = legend.iter().map(|word| Part {
            class: word.fill(),
            label: word.label,
            number: then.iter().filter(|status| status.as_str() == word.class).count() as u64,
        });
        bars.push(Bar { label: words::minute(*at), parts: parts.collect() });
    }
    let numbers = |bar: &Bar| bar.parts.iter().map(|part| part.number).collect();
    let title = theme_title(theme);
    ThemeTrend {
        title,
        picture: columns(
            &bars,
            &format!("{title} controls by status over time; the numbers stand below"),
        ),
        from: bars.first().map(|bar| bar.label.clone()).unwrap_or_default(),
        to: bars.last().map(|bar| bar.label.clone()).unwrap_or_default(),
        rows: bars.iter().rev().map(|bar| (bar.label.clone(), numbers(bar))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stands_where_something_was_judged_and_the_newest_is_told_first() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let then = |hour, statuses: &[Status]| Then {
            theme: Theme::Technological,
            at: at(hour),
            statuses: statuses.to_vec(),
        };
        let moments = [
            then(1, &[]),
            then(2, &[Status::Met]),
            then(3, &[Status::Met, Status::NotMet]),
            then(4, &[Status::NotMet]),
        ];
        let legend = [words::status(Status::Met), words::status(Status::NotMet)];
        let trend = trend(Theme::Technological, &moments.iter().collect::<Vec<_>>(), &legend);
        let numbers: Vec<Vec<u64>> = trend.rows.into_iter().map(|(_, numbers)| numbers).collect();
        assert_eq!(numbers, [vec![0, 1], vec![1, 1], vec![1, 0]]);
    }
}
