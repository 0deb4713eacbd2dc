//! A video on demand that many watch comes mostly from the other viewers.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

use crate::floors;
use crate::setup::{all_play, crowd, vod};

#[test]
fn twenty_viewers_within_a_minute_leave_little_to_the_origin() {
    let comparison = vod(minutes(2))
        .watched_by(crowd(20).arriving_over(secs(60)))
        .compare();
    floors::holds(
        "twenty_viewers_within_a_minute_leave_little_to_the_origin",
        &comparison,
    );
    assert_eq!(comparison.shared.stalls(), 0, "{comparison}");
    all_play(&comparison.shared, minutes(2));
}

#[test]
fn a_lone_viewer_costs_the_origin_what_it_costs_without_p2p() {
    let comparison = Scenario::vod(minutes(1))
        .watched_by(Crowd::of(1).on(Access::cable()))
        .compare();
    assert_eq!(
        comparison.shared.origin_bytes, comparison.alone.origin_bytes,
        "{comparison}"
    );
    assert_eq!(
        comparison.shared.waited(),
        comparison.alone.waited(),
        "{comparison}"
    );
}

#[test]
fn audio_and_video_are_loaded_side_by_side() {
    let comparison = Scenario::vod(minutes(1))
        .with_audio_at_mbits(0.128)
        .watched_by(crowd(3).arriving_over(secs(30)))
        .compare();
    floors::holds("audio_and_video_are_loaded_side_by_side", &comparison);
    all_play(&comparison.shared, minutes(1));
    assert_eq!(comparison.shared.stalls(), 0, "{comparison}");
}
