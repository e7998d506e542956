//! Pictures for people who would rather look than read: statuses over time by theme, where failures are, how old updates and
//! backups are. A table with the same numbers stands under each.

mod ages;
mod heat;

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
use ages::AgesView;
use heat::HeatView;

pub(in crate::web) use ages::Ages;

/// Periods to choose from, in days.
const PERIODS: [i64; 4] = [7, 30, 90, 365];
const PERIOD: i64 = 30;
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
    heat: HeatView,
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
    let days = ask.query.get("days").and_then(|days| days.parse().ok());
    let days = days.filter(|days| PERIODS.contains(days)).unwrap_or(PERIOD);
    let mut legend: Vec<Word> = Status::ALL.into_iter().map(words::status).collect();
    // Stacked from below: what is well first.
    legend.sort_by_key(|word| std::cmp::Reverse(word.order));
    html(&TrendsPage {
        frame: ask.frame("Trends", "trends"),
        days,
        periods: PERIODS,
        themes: themes(ask, days, &legend)?,
        legend,
        heat: heat::view(ask)?.as_ref().clone(),
        ages: ask.once("ages", || ages::views(ask))?.as_ref().clone(),
    })
}

fn themes(ask: &Ask, days: i64, legend: &[Word]) -> Result<Vec<ThemeTrend>, WebError> {
    let views = &ask.views;
    let length = SignedDuration::from_hours(24 * days);
    let from = ask.now.checked_sub(length).unwrap_or(Timestamp::MIN);
    let rows = views.statuses_between(from, ask.now)?;
    let framework = views.assessor().framework();
    let theme_of: BTreeMap<_, Theme> =
        framework.controls().iter().map(|control| (control.id, control.theme)).collect();
    let moments: Vec<Timestamp> = (0..BARS)
        .rev()
        .map(|back| ask.now.checked_sub(length / BARS * back).unwrap_or(from))
        .collect();
    let trends = Theme::ALL.map(|theme| {
        let of_theme: Vec<&StatusRow> =
            rows.iter().filter(|row| theme_of.get(&row.control) == Some(&theme)).collect();
        trend(theme, &of_theme, &moments, legend)
    });
    Ok(trends.into())
}

fn trend(theme: Theme, rows: &[&StatusRow], moments: &[Timestamp], legend: &[Word]) -> ThemeTrend {
    let stamp = |at: &Timestamp| at.strftime("%-d %b %Y %H:%M").to_string();
    let mut bars = Vec::new();
    for at in moments {
        let then = rows.iter().filter(|row| row.from <= *at && row.to.is_none_or(|to| to > *at));
        let then: Vec<Status> = then.map(|row| row.status).collect();
        // Before the first full hour of the log nothing was judged: no bar is drawn.
        if then.is_empty() {
            continue;
        }
        let parts = legend.iter().map(|word| Part {
            class: word.fill(),
            label: word.label,
            number: then.iter().filter(|status| status.as_str() == word.class).count() as u64,
        });
        bars.push(Bar { label: stamp(at), parts: parts.collect() });
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
    fn an_interval_counts_from_its_first_hour_until_the_next_begins() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let row = |status, from, to: Option<i64>| StatusRow {
            control: "A.8.8".parse().unwrap(),
            from: at(from),
            to: to.map(at),
            entries: 1,
            status,
            targets: 0,
            passing: 0,
            failing: 0,
            unseen: 0,
            waived: 0,
            stale: 0,
        };
        let rows = [row(Status::Met, 2, Some(4)), row(Status::NotMet, 4, None)];
        let rows: Vec<&StatusRow> = rows.iter().collect();
        let legend = [words::status(Status::Met), words::status(Status::NotMet)];
        let moments: Vec<Timestamp> = (1..=5).map(at).collect();
        let trend = trend(Theme::Technological, &rows, &moments, &legend);
        let numbers: Vec<Vec<u64>> = trend.rows.into_iter().map(|(_, numbers)| numbers).collect();
        assert_eq!(numbers, [vec![0, 1], vec![0, 1], vec![1, 0], vec![1, 0]]);
    }
}
