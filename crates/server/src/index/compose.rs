//! The index as one viewer gets it: what the operator decides is filled in when it is asked for.

use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use shoal_wire::index::{Index, P2p};

use crate::ice::Turn;

/// What the operator decides about every video, and may decide anew while it is watched.
#[derive(Clone, Debug, Default)]
pub struct Composer {
    /// Whether viewers may share, and whether they are asked.
    pub p2p: P2p,
    /// Viewers that there must be before any of them shares. 0 and 1 stand for any number.
    pub min_viewers: u32,
    /// Relays for viewers who hide their address.
    pub turn: Option<Turn>,
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
        index: &Index,
        token: Option<String>,
        now: SystemTime,
    ) -> Composed {
        let mut index = index.clone();
        index.token = token;
        index.policy.p2p = self.p2p;
        index.policy.min_viewers = self.min_viewers;
        if self.min_viewers > 1 {
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
        index::{IndexPolicy, IndexTrack},
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
            policy: IndexPolicy::default(),
            token: None,
            tracks: vec![IndexTrack {
                playlist: "../p.m3u8".into(),
                part_segments: 1,
            }],
        }
    }

    fn composed(composer: &Composer) -> (Index, Composed) {
        let composed = composer.compose(&index(), None, SystemTime::UNIX_EPOCH);
        (Index::parse(&composed.bytes).unwrap(), composed)
    }

    #[test]
    fn without_decisions_it_stays_as_it_is() {
        let (read, composed) = composed(&Composer::default());
        assert_eq!(read, index());
        assert!(!composed.private);
    }

    #[test]
    fn a_least_number_of_viewers_comes_with_the_place_to_ask() {
        let (read, _) = composed(&Composer {
            min_viewers: 3,
            ..Composer::default()
        });
        assert_eq!(read.policy.min_viewers, 3);
        let place = format!("/viewers/{}", index().swarm);
        assert_eq!(read.policy.viewers, Some(place));
    }

    #[test]
    fn an_index_with_credentials_is_for_one_viewer() {
        let turn = Turn {
            urls: vec!["turn::3478".into()],
            access: TurnAccess::Secret(b"s".to_vec()),
        };
        let (read, composed) = composed(&Composer {
            turn: Some(turn.clone()),
            ..Composer::default()
        });
        assert_eq!(read.ice, [turn.server(SystemTime::UNIX_EPOCH)]);
        assert!(composed.private);
    }

    #[test]
    fn an_index_with_a_join_token_is_for_one_viewer() {
        let token = Some("token".to_owned());
        let composer = Composer::default();
        let composed = composer.compose(&index(), token.clone(), SystemTime::UNIX_EPOCH);
        assert_eq!(Index::parse(&composed.bytes).unwrap().token, token);
        assert!(composed.private);
    }

    #[test]
    fn another_decision_has_another_tag() {
        let of = |p2p| {
            let composer = Composer {
                p2p,
                ..Composer::default()
            };
            composed(&composer).1.etag
        };
        assert_eq!(of(P2p::On), of(P2p::On));
        assert_ne!(of(P2p::On), of(P2p::Off));
    }
}
