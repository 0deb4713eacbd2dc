//! A map of few entries whose keys mostly rise: what a viewer has of links and requests.

/// Values by key, in the order of the keys. The keys lie apart, so that a search touches little
/// memory: thousands of viewers do not fit in a cache.
#[derive(Debug)]
pub(crate) struct SmallMap<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K: Copy + Ord, V> SmallMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self {
            keys: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let at = self.keys.binary_search(key).ok()?;
        self.values.get(at)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.keys.binary_search(key).ok()?;
        self.values.get_mut(at)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.keys.binary_search(key).is_ok()
    }

    /// The last value whose key is not above this one, and its key.
    pub(crate) fn up_to_mut(&mut self, key: &K) -> Option<(K, &mut V)> {
        let at = self
            .keys
            .partition_point(|other| other <= key)
            .checked_sub(1)?;
        Some((self.keys[at], &mut self.values[at]))
    }

    /// Puts a value in; returns the one that was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.keys.binary_search(&key) {
            Ok(at) => Some(core::mem::replace(&mut self.values[at], value)),
            Err(at) => {
                self.keys.insert(at, key);
                self.values.insert(at, value);
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.keys.binary_search(key).ok()?;
        self.keys.remove(at);
        Some(self.values.remove(at))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.keys.iter().copied().zip(&self.values)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }
}
