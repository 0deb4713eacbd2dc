//! Fields of messages as serde reads and writes them: of the right kind, and not looked at any
//! further.

use core::fmt;
use core::marker::PhantomData;
use std::borrow::Cow;

use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{Description, HARD_CAP, Limits};
use crate::DecodeError;
use crate::id::PeerId;

/// A text, not copied where it has no escapes.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

/// A binary id, or nothing where a text is none: that is an error only where the id counts.
#[derive(Clone, Copy)]
pub(super) struct Id(Option<[u8; 20]>);

impl Id {
    pub(super) const fn new(bytes: [u8; 20]) -> Self {
        Self(Some(bytes))
    }

    pub(super) fn read(text: &str) -> Self {
        Self(PeerId::from_binary(text).ok().map(|PeerId(bytes)| bytes))
    }

    /// The id that a field holds. That it is missing is one error, that it is malformed another.
    pub(super) fn required<T>(
        field: Option<Self>,
        name: &'static str,
        make: fn([u8; 20]) -> T,
    ) -> Result<T, DecodeError> {
        field.ok_or(DecodeError::Missing(name))?.made(make)
    }

    pub(super) fn made<T>(self, make: fn([u8; 20]) -> T) -> Result<T, DecodeError> {
        self.0.map(make).ok_or(DecodeError::BinaryId)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Binary;

        impl Visitor<'_> for Binary {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a binary id")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                Ok(Id::read(text))
            }
        }

        deserializer.deserialize_str(Binary)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.unwrap_or_default();
        serializer.serialize_str(&PeerId(bytes).to_binary())
    }
}

/// A count as JavaScript clients write it: whole or not, and brought into range.
#[derive(Clone, Copy, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Count(pub(super) u64);

impl Count {
    /// At most `u32::MAX`.
    pub(super) fn small(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
                Ok(Count(u64::try_from(number).unwrap_or_default()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Count, E> {
                Ok(Count(number as u64))
            }
        }

        deserializer.deserialize_f64(Number)
    }
}

/// A list of which no more is kept than tells that it is too long.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Listed(PhantomData))
    }
}

/// Visits a list.
pub(super) struct Listed<T>(pub(super) PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Listed<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while list.len() <= HARD_CAP {
            match items.next_element()? {
                Some(item) => list.push(item),
                None => return Ok(List(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(List(list))
    }
}

/// An `RTCSessionDescription`.
#[derive(Deserialize, Serialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>"))]
pub(super) struct DescriptionFields<'a, S> {
    #[serde(borrow, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Text<'a>>,
    sdp: Option<S>,
}

impl<'a, S> DescriptionFields<'a, S> {
    pub(super) fn new(kind: &'a str, sdp: S) -> Self {
        Self {
            kind: Some(kind.into()),
            sdp: Some(sdp),
        }
    }

    /// The SDP, if there is one: of the kind expected, and within limits.
    pub(super) fn check(self, kind: &str, limits: &Limits) -> Result<Option<S>, DecodeError>
    where
        S: Description,
    {
        let Some(sdp) = self.sdp else {
            return Ok(None);
        };
        if self.kind.is_some_and(|Text(given)| given != kind) {
            return Err(DecodeError::DescriptionType);
        }
        limits.check_sdp(sdp).map(Some)
    }
}
