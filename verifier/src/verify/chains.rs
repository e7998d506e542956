//! Each agent's statements, one after another, over the whole log. It needs the leaves only.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::{EntryType, Leaf, Link};

use crate::completeness::{Arrival, Arrivals};
use crate::report::{Chain, Gap, Late};

#[derive(Default)]
pub(super) struct Chains {
    known: BTreeMap<(KeyId, u64), State>,
    /// Rotations that no next epoch has followed yet: the envelope, and the epoch that it ends.
    rotations: BTreeMap<Digest, u64>,
    /// Whether it is remembered when each statement came: 32 bytes a leaf.
    timed: bool,
}

/// How far a chain has come.
struct State {
    last: u64,
    envelope: Digest,
    index: u64,
    statements: u64,
    gaps: Vec<Gap>,
    late: Vec<Late>,
    /// The entry that ended it by a rotation.
    closed: Option<u64>,
    seen: Vec<Arrival>,
}

impl Chains {
    pub(super) fn timed() -> Self {
        Self { timed: true, ..Self::default() }
    }

    /// Takes the next leaf of the log; an error says which statement stands wrong. A gap is no error: it is shown.
    pub(super) fn follow(&mut self, index: u64, leaf: &Leaf) -> Result<(), String> {
        let Some(link) = leaf.link else { return Ok(()) };
        // A time that cannot be read is told of where the order is checked.
        let arrival = leaf.rx.parse().ok().filter(|_| self.timed);
        let arrival = arrival.map(|at| Arrival { index, seq: link.seq, at });
        let place = |seq| {
            format!("entry {index}: statement {seq} of key {}, epoch {}", leaf.key, link.epoch)
        };
        let begins = self.begins(leaf, link, index);
        let closed = (leaf.t == EntryType::Rotate).then_some(index);
        if closed.is_some() {
            self.rotations.insert(leaf.env, link.epoch);
        }
        let mut state = match self.known.entry((leaf.key, link.epoch)) {
            Entry::Occupied(state) => state,
            Entry::Vacant(vacant) => {
                let gaps =
                    if link.seq > 1 { vec![Gap { from: 1, to: link.seq - 1 }] } else { Vec::new() };
                vacant.insert(State {
                    last: link.seq,
                    envelope: leaf.env,
                    index,
                    statements: 1,
                    gaps,
                    late: Vec::new(),
                    closed,
                    seen: arrival.into_iter().collect(),
                });
                return if link.seq == 0 {
                    Err(format!("{}: counting starts at 1", place(0)))
                } else {
                    begins
                };
            }
        };
        let state = state.get_mut();
        if let Some(by) = state.closed {
            return Err(format!(
                "{}: entry {by} ended this epoch and put another key in place of this one",
                place(link.seq)
            ));
        }
        state.closed = closed;
        if link.seq <= state.last {
            // A statement that comes late closes its gap; any other number was taken already.
            if !close(&mut state.gaps, link.seq) {
                return Err(format!("{}: this number was logged before", place(link.seq)));
            }
            state.statements += 1;
            state.late.push(Late { seq: link.seq, index });
            state.seen.extend(arrival);
            return Ok(());
        }
        let (last, before, envelope) = (state.last, state.index, state.envelope);
        state.statements += 1;
        state.seen.extend(arrival);
        (state.last, state.envelope, state.index) = (link.seq, leaf.env, index);
        if link.seq - last > 1 {
            state.gaps.push(Gap { from: last + 1, to: link.seq - 1 });
            return Ok(());
        }
        if link.prev == envelope {
            return Ok(());
        }
        let named = link.prev;
        Err(format!(
            "{} names {named} as its predecessor, but statement {last} (entry {before}) is {envelope}",
            place(link.seq)
        ))
    }

    /// Whether the first statement of a chain stands where one may begin: at the start, or right after a rotation.
    fn begins(&mut self, leaf: &Leaf, link: Link, index: u64) -> Result<(), String> {
        let first = link.seq == 1 && !self.known.contains_key(&(leaf.key, link.epoch));
        if !first || link.prev == Digest::ZERO {
            return Ok(());
        }
        match self.rotations.remove(&link.prev) {
            Some(ended) if ended.checked_add(1) == Some(link.epoch) => Ok(()),
            Some(_) | None => Err(format!(
                "entry {index}: statement 1 of key {}, epoch {}, names {} as its predecessor, which is no rotation to this epoch",
                leaf.key, link.epoch, link.prev
            )),
        }
    }

    /// The chains, and when their statements came.
    pub(super) fn report(self) -> (Vec<Chain>, Vec<Arrivals>) {
        let chain = |((key, epoch), state): ((KeyId, u64), State)| {
            let State { last, statements, gaps, late, closed, seen, .. } = state;
            let arrivals = Arrivals { key, epoch, seen, gaps: gaps.clone() };
            (Chain { key, epoch, last, statements, gaps, late, closed }, arrivals)
        };
        self.known.into_iter().map(chain).unzip()
    }
}

/// Takes `seq` out of the gap that it lies in.
fn close(gaps: &mut Vec<Gap>, seq: u64) -> bool {
    let Some(at) = gaps.iter().position(|gap| (gap.from..=gap.to).contains(&seq)) else {
        return false;
    };
    let Gap { from, to } = gaps.remove(at);
    let after = (seq < to).then(|| Gap { from: seq + 1, to });
    let before = (from < seq).then(|| Gap { from, to: seq - 1 });
    gaps.splice(at..at, before.into_iter().chain(after));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(seq: u64, prev: Digest) -> Leaf {
        let (env, key) = (envelope(seq), Digest::of(b"key"));
        let rx = "2026-11-22T10:00:00.000Z".to_owned();
        Leaf {
            v: 1,
            t: EntryType::Evidence,
            env,
            key,
            link: Some(Link { epoch: 1, seq, prev }),
            rx,
        }
    }

    fn envelope(seq: u64) -> Digest {
        Digest::of(&seq.to_be_bytes())
    }

    fn follow(seqs: &[u64]) -> (Vec<(u64, u64)>, Vec<u64>) {
        let mut chains = Chains::default();
        let wrong = (0..)
            .zip(seqs)
            .filter(|(index, seq)| {
                let prev = match **seq {
                    0 => Digest::ZERO,
                    1 if seqs.first() != Some(&0) => Digest::ZERO,
                    seq => envelope(seq - 1),
                };
                chains.follow(*index, &leaf(**seq, prev)).is_err()
            })
            .map(|(_, seq)| *seq)
            .collect();
        let gaps = chains.report().0.remove(0).gaps.iter().map(|gap| (gap.from, gap.to)).collect();
        (gaps, wrong)
    }

    #[test]
    fn gaps_are_shown_and_doubles_are_wrong() {
        assert_eq!(follow(&[1, 2, 3]), (vec![], vec![]));
        assert_eq!(follow(&[1, 2, 5, 6]), (vec![(3, 4)], vec![]));
        assert_eq!(follow(&[3, 4]), (vec![(1, 2)], vec![]));
        assert_eq!(follow(&[1, 5, 3]), (vec![(2, 2), (4, 4)], vec![]));
        assert_eq!(follow(&[1, 2, 2]), (vec![], vec![2]));
        assert_eq!(follow(&[1, 5, 3, 3]), (vec![(2, 2), (4, 4)], vec![3]));
        assert_eq!(follow(&[0, 1]), (vec![], vec![0]));
        assert_eq!(follow(&[u64::MAX]), (vec![(1, u64::MAX - 1)], vec![]));
    }

    #[test]
    fn predecessor_must_be_the_statement_before() {
        let mut chains = Chains::default();
        assert!(chains.follow(0, &leaf(1, Digest::ZERO)).is_ok());
        let error = chains.follow(1, &leaf(2, Digest::ZERO)).unwrap_err();
        assert!(error.contains("statement 2") && error.contains("entry 0"), "{error}");
    }

    #[test]
    fn an_epoch_ends_with_its_rotation_and_the_next_begins_there() {
        let rotation = Leaf { t: EntryType::Rotate, ..leaf(2, envelope(1)) };
        let next = |epoch, prev| Leaf {
            key: Digest::of(b"next key"),
            link: Some(Link { epoch, seq: 1, prev }),
            env: Digest::of(b"first"),
            ..leaf(1, prev)
        };
        let after = |leaf: &Leaf| {
            let mut chains = Chains::default();
            chains.follow(0, &super::tests::leaf(1, Digest::ZERO)).unwrap();
            chains.follow(1, &rotation).unwrap();
            let followed = chains.follow(2, leaf);
            (followed, chains.report().0)
        };
        let (followed, chains) = after(&next(2, envelope(2)));
        assert_eq!(followed, Ok(()));
        let closed: Vec<_> = chains.iter().map(|chain| (chain.epoch, chain.closed)).collect();
        assert!(closed.contains(&(1, Some(1))) && closed.contains(&(2, None)), "{closed:?}");
        assert!(after(&next(3, envelope(2))).0.is_err());
        assert!(after(&next(2, envelope(1))).0.is_err());
        let error = after(&leaf(3, envelope(2))).0.unwrap_err();
        assert!(error.contains("entry 1 ended this epoch"), "{error}");
    }
}
