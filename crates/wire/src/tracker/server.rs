//! From a tracker to a viewer.

use core::fmt;
use std::borrow::Cow;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::fields::{Count, DescriptionFields, Id, Text};
use super::{HARD_CAP, Limits, MAX_TEXT};
use crate::DecodeError;
use crate::id::{InfoHash, OfferId, PeerId};

/// Seconds between announces when a tracker does not say.
const DEFAULT_INTERVAL: u32 = 120;

/// The value of `p2p` in a failure when sharing is switched off.
const OFF: &str = "off";

/// The viewers of one swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Scrape {
    /// Seeders.
    #[serde(default, deserialize_with = "small")]
    pub complete: u32,
    /// Others.
    #[serde(default, deserialize_with = "small")]
    pub incomplete: u32,
    /// Viewers that have ever come to have all.
    #[serde(default, deserialize_with = "small")]
    pub downloaded: u32,
}

/// Who has switched sharing off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffBy {
    /// The operator, for the whole site.
    Site,
    /// The operator, for this video.
    Video,
}

/// What a tracker says to a viewer. `S` is how its session descriptions are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerMessage<S = String> {
    /// The reply to an announce.
    Announced {
        /// The swarm.
        info_hash: InfoHash,
        /// Seconds until the next periodic announce. When a tracker does not say: `min_interval`,
        /// else 120.
        interval: u32,
        /// Seeders.
        complete: u32,
        /// Other viewers.
        incomplete: u32,
        /// Seconds that must pass before the next announce.
        min_interval: Option<u32>,
    },
    /// The answer to an offer of ours.
    Answer {
        /// The swarm.
        info_hash: InfoHash,
        /// The viewer that answers.
        peer_id: PeerId,
        /// Which offer of ours.
        offer_id: OfferId,
        /// Its whole SDP, candidates included.
        sdp: S,
    },
    /// The tracker refuses what was said last.
    Failure {
        /// Why, for humans. At most 256 characters are kept.
        reason: String,
        /// The swarm. WebTorrent's client drops its socket when it is missing.
        info_hash: Option<InfoHash>,
        /// Set when sharing is switched off, and trying again is of no use. Ours; others pass over
        /// it.
        off: Option<OffBy>,
    },
    /// Another viewer's offer.
    Offer {
        /// The swarm.
        info_hash: InfoHash,
        /// The viewer that made it.
        peer_id: PeerId,
        /// To be given back with the answer.
        offer_id: OfferId,
        /// Its whole SDP, candidates included.
        sdp: S,
    },
    /// The reply to a scrape.
    Scraped {
        /// Each swarm asked for.
        files: Vec<(InfoHash, Scrape)>,
    },
    /// The tracker has something to say to humans.
    Warning {
        /// What. At most 256 characters are kept.
        message: String,
        /// The swarm.
        info_hash: Option<InfoHash>,
    },
}

#[cfg(feature = "json")]
impl TrackerMessage {
    /// Reads a message. Fields that are not known, or that its kind has not, are passed over; so
    /// is a warning beside the reply to an announce.
    pub fn decode(json: &str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        crate::json::read::<TrackerFields<'_>>(json)?.check(limits)
    }
}

#[cfg(feature = "json")]
impl<S: Serialize> TrackerMessage<S> {
    /// Returns the message's JSON.
    pub fn encode(&self) -> String {
        crate::json::write(self)
    }
}

impl<S: Serialize> Serialize for TrackerMessage<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        TrackerFields::of(self).serialize(serializer)
    }
}

/// The fields of a tracker's message, of whatever kind, before [`TrackerFields::check`] makes one of them.
#[derive(Deserialize, Serialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>"))]
pub struct TrackerFields<'a, S = String> {
    #[serde(
        borrow,
        rename = "failure reason",
        skip_serializing_if = "Option::is_none"
    )]
    failure: Option<Text<'a>>,
    #[serde(
        borrow,
        rename = "warning message",
        skip_serializing_if = "Option::is_none"
    )]
    warning: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    action: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info_hash: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Count>,
    #[serde(rename = "min interval", skip_serializing_if = "Option::is_none")]
    min_interval: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer_id: Option<Id>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    offer: Option<DescriptionFields<'a, S>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    answer: Option<DescriptionFields<'a, S>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Files>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    p2p: Option<Word<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    by: Option<Word<'a>>,
}

impl<S> Default for TrackerFields<'_, S> {
    fn default() -> Self {
        Self {
            failure: None,
            warning: None,
            action: None,
            info_hash: None,
            interval: None,
            complete: None,
            incomplete: None,
            min_interval: None,
            peer_id: None,
            offer_id: None,
            offer: None,
            answer: None,
            files: None,
            p2p: None,
            by: None,
        }
    }
}

impl<'a, S> TrackerFields<'a, &'a S> {
    fn of(message: &'a TrackerMessage<S>) -> Self {
        match message {
            TrackerMessage::Announced {
                info_hash,
                interval,
                complete,
                incomplete,
                min_interval,
            } => Self {
                interval: Some(Count((*interval).into())),
                complete: Some(Count((*complete).into())),
                incomplete: Some(Count((*incomplete).into())),
                min_interval: min_interval.map(|seconds| Count(seconds.into())),
                ..Self::about(*info_hash)
            },
            TrackerMessage::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => Self {
                peer_id: Some(Id::new(peer_id.0)),
                offer_id: Some(Id::new(offer_id.0)),
                answer: Some(DescriptionFields::new("answer", sdp)),
                ..Self::about(*info_hash)
            },
            TrackerMessage::Failure {
                reason,
                info_hash,
                off,
            } => Self {
                failure: Some((&**reason).into()),
                p2p: off.map(|_| Word::of(OFF)),
                by: off.map(|by| Word::of(by.name())),
                // Only together: an action without a swarm is an uncaught exception in
                // WebTorrent's client.
                ..info_hash.map_or_else(Self::default, Self::about)
            },
            TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => Self {
                peer_id: Some(Id::new(peer_id.0)),
                offer_id: Some(Id::new(offer_id.0)),
                offer: Some(DescriptionFields::new("offer", sdp)),
                ..Self::about(*info_hash)
            },
            TrackerMessage::Scraped { files } => Self {
                action: Some("scrape".into()),
                files: Some(Files::of(files)),
                ..Self::default()
            },
            TrackerMessage::Warning { message, info_hash } => Self {
                warning: Some((&**message).into()),
                ..info_hash.map_or_else(Self::default, Self::about)
            },
        }
    }

    /// What every message says that is not about a scrape.
    fn about(InfoHash(info_hash): InfoHash) -> Self {
        Self {
            action: Some("announce".into()),
            info_hash: Some(Id::new(info_hash)),
            ..Self::default()
        }
    }
}

impl TrackerFields<'_> {
    /// Makes a message of its fields.
    pub fn check(self, limits: &Limits) -> Result<TrackerMessage, DecodeError> {
        let says_more = self.interval.is_some()
            || self.complete.is_some()
            || self.offer.is_some()
            || self.answer.is_some()
            || self.files.is_some();
        let hash = || self.info_hash.map(|hash| hash.made(InfoHash)).transpose();
        if let Some(reason) = &self.failure {
            let by = self
                .by
                .as_ref()
                .is_some_and(|by| by.is(OffBy::Video.name()));
            let by = if by { OffBy::Video } else { OffBy::Site };
            let off = self.p2p.as_ref().is_some_and(|p2p| p2p.is(OFF));
            return Ok(TrackerMessage::Failure {
                reason: cut(reason),
                info_hash: hash()?,
                off: off.then_some(by),
            });
        }
        if let Some(warning) = self.warning.as_ref().filter(|_| !says_more) {
            return Ok(TrackerMessage::Warning {
                message: cut(warning),
                info_hash: hash()?,
            });
        }
        let action = self.action.as_ref().map(|Text(action)| &**action);
        match action.ok_or(DecodeError::Missing("action"))? {
            "announce" => self.announce(limits),
            "scrape" => {
                let files = self.files.ok_or(DecodeError::Missing("files"))?;
                let files = files.check(limits.max_scrape)?;
                Ok(TrackerMessage::Scraped { files })
            }
            _ => Err(DecodeError::UnknownAction),
        }
    }

    fn announce(self, limits: &Limits) -> Result<TrackerMessage, DecodeError> {
        let info_hash = Id::required(self.info_hash, "info_hash", InfoHash)?;
        let (kind, description) = match (self.offer, self.answer) {
            (Some(offer), _) => ("offer", offer),
            (None, Some(answer)) => ("answer", answer),
            (None, None) => {
                let min_interval = self.min_interval.map(Count::small);
                let interval = self.interval.map(Count::small).or(min_interval);
                return Ok(TrackerMessage::Announced {
                    info_hash,
                    interval: interval.unwrap_or(DEFAULT_INTERVAL),
                    complete: self.complete.unwrap_or_default().small(),
                    incomplete: self.incomplete.unwrap_or_default().small(),
                    min_interval,
                });
            }
        };
        let peer_id = Id::required(self.peer_id, "peer_id", PeerId)?;
        let offer_id = Id::required(self.offer_id, "offer_id", OfferId)?;
        let sdp = description.check(kind, limits)?;
        let sdp = sdp.ok_or(DecodeError::Missing("sdp"))?;
        Ok(if kind == "offer" {
            TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            }
        } else {
            TrackerMessage::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            }
        })
    }
}

impl OffBy {
    const fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Video => "video",
        }
    }
}

/// A text, or what other trackers may say by the same name: that is none of our business.
#[derive(Serialize)]
#[serde(transparent)]
struct Word<'a>(Option<Cow<'a, str>>);

impl<'a> Word<'a> {
    const fn of(word: &'a str) -> Self {
        Self(Some(Cow::Borrowed(word)))
    }

    fn is(&self, word: &str) -> bool {
        self.0.as_deref() == Some(word)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;

        impl<'de> Visitor<'de> for Anything {
            type Value = Option<Cow<'de, str>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Some(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(None)
            }
        }

        deserializer.deserialize_any(Anything).map(Self)
    }
}

/// Swarms with their counts: an object of which no more is kept than tells that it is too long.
struct Files(Vec<(Id, Scrape)>);

impl Files {
    fn of(files: &[(InfoHash, Scrape)]) -> Self {
        let file = |(hash, counts): &(InfoHash, Scrape)| (Id::new(hash.0), *counts);
        Self(files.iter().map(file).collect())
    }

    fn check(self, limit: usize) -> Result<Vec<(InfoHash, Scrape)>, DecodeError> {
        let limit = limit.min(HARD_CAP);
        if self.0.len() > limit {
            return Err(DecodeError::TooMany { limit });
        }
        let file = |(hash, counts): (Id, Scrape)| Ok((hash.made(InfoHash)?, counts));
        self.0.into_iter().map(file).collect()
    }
}

impl<'de> Deserialize<'de> for Files {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Swarms;

        impl<'de> Visitor<'de> for Swarms {
            type Value = Files;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("swarms with their counts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Files, A::Error> {
                let mut files = Vec::new();
                while files.len() <= HARD_CAP {
                    match map.next_entry()? {
                        Some(file) => files.push(file),
                        None => return Ok(Files(files)),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Files(files))
            }
        }

        deserializer.deserialize_map(Swarms)
    }
}

impl Serialize for Files {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(hash, counts)| (hash, counts)))
    }
}

/// A count of at most `u32::MAX`; `null` is 0.
fn small<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let count = Option::<Count>::deserialize(deserializer)?;
    Ok(count.unwrap_or_default().small())
}

/// As much of a text for humans as is kept.
fn cut(Text(text): &Text<'_>) -> String {
    text.chars().take(MAX_TEXT).collect()
}
