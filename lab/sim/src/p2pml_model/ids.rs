//! Sets of sequence numbers, small enough to be sent around all the time.

/// Sequence numbers as bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ids {
    words: Vec<u64>,
}

impl Ids {
    pub(super) fn contains(&self, seq: u64) -> bool {
        let (word, bit) = place(seq);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(super) fn insert(&mut self, seq: u64) {
        let (word, bit) = place(seq);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= bit;
    }

    pub(super) fn remove(&mut self, seq: u64) {
        let (word, bit) = place(seq);
        if let Some(word) = self.words.get_mut(word) {
            *word &= !bit;
        }
    }

    /// Adds all of another set.
    pub(super) fn add(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// Bytes of the set on the wire: groups of numbers that differ in the last byte only, each a
    /// head (their common part, and how many they are) and a byte for each number. Nothing when
    /// the set is empty.
    pub(super) fn bytes(&self) -> u32 {
        let mut bytes = 0;
        for (block, words) in (0u64..).zip(self.words.chunks(4)) {
            let count: u32 = words.iter().map(|word| word.count_ones()).sum();
            if count > 0 {
                bytes += int_bytes(block << 8 | u64::from(count & 0xff)) + count;
            }
        }
        // The field's name, its type, and how many groups follow.
        if bytes == 0 { 0 } else { 3 + bytes }
    }
}

impl FromIterator<u64> for Ids {
    fn from_iter<T: IntoIterator<Item = u64>>(seqs: T) -> Self {
        let mut ids = Self::default();
        seqs.into_iter().for_each(|seq| ids.insert(seq));
        ids
    }
}

/// Bytes of a number on the wire: a tag, and the number with room for a sign.
pub(super) fn int_bytes(number: u64) -> u32 {
    let bits = (u64::BITS - number.leading_zeros()).max(1);
    1 + (bits + 1).div_ceil(8)
}

fn place(seq: u64) -> (usize, u64) {
    ((seq / 64) as usize, 1 << (seq % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_leave_room_for_a_sign() {
        assert_eq!(int_bytes(0), 2);
        assert_eq!(int_bytes(127), 2);
        assert_eq!(int_bytes(128), 3);
        assert_eq!(int_bytes(32767), 3);
        assert_eq!(int_bytes(65535), 4);
    }

    #[test]
    fn a_set_knows_what_it_holds() {
        let mut ids: Ids = [1, 64, 300].into_iter().collect();
        assert!(ids.contains(64) && !ids.contains(65) && !ids.contains(10_000));
        ids.remove(64);
        assert!(!ids.contains(64));
        let mut all = Ids::default();
        all.add(&ids);
        assert_eq!(all, ids);
    }
}
