//! Tests that need programs beside Shoal. Where one of these is not installed they are skipped, and counted.

use std::process::{Command, Stdio};

pub(crate) use libtest_mimic::Trial;

/// Makes a trial of each test, by what it needs: `needs ["nginx"]: one, another;`
macro_rules! trials {
    ($(needs $programs:tt: $($test:ident),+;)+) => {{
        let mut trials = Vec::new();
        $(
            let needs: &[&str] = &$programs;
            $(
                let name = concat!(module_path!(), "::", stringify!($test));
                let test = || $crate::trials::block_on($test());
                trials.push($crate::trials::trial(name, needs, test));
            )+
        )+
        trials
    }};
}
pub(crate) use trials;

/// Makes a trial that is skipped where a program is missing that it needs.
pub(crate) fn trial(name: &str, needs: &[&str], test: fn()) -> Trial {
    let missing: Vec<_> = needs
        .iter()
        .copied()
        .filter(|program| !is_installed(program))
        .collect();
    let trial = Trial::test(name, move || {
        test();
        Ok(())
    });
    if missing.is_empty() {
        return trial;
    }
    let kind = format!("skipped: no {}", missing.join(", no "));
    trial.with_kind(kind).with_ignored_flag(true)
}

/// Runs a test to its end, with two threads: what it waits for may need one itself.
pub(crate) fn block_on(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(test);
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    let asked = command
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    asked.status().is_ok()
}
