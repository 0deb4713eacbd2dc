//! Viewers switch P2P off and on, hide their address, and change the rendition, all of it while
//! requests are under way.
//!
//! The simulated adapters check the books of every engine after every input: a meter that goes on
//! running for a request that has ended, or a block that counts as asked of nobody, ends the run.

use core::time::Duration;

use shoal_sim::{Access, Crowd, Report, Scenario, minutes, secs};

/// The origin is slow, so that whatever a viewer does, requests are under way.
fn restless(seed: u64) -> Scenario {
    let crowd = || {
        Crowd::of(2)
            .arriving_over(secs(10))
            .on(Access::cable())
            .switching_quality_every(secs(5)..secs(15))
    };
    let switching = (0..6).map(|n| {
        let after = secs(5) + Duration::from_millis(700) * n;
        crowd()
            .who_answer_later(after, false)
            .who_answer_later(after + secs(4), true)
            .who_answer_later(after + secs(21), false)
            .who_answer_later(after + secs(22), true)
    });
    let hiding = (0..6).map(|n| {
        let after = secs(6) + Duration::from_millis(900) * n;
        crowd()
            .who_hide_their_address(after, true)
            .who_hide_their_address(after + secs(9), false)
    });
    let scenario = Scenario::vod(minutes(1))
        .at_mbits(&[0.5, 1.0, 2.0])
        .with_origin_connections_of_mbits(5.0)
        .watched_by(crowd())
        .with_seed(seed);
    switching.chain(hiding).fold(scenario, Scenario::watched_by)
}

fn declined(report: &Report) -> u32 {
    report.viewers.iter().map(|viewer| viewer.declines).sum()
}

#[test]
fn the_books_are_right_whatever_is_switched_with_requests_under_way() {
    for seed in 1..=8 {
        let comparison = restless(seed).compare();
        // Needs are declined where sharing ends: some were open at that moment.
        assert!(declined(&comparison.shared) > 0, "seed {seed}");
        assert!(
            comparison.shared.waited() <= comparison.alone.waited() + secs(1),
            "seed {seed}: {comparison}"
        );
    }
}
