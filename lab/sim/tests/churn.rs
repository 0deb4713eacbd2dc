//! Viewers come and go, half of them without a word.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

#[test]
fn leavers_cost_nobody_a_stall() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.8])
        .watched_by(
            Crowd::of(20)
                .arriving_over(secs(90))
                .on(Access::cable())
                .leaving_after(secs(10)..secs(60)),
        )
        .compare();
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
    assert!(comparison.offload() >= 0.4, "{comparison}");
}

#[test]
fn the_only_holder_leaves_without_a_word() {
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.8])
        .watched_by(
            Crowd::of(1)
                .on(Access::fibre())
                .leaving_after(secs(60)..secs(61))
                .leaving_silently(1.0),
        )
        .watched_by(Crowd::of(1).arriving_from(secs(20)).on(Access::cable()))
        .compare();
    let left = &comparison.shared.viewers[1];
    assert!(left.stats.peer_bytes > 0, "they have met");
    assert_eq!(left.played, minutes(2));
    assert_eq!(left.waited(), secs(0), "{comparison}");
}
