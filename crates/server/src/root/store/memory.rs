//! What is remembered of a store, within bounds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::object::Object;
use crate::path::FilePath;

/// Objects of which the state is remembered.
const MAX_OBJECTS: usize = 65_536;

/// Small files of which the contents are.
const MAX_SMALL: usize = 4_096;

/// Bytes of them together.
const MAX_SMALL_BYTES: usize = 64 * 1024 * 1024;

/// States of objects, with the times at which they were learnt.
#[derive(Debug, Default)]
pub(super) struct Memory {
    objects: Mutex<HashMap<FilePath, (Instant, Option<Object>)>>,
    small: Mutex<HashMap<FilePath, Small>>,
}

/// A small file's place in memory.
#[derive(Debug)]
struct Small {
    slot: Arc<tokio::sync::Mutex<Slot>>,
    used: Instant,
    len: usize,
}

/// The last state of a small file.
#[derive(Debug, Default)]
pub(super) struct Slot {
    asked: Option<Instant>,
    pub(super) found: Option<(Object, Bytes)>,
}

impl Slot {
    pub(super) fn is_fresh(&self, max_age: Duration) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() < max_age)
    }

    pub(super) fn renew(&mut self, found: Option<(Object, Bytes)>) {
        self.asked = Some(Instant::now());
        self.found = found;
    }
}

impl Memory {
    /// Returns what was learnt about an object no longer ago than `believed` allows.
    pub(super) fn object(
        &self,
        path: &FilePath,
        believed: impl Fn(&Option<Object>) -> Duration,
    ) -> Option<Option<Object>> {
        let objects = lock(&self.objects);
        let (at, object) = objects.get(path)?;
        (at.elapsed() < believed(object)).then(|| object.clone())
    }

    pub(super) fn note(&self, path: &FilePath, object: Option<Object>) {
        let mut objects = lock(&self.objects);
        if objects.len() >= MAX_OBJECTS {
            drop_oldest(&mut objects, |(at, _)| *at);
        }
        objects.insert(path.clone(), (Instant::now(), object));
    }

    pub(super) fn forget(&self, path: &FilePath) {
        lock(&self.objects).remove(path);
        lock(&self.small).remove(path);
    }

    pub(super) fn slot(&self, path: &FilePath) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut small = lock(&self.small);
        if small.len() >= MAX_SMALL {
            drop_oldest(&mut small, |file| file.used);
        }
        let file = small.entry(path.clone()).or_insert_with(|| Small {
            slot: Arc::default(),
            used: Instant::now(),
            len: 0,
        });
        file.used = Instant::now();
        Arc::clone(&file.slot)
    }

    /// Notes how long a small file is, and makes room for it.
    pub(super) fn keep(&self, path: &FilePath, len: usize) {
        let mut small = lock(&self.small);
        if let Some(file) = small.get_mut(path) {
            file.len = len;
        }
        while small.len() > 1
            && small.values().map(|file| file.len).sum::<usize>() > MAX_SMALL_BYTES
        {
            drop_oldest(&mut small, |file| file.used);
        }
    }
}

/// Drops the older half.
fn drop_oldest<T>(map: &mut HashMap<FilePath, T>, at: impl Fn(&T) -> Instant) {
    let mut times: Vec<_> = map.values().map(&at).collect();
    let middle = times.len() / 2;
    let (_, middle, _) = times.select_nth_unstable(middle);
    let middle = *middle;
    map.retain(|_, value| at(value) > middle);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(n: usize) -> FilePath {
        FilePath::root().join(&format!("{n}.m3u8")).unwrap()
    }

    #[test]
    fn what_is_remembered_has_a_bound_and_the_newest_stays() {
        let memory = Memory::default();
        for n in 0..MAX_OBJECTS + 10 {
            memory.note(&path(n), None);
        }
        let objects = lock(&memory.objects).len();
        assert!(objects <= MAX_OBJECTS, "{objects}");
        let known = memory.object(&path(MAX_OBJECTS + 9), |_| Duration::MAX);
        assert_eq!(known, Some(None));
        assert_eq!(memory.object(&path(0), |_| Duration::MAX), None);
        assert_eq!(
            memory.object(&path(MAX_OBJECTS + 9), |_| Duration::ZERO),
            None
        );
    }

    #[test]
    fn small_files_have_a_bound_in_number_and_bytes() {
        let memory = Memory::default();
        for n in 0..MAX_SMALL + 10 {
            memory.slot(&path(n));
            memory.keep(&path(n), MAX_SMALL_BYTES / 100);
        }
        let small = lock(&memory.small);
        assert!(small.len() <= 100);
        assert!(small.contains_key(&path(MAX_SMALL + 9)));
    }
}
