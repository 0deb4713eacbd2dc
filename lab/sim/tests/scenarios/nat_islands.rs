//! Some pairs of viewers can never connect.

use shoal_sim::{Access, Crowd, Nat, Scenario, minutes, secs};

use crate::floors;
use crate::setup::{crowd, nobody_waits, vod};

#[test]
fn each_island_shares_among_itself() {
    let island = |which| {
        let access = Access::cable().behind(Nat::Island(which));
        Crowd::of(5).arriving_over(secs(20)).on(access)
    };
    let comparison = vod(minutes(2))
        .watched_by(island(1))
        .watched_by(island(2))
        .compare();
    floors::holds("each_island_shares_among_itself", &comparison);
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.stats.peers <= 4)
    );
    nobody_waits(&comparison);
}

#[test]
fn who_can_reach_nobody_watches_from_the_origin() {
    let comparison = Scenario::vod(minutes(1))
        .watched_by(crowd(3).arriving_over(secs(10)))
        .watched_by(Crowd::of(1).on(Access::cable().behind(Nat::Island(9))))
        .compare();
    let alone = &comparison.shared.viewers[3];
    assert_eq!(alone.links, 0);
    assert_eq!(alone.played, minutes(1));
    nobody_waits(&comparison);
}
