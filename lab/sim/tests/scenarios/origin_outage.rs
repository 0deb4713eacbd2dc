//! The origin dies in mid-play: what peers have they pass on.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

use crate::floors;
use crate::setup::{all_play, crowd, vod};

#[test]
fn peers_carry_those_who_came_later_over_an_outage() {
    let comparison = vod(minutes(3))
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
    floors::holds(
        "peers_carry_those_who_came_later_over_an_outage",
        &comparison,
    );
}

#[test]
fn everyone_goes_on_when_it_returns() {
    let comparison = Scenario::vod(minutes(2))
        .watched_by(crowd(3).arriving_over(secs(10)))
        .with_origin_outage(secs(20), secs(60))
        .compare();
    all_play(&comparison.shared, minutes(2));
    // After an outage all depends on whose retry comes first: hls.js waits up to 8 s.
    assert!(comparison.worst_wait() <= secs(8), "{comparison}");
}
