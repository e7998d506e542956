//! What one judgement needs of every target, worked out once for all controls.

use jiff::Timestamp;

use super::{Around, Board, Outcome, Scope, Waiver};
use crate::{
    ids::{ControlId, RuleId},
    rule::Rule,
    selection::{Labels, Selection},
};

/// What is known of a kind on a target beside findings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Here {
    pub(super) gap: Option<Outcome>,
    pub(super) scheduled: bool,
    pub(super) silent: bool,
    /// A known target of a sort on which the kind is collected anywhere.
    pub(super) populated: bool,
}

impl Here {
    /// Somebody expects evidence here, or said that there is none.
    pub(super) fn is_expected(self) -> bool {
        self.gap.is_some() || self.scheduled || self.populated
    }
}

/// The board as it is seen at one moment, with what people decided.
pub(super) struct Ground<'a> {
    pub(super) board: &'a Board,
    /// Microseconds since 1970.
    pub(super) now_us: i64,
    pub(super) now: Timestamp,
    /// By kind, then by target.
    here: Vec<Vec<Here>>,
    /// Kinds that are expected anywhere.
    expected: Vec<bool>,
    /// Place of each target in the alphabet.
    ranks: Vec<usize>,
    labels: Vec<&'a Labels>,
    scope: &'a Scope,
    /// Targets in the scope of the ISMS; `None`: all.
    isms: Option<Vec<bool>>,
    waivers: &'a [Waiver],
}

impl<'a> Ground<'a> {
    /// The targets of `around` stand on the board.
    pub(super) fn of(
        board: &'a Board,
        around: &Around<'a>,
        nothing: &'a Labels,
        now: Timestamp,
    ) -> Self {
        let mut labels = vec![nothing; board.targets.count()];
        let mut known = vec![false; board.targets.count()];
        for (target, given) in super::scope::labels(around.targets) {
            let Some(number) = board.targets.find(target) else { continue };
            if let (Some(slot), Some(known)) = (labels.get_mut(number), known.get_mut(number)) {
                (*slot, *known) = (given, true);
            }
        }
        let mut ground = Self {
            board,
            now_us: now.as_microsecond(),
            now,
            here: Vec::new(),
            expected: Vec::new(),
            ranks: board.targets.ranks(),
            labels,
            scope: around.scope,
            isms: None,
            waivers: around.waivers,
        };
        ground.isms = ground.mask(&around.scope.isms);
        for kind in 0..board.kinds.count() {
            let row = ground.row(kind, &known);
            ground.expected.push(row.iter().any(|here| here.is_expected()));
            ground.here.push(row);
        }
        ground
    }

    /// A kind that is collected on one host is expected of every known host, unless a selection says otherwise.
    fn row(&self, kind: usize, known: &[bool]) -> Vec<Here> {
        let board = self.board;
        let watched = |target: usize| {
            let watch = board.schedule.watch(kind, target);
            Here {
                gap: None,
                scheduled: watch.is_some(),
                silent: watch.is_some_and(|watch| watch.silent_since.is_some()),
                populated: false,
            }
        };
        let mut row: Vec<Here> = (0..known.len()).map(watched).collect();
        for (target, gap) in board.gaps.get(kind).into_iter().flatten() {
            if let Some(here) = row.get_mut(*target) {
                here.gap = Some(gap.outcome);
            }
        }
        let mut sorts: Vec<bool> = vec![false; known.len()];
        let mut collected = |target: usize| {
            let sort = board.sort_of.get(target).and_then(|sort| sorts.get_mut(*sort));
            sort.is_some_and(|sort| std::mem::replace(sort, true))
        };
        let here = row.iter().enumerate().filter(|(_, here)| here.is_expected());
        here.for_each(|(target, _)| {
            collected(target);
        });
        for rule in board.of_kind.get(kind).into_iter().flatten() {
            let cells = board.columns.get(*rule).into_iter().flat_map(|column| column.cells());
            cells.for_each(|(target, _)| {
                collected(target);
            });
        }
        for ((target, here), sort) in row.iter_mut().enumerate().zip(&board.sort_of) {
            here.populated = known.get(target).copied().unwrap_or(false)
                && sorts.get(*sort).copied().unwrap_or(false);
        }
        row
    }

    /// For each target of the board: what is known of the kind there.
    pub(super) fn here(&self, kind: usize) -> &[Here] {
        self.here.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_expected(&self, kind: usize) -> bool {
        self.expected.get(kind).copied().unwrap_or(false)
    }

    pub(super) fn rank(&self, target: usize) -> usize {
        self.ranks.get(target).copied().unwrap_or(usize::MAX)
    }

    /// Which targets a selection selects; `None`: all.
    fn mask(&self, selection: &Selection) -> Option<Vec<bool>> {
        if selection.is_all() {
            return None;
        }
        let labels = self.labels.iter().enumerate();
        let selects = |(target, labels): (usize, &&Labels)| {
            selection.selects(self.board.targets.text(target), labels)
        };
        Some(labels.map(selects).collect())
    }

    /// Targets that take part in a control as far as a rule speaks about it; `None`: all.
    pub(super) fn selected(&self, rule: &RuleId, control: ControlId) -> Option<Vec<bool>> {
        let own = [self.scope.rules.get(rule), self.scope.controls.get(&control)];
        let masks = own.into_iter().flatten().filter_map(|selection| self.mask(selection));
        masks.chain(self.isms.clone()).reduce(|mut all, mask| {
            all.iter_mut().zip(mask).for_each(|(one, other)| *one &= other);
            all
        })
    }

    /// The waivers that may cover failures of the rule on the control.
    pub(super) fn waivers(&self, rule: &Rule, control: ControlId) -> Vec<&'a Waiver> {
        self.waivers.iter().filter(|waiver| waiver.is_about(&rule.id, control)).collect()
    }

    /// Of these waivers, those that cover a target.
    pub(super) fn covering<'w>(
        &'w self,
        waivers: &'w [&'a Waiver],
        target: usize,
    ) -> impl Iterator<Item = &'a Waiver> + 'w {
        waivers.iter().copied().filter(move |waiver| {
            let labels = self.labels.get(target);
            labels.is_some_and(|labels| {
                waiver.targets.selects(self.board.targets.text(target), labels)
            })
        })
    }
}
