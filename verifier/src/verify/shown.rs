//! What the collector shows about the evidence, beside it in the bundle: judged again on request only, and never a proof.

use std::collections::BTreeSet;

use exhibit_proto::bundle::{FINDINGS, STATUSES, Selection};

use super::manifest::Period;
use super::tree::Tree;
use crate::files::Folder;
use crate::progress::Progress;
use crate::report::{Ledger, Replay};

/// The folder of rule packs, with `/`.
const PACKS: &str = "packs/";

/// Says that these files belong to the bundle; judges the documents again if that is asked for. Entries that failed, or that came
/// late, count for nothing.
#[cfg_attr(not(feature = "replay"), expect(unused_variables, reason = "nothing is judged"))]
pub(super) fn judge(
    folder: &Folder,
    (asked, selection, period): (bool, &Selection, Period),
    (mut out, size, tree): (BTreeSet<u64>, u64, &Tree),
    ledger: &mut Ledger,
    progress: &dyn Progress,
) -> Option<Replay> {
    [FINDINGS, STATUSES].iter().for_each(|path| folder.claim(path));
    folder.under(PACKS).iter().for_each(|path| folder.claim(path));
    out.extend(tree.chains.iter().flat_map(|chain| &chain.late).map(|late| late.index));
    #[cfg(feature = "replay")]
    if asked {
        let ground = super::replay::Ground { selection, period, out, size, tree };
        return super::replay::check(folder, &ground, ledger, progress);
    }
    None
}
