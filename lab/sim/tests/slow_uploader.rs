//! A peer that sends slowly delays nobody.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

#[test]
fn a_slow_peer_with_everything_is_bypassed() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[1.5])
        .watched_by(Crowd::of(2).on(Access::of(50.0, 0.3, 20)))
        .watched_by(Crowd::of(3).arriving_from(secs(40)).on(Access::cable()))
        .compare();
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.played == minutes(2))
    );
}

#[test]
fn a_slow_peer_beside_fast_ones_costs_no_offload() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.8])
        .watched_by(Crowd::of(2).on(Access::of(50.0, 0.2, 20)))
        .watched_by(Crowd::of(8).arriving_over(secs(40)).on(Access::fibre()))
        .compare();
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
    assert!(comparison.offload() >= 0.5, "{comparison}");
}
