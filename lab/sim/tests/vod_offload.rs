//! A video on demand that many watch comes mostly from the other viewers.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

#[test]
fn twenty_viewers_within_a_minute_leave_little_to_the_origin() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.8])
        .watched_by(Crowd::of(20).arriving_over(secs(60)).on(Access::cable()))
        .compare();
    assert!(
        comparison.offload() >= 0.6 * comparison.ceiling(),
        "{comparison}"
    );
    assert_eq!(comparison.shared.stalls(), 0, "{comparison}");
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.played == minutes(2))
    );
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
fn a_lone_viewer_loads_audio_and_video_side_by_side() {
    let comparison = Scenario::vod(minutes(1))
        .with_audio_at_mbits(0.128)
        .watched_by(Crowd::of(3).arriving_over(secs(30)).on(Access::cable()))
        .compare();
    assert!(comparison.offload() > 0.3, "{comparison}");
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.played == minutes(1))
    );
    assert_eq!(comparison.shared.stalls(), 0, "{comparison}");
}
