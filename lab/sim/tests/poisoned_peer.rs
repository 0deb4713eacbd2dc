//! A peer that sends rotten bytes spoils nobody's picture, and is dropped.
//!
//! That no rotten piece is ever delivered or passed on is asserted by the simulated store itself.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

#[test]
fn rot_is_refused_and_its_sender_dropped() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.8])
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
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
    assert!(
        comparison.offload() >= 0.4,
        "the honest still share: {comparison}"
    );
}

#[test]
fn half_a_swarm_of_rot_costs_no_stall() {
    let comparison = Scenario::vod(minutes(1))
        .at_mbits(&[0.8])
        .watched_by(
            Crowd::of(4)
                .arriving_over(secs(10))
                .on(Access::cable())
                .who_send_corrupt_bytes(),
        )
        .watched_by(Crowd::of(4).arriving_over(secs(10)).on(Access::cable()))
        .compare();
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .any(|viewer| viewer.banned > 0)
    );
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
}
