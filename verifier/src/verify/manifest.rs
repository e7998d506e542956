//! The manifest: what the bundle claims to hold. Its claims are held against the log's entries.

use std::collections::BTreeSet;

use exhibit_proto::bundle::{MANIFEST, Manifest, SCHEMA, Selection, leaf, proof};
use jiff::Timestamp;

use super::head::Head;
use super::tree::LeftOut;
use crate::files::Folder;
use crate::report::{Check, Ledger, State};

/// A quarter of a million items.
const MAX_BYTES: u64 = 64 << 20;

/// First and last time of logging that were asked for, both inclusive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Period {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
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

/// Whether evidence was left out that the selection asks for. What an entry is about does not stand in the log, so a
/// selection by target or kind cannot be judged from outside.
pub(super) fn complete(selection: &Selection, left_out: &LeftOut, ledger: &mut Ledger) {
    let Some(first) = left_out.first else { return };
    let entries = left_out.entries;
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

pub(super) fn read(folder: &Folder, ledger: &mut Ledger) -> Option<Manifest> {
    folder.claim(MANIFEST);
    let bytes = folder.read(MANIFEST, MAX_BYTES).map_err(|error| error.to_string());
    let manifest = bytes.and_then(|bytes| {
        serde_json::from_slice::<Manifest>(&bytes).map_err(|error| error.to_string())
    });
    match manifest {
        Ok(manifest) if manifest.schema == SCHEMA => Some(manifest),
        Ok(manifest) => {
            let schema: String = manifest.schema.chars().take(120).collect();
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

/// Holds the manifest against the checkpoint and the files; items are held against it one by one later.
pub(super) fn check(manifest: &Manifest, head: &Head, folder: &Folder, ledger: &mut Ledger) {
    if manifest.checkpoint != head.checkpoint {
        ledger.failed(Check::Manifest, MANIFEST, "names another checkpoint than the signed one");
    }
    let ascending = manifest.items.windows(2).all(|pair| match pair {
        [one, two] => one.index < two.index,
        _ => true,
    });
    if !ascending {
        ledger.failed(Check::Manifest, MANIFEST, "items are out of order or stand twice");
    }
    let listed: BTreeSet<String> =
        manifest.items.iter().flat_map(|item| [leaf(item.index), proof(item.index)]).collect();
    let parts = |path: &str| path.starts_with("leaves/") || path.starts_with("proofs/");
    for (path, _) in folder.files().filter(|(path, _)| parts(path) && !listed.contains(*path)) {
        let detail = format!("lists no item for {path}");
        ledger.failed(Check::Manifest, MANIFEST, detail);
    }
    if ledger.state(Check::Manifest) != Some(State::Failed) {
        ledger.shown(Check::Manifest, format!("lists {} items", manifest.items.len()));
    }
}
