use futures_util::{SinkExt, StreamExt};
use shoal_wire::{id::InfoHash, index::ViewerCount};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::harness::{Reply, Site, Tree};
use crate::tracker::announce;

fn film(tree: &Tree) {
    tree.rendition("film", 0, &[10], true);
}

async fn site() -> (Site, InfoHash) {
    let site = Site::with(film, |config| config.min_viewers = 3).await;
    let swarm = site.index("/film/p.m3u8").await.swarm;
    (site, swarm)
}

fn count(reply: &Reply) -> u32 {
    assert_eq!(reply.status, 200);
    ViewerCount::parse(&reply.body).unwrap().viewers
}

#[tokio::test]
async fn those_who_wait_are_counted_without_joining() {
    let (site, swarm) = site().await;
    let index = site.index("/film/p.m3u8").await;
    assert_eq!(index.policy.min_viewers, 3);
    let path = index.policy.viewers.unwrap();
    let reply = site.get(&path).await;
    assert_eq!(count(&reply), 1);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("set-cookie"), "");
    assert_eq!(count(&site.get(&path).await), 2);
    assert_eq!(site.tracker.viewers(swarm), Some(0));
}

#[tokio::test]
async fn members_of_the_swarm_are_counted_once() {
    let (site, swarm) = site().await;
    let path = format!("/viewers/{swarm}?member");
    assert_eq!(count(&site.get(&path).await), 0);
    let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
    let (mut socket, _) = connect_async(url).await.unwrap();
    let announce = announce(swarm, 1, 0).encode();
    socket.send(Message::text(announce)).await.unwrap();
    socket.next().await.expect("an answer").unwrap();
    assert_eq!(count(&site.get(&path).await), 1);
    let waiting = format!("/viewers/{swarm}");
    assert_eq!(count(&site.get(&waiting).await), 2);
}

#[tokio::test]
async fn one_address_cannot_make_up_a_crowd() {
    let (site, swarm) = site().await;
    let path = format!("/viewers/{swarm}");
    for _ in 0..20 {
        site.get(&path).await;
    }
    assert_eq!(count(&site.get(&path).await), 4);
}

#[tokio::test]
async fn behind_a_proxy_each_viewer_counts() {
    let proxy = "127.0.0.1/32".parse().unwrap();
    let site = Site::with(film, |config| config.trusted_proxies = vec![proxy]).await;
    let swarm = site.index("/film/p.m3u8").await.swarm;
    let path = format!("/viewers/{swarm}");
    for viewer in 1..=10 {
        let address = format!("192.0.2.{viewer}");
        let reply = site
            .request("GET", &path, &[("X-Forwarded-For", &address)])
            .await;
        assert_eq!(count(&reply), viewer);
    }
}

#[tokio::test]
async fn a_swarm_that_is_not_served_has_no_count() {
    let (site, _) = site().await;
    let unknown = InfoHash([9; 20]);
    assert_eq!(site.get(&format!("/viewers/{unknown}")).await.status, 404);
    assert_eq!(site.get("/viewers/nonsense").await.status, 404);
}

#[tokio::test]
async fn without_a_least_number_nobody_is_told_to_ask() {
    let site = Site::new(film).await;
    let policy = site.index("/film/p.m3u8").await.policy;
    assert_eq!((policy.min_viewers, policy.viewers), (0, None));
}
