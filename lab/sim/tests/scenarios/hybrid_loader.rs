//! The model of p2p-media-loader does what the real one does.
//!
//! Measured of 2.3.1 with six viewers in real browsers who came 4 s apart, in segments of 4 s and
//! 2 Mbit/s: 71 % offload on demand; live with a window of eight segments 42 %, each segment fetched
//! 3.4 times. The bounds here are loose: how long was watched, and with which settings, is not known.

use shoal_sim::{Access, Arm, Comparison, Crowd, HybridConfig, Report, Scenario, minutes, secs};

use crate::setup::{all_play, crowd};

/// Six viewers, 4 s apart, in browsers on one machine.
fn six(scenario: Scenario) -> Scenario {
    let on_one_machine = Access::of(1000.0, 1000.0, 0);
    (0..6).fold(scenario, |scenario, nth| {
        let crowd = Crowd::of(1).arriving_from(secs(4 * nth));
        scenario.watched_by(crowd.on(on_one_machine))
    })
}

fn hybrid(comparison: &Comparison) -> &Report {
    comparison.hybrid.as_ref().expect("the arm was asked for")
}

/// The mean of some seeds.
fn mean(scenario: &Scenario, figure: impl Fn(&Comparison) -> f64) -> f64 {
    let seeds = 1..=4;
    let sum: f64 = seeds
        .clone()
        .map(|seed| figure(&scenario.clone().with_seed(seed).compare_with_hybrid()))
        .sum();
    sum / f64::from(seeds.count() as u32)
}

fn player_as_in_other_arms(config: HybridConfig) -> HybridConfig {
    HybridConfig {
        sets_player: false,
        ..config
    }
}

#[test]
fn on_demand_it_offloads_as_much_as_was_measured() {
    let scenario = six(Scenario::vod(minutes(2)));
    let offload = mean(&scenario, |all| all.offload_of(hybrid(all)));
    println!("on demand, 2 min: {:.1} %", offload * 100.0);
    assert!((0.6..0.8).contains(&offload), "{offload}");
}

#[test]
fn live_as_peertube_sets_it_fetches_segments_several_times() {
    let config = player_as_in_other_arms(HybridConfig::of_peertube(true));
    let scenario = six(Scenario::live(minutes(2))).with_hybrid(config);
    let offload = mean(&scenario, |all| all.offload_of(hybrid(all)));
    let fetches = mean(&scenario, |all| hybrid(all).fetches_per_segment());
    println!(
        "live, 4 s of high demand, 12 s behind: {:.1} %, {fetches:.2} fetches",
        offload * 100.0
    );
    assert!((0.3..0.7).contains(&offload), "{offload}");
    assert!(fetches > 2.0, "{fetches}");
}

#[test]
fn live_as_its_adapter_sets_the_player_it_fetches_less() {
    let scenario = six(Scenario::live(minutes(2)));
    let offload = mean(&scenario, |all| all.offload_of(hybrid(all)));
    let fetches = mean(&scenario, |all| hybrid(all).fetches_per_segment());
    println!(
        "live, 15 s of high demand, 28 s behind: {:.1} %, {fetches:.2} fetches",
        offload * 100.0
    );
    assert!((0.4..0.75).contains(&offload), "{offload}");
    assert!((1.3..3.0).contains(&fetches), "{fetches}");
}

#[test]
fn live_nothing_is_shared_when_all_that_is_listed_is_in_high_demand() {
    let config = player_as_in_other_arms(HybridConfig::default());
    let comparison = six(Scenario::live(minutes(1)))
        .with_hybrid(config)
        .compare_with_hybrid();
    let report = hybrid(&comparison);
    assert!(comparison.offload_of(report) < 0.05, "{comparison}");
}

#[test]
fn viewers_of_different_renditions_share_the_audio_track_only() {
    let watching = |rendition| Crowd::of(2).watching(rendition).on(Access::cable());
    let scenario = |audio: bool| {
        let scenario = Scenario::vod(minutes(1)).at_mbits(&[0.5, 1.0]);
        let scenario = match audio {
            true => scenario.with_audio_at_mbits(0.1),
            false => scenario,
        };
        scenario
            .watched_by(Crowd::of(1).watching(0).on(Access::cable()))
            .watched_by(Crowd::of(1).watching(1).on(Access::cable()))
    };
    assert_eq!(scenario(false).run_arm(Arm::Hybrid).peer_bytes(), 0);
    let shared = scenario(true).run_arm(Arm::Hybrid).peer_bytes();
    let audio = secs(60).as_secs_f64() * 0.1 * 125_000.0;
    assert!(shared > 0 && (shared as f64) < audio, "{shared}");
    let video = scenario(false).watched_by(watching(0)).run_arm(Arm::Hybrid);
    assert!(video.peer_bytes() > 0);
}

#[test]
fn quality_switches_outages_and_changes_of_mind_leave_nobody_behind() {
    let crowd = crowd(8);
    let report = Scenario::vod(minutes(2))
        .at_mbits(&[0.5, 1.0, 2.0])
        .with_audio_at_mbits(0.1)
        .watched_by(crowd.clone().switching_quality_every(secs(5)..secs(30)))
        .watched_by(crowd.clone().who_answered(false))
        .watched_by(crowd.who_answer_later(secs(40), false))
        .with_origin_outage(secs(50), secs(4))
        .with_tracker_outage(secs(10), secs(20))
        .run_arm(Arm::Hybrid);
    all_play(&report, minutes(2));
    assert!(report.peer_bytes() > 0);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let crowd = Crowd::of(10).arriving_over(secs(20)).on(Access::mobile());
    let scenario = Scenario::vod(minutes(1)).watched_by(crowd.leaving_after(secs(20)..minutes(1)));
    let trace = || scenario.run_arm(Arm::Hybrid).trace;
    assert_eq!(trace(), trace());
}
