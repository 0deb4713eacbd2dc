//! Viewers come and go, half of them without a word.

use shoal_sim::{Access, Crowd, minutes, secs};

use crate::floors;
use crate::setup::{crowd, nobody_waits, vod};

#[test]
fn leavers_cost_nobody_a_stall() {
    let comparison = vod(minutes(2))
        .watched_by(
            crowd(20)
                .arriving_over(secs(90))
                .leaving_after(secs(10)..secs(60)),
        )
        .compare();
    nobody_waits(&comparison);
    floors::holds("leavers_cost_nobody_a_stall", &comparison);
}

#[test]
fn the_only_holder_leaves_without_a_word() {
    let comparison = vod(minutes(2))
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
