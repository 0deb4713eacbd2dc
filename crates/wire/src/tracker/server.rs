//! From a tracker to a viewer.

use super::{
    Description, HARD_CAP, Limits, MAX_TEXT, Text, id, sdp, small, text, write_description,
};
use crate::DecodeError;
use crate::id::{InfoHash, OfferId, PeerId};
use crate::json::{Value, Writer};

/// Seconds between announces when a tracker does not say.
const DEFAULT_INTERVAL: u32 = 120;

/// The value of `p2p` in a failure when sharing is switched off.
const OFF: &str = "off";

/// The viewers of one swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrape {
    /// Seeders.
    pub complete: u32,
    /// Others.
    pub incomplete: u32,
    /// Viewers that have ever come to have all.
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

impl<S: Description> TrackerMessage<S> {
    /// The message's JSON.
    pub fn encode(&self) -> String {
        let length = match self {
            Self::Answer { sdp, .. } | Self::Offer { sdp, .. } => match sdp.text() {
                // Its lines' ends are escaped, and so may be the ids.
                Text::Plain(sdp) => 384 + sdp.len() + sdp.len() / 8,
                Text::Json(json) => 384 + json.len(),
            },
            _ => 160,
        };
        Writer::sized(length, |message| self.write(message))
    }

    fn write(&self, message: &mut Writer) {
        match self {
            Self::Announced {
                info_hash,
                interval,
                complete,
                incomplete,
                min_interval,
            } => {
                write_swarm(message, info_hash);
                message.number("interval", (*interval).into());
                message.number("complete", (*complete).into());
                message.number("incomplete", (*incomplete).into());
                if let Some(seconds) = *min_interval {
                    message.number("min interval", seconds.into());
                }
            }
            Self::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => {
                write_swarm(message, info_hash);
                message.text("peer_id", &peer_id.to_binary());
                message.text("offer_id", &offer_id.to_binary());
                write_description(message, "answer", sdp.text());
            }
            Self::Failure {
                reason,
                info_hash,
                off,
            } => {
                message.text("failure reason", reason);
                // Only together: an action without a swarm is an uncaught exception in
                // WebTorrent's client.
                if let Some(info_hash) = info_hash {
                    write_swarm(message, info_hash);
                }
                if let Some(by) = off {
                    message.text("p2p", OFF);
                    message.text("by", by.name());
                }
            }
            Self::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => {
                write_swarm(message, info_hash);
                message.text("peer_id", &peer_id.to_binary());
                message.text("offer_id", &offer_id.to_binary());
                write_description(message, "offer", sdp.text());
            }
            Self::Scraped { files } => {
                message.text("action", "scrape");
                message.inner("files", |list| {
                    for (hash, counts) in files {
                        list.inner(&hash.to_binary(), |entry| counts.write(entry));
                    }
                });
            }
            Self::Warning {
                message: warning,
                info_hash,
            } => {
                message.text("warning message", warning);
                if let Some(info_hash) = info_hash {
                    write_swarm(message, info_hash);
                }
            }
        }
    }
}

impl TrackerMessage {
    /// Reads a message. Fields that are not known, or that its kind has not, are passed over; so
    /// is a warning beside the reply to an announce.
    pub fn decode(json: &str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        let message = Value::new(json)?;
        let [action, failure, warning, info_hash] =
            message.fields(["action", "failure reason", "warning message", "info_hash"])?;
        let more = ["interval", "complete", "offer", "answer", "files"];
        let says_more = message.fields(more)?.iter().any(Option::is_some);
        let hash = || {
            let hash = text(info_hash)?;
            hash.map(|hash| InfoHash::from_binary(&hash)).transpose()
        };
        if let Some(reason) = failure {
            return Ok(Self::Failure {
                reason: cut(reason)?,
                info_hash: hash()?,
                off: OffBy::read(message)?,
            });
        }
        if let Some(warning) = warning.filter(|_| !says_more) {
            return Ok(Self::Warning {
                message: cut(warning)?,
                info_hash: hash()?,
            });
        }
        match text(action)?.as_deref() {
            Some("announce") => Self::announce(message, limits),
            Some("scrape") => scraped(message, limits).map(|files| Self::Scraped { files }),
            Some(_) => Err(DecodeError::UnknownAction),
            None => Err(DecodeError::Missing("action")),
        }
    }

    fn announce(message: Value<'_>, limits: &Limits) -> Result<Self, DecodeError> {
        let [info_hash, peer_id, offer_id, offer, answer] =
            message.fields(["info_hash", "peer_id", "offer_id", "offer", "answer"])?;
        let info_hash = id(info_hash, "info_hash", InfoHash::from_binary)?;
        let ids = || {
            let peer_id = id(peer_id, "peer_id", PeerId::from_binary)?;
            let offer_id = id(offer_id, "offer_id", OfferId::from_binary)?;
            Ok((peer_id, offer_id))
        };
        if let Some(offer) = offer {
            let (peer_id, offer_id) = ids()?;
            return Ok(Self::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp: sdp(offer, "offer", limits)?,
            });
        }
        if let Some(answer) = answer {
            let (peer_id, offer_id) = ids()?;
            return Ok(Self::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp: sdp(answer, "answer", limits)?,
            });
        }
        let [interval, min_interval, complete, incomplete] =
            message.fields(["interval", "min interval", "complete", "incomplete"])?;
        let min_interval = small(min_interval)?;
        let interval = small(interval)?.or(min_interval);
        Ok(Self::Announced {
            info_hash,
            interval: interval.unwrap_or(DEFAULT_INTERVAL),
            complete: small(complete)?.unwrap_or_default(),
            incomplete: small(incomplete)?.unwrap_or_default(),
            min_interval,
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

    /// Whatever else another tracker may say by these names is none of our business.
    fn read(message: Value<'_>) -> Result<Option<Self>, DecodeError> {
        let [p2p, by] = message.fields(["p2p", "by"])?;
        let is = |value: Option<Value<'_>>, word| {
            value.is_some_and(|value| value.text().is_ok_and(|text| text == word))
        };
        let by = if is(by, Self::Video.name()) {
            Self::Video
        } else {
            Self::Site
        };
        Ok(is(p2p, OFF).then_some(by))
    }
}

impl Scrape {
    fn write(&self, entry: &mut Writer) {
        entry.number("complete", self.complete.into());
        entry.number("incomplete", self.incomplete.into());
        entry.number("downloaded", self.downloaded.into());
    }

    fn read(counts: Value<'_>) -> Result<Self, DecodeError> {
        let [complete, incomplete, downloaded] =
            counts.fields(["complete", "incomplete", "downloaded"])?;
        Ok(Self {
            complete: small(complete)?.unwrap_or_default(),
            incomplete: small(incomplete)?.unwrap_or_default(),
            downloaded: small(downloaded)?.unwrap_or_default(),
        })
    }
}

fn scraped(message: Value<'_>, limits: &Limits) -> Result<Vec<(InfoHash, Scrape)>, DecodeError> {
    let [files] = message.fields(["files"])?;
    let files = files.ok_or(DecodeError::Missing("files"))?.entries()?;
    let limit = limits.max_scrape.min(HARD_CAP);
    if files.clone().count() > limit {
        return Err(DecodeError::TooMany { limit });
    }
    let file = |(hash, counts): (Value<'_>, Value<'_>)| {
        let hash = InfoHash::from_binary(&hash.text()?)?;
        Ok((hash, Scrape::read(counts)?))
    };
    files.map(file).collect()
}

/// Every message that is not about a scrape bears this action.
fn write_swarm(message: &mut Writer, info_hash: &InfoHash) {
    message.text("action", "announce");
    message.text("info_hash", &info_hash.to_binary());
}

/// As much of a text for humans as is kept.
fn cut(value: Value<'_>) -> Result<String, DecodeError> {
    Ok(value.text()?.chars().take(MAX_TEXT).collect())
}
