//! Spreads independent work over all cores and hands the results back in the order of the inputs. Never decides anything.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread::{available_parallelism, scope};

pub(crate) fn cores() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Applies `work` to every input, on all cores.
pub(crate) fn map<T: Sync, R: Send>(inputs: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_on(cores(), inputs, work)
}

/// [`map`], on so many threads: more than cores where each waits for something else.
pub(crate) fn map_on<T: Sync, R: Send>(
    threads: usize,
    inputs: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let share = inputs.len().div_ceil(threads.max(1)).max(1);
    if inputs.len() <= share {
        return inputs.iter().map(work).collect();
    }
    let work = &work;
    scope(|threads| {
        let shares = inputs.chunks(share);
        let started: Vec<_> = shares
            .map(|share| threads.spawn(move || share.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let finished = started.into_iter();
        finished
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn results_stand_in_the_order_of_the_inputs() {
        for count in [0, 1, 2, 3, 1000_u64] {
            let inputs: Vec<u64> = (0..count).collect();
            let doubled: Vec<u64> = inputs.iter().map(|input| input * 2).collect();
            assert_eq!(map(&inputs, |input| input * 2), doubled);
        }
    }
}
