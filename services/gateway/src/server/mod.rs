//! How the gateway lives: it listens, lets connections in within bounds, and ends when it is asked to.

mod admit;
mod connections;
mod health;
mod router;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use downbeat_runtime::{
    clock::Clock,
    shutdown::{self, ShutdownSignal},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, oneshot},
};
use tower::ServiceExt as _;

use crate::{
    access::{self, Doors, Uses},
    config::GatewayConfig,
    error::Error,
    limits,
    login::Login,
    mcp,
    metrics::Metrics,
    rest::{Callbacks, Hooks, Rates},
    upstream::Upstream,
};
use connections::Connections;
pub(crate) use connections::whose;

/// How long requests may go on once the gateway is asked to end.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) upstream: Upstream,
    pub(crate) doors: Doors,
    pub(crate) uses: Uses,
    /// Calls of tools of assistants, until they are told.
    pub(crate) tools: mcp::Calls,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    /// Requests with a key that are worked on.
    pub(crate) places: Arc<Semaphore>,
    /// Requests without one.
    pub(crate) open_places: Connections,
    /// Calls to endpoints, and of git hosts: who logs in, or seems to, takes no room from them.
    pub(crate) hook_places: Connections,
    /// Streams of live updates.
    pub(crate) streams: Arc<Semaphore>,
    /// Of checks of pipelines without a key.
    pub(crate) checks: Rates<IpAddr>,
    /// Of calls to endpoints.
    pub(crate) calls: Rates<IpAddr>,
    /// Of everything that needs a key, by key or login.
    pub(crate) asked: Rates<String>,
    /// How many of those in a minute.
    pub(crate) asked_per_minute: u32,
    pub(crate) callbacks: Option<Callbacks>,
    /// Of git hosts.
    pub(crate) hooks: Hooks,
    /// How people log in; none = they do not.
    pub(crate) login: Option<Login>,
    /// Set when the gateway is to end: streams end with it.
    pub(crate) ending: ShutdownSignal,
}

/// A gateway that listens.
#[derive(Debug)]
pub struct Gateway {
    health: Option<SocketAddr>,
    listener: TcpListener,
    address: SocketAddr,
    upstream: Upstream,
    callbacks: Option<Callbacks>,
    hooks: Hooks,
    login: Option<Login>,
    asked_per_minute: u32,
}

impl Gateway {
    /// Listens. The services behind need not be there yet.
    ///
    /// # Errors
    /// The port is taken, or a setting is wrong.
    pub async fn bind(config: GatewayConfig) -> Result<Self, Error> {
        let upstream = Upstream::of(&config)?;
        let (callbacks, hooks) = (Callbacks::of(&config)?, Hooks::of(&config)?);
        let taken = |source| Error::Bind { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let login = Login::of(&config, address)?;
        let asked_per_minute = config.requests_per_minute;
        Ok(Self { health: config.health, listener, address, upstream, callbacks, hooks, login, asked_per_minute })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where people find the console: as they reach it, where that is known.
    pub fn console(&self) -> String {
        let origin = self.login.as_ref().map_or_else(|| format!("http://{}", self.address), Login::origin);
        format!("{origin}/console/")
    }

    /// Serves until the signal.
    ///
    /// # Errors
    /// The address for health cannot be listened on.
    pub async fn run(self, signal: ShutdownSignal) -> Result<(), Error> {
        let edge = Arc::new(Edge {
            doors: access::follow(self.upstream.coordinator.clone()),
            upstream: self.upstream,
            uses: Uses::default(),
            tools: mcp::Calls::default(),
            clock: Clock::start(),
            metrics: Metrics::default(),
            places: Arc::new(Semaphore::new(limits::REQUESTS_AT_ONCE)),
            open_places: Connections::at_most(limits::OPEN_REQUESTS_AT_ONCE, limits::OPEN_REQUESTS_PER_ADDRESS),
            hook_places: Connections::at_most(limits::HOOKS_AT_ONCE, limits::HOOKS_PER_ADDRESS),
            streams: Arc::new(Semaphore::new(limits::STREAMS_MAX)),
            checks: Rates::default(),
            calls: Rates::default(),
            asked: Rates::default(),
            asked_per_minute: self.asked_per_minute,
            callbacks: self.callbacks,
            hooks: self.hooks,
            login: self.login,
            ending: signal.clone(),
        });
        match self.health {
            Some(listen) => health::serve(listen, Arc::clone(&edge), signal.clone())
                .await
                .map_err(|source| Error::Bind { address: listen, source })?,
            None => downbeat_runtime::otlp::measures(Arc::new(edge.metrics.registry())),
        }
        let telling = tokio::spawn(edge.uses.clone().tell(edge.upstream.coordinator.clone(), signal.clone()));
        let (over, stopped) = oneshot::channel();
        let (coordinator, lost) = (edge.upstream.coordinator.clone(), edge.metrics.tool_calls_lost.clone());
        let calling = tokio::spawn(edge.tools.clone().tell(coordinator, lost, signal.clone(), stopped));
        serve(self.listener, router::router(edge), signal).await;
        drop(over);
        // What was used last is told, too.
        let _ = tokio::join!(telling, calling);
        Ok(())
    }
}

async fn serve(listener: TcpListener, router: Router, mut signal: ShutdownSignal) {
    let graceful = GracefulShutdown::new();
    let connections = Connections::at_most(limits::CONNECTIONS_MAX, limits::CONNECTIONS_PER_ADDRESS_MAX);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_WAIT)
        .max_buf_size(limits::HEAD_BYTES_MAX)
        .max_headers(limits::HEADERS_MAX)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits::KEEP_ALIVE)
        .max_header_list_size(u32::try_from(limits::HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_concurrent_streams(100);
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown::wait(&mut signal) => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, mostly: it passes.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Whoever has too many is let go without an answer: to write one would cost what the limit saves.
        let Some(place) = connections.enter(peer.ip()) else { continue };
        stream.set_nodelay(true).ok();
        let service = router.clone().map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = place;
            if !connections::has_begun(&stream).await {
                return;
            }
            let service = TowerToHyperService::new(service);
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            let connection = watcher.watch(connection.into_owned());
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await.ok();
}
