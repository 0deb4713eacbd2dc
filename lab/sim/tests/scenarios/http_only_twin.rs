//! The property above all others: P2P never costs a viewer anything.
//!
//! Every scenario runs twice on the same seed, and each viewer is compared with itself without P2P.

use core::time::Duration;

use shoal_sim::{Access, Crowd, Nat, Scenario, minutes, secs};

use crate::setup::crowd;

/// What a viewer may wait longer in all, over a whole visit. It is less than a viewer notices,
/// and covers what asking the engine first costs: the digest of the last piece of a segment, and
/// the round trip to a part of the index.
const EPSILON: Duration = Duration::from_millis(250);

/// The same with seeks. Without P2P a player fills its buffer as fast as its line goes, and finds there
/// what lies half a minute ahead; with P2P the origin is not asked for that before it is needed, and a
/// seek may have to fetch it.
const SEEKING: Duration = Duration::from_millis(1500);

fn mixed(viewers: usize) -> Crowd {
    Crowd::of(viewers)
        .arriving_over(secs(40))
        .mixed(3, Access::fibre().behind(Nat::Open))
        .mixed(4, Access::cable())
        .mixed(3, Access::dsl())
        .mixed(2, Access::mobile())
}

fn check(scenario: &Scenario) {
    for seed in 1..=6 {
        let comparison = scenario.clone().with_seed(seed).compare();
        assert!(
            comparison.worst_wait() <= EPSILON,
            "seed {seed}\n{comparison}"
        );
        assert!(
            comparison.worst_startup() <= EPSILON,
            "seed {seed}\n{comparison}"
        );
    }
}

#[test]
fn on_demand_with_mixed_access() {
    check(
        &Scenario::vod(minutes(1))
            .at_mbits(&[0.5, 1.5])
            .watched_by(mixed(8)),
    );
}

#[test]
fn on_demand_while_they_come_and_go() {
    let crowd = mixed(8).leaving_after(secs(10)..secs(50));
    check(
        &Scenario::vod(minutes(1))
            .at_mbits(&[0.5, 1.5])
            .watched_by(crowd),
    );
}

#[test]
fn on_demand_while_they_seek() {
    let crowd = mixed(6)
        .seeking_every(secs(8)..secs(20))
        .leaving_after(minutes(1)..secs(61));
    let scenario = Scenario::vod(minutes(2))
        .at_mbits(&[0.5, 1.5])
        .watched_by(crowd);
    for seed in 1..=6 {
        let comparison = scenario.clone().with_seed(seed).compare();
        assert!(
            comparison.worst_stall() <= EPSILON,
            "seed {seed}\n{comparison}"
        );
        assert!(
            comparison.worst_wait() <= SEEKING,
            "seed {seed}\n{comparison}"
        );
    }
}

#[test]
fn live_with_mixed_access() {
    check(
        &Scenario::live(minutes(1))
            .at_mbits(&[0.5, 1.5])
            .watched_by(mixed(8)),
    );
}

#[test]
fn on_lines_that_hardly_carry_the_video() {
    let crowd = Crowd::of(6)
        .arriving_over(secs(20))
        .on(Access::of(2.0, 0.5, 30));
    check(&Scenario::vod(minutes(1)).at_mbits(&[1.4]).watched_by(crowd));
}

#[test]
fn from_an_origin_that_hardly_serves_them_all() {
    let crowd = crowd(8);
    let scenario = Scenario::vod(minutes(1)).at_mbits(&[1.0]).watched_by(crowd);
    for seed in 1..=3 {
        let comparison = scenario
            .clone()
            .from_an_origin_of_mbits(9.0)
            .with_seed(seed)
            .compare();
        assert!(
            comparison.worst_wait() <= EPSILON,
            "seed {seed}\n{comparison}"
        );
        // Who arrives while others load waits in the origin's queue, which is another in each arm:
        // all together may not wait longer for their first frames.
        let startups = |report: &shoal_sim::Report| -> Duration {
            report
                .viewers
                .iter()
                .filter_map(|viewer| viewer.startup)
                .sum()
        };
        let (with, without) = (startups(&comparison.shared), startups(&comparison.alone));
        assert!(with <= without + EPSILON * 8, "seed {seed}\n{comparison}");
    }
}

#[test]
fn from_an_origin_that_fails_now_and_then() {
    let crowd = crowd(6);
    let scenario = Scenario::vod(minutes(1))
        .at_mbits(&[1.0])
        .with_origin_errors(0.05)
        .watched_by(crowd);
    // Only waits in mid-play are compared: which of the first requests fail, and with them the
    // first frame, is other luck in each arm.
    for seed in 1..=6 {
        let comparison = scenario.clone().with_seed(seed).compare();
        assert!(
            comparison.worst_wait() <= EPSILON,
            "seed {seed}\n{comparison}"
        );
    }
}
