use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
};

use crate::harness::Tree;

fn shoal(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    command.args(arguments);
    command
}

/// The sentence with which a command fails.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_missing_directory_is_told_in_a_sentence() {
    for command in ["serve", "index"] {
        let output = shoal(&[command, "/nowhere/at/all"]).output().unwrap();
        let told = failure(&output);
        assert!(
            told.contains("/nowhere/at/all") && told.contains("give"),
            "{told}"
        );
        assert_eq!(
            told.trim()
                .lines()
                .last()
                .unwrap()
                .matches("shoal: ")
                .count(),
            1
        );
    }
}

#[test]
fn a_port_in_use_is_told_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let path = dir.path().display().to_string();
    let output = shoal(&["serve", &path, "--listen", &address])
        .output()
        .unwrap();
    let told = failure(&output);
    assert!(
        told.contains(&address) && told.contains("--listen"),
        "{told}"
    );
}

#[test]
fn bad_arguments_are_told_in_a_sentence() {
    for arguments in [
        &["serve", ".", "--listen", "8080"][..],
        &["serve", ".", "--p2p", "perhaps"],
        &["index", ".", "--tracker", "https://x.example"],
    ] {
        let output = shoal(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn a_configuration_can_be_checked_without_serving() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shoal.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        shoal(&["serve", "--check", "--config", file.to_str().unwrap()])
            .output()
            .unwrap()
    };
    let good = check(&format!("dir = {:?}\n", dir.path()));
    assert!(good.status.success(), "{good:?}");
    assert!(String::from_utf8(good.stdout).unwrap().contains("in order"));
    let told = failure(&check("[tracker]\n\ninterval = 1"));
    assert!(
        told.contains("shoal.toml") && told.contains("line 3"),
        "{told}"
    );
    assert!(told.contains("from 10 to 3600"), "{told}");
    let told = failure(&check("dir = \"/nowhere/at/all\""));
    assert!(told.contains("/nowhere/at/all"), "{told}");
    let told = failure(&check(""));
    assert!(told.contains("no directory is given"), "{told}");
}

#[test]
fn a_directory_without_playlists_has_nothing_to_index() {
    let dir = tempfile::tempdir().unwrap();
    let output = shoal(&["index", &dir.path().display().to_string()])
        .output()
        .unwrap();
    assert!(failure(&output).contains("no HLS playlist"));
}

fn serve(dir: &str) -> (Child, String) {
    let mut command = shoal(&["serve", dir, "--listen", "127.0.0.1:0"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, line)
}

#[test]
fn it_prints_its_address_and_stops_when_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    Tree(dir.path().into()).rendition("v", 0, &[10], true);
    for signal in ["-INT", "-TERM"] {
        let (mut child, line) = serve(&dir.path().display().to_string());
        assert!(line.starts_with("http://127.0.0.1:"), "{line}");
        assert!(line.trim_end().ends_with("/shoal/demo/"), "{line}");
        let kill = Command::new("kill")
            .arg(signal)
            .arg(child.id().to_string())
            .status()
            .unwrap();
        assert!(kill.success());
        assert!(child.wait().unwrap().success());
        let mut log = String::new();
        child.stderr.unwrap().read_to_string(&mut log).unwrap();
        assert!(log.contains("stopped"), "{log}");
        assert!(!log.contains("127.0.0.1"), "{log}");
    }
}
