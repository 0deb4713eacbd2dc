//! Runs on several threads, with a progress bar where somebody looks.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use shoal_sim::{Arm, Comparison, Report, Scenario};

/// Runs both arms of each scenario, as many arms at one time as there are `threads`; the
/// comparisons come in the scenarios' order. Those that take long go first.
pub(crate) fn compare(scenarios: &[Scenario], threads: usize) -> Vec<Comparison> {
    compare_arms(scenarios, &[Arm::Shared, Arm::Alone], threads)
}

/// The same, with the model of p2p-media-loader as a third arm.
pub(crate) fn compare_with_hybrid(scenarios: &[Scenario], threads: usize) -> Vec<Comparison> {
    compare_arms(scenarios, &[Arm::Shared, Arm::Hybrid, Arm::Alone], threads)
}

fn compare_arms(scenarios: &[Scenario], arms: &[Arm], threads: usize) -> Vec<Comparison> {
    let mut arms: Vec<(usize, Arm)> = (0..scenarios.len())
        .flat_map(|nth| arms.iter().map(move |&arm| (nth, arm)))
        .collect();
    arms.sort_by_key(|&(nth, arm)| (arm == Arm::Alone, usize::MAX - scenarios[nth].viewers()));
    let bar = bar(arms.len());
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::<(usize, Arm, Report)>::new());
    let work = || {
        while let Some(&(nth, arm)) = arms.get(next.fetch_add(1, Ordering::Relaxed)) {
            let report = scenarios[nth].run_arm(arm);
            bar.inc(1);
            if let Ok(mut done) = done.lock() {
                done.push((nth, arm, report));
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner().unwrap_or_default();
    let mut take = |nth, arm| {
        let at = done
            .iter()
            .position(|&(of, by, _)| (of, by) == (nth, arm))?;
        Some(done.swap_remove(at).2)
    };
    (0..scenarios.len())
        .filter_map(|nth| {
            Some(Comparison {
                shared: take(nth, Arm::Shared)?,
                alone: take(nth, Arm::Alone)?,
                hybrid: take(nth, Arm::Hybrid),
            })
        })
        .collect()
}

fn bar(runs: usize) -> ProgressBar {
    let bar = ProgressBar::new(runs as u64);
    let template = "{bar:30} {pos}/{len} runs, {elapsed} gone, {eta} to go";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
