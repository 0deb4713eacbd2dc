//! Viewers switch P2P off while the video plays, and on again.
//!
//! That everything is closed within a second is asserted by the simulated adapters themselves.

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

use crate::floors;
use crate::setup::{crowd, nobody_waits, vod};

#[test]
fn the_video_plays_on_from_the_origin() {
    let comparison = vod(minutes(2))
        .watched_by(crowd(4).arriving_over(secs(10)))
        .watched_by(
            crowd(2)
                .arriving_over(secs(10))
                .who_answer_later(secs(40), false),
        )
        .compare();
    nobody_waits(&comparison);
    floors::holds("the_video_plays_on_from_the_origin", &comparison);
    for viewer in &comparison.shared.viewers[4..] {
        assert!(viewer.declines > 0, "the origin was not used: {viewer:?}");
        assert_eq!(viewer.stats.peers, 0);
        assert_eq!(viewer.sockets, 1);
        assert_eq!(viewer.played, minutes(2));
    }
}

#[test]
fn switched_on_again_it_shares_again() {
    let report = vod(minutes(3))
        .watched_by(crowd(4).arriving_over(secs(10)))
        .watched_by(
            crowd(2)
                .arriving_over(secs(10))
                .who_answer_later(secs(30), false)
                .who_answer_later(secs(60), true),
        )
        .run();
    assert_eq!(report.waited(), secs(0));
    for viewer in &report.viewers[4..] {
        assert_eq!(viewer.sockets, 2);
        assert!(viewer.stats.peers > 0, "{viewer:?}");
    }
}

#[test]
fn who_said_no_sends_nothing_at_all() {
    let report = Scenario::vod(minutes(1))
        .watched_by(Crowd::of(3).on(Access::cable()))
        .watched_by(Crowd::of(1).on(Access::cable()).who_answered(false))
        .run();
    let refuser = &report.viewers[3];
    assert_eq!((refuser.sockets, refuser.links), (0, 0));
    assert_eq!(refuser.stats.origin_requests, 0);
    assert_eq!(refuser.played, minutes(1));
}
