//! Viewers of a live stream share what has just appeared.

use shoal_sim::{Access, Crowd, Scenario, secs};

use crate::floors;
use crate::setup::crowd;

#[test]
fn viewers_at_the_edge_share_without_falling_behind() {
    let comparison = Scenario::live(secs(90))
        .at_mbits(&[0.8])
        .watched_by(crowd(10))
        .compare();
    floors::holds(
        "viewers_at_the_edge_share_without_falling_behind",
        &comparison,
    );
    assert_eq!(comparison.shared.stalls(), 0, "{comparison}");
    let played = |report: &shoal_sim::Report| {
        report
            .viewers
            .iter()
            .map(|viewer| viewer.played)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        played(&comparison.shared),
        played(&comparison.alone),
        "a viewer's delay has grown"
    );
}

#[test]
fn nobody_has_more_of_a_live_stream_than_there_is() {
    for (scenario, behind) in [
        (Scenario::live_20s_behind(secs(60)), 20),
        (Scenario::live_4s_behind(secs(60)), 4),
    ] {
        let crowd = Crowd::of(1).on(Access::fibre());
        let report = scenario.watched_by(crowd).run();
        let [viewer] = &report.viewers[..] else {
            panic!("one viewer came")
        };
        assert_eq!(viewer.stalls, 0, "{behind} s behind");
        let startup = viewer.startup.unwrap_or_default();
        assert_eq!(viewer.played, secs(60) - startup, "{behind} s behind");
        // What plays in a minute, and what lies ahead of the playhead at its end: 20 % more or
        // less, as segments differ.
        let received = (viewer.received() as f64) / 250_000.0;
        let most = 60.0 + f64::from(behind);
        assert!(
            received <= most * 1.1,
            "{received} s of media, {behind} s behind"
        );
        assert!(
            received >= most * 0.85,
            "{received} s of media, {behind} s behind"
        );
    }
}

#[test]
fn viewers_four_seconds_behind_share_too() {
    let comparison = Scenario::live_4s_behind(secs(60))
        .at_mbits(&[0.8])
        .watched_by(crowd(10).arriving_over(secs(10)))
        .compare();
    floors::holds("viewers_four_seconds_behind_share_too", &comparison);
    assert_eq!(
        comparison.shared.stalls(),
        comparison.alone.stalls(),
        "{comparison}"
    );
}
