//! The origin dies in mid-play: what peers have they pass on.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

#[test]
fn peers_carry_those_who_came_later_over_an_outage() {
    let comparison = Scenario::vod(minutes(3))
        .at_mbits(&[0.8])
        .watched_by(Crowd::of(4).on(Access::fibre()))
        .watched_by(Crowd::of(4).arriving_from(secs(60)).on(Access::fibre()))
        .with_origin_outage(secs(75), secs(50))
        .compare();
    let later = |report: &shoal_sim::Report| {
        report
            .viewers
            .iter()
            .skip(4)
            .map(|viewer| viewer.waited())
            .max()
    };
    assert!(
        later(&comparison.alone) > Some(secs(5)),
        "the outage is felt: {comparison}"
    );
    assert_eq!(later(&comparison.shared), Some(secs(0)), "{comparison}");
}

#[test]
fn everyone_goes_on_when_it_returns() {
    let comparison = Scenario::vod(minutes(2))
        .watched_by(Crowd::of(3).arriving_over(secs(10)).on(Access::cable()))
        .with_origin_outage(secs(20), secs(60))
        .compare();
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.played == minutes(2))
    );
    // After an outage all depends on whose retry comes first: hls.js waits up to 8 s.
    assert!(comparison.worst_wait() <= secs(8), "{comparison}");
}
