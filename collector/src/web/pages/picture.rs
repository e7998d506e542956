//! The controls as a picture by theme, and how many have each status. Pure: what is shown was judged elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{ControlStatus, Framework, Theme};

use crate::views::Assessment;
use crate::web::words::{self, Word};

/// The controls of one theme.
pub(super) struct ThemeView {
    pub(super) title: &'static str,
    pub(super) tiles: Vec<Tile>,
    /// Stripes of the bar: class, start and width in controls.
    pub(super) bar: Vec<(Word, usize, usize)>,
}

pub(super) struct Tile {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) word: Word,
    /// Passing targets of all, where targets count.
    pub(super) targets: String,
}

pub(super) fn theme_title(theme: Theme) -> &'static str {
    match theme {
        Theme::Organizational => "Organizational",
        Theme::People => "People",
        Theme::Physical => "Physical",
        Theme::Technological => "Technological",
    }
}

/// Those of the controls whose ids are `shown`; a theme without any is left out.
pub(super) fn themes(
    framework: &Framework,
    assessment: &Assessment,
    shown: &BTreeSet<String>,
) -> Vec<ThemeView> {
    let themes = Theme::ALL.map(|theme| {
        let controls = framework.controls().iter().filter(|control| control.theme == theme);
        let tiles: Vec<Tile> = controls
            .filter(|control| shown.contains(&control.id.to_string()))
            .filter_map(|control| Some((control, assessment.of(control.id)?)))
            .map(|(control, status)| tile(control.id.to_string(), control.title.clone(), status))
            .collect();
        ThemeView { title: theme_title(theme), bar: bar(&tiles), tiles }
    });
    themes.into_iter().filter(|theme| !theme.tiles.is_empty()).collect()
}

/// How many controls have each status, worst first.
pub(super) fn counts(assessment: &Assessment) -> Vec<(Word, usize)> {
    let counts = assessment.counts().into_iter();
    let mut counts: Vec<(Word, usize)> =
        counts.map(|(status, number)| (words::status(status), number)).collect();
    counts.sort_by_key(|(word, _)| word.order);
    counts
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
