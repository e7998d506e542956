//! What a page of lapses is asked for: a period, a target, or a part of all targets.

use jiff::ToSpan as _;

use super::super::super::{Ask, WebError};
use super::super::compare::one;
use crate::views::{Among, Period};
use crate::web::table::encode;

/// Where there are more targets than this, one page looks at a part of them: so many.
const WHOLE: u64 = 200;
const PART: u32 = 25;

/// A part of all targets, and the parts beside it.
pub(super) struct PartView {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) all: u64,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    /// All parts as one CSV.
    pub(super) csv: String,
}

/// Which part of how many targets.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) all: u64,
}

/// What is looked for. Without a question: the last 30 days.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) period: Period,
    pub(super) target: String,
    /// Of all targets.
    pub(super) part: Option<u32>,
    /// How many there are.
    pub(super) targets: u64,
}

impl Question {
    /// Parts that there are.
    pub(super) fn parts(&self) -> u64 {
        self.targets.div_ceil(PART.into()).max(1)
    }

    pub(super) fn of(ask: &Ask) -> Result<Self, WebError> {
        let given =
            |name: &str| ask.query.get(name).filter(|text| !text.trim().is_empty()).cloned();
        let moment = |name: &'static str| given(name).map(|text| one(ask, name, &text)).transpose();
        let to = moment("to")?.map_or(ask.now, |to| to.at);
        let before = || to.checked_sub((30 * 24).hours()).unwrap_or(to);
        let from = moment("from")?.map_or_else(before, |from| from.at);
        let period = Period { from: from.min(to), to: to.max(from) };
        let target = given("target").unwrap_or_default();
        if !target.is_empty() && ask.views.target(&target)?.is_none() {
            return Err(WebError::NotFound(format!("target {target:?}")));
        }
        let targets = ask.views.targets_known()?;
        let parts = targets.div_ceil(PART.into()).max(1);
        let part = match given("part").map(|text| (text.trim().parse::<u32>(), text)) {
            None => (targets > WHOLE).then_some(1),
            Some((Ok(part), _)) if part > 0 && u64::from(part) <= parts => Some(part),
            Some((_, text)) => {
                let text =
                    format!("{text:?} is no part of {targets} targets: there are 1 to {parts}");
                return Err(WebError::NoMoment("part", text));
            }
        };
        let part = part.filter(|_| target.is_empty());
        Ok(Self { period, target, part, targets })
    }

    /// Nothing is left out but what was asked to be.
    pub(super) fn is_whole(&self, ask: &Ask) -> bool {
        self.part.is_none() || ask.query.contains_key("part")
    }

    pub(super) fn among(&self) -> Among<'_> {
        match self.part {
            _ if !self.target.is_empty() => Among::One(&self.target),
            Some(part) => Among::Part { before: (part - 1) * PART, most: PART },
            None => Among::All,
        }
    }
}

impl Part {
    pub(super) fn view(self, ask: &Ask) -> PartView {
        let Self { number, all } = self;
        let before = u64::from(number - 1) * u64::from(PART);
        let last = all.min(before + u64::from(PART));
        let to = |path: &str, part: Option<u32>| {
            let mut query = ask.query.clone();
            query.retain(|name, _| matches!(name.as_str(), "from" | "to"));
            query.extend(part.map(|part| ("part".to_owned(), part.to_string())));
            let pairs = query.iter().map(|(name, value)| format!("{name}={}", encode(value)));
            format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
        };
        PartView {
            first: before + 1,
            last,
            all,
            previous: (number > 1).then(|| to(&ask.path, Some(number - 1))),
            next: (last < all).then(|| to(&ask.path, Some(number + 1))),
            csv: to("/history/lapses.csv", None),
        }
    }
}
