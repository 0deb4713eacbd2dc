//! A few things by name.

/// A map of a few entries, in no order. Each type of tree or hash map costs every viewer some
/// kilobytes of WebAssembly; looking through a list of this size costs no time that shows.
#[derive(Debug)]
pub(crate) struct SmallMap<K, V>(Vec<(K, V)>);

impl<K: PartialEq, V> SmallMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn holds(&self, key: K) -> bool {
        self.position(&key).is_some()
    }

    pub(crate) fn entry(&mut self, key: K) -> Option<&mut V> {
        self.0
            .iter_mut()
            .find(|(held, _)| *held == key)
            .map(|(_, value)| value)
    }

    /// Puts a value in place of the one of this name, if there is one.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.remove(&key);
        self.0.push((key, value));
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Some(position) = self.position(key) {
            self.0.swap_remove(position);
        }
    }

    fn position(&self, key: &K) -> Option<usize> {
        self.0.iter().position(|(held, _)| held == key)
    }
}
