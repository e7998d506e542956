//! The log from its leaves: the root, the hash tiles, and the chains of all agents. Bundles are read on all cores,
//! a few at a time, and taken in one after another.

use exhibit_proto::bundle::CHECKPOINT;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::{EntryType, Leaf, LeafError, MAX_BYTES};
use exhibit_proto::merkle::leaf_hash;
use exhibit_proto::tiles::{Edge, Level, Tile, WIDTH, parse_bundle, width};
use jiff::Timestamp;

use super::chains::Chains;
use super::consistency;
use super::head::Head;
use super::manifest::Period;
use crate::completeness::Arrivals;
use crate::files::FileError;
use crate::parallel;
use crate::progress::Progress;
use crate::report::{Chain, Check, Ledger, State};
use crate::source::Source;

/// A full bundle of the longest leaves, each with its two bytes of length.
const MAX_BUNDLE: u64 = WIDTH * (MAX_BYTES as u64 + 2);
/// Entry bundles held at a time: 4 MiB of leaves.
const WAVE: usize = 64;
const MAX_TILE: u64 = WIDTH * 32;
const ENTRIES: &str = "tile/entries/";

/// What the shipped leaves gave.
#[derive(Default)]
pub(super) struct Tree {
    /// Whether the signed root follows from the shipped leaves.
    pub(super) rebuilt: bool,
    /// Whether the shipped hash tiles are those of this tree, all of them.
    pub(super) tiles: bool,
    /// Leaf hashes of the bundle's items, in their order.
    leaves: Vec<(u64, Digest)>,
    /// All enrolments, rotations and revocations of the log, by ascending index.
    pub(super) key_entries: Vec<(u64, EntryType)>,
    /// Changes of the log's own key: index and envelope.
    pub(super) log_changes: Vec<(u64, Digest)>,
    /// Its tombstones, as their leaves name them.
    pub(super) stones: Vec<Stone>,
    /// Entries about the log's time.
    pub(super) attested: Vec<Stone>,
    pub(super) chains: Vec<Chain>,
    /// When each chain's statements came; of bundles only.
    pub(super) arrivals: Vec<Arrivals>,
    pub(super) left_out: LeftOut,
    /// When the newest entry was logged.
    pub(super) last: Option<Timestamp>,
    /// The first entry that was logged at the beginning of the period or later, and when.
    pub(super) begins: Option<(u64, Timestamp)>,
    /// Entries of the remembered head, if the log shows only a past of it.
    pub(super) behind: Option<u64>,
}

/// The leaf of a tombstone, or of an entry about the log's time.
pub(super) struct Stone {
    pub(super) index: u64,
    pub(super) envelope: Digest,
    pub(super) key: KeyId,
    pub(super) logged: String,
}

/// What is no item of the bundle.
#[derive(Default)]
pub(super) struct LeftOut {
    /// Evidence of the period asked for.
    pub(super) evidence: Missed,
    /// Decisions of people, whenever they were logged.
    pub(super) decisions: Missed,
}

#[derive(Default)]
pub(super) struct Missed {
    pub(super) entries: u64,
    pub(super) first: Option<u64>,
    /// When the first was logged.
    pub(super) logged: Option<Timestamp>,
}

impl Missed {
    fn count(&mut self, index: u64, logged: Option<Timestamp>) {
        self.entries += 1;
        if self.first.is_none() {
            (self.first, self.logged) = (Some(index), logged);
        }
    }
}

/// What a bundle is asked about beside the tree; a folder that holds a log alone is asked nothing.
pub(super) struct Asked<'a> {
    /// Its items' entries, ascending.
    pub(super) listed: &'a [u64],
    pub(super) period: Period,
}

impl Asked<'_> {
    fn lists(&self, index: u64) -> bool {
        self.listed.binary_search(&index).is_ok()
    }
}

impl Tree {
    /// The hash of the log's own entry `index`, if that is an item of the bundle and the leaves are shipped.
    pub(super) fn leaf(&self, index: u64) -> Option<Digest> {
        let at = self.leaves.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.leaves.get(at).map(|(_, hash)| *hash)
    }
}

pub(super) fn rebuild(
    folder: &dyn Source,
    head: &Head,
    asked: Option<Asked<'_>>,
    remembered: Option<&Checkpoint>,
    ledger: &mut Ledger,
    progress: &dyn Progress,
) -> Tree {
    let size = head.checkpoint.size;
    if size > 0 && !folder.has_under(ENTRIES) {
        let why = "the log's leaves are not shipped (tile/entries)";
        for check in [Check::Root, Check::Tiles, Check::Chains] {
            ledger.not_checked(check, None, why);
        }
        if asked.is_some() {
            ledger.not_checked(Check::Keys, None, why);
        }
        return Tree::default();
    }
    let mut walk = Walk {
        folder,
        size,
        remembered,
        past: None,
        ahead: None,
        chains: if asked.is_some() { Chains::timed() } else { Chains::default() },
        asked,
        edge: Edge::default(),
        tree: Tree::default(),
        lacking: 0,
        last: None,
    };
    walk.passes();
    progress.stage("leaves", size);
    let bundles: Vec<Tile> = (0..size.div_ceil(WIDTH))
        .map(|index| {
            let level = Level::Entries;
            Tile { level, index, width: width(level, index, size) }
        })
        .collect();
    for wave in bundles.chunks(WAVE) {
        let read = parallel::map_on(folder.at_once(), wave, |tile| {
            let above = Tile { level: Level::Hashes(0), ..*tile };
            (entries(folder, *tile), (above, folder.read(&above.to_string(), MAX_TILE)))
        });
        for (tile, (read, above)) in wave.iter().zip(read) {
            let path = tile.to_string();
            walk.folder.claim(&path);
            walk.ahead = Some(above);
            match read {
                Ok(entries) => walk.bundle(*tile, entries, ledger),
                Err(error) => {
                    walk.broken(&path, error, ledger);
                    return walk.tree;
                }
            }
            progress.step(tile.width.into());
        }
    }
    walk.finish(head, ledger)
}

/// An entry as it stands in the log.
struct Entry {
    hash: Digest,
    leaf: Result<Leaf, LeafError>,
}

/// Reads one entry bundle; no other has to be known for it.
fn entries(folder: &dyn Source, tile: Tile) -> Result<Vec<Entry>, String> {
    let bytes = folder.read(&tile.to_string(), MAX_BUNDLE).map_err(|error| error.to_string())?;
    let entries = parse_bundle(&bytes).map_err(|error| error.to_string())?;
    if entries.len() != usize::from(tile.width) {
        return Err(format!("holds {} entries where {} belong", entries.len(), tile.width));
    }
    let read = |entry: &[u8]| Entry { hash: leaf_hash(entry), leaf: Leaf::parse(entry) };
    Ok(entries.into_iter().map(read).collect())
}

struct Walk<'a> {
    folder: &'a dyn Source,
    size: u64,
    /// A head seen earlier, which the log must have passed through.
    remembered: Option<&'a Checkpoint>,
    /// The root of the leaves that the remembered head covers.
    past: Option<Digest>,
    /// The hash tile right above the entries that are being taken in.
    ahead: Option<(Tile, Result<Vec<u8>, FileError>)>,
    asked: Option<Asked<'a>>,
    edge: Edge,
    chains: Chains,
    tree: Tree,
    /// Hash tiles that the bundle does not bring.
    lacking: u64,
    /// When the newest entry so far was logged.
    last: Option<Timestamp>,
}

impl Walk<'_> {
    fn bundle(&mut self, tile: Tile, entries: Vec<Entry>, ledger: &mut Ledger) {
        let path = tile.to_string();
        let mut full = Vec::new();
        for (index, entry) in (tile.index * WIDTH..).zip(entries) {
            self.edge.push(entry.hash, &mut |tile, bytes| full.push((tile, bytes)));
            self.passes();
            if self.asked.as_ref().is_some_and(|asked| asked.lists(index)) {
                self.tree.leaves.push((index, entry.hash));
            }
            self.leaf(index, entry.leaf, &path, ledger);
        }
        for (tile, bytes) in full {
            self.tile(tile, &bytes, ledger);
        }
    }

    /// Keeps the root where the log has as many entries as the remembered head.
    fn passes(&mut self) {
        if self.remembered.is_some_and(|known| known.size == self.edge.size()) {
            self.past = Some(self.edge.root());
        }
    }

    /// A bundle that cannot be read as a whole ends the walk.
    fn broken(&mut self, path: &str, error: String, ledger: &mut Ledger) {
        ledger.failed(Check::Root, path, error);
        let why = "the log's leaves are not readable as a whole";
        for check in [Check::Tiles, Check::Chains, Check::Keys] {
            ledger.not_checked(check, Some(path), why);
        }
        if self.remembered.is_some() {
            ledger.not_checked(Check::Consistency, Some(path), why);
        }
        self.folder.claim_tiles();
    }

    fn leaf(&mut self, index: u64, leaf: Result<Leaf, LeafError>, path: &str, ledger: &mut Ledger) {
        let leaf = match leaf {
            Ok(leaf) => leaf,
            Err(error) => {
                let detail = format!("entry {index}: {error}");
                ledger.not_checked(Check::Chains, Some(path), detail);
                return;
            }
        };
        if let Err(error) = self.chains.follow(index, &leaf) {
            ledger.failed(Check::Chains, path, error);
        }
        if let Err(error) = self.order(index, &leaf.rx) {
            ledger.failed(Check::Chains, path, error);
        }
        let from = self.asked.as_ref().and_then(|asked| asked.period.from);
        if let Some(logged) = self.last.filter(|logged| from.is_some_and(|from| from <= *logged)) {
            self.tree.begins.get_or_insert((index, logged));
        }
        if let Some(asked) = self.asked.as_ref().filter(|asked| !asked.lists(index)) {
            let left_out = &mut self.tree.left_out;
            if leaf.t == EntryType::Decision {
                left_out.decisions.count(index, self.last);
            } else if leaf.t == EntryType::Evidence
                && self.last.is_some_and(|logged| asked.period.holds(logged))
            {
                left_out.evidence.count(index, self.last);
            }
        }
        if leaf.t == EntryType::LogKey {
            self.tree.log_changes.push((index, leaf.env));
        }
        if matches!(leaf.t, EntryType::Enrol | EntryType::Rotate | EntryType::Revoke) {
            self.tree.key_entries.push((index, leaf.t));
        } else if leaf.t == EntryType::Tombstone {
            let Leaf { env: envelope, key, rx: logged, .. } = leaf;
            self.tree.stones.push(Stone { index, envelope, key, logged });
        } else if leaf.t == EntryType::Time {
            let Leaf { env: envelope, key, rx: logged, .. } = leaf;
            self.tree.attested.push(Stone { index, envelope, key, logged });
        }
    }

    /// An entry that says it was logged before the one in front of it is backdated.
    fn order(&mut self, index: u64, rx: &str) -> Result<(), String> {
        let logged = rx.parse::<Timestamp>();
        let logged = logged.map_err(|error| format!("entry {index}: logged {rx:?}: {error}"))?;
        match self.last.filter(|last| *last > logged) {
            Some(last) => Err(format!(
                "entry {index} says that it was logged {rx}, the entries before it say {last}: backdated"
            )),
            None => {
                self.last = Some(logged);
                Ok(())
            }
        }
    }

    /// Holds a tile that follows from the leaves against the shipped one.
    fn tile(&mut self, tile: Tile, expected: &[u8], ledger: &mut Ledger) {
        let path = tile.to_string();
        self.folder.claim(&path);
        if !self.folder.has(&path) {
            self.lacking += 1;
            return;
        }
        let ahead = self.ahead.take_if(|(above, _)| *above == tile).map(|(_, read)| read);
        match ahead.unwrap_or_else(|| self.folder.read(&path, MAX_TILE)) {
            Ok(found) if found == expected => ledger.verified(Check::Tiles),
            Ok(_) => {
                let detail = "is not what follows from tile/entries: one of the two was changed";
                ledger.failed(Check::Tiles, &path, detail);
            }
            Err(error) => ledger.failed(Check::Tiles, &path, error.to_string()),
        }
    }

    fn finish(mut self, head: &Head, ledger: &mut Ledger) -> Tree {
        for (tile, bytes) in self.edge.partial() {
            self.tile(tile, &bytes, ledger);
        }
        let (root, size) = (self.edge.root(), self.size);
        self.tree.rebuilt = root == head.checkpoint.root;
        if self.tree.rebuilt {
            ledger.shown(Check::Root, format!("rebuilt from all {size} leaves of the log"));
        } else {
            let signed = head.checkpoint.root;
            let detail = format!(
                "signed root is {signed}; the {size} leaves in tile/entries give {root}: leaves were changed"
            );
            ledger.failed(Check::Root, CHECKPOINT, detail);
        }
        if self.lacking > 0 {
            let detail = format!("{} hash tiles are not shipped", self.lacking);
            ledger.not_checked(Check::Tiles, None, detail);
        }
        ledger.verified(Check::Tiles);
        self.tree.tiles = ledger.state(Check::Tiles) == Some(State::Verified) && self.tree.rebuilt;
        if let Some(known) = self.remembered {
            let rebuilt = self.tree.rebuilt;
            self.tree.behind =
                consistency::judge(self.folder, (head, rebuilt), (known, self.past), ledger);
        }
        if let Some(asked) = &self.asked {
            hidden(&self.tree.key_entries, asked, ledger);
        }
        ledger.verified(Check::Chains);
        self.tree.last = self.last;
        (self.tree.chains, self.tree.arrivals) = self.chains.report();
        self.tree
    }
}

/// Enrolments, rotations and revocations that the bundle does not hold.
fn hidden(key_entries: &[(u64, EntryType)], asked: &Asked<'_>, ledger: &mut Ledger) {
    for (index, entry_type) in key_entries.iter().filter(|(index, _)| !asked.lists(*index)) {
        let detail = format!(
            "entry {index} of the log is of type {}, and the bundle does not hold it: keys used after it cannot be judged",
            entry_type.as_str()
        );
        ledger.not_checked(Check::Keys, Some(exhibit_proto::bundle::MANIFEST), detail);
    }
    ledger.verified(Check::Keys);
}
