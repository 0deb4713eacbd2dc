//! The index as one viewer gets it: what the operator decides is filled in when it is asked for.

use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use shoal_wire::index::Index;

use super::mirrors;
use crate::{ice::Turn, path::FilePath, policy::Policy};

/// Fills into an index what is decided when it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Composer {
    /// Relays for viewers who hide their address.
    pub(crate) turn: Option<Turn>,
    /// Other servers that have a copy of the whole directory.
    pub(crate) mirrors: Vec<String>,
}

/// An index that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Composed {
    pub(super) bytes: Bytes,
    /// Names the contents: the policy in it changes without the swarm.
    pub(super) etag: String,
    /// Whether it is for one viewer, since it holds what a stranger should not have.
    pub(super) private: bool,
}

impl Composer {
    /// Fills in what is decided now, and the token that the tracker wants to see, if it does.
    pub(super) fn compose(
        &self,
        playlist: &FilePath,
        index: &Index,
        policy: Policy,
        token: Option<String>,
        now: SystemTime,
    ) -> Composed {
        let mut index = index.clone();
        index.token = token;
        // An index on the disk may have its own.
        if index.mirrors.is_empty() {
            index.mirrors = mirrors::of(&self.mirrors, playlist);
        }
        index.policy.p2p = policy.site;
        index.policy.video = policy.video.or(index.policy.video);
        index.policy.min_viewers = policy.min_viewers.max(index.policy.min_viewers);
        if index.policy.min_viewers > 1 {
            index.policy.viewers = Some(format!("/viewers/{}", index.swarm));
        }
        index
            .ice
            .extend(self.turn.as_ref().map(|turn| turn.server(now)));
        let bytes = Bytes::from(index.to_json());
        let digest = Sha256::digest(&bytes);
        let hex = |text: String, byte: &u8| format!("{text}{byte:02x}");
        Composed {
            etag: format!("\"{}\"", digest.iter().take(16).fold(String::new(), hex)),
            bytes,
            private: self.turn.is_some() || index.token.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use shoal_wire::{
        id::{InfoHash, PIECE_LENGTH},
        index::{IndexPolicy, IndexTrack, P2p},
    };

    use super::*;
    use crate::ice::TurnAccess;

    fn index() -> Index {
        Index {
            swarm: InfoHash([7; 20]),
            live: false,
            piece_length: PIECE_LENGTH,
            stride: 256,
            trackers: Vec::new(),
            ice: Vec::new(),
            mirrors: Vec::new(),
            policy: IndexPolicy::default(),
            token: None,
            tracks: vec![IndexTrack {
                playlist: "../p.m3u8".into(),
                part_segments: 1,
            }],
        }
    }

    fn playlist() -> FilePath {
        FilePath::from_url("/a/p.m3u8").unwrap()
    }

    fn policy(site: P2p, min_viewers: u32) -> Policy {
        Policy {
            site,
            video: None,
            min_viewers,
        }
    }

    fn composed(composer: &Composer, policy: Policy) -> (Index, Composed) {
        let composed =
            composer.compose(&playlist(), &index(), policy, None, SystemTime::UNIX_EPOCH);
        (Index::parse(&composed.bytes).unwrap(), composed)
    }

    #[test]
    fn without_decisions_it_stays_as_it_is() {
        let (read, composed) = composed(&Composer::default(), policy(P2p::Ask, 0));
        assert_eq!(read, index());
        assert!(!composed.private);
    }

    #[test]
    fn a_least_number_of_viewers_comes_with_the_place_to_ask() {
        let (read, _) = composed(&Composer::default(), policy(P2p::Ask, 3));
        assert_eq!(read.policy.min_viewers, 3);
        let place = format!("/viewers/{}", index().swarm);
        assert_eq!(read.policy.viewers, Some(place));
    }

    #[test]
    fn mirrors_are_named_unless_the_index_names_its_own() {
        let composer = Composer {
            mirrors: vec!["https://m.example/".into()],
            ..Composer::default()
        };
        let (read, composed) = composed(&composer, policy(P2p::Ask, 0));
        assert_eq!(read.mirrors, ["https://m.example/a/"]);
        assert!(!composed.private);
        let mut own = index();
        own.mirrors = vec!["https://own.example/".into()];
        let policy = policy(P2p::Ask, 0);
        let now = SystemTime::UNIX_EPOCH;
        let composed = composer.compose(&playlist(), &own, policy, None, now);
        assert_eq!(Index::parse(&composed.bytes).unwrap().mirrors, own.mirrors);
    }

    #[test]
    fn an_index_with_credentials_is_for_one_viewer() {
        let turn = Turn {
            urls: vec!["turn::3478".into()],
            access: TurnAccess::Secret(b"s".to_vec()),
        };
        let composer = Composer {
            turn: Some(turn.clone()),
            ..Composer::default()
        };
        let (read, composed) = composed(&composer, policy(P2p::Ask, 0));
        assert_eq!(read.ice, [turn.server(SystemTime::UNIX_EPOCH)]);
        assert!(composed.private);
    }

    #[test]
    fn an_index_with_a_join_token_is_for_one_viewer() {
        let token = Some("token".to_owned());
        let composer = Composer::default();
        let composed = composer.compose(
            &playlist(),
            &index(),
            policy(P2p::Ask, 0),
            token.clone(),
            SystemTime::UNIX_EPOCH,
        );
        assert_eq!(Index::parse(&composed.bytes).unwrap().token, token);
        assert!(composed.private);
    }

    #[test]
    fn another_decision_has_another_tag() {
        let of = |p2p| composed(&Composer::default(), policy(p2p, 0)).1.etag;
        assert_eq!(of(P2p::On), of(P2p::On));
        assert_ne!(of(P2p::On), of(P2p::Off));
    }
}
