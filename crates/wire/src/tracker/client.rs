//! From a viewer to its tracker.

use serde::{Deserialize, Serialize};

use super::{Description, DescriptionOut, HARD_CAP, Limits, id};
use crate::DecodeError;
use crate::id::{InfoHash, OfferId, PeerId};
use crate::json::{self, Capped, Count, OneOrMany};

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
pub struct Offer {
    /// Comes back with the answer.
    pub offer_id: OfferId,
    /// The whole local SDP, candidates included.
    pub sdp: String,
}

/// The viewer is here (or leaves) and would like to meet others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce {
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
    pub offers: Vec<Offer>,
    /// Lets the viewer into a private swarm. Ours; other trackers pass over it.
    pub token: Option<String>,
}

/// The answer to an offer that the tracker forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The swarm.
    pub info_hash: InfoHash,
    /// The viewer that answers.
    pub peer_id: PeerId,
    /// The viewer that made the offer.
    pub to_peer_id: PeerId,
    /// Which offer.
    pub offer_id: OfferId,
    /// The whole local SDP, candidates included.
    pub sdp: String,
}

/// What a viewer says to its tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// The viewer is here (or leaves) and would like to meet others.
    Announce(Announce),
    /// The answer to an offer that the tracker forwarded.
    Answer(Answer),
    /// Asks for the number of viewers.
    Scrape {
        /// The swarms; none asks for all.
        info_hashes: Vec<InfoHash>,
    },
}

#[derive(Deserialize)]
struct Given {
    action: Option<String>,
    info_hash: Option<OneOrMany<HARD_CAP>>,
    peer_id: Option<String>,
    to_peer_id: Option<String>,
    offer_id: Option<String>,
    answer: Option<Description>,
    offers: Option<Capped<GivenOffer, HARD_CAP>>,
    event: Option<String>,
    numwant: Option<Count>,
    uploaded: Option<Count>,
    downloaded: Option<Count>,
    left: Option<Count>,
    token: Option<String>,
}

#[derive(Deserialize)]
struct GivenOffer {
    offer: Option<Description>,
    offer_id: Option<String>,
}

/// Fields in the order in which WebTorrent's client writes them.
#[derive(Serialize)]
struct AnnounceOut<'a> {
    numwant: u32,
    uploaded: u64,
    downloaded: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    action: &'static str,
    info_hash: String,
    peer_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    offers: Vec<OfferOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

#[derive(Serialize)]
struct OfferOut<'a> {
    offer: DescriptionOut<'a>,
    offer_id: String,
}

#[derive(Serialize)]
struct AnswerOut<'a> {
    action: &'static str,
    info_hash: String,
    peer_id: String,
    to_peer_id: String,
    answer: DescriptionOut<'a>,
    offer_id: String,
}

#[derive(Serialize)]
struct ScrapeOut {
    action: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    info_hash: Vec<String>,
}

impl ClientMessage {
    /// The message's JSON.
    pub fn encode(&self) -> String {
        match self {
            Self::Announce(announce) => json::write(&AnnounceOut {
                numwant: announce.numwant,
                uploaded: announce.uploaded,
                downloaded: announce.downloaded,
                left: announce.left,
                event: announce.event.map(AnnounceEvent::name),
                action: "announce",
                info_hash: announce.info_hash.to_binary(),
                peer_id: announce.peer_id.to_binary(),
                offers: announce.offers.iter().map(Offer::out).collect(),
                token: announce.token.as_deref(),
            }),
            Self::Answer(answer) => json::write(&AnswerOut {
                action: "announce",
                info_hash: answer.info_hash.to_binary(),
                peer_id: answer.peer_id.to_binary(),
                to_peer_id: answer.to_peer_id.to_binary(),
                answer: DescriptionOut::answer(&answer.sdp),
                offer_id: answer.offer_id.to_binary(),
            }),
            Self::Scrape { info_hashes } => json::write(&ScrapeOut {
                action: "scrape",
                info_hash: info_hashes.iter().map(InfoHash::to_binary).collect(),
            }),
        }
    }

    /// Reads a message. Fields that are not known are passed over; so are offers without an SDP
    /// or an id, which bittorrent-tracker's own tests send.
    pub fn decode(json: &str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        let given: Given = json::object(json.as_bytes())?;
        match given.action.as_deref() {
            Some("announce") if given.answer.is_some() => given.answer(limits),
            Some("announce") => given.announce(limits),
            Some("scrape") => given.scrape(limits),
            Some(_) => Err(DecodeError::UnknownAction),
            None => Err(DecodeError::Missing("action")),
        }
    }
}

impl Given {
    fn announce(self, limits: &Limits) -> Result<ClientMessage, DecodeError> {
        let offers = match self.offers {
            Some(offers) => offers
                .within(limits.max_offers)
                .map_err(|limit| DecodeError::TooManyOffers { limit })?,
            None => Vec::new(),
        };
        if self
            .token
            .as_ref()
            .is_some_and(|token| token.len() > limits.max_token)
        {
            return Err(DecodeError::TextTooLong {
                limit: limits.max_token,
            });
        }
        Ok(ClientMessage::Announce(Announce {
            numwant: self.numwant.map_or(offers.len() as u32, Count::small),
            info_hash: one_hash(self.info_hash)?,
            peer_id: id(self.peer_id.as_deref(), "peer_id", PeerId::from_binary)?,
            event: self
                .event
                .as_deref()
                .map_or(Ok(None), AnnounceEvent::from_name)?,
            uploaded: self.uploaded.unwrap_or_default().0,
            downloaded: self.downloaded.unwrap_or_default().0,
            left: self.left.map(|left| left.0),
            offers: offers
                .into_iter()
                .filter_map(|offer| offer.read(limits))
                .collect::<Result<_, _>>()?,
            token: self.token,
        }))
    }

    fn answer(self, limits: &Limits) -> Result<ClientMessage, DecodeError> {
        let answer = self.answer.ok_or(DecodeError::Missing("answer"))?;
        Ok(ClientMessage::Answer(Answer {
            info_hash: one_hash(self.info_hash)?,
            peer_id: id(self.peer_id.as_deref(), "peer_id", PeerId::from_binary)?,
            to_peer_id: id(
                self.to_peer_id.as_deref(),
                "to_peer_id",
                PeerId::from_binary,
            )?,
            offer_id: id(self.offer_id.as_deref(), "offer_id", OfferId::from_binary)?,
            sdp: answer.sdp("answer", limits)?,
        }))
    }

    fn scrape(self, limits: &Limits) -> Result<ClientMessage, DecodeError> {
        let hashes = match self.info_hash {
            Some(OneOrMany(hashes)) => hashes
                .within(limits.max_scrape)
                .map_err(|limit| DecodeError::TooMany { limit })?,
            None => Vec::new(),
        };
        let info_hashes = hashes.iter().map(|hash| InfoHash::from_binary(hash));
        Ok(ClientMessage::Scrape {
            info_hashes: info_hashes.collect::<Result<_, _>>()?,
        })
    }
}

impl GivenOffer {
    /// `None` when there is nothing to forward.
    fn read(self, limits: &Limits) -> Option<Result<Offer, DecodeError>> {
        let (offer, offer_id) = self.offer.zip(self.offer_id)?;
        offer.sdp.as_ref()?;
        let read = |offer: Description| {
            Ok(Offer {
                offer_id: OfferId::from_binary(&offer_id)?,
                sdp: offer.sdp("offer", limits)?,
            })
        };
        Some(read(offer))
    }
}

impl Offer {
    fn out(&self) -> OfferOut<'_> {
        OfferOut {
            offer: DescriptionOut::offer(&self.sdp),
            offer_id: self.offer_id.to_binary(),
        }
    }
}

impl AnnounceEvent {
    fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Started => "started",
            Self::Stopped => "stopped",
        }
    }

    /// The names of a periodic announce, and BEP 21's `paused`, are no event of ours.
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

/// The one swarm of an announce.
fn one_hash(hashes: Option<OneOrMany<HARD_CAP>>) -> Result<InfoHash, DecodeError> {
    let OneOrMany(hashes) = hashes.ok_or(DecodeError::Missing("info_hash"))?;
    let hashes = hashes
        .within(1)
        .map_err(|limit| DecodeError::TooMany { limit })?;
    id(
        hashes.first().map(String::as_str),
        "info_hash",
        InfoHash::from_binary,
    )
}
