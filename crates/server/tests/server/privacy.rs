use std::process::Command;

use shoal_server::{
    ice::{Turn, TurnAccess},
    privacy::Operator,
    stun::StunAt,
};

use crate::harness::Site;

#[tokio::test]
async fn the_page_is_in_the_readers_language() {
    let site = Site::new(|_| {}).await;
    for path in ["/privacy", "/shoal/privacy"] {
        let page = site.get(path).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("content-language"), "en");
        assert!(page.text().contains("<html lang=\"en\">"));
    }
    let french = [("Accept-Language", "fr-CA, en;q=0.5")];
    let page = site.request("GET", "/privacy", &french).await;
    assert_eq!(page.header("content-language"), "fr");
    assert_eq!(page.header("vary"), "accept-language");
    assert!(page.text().contains("<html lang=\"fr\">"));
    let page = site.request("GET", "/privacy?lang=en", &french).await;
    assert!(page.text().contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn the_page_may_load_nothing_and_says_so_to_the_browser() {
    let site = Site::new(|_| {}).await;
    let page = site.get("/privacy").await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(!page.text().contains("<script"));
}

#[tokio::test]
async fn the_page_tells_the_settings_of_this_server() {
    let site = Site::with(
        |_| {},
        |config| {
            config.operator = Operator {
                name: Some("Harbour Films".into()),
                contact: Some("privacy@films.example".into()),
            };
            config.min_viewers = 4_321;
            config.stun = StunAt::Address("127.0.0.1:0".parse().unwrap());
            config.turn = Some(Turn {
                urls: vec!["turn:relay.example".into()],
                access: TurnAccess::Secret(b"hidden".to_vec()),
            });
            config.swarms.max_offers = 9;
            config.swarms.interval = 77;
        },
    )
    .await;
    let page = site.get("/privacy?lang=en").await;
    for fact in [
        "Harbour Films",
        "privacy@films.example",
        "fewer than 4,321 viewers",
        "at most 9 others",
        "every 77 seconds",
        "The STUN server",
        "relay.example",
    ] {
        assert!(page.text().contains(fact), "{fact}");
    }
    assert!(!page.text().contains("hidden"));
}

#[test]
fn the_page_can_be_written_for_another_web_server() {
    let write = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
        command.arg("privacy").args(arguments).output().unwrap()
    };
    let page = write(&[
        "--lang",
        "fr",
        "--p2p",
        "on",
        "--tracker",
        "wss://t.example/x",
    ]);
    assert!(page.status.success());
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains("<html lang=\"fr\">") && page.contains("t.example"));
    assert!(!page.contains("?lang="));
    let wrong = write(&["--lang", "xx"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("en, fr"));
}

#[test]
fn the_written_page_can_state_a_servers_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shoal.toml");
    let text = "listen = \"192.0.2.1:80\"\n[site]\nname = \"Harbour Films\"\nmin_viewers = 4321\n\
        [origin]\nmirrors = [\"https://mirror.example\"]\n\
        [tracker.introductions]\nper_socket = { burst = 60, per_hour = 120 }\nper_address = { burst = 98765, per_hour = 160 }";
    std::fs::write(&file, text).unwrap();
    let write = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
        command.args(["privacy", "--config"]).arg(&file).args(more);
        command.output().unwrap()
    };
    let done = write(&["--min-viewers", "1234"]);
    assert!(done.status.success(), "{done:?}");
    let page = String::from_utf8(done.stdout).unwrap();
    for fact in [
        "Harbour Films",
        "1,234 viewers",
        "98,765",
        "The STUN server",
        "mirror.example",
    ] {
        assert!(page.contains(fact), "{fact}");
    }
    std::fs::write(&file, "[site]\nnom = \"x\"").unwrap();
    let told = String::from_utf8(write(&[]).stderr).unwrap();
    assert!(
        told.contains("shoal.toml") && told.contains("line 2"),
        "{told}"
    );
}
