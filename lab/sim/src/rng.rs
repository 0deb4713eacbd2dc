//! Random numbers: one stream for each node and purpose, all from the run's seed.
//!
//! Because no stream is shared, one more viewer does not reshuffle the draws of the others, and
//! both arms of a comparison draw the same viewers.

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// A stream of random numbers.
pub(crate) type Rng = Pcg64Mcg;

/// The purpose of a stream.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The engine's own seed.
    Engine = 1,
    /// Jitter and loss.
    Network = 2,
    /// Errors of the origin.
    Origin = 3,
    /// The viewer, and its doings.
    Plan = 4,
    /// The viewers that the tracker introduces.
    Tracker = 5,
}

/// The stream of `node` for `purpose` in the run with `seed`.
pub(crate) fn stream(seed: u64, node: u64, purpose: Purpose) -> Rng {
    // The golden ratio spreads the small node numbers over all bits.
    let spread = node.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Rng::seed_from_u64(seed ^ spread ^ ((purpose as u64) << 56))
}
