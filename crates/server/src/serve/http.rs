//! HTTP connections: accepted, bounded in every direction, and handed to the routes.
//!
//! Which version a connection speaks, TLS agrees on (ALPN). Without TLS it is HTTP/1.1: what would find it
//! out from the first bytes waits for them without end.

use std::{
    collections::HashMap,
    error::Error,
    net::IpAddr,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutWriter;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::tls::Tls;
use crate::{client::Proxies, metrics::Figures, tracker::Prefixes};

/// Time between two questions whether an HTTP/2 client is still there, and for its answer.
const PING: Duration = Duration::from_secs(20);

/// Bytes of an answer that wait to be sent on one stream of HTTP/2.
const MAX_SEND_BUFFER: usize = 128 * 1024;

/// The bounds of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Connections at a time. Default 8,192; a browser opens up to six. Beyond it clients wait until one
    /// ends. The tracker's sockets have a bound of their own.
    pub max_connections: usize,
    /// Connections of one IPv4 address, or one IPv6 network of 56 bits; trusted proxies may have all.
    /// Default 256: about 40 browsers of an office. Lower shuts viewers out behind large NATs; with higher
    /// ones fewer addresses can take all places.
    pub max_connections_per_address: usize,
    /// Requests at a time on one connection of HTTP/2. Default 64. Each may hold a file open and some
    /// 200 KB.
    pub max_streams: u32,
    /// Time that a client may take to send a request's head, to agree on TLS, and to be idle between two
    /// requests. Default 30 s. Shorter frees the places of slow and idle clients sooner, longer saves
    /// others a reconnect.
    pub head_timeout: Duration,
    /// Time for which a client may take nothing of an answer. Default 60 s.
    pub stall_timeout: Duration,
    /// Bytes of a request's head. Default 64 KiB. Cookies of other programs on the same host are in it.
    pub max_head: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            max_connections: 8_192,
            max_connections_per_address: 256,
            max_streams: 64,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            max_head: 64 * 1024,
        }
    }
}

/// A listener for HTTP, and what its connections are served with.
#[derive(Debug)]
pub(crate) struct HttpListener {
    pub(crate) config: HttpConfig,
    pub(crate) proxies: Arc<Proxies>,
    pub(crate) router: Router,
    /// Encryption, if there is any.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) figures: Option<Arc<Figures>>,
    /// After this a connection lives only to the end of the request that is under way.
    pub(crate) stopping: CancellationToken,
    pub(crate) connections: TaskTracker,
    /// Number of connections of each address.
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

impl HttpListener {
    pub(crate) fn new(config: HttpConfig, proxies: Arc<Proxies>, router: Router) -> Self {
        Self {
            config,
            proxies,
            router,
            tls: None,
            figures: None,
            stopping: CancellationToken::new(),
            connections: TaskTracker::new(),
            by_address: Mutex::default(),
        }
    }

    /// Accepts connections for ever.
    pub(crate) async fn accept(self: &Arc<Self>, listener: &TcpListener) {
        let free = Arc::new(Semaphore::new(self.config.max_connections));
        loop {
            let Ok(place) = Arc::clone(&free).acquire_owned().await else {
                return;
            };
            let (stream, address) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors, most likely: trying again at once would only spin.
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Some(connection) = self.let_in(address.ip()) else {
                continue;
            };
            self.connections.spawn(async move {
                let _counted = connection
                    .listener
                    .figures
                    .as_ref()
                    .map(Figures::connection);
                if let Err(error) = connection.serve(stream).await {
                    tracing::debug!(%error, "connection ended");
                }
                drop(place);
            });
        }
    }

    /// Counts a connection, unless its address has as many as it may.
    fn let_in(self: &Arc<Self>, address: IpAddr) -> Option<Connection> {
        let address = address.to_canonical();
        let counted = (!self.proxies.trusts(address)).then(|| Prefixes::default().network(address));
        if let Some(counted) = counted {
            let mut by_address = self
                .by_address
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let count = by_address.entry(counted).or_default();
            if *count >= self.config.max_connections_per_address {
                return None;
            }
            *count += 1;
        }
        Some(Connection {
            listener: Arc::clone(self),
            address,
            counted,
        })
    }
}

/// A connection that was let in.
#[derive(Debug)]
struct Connection {
    listener: Arc<HttpListener>,
    address: IpAddr,
    /// Network that it was counted under.
    counted: Option<IpAddr>,
}

impl Connection {
    async fn serve(&self, stream: TcpStream) -> Result<(), Box<dyn Error + Send + Sync>> {
        // Without it a small message waits for the receiver's delayed acknowledgement: up to 40 ms.
        let _best_effort = stream.set_nodelay(true);
        let config = &self.listener.config;
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(config.stall_timeout));
        let stream = Box::pin(stream);
        let Some(tls) = &self.listener.tls else {
            return self.http1(stream).await;
        };
        let stream = timeout(config.head_timeout, tls.accept(stream)).await??;
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => self.http2(stream).await,
            _ => self.http1(stream).await,
        }
    }

    async fn http1(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.listener.config.head_timeout)
            .max_buf_size(self.listener.config.max_head)
            .serve_connection(TokioIo::new(stream), service_fn(self.service()))
            .with_upgrades();
        let mut connection = pin!(connection);
        tokio::select! {
            done = connection.as_mut() => return Ok(done?),
            () = self.listener.stopping.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    }

    async fn http2(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let max_head = u32::try_from(self.listener.config.max_head).unwrap_or(u32::MAX);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .max_concurrent_streams(self.listener.config.max_streams)
            .max_header_list_size(max_head)
            .max_send_buf_size(MAX_SEND_BUFFER)
            .serve_connection(TokioIo::new(stream), service_fn(self.service()));
        let mut connection = pin!(connection);
        tokio::select! {
            done = connection.as_mut() => return Ok(done?),
            () = self.listener.stopping.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    }

    /// Hands a request to the routes, and tells them who sends it.
    fn service(
        &self,
    ) -> impl Fn(
        Request<Incoming>,
    ) -> <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future
    + use<> {
        let router = TowerToHyperService::new(self.listener.router.clone());
        let (proxies, address) = (Arc::clone(&self.listener.proxies), self.address);
        move |mut request| {
            let client = proxies.client(address, request.headers());
            request.extensions_mut().insert(client);
            router.call(request)
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(counted) = self.counted else {
            return;
        };
        let by_address = &self.listener.by_address;
        let mut by_address = by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&counted) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&counted);
            }
        }
    }
}
