//! From a viewer to its tracker.

use std::borrow::Cow;

use super::{HARD_CAP, Limits, Text, count, id, maybe_sdp, sdp, small, text, write_description};
use crate::DecodeError;
use crate::id::{InfoHash, OfferId, PeerId};
use crate::json::{Value, Writer};

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

/// What there may be in a message of any kind. They are looked for in one pass, since it may be long.
pub(super) const FIELDS: [&str; 13] = [
    "action",
    "answer",
    "info_hash",
    "peer_id",
    "event",
    "offers",
    "token",
    "numwant",
    "uploaded",
    "downloaded",
    "left",
    "to_peer_id",
    "offer_id",
];

pub(super) type Fields<'a> = [Option<Value<'a>>; FIELDS.len()];

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

impl ClientMessage {
    /// The message's JSON.
    pub fn encode(&self) -> String {
        Writer::object(|message| match self {
            Self::Announce(announce) => announce.write(message),
            Self::Answer(answer) => answer.write(message),
            Self::Scrape { info_hashes } => {
                message.text("action", "scrape");
                if !info_hashes.is_empty() {
                    let info_hashes = info_hashes.iter().map(InfoHash::to_binary);
                    message.texts("info_hash", info_hashes);
                }
            }
        })
    }

    /// Reads a message. Fields that are not known, or that its kind has not, are passed over; so
    /// are offers without an SDP or an id, which bittorrent-tracker's own tests send.
    pub fn decode(json: &str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        let message = Value::new(json)?;
        let fields: Fields<'_> = message.fields(FIELDS)?;
        let [_, answer, _, _, _, offers, ..] = fields;
        Self::of(
            fields,
            || offers.map(|offers| read_offers(offers, limits)).transpose(),
            answer.map(|answer| move || sdp(answer, "answer", limits)),
            limits,
        )
    }
}

impl<S> ClientMessage<S> {
    /// The message that has these fields. `offers` and `answer` read what is longest in it, once it is known
    /// that it counts.
    pub(super) fn of(
        fields: Fields<'_>,
        offers: impl FnOnce() -> Result<Option<Offers<S>>, DecodeError>,
        answer: Option<impl FnOnce() -> Result<S, DecodeError>>,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        let [action, _, info_hash, ..] = fields;
        match text(action)?.as_deref() {
            Some("announce") => match answer {
                Some(answer) => Answer::of(fields, answer).map(Self::Answer),
                None => Announce::of(fields, offers, limits).map(Self::Announce),
            },
            Some("scrape") => {
                let info_hashes = info_hash.map(|it| hashes(it, limits.max_scrape));
                Ok(Self::Scrape {
                    info_hashes: info_hashes.transpose()?.unwrap_or_default(),
                })
            }
            Some(_) => Err(DecodeError::UnknownAction),
            None => Err(DecodeError::Missing("action")),
        }
    }
}

/// How many offers there are, and those of them that can be forwarded.
pub(super) type Offers<S> = (u32, Vec<Offer<S>>);

impl Announce {
    /// Fields in the order in which WebTorrent's client writes them.
    fn write(&self, message: &mut Writer) {
        message.number("numwant", self.numwant.into());
        message.number("uploaded", self.uploaded);
        message.number("downloaded", self.downloaded);
        if let Some(left) = self.left {
            message.number("left", left);
        }
        if let Some(event) = self.event {
            message.text("event", event.name());
        }
        message.text("action", "announce");
        message.text("info_hash", &self.info_hash.to_binary());
        message.text("peer_id", &self.peer_id.to_binary());
        if !self.offers.is_empty() {
            message.inners("offers", &self.offers, |entry, offer| {
                write_description(entry, "offer", Text::Plain(&offer.sdp));
                entry.text("offer_id", &offer.offer_id.to_binary());
            });
        }
        if let Some(token) = &self.token {
            message.text("token", token);
        }
    }
}

impl<S> Announce<S> {
    fn of(
        fields: Fields<'_>,
        offers: impl FnOnce() -> Result<Option<Offers<S>>, DecodeError>,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        let [
            _,
            _,
            info_hash,
            peer_id,
            event,
            _,
            token,
            numwant,
            uploaded,
            downloaded,
            left,
            ..,
        ] = fields;
        let (offered, offers) = offers()?.unwrap_or((0, Vec::new()));
        let token = text(token)?;
        if token
            .as_ref()
            .is_some_and(|token| token.len() > limits.max_token)
        {
            return Err(DecodeError::TextTooLong {
                limit: limits.max_token,
            });
        }
        Ok(Self {
            info_hash: one_hash(info_hash)?,
            peer_id: id(peer_id, "peer_id", PeerId::from_binary)?,
            event: text(event)?.map_or(Ok(None), |name| AnnounceEvent::from_name(&name))?,
            numwant: small(numwant)?.unwrap_or(offered),
            uploaded: count(uploaded)?.unwrap_or_default(),
            downloaded: count(downloaded)?.unwrap_or_default(),
            left: count(left)?,
            offers,
            token: token.map(Cow::into_owned),
        })
    }
}

impl Answer {
    fn write(&self, message: &mut Writer) {
        message.text("action", "announce");
        message.text("info_hash", &self.info_hash.to_binary());
        message.text("peer_id", &self.peer_id.to_binary());
        message.text("to_peer_id", &self.to_peer_id.to_binary());
        write_description(message, "answer", Text::Plain(&self.sdp));
        message.text("offer_id", &self.offer_id.to_binary());
    }
}

impl<S> Answer<S> {
    fn of(
        fields: Fields<'_>,
        sdp: impl FnOnce() -> Result<S, DecodeError>,
    ) -> Result<Self, DecodeError> {
        let [_, _, info_hash, peer_id, .., to_peer_id, offer_id] = fields;
        Ok(Self {
            info_hash: one_hash(info_hash)?,
            peer_id: id(peer_id, "peer_id", PeerId::from_binary)?,
            to_peer_id: id(to_peer_id, "to_peer_id", PeerId::from_binary)?,
            offer_id: id(offer_id, "offer_id", OfferId::from_binary)?,
            sdp: sdp()?,
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

fn read_offers(offers: Value<'_>, limits: &Limits) -> Result<Offers<String>, DecodeError> {
    let limit = limits.max_offers.min(HARD_CAP);
    let mut offered = 0;
    let mut read = Vec::new();
    for entry in offers.items()? {
        if offered >= limit {
            return Err(DecodeError::TooManyOffers { limit });
        }
        offered += 1;
        let [offer, offer_id] = entry.fields(["offer", "offer_id"])?;
        let Some((offer, offer_id)) = offer.zip(offer_id) else {
            continue;
        };
        let Some(sdp) = maybe_sdp(offer, "offer", limits)? else {
            continue;
        };
        read.push(Offer {
            offer_id: OfferId::from_binary(&offer_id.seen()?)?,
            sdp,
        });
    }
    Ok((offered as u32, read))
}

/// The one swarm of an announce.
fn one_hash(value: Option<Value<'_>>) -> Result<InfoHash, DecodeError> {
    let hashes = value.map(|value| hashes(value, 1)).transpose()?;
    let hash = hashes.and_then(|hashes| hashes.first().copied());
    hash.ok_or(DecodeError::Missing("info_hash"))
}

/// One swarm, or a list of them.
fn hashes(value: Value<'_>, limit: usize) -> Result<Vec<InfoHash>, DecodeError> {
    let hash = |value: Value<'_>| InfoHash::from_binary(&value.seen()?);
    if !value.is_list() {
        return Ok(vec![hash(value)?]);
    }
    let limit = limit.min(HARD_CAP);
    let items = value.items()?;
    if items.clone().count() > limit {
        return Err(DecodeError::TooMany { limit });
    }
    items.map(hash).collect()
}
