//! Other servers of the same segments help where they can, and cost nobody a stall where they cannot.

use core::time::Duration;

use shoal_sim::{Access, Crowd, Mirror, Report, Scenario, minutes, secs};

use crate::setup::crowd;

/// What went wrong, for all viewers together.
fn problems(report: &Report) -> u32 {
    report.viewers.iter().map(|viewer| viewer.problems).sum()
}

/// Three viewers who share, and one who comes from where nobody can be reached.
fn watched() -> Scenario {
    Scenario::vod(minutes(3))
        .watched_by(crowd(3))
        .watched_by(Crowd::of(1).on(Access::office()))
}

#[test]
fn a_fast_mirror_carries_what_a_slow_origin_would_have_to() {
    let report = watched()
        .with_origin_connections_of_mbits(4.0)
        .mirrored_by(Mirror::of_mbits(1.0))
        .mirrored_by(Mirror::of_mbits(50.0))
        .run();
    let [slow, fast] = report.mirror_bytes[..] else {
        panic!("two mirrors: {:?}", report.mirror_bytes);
    };
    assert!(fast > report.origin_bytes && fast > 4 * slow, "{report:?}");
}

#[test]
fn an_origin_that_is_faster_is_left_for_nobody() {
    let report = watched().mirrored_by(Mirror::of_mbits(4.0)).run();
    let tried = report.mirror_bytes.iter().sum::<u64>();
    assert!(tried > 0 && 3 * tried < report.origin_bytes, "{report:?}");
}

#[test]
fn no_mirror_costs_a_viewer_a_stall() {
    let good = || Mirror::of_mbits(50.0);
    for (what, mirror) in [
        ("corrupt", good().corrupt()),
        ("silent from the start", good().silent_from(Duration::ZERO)),
        ("silent later", good().silent_from(secs(50))),
        ("failing", good().with_errors(1.0)),
        ("failing now and then", good().with_errors(0.3)),
        ("slow", Mirror::of_mbits(0.3)),
    ] {
        for seed in 1..=8 {
            let comparison = watched()
                .with_seed(seed)
                .mirrored_by(mirror.clone())
                .compare();
            assert_eq!(
                comparison.worst_wait(),
                Duration::ZERO,
                "{what}: {comparison}"
            );
        }
    }
}

#[test]
fn a_mirror_that_lies_is_found_out_and_left() {
    let report = watched()
        .mirrored_by(Mirror::of_mbits(50.0).corrupt())
        .run();
    let lies = problems(&report);
    assert!((1..=8).contains(&lies), "{report:?}");
}

#[test]
fn a_mirror_that_goes_on_failing_is_left() {
    let report = watched()
        .mirrored_by(Mirror::of_mbits(50.0).with_errors(1.0))
        .run();
    let failures = problems(&report);
    assert!((1..=12).contains(&failures), "{report:?}");
}

#[test]
fn a_mirror_carries_viewers_over_an_outage_of_the_origin() {
    let comparison = watched()
        .with_origin_outage(secs(60), secs(60))
        .mirrored_by(Mirror::of_mbits(20.0))
        .compare();
    let waited = |report: &Report| report.viewers.iter().map(|viewer| viewer.waited()).max();
    assert!(
        waited(&comparison.alone) > Some(secs(5)),
        "the outage is felt: {comparison}"
    );
    assert_eq!(
        waited(&comparison.shared),
        Some(Duration::ZERO),
        "{comparison}"
    );
}
