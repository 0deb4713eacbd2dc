//! Connections that mean no good beside the viewers: they hold what they can get, and come back when they are
//! thrown out.

use std::{
    cell::Cell,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    rc::Rc,
    time::Duration,
};

use anyhow::Result;
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long one waits before it comes again.
const PAUSE: Duration = Duration::from_millis(500);

/// How long one waits for the answer to its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Time between two bytes of a slow one.
const DRIP: Duration = Duration::from_secs(1);

/// What one does, by turns.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// It says nothing at all.
    Silent,
    /// It sends its request byte by byte.
    Head,
    /// It sends a message of the largest size byte by byte.
    Frame,
    /// It asks and asks, and never takes an answer.
    Deaf,
}

const KINDS: [Kind; 4] = [Kind::Silent, Kind::Head, Kind::Frame, Kind::Deaf];

/// What has come of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct HostileFigures {
    /// Connections that were tried.
    pub(crate) tried: usize,
    /// Connections that were open in the end.
    pub(crate) open: usize,
    /// Bytes that the tracker's process has grown by since before them.
    pub(crate) growth: u64,
}

/// All of them, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Hostiles {
    tasks: JoinSet<()>,
    tried: Rc<Cell<usize>>,
    open: Rc<Cell<usize>>,
}

impl Hostiles {
    /// Sends `count` of them, spread over so many addresses.
    pub(crate) fn send(count: usize, addresses: usize, server: SocketAddr) -> Self {
        let mut all = Self::default();
        for (index, kind) in (0..count).zip(KINDS.into_iter().cycle()) {
            let (tried, open) = (Rc::clone(&all.tried), Rc::clone(&all.open));
            let own = address(index % addresses);
            all.tasks.spawn_local(async move {
                loop {
                    tried.set(tried.get() + 1);
                    if let Ok(stream) = connect(own, server).await {
                        open.set(open.get() + 1);
                        // It ends when the tracker ends it.
                        let _thrown_out = kind.trouble(stream, server).await;
                        open.set(open.get() - 1);
                    }
                    sleep(PAUSE).await;
                }
            });
        }
        all
    }

    pub(crate) fn figures(&self, growth: u64) -> HostileFigures {
        HostileFigures {
            tried: self.tried.get(),
            open: self.open.get(),
            growth,
        }
    }
}

impl Kind {
    async fn trouble(self, mut stream: TcpStream, server: SocketAddr) -> Result<()> {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        if !matches!(self, Self::Silent | Self::Head) {
            stream.write_all(request.as_bytes()).await?;
            let mut answer = [0; 256];
            let read = timeout(PATIENCE, stream.read(&mut answer)).await??;
            anyhow::ensure!(answer[..read].starts_with(b"HTTP/1.1 101"), "refused");
        }
        match self {
            Self::Silent => until_closed(&mut stream).await,
            // It never comes to the end.
            Self::Head => {
                drip(
                    stream,
                    format!("{}X: ", &request[..request.len() - 2]).bytes(),
                )
                .await
            }
            Self::Frame => {
                let head = [0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0];
                drip(stream, head.into_iter()).await
            }
            Self::Deaf => loop {
                stream.write_all(&scrape()).await?;
                sleep(DRIP / 4).await;
            },
        }
    }
}

/// These bytes, then others for ever, one at a time, unless the tracker closes.
async fn drip(stream: TcpStream, bytes: impl Iterator<Item = u8>) -> Result<()> {
    let (mut read, mut write) = stream.into_split();
    let writing = async {
        for byte in bytes.chain(std::iter::repeat(b'x')) {
            write.write_all(&[byte]).await?;
            sleep(DRIP).await;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        written = writing => written,
        closed = until_closed(&mut read) => closed,
    }
}

async fn until_closed(stream: &mut (impl AsyncReadExt + Unpin)) -> Result<()> {
    let mut some = [0; 256];
    while stream.read(&mut some).await? > 0 {}
    Ok(())
}

/// A question with a long answer: a hundred swarms.
fn scrape() -> Vec<u8> {
    let hash = "\"01234567890123456789\"";
    let hashes = vec![hash; 100].join(",");
    let text = format!(r#"{{"action":"scrape","info_hash":[{hashes}]}}"#);
    let length = text.len() as u16;
    let mut frame = vec![0x81, 0xfe];
    frame.extend(length.to_be_bytes());
    // A mask of zeros changes nothing.
    frame.extend([0; 4]);
    frame.extend(text.bytes());
    frame
}

async fn connect(own: Ipv4Addr, server: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddrV4::new(own, 0).into())?;
    let stream = timeout(PATIENCE, socket.connect(server)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// None of the viewers has one of these.
fn address(index: usize) -> Ipv4Addr {
    let byte = |number: usize| (number % 250) as u8 + 1;
    Ipv4Addr::new(127, 252, byte(index / 250), byte(index))
}
