//! Runs on record: a change of the engine or of the simulator that alters one event of them is a
//! decision in review.
//!
//! `UPDATE_TRACES=1 cargo test -p shoal-sim the_same_seed_gives_the_trace_on_record` records them anew in `traces.txt`.

use std::path::Path;
use std::{env, fs};

use shoal_engine::Config;
use shoal_sim::{Access, Crowd, Mirror, Nat, Scenario, minutes, secs};

use crate::setup::{crowd, vod};

const RECORD: &str = "tests/traces.txt";
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// Small runs that differ in what they ask of the engine.
fn scenarios() -> Vec<(&'static str, Scenario)> {
    vec![
        ("vod", vod(minutes(1)).watched_by(crowd(8))),
        (
            "vod_with_audio",
            vod(minutes(1))
                .with_audio_at_mbits(0.128)
                .watched_by(crowd(4)),
        ),
        (
            "vod_capped",
            vod(minutes(1))
                .capped_at(1.0, 3_000_000)
                .watched_by(crowd(6)),
        ),
        (
            "vod_in_a_small_store",
            vod(minutes(2))
                .with_config(Config {
                    store_bytes: 4 << 20,
                    ..Config::default()
                })
                .watched_by(crowd(4)),
        ),
        (
            "live",
            Scenario::live(minutes(1))
                .at_mbits(&[0.8])
                .watched_by(crowd(8)),
        ),
        (
            "live_4s_behind",
            Scenario::live_4s_behind(secs(40))
                .at_mbits(&[0.8])
                .watched_by(crowd(6)),
        ),
        (
            "churn",
            vod(minutes(1)).watched_by(crowd(12).leaving_after(secs(10)..secs(40))),
        ),
        (
            "seeks",
            vod(minutes(3)).watched_by(
                crowd(6)
                    .seeking_every(secs(4)..secs(15))
                    .leaving_after(secs(40)..secs(60)),
            ),
        ),
        (
            "quality_switches",
            Scenario::vod(minutes(1))
                .at_mbits(&[0.4, 0.8, 1.6])
                .watched_by(crowd(6).switching_quality_every(secs(5)..secs(15))),
        ),
        (
            "switched_off_and_on",
            vod(minutes(1))
                .watched_by(crowd(4))
                .watched_by(
                    crowd(3)
                        .who_answer_later(secs(15), false)
                        .who_answer_later(secs(25), true),
                )
                .watched_by(crowd(1).who_answered(false)),
        ),
        (
            "corrupt_peers",
            vod(minutes(1))
                .watched_by(Crowd::of(2).on(Access::fibre()).who_send_corrupt_bytes())
                .watched_by(crowd(5)),
        ),
        (
            "mirrors",
            vod(minutes(1))
                .with_origin_connections_of_mbits(4.0)
                .mirrored_by(Mirror::of_mbits(20.0).with_errors(0.1))
                .mirrored_by(Mirror::of_mbits(10.0).silent_from(secs(20)))
                .mirrored_by(Mirror::of_mbits(30.0).corrupt())
                .watched_by(crowd(4)),
        ),
        (
            "nats",
            vod(minutes(1))
                .watched_by(Crowd::realistic(10).arriving_over(secs(20)))
                .watched_by(Crowd::of(1).on(Access::cable().behind(Nat::Open)))
                .watched_by(Crowd::of(1).on(Access::office())),
        ),
        (
            "slow_uploaders",
            vod(minutes(1))
                .watched_by(Crowd::of(2).on(Access::of(50.0, 0.2, 20)))
                .watched_by(crowd(4)),
        ),
        (
            "outages",
            vod(minutes(2))
                .with_origin_errors(0.03)
                .with_origin_outage(secs(30), secs(10))
                .with_tracker_outage(secs(15), secs(20))
                .watched_by(crowd(5)),
        ),
    ]
}

#[test]
fn the_same_seed_gives_the_trace_on_record() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORD);
    let mut traces = String::from("# scenario seed trace; see traces.rs\n");
    for (name, scenario) in scenarios() {
        for seed in SEEDS {
            let trace = scenario.clone().with_seed(seed).run().trace;
            traces += &format!("{name} {seed} {trace:016x}\n");
        }
    }
    if env::var_os("UPDATE_TRACES").is_some() {
        fs::write(&path, &traces).unwrap();
    }
    let recorded = fs::read_to_string(&path).unwrap();
    let changed: Vec<_> = traces
        .lines()
        .filter(|line| !recorded.lines().any(|other| other == *line))
        .collect();
    assert!(
        changed.is_empty(),
        "these runs are no longer what they were: {changed:#?}"
    );
    assert_eq!(traces, recorded, "there is more on record than is run");
}
