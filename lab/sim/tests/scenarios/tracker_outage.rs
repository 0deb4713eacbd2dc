//! The tracker dies and comes back.

use shoal_sim::{Scenario, minutes, secs};

use crate::floors;
use crate::setup::{all_play, crowd, nobody_waits, vod};

#[test]
fn peers_who_know_each_other_go_on_sharing() {
    let comparison = vod(minutes(2))
        .watched_by(crowd(6).arriving_over(secs(10)))
        .with_tracker_outage(secs(20), minutes(10))
        .compare();
    floors::holds("peers_who_know_each_other_go_on_sharing", &comparison);
    nobody_waits(&comparison);
}

#[test]
fn without_a_tracker_everyone_watches_from_the_origin() {
    let comparison = Scenario::vod(minutes(1))
        .watched_by(crowd(4).arriving_over(secs(10)))
        .with_tracker_outage(secs(0), minutes(10))
        .compare();
    assert_eq!(comparison.shared.peer_bytes(), 0, "{comparison}");
    assert_eq!(
        comparison.shared.waited(),
        comparison.alone.waited(),
        "{comparison}"
    );
    all_play(&comparison.shared, minutes(1));
}

#[test]
fn viewers_find_each_other_when_it_returns() {
    let comparison = vod(minutes(3))
        .watched_by(crowd(6).arriving_over(secs(10)))
        .with_tracker_outage(secs(0), secs(30))
        .compare();
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.links > 0),
        "{comparison}"
    );
    floors::holds("viewers_find_each_other_when_it_returns", &comparison);
    nobody_waits(&comparison);
}
