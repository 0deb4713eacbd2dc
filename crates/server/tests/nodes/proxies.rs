//! Two nodes behind each of the proxies that we have an example for: swarms stay whole, and nothing that dies
//! costs more than a reconnect.

use std::{collections::HashMap, time::Duration};

use tokio::{process::Command, time::sleep};

use crate::{
    audience::Fan,
    site::{FILMS, Front, Nodes, until},
    trials::{Trial, trials},
    viewer::{Name, Viewer},
};

/// Returns the tests of this file.
pub(crate) fn all() -> Vec<Trial> {
    trials! {
        needs ["redis-server", "nginx"]:
            behind_nginx_swarms_stay_whole_and_survive_what_dies,
            behind_nginx_a_node_that_goes_hands_its_viewers_over;
        needs ["redis-server", "haproxy"]:
            behind_haproxy_swarms_stay_whole_and_survive_what_dies,
            behind_haproxy_a_node_that_goes_hands_its_viewers_over;
    }
}

/// Viewers of each film.
const EACH: usize = 12;

/// Viewers of all films, who have found each other.
async fn crowd(site: &Nodes) -> Vec<Fan> {
    let mut fans = Vec::new();
    for (film, swarm) in site.swarms.iter().enumerate() {
        for n in 0..EACH {
            let name = Name::try_from(film * EACH + n).unwrap();
            fans.push(Fan::join(site.front, *swarm, name));
        }
    }
    all_meet(&fans).await;
    fans
}

async fn all_meet(fans: &[Fan]) {
    until("all have met somebody", async || {
        fans.iter().all(Fan::has_met).then_some(())
    })
    .await;
}

/// Waits until every swarm is at a node with all of its viewers, and tells at which.
async fn places(site: &Nodes) -> Vec<usize> {
    let mut places = Vec::new();
    for swarm in &site.swarms {
        let place = until("a swarm is whole", async || {
            let place = site.place(*swarm).await?;
            (site.nodes[place].members(*swarm).await == EACH as u32).then_some(place)
        })
        .await;
        places.push(place);
    }
    places
}

/// Waits until every viewer has been answered some more times.
async fn all_go_on(fans: &[Fan]) {
    let before: Vec<_> = fans.iter().map(Fan::announces).collect();
    until("all announces are answered", async || {
        let mut all = fans.iter().zip(&before);
        all.all(|(fan, before)| fan.announces() >= before + 2)
            .then_some(())
    })
    .await;
}

/// How often the viewers of the films at one node have connected.
fn connections(fans: &[Fan], site: &Nodes, places: &[usize], node: usize) -> Vec<usize> {
    let here: HashMap<_, _> = site.swarms.iter().zip(places).collect();
    let there = fans.iter().filter(|fan| *here[&fan.swarm] == node);
    there.map(Fan::connections).collect()
}

async fn swarms_stay_whole_and_survive_what_dies(front: Front) {
    let mut site = Nodes::start(front).await;
    let fans = crowd(&site).await;
    let at = places(&site).await;
    assert!(
        at.contains(&0) && at.contains(&1),
        "all at one node: {at:?}"
    );

    // A node dies.
    site.nodes[0].kill();
    let now = places(&site).await;
    assert_eq!(now, [1; FILMS]);
    all_meet(&fans).await;
    assert!(
        connections(&fans, &site, &at, 0)
            .iter()
            .all(|count| *count >= 2)
    );
    let unmoved = vec![1; connections(&fans, &site, &at, 1).len()];
    assert_eq!(connections(&fans, &site, &at, 1), unmoved);

    // So does Redis.
    site.redis.kill();
    let health = async |site: &Nodes, port| {
        let (status, body) = site.get(port, "/healthz").await;
        (status, String::from_utf8(body).unwrap())
    };
    until("the node says so", async || {
        let (status, word) = health(&site, site.nodes[1].port).await;
        assert_eq!(status, 200);
        word.contains("Redis is away").then_some(())
    })
    .await;
    all_go_on(&fans).await;

    // The node comes back, and newcomers reach it: its swarms are split.
    site.nodes[0].again();
    let film = at.iter().position(|place| *place == 0).unwrap();
    let swarm = site.swarms[film];
    let newcomer = until("a newcomer reaches the node", async || {
        let mut newcomer = Viewer::open(site.front, swarm, 9_999).await.ok()?;
        newcomer.count().await;
        if site.nodes[0].members(swarm).await > 0 {
            return Some(newcomer);
        }
        // Newcomers at much the same time would not tell where the proxy has the swarm now.
        sleep(Duration::from_secs(2)).await;
        None
    })
    .await;
    assert_eq!(site.nodes[1].members(swarm).await, EACH as u32);
    assert_eq!(connections(&fans, &site, &at, 1), unmoved);

    // With Redis back, empty, the swarm comes together where the proxy has it now.
    site.redis.again(&[]).await;
    until("the swarm is whole again", async || {
        (site.nodes[0].members(swarm).await == EACH as u32 + 1).then_some(())
    })
    .await;
    drop(newcomer);
    all_meet(&fans).await;
    // Those of the other node's films have noticed nothing at all.
    assert_eq!(connections(&fans, &site, &at, 1), unmoved);
    assert_eq!(fans.iter().map(Fan::failures).sum::<usize>(), 0);

    // What is switched at one node reaches everybody.
    let mut off = Command::new(env!("CARGO_BIN_EXE_shoal"));
    off.args(["p2p", "off", "--socket"])
        .arg(&site.nodes[0].socket);
    assert!(off.status().await.unwrap().success());
    until("all are told", async || {
        fans.iter().all(Fan::is_off).then_some(())
    })
    .await;

    let log = site.nodes[1].log();
    assert_eq!(log.matches("Redis cannot be used").count(), 1, "{log}");
    assert_eq!(log.matches("Redis is back").count(), 1, "{log}");
    let written = site.written();
    assert!(!written.contains("127.77."), "{written}");
}

async fn behind_nginx_swarms_stay_whole_and_survive_what_dies() {
    swarms_stay_whole_and_survive_what_dies(Front::Nginx).await;
}

async fn behind_haproxy_swarms_stay_whole_and_survive_what_dies() {
    swarms_stay_whole_and_survive_what_dies(Front::Haproxy).await;
}

async fn a_node_that_goes_hands_its_viewers_over(front: Front) {
    let mut site = Nodes::start(front).await;
    let fans = crowd(&site).await;
    let at = places(&site).await;
    let stays = 1 - at[0];
    let goes = at[0];
    site.nodes[goes].terminate();
    let (status, _) = until("it says that it goes", async || {
        let answer = site.get(site.nodes[goes].port, "/healthz").await;
        (answer.0 != 200).then_some(answer)
    })
    .await;
    assert_eq!(status, 503);
    site.nodes[goes].ended().await;
    assert_eq!(places(&site).await, [stays; FILMS]);
    all_meet(&fans).await;
    let moved = connections(&fans, &site, &at, goes);
    // Once, not again and again.
    assert_eq!(moved, vec![2; moved.len()]);
    let unmoved = connections(&fans, &site, &at, stays);
    assert_eq!(unmoved, vec![1; unmoved.len()]);
}

async fn behind_nginx_a_node_that_goes_hands_its_viewers_over() {
    a_node_that_goes_hands_its_viewers_over(Front::Nginx).await;
}

async fn behind_haproxy_a_node_that_goes_hands_its_viewers_over() {
    a_node_that_goes_hands_its_viewers_over(Front::Haproxy).await;
}
