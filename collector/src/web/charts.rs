//! Pictures as SVG, drawn from numbers alone. Every picture stands over a table that says the same; text is HTML beside it, in the
//! page's own fonts. Pure: an equal question gives equal bytes, and no number is made up to fill a gap.

mod interval;

use std::fmt::Write as _;

use super::facts::escape;
pub(super) use interval::{Interval, Span, interval, of_statuses};

/// A part of a bar: the class of its colour, what it is, how many.
pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) number: u64,
}

/// One bar: a moment, a range, a thing.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) parts: Vec<Part>,
}

/// Units of the picture that a bar is wide, and the room after it.
const WIDE: u64 = 10;
const ROOM: u64 = 1;

impl Bar {
    fn sum(&self) -> u64 {
        self.parts.iter().map(|part| part.number).sum()
    }

    /// In words, for whoever points at it or hears it.
    fn says(&self) -> String {
        let parts = self.parts.iter().filter(|part| part.number > 0);
        let parts: Vec<String> =
            parts.map(|part| format!("{} {}", part.number, part.label)).collect();
        let parts = if parts.is_empty() { "none".to_owned() } else { parts.join(", ") };
        escape(&format!("{}: {parts}", self.label))
    }
}

/// Standing bars side by side, their parts one on the other from below; all to one scale. Empty without bars.
pub(super) fn columns(bars: &[Bar], about: &str) -> String {
    let most = bars.iter().map(Bar::sum).max().unwrap_or(0).max(1);
    let width = WIDE * bars.len() as u64;
    let mut out = begin("columns", (width, most), about);
    for (place, bar) in (0_u64..).zip(bars) {
        let x = place * WIDE;
        begin_bar(bar, &mut out);
        // Whoever points anywhere above a bar means it.
        put(&mut out, "f-nothing", (x, 0), (WIDE, most));
        let mut top = most;
        for part in bar.parts.iter().filter(|part| part.number > 0) {
            top -= part.number;
            put(&mut out, part.class, (x, top), (WIDE - ROOM, part.number));
        }
        out.push_str("</g>");
    }
    if bars.is_empty() { String::new() } else { out + "</svg>" }
}

/// One lying bar, its parts from left to right.
pub(super) fn share(bar: &Bar, about: &str) -> String {
    let mut out = begin("share", (bar.sum().max(1), 1), about);
    begin_bar(bar, &mut out);
    let mut left = 0;
    for part in bar.parts.iter().filter(|part| part.number > 0) {
        put(&mut out, part.class, (left, 0), (part.number, 1));
        left += part.number;
    }
    out + "</g></svg>"
}

fn begin(class: &str, (width, height): (u64, u64), about: &str) -> String {
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\" data-chart>",
        escape(about)
    )
}

fn begin_bar(bar: &Bar, out: &mut String) {
    // Writing into a String cannot fail.
    write!(out, "<g><title>{}</title>", bar.says()).unwrap_or_default();
}

fn put(out: &mut String, class: &str, (x, y): (u64, u64), (width, height): (u64, u64)) {
    write!(
        out,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
    )
    .unwrap_or_default();
}

/// Days in ranges that people think in, for distributions of ages: label, and the last day that is in it.
pub(super) const RANGES: [(&str, i64); 8] = [
    ("today", 0),
    ("1 day", 1),
    ("2 to 3 days", 3),
    ("4 to 7 days", 7),
    ("8 to 14 days", 14),
    ("15 to 30 days", 30),
    ("31 to 90 days", 90),
    ("longer", i64::MAX),
];

/// Which of [`RANGES`] an age of so many days is in.
pub(super) fn range(days: i64) -> usize {
    RANGES.iter().position(|(_, last)| days <= *last).unwrap_or(RANGES.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, met: u64, failing: u64) -> Bar {
        let part = |class, label, number| Part { class, label, number };
        let parts = vec![part("f-met", "met", met), part("f-not_met", "not met", failing)];
        Bar { label: label.to_owned(), parts }
    }

    /// Class, height and distance from above of every part that is drawn.
    fn drawn(svg: &str) -> Vec<(String, u64, u64)> {
        let given = |rect: &str, name: &str| {
            let (_, rest) = rect.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let number = |rect: &str, name: &str| given(rect, name).parse().unwrap();
        let rects = svg.split("<rect ").skip(1);
        let all =
            rects.map(|rect| (given(rect, "class"), number(rect, "height"), number(rect, " y")));
        all.filter(|(class, _, _)| class != "f-nothing").collect()
    }

    #[test]
    fn parts_stand_one_on_the_other_to_one_scale() {
        let svg = columns(&[bar("Monday", 3, 1), bar("Tuesday", 0, 2)], "statuses");
        let named = |class: &str, height, y| (class.to_owned(), height, y);
        assert_eq!(
            drawn(&svg),
            [named("f-met", 3, 1), named("f-not_met", 1, 0), named("f-not_met", 2, 2)]
        );
        assert!(svg.contains("<title>Monday: 3 met, 1 not met</title>"), "{svg}");
        assert!(svg.contains("viewBox=\"0 0 20 4\""), "{svg}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing_and_names_are_escaped() {
        assert_eq!(columns(&[], "nothing"), "");
        let odd = share(&bar("<b>", 0, 0), "\"odd\"");
        assert!(
            odd.contains("&lt;b&gt;: none") && !odd.contains("<b>") && !odd.contains("\"\"odd"),
            "{odd}"
        );
        assert!(drawn(&odd).is_empty());
    }

    #[test]
    fn every_age_is_in_one_range() {
        let ranges = [-1, 0, 1, 2, 3, 4, 7, 8, 14, 15, 30, 31, 90, 91, 10_000].map(range);
        assert_eq!(ranges, [0, 0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
    }
}
