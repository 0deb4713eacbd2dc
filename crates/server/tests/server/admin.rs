use std::{os::unix::fs::PermissionsExt, process::Output};

use futures_util::{SinkExt, StreamExt};
use shoal_server::{admin::Token, index::Settings, serve::ServeConfig};
use shoal_wire::{
    id::InfoHash,
    index::{Index, P2p},
    tracker::{Limits, OffBy, TrackerMessage},
};
use tokio::{net::TcpStream, process::Command, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};

use crate::harness::{PATIENCE, Site, Tree};
use crate::index::write_all;
use crate::tracker::announce;

const TOKEN: &str = "a token that nobody guesses";

fn videos(tree: &Tree) {
    tree.rendition("films/a", 0, &[10], true);
    tree.rendition("films/b", 1, &[20], true);
}

async fn site(configure: impl FnOnce(&mut ServeConfig)) -> Site {
    Site::with(videos, configure).await
}

/// A viewer who is in a swarm.
struct Viewer(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Viewer {
    async fn join(site: &Site, swarm: InfoHash) -> Self {
        let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
        let (mut socket, _) = connect_async(url).await.unwrap();
        let announce = announce(swarm, 1, 0).encode();
        socket.send(Message::text(announce)).await.unwrap();
        let mut viewer = Self(socket);
        assert!(matches!(
            viewer.next().await,
            Ok(TrackerMessage::Announced { .. })
        ));
        viewer
    }

    /// The next message, or how the tracker closes.
    async fn next(&mut self) -> Result<TrackerMessage, Option<CloseFrame>> {
        let frame = timeout(PATIENCE, self.0.next()).await.expect("a frame");
        match frame {
            Some(Ok(Message::Text(text))) => {
                Ok(TrackerMessage::decode(&text, &Limits::default()).unwrap())
            }
            Some(Ok(Message::Close(frame))) => Err(frame),
            other => panic!("{other:?}"),
        }
    }

    /// Is told who has switched sharing off, and loses the connection.
    async fn is_sent_home(&mut self, by: OffBy) {
        match self.next().await {
            Ok(TrackerMessage::Failure { off, .. }) => assert_eq!(off, Some(by)),
            other => panic!("{other:?}"),
        }
        assert!(self.next().await.is_err());
    }
}

async fn shoal(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    command.args(arguments).output().await.unwrap()
}

#[tokio::test]
async fn the_switch_sends_viewers_home_and_lets_them_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("admin.sock");
    let mut site = site(|config| config.admin.socket = Some(socket.clone())).await;
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let swarm = site.index("/films/a/p.m3u8").await.swarm;
    let mut viewer = Viewer::join(&site, swarm).await;
    let at = ["--socket", socket.to_str().unwrap()];
    let done = shoal(&[&["p2p", "off"][..], &at].concat()).await;
    assert!(done.status.success(), "{done:?}");
    assert!(
        String::from_utf8(done.stdout)
            .unwrap()
            .starts_with("site: off")
    );
    viewer.is_sent_home(OffBy::Site).await;
    assert_eq!(site.index("/films/a/p.m3u8").await.policy.p2p, P2p::Off);
    assert!(
        site.get("/privacy")
            .await
            .text()
            .contains("switched off on this site")
    );
    let done = shoal(&[&["p2p", "configured"][..], &at].concat()).await;
    assert_eq!(done.stdout, b"site: ask\n");
    assert_eq!(site.index("/films/a/p.m3u8").await.policy.p2p, P2p::Ask);
    Viewer::join(&site, swarm).await;
    site.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn one_video_can_be_switched_off_alone() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("admin.sock");
    let site = site(|config| config.admin.socket = Some(socket.clone())).await;
    let (a, b) = ("/films/a/p.m3u8", "/films/b/p.m3u8");
    let swarm = site.index(a).await.swarm;
    let other = site.index(b).await.swarm;
    let mut viewer = Viewer::join(&site, swarm).await;
    let at = ["--socket", socket.to_str().unwrap()];
    let switch = ["p2p", "off", "--video", a];
    let done = shoal(&[&switch[..], &at].concat()).await;
    assert_eq!(done.stdout, b"site: ask\n/films/a/p.m3u8: off\n");
    viewer.is_sent_home(OffBy::Video).await;
    assert_eq!(site.index(a).await.policy.video, Some(P2p::Off));
    assert_eq!(site.index(b).await.policy.video, None);
    Viewer::join(&site, other).await;
    let switch = ["p2p", "off", "--video", "/films/none.m3u8"];
    let done = shoal(&[&switch[..], &at].concat()).await;
    assert!(
        String::from_utf8(done.stderr)
            .unwrap()
            .contains("no playlist")
    );
}

#[tokio::test]
async fn over_http_only_the_token_opens() {
    let site = site(|config| config.admin.token = Token::new(TOKEN)).await;
    let wrong = format!("Bearer {TOKEN}!");
    let authorizations = [
        &[][..],
        &[("Authorization", TOKEN)],
        &[("Authorization", &wrong)],
    ];
    for headers in authorizations {
        let reply = site.request("GET", "/admin/p2p", headers).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let url = format!("http://127.0.0.1:{}", site.port);
    let at = ["--url", &url, "--token-file", file.to_str().unwrap()];
    let done = shoal(&[&["p2p", "on"][..], &at].concat()).await;
    assert!(done.status.success(), "{done:?}");
    assert_eq!(site.index("/films/a/p.m3u8").await.policy.p2p, P2p::On);
    let right = format!("Bearer {TOKEN}");
    let reply = site
        .request("GET", "/admin/p2p", &[("Authorization", &right)])
        .await;
    assert!(reply.text().contains("\"site\":\"on\""), "{}", reply.text());
}

#[tokio::test]
async fn nobody_can_switch_what_is_not_configured() {
    let site = site(|_| {}).await;
    let right = format!("Bearer {TOKEN}");
    let reply = site
        .request("GET", "/admin/p2p", &[("Authorization", &right)])
        .await;
    assert_eq!(reply.status, 404);
    let told = shoal(&["p2p", "off", "--socket", "/nowhere"]).await.stderr;
    assert!(
        String::from_utf8(told)
            .unwrap()
            .contains("cannot be reached")
    );
}

#[tokio::test]
async fn a_policy_file_is_noticed_while_the_video_runs() {
    let site = site(|_| {}).await;
    let a = "/films/a/p.m3u8";
    let swarm = site.index(a).await.swarm;
    let mut viewer = Viewer::join(&site, swarm).await;
    site.tree().write("films/shoal.toml", "p2p = \"off\"");
    viewer.is_sent_home(OffBy::Video).await;
    assert_eq!(site.index(a).await.policy.video, Some(P2p::Off));
    site.tree()
        .write("films/a/shoal.toml", "p2p = \"on\"\nmin_viewers = 9");
    let path = format!("{a}.shoal/index.json");
    let as_wanted = |policy: &Index| policy.policy.video == Some(P2p::On);
    let reply = site
        .until(&path, |reply| {
            Index::parse(&reply.body).is_ok_and(|index| as_wanted(&index))
        })
        .await;
    let policy = Index::parse(&reply.body).unwrap().policy;
    assert_eq!((policy.p2p, policy.min_viewers), (P2p::Ask, 9));
    assert!(policy.viewers.is_some());
    let b = site.index("/films/b/p.m3u8").await.policy;
    assert_eq!((b.video, b.min_viewers), (Some(P2p::Off), 0));
    assert_eq!(site.get("/films/shoal.toml").await.status, 404);
}

#[tokio::test]
async fn a_written_index_obeys_the_switch_too() {
    let fill = |tree: &Tree| {
        videos(tree);
        let settings = Settings {
            p2p: P2p::On,
            ..Settings::default()
        };
        write_all(&tree.0, &settings, false);
    };
    let site = Site::with(fill, |config| config.admin.token = Token::new(TOKEN)).await;
    let a = "/films/a/p.m3u8";
    assert_eq!(site.index(a).await.policy.p2p, P2p::On);
    let body = "{\"p2p\":\"off\"}";
    let head = format!(
        "PUT /admin/p2p HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(site.raw(head.as_bytes()).await.status, 200);
    assert_eq!(site.index(a).await.policy.p2p, P2p::Off);
}
