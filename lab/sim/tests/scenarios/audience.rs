//! What makes an audience real: lines and NATs of all kinds, waves, early leavers, hidden tabs.

use shoal_sim::{Access, Crowd, Nat, Scenario, minutes, secs};

use crate::floors;
use crate::setup::{crowd, nobody_waits, vod};

#[test]
fn of_a_realistic_crowd_a_fifth_to_a_quarter_of_the_pairs_never_connect() {
    let apart = Crowd::realistic(1000).unreachable_pairs();
    assert!((0.20..=0.25).contains(&apart), "{apart}");
}

#[test]
fn behind_nats_a_fifth_of_the_pairs_never_connect_and_nobody_is_alone() {
    let apart = Crowd::behind_nats(1000).unreachable_pairs();
    assert!((0.15..=0.25).contains(&apart), "{apart}");
    let report = vod(minutes(1))
        .watched_by(Crowd::behind_nats(40).arriving_over(secs(20)))
        .run();
    assert!(report.viewers.iter().all(|viewer| viewer.links > 0));
}

#[test]
fn a_cap_of_half_the_bit_rate_leaves_half_to_the_origin() {
    let crowd = Crowd::behind_nats(20).arriving_over(secs(20));
    let comparison = Scenario::vod(minutes(2))
        .capped_at(1.0, 0)
        .watched_by(crowd)
        .compare();
    let most = comparison.upload_ceiling();
    assert!((0.45..=0.6).contains(&most), "{comparison}");
    assert!(comparison.offload() <= most, "{comparison}");
    floors::holds(
        "a_cap_of_half_the_bit_rate_leaves_half_to_the_origin",
        &comparison,
    );
}

#[test]
fn every_pair_of_a_crowd_on_one_line_connects() {
    assert_eq!(
        Crowd::of(2).on(Access::cable()).unreachable_pairs(),
        0.0,
        "restricted NATs meet each other"
    );
    assert_eq!(
        Crowd::of(2).on(Access::mobile()).unreachable_pairs(),
        1.0,
        "symmetric ones do not"
    );
}

#[test]
fn a_firewall_lets_nobody_through_and_costs_nothing() {
    let comparison = Scenario::vod(minutes(1))
        .watched_by(Crowd::of(3).on(Access::cable().behind(Nat::Open)))
        .watched_by(Crowd::of(1).on(Access::office()))
        .compare();
    assert_eq!(comparison.shared.viewers[3].links, 0);
    nobody_waits(&comparison);
}

#[test]
fn a_realistic_crowd_shares_and_waits_no_longer() {
    let crowd = Crowd::realistic(30)
        .arriving_in_waves(3, secs(20))
        .arriving_over(secs(5));
    let comparison = vod(minutes(2)).watched_by(crowd).compare();
    let played = |viewer: &&shoal_sim::ViewerReport| viewer.played < minutes(2);
    let early = comparison.shared.viewers.iter().filter(played).count();
    assert!((1..15).contains(&early), "{early} left early");
    floors::holds("a_realistic_crowd_shares_and_waits_no_longer", &comparison);
    assert_eq!(
        comparison.shared.stalls(),
        comparison.alone.stalls(),
        "{comparison}"
    );
}

#[test]
fn who_said_no_takes_no_part_and_the_others_share_without_them() {
    let crowd = crowd(20);
    let report = vod(minutes(1)).watched_by(crowd.with_p2p_off(0.5)).run();
    let (off, on): (Vec<_>, Vec<_>) = report
        .viewers
        .iter()
        .partition(|viewer| viewer.sockets == 0);
    assert!((5..=15).contains(&off.len()), "{} said no", off.len());
    assert!(off.iter().all(|viewer| viewer.stats.peer_bytes == 0));
    assert!(on.iter().any(|viewer| viewer.stats.peer_bytes > 0));
}

#[test]
fn hidden_tabs_play_on_and_still_share() {
    let hidden = |share| {
        let crowd = crowd(10);
        vod(minutes(2))
            .watched_by(crowd.with_hidden_tabs(share))
            .compare()
    };
    let (shown, all_hidden) = (hidden(0.0), hidden(1.0));
    assert_ne!(
        shown.shared.trace, all_hidden.shared.trace,
        "timers are coarser"
    );
    assert_eq!(all_hidden.shared.stalls(), 0, "{all_hidden}");
    floors::holds("hidden_tabs_play_on_and_still_share", &all_hidden);
}

#[test]
fn an_upload_cap_holds_in_rate_and_in_total() {
    let crowd = Crowd::of(8).arriving_over(secs(40)).on(Access::fibre());
    let total = 3_000_000;
    let report = vod(minutes(1))
        .capped_at(0.0, total)
        .watched_by(crowd.clone())
        .run();
    let last_block = 16 << 10;
    let most = report
        .viewers
        .iter()
        .map(|viewer| viewer.stats.uploaded_bytes)
        .max();
    assert!(most > Some(total / 2), "{most:?}");
    assert!(most <= Some(total + last_block), "{most:?}");
    let report = vod(minutes(2))
        .capped_at_the_bit_rate()
        .watched_by(crowd)
        .run();
    for viewer in &report.viewers {
        // Up to a pipeline's worth goes off in a burst.
        let seconds = viewer.played.as_secs_f64() + 2.0;
        let most = 100_000.0 * seconds + 300_000.0;
        assert!(viewer.stats.uploaded_bytes as f64 <= most, "{viewer:?}");
    }
}
