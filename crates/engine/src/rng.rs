//! All chance of the engine: one seed, one stream.

use shoal_wire::id::{OfferId, PeerId, SegmentId};

/// SplitMix64 (Steele, Lea, Flood 2014): small, quick, the same on every machine. Not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Evenly from `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Evenly from `[1 - spread, 1 + spread)`: keeps a crowd from acting in step.
    pub(crate) fn around_one(&mut self, spread: f64) -> f64 {
        1.0 - spread + 2.0 * spread * self.unit()
    }

    /// An Azureus-style peer id (BEP 20): [`CLIENT`] and twelve letters and digits.
    pub(crate) fn peer_id(&mut self) -> PeerId {
        let mut id = [0; 20];
        for (at, byte) in id.iter_mut().enumerate() {
            *byte = match CLIENT.get(at) {
                Some(&client) => client,
                None => self.letter(),
            };
        }
        PeerId(id)
    }

    /// A name for an offer. Letters and digits, which every tracker passes on unharmed.
    pub(crate) fn offer_id(&mut self) -> OfferId {
        let mut id = [0; 20];
        for byte in &mut id {
            *byte = self.letter();
        }
        OfferId(id)
    }

    fn letter(&mut self) -> u8 {
        match (self.bits() % 62) as u8 {
            n @ 0..10 => b'0' + n,
            n @ 10..36 => b'a' + n - 10,
            n => b'A' + n - 36,
        }
    }
}

/// What our peer ids begin with (BEP 20): `SH`, and a digit each of the version's numbers.
const CLIENT: [u8; 8] = [
    b'-',
    b'S',
    b'H',
    digit(env!("CARGO_PKG_VERSION_MAJOR")),
    digit(env!("CARGO_PKG_VERSION_MINOR")),
    digit(env!("CARGO_PKG_VERSION_PATCH")),
    b'0',
    b'-',
];

/// The last digit of a number.
const fn digit(number: &str) -> u8 {
    match number.as_bytes() {
        [.., last] => *last,
        [] => b'0',
    }
}

/// A viewer's place in the election for a segment, evenly from `[0, 1)`: the same for everyone who computes it, so
/// that neighbours agree on the order in which they go to the origin without a word.
pub(crate) fn election_hash(peer: PeerId, segment: SegmentId) -> f64 {
    let mut state = mix(segment.seq ^ (u64::from(segment.track.0) << 48));
    for chunk in peer.0.chunks(8) {
        let word = chunk
            .iter()
            .fold(0_u64, |word, &byte| (word << 8) | u64::from(byte));
        state = mix(state ^ word.wrapping_add(0x9e37_79b9_7f4a_7c15));
    }
    unit(state)
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use shoal_wire::id::TrackId;

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let (mut a, mut b, mut c) = (Rng::new(7), Rng::new(7), Rng::new(8));
        assert_eq!(a.peer_id(), b.peer_id());
        assert_ne!(a.offer_id(), c.offer_id());
    }

    #[test]
    fn a_peer_id_names_client_and_version() {
        let id = Rng::new(1).peer_id().0;
        let version = env!("CARGO_PKG_VERSION").replace('.', "");
        assert_eq!(id[..8], *format!("-SH{version}0-").as_bytes());
    }

    #[test]
    fn places_are_spread_evenly() {
        let mut rng = Rng::new(1);
        let segment = SegmentId {
            track: TrackId(1),
            seq: 17,
        };
        let low = (0..10_000)
            .filter(|_| election_hash(rng.peer_id(), segment) < 0.25)
            .count();
        assert!(
            (2_300..2_700).contains(&low),
            "{low} of 10,000 under a quarter"
        );
    }

    #[test]
    fn a_viewer_has_another_place_for_each_segment() {
        let peer = Rng::new(3).peer_id();
        let draw = |seq| {
            election_hash(
                peer,
                SegmentId {
                    track: TrackId(0),
                    seq,
                },
            )
        };
        assert_ne!(draw(1), draw(2));
        assert_eq!(draw(1), draw(1));
    }
}
