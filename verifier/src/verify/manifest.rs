//! The manifest: what the bundle claims to hold. Its claims are held against the log's entries.

mod walk;

use std::io::BufReader;

use exhibit_proto::bundle::{Item, MANIFEST, SCHEMA, Selection};
use exhibit_proto::checkpoint::Checkpoint;
use jiff::Timestamp;

use self::walk::Meter;

use super::head::Head;
use super::tree::LeftOut;
use crate::files::Folder;
use crate::report::{Check, Ledger, State};

/// What a manifest says before and after its items, and which entries they are.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) schema: String,
    pub(super) generated_at: String,
    pub(super) checkpoint: Checkpoint,
    pub(super) selection: Selection,
    /// Entries of the items, in their order.
    pub(super) listed: Vec<u64>,
}

/// First and last time of logging that were asked for, both inclusive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Period {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Period {
    /// What the manifest says was asked for.
    pub(super) fn of(selection: &Selection, ledger: &mut Ledger) -> Self {
        let mut read = |text: &Option<String>| {
            let time = text.as_ref().map(|text| text.parse::<Timestamp>()).transpose();
            time.unwrap_or_else(|error| {
                ledger.failed(Check::Manifest, MANIFEST, format!("selection: {error}"));
                None
            })
        };
        Self { from: read(&selection.from), to: read(&selection.to) }
    }

    pub(super) fn holds(self, logged: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= logged) && self.to.is_none_or(|to| logged <= to)
    }
}

/// Whether something was left out that the bundle must hold: evidence that the selection asks for, or a decision until the end of
/// its period. What evidence or a decision is about does not stand in the leaves, so a selection by target, kind or audit cannot be
/// judged from outside.
pub(super) fn complete(
    (selection, period): (&Selection, Period),
    left_out: &LeftOut,
    ledger: &mut Ledger,
) {
    let decided = &left_out.decisions;
    let within = decided.logged.is_some_and(|at| period.to.is_none_or(|to| at <= to));
    let missing = decided.first.filter(|_| within).map(|first| {
        format!(
            "entry {first} of the log says what a person decided, and the bundle does not hold it"
        )
    });
    match (missing, &selection.audit) {
        (Some(missing), None) => ledger.failed(Check::Manifest, MANIFEST, missing),
        // Of other audits it holds nothing, and a leaf does not say what a decision is about.
        (Some(missing), Some(audit)) => {
            let entries = decided.entries;
            let detail = format!(
                "{missing}; of audits it has the records of {audit} alone: what is missing ({entries} in all) is of other audits, or was left out, which cannot be told from here"
            );
            ledger.not_checked(Check::Manifest, Some(MANIFEST), detail);
        }
        (None, _) => {}
    }
    let Some(first) = left_out.evidence.first else { return };
    let entries = left_out.evidence.entries;
    if selection.targets.is_empty() && selection.kinds.is_empty() {
        let detail = format!(
            "says that it holds all evidence of its period, and {entries} entries of the log are left out, the first is entry {first}"
        );
        ledger.failed(Check::Manifest, MANIFEST, detail);
    } else {
        let detail = format!(
            "{entries} more entries of the period are evidence: of other targets or kinds, or left out; that cannot be told from here"
        );
        ledger.shown(Check::Manifest, detail);
    }
}

/// Reads the manifest but for its items.
pub(super) fn read(folder: &Folder, ledger: &mut Ledger) -> Option<Outline> {
    folder.claim(MANIFEST);
    match items(folder, &mut |_item| {}) {
        Ok(outline) if outline.schema == SCHEMA => Some(outline),
        Ok(outline) => {
            let schema: String = outline.schema.chars().take(120).collect();
            let detail = format!("schema is {schema:?}, this version reads {SCHEMA:?}");
            ledger.failed(Check::Manifest, MANIFEST, detail);
            None
        }
        Err(error) => {
            ledger.failed(Check::Manifest, MANIFEST, error);
            None
        }
    }
}

/// Hands over one item after another; of any number, one is held.
pub(super) fn items(folder: &Folder, take: &mut dyn FnMut(Item)) -> Result<Outline, String> {
    let file = folder.open_file(MANIFEST).map_err(|error| error.to_string())?;
    let meter = Meter::default();
    walk::manifest(BufReader::new(meter.watch(file)), &meter, take)
        .map_err(|error| error.to_string())
}

/// Holds the manifest against the checkpoint and the files; items are held against it one by one later.
pub(super) fn check(outline: &Outline, head: &Head, folder: &Folder, ledger: &mut Ledger) {
    if outline.checkpoint != head.checkpoint {
        ledger.failed(Check::Manifest, MANIFEST, "names another checkpoint than the signed one");
    }
    if !outline.listed.is_sorted_by(|one, two| one < two) {
        ledger.failed(Check::Manifest, MANIFEST, "items are out of order or stand twice");
    }
    let known = |index: &u64| outline.listed.binary_search(index).is_ok();
    for (_, path) in folder.entries().filter(|(index, _)| !known(index)) {
        ledger.failed(Check::Manifest, MANIFEST, format!("lists no item for {path}"));
    }
    if ledger.state(Check::Manifest) != Some(State::Failed) {
        ledger.shown(Check::Manifest, format!("lists {} items", outline.listed.len()));
    }
}
