//! The index as text.

use super::{IceServer, Index, IndexPolicy, IndexTrack, MAX_INDEX_BYTES, P2p};
use crate::DecodeError;
use crate::id::InfoHash;
use crate::json::{Value, Writer};

/// The version that this program reads and writes.
const VERSION: u64 = 1;

impl Index {
    /// Reads `index.json`. Fields that are not known are passed over, and `null` is as good as
    /// nothing.
    pub fn parse(json: &[u8]) -> Result<Self, DecodeError> {
        if json.len() > MAX_INDEX_BYTES {
            return Err(DecodeError::Oversized {
                limit: MAX_INDEX_BYTES,
            });
        }
        let json = core::str::from_utf8(json).map_err(|_| DecodeError::Text)?;
        let index = Value::new(json)?;
        let [version, swarm, live, piece_length, stride] =
            index.fields(["shoal", "swarm", "live", "piece_length", "stride"])?;
        let [trackers, ice, mirrors, policy, token, tracks] =
            index.fields(["trackers", "ice", "mirrors", "policy", "token", "tracks"])?;
        let version = required(version, "shoal")?.whole()?;
        if version != VERSION {
            return Err(DecodeError::IndexVersion(version));
        }
        let index = Self {
            swarm: InfoHash::from_hex(&required(swarm, "swarm")?.text()?)?,
            live: live.map_or(Ok(false), Value::flag)?,
            piece_length: required(piece_length, "piece_length")?.whole()?,
            stride: required(stride, "stride")?.whole()?,
            trackers: list(trackers, Value::text)?,
            ice: list(ice, IceServer::read)?,
            mirrors: list(mirrors, Value::text)?,
            policy: policy.map_or(Ok(IndexPolicy::default()), IndexPolicy::read)?,
            token: token.map(Value::text).transpose()?,
            tracks: list(Some(required(tracks, "tracks")?), IndexTrack::read)?,
        };
        index.validate()?;
        Ok(index)
    }

    /// Writes `index.json`.
    pub fn to_json(&self) -> String {
        Writer::object(|index| {
            index.number("shoal", VERSION);
            index.text("swarm", &self.swarm.to_hex());
            index.flag("live", self.live);
            index.number("piece_length", self.piece_length.into());
            index.number("stride", self.stride.into());
            index.texts("trackers", &self.trackers);
            if !self.ice.is_empty() {
                index.inners("ice", &self.ice, |entry, server| server.write(entry));
            }
            if !self.mirrors.is_empty() {
                index.texts("mirrors", &self.mirrors);
            }
            index.inner("policy", |policy| self.policy.write(policy));
            if let Some(token) = &self.token {
                index.text("token", token);
            }
            index.inners("tracks", &self.tracks, |entry, track| {
                entry.text("playlist", &track.playlist);
                entry.number("part_segments", track.part_segments.into());
            });
        })
    }
}

impl IceServer {
    fn read(value: Value<'_>) -> Result<Self, DecodeError> {
        let [urls, username, credential] = value.fields(["urls", "username", "credential"])?;
        Ok(Self {
            urls: list(Some(urls.ok_or_else(|| value.error())?), Value::text)?,
            username: username.map(Value::text).transpose()?,
            credential: credential.map(Value::text).transpose()?,
        })
    }

    fn write(&self, entry: &mut Writer) {
        entry.texts("urls", &self.urls);
        if let Some(username) = &self.username {
            entry.text("username", username);
        }
        if let Some(credential) = &self.credential {
            entry.text("credential", credential);
        }
    }
}

impl IndexPolicy {
    fn read(value: Value<'_>) -> Result<Self, DecodeError> {
        let [p2p, video, min_viewers, viewers] =
            value.fields(["p2p", "video", "min_viewers", "viewers"])?;
        Ok(Self {
            p2p: p2p.map_or(Ok(P2p::default()), P2p::read)?,
            video: video.map(P2p::read).transpose()?,
            min_viewers: min_viewers.map_or(Ok(0), Value::whole)?,
            viewers: viewers.map(Value::text).transpose()?,
        })
    }

    fn write(&self, policy: &mut Writer) {
        policy.text("p2p", self.p2p.name());
        if let Some(video) = self.video {
            policy.text("video", video.name());
        }
        policy.number("min_viewers", self.min_viewers.into());
        if let Some(viewers) = &self.viewers {
            policy.text("viewers", viewers);
        }
    }
}

impl P2p {
    fn read(value: Value<'_>) -> Result<Self, DecodeError> {
        let name = value.text()?;
        let known = [Self::Ask, Self::Off, Self::On];
        let word = known.into_iter().find(|word| word.name() == name);
        word.ok_or_else(|| value.error())
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Off => "off",
            Self::On => "on",
        }
    }
}

impl IndexTrack {
    fn read(value: Value<'_>) -> Result<Self, DecodeError> {
        let [playlist, part_segments] = value.fields(["playlist", "part_segments"])?;
        let missing = || value.error();
        Ok(Self {
            playlist: playlist.ok_or_else(missing)?.text()?,
            part_segments: part_segments.ok_or_else(missing)?.whole()?,
        })
    }
}

fn required<'a>(value: Option<Value<'a>>, name: &'static str) -> Result<Value<'a>, DecodeError> {
    value.ok_or(DecodeError::Missing(name))
}

/// A list, or none. Its items are not counted here: the whole is small.
fn list<'a, T>(
    value: Option<Value<'a>>,
    read: fn(Value<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    value.map_or(Ok(Vec::new()), |value| value.items()?.map(read).collect())
}
