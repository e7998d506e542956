//! Each agent's statements, one after another, over the whole log. It needs the leaves only.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::Leaf;

use crate::report::{Chain, Gap, Late};

#[derive(Default)]
pub(super) struct Chains(BTreeMap<(KeyId, u64), State>);

/// How far a chain has come.
struct State {
    last: u64,
    envelope: Digest,
    index: u64,
    statements: u64,
    gaps: Vec<Gap>,
    late: Vec<Late>,
}

impl Chains {
    /// Takes the next leaf of the log; an error says which statement stands wrong. A gap is no error: it is shown.
    pub(super) fn follow(&mut self, index: u64, leaf: &Leaf) -> Result<(), String> {
        let Some(link) = leaf.link else { return Ok(()) };
        let place = |seq| {
            format!("entry {index}: statement {seq} of key {}, epoch {}", leaf.key, link.epoch)
        };
        let mut state = match self.0.entry((leaf.key, link.epoch)) {
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
                });
                return if link.seq == 0 {
                    Err(format!("{}: counting starts at 1", place(0)))
                } else {
                    Ok(())
                };
            }
        };
        let state = state.get_mut();
        if link.seq <= state.last {
            // A statement that comes late closes its gap; any other number was taken already.
            if !close(&mut state.gaps, link.seq) {
                return Err(format!("{}: this number was logged before", place(link.seq)));
            }
            state.statements += 1;
            state.late.push(Late { seq: link.seq, index });
            return Ok(());
        }
        let (last, before, envelope) = (state.last, state.index, state.envelope);
        state.statements += 1;
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

    pub(super) fn report(self) -> Vec<Chain> {
        let chain = |((key, epoch), state): ((KeyId, u64), State)| {
            let State { last, statements, gaps, late, .. } = state;
            Chain { key, epoch, last, statements, gaps, late }
        };
        self.0.into_iter().map(chain).collect()
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
    use exhibit_proto::leaf::{EntryType, Link};

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
                chains.follow(*index, &leaf(**seq, envelope(seq.saturating_sub(1)))).is_err()
            })
            .map(|(_, seq)| *seq)
            .collect();
        let gaps = chains.report().remove(0).gaps.iter().map(|gap| (gap.from, gap.to)).collect();
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
}
