//! A peer that sends corrupt bytes spoils nobody's picture, and is dropped.
//!
//! That no corrupt piece is ever delivered or passed on is asserted by the simulated store itself.

use shoal_sim::{Access, Crowd, minutes, secs};

use crate::floors;
use crate::setup::{crowd, nobody_waits, vod};

#[test]
fn corrupt_bytes_are_refused_and_their_sender_dropped() {
    let comparison = vod(minutes(2))
        .watched_by(Crowd::of(1).on(Access::fibre()).who_send_corrupt_bytes())
        .watched_by(
            Crowd::of(6)
                .arriving_from(secs(10))
                .arriving_over(secs(20))
                .on(Access::cable()),
        )
        .compare();
    let victims = &comparison.shared.viewers[1..];
    assert!(
        victims.iter().any(|viewer| viewer.stats.rotten_pieces > 0),
        "nobody met it"
    );
    for viewer in victims
        .iter()
        .filter(|viewer| viewer.stats.rotten_pieces > 0)
    {
        assert!(viewer.banned > 0, "the sender was kept");
        assert!(
            viewer.stats.rotten_pieces < 20,
            "{} were taken",
            viewer.stats.rotten_pieces
        );
    }
    assert!(victims.iter().all(|viewer| viewer.played == minutes(2)));
    nobody_waits(&comparison);
    floors::holds(
        "corrupt_bytes_are_refused_and_their_sender_dropped",
        &comparison,
    );
}

#[test]
fn half_a_swarm_that_sends_corrupt_bytes_costs_no_stall() {
    let comparison = vod(minutes(1))
        .watched_by(crowd(4).arriving_over(secs(10)).who_send_corrupt_bytes())
        .watched_by(crowd(4).arriving_over(secs(10)))
        .compare();
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .any(|viewer| viewer.banned > 0)
    );
    nobody_waits(&comparison);
    floors::holds(
        "half_a_swarm_that_sends_corrupt_bytes_costs_no_stall",
        &comparison,
    );
}
