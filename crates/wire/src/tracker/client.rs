//! From a viewer to its tracker.

use core::fmt;
use core::marker::PhantomData;
use std::borrow::Cow;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::fields::{Count, DescriptionFields, Id, List, Listed, Text};
use super::{Description, HARD_CAP, Limits};
use crate::DecodeError;
use crate::id::{InfoHash, OfferId, PeerId};

/// Why a viewer announces itself; a periodic announce has no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnounceEvent {
    /// It has all of the video now.
    Completed,
    /// It joins.
    Started,
    /// It leaves.
    Stopped,
}

/// An invitation to any viewer that the tracker chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<S = String> {
    /// Comes back with the answer.
    pub offer_id: OfferId,
    /// The whole local SDP, candidates included.
    pub sdp: S,
}

/// The viewer is here (or leaves) and would like to meet others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce<S = String> {
    /// The swarm.
    pub info_hash: InfoHash,
    /// The viewer.
    pub peer_id: PeerId,
    /// Why now; a periodic announce has no event.
    pub event: Option<AnnounceEvent>,
    /// Viewers that it would like to meet: as many as there are offers, as WebTorrent has it.
    /// Some trackers forward no offer without it.
    pub numwant: u32,
    /// Bytes given to peers.
    pub uploaded: u64,
    /// Bytes taken.
    pub downloaded: u64,
    /// Bytes of the video that it lacks; 0 is a seeder, `None` not known.
    pub left: Option<u64>,
    /// At most [`Limits::max_offers`].
    pub offers: Vec<Offer<S>>,
    /// Lets the viewer into a private swarm. Ours; other trackers pass over it.
    pub token: Option<String>,
}

/// The answer to an offer that the tracker forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<S = String> {
    /// The swarm.
    pub info_hash: InfoHash,
    /// The viewer that answers.
    pub peer_id: PeerId,
    /// The viewer that made the offer.
    pub to_peer_id: PeerId,
    /// Which offer.
    pub offer_id: OfferId,
    /// The whole local SDP, candidates included.
    pub sdp: S,
}

/// What a viewer says to its tracker. `S` is how its session descriptions are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage<S = String> {
    /// The viewer is here (or leaves) and would like to meet others.
    Announce(Announce<S>),
    /// The answer to an offer that the tracker forwarded.
    Answer(Answer<S>),
    /// Asks for the number of viewers.
    Scrape {
        /// The swarms; none asks for all.
        info_hashes: Vec<InfoHash>,
    },
}

#[cfg(feature = "json")]
impl ClientMessage {
    /// Reads a message. Fields that are not known, or that its kind has not, are passed over; so
    /// are offers without an SDP or an id, which bittorrent-tracker's own tests send.
    pub fn decode(json: &str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        crate::json::read::<ClientFields<'_, _>>(json)?.check(limits)
    }

    /// Returns the message's JSON.
    pub fn encode(&self) -> String {
        crate::json::write(self)
    }
}

impl<S: Serialize> Serialize for ClientMessage<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        ClientFields::of(self).serialize(serializer)
    }
}

/// The fields of a viewer's message, of whatever kind, before [`ClientFields::check`] makes one of them. In the
/// order in which WebTorrent's client writes them.
#[derive(Deserialize, Serialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>"))]
pub struct ClientFields<'a, S = String> {
    #[serde(skip_serializing_if = "Option::is_none")]
    numwant: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uploaded: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    downloaded: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Count>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    event: Option<Text<'a>>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info_hash: Option<Hashes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_peer_id: Option<Id>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    answer: Option<DescriptionFields<'a, S>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer_id: Option<Id>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    offers: Option<List<OfferFields<'a, S>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    token: Option<Text<'a>>,
}

#[derive(Deserialize, Serialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>"))]
struct OfferFields<'a, S> {
    #[serde(borrow)]
    offer: Option<DescriptionFields<'a, S>>,
    offer_id: Option<Id>,
}

impl<S> Default for ClientFields<'_, S> {
    fn default() -> Self {
        Self {
            numwant: None,
            uploaded: None,
            downloaded: None,
            left: None,
            event: None,
            action: None,
            info_hash: None,
            peer_id: None,
            to_peer_id: None,
            answer: None,
            offer_id: None,
            offers: None,
            token: None,
        }
    }
}

impl<'a, S> ClientFields<'a, &'a S> {
    fn of(message: &'a ClientMessage<S>) -> Self {
        match message {
            ClientMessage::Announce(announce) => Self {
                numwant: Some(Count(announce.numwant.into())),
                uploaded: Some(Count(announce.uploaded)),
                downloaded: Some(Count(announce.downloaded)),
                left: announce.left.map(Count),
                event: announce.event.map(|event| event.name().into()),
                action: Some("announce".into()),
                info_hash: Some(Hashes::One(Id::new(announce.info_hash.0))),
                peer_id: Some(Id::new(announce.peer_id.0)),
                offers: (!announce.offers.is_empty()).then(|| {
                    let offer = |offer: &'a Offer<S>| OfferFields {
                        offer: Some(DescriptionFields::new("offer", &offer.sdp)),
                        offer_id: Some(Id::new(offer.offer_id.0)),
                    };
                    List(announce.offers.iter().map(offer).collect())
                }),
                token: announce.token.as_deref().map(Text::from),
                ..Self::default()
            },
            ClientMessage::Answer(answer) => Self {
                action: Some("announce".into()),
                info_hash: Some(Hashes::One(Id::new(answer.info_hash.0))),
                peer_id: Some(Id::new(answer.peer_id.0)),
                to_peer_id: Some(Id::new(answer.to_peer_id.0)),
                answer: Some(DescriptionFields::new("answer", &answer.sdp)),
                offer_id: Some(Id::new(answer.offer_id.0)),
                ..Self::default()
            },
            ClientMessage::Scrape { info_hashes } => Self {
                action: Some("scrape".into()),
                info_hash: (!info_hashes.is_empty()).then(|| {
                    let hashes = info_hashes.iter().map(|hash| Id::new(hash.0));
                    Hashes::Several(List(hashes.collect()))
                }),
                ..Self::default()
            },
        }
    }
}

impl<S: Description> ClientFields<'_, S> {
    /// Makes a message of its fields.
    pub fn check(self, limits: &Limits) -> Result<ClientMessage<S>, DecodeError> {
        let action = self.action.as_ref().map(|Text(action)| &**action);
        match action.ok_or(DecodeError::Missing("action"))? {
            "announce" if self.answer.is_some() => self.answer(limits).map(ClientMessage::Answer),
            "announce" => self.announce(limits).map(ClientMessage::Announce),
            "scrape" => {
                let info_hashes = self.info_hash.map(|it| it.check(limits.max_scrape));
                Ok(ClientMessage::Scrape {
                    info_hashes: info_hashes.transpose()?.unwrap_or_default(),
                })
            }
            _ => Err(DecodeError::UnknownAction),
        }
    }

    fn announce(self, limits: &Limits) -> Result<Announce<S>, DecodeError> {
        let (offered, offers) = read_offers(self.offers, limits)?;
        let token = self.token.map(|Text(token)| token);
        if token
            .as_ref()
            .is_some_and(|token| token.len() > limits.max_token)
        {
            return Err(DecodeError::TextTooLong {
                limit: limits.max_token,
            });
        }
        Ok(Announce {
            info_hash: one_hash(self.info_hash)?,
            peer_id: Id::required(self.peer_id, "peer_id", PeerId)?,
            event: match &self.event {
                Some(Text(name)) => AnnounceEvent::from_name(name)?,
                None => None,
            },
            numwant: self.numwant.map_or(offered, Count::small),
            uploaded: self.uploaded.unwrap_or_default().0,
            downloaded: self.downloaded.unwrap_or_default().0,
            left: self.left.map(|Count(left)| left),
            offers,
            token: token.map(Cow::into_owned),
        })
    }

    fn answer(self, limits: &Limits) -> Result<Answer<S>, DecodeError> {
        let sdp = self.answer.map(|it| it.check("answer", limits));
        Ok(Answer {
            info_hash: one_hash(self.info_hash)?,
            peer_id: Id::required(self.peer_id, "peer_id", PeerId)?,
            to_peer_id: Id::required(self.to_peer_id, "to_peer_id", PeerId)?,
            offer_id: Id::required(self.offer_id, "offer_id", OfferId)?,
            sdp: sdp
                .transpose()?
                .flatten()
                .ok_or(DecodeError::Missing("sdp"))?,
        })
    }
}

impl AnnounceEvent {
    const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Started => "started",
            Self::Stopped => "stopped",
        }
    }

    /// The other names of a periodic announce, and BEP 21's `paused`, are no event of ours.
    fn from_name(name: &str) -> Result<Option<Self>, DecodeError> {
        match name {
            "completed" => Ok(Some(Self::Completed)),
            "started" => Ok(Some(Self::Started)),
            "stopped" => Ok(Some(Self::Stopped)),
            "" | "empty" | "paused" | "update" => Ok(None),
            _ => Err(DecodeError::UnknownEvent),
        }
    }
}

/// How many offers there are, and those of them that can be forwarded.
fn read_offers<S: Description>(
    offers: Option<List<OfferFields<'_, S>>>,
    limits: &Limits,
) -> Result<(u32, Vec<Offer<S>>), DecodeError> {
    let offers = offers.map_or(Vec::new(), |List(offers)| offers);
    let limit = limits.max_offers.min(HARD_CAP);
    let offered = offers.len();
    if offered > limit {
        return Err(DecodeError::TooManyOffers { limit });
    }
    let mut read = Vec::with_capacity(offered);
    for entry in offers {
        let Some((offer, offer_id)) = entry.offer.zip(entry.offer_id) else {
            continue;
        };
        if let Some(sdp) = offer.check("offer", limits)? {
            let offer_id = offer_id.made(OfferId)?;
            read.push(Offer { offer_id, sdp });
        }
    }
    Ok((offered as u32, read))
}

/// The one swarm of an announce.
fn one_hash(field: Option<Hashes>) -> Result<InfoHash, DecodeError> {
    let hashes = field.map(|hashes| hashes.check(1)).transpose()?;
    let hash = hashes.and_then(|hashes| hashes.first().copied());
    hash.ok_or(DecodeError::Missing("info_hash"))
}

/// One swarm, or a list of them.
enum Hashes {
    One(Id),
    Several(List<Id>),
}

impl Hashes {
    fn check(self, limit: usize) -> Result<Vec<InfoHash>, DecodeError> {
        let List(ids) = match self {
            Self::One(id) => return Ok(vec![id.made(InfoHash)?]),
            Self::Several(ids) => ids,
        };
        let limit = limit.min(HARD_CAP);
        if ids.len() > limit {
            return Err(DecodeError::TooMany { limit });
        }
        ids.into_iter().map(|id| id.made(InfoHash)).collect()
    }
}

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Hashes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a binary id or a list of them")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Hashes, E> {
                Ok(Hashes::One(Id::read(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Hashes, A::Error> {
                Listed(PhantomData).visit_seq(items).map(Hashes::Several)
            }
        }

        deserializer.deserialize_any(OneOrSeveral)
    }
}

impl Serialize for Hashes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(id) => id.serialize(serializer),
            Self::Several(ids) => ids.serialize(serializer),
        }
    }
}
