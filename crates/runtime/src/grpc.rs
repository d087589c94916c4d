//! gRPC plumbing: every server speaks health and reflection, says clearly when its port is taken, and ends when asked to; every client waits
//! for as long as all others do, and goes to the next of several addresses when one is gone. With certificates, both sides show theirs
//! ([`crate::tls`]).

mod several;
pub mod switch;

use std::{net::SocketAddr, sync::Arc};

use tokio::net::TcpListener;
use tonic::{
    service::{Routes, RoutesBuilder},
    transport::{Channel, Endpoint, Error as TransportError, Server, Uri, server::TcpIncoming},
};

use crate::{
    error::Error,
    limits,
    shutdown::{self, ShutdownSignal},
    tls::{self, Dialer, Kept, PublicDialer, Rule, Trust},
};
use several::{Plain, Several};
use switch::Calls;

/// Where a server listens, and whom it believes.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    guard: Option<(Arc<Kept>, Rule)>,
}

/// `HOST:PORT` under which others reach who listens there: the machine's name, where that is every address of the machine.
pub fn reachable_at(listening: SocketAddr) -> String {
    if !listening.ip().is_unspecified() {
        return listening.to_string();
    }
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = if name.trim().is_empty() { "127.0.0.1" } else { name.trim() };
    format!("{name}:{}", listening.port())
}

/// Binds, so that a taken port is known before anything else starts.
///
/// # Errors
/// `Bind`.
pub async fn bind(address: SocketAddr) -> Result<Listener, Error> {
    let socket = TcpListener::bind(address).await.map_err(|source| Error::Bind { address, source })?;
    Ok(Listener { socket, guard: None })
}

impl Listener {
    /// Takes only calls of those who are trusted, and of them only what the rule allows; without certificates, all calls of everybody.
    pub fn guarded(self, trust: &Trust, rule: Rule) -> Self {
        Self { guard: trust.kept().map(|kept| (Arc::clone(kept), rule)), ..self }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// Serves until the signal. `descriptors` feeds reflection; `services` are the names that health reports as serving.
///
/// # Errors
/// `Serve`, `Reflection`.
pub async fn serve(
    listener: Listener,
    routes: RoutesBuilder,
    descriptors: &'static [u8],
    services: &[&str],
    signal: ShutdownSignal,
) -> Result<(), Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    for service in services {
        reporter.set_service_status(*service, tonic_health::ServingStatus::Serving).await;
    }
    let routes = with_reflection(routes, health, descriptors)?.routes();
    serve_routes(listener, routes, limits::STREAMS_PER_CONNECTION_MAX, signal).await
}

/// The same for services that are elsewhere at times: every call goes where its switch says, and health says that they serve while it says
/// anything.
///
/// # Errors
/// `Serve`, `Reflection`.
pub async fn serve_switched(
    listener: Listener,
    calls: Calls,
    descriptors: &'static [u8],
    services: &'static [&'static str],
    signal: ShutdownSignal,
) -> Result<(), Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let mut watched = calls.clone();
    let report = async move {
        loop {
            for service in services {
                reporter.set_service_status(*service, tonic_health::ServingStatus::NotServing).await;
            }
            if !watched.somewhere().await {
                return std::future::pending().await;
            }
            for service in services {
                reporter.set_service_status(*service, tonic_health::ServingStatus::Serving).await;
            }
            if !watched.nowhere().await {
                return std::future::pending().await;
            }
        }
    };
    let routes = with_reflection(RoutesBuilder::default(), health, descriptors)?.routes();
    let routes = Routes::from(routes.into_axum_router().fallback_service(calls));
    tokio::select! {
        served = serve_routes(listener, routes, limits::STREAMS_HANDED_ON_MAX, signal) => served,
        () = report => Ok(()),
    }
}

fn with_reflection<H>(
    mut routes: RoutesBuilder,
    health: tonic_health::pb::health_server::HealthServer<H>,
    descriptors: &'static [u8],
) -> Result<RoutesBuilder, Error>
where
    H: tonic_health::pb::health_server::Health,
{
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|error| Error::Reflection(error.to_string()))?;
    routes.add_service(health).add_service(reflection);
    Ok(routes)
}

async fn serve_routes(
    listener: Listener,
    routes: Routes,
    streams_max: u32,
    mut signal: ShutdownSignal,
) -> Result<(), Error> {
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(limits::KEEPALIVE_INTERVAL))
        .max_concurrent_streams(streams_max);
    let Listener { socket, guard } = listener;
    let Some((kept, rule)) = guard else {
        warn_of_strangers(&socket);
        // Set on the listener: the server's own setting is not applied to connections that it did not accept itself, and without it
        // small messages wait up to 40 ms for the other side's delayed acknowledgement.
        let incoming = TcpIncoming::from(socket).with_nodelay(Some(true));
        let served = server.add_routes(routes);
        let served = served.serve_with_incoming_shutdown(incoming, async move { shutdown::wait(&mut signal).await });
        return served.await.map_err(Error::Serve);
    };
    let incoming = tls::incoming(socket, kept, signal.clone());
    let routes = Routes::from(tls::guarded(routes.into_axum_router(), rule));
    let served = server.add_routes(routes);
    let served = served.serve_with_incoming_shutdown(incoming, async move { shutdown::wait(&mut signal).await });
    served.await.map_err(Error::Serve)
}

fn warn_of_strangers(socket: &TcpListener) {
    if let Ok(address) = socket.local_addr()
        && !address.ip().is_loopback()
    {
        tracing::warn!(
            %address,
            "NOBODY IS ASKED WHO THEY ARE HERE: whoever reaches this address may do everything. Give --tls-cert, --tls-key and --tls-ca \
             (docs/security.md), or listen on 127.0.0.1"
        );
    }
}

/// A service to be called: its address, the time-outs that every client of ours uses, and how both sides know each other.
#[derive(Clone, Debug)]
pub struct Target {
    endpoint: Endpoint,
    way: Way,
}

/// How a connection is made.
#[derive(Clone, Debug)]
enum Way {
    Plain,
    /// The same to one of several.
    PlainToOneOf(Arc<Several<Plain>>),
    /// To a service of ours, by our own authority.
    Trusted(Arc<Several<Dialer>>),
    /// To a gateway, by the machine's authorities.
    Public(PublicDialer),
}

impl Target {
    /// One address, or several with commas between them. `service`: the one that is wanted there, as its certificate names it. With
    /// certificates an address begins with `https://`, without them with `http://`.
    ///
    /// # Errors
    /// `Address`; `Tls` where address and certificates do not fit.
    pub fn new(addresses: &str, service: &'static str, trust: &Trust) -> Result<Self, Error> {
        let addresses: Vec<&str> = addresses.split(',').map(str::trim).collect();
        let Some(first) = addresses.first().filter(|_| addresses.len() <= limits::ADDRESSES_MAX) else {
            return Err(Error::Addresses { most: limits::ADDRESSES_MAX });
        };
        let each = addresses.iter().map(|address| checked(address, trust)).collect::<Result<Vec<_>, _>>()?;
        let several = each.len() > 1;
        let way = match trust.kept() {
            Some(kept) => {
                let dialers = each.into_iter().zip(&addresses).map(|((host, port), address)| {
                    Dialer::new(kept, service, &host, port.unwrap_or(443))
                        .map_err(|why| Error::Tls(format!("`{address}` names no host: {why}")))
                });
                Way::Trusted(Several::new(dialers.collect::<Result<_, _>>()?))
            }
            None if several => {
                let plain = |(host, port): (String, Option<u16>)| Plain { host, port: port.unwrap_or(80) };
                Way::PlainToOneOf(Several::new(each.into_iter().map(plain).collect()))
            }
            None => Way::Plain,
        };
        let target = Self::over(first, way)?;
        if !several {
            return Ok(target);
        }
        target.with(|endpoint| {
            let every = limits::KEEPALIVE_OF_SEVERAL;
            Ok(endpoint.http2_keep_alive_interval(every).keep_alive_timeout(every))
        })
    }

    /// A gateway: over TLS with the authorities of the machine where the address begins with `https://`, else in the clear.
    ///
    /// # Errors
    /// `Address`; `Tls` where the machine's authorities cannot be used.
    pub fn public(address: &str) -> Result<Self, Error> {
        let wrong = |source| Error::Address { address: address.to_owned(), source };
        let uri = Endpoint::from_shared(address.to_owned()).map_err(wrong)?.uri().clone();
        if uri.scheme_str() != Some("https") {
            return Self::over(address, Way::Plain);
        }
        let dialer = PublicDialer::new(uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(443));
        Self::over(address, Way::Public(dialer.map_err(|why| Error::Tls(format!("`{address}`: {why}")))?))
    }

    fn over(address: &str, way: Way) -> Result<Self, Error> {
        let wrong = |source| Error::Address { address: address.to_owned(), source };
        let mut endpoint = Endpoint::from_shared(address.to_owned()).map_err(wrong)?;
        if !matches!(way, Way::Plain | Way::PlainToOneOf(_)) {
            // The scheme is for the channel to connect by, and TLS is none of its business here.
            let uri = endpoint.uri().clone();
            let plain = format!("http{}", address.trim_start().get("https".len()..).unwrap_or_default());
            endpoint = Endpoint::from_shared(plain).map_err(wrong)?.origin(uri);
        }
        let endpoint = endpoint
            .connect_timeout(limits::CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(limits::KEEPALIVE_INTERVAL)
            .keep_alive_while_idle(true);
        Ok(Self { endpoint, way })
    }

    /// Without certificates.
    ///
    /// # Errors
    /// `Address`; `Tls` for an address that needs them.
    pub fn plain(address: &str) -> Result<Self, Error> {
        Self::new(address, "", &Trust::default())
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// Those of the settings.
    pub fn with<E>(self, set: impl FnOnce(Endpoint) -> Result<Endpoint, E>) -> Result<Self, E> {
        Ok(Self { endpoint: set(self.endpoint)?, way: self.way })
    }

    /// Connects.
    ///
    /// # Errors
    /// Nobody answers there, or somebody whom we do not trust, or who does not trust us.
    pub async fn connect(&self) -> Result<Channel, TransportError> {
        match self.way.clone() {
            Way::Plain => self.endpoint.connect().await,
            Way::PlainToOneOf(several) => {
                let connector = tower::service_fn(move |_: Uri| Arc::clone(&several).dial());
                self.endpoint.connect_with_connector(connector).await
            }
            Way::Trusted(several) => {
                let connector = tower::service_fn(move |_: Uri| Arc::clone(&several).dial());
                self.endpoint.connect_with_connector(connector).await
            }
            Way::Public(dialer) => {
                self.endpoint.connect_with_connector(tower::service_fn(move |_: Uri| dialer.clone().dial())).await
            }
        }
    }

    /// Connects when it is needed, and again when the connection is lost.
    pub fn connect_lazy(&self) -> Channel {
        match self.way.clone() {
            Way::Plain => self.endpoint.connect_lazy(),
            Way::PlainToOneOf(several) => {
                let connector = tower::service_fn(move |_: Uri| Arc::clone(&several).dial());
                self.endpoint.connect_with_connector_lazy(connector)
            }
            Way::Trusted(several) => {
                let connector = tower::service_fn(move |_: Uri| Arc::clone(&several).dial());
                self.endpoint.connect_with_connector_lazy(connector)
            }
            Way::Public(dialer) => {
                self.endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| dialer.clone().dial()))
            }
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = self.endpoint.uri().to_string();
        match address.strip_prefix("http://") {
            Some(rest) if !matches!(self.way, Way::Plain | Way::PlainToOneOf(_)) => write!(f, "https://{rest}"),
            _ => f.write_str(&address),
        }
    }
}

/// Host and port of an address that fits the certificates that there are.
fn checked(address: &str, trust: &Trust) -> Result<(String, Option<u16>), Error> {
    let wrong = |source| Error::Address { address: address.to_owned(), source };
    let uri = Endpoint::from_shared(address.to_owned()).map_err(wrong)?.uri().clone();
    match (uri.scheme_str(), trust.kept()) {
        (Some("https"), None) => {
            Err(Error::Tls(format!("`{address}` needs certificates: give --tls-cert, --tls-key and --tls-ca")))
        }
        (Some("https"), Some(_)) | (_, None) => {
            // An address of IPv6 stands in brackets there.
            let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            Ok((host.to_owned(), uri.port_u16()))
        }
        (_, Some(_)) => Err(Error::Tls(format!(
            "there are certificates (--tls-cert), but `{address}` would be called without them: write https://"
        ))),
    }
}
