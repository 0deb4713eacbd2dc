//! Some pairs of viewers can never connect.

use shoal_sim::{Access, Crowd, Nat, Scenario, minutes, secs};

#[test]
fn each_island_shares_among_itself() {
    let island = |which| {
        let access = Access::cable().behind(Nat::Island(which));
        Crowd::of(5).arriving_over(secs(20)).on(access)
    };
    let comparison = Scenario::vod(minutes(2))
        .at_mbits(&[0.8])
        .watched_by(island(1))
        .watched_by(island(2))
        .compare();
    assert!(comparison.offload() >= 0.4, "{comparison}");
    assert!(
        comparison
            .shared
            .viewers
            .iter()
            .all(|viewer| viewer.stats.peers <= 4)
    );
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
}

#[test]
fn who_can_reach_nobody_watches_from_the_origin() {
    let comparison = Scenario::vod(minutes(1))
        .watched_by(Crowd::of(3).arriving_over(secs(10)).on(Access::cable()))
        .watched_by(Crowd::of(1).on(Access::cable().behind(Nat::Island(9))))
        .compare();
    let alone = &comparison.shared.viewers[3];
    assert_eq!(alone.links, 0);
    assert_eq!(alone.played, minutes(1));
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
}
