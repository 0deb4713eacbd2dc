//! The tracker dies and comes back.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

#[test]
fn peers_who_know_each_other_go_on_sharing() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.8])
        .watched_by(Crowd::of(6).arriving_over(secs(10)).on(Access::cable()))
        .with_tracker_outage(secs(20), minutes(10))
        .compare();
    assert!(comparison.offload() >= 0.5, "{comparison}");
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
}

#[test]
fn without_a_tracker_everyone_watches_from_the_origin() {
    let comparison = Scenario::vod(minutes(1))
        .watched_by(Crowd::of(4).arriving_over(secs(10)).on(Access::cable()))
        .with_tracker_outage(secs(0), minutes(10))
        .compare();
    assert_eq!(comparison.shared.peer_bytes(), 0, "{comparison}");
    assert_eq!(
        comparison.shared.waited(),
        comparison.alone.waited(),
        "{comparison}"
    );
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.played == minutes(1))
    );
}

#[test]
fn viewers_find_each_other_when_it_returns() {
    let comparison = Scenario::vod(minutes(3))
        .at_mbits(&[0.8])
        .watched_by(Crowd::of(6).arriving_over(secs(10)).on(Access::cable()))
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
    assert!(comparison.offload() >= 0.2, "{comparison}");
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
}
