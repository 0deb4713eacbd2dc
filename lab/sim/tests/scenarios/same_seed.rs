//! A run is its scenario and its seed, to the last event.

use shoal_sim::{Access, Crowd, Nat, Scenario, minutes, secs};

use crate::setup::crowd;

fn scenario() -> Scenario {
    Scenario::vod(minutes(1)).at_mbits(&[0.5, 1.0]).watched_by(
        Crowd::of(6)
            .arriving_over(secs(20))
            .mixed(1, Access::cable().behind(Nat::Open))
            .mixed(1, Access::mobile())
            .seeking_every(secs(10)..secs(30))
            .leaving_after(secs(30)..secs(80)),
    )
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (one, other) = (scenario().compare(), scenario().compare());
    assert_eq!(one.shared.trace, other.shared.trace);
    assert_eq!(one.alone.trace, other.alone.trace);
    assert_eq!(one.to_string(), other.to_string());
}

#[test]
fn another_seed_gives_another_run() {
    let (one, other) = (scenario().run(), scenario().with_seed(2).run());
    assert_ne!(one.trace, other.trace);
}

#[test]
fn the_codec_changes_nothing() {
    let (strict, typed) = (scenario().run(), scenario().without_codec().run());
    assert_eq!(strict.trace, typed.trace);
}

#[test]
fn one_more_viewer_does_not_change_who_the_others_are() {
    let startups = |viewers| {
        let crowd = crowd(viewers);
        let report = Scenario::vod(secs(20))
            .watched_by(crowd.who_answered(false))
            .run();
        report
            .viewers
            .iter()
            .map(|viewer| viewer.startup)
            .collect::<Vec<_>>()
    };
    assert_eq!(startups(4), startups(5)[..4]);
}
