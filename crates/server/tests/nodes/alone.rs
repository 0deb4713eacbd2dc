//! A tracker alone, as a process, behind a balancer that looks at its health.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use shoal_wire::{id::InfoHash, tracker::TrackerMessage};

use crate::{
    programs::Program,
    site::{get, until},
    trials::{Trial, trials},
    viewer::Viewer,
};

/// Returns the tests of this file.
pub(crate) fn all() -> Vec<Trial> {
    trials! {
        needs []:
            a_tracker_that_is_asked_to_go_says_so_first_and_then_lets_its_viewers_go;
    }
}

async fn a_tracker_that_is_asked_to_go_says_so_first_and_then_lets_its_viewers_go() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    command
        .args(["track", "--open", "--listen", "127.0.0.1:0"])
        .args(["--drain-notice", "2", "--drain-over", "1"])
        .stdout(Stdio::piped());
    let mut tracker = Program::start(&mut command);
    let mut address = String::new();
    let stdout = tracker.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut address).unwrap();
    let port = address.trim().trim_end_matches('/').rsplit(':').next();
    let port: u16 = port.unwrap().parse().unwrap();
    let status = async || get(port, "/healthz").await.map(|(status, _)| status).ok();
    assert_eq!(status().await, Some(200));
    let mut viewer = Viewer::open(port, InfoHash([7; 20]), 1).await.unwrap();
    assert_eq!(viewer.count().await, 1);

    let pid = tracker.0.id().to_string();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    until("it says that it goes", async || {
        (status().await == Some(503)).then_some(())
    })
    .await;
    // It still answers those who are there.
    let answer = viewer.announce(0, None).await;
    assert!(matches!(answer, TrackerMessage::Announced { .. }));
    assert_eq!(viewer.next().await, None);
    until("it ends", async || tracker.0.try_wait().unwrap())
        .await
        .success()
        .then_some(())
        .expect("an end in good order");
}
