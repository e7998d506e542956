//! The row model of each kind of report: what a row holds, and where its rows come from. Every form writes these rows.

mod controls;
mod evidence;
mod findings;
mod gap;
mod lapses;
mod poam;
mod soa;

use std::collections::BTreeMap;
use std::sync::Arc;

use exhibit_assessment::{ControlId, Framework, RulePack, Strength};
use jiff::Timestamp;

use super::cells::{Cell, Column, column};
use super::{Ask, Head, Kind, ReportError};
use crate::views::{Assessment, Period, Views, ViewsError};

pub(super) use controls::{ControlRow, RuleLine};
pub(super) use evidence::EvidenceRow;
pub(super) use findings::Finding;
pub(crate) use gap::GapRow;
pub(super) use gap::rows as gaps;
pub(super) use lapses::LapseRow;
pub(super) use poam::PlanRow;
pub(crate) use soa::SoaRow;
pub(super) use soa::rows as soa;

/// A row of any report.
pub(super) enum Row {
    Control(ControlRow),
    Finding(Finding),
    Soa(SoaRow),
    Gap(GapRow),
    Evidence(EvidenceRow),
    Plan(PlanRow),
    Lapse(LapseRow),
    Catalog(CatalogRow),
}

/// A control or clause of the standard, by id and title.
pub(super) struct CatalogRow {
    pub(super) id: String,
    pub(super) title: String,
    /// The theme of a control, `clause` or `heading`.
    pub(super) group: &'static str,
}

/// What rows are made from: the views at one moment and the judgement about them.
pub(super) struct Source {
    pub(super) head: Head,
    pub(super) views: Views,
    pub(super) assessment: Arc<Assessment>,
    /// Names of targets for people.
    pub(super) names: BTreeMap<String, String>,
    /// Of a frozen version: its rows.
    told: Option<Vec<SoaRow>>,
}

const CATALOG: &[Column] =
    &[column("id", "Id", 10), column("title", "Title", 60), column("group", "Group", 16)];

/// The columns of a kind.
pub(super) fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Controls => controls::COLUMNS,
        Kind::Findings => findings::COLUMNS,
        Kind::Soa => soa::COLUMNS,
        Kind::Gap => gap::COLUMNS,
        Kind::Evidence => evidence::COLUMNS,
        Kind::Poam => poam::COLUMNS,
        Kind::Lapses => lapses::COLUMNS,
        Kind::Catalog => CATALOG,
    }
}

/// Hands over the rows of a report, one after the other.
pub(super) fn each(
    source: &Source,
    put: &mut dyn FnMut(Row) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    match source.head.report {
        Kind::Controls => {
            controls::rows(source)?.into_iter().try_for_each(|row| put(Row::Control(row)))
        }
        Kind::Findings => findings::each(source, &mut |row| put(Row::Finding(row))),
        Kind::Soa => soa(source).into_iter().try_for_each(|row| put(Row::Soa(row))),
        Kind::Gap => gap::rows(source)?.into_iter().try_for_each(|row| put(Row::Gap(row))),
        Kind::Evidence => evidence::each(source, &mut |row| put(Row::Evidence(row))),
        Kind::Poam => poam::rows(source)?.into_iter().try_for_each(|row| put(Row::Plan(row))),
        Kind::Lapses => lapses::each(source, &mut |row| put(Row::Lapse(row))),
        Kind::Catalog => catalog(source).into_iter().try_for_each(|row| put(Row::Catalog(row))),
    }
}

impl Row {
    /// The cells in the order of the columns of its kind.
    pub(super) fn cells(&self) -> Vec<Cell> {
        match self {
            Self::Control(row) => row.cells(),
            Self::Finding(row) => row.cells(),
            Self::Soa(row) => row.cells(),
            Self::Gap(row) => row.cells(),
            Self::Evidence(row) => row.cells(),
            Self::Plan(row) => row.cells(),
            Self::Lapse(row) => row.cells(),
            Self::Catalog(CatalogRow { id, title, group }) => {
                vec![id.into(), title.into(), (*group).into()]
            }
        }
    }
}

impl Source {
    /// `views` must be pinned where more is asked of them than the assessment: everything that is told belongs together.
    pub(super) fn of(views: Views, ask: &Ask, now: Timestamp) -> Result<Self, ReportError> {
        let assessment = views.assess(now)?;
        let names = match ask.kind {
            // They name no target.
            Kind::Soa | Kind::Gap | Kind::Catalog => BTreeMap::new(),
            Kind::Controls | Kind::Findings | Kind::Evidence | Kind::Poam | Kind::Lapses => {
                views.target_ids()?.into_iter().collect()
            }
        };
        let pack = views.assessor().pack();
        let head = Head {
            report: ask.kind,
            origin: views.log().head()?.checkpoint.origin,
            size: assessment.applied,
            root: views.log().root_at(assessment.applied)?,
            pack_version: pack.version().to_owned(),
            pack: pack.digest().to_owned(),
            at: now,
            by: ask.by.clone(),
            selection: ask.selection.clone(),
            frozen: None,
            period: period(ask, now)?,
        };
        let mut source = Self { head, views, assessment, names, told: None };
        if let Some(entry) = ask.frozen {
            if ask.kind != Kind::Soa {
                return Err(ReportError::OnlySoa);
            }
            let (version, bytes) = super::document(&source.views, entry)?;
            if version.proposed {
                return Err(ReportError::Proposed(entry));
            }
            let asked = (ask.by.as_str(), &ask.selection);
            let told = super::frozen::told(source.framework(), (&version, &bytes), asked)?;
            (source.head, source.told) = (told.head, Some(told.rows));
        }
        Ok(source)
    }

    pub(super) fn framework(&self) -> &Framework {
        self.views.assessor().framework()
    }

    pub(super) fn pack(&self) -> &RulePack {
        self.views.assessor().pack()
    }

    /// A target's name for people, or its id.
    pub(super) fn name<'a>(&'a self, target: &'a str) -> &'a str {
        self.names.get(target).map_or(target, String::as_str)
    }

    /// What the findings that hold say of each rule, within the selected targets.
    fn tallies(&self) -> Result<BTreeMap<String, Tally>, ViewsError> {
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        self.views.each_finding::<ViewsError>(|found| {
            if self.head.selection.target(&found.target) {
                tallies.entry(found.rule.clone()).or_default().add(&found);
            }
            Ok(())
        })?;
        Ok(tallies)
    }

    /// The rules that speak about a control, the closest first.
    fn rules_of(&self, control: ControlId) -> Vec<(&exhibit_assessment::Rule, Strength)> {
        let speaks = |rule| Some((rule, exhibit_assessment::Rule::strength(rule, control)?));
        let mut rules: Vec<_> = self.pack().rules().iter().filter_map(speaks).collect();
        rules.sort_by_key(|(rule, strength)| (*strength, &rule.id));
        rules
    }
}

/// Findings of one rule, counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) pass: u64,
    pub(super) fail: u64,
    pub(super) not_applicable: u64,
    pub(super) error: u64,
    pub(super) newest: Option<Timestamp>,
    pub(super) oldest: Option<Timestamp>,
    /// Since when it fails on the target that fails longest.
    pub(super) failing_since: Option<Timestamp>,
    /// Targets on which it fails, the first of them.
    pub(super) failing: Vec<String>,
}

/// Targets that a row names; their number stands beside.
const NAMED_TARGETS: usize = 200;

impl Tally {
    fn add(&mut self, found: &crate::views::FindingRow) {
        use exhibit_assessment::Verdict;
        match found.verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail => {
                self.fail += 1;
                if self.failing.len() < NAMED_TARGETS {
                    self.failing.push(found.target.clone());
                }
                let since =
                    self.failing_since.map_or(found.verdict_since, |s| s.min(found.verdict_since));
                self.failing_since = Some(since);
            }
            Verdict::NotApplicable => self.not_applicable += 1,
            Verdict::Error => self.error += 1,
        }
        self.newest = self.newest.max(Some(found.observed_at));
        self.oldest = Some(self.oldest.map_or(found.observed_at, |o| o.min(found.observed_at)));
    }
}

/// The period that ends with the report's moment, of a report that has one.
fn period(ask: &Ask, now: Timestamp) -> Result<Option<Period>, ReportError> {
    match (ask.kind, ask.from) {
        (Kind::Lapses, None) => Err(ReportError::NoPeriod),
        (Kind::Lapses, Some(from)) if from >= now => Err(ReportError::Period { from, to: now }),
        (Kind::Lapses, Some(from)) => Ok(Some(Period { from, to: now })),
        (_, Some(_)) => Err(ReportError::OnlyLapses),
        (_, None) => Ok(None),
    }
}

fn catalog(source: &Source) -> Vec<CatalogRow> {
    let framework = source.framework();
    let controls = framework.controls().iter().filter(|row| source.head.selection.control(row.id));
    let controls = controls.map(|row| CatalogRow {
        id: row.id.to_string(),
        title: row.title.clone(),
        group: row.theme.as_str(),
    });
    let clauses = framework.clauses().iter().map(|row| CatalogRow {
        id: row.id.to_string(),
        title: row.title.clone(),
        group: if row.heading { "heading" } else { "clause" },
    });
    clauses.chain(controls).collect()
}
