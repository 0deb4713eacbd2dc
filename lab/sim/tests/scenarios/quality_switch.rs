//! Viewers change the rendition all the time, and stay in one swarm.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

use crate::floors;
use crate::setup::{all_play, crowd};

#[test]
fn switching_viewers_keep_their_peers_and_never_stall() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.4, 0.8, 1.6])
        .watched_by(crowd(10).switching_quality_every(secs(10)..secs(30)))
        .compare();
    assert_eq!(
        comparison.shared.stalls(),
        comparison.alone.stalls(),
        "{comparison}"
    );
    floors::holds(
        "switching_viewers_keep_their_peers_and_never_stall",
        &comparison,
    );
    all_play(&comparison.shared, minutes(2));
}

#[test]
fn viewers_of_different_renditions_are_in_one_swarm() {
    let watching = |rendition| Crowd::of(2).on(Access::cable()).watching(rendition);
    let report = Scenario::vod(minutes(1))
        .at_mbits(&[0.4, 0.8])
        .watched_by(watching(0))
        .watched_by(watching(1))
        .run();
    assert!(report.viewers.iter().all(|viewer| viewer.stats.peers == 3));
}
