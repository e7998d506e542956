//! Intervals of the report's period in which a kind on a target had no valid evidence, and the controls that lacked it.

use super::Source;
use crate::report::cells::{Cell, Column, column};
use crate::report::{ReportError, utc};
use crate::views::{Among, Lapse};

pub(in crate::report) const COLUMNS: &[Column] = &[
    column("target", "Target", 40),
    column("target_name", "Target name", 24),
    column("kind", "Evidence", 26),
    column("from", "From", 20),
    column("to", "To", 20),
    column("open", "Ended", 10),
    column("hours", "Hours", 9),
    column("last_seen", "Last observed", 20),
    column("window_hours", "Window in hours", 10),
    column("cause", "Cause", 18),
    column("detail", "What was said", 40),
    column("remedy", "What would mend it", 40),
    column("controls", "Controls without evidence", 40),
];

/// A lapse, with what of it the report asks for.
pub(in crate::report) struct LapseRow(pub(in crate::report) Lapse);

pub(super) fn each(
    source: &Source,
    put: &mut dyn FnMut(LapseRow) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let period = source.head.period.ok_or(ReportError::NoPeriod)?;
    let selection = &source.head.selection;
    // Of one target the others are not even looked for.
    let one = selection.targets.iter().next().filter(|_| selection.targets.len() == 1);
    source.views.lapses(period, Among::named(one.map(|target| target.as_str())), |found, _| {
        let asked = found.lapses.into_iter().filter(|lapse| selection.target(&lapse.target));
        for mut lapse in asked {
            lapse.controls.retain(|(control, _)| selection.control(*control));
            if selection.controls.is_empty() || !lapse.controls.is_empty() {
                put(LapseRow(lapse))?;
            }
        }
        Ok(true)
    })
}

impl LapseRow {
    /// Whole hours that it lasted, at least.
    pub(in crate::report) fn hours(&self) -> u64 {
        let seconds = self.0.to.as_second().saturating_sub(self.0.from.as_second());
        u64::try_from(seconds / 3600).unwrap_or(0)
    }

    pub(super) fn cells(&self) -> Vec<Cell> {
        let Lapse { target, name, kind, from, to, open, last_seen, .. } = &self.0;
        let controls = self.0.controls.iter().map(|(control, since)| {
            if since == from {
                control.to_string()
            } else {
                format!("{control} since {}", utc(*since))
            }
        });
        vec![
            target.into(),
            name.into(),
            kind.into(),
            (*from).into(),
            (*to).into(),
            if *open { "open" } else { "ended" }.into(),
            self.hours().into(),
            (*last_seen).into(),
            u64::from(self.0.window_hours).into(),
            self.0.cause.as_str().into(),
            (&self.0.detail).into(),
            (&self.0.remedy).into(),
            Cell::List(controls.collect()),
        ]
    }
}
