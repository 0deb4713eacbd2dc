//! A map of a few entries, and their order.

/// A map kept as a sorted list: the same order everywhere. Each type of tree costs every viewer
/// some kilobytes of WebAssembly; at these sizes a list is as quick. Large values are boxed: to insert one
/// moves those behind it, and boxes of all kinds are moved by the same code.
#[derive(Clone, Debug)]
pub(crate) struct SmallMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord + Copy, V> SmallMap<K, V> {
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, key: K) -> bool {
        self.find(key).is_ok()
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// The entry with the greatest key that is not greater than `key`.
    pub(crate) fn up_to(&self, key: K) -> Option<&V> {
        let after = self.0.partition_point(|(held, _)| *held <= key);
        self.0.get(after.checked_sub(1)?).map(|(_, value)| value)
    }

    /// The entries whose keys are greater than `key`, then all others: a round that begins behind
    /// the last one's turn.
    pub(crate) fn round(&self, key: K) -> impl Iterator<Item = (K, &V)> {
        let after = self.0.partition_point(|(held, _)| *held <= key);
        let (before, behind) = self.0.split_at(after);
        behind
            .iter()
            .chain(before)
            .map(|(key, value)| (*key, value))
    }

    /// Puts a value in place of the one of this key, if there is one.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.find(key) {
            Ok(at) => {
                if let Some(entry) = self.0.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(*key, value));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = K> + '_ {
        self.0.iter().map(|(key, _)| *key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The keys, to be gone through while the map changes.
    pub(crate) fn names(&self) -> Vec<K> {
        self.keys().collect()
    }

    fn find(&self, key: K) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| held.cmp(&key))
    }
}

/// Sorts items of which no two are equal: a heap sort. The library's sorts are quicker by a little
/// on long lists, and each type of item costs every viewer four kilobytes of WebAssembly.
pub(crate) fn sort_by<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let less = |items: &[T], a: usize, b: usize| {
        let pair = items.get(a).zip(items.get(b));
        pair.is_some_and(|(a, b)| less(a, b))
    };
    let length = items.len();
    // First each parent is put above its children, from the last on; then the first of all, the
    // greatest, changes places with the last, over and over.
    for step in (0..length + length / 2).rev() {
        let (mut parent, end) = if let Some(parent) = step.checked_sub(length) {
            (parent, length)
        } else {
            items.swap(0, step);
            (0, step)
        };
        loop {
            let mut child = 2 * parent + 1;
            if child + 1 < end && less(items, child, child + 1) {
                child += 1;
            }
            if child >= end || !less(items, parent, child) {
                break;
            }
            items.swap(parent, child);
            parent = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> SmallMap<u32, &'static str> {
        let mut map = SmallMap::default();
        for (key, value) in [(5, "five"), (1, "one"), (9, "nine"), (5, "five again")] {
            map.insert(key, value);
        }
        map
    }

    #[test]
    fn entries_are_found_in_order_and_replaced() {
        let mut map = map();
        assert_eq!(map.names(), [1, 5, 9]);
        assert_eq!(map.get(5), Some(&"five again"));
        assert_eq!(map.remove(5), Some("five again"));
        assert!(!map.has(5) && map.len() == 2);
    }

    #[test]
    fn the_nearest_entry_below_is_found() {
        let map = map();
        assert_eq!(map.up_to(0), None);
        assert_eq!(map.up_to(8), Some(&"five again"));
        assert_eq!(map.up_to(9), Some(&"nine"));
    }

    #[test]
    fn a_round_begins_behind_the_last_turn_and_ends_with_it() {
        let keys = |from| map().round(from).map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(1), [5, 9, 1]);
        assert_eq!(keys(9), [1, 5, 9]);
        assert_eq!(keys(0), [1, 5, 9]);
    }

    #[test]
    fn lists_are_sorted_whatever_their_order_was() {
        let mut rng = crate::rng::Rng::new(1);
        for length in (0..40).chain([1000]) {
            let sorted = (0..length).collect::<Vec<u64>>();
            let reversed = sorted.iter().copied().rev().collect();
            let mut mixed = sorted.clone();
            for at in (1..mixed.len()).rev() {
                mixed.swap(at, rng.bits() as usize % (at + 1));
            }
            for mut list in [sorted.clone(), reversed, mixed] {
                sort_by(&mut list, |a, b| a < b);
                assert_eq!(list, sorted);
            }
        }
    }
}
