//! A peer that sends slowly delays nobody.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

use crate::floors;
use crate::setup::{all_play, nobody_waits, vod};

#[test]
fn a_slow_peer_with_everything_is_bypassed() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[1.5])
        .watched_by(Crowd::of(2).on(Access::of(50.0, 0.3, 20)))
        .watched_by(Crowd::of(3).arriving_from(secs(40)).on(Access::cable()))
        .compare();
    nobody_waits(&comparison);
    all_play(&comparison.shared, minutes(2));
}

#[test]
fn a_slow_peer_beside_fast_ones_costs_no_offload() {
    let comparison = vod(minutes(2))
        .watched_by(Crowd::of(2).on(Access::of(50.0, 0.2, 20)))
        .watched_by(Crowd::of(8).arriving_over(secs(40)).on(Access::fibre()))
        .compare();
    nobody_waits(&comparison);
    floors::holds("a_slow_peer_beside_fast_ones_costs_no_offload", &comparison);
}
