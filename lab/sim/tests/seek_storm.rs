//! Everyone seeks all the time.

use core::time::Duration;

use shoal_sim::{Access, Crowd, Scenario, minutes, secs};

#[test]
fn seeking_viewers_wait_no_longer_and_still_share() {
    let comparison = Scenario::vod(minutes(3))
        .at_mbits(&[0.8])
        .watched_by(
            Crowd::of(10)
                .arriving_over(secs(20))
                .on(Access::cable())
                .seeking_every(secs(4)..secs(15))
                .leaving_after(minutes(2)..secs(121)),
        )
        .compare();
    assert!(comparison.offload() >= 0.4, "{comparison}");
    let patience = Duration::from_millis(500);
    assert!(comparison.worst_wait() <= patience, "{comparison}");
    let wasted = comparison.shared.wasted_bytes() as f64 / comparison.alone.origin_bytes as f64;
    assert!(wasted <= 0.1, "{comparison}");
}
