//! What idle viewers cost the tracker, and how fast all of them hear the switch.
//!
//! `cargo run --release -p shoal-server --example idle -- [VIEWERS] [SWARMS] [OFFERS]`: the tracker in this
//! process, the viewers in another, on loopback. Wants as many file descriptors as there are viewers, in each.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use shoal_server::tracker::{
    Access,
    alone::{LoneTracker, TrackConfig},
    swarm::Scope,
};
use shoal_wire::{
    id::{InfoHash, OfferId, PeerId},
    tracker::{Announce, AnnounceEvent, ClientMessage, Offer},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::Command,
    sync::Semaphore,
    task::JoinSet,
    time::sleep,
};

type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Connections that are made at a time.
const AT_A_TIME: usize = 64;

fn main() -> Done {
    let words: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize, default| words.get(at).map_or(Ok(default), |word| word.parse());
    // One core each, as the tracker would have.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build()?;
    if words.first().is_some_and(|word| word == "viewers") {
        let to = words.get(1).ok_or("an address")?.parse()?;
        return runtime.block_on(viewers(to, number(2, 0)?, number(3, 1)?, number(4, 0)?));
    }
    runtime.block_on(measure(number(0, 10_000)?, number(1, 100)?, number(2, 5)?))
}

async fn measure(viewers: usize, swarms: usize, offers: usize) -> Done {
    let access = Access {
        open: true,
        ..Access::default()
    };
    let mut config = TrackConfig::new("127.0.0.1:0".parse()?, access);
    config.trusted_proxies = vec!["127.0.0.1/32".parse()?];
    config.sockets.max_sockets = viewers;
    let server = LoneTracker::bind(config).await?;
    let (address, tracker) = (server.local_addr(), server.tracker());
    let running = tokio::spawn(server.run(std::future::pending()));
    let before = resident()?;
    let mut others = Command::new(env::current_exe()?)
        .args(["viewers".into(), address.to_string()])
        .args([viewers, swarms, offers].map(|number| number.to_string()))
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(others.stdout.take().ok_or("a pipe")?).lines();
    lines.next_line().await?;
    let joined = resident()?;
    sleep(Duration::from_secs(35)).await;
    let idle = resident()?;
    let each = |now: usize| (now.saturating_sub(before)) as f64 / 1024.0 / viewers as f64;
    println!("{viewers} viewers in {swarms} swarms");
    println!(
        "memory for each, KiB: {:.1} after joining, {:.1} idle",
        each(joined),
        each(idle)
    );
    let (began, busy) = (Instant::now(), processor()?);
    tracker.switch(Scope::Site, false);
    let told = began.elapsed();
    lines.next_line().await?;
    let all = began.elapsed();
    println!(
        "switch: {:.0} ms in the call, {:.0} ms until the last viewer knew, {:.0} ms of processor time",
        told.as_secs_f64() * 1e3,
        all.as_secs_f64() * 1e3,
        (processor()? - busy) * 1e3
    );
    println!("{}", tracker.counts());
    others.wait().await?;
    running.abort();
    Ok(())
}

/// Joins, says so, waits for the end, and says so.
async fn viewers(to: SocketAddr, count: usize, swarms: usize, offers: usize) -> Done {
    let free = std::sync::Arc::new(Semaphore::new(AT_A_TIME));
    let mut joining = JoinSet::new();
    for n in 0..count {
        let free = std::sync::Arc::clone(&free);
        joining.spawn(async move {
            let _one_of_few = free.acquire().await?;
            join(to, n, announce(n, n % swarms, offers)).await
        });
    }
    let mut streams = Vec::new();
    while let Some(joined) = joining.join_next().await {
        streams.push(joined??);
    }
    println!("joined");
    let mut hearing = JoinSet::new();
    for stream in streams {
        hearing.spawn(hear_the_end(stream));
    }
    while let Some(heard) = hearing.join_next().await {
        heard??;
    }
    println!("off");
    Ok(())
}

async fn join(to: SocketAddr, n: usize, announce: String) -> Done<TcpStream> {
    let mut stream = TcpStream::connect(to).await?;
    let [_, a, b, c] = u32::try_from(n)?.to_be_bytes();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         X-Forwarded-For: 10.{a}.{b}.{c}\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut seen = Vec::new();
    until(&mut stream, &mut seen, b"\r\n\r\n").await?;
    stream.write_all(&frame(&announce)).await?;
    until(&mut stream, &mut seen, b"interval").await?;
    Ok(stream)
}

async fn hear_the_end(mut stream: TcpStream) -> Done {
    until(&mut stream, &mut Vec::new(), b"\"p2p\":\"off\"").await
}

/// Reads until a text has come.
async fn until(stream: &mut TcpStream, seen: &mut Vec<u8>, text: &[u8]) -> Done {
    let mut bytes = [0; 2048];
    loop {
        if seen.windows(text.len()).any(|window| window == text) {
            seen.clear();
            return Ok(());
        }
        match stream.read(&mut bytes).await? {
            0 => return Err("the tracker has hung up".into()),
            length => seen.extend(bytes.iter().take(length)),
        }
    }
}

fn announce(n: usize, swarm: usize, offers: usize) -> String {
    let id = |kind: &str, number: usize| {
        let mut id = [b'x'; 20];
        let text = format!("{kind}{number:018}");
        id.iter_mut()
            .zip(text.bytes())
            .for_each(|(to, from)| *to = from);
        id
    };
    let mut sdp = String::new();
    while sdp.len() < 1_000 {
        let _infallible = writeln!(
            sdp,
            "a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host\r"
        );
    }
    let offer = |number| Offer {
        offer_id: OfferId(id("of", n * 10 + number)),
        sdp: sdp.clone(),
    };
    let announce = Announce {
        info_hash: InfoHash(id("sw", swarm)),
        peer_id: PeerId(id("vi", n)),
        event: Some(AnnounceEvent::Started),
        numwant: 5,
        uploaded: 0,
        downloaded: 0,
        left: Some(1),
        offers: (0..offers).map(offer).collect(),
        token: None,
    };
    ClientMessage::Announce(announce).encode()
}

/// A text frame, masked with zeros (RFC 6455 §5.2).
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = [0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
    head.into_iter().chain(text.bytes()).collect()
}

/// Seconds of processor time that this process has had, by hundredths.
fn processor() -> Done<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit(')').next().ok_or("a name")?;
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let ticks = fields.get(11..13).ok_or("two times")?;
    let ticks: Result<Vec<f64>, _> = ticks.iter().map(|ticks| ticks.parse::<f64>()).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}

/// Bytes of memory that this process has.
fn resident() -> Done<usize> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages: usize = pages.split(' ').nth(1).ok_or("a number")?.parse()?;
    Ok(pages * 4096)
}
