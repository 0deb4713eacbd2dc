//! From a tracker to a viewer.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{Description, DescriptionOut, HARD_CAP, Limits, MAX_TEXT, id, small};
use crate::DecodeError;
use crate::id::{InfoHash, OfferId, PeerId};
use crate::json::{self, CappedMap, Count};

/// Seconds between announces when a tracker does not say.
const DEFAULT_INTERVAL: u32 = 120;

/// The viewers of one swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scrape {
    /// Seeders.
    pub complete: u32,
    /// Others.
    pub incomplete: u32,
    /// Viewers that have ever come to have all.
    pub downloaded: u32,
}

/// What a tracker says to a viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerMessage {
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
        sdp: String,
    },
    /// The tracker refuses what was said last.
    Failure {
        /// Why, for humans. At most 256 characters are kept.
        reason: String,
        /// The swarm. WebTorrent's client drops its socket when it is missing.
        info_hash: Option<InfoHash>,
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
        sdp: String,
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

#[derive(Deserialize)]
struct Given {
    action: Option<String>,
    info_hash: Option<String>,
    peer_id: Option<String>,
    offer_id: Option<String>,
    offer: Option<Description>,
    answer: Option<Description>,
    interval: Option<Count>,
    #[serde(rename = "min interval")]
    min_interval: Option<Count>,
    complete: Option<Count>,
    incomplete: Option<Count>,
    files: Option<CappedMap<GivenScrape, HARD_CAP>>,
    #[serde(rename = "failure reason")]
    failure: Option<String>,
    #[serde(rename = "warning message")]
    warning: Option<String>,
}

#[derive(Deserialize)]
struct GivenScrape {
    complete: Option<Count>,
    incomplete: Option<Count>,
    downloaded: Option<Count>,
}

#[derive(Serialize)]
struct AnnouncedOut {
    action: &'static str,
    info_hash: String,
    interval: u32,
    complete: u32,
    incomplete: u32,
    #[serde(rename = "min interval", skip_serializing_if = "Option::is_none")]
    min_interval: Option<u32>,
}

#[derive(Serialize)]
struct DescribedOut<'a> {
    action: &'static str,
    info_hash: String,
    peer_id: String,
    offer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<DescriptionOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<DescriptionOut<'a>>,
}

#[derive(Serialize)]
struct ScrapedOut<'a> {
    action: &'static str,
    #[serde(serialize_with = "write_files")]
    files: &'a [(InfoHash, Scrape)],
}

#[derive(Serialize)]
struct TextOut<'a> {
    #[serde(rename = "failure reason", skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    #[serde(rename = "warning message", skip_serializing_if = "Option::is_none")]
    warning: Option<&'a str>,
    // Only together: an action without a swarm is an uncaught exception in WebTorrent's client.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info_hash: Option<String>,
}

impl TrackerMessage {
    /// The message's JSON.
    pub fn encode(&self) -> String {
        match self {
            Self::Announced {
                info_hash,
                interval,
                complete,
                incomplete,
                min_interval,
            } => json::write(&AnnouncedOut {
                action: "announce",
                info_hash: info_hash.to_binary(),
                interval: *interval,
                complete: *complete,
                incomplete: *incomplete,
                min_interval: *min_interval,
            }),
            Self::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => json::write(&DescribedOut {
                action: "announce",
                info_hash: info_hash.to_binary(),
                peer_id: peer_id.to_binary(),
                offer_id: offer_id.to_binary(),
                offer: None,
                answer: Some(DescriptionOut::answer(sdp)),
            }),
            Self::Failure { reason, info_hash } => json::write(&TextOut {
                failure: Some(reason),
                warning: None,
                action: info_hash.map(|_| "announce"),
                info_hash: info_hash.as_ref().map(InfoHash::to_binary),
            }),
            Self::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => json::write(&DescribedOut {
                action: "announce",
                info_hash: info_hash.to_binary(),
                peer_id: peer_id.to_binary(),
                offer_id: offer_id.to_binary(),
                offer: Some(DescriptionOut::offer(sdp)),
                answer: None,
            }),
            Self::Scraped { files } => json::write(&ScrapedOut {
                action: "scrape",
                files,
            }),
            Self::Warning { message, info_hash } => json::write(&TextOut {
                failure: None,
                warning: Some(message),
                action: info_hash.map(|_| "announce"),
                info_hash: info_hash.as_ref().map(InfoHash::to_binary),
            }),
        }
    }

    /// Reads a message. Fields that are not known are passed over; so is a warning beside the
    /// reply to an announce.
    pub fn decode(json: &str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        let given: Given = json::object(json.as_bytes())?;
        if given.failure.is_some() || given.is_bare_warning() {
            return given.text();
        }
        match given.action.as_deref() {
            Some("announce") => given.announce(limits),
            Some("scrape") => given.scrape(limits),
            Some(_) => Err(DecodeError::UnknownAction),
            None => Err(DecodeError::Missing("action")),
        }
    }
}

impl Given {
    fn is_bare_warning(&self) -> bool {
        let says_more = self.interval.is_some()
            || self.complete.is_some()
            || self.offer.is_some()
            || self.answer.is_some()
            || self.files.is_some();
        self.warning.is_some() && !says_more
    }

    fn text(self) -> Result<TrackerMessage, DecodeError> {
        let info_hash = self
            .info_hash
            .as_deref()
            .map(InfoHash::from_binary)
            .transpose()?;
        let kept = |text: String| text.chars().take(MAX_TEXT).collect();
        match (self.failure, self.warning) {
            (Some(reason), _) => Ok(TrackerMessage::Failure {
                reason: kept(reason),
                info_hash,
            }),
            (None, Some(message)) => Ok(TrackerMessage::Warning {
                message: kept(message),
                info_hash,
            }),
            (None, None) => Err(DecodeError::Missing("failure reason")),
        }
    }

    fn announce(self, limits: &Limits) -> Result<TrackerMessage, DecodeError> {
        let info_hash = id(
            self.info_hash.as_deref(),
            "info_hash",
            InfoHash::from_binary,
        )?;
        if self.offer.is_none() && self.answer.is_none() {
            let min_interval = self.min_interval.map(Count::small);
            let interval = self.interval.map(Count::small).or(min_interval);
            return Ok(TrackerMessage::Announced {
                info_hash,
                interval: interval.unwrap_or(DEFAULT_INTERVAL),
                complete: small(self.complete),
                incomplete: small(self.incomplete),
                min_interval,
            });
        }
        let peer_id = id(self.peer_id.as_deref(), "peer_id", PeerId::from_binary)?;
        let offer_id = id(self.offer_id.as_deref(), "offer_id", OfferId::from_binary)?;
        match (self.offer, self.answer) {
            (Some(offer), _) => {
                let sdp = offer.sdp("offer", limits)?;
                Ok(TrackerMessage::Offer {
                    info_hash,
                    peer_id,
                    offer_id,
                    sdp,
                })
            }
            (None, Some(answer)) => {
                let sdp = answer.sdp("answer", limits)?;
                Ok(TrackerMessage::Answer {
                    info_hash,
                    peer_id,
                    offer_id,
                    sdp,
                })
            }
            (None, None) => Err(DecodeError::Missing("offer")),
        }
    }

    fn scrape(self, limits: &Limits) -> Result<TrackerMessage, DecodeError> {
        let CappedMap(files) = self.files.ok_or(DecodeError::Missing("files"))?;
        let files = files
            .within(limits.max_scrape)
            .map_err(|limit| DecodeError::TooMany { limit })?;
        let files = files
            .into_iter()
            .map(|(hash, counts)| Ok((InfoHash::from_binary(&hash)?, counts.read())))
            .collect::<Result<_, DecodeError>>()?;
        Ok(TrackerMessage::Scraped { files })
    }
}

impl GivenScrape {
    fn read(&self) -> Scrape {
        Scrape {
            complete: small(self.complete),
            incomplete: small(self.incomplete),
            downloaded: small(self.downloaded),
        }
    }
}

fn write_files<S: Serializer>(files: &&[(InfoHash, Scrape)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(files.len()))?;
    for (hash, counts) in *files {
        map.serialize_entry(&hash.to_binary(), counts)?;
    }
    map.end()
}
