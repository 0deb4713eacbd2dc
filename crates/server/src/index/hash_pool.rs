//! The threads that hash: as many at a time as may be, whoever they work for.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// Niceness of the threads: hashing stands back behind everything else that the machine does.
const NICE: i32 = 10;

/// A bound on how much is hashed at a time.
#[derive(Debug)]
pub struct HashPool {
    threads: usize,
    /// Threads that may still begin to work.
    free: Mutex<usize>,
    freed: Condvar,
    shut_down: AtomicBool,
}

impl HashPool {
    /// Allows so many threads at a time, and one at least.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self {
            threads,
            free: Mutex::new(threads),
            freed: Condvar::new(),
            shut_down: AtomicBool::new(false),
        }
    }

    /// Allows as many threads as the machine has cores.
    #[must_use]
    pub fn of_all_cores() -> Self {
        Self::new(thread::available_parallelism().map_or(1, usize::from))
    }

    /// Has all work end soon, and none begin.
    pub(super) fn shut_down(&self) {
        self.shut_down.store(true, Ordering::Relaxed);
        self.freed.notify_all();
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }

    /// Works through a list, and returns the results in its order; `None` for what was left undone.
    pub(super) fn each<T: Sync, R: Send>(
        &self,
        list: &[T],
        work: impl Fn(&T) -> R + Sync,
    ) -> Vec<Option<R>> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let one = || {
            // Threads of their own, since a thread that has stood back once cannot come forward again.
            // Where it is not allowed it is not needed either: the machine is somebody else's to share out.
            let _best_effort = rustix::process::nice(NICE);
            while let Some(_permit) = self.acquire() {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = list.get(at) else {
                    return;
                };
                let result = work(item);
                lock(&done).push((at, result));
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.threads.min(list.len()) {
                scope.spawn(one);
            }
        });
        let mut results: Vec<_> = list.iter().map(|_| None).collect();
        for (at, result) in done.into_inner().unwrap_or_else(PoisonError::into_inner) {
            if let Some(slot) = results.get_mut(at) {
                *slot = Some(result);
            }
        }
        results
    }

    /// Waits until one more may work. `None` once the pool is shut down.
    fn acquire(&self) -> Option<Permit<'_>> {
        let mut free = self
            .freed
            .wait_while(lock(&self.free), |free| *free == 0 && !self.is_shut_down())
            .unwrap_or_else(PoisonError::into_inner);
        if self.is_shut_down() {
            return None;
        }
        *free -= 1;
        Some(Permit(self))
    }
}

/// The right to work, given back when it is dropped.
struct Permit<'a>(&'a HashPool);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.freed.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_list() {
        let pool = HashPool::new(3);
        let list: Vec<u32> = (0..100).collect();
        let doubled: Vec<_> = pool.each(&list, |n| n * 2).into_iter().flatten().collect();
        assert_eq!(doubled, (0..100).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(pool.each(&[] as &[u32], |n| *n), []);
    }

    #[test]
    fn no_more_work_at_a_time_than_may() {
        let pool = HashPool::new(2);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_: &u32| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| pool.each(&[0; 50], work));
            }
        });
        assert!(most.into_inner() <= 2);
    }

    #[test]
    fn a_pool_that_is_shut_down_leaves_the_rest_undone() {
        let pool = HashPool::new(1);
        let work = |n: &u32| {
            if *n == 3 {
                pool.shut_down();
            }
            *n
        };
        let done = pool.each(&[1, 2, 3, 4, 5], work);
        assert_eq!(done, [Some(1), Some(2), Some(3), None, None]);
    }
}
