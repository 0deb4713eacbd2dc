//! JSON from strangers: objects only, lists that are counted before they are kept, numbers as
//! loose as JavaScript's.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::ser::Serialize;

use crate::DecodeError;

/// Reads an object. Serde would read a struct from an array as well.
pub(crate) fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(DecodeError::Json { line: 1, column: 0 });
    }
    Ok(serde_json::from_slice(json)?)
}

/// Writes one of our own structs. They have text keys and finite numbers only, so that this
/// cannot fail.
pub(crate) fn write<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A list of which at most `N` items are kept; the rest is only counted.
#[derive(Debug)]
pub(crate) struct Capped<T, const N: usize> {
    items: Vec<T>,
    total: usize,
}

impl<T, const N: usize> Capped<T, N> {
    /// The items, unless there are more than `limit`.
    pub(crate) fn within(self, limit: usize) -> Result<Vec<T>, usize> {
        let limit = limit.min(N);
        if self.total > limit {
            Err(limit)
        } else {
            Ok(self.items)
        }
    }
}

struct ListVisitor<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for ListVisitor<T, N> {
    type Value = Capped<T, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < N {
            match list.next_element()? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        let mut total = items.len();
        while total >= N && list.next_element::<IgnoredAny>()?.is_some() {
            total += 1;
        }
        Ok(Capped { items, total })
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Capped<T, N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// An object read as a list of its entries, of which at most `N` are kept.
#[derive(Debug)]
pub(crate) struct CappedMap<T, const N: usize>(pub(crate) Capped<(String, T), N>);

struct MapVisitor<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for MapVisitor<T, N> {
    type Value = CappedMap<T, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < N {
            match map.next_entry()? {
                Some(entry) => items.push(entry),
                None => break,
            }
        }
        let mut total = items.len();
        while total >= N && map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            total += 1;
        }
        Ok(CappedMap(Capped { items, total }))
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for CappedMap<T, N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MapVisitor(PhantomData))
    }
}

/// One text or a list of texts, of which at most `N` are kept.
#[derive(Debug)]
pub(crate) struct OneOrMany<const N: usize>(pub(crate) Capped<String, N>);

struct OneOrManyVisitor<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for OneOrManyVisitor<N> {
    type Value = OneOrMany<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(OneOrMany(Capped {
            items: vec![text.to_owned()],
            total: 1,
        }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        ListVisitor(PhantomData).visit_seq(list).map(OneOrMany)
    }
}

impl<'de, const N: usize> Deserialize<'de> for OneOrMany<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OneOrManyVisitor)
    }
}

/// A count as JavaScript clients write it: whole or not, and brought into range.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count(pub(crate) u64);

impl Count {
    /// The count, at most `u32::MAX`.
    pub(crate) fn small(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
        Ok(Count(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
        Ok(Count(u64::try_from(number).unwrap_or(0)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Count, E> {
        // Saturates; a fraction is cut off.
        Ok(Count(number as u64))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CountVisitor)
    }
}
