//! What held from when to when, on one line of time. The list beside it, or one click away, says the same.

use jiff::{SignedDuration, Timestamp};

use super::{begin, escape, put};
use crate::views::StatusRow;
use crate::web::words;

/// Units of the picture from its left end to its right one.
const WIDE: i64 = 1000;
/// Days of a status's history that a control's page shows.
const DAYS: i64 = 90;

/// One interval: the class of its colour, what held, from when to when.
pub(in crate::web) struct Span {
    pub(in crate::web) class: &'static str,
    pub(in crate::web) label: String,
    pub(in crate::web) from: Timestamp,
    pub(in crate::web) to: Timestamp,
}

/// The picture, the days at its ends, and what its colours mean.
pub(in crate::web) struct Interval {
    pub(in crate::web) svg: String,
    pub(in crate::web) from: String,
    pub(in crate::web) to: String,
    pub(in crate::web) legend: Vec<(&'static str, String)>,
}

/// Intervals between two moments; what reaches beyond is cut, and neighbours that look alike are one: a status whose numbers change
/// each hour would be thousands. None: nothing held, or no time passed.
pub(in crate::web) fn interval(
    (from, to): (Timestamp, Timestamp),
    spans: &[Span],
    about: &str,
) -> Option<Interval> {
    let whole = to.as_millisecond() - from.as_millisecond();
    let mut within: Vec<&Span> =
        spans.iter().filter(|span| span.to >= from && span.from <= to).collect();
    if whole <= 0 || within.is_empty() {
        return None;
    }
    within.sort_by_key(|span| span.from);
    let stamp = |at: Timestamp| at.strftime("%-d %b %Y %H:%M UTC").to_string();
    let place = |at: Timestamp| -> u64 {
        let passed = at.clamp(from, to).as_millisecond() - from.as_millisecond();
        u64::try_from(passed.saturating_mul(WIDE) / whole).unwrap_or(0)
    };
    let mut svg = begin("interval", (WIDE.unsigned_abs(), 1), about);
    let mut legend: Vec<(&'static str, String)> = Vec::new();
    let mut drawn: Vec<(&Span, Timestamp)> = Vec::new();
    for span in within {
        let like = |(last, to): &&mut (&Span, Timestamp)| {
            (last.class, &last.label) == (span.class, &span.label) && span.from <= *to
        };
        match drawn.last_mut().filter(like) {
            Some((_, to)) => *to = span.to.max(*to),
            None => drawn.push((span, span.to)),
        }
    }
    for (span, to) in drawn {
        let (left, right) = (place(span.from), place(to));
        let says = format!("{}: {} to {}", span.label, stamp(span.from), stamp(to));
        svg += &format!("<g><title>{}</title>", escape(&says));
        // The shortest shows, too.
        put(&mut svg, span.class, (left.min(998), 0), (right.saturating_sub(left).max(2), 1));
        svg += "</g>";
        if !legend.iter().any(|(class, _)| *class == span.class) {
            legend.push((span.class, span.label.clone()));
        }
    }
    // Ends that bear the same name tell nobody how long the line is.
    let end =
        |at| if words::day(from) == words::day(to) { words::minute(at) } else { words::day(at) };
    Some(Interval { svg: svg + "</svg>", from: end(from), to: end(to), legend })
}

/// The statuses of a control over the last days, or since there are any.
pub(in crate::web) fn of_statuses(rows: &[StatusRow], now: Timestamp) -> Option<Interval> {
    let first = rows.iter().map(|row| row.from).min()?;
    let days = SignedDuration::from_hours(24 * DAYS);
    let from = now.checked_sub(days).unwrap_or(first).max(first);
    let spans: Vec<Span> = rows
        .iter()
        .map(|row| {
            let word = words::status(row.status);
            let label = word.label.to_owned();
            Span { class: word.fill(), label, from: row.from, to: row.to.unwrap_or(now) }
        })
        .collect();
    interval((from, now), &spans, "The status in time; each interval stands in the history")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
    }

    fn span(class: &'static str, from: i64, to: i64) -> Span {
        Span { class, label: format!("<{class}>"), from: at(from), to: at(to) }
    }

    #[test]
    fn intervals_stand_where_they_were_and_are_cut_at_the_ends() {
        let spans = [span("f-met", 50, 200), span("f-not_met", -20, 50), span("f-stale", 300, 400)];
        let bar = interval((at(0), at(100)), &spans, "status").unwrap();
        assert!(bar.svg.contains(r#"class="f-not_met" x="0" y="0" width="500""#), "{}", bar.svg);
        assert!(bar.svg.contains(r#"class="f-met" x="500" y="0" width="500""#), "{}", bar.svg);
        assert!(!bar.svg.contains("f-stale") && !bar.svg.contains("<f-met>"), "{}", bar.svg);
        let legend: Vec<&str> = bar.legend.iter().map(|(class, _)| *class).collect();
        assert_eq!(legend, ["f-not_met", "f-met"]);
    }

    #[test]
    fn the_ends_of_a_line_within_a_day_bear_the_hour() {
        let ends = |to: i64| {
            let bar = interval((at(0), at(to)), &[span("f-met", 0, to)], "status").unwrap();
            (bar.from, bar.to)
        };
        assert_eq!(ends(2), ("21 Sep 2026 14:13".to_owned(), "21 Sep 2026 16:13".to_owned()));
        assert_eq!(ends(24), ("21 Sep 2026".to_owned(), "22 Sep 2026".to_owned()));
    }

    #[test]
    fn neighbours_that_look_alike_are_drawn_as_one_and_what_lies_between_them_is_not_covered() {
        let hours = (0..50).map(|hour| span("f-met", hour, hour + 1));
        let spans: Vec<Span> =
            hours.chain([span("f-stale", 50, 60), span("f-met", 70, 100)]).collect();
        let bar = interval((at(0), at(100)), &spans, "status").unwrap();
        assert_eq!(bar.svg.matches("<rect").count(), 3, "{}", bar.svg);
        for (class, x, width) in [("f-met", 0, 500), ("f-stale", 500, 100), ("f-met", 700, 300)] {
            let drawn = format!(r#"class="{class}" x="{x}" y="0" width="{width}""#);
            assert!(bar.svg.contains(&drawn), "{}", bar.svg);
        }
    }

    #[test]
    fn a_moment_shows_and_nothing_is_drawn_of_nothing() {
        let bar = interval((at(0), at(100)), &[span("f-met", 100, 100)], "status").unwrap();
        assert!(bar.svg.contains(r#"x="998" y="0" width="2""#), "{}", bar.svg);
        assert!(interval((at(0), at(100)), &[], "status").is_none());
        assert!(interval((at(0), at(0)), &[span("f-met", 0, 0)], "status").is_none());
        assert!(interval((at(0), at(9)), &[span("f-met", 20, 30)], "status").is_none());
    }
}
