//! The same work on many things, on all cores. It knows nothing of what is worked on.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::ViewsError;

/// What one thread takes at a time.
const HANDFUL: usize = 16;
/// Threads at most.
const THREADS: usize = 8;

/// Does it to each; the answers stand in the order of the things. The first error ends everything.
pub(super) fn map<T: Sync, U: Send>(
    things: &[T],
    work: impl Fn(&T) -> Result<U, ViewsError> + Sync,
) -> Result<Vec<U>, ViewsError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(HANDFUL, Ordering::Relaxed);
            if from >= things.len() {
                return Ok::<_, ViewsError>(done);
            }
            for (place, thing) in things.iter().enumerate().skip(from).take(HANDFUL) {
                done.push((place, work(thing)?));
            }
        }
    };
    let mut all = Vec::with_capacity(things.len());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(some)).collect();
        for worker in workers {
            all.extend(worker.join().map_err(|_panic| ViewsError::Interrupted)??);
        }
        Ok::<_, ViewsError>(())
    })?;
    all.sort_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, answer)| answer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stand_in_order_and_an_error_ends_it() {
        let numbers: Vec<u64> = (0..1000).collect();
        assert_eq!(map(&numbers, |n| Ok(n * 2)).unwrap()[999], 1998);
        let odd = map(&numbers, |n| if *n == 500 { Err(ViewsError::Hole(*n)) } else { Ok(*n) });
        assert!(matches!(odd, Err(ViewsError::Hole(500))));
        assert!(map(&[] as &[u64], |n| Ok(*n)).unwrap().is_empty());
    }
}
