//! Judges evidence: frameworks, rules and the pure functions that turn documents into findings and findings into
//! control statuses. It never reads a file, a clock or a network, so anyone can replay a judgement and get the same
//! answer.
//!
//! ```text
//! frameworks/*.csv ─▶ framework::Framework ─────────────────────────────┐
//! rules/**/*.rego  ─▶ pack::RulePack ─▶ engine::Judge ─▶ finding::Finding ─▶ status::assess ─▶ status::ControlStatus
//! ```

mod backtest;
mod builtin;
mod catalogue;
mod crosswalk;
pub mod decisions;
mod edition;
mod engine;
mod finding;
mod framework;
mod gap;
mod ids;
mod kinds;
mod language;
mod metadata;
mod pack;
#[cfg(test)]
mod rego_tests;
mod replay;
mod rule;
mod scan;
mod selection;
mod status;
mod withheld;

pub use backtest::{
    BackTest, Both, FindingChange, MAX_CHANGES, Sample, StatusChange, Trial, back_test,
};
pub use catalogue::{control_table, coverage_page, kind_table, rule_table};
pub use crosswalk::{
    Basis, Crosswalk, Crosswalks, OwnFrameworkError, Reference, Relation, Said, SaidId,
};
pub use edition::{Became, ClauseMove, Control2013, Transition};
pub use engine::{Capture, Evidence, Judge, MAX_DOCUMENT_BYTES, MAX_ITEMS};
pub use finding::{Finding, Item, Verdict};
pub use framework::{Attribute, Attributes, Clause, Control, Framework, FrameworkError, Theme};
pub use gap::{ControlGap, Have, Missing, gap_analysis};
pub use ids::{ClauseId, ControlId, IdError, RuleId};
pub use kinds::{EvidenceKind, emitters, evidence_kinds};
pub use pack::{Change, GivenRules, PackDiff, PackError, RuleChange, RulePack, TestOutcome};
pub use replay::{
    Difference, Documents, FINDINGS_SCHEMA, FindingClaim, FindingsClaimed, MAX_DIFFERENCES,
    PeopleClaimed, Premises, Replay, Replayed, STATUSES_SCHEMA, Sight, StatusesClaimed,
    schedule_differences,
};
pub use rule::{Rule, Severity, Strength, UnknownWord};
pub use selection::{LabelError, Labels, Selection, SelectionError};
pub use status::{
    Around, AssessmentInput, Attestation, Board, Cause, ControlStatus, Counts, DOCUMENTS_ONLY,
    Exclusion, Expectation, Gap, Heard, KnownTarget, MAX_REASONS, ManualEvidence, Observed,
    Outcome, OutsideTarget, Part, PeriodError, Reason, Rollup, SCORE_DEFINITION, Scope, Score,
    Standing, Status, Unseen, UnseenCount, Waived, Waiver, WaiverError, WaiverState, assess,
    is_silent, outside, rollup, score, waiver_states,
};
