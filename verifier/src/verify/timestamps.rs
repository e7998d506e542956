//! Frozen heads and what time-stamping authorities say of them (RFC 3161), believed under the auditor's roots only; and by when
//! each entry was in the log. Never uses a certificate of the bundle as trusted.

use std::collections::BTreeMap;

use exhibit_proto::bundle::{TIMESTAMPS, Timestamp as Name};
use exhibit_proto::digest::Digest;
use exhibit_proto::rfc3161::{self, Info, MAX_BYTES, Roots};

use super::head::Head;
use super::history::History;
use super::times;
use super::tree::Tree;
use crate::files::Folder;
use crate::report::{Basis, Bound, Check, Ledger, Stamp, State};

const MAX_CHECKPOINT: u64 = 64 << 10;
const MAX_CHAIN: u64 = 4 << 20;
/// Tokens that are looked at: one an hour for a hundred years.
const MAX_TOKENS: usize = 1_000_000;

/// Which sizes of the log existed by when, from outside parties.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Size, and the earliest time that this size or a larger one was seen; by ascending size.
    by_size: Vec<(u64, Bound)>,
}

impl Known {
    /// By when entry `index` was in the log.
    pub(super) fn not_after(&self, index: u64) -> Option<&Bound> {
        let place = self.by_size.partition_point(|(size, _)| *size <= index);
        self.by_size.get(place).map(|(_, bound)| bound)
    }

    pub(super) fn of(mut seen: Vec<(u64, Bound)>) -> Self {
        seen.sort_by_key(|(size, _)| *size);
        let mut earliest: Option<Bound> = None;
        for (_, bound) in seen.iter_mut().rev() {
            match &earliest {
                Some(known) if known.ms() <= bound.ms() => *bound = known.clone(),
                Some(_) | None => earliest = Some(bound.clone()),
            }
        }
        Self { by_size: seen }
    }
}

/// A token that holds: its digest, and the bounds of its time in milliseconds, the inaccuracy that it grants taken in.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) digest: Digest,
    pub(super) by: i64,
    pub(super) since: i64,
}

/// Tokens that hold, over heads that this log grew from: by size and authority.
pub(super) type Tokens = BTreeMap<(u64, String), Token>;

/// Verifies every token of the bundle. Tokens without `roots` are not checked.
pub(super) fn check(
    folder: &Folder,
    head: &Head,
    tree: &Tree,
    roots: Option<&Roots>,
    ledger: &mut Ledger,
) -> (Tokens, Vec<Stamp>) {
    let mut tokens = Tokens::new();
    let mut history = History::new(folder, head.checkpoint.size, tree.tiles);
    let mut stamps = Vec::new();
    for (path, size, authority) in shipped(folder, ledger) {
        let judged = frozen(folder, head, &mut history, size).and_then(|(data, follows)| {
            let (token, digest, state) = token(folder, &path, &data, roots)?;
            Ok((token, digest, if follows { state } else { State::NotChecked }))
        });
        match judged {
            Ok((token, digest, state)) => {
                let info = token.info();
                stamps.push(stamp(size, &authority, Some(info), state));
                if state == State::Verified {
                    let by = info.latest_ms();
                    let since = info.time_ms.saturating_sub(info.accuracy_ms);
                    tokens.insert((size, authority), Token { digest, by, since });
                }
            }
            Err(error) => {
                ledger.failed(Check::Timestamps, &path, error);
                stamps.push(stamp(size, &authority, None, State::Failed));
            }
        }
    }
    conclude(&stamps, roots.is_some(), ledger);
    (tokens, stamps)
}

/// By when the log had the sizes that were stamped.
pub(super) fn bounds(tokens: &Tokens) -> impl Iterator<Item = (u64, Bound)> {
    tokens.iter().filter_map(|((size, authority), token)| {
        let name = Name::Token { size: *size, authority: authority.clone() };
        let said = format!("{authority}, {TIMESTAMPS}{name}");
        Some((*size, Bound::new(times::from_ms(token.by)?, Basis::Token, &said)))
    })
}

/// The tokens of the bundle: path, size and authority. Everything that has a place in the folder is claimed.
fn shipped(folder: &Folder, ledger: &mut Ledger) -> Vec<(String, u64, String)> {
    let mut found = Vec::new();
    for path in folder.under(TIMESTAMPS) {
        let name = path.strip_prefix(TIMESTAMPS).unwrap_or_default().parse::<Name>();
        match name {
            Ok(Name::Checkpoint { .. }) => {}
            Ok(Name::Chain) => {
                // For other tools; what is too large for them is no chain.
                if let Err(error) = folder.read(&path, MAX_CHAIN) {
                    ledger.failed(Check::Timestamps, &path, error.to_string());
                }
            }
            Ok(Name::Token { size, authority }) if found.len() < MAX_TOKENS => {
                found.push((path.clone(), size, authority));
            }
            Ok(Name::Token { .. }) | Err(_) => continue,
        }
        folder.claim(&path);
    }
    found
}

/// The frozen head of that size, signed by the log; and whether it is shown that the bundle's log grew from it.
fn frozen(
    folder: &Folder,
    head: &Head,
    history: &mut History<'_>,
    size: u64,
) -> Result<(Vec<u8>, bool), String> {
    let path = format!("{TIMESTAMPS}{}", Name::Checkpoint { size });
    let bytes = folder.read(&path, MAX_CHECKPOINT).map_err(|error| error.to_string())?;
    let opened = head.keys.open_head(&bytes).map_err(|error| format!("{path}: {error}"))?;
    if opened.size != size {
        return Err(format!("{path} is over {} entries", opened.size));
    }
    if size > head.checkpoint.size {
        let ours = head.checkpoint.size;
        return Err(format!(
            "{path} is larger than the bundle's log of {ours} entries: was it cut short?"
        ));
    }
    let root = if size == head.checkpoint.size {
        Some(head.checkpoint.root)
    } else {
        history.root_at(size)
    };
    match root {
        Some(root) if root == opened.root => Ok((bytes, true)),
        Some(root) => Err(format!(
            "{path} has the signed root {}, the bundle's log has {root} there: two logs under one key",
            opened.root
        )),
        None => Ok((bytes, false)),
    }
}

fn token(
    folder: &Folder,
    path: &str,
    data: &[u8],
    roots: Option<&Roots>,
) -> Result<(rfc3161::Token, Digest, State), String> {
    let bytes = folder.read(path, MAX_BYTES as u64).map_err(|error| error.to_string())?;
    let token = rfc3161::Token::from_response(&bytes).map_err(|error| error.to_string())?;
    let digest = Digest::of(&bytes);
    let Some(roots) = roots else { return Ok((token, digest, State::NotChecked)) };
    token.verify(&Digest::of(data), roots).map_err(|error| error.to_string())?;
    Ok((token, digest, State::Verified))
}

fn stamp(size: u64, authority: &str, info: Option<&Info>, state: State) -> Stamp {
    let time = info.and_then(|info| times::from_ms(info.time_ms));
    Stamp {
        size,
        authority: authority.to_owned(),
        state,
        time: time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        accuracy_ms: info.map(|info| info.accuracy_ms),
        policy: info.map(|info| info.policy.clone()),
        serial: info.map(|info| info.serial.clone()),
    }
}

fn conclude(stamps: &[Stamp], roots: bool, ledger: &mut Ledger) {
    let count = |state| stamps.iter().filter(|stamp| stamp.state == state).count();
    let (held, open) = (count(State::Verified), count(State::NotChecked));
    if stamps.is_empty() && roots {
        let detail = "the bundle holds no time-stamp that the given roots could judge";
        ledger.not_checked(Check::Timestamps, None, detail);
    }
    if held > 0 {
        let largest =
            stamps.iter().filter(|stamp| stamp.state == State::Verified).max_by_key(|s| s.size);
        let newest = largest.map(|stamp| {
            format!(
                "; the newest covers {} entries, {} by {}",
                stamp.size,
                stamp.time.as_deref().unwrap_or_default(),
                stamp.authority
            )
        });
        let detail =
            format!("{held} time-stamps hold under the given roots{}", newest.unwrap_or_default());
        ledger.shown(Check::Timestamps, detail);
    }
    if open > 0 && !roots {
        let detail = format!(
            "{open} time-stamps: give the authorities' root certificates with --tsa-roots FILE, from the authorities, not from the bundle"
        );
        ledger.not_checked(Check::Timestamps, Some(TIMESTAMPS), detail);
    } else if open > 0 {
        let detail = format!(
            "{open} time-stamps: the bundle does not show that its log grew from what they stamp"
        );
        ledger.not_checked(Check::Timestamps, Some(TIMESTAMPS), detail);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_earliest_time_over_any_larger_size_counts() {
        let bound = |second| {
            Bound::new(Timestamp::from_second(second).unwrap(), Basis::Token, "tsa.example")
        };
        let known =
            Known::of(vec![(10, bound(500)), (5, bound(300)), (8, bound(200)), (20, bound(900))]);
        let at = |index| known.not_after(index).map(|bound| bound.ms() / 1000);
        assert_eq!((at(0), at(4), at(5), at(7)), (Some(200), Some(200), Some(200), Some(200)));
        assert_eq!((at(8), at(9), at(10), at(19)), (Some(500), Some(500), Some(900), Some(900)));
        assert_eq!(at(20), None, "nothing covers it");
        assert!(Known::default().not_after(0).is_none());
    }
}
