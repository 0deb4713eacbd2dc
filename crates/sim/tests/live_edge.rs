//! Viewers of a live stream share what has just appeared.

use shoal_sim::{Access, Crowd, Scenario, secs};

#[test]
fn viewers_at_the_edge_share_without_falling_behind() {
    let comparison = Scenario::live(secs(90))
        .at_mbits(&[0.8])
        .watched_by(Crowd::of(10).arriving_over(secs(20)).on(Access::cable()))
        .compare();
    assert!(
        comparison.offload() >= 0.6 * comparison.ceiling(),
        "{comparison}"
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
