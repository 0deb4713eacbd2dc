//! What nodes have in common through a real Redis.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    time::{Duration, SystemTime},
};

use shoal_server::{
    serve::ServeConfig,
    shared::{RedisConfig, RedisUrl},
    tracker::limits::{Announces, Bucket, Introductions},
};
use shoal_wire::{
    id::InfoHash,
    index::{P2p, ViewerCount},
    tracker::{OffBy, TrackerMessage},
};
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

use crate::{
    harness::{PATIENCE, Site},
    programs::{Redis, free_port},
    trials::{Trial, trials},
    viewer::{Viewer, introductions},
};

/// Returns the tests of this file.
pub(crate) fn all() -> Vec<Trial> {
    trials! {
        needs ["redis-server"]:
            the_switch_at_one_node_holds_at_all_and_for_those_that_come,
            what_an_address_has_used_up_at_one_node_it_has_not_at_another,
            viewers_of_all_nodes_are_counted,
            without_redis_nodes_go_on_and_make_up_for_it_when_it_is_back_empty,
            redis_never_sees_an_address,
            a_check_tells_of_a_redis_that_is_away_or_writes_to_disk,
            redis_is_reached_over_tls_and_by_a_socket_too,
            the_access_list_that_operators_are_given_is_enough;
    }
}

const FILM: &str = "/film/p.m3u8";

/// A node of the site that this Redis holds together.
async fn node(redis: &Redis, configure: impl FnOnce(&mut ServeConfig)) -> Site {
    let url = RedisUrl::read(&redis.url()).unwrap();
    let site = Site::with(
        |tree| tree.rendition("film", 0, &[10], true),
        |config| {
            config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            config.redis = Some(RedisConfig {
                url,
                interval: Duration::from_millis(50),
                ..RedisConfig::default()
            });
            configure(config);
        },
    )
    .await;
    site.index(FILM).await;
    site
}

async fn swarm(site: &Site) -> InfoHash {
    site.index(FILM).await.swarm
}

/// Asks until it is so.
async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = timeout(PATIENCE, asking).await;
    assert!(in_time.is_ok(), "it never came about: {what}");
}

/// `shoal p2p` at a node.
async fn p2p(socket: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    command.arg("p2p").args(words).arg("--socket").arg(socket);
    let done = command.output().await.unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

async fn the_switch_at_one_node_holds_at_all_and_for_those_that_come() {
    let redis = Redis::start(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("a.sock");
    let a = node(&redis, |config| config.admin.socket = Some(socket.clone())).await;
    let b = node(&redis, |_| {}).await;
    let swarm = swarm(&b).await;
    let mut viewer = Viewer::open(b.port, swarm, 1).await.unwrap();
    assert_eq!(viewer.count().await, 1);
    let told = p2p(&socket, &["off"]).await;
    assert_eq!(told, "site: off (switched)\nIt holds at all nodes.\n");
    viewer.is_sent_home(OffBy::Site).await;
    // From its first moment on.
    let c = node(&redis, |_| {}).await;
    for site in [&a, &b, &c] {
        assert_eq!(site.index(FILM).await.policy.p2p, P2p::Off);
    }
    p2p(&socket, &["configured"]).await;
    p2p(&socket, &["off", "--video", FILM]).await;
    until("the video is off at c, and the site is not", async || {
        let policy = c.index(FILM).await.policy;
        (policy.p2p, policy.video) == (P2p::Ask, Some(P2p::Off))
    })
    .await;
    let mut late = Viewer::open(c.port, swarm, 2).await.unwrap();
    late.is_sent_home(OffBy::Video).await;
}

async fn what_an_address_has_used_up_at_one_node_it_has_not_at_another() {
    let redis = Redis::start(&[]).await;
    let bucket = |burst| Bucket { burst, per_hour: 1 };
    let limits = |config: &mut ServeConfig| {
        config.swarms.introductions = Introductions {
            socket: bucket(1_000),
            address: bucket(8),
        };
        config.swarms.announces = Announces {
            socket: bucket(1_000),
            address: bucket(30),
        };
        config.swarms.max_sockets_per_address = 3;
    };
    let (a, b) = (node(&redis, limits).await, node(&redis, limits).await);
    let swarm = swarm(&a).await;
    let home = "198.51.100.77";
    let join = async |site: &Site, name, address: &str| {
        let mut viewer = Viewer::from(site.port, swarm, name, address).await.unwrap();
        viewer.count().await;
        viewer
    };
    let mut others = [Vec::new(), Vec::new()];
    for (site, others) in [&a, &b].into_iter().zip(&mut others) {
        for name in 1..=4 {
            let address = format!("203.0.113.{name}");
            others.push(join(site, name, &address).await);
        }
    }
    let [at_a, at_b] = &mut others;
    let mut one = join(&a, 9, home).await;
    let mut taken = 0;
    for _ in 0..8 {
        taken += introductions(&mut one, at_a, 4).await;
    }
    assert_eq!(taken, 8);
    let mut two = join(&b, 10, home).await;
    until("b knows that the address has none left", async || {
        introductions(&mut two, at_b, 4).await == 0
    })
    .await;
    // The sockets of both nodes count.
    let _three = join(&b, 11, home).await;
    until("a fourth is refused", async || {
        Viewer::from(a.port, swarm, 12, home).await.is_err()
    })
    .await;
    // Announces, too: what is used up here is refused there.
    let refused = |answer: &TrackerMessage| matches!(answer, TrackerMessage::Failure { .. });
    while !refused(&one.announce(0, None).await) {}
    until("announces are refused at b", async || {
        refused(&two.announce(0, None).await)
    })
    .await;
}

async fn viewers_of_all_nodes_are_counted() {
    let redis = Redis::start(&[]).await;
    let (mut a, b) = (node(&redis, |_| {}).await, node(&redis, |_| {}).await);
    let swarm = swarm(&a).await;
    let mut viewers = Vec::new();
    for (name, site) in [(1, &a), (2, &a), (3, &b)] {
        let mut viewer = Viewer::open(site.port, swarm, name).await.unwrap();
        viewer.count().await;
        viewers.push(viewer);
    }
    // One who waits.
    a.get(&format!("/viewers/{swarm}")).await;
    let count = async |site: &Site| {
        let reply = site.get(&format!("/viewers/{swarm}?member")).await;
        ViewerCount::parse(&reply.body).unwrap().viewers
    };
    until("both count four", async || {
        count(&a).await == 4 && count(&b).await == 4
    })
    .await;
    a.stop().await;
    until("those of a node that is gone are gone", async || {
        count(&b).await == 1
    })
    .await;
}

async fn without_redis_nodes_go_on_and_make_up_for_it_when_it_is_back_empty() {
    let mut redis = Redis::start(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let sockets = ["a.sock", "b.sock"].map(|name| dir.path().join(name));
    let with = async |redis: &Redis, n: usize| {
        node(redis, |config| {
            config.admin.socket = Some(sockets[n].clone());
            config.access.require_token = true;
            config.metrics = Some("127.0.0.1:0".parse().unwrap());
        })
        .await
    };
    let (a, b) = (with(&redis, 0).await, with(&redis, 1).await);
    let swarm = swarm(&a).await;
    let token = |site: &Site| site.tracker.token(swarm, SystemTime::now());
    let mut name = 0;
    let mut joins = async |site: &Site, token: Option<String>| {
        name += 1;
        let mut viewer = Viewer::open(site.port, swarm, name).await.unwrap();
        let answer = viewer.announce(0, token).await;
        matches!(answer, TrackerMessage::Announced { .. }).then_some(viewer)
    };
    let before = token(&a);
    let mut viewer = joins(&b, before.clone()).await.expect("a's token is b's");
    let figure = "shoal_redis_connected ";
    let connected = async |site: &Site| {
        let page = site.metrics("/metrics").await;
        let line = page
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(figure).map(str::to_owned));
        line.unwrap()
    };
    assert_eq!(connected(&a).await, "1");
    assert_eq!(a.get("/healthz").await.text(), "ok\n");

    redis.kill();
    for site in [&a, &b] {
        let reply = site.until("/healthz", |reply| reply.text() != "ok\n").await;
        assert_eq!(
            (reply.status, reply.text()),
            (200, "ok, but Redis is away\n")
        );
        assert_eq!(connected(site).await, "0");
        assert!(joins(site, before.clone()).await.is_some());
    }
    let told = p2p(&sockets[1], &["on"]).await;
    assert!(
        told.contains("Only this node has it: Redis is away."),
        "{told}"
    );
    assert_eq!(a.index(FILM).await.policy.p2p, P2p::Ask);
    // Later, so this one counts.
    p2p(&sockets[0], &["off"]).await;
    assert!(p2p(&sockets[0], &[]).await.contains("Only this node"));
    assert!(joins(&b, before.clone()).await.is_some());
    // One that starts now starts.
    let c = node(&redis, |config| config.access.require_token = true).await;
    assert_eq!(c.get("/healthz").await.status, 200);
    assert_eq!(c.index(FILM).await.policy.p2p, P2p::Ask);
    assert!(joins(&c, before.clone()).await.is_none());
    let alone = token(&c);

    redis.again(&[]).await;
    for site in [&a, &b, &c] {
        until("all have the later change", async || {
            site.index(FILM).await.policy.p2p == P2p::Off
        })
        .await;
        site.until("/healthz", |reply| reply.text() == "ok\n").await;
    }
    viewer.is_sent_home(OffBy::Site).await;
    assert!(
        p2p(&sockets[1], &["configured"])
            .await
            .contains("It holds at all nodes.")
    );
    for site in [&a, &b, &c] {
        until("sharing is on at all", async || {
            site.index(FILM).await.policy.p2p == P2p::Ask
        })
        .await;
    }
    let tokens: Vec<_> = [&a, &b, &c].map(token).into_iter().collect();
    for site in [&a, &b, &c] {
        for token in &tokens {
            assert!(joins(site, token.clone()).await.is_some());
        }
    }
    // Nobody who has loaded an index meanwhile is turned away where it was.
    assert!(joins(&a, before.clone()).await.is_some());
    assert!(joins(&b, before).await.is_some());
    assert!(joins(&c, alone).await.is_some());
}

async fn redis_never_sees_an_address() {
    let redis = Redis::start(&[]).await;
    let monitor = TcpStream::connect(("127.0.0.1", redis.port)).unwrap();
    (&monitor).write_all(b"MONITOR\r\n").unwrap();
    let heard = std::thread::spawn(move || {
        let lines = BufReader::new(monitor).split(b'\n');
        lines.map_while(Result::ok).collect::<Vec<_>>().concat()
    });
    let a = node(&redis, |config| config.swarms.max_sockets_per_address = 2).await;
    let b = node(&redis, |_| {}).await;
    let swarm = swarm(&a).await;
    let addresses = ["198.51.100.77", "203.0.113.45", "2001:db8:77:4500::99"];
    let mut viewers = Vec::new();
    for (name, address) in (0..).zip(addresses.iter().cycle().take(9)) {
        for site in [&a, &b] {
            let waiting = format!("/viewers/{swarm}");
            site.request("GET", &waiting, &[("X-Forwarded-For", address)])
                .await;
            // One too many of each is refused.
            if let Ok(mut viewer) = Viewer::from(site.port, swarm, name, address).await {
                viewer.announce(5, None).await;
                viewers.push(viewer);
            }
        }
    }
    let mut connection = redis.connection();
    let records = || -> Vec<String> {
        redis::cmd("KEYS")
            .arg("shoal:a:*")
            .query(&mut redis.connection())
            .unwrap()
    };
    until("there is a record of each address", async || {
        records().len() == 3
    })
    .await;
    drop(viewers);
    sleep(Duration::from_millis(200)).await;
    let mut dump = Vec::new();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    for key in &keys {
        let ttl: i64 = redis::cmd("TTL").arg(key).query(&mut connection).unwrap();
        // What stands for viewers ends by itself.
        let lasting = ["shoal:switch", "shoal:secret"].contains(&key.as_str());
        assert!(lasting || (0..=86_400).contains(&ttl), "{key} {ttl}");
        dump.extend(key.as_bytes());
        let value: redis::Value = match redis::cmd("TYPE")
            .arg(key)
            .query::<String>(&mut connection)
            .unwrap()
            .as_str()
        {
            "hash" => redis::cmd("HGETALL")
                .arg(key)
                .query(&mut connection)
                .unwrap(),
            _ => redis::cmd("GET").arg(key).query(&mut connection).unwrap(),
        };
        dump.extend(format!("{value:?}").bytes());
        flatten(&value, &mut dump);
    }
    drop((a, b, redis));
    let heard = heard.join().unwrap();
    let has = |bytes: &[u8], form: &[u8]| bytes.windows(form.len()).any(|part| part == form);
    assert!(has(&heard, b"EVALSHA") && has(&heard, b"shoal:a:"));
    for address in addresses {
        let ip: std::net::IpAddr = address.parse().unwrap();
        let (octets, number) = match ip {
            std::net::IpAddr::V4(ip) => (ip.octets().to_vec(), ip.to_bits().to_string()),
            std::net::IpAddr::V6(ip) => (ip.octets()[..7].to_vec(), ip.to_bits().to_string()),
        };
        let hex: String = octets.iter().map(|byte| format!("{byte:02x}")).collect();
        for form in [
            address.as_bytes(),
            &octets,
            number.as_bytes(),
            hex.as_bytes(),
        ] {
            assert!(!has(&heard, form), "{address} was sent");
            assert!(!has(&dump, form), "{address} is kept");
        }
    }
}

/// All bytes of a value.
fn flatten(value: &redis::Value, into: &mut Vec<u8>) {
    match value {
        redis::Value::BulkString(bytes) => into.extend(bytes),
        redis::Value::Array(values) => values.iter().for_each(|value| flatten(value, into)),
        _ => {}
    }
}

/// `shoal serve --check` with this Redis: what it has to say although the server would start.
fn check(url: &str, environment: &[(&str, &Path)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shoal.toml");
    let config = format!("dir = {:?}\n[redis]\nurl = \"{url}\"\n", dir.path());
    std::fs::write(&file, config).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shoal"));
    command.args(["serve", "--check", "--config"]).arg(&file);
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

async fn a_check_tells_of_a_redis_that_is_away_or_writes_to_disk() {
    let mut redis = Redis::start(&["--appendonly", "yes"]).await;
    let url = redis.url();
    assert!(check(&url, &[]).contains("writes to disk (its setting `appendonly`)"));
    redis.again(&["--save", "60 1"]).await;
    assert!(check(&url, &[]).contains("its setting `save`"));
    redis.kill();
    assert!(check(&url, &[]).contains("Redis cannot be used"));
    redis.again(&[]).await;
    assert_eq!(check(&url, &[]), "");
}

async fn redis_is_reached_over_tls_and_by_a_socket_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(path("cert"), made.cert.pem()).unwrap();
    std::fs::write(path("key"), made.signing_key.serialize_pem()).unwrap();
    let (tls, socket) = (free_port().to_string(), path("redis.sock"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let _redis = Redis::start(&[
        "--tls-port",
        &tls,
        "--tls-cert-file",
        &text(&path("cert")),
        "--tls-key-file",
        &text(&path("key")),
        "--tls-auth-clients",
        "no",
        "--unixsocket",
        &text(&socket),
    ])
    .await;
    assert_eq!(check(&format!("unix://{}", socket.display()), &[]), "");
    let url = format!("rediss://localhost:{tls}");
    let trusted = path("cert");
    assert_eq!(check(&url, &[("SSL_CERT_FILE", &trusted)]), "");
    assert!(check(&url, &[]).contains("Redis cannot be used"));
}

async fn the_access_list_that_operators_are_given_is_enough() {
    let redis = Redis::start(&[]).await;
    let docs = include_str!("../../../../docs/operating.md");
    let list = docs.split('`').find(|code| code.starts_with("~shoal:*"));
    let mut user = redis::cmd("ACL");
    user.arg("SETUSER").arg("node").arg("on").arg(">word");
    list.unwrap().split(' ').for_each(|rule| {
        user.arg(rule);
    });
    user.arg("+config|get");
    let mut connection = redis.connection();
    user.exec(&mut connection).unwrap();
    let url = format!("redis://node@127.0.0.1:{}", redis.port);
    let url = RedisUrl::read(&url).unwrap().with_password("word").unwrap();
    let site = node(&redis, |config| {
        let redis = config.redis.as_mut().unwrap();
        redis.url = url;
        config.access.require_token = true;
    })
    .await;
    let swarm = swarm(&site).await;
    let mut viewer = Viewer::open(site.port, swarm, 1).await.unwrap();
    let token = site.tracker.token(swarm, SystemTime::now());
    viewer.announce(0, token).await;
    let records = || -> Vec<String> {
        let mut keys = redis::cmd("KEYS");
        keys.arg("shoal:a:*")
            .query(&mut redis.connection())
            .unwrap()
    };
    until("there is a record", async || records().len() == 1).await;
    assert_eq!(site.get("/healthz").await.text(), "ok\n");
    let denied: Vec<redis::Value> = redis::cmd("ACL").arg("LOG").query(&mut connection).unwrap();
    assert!(denied.is_empty(), "{denied:?}");
}
