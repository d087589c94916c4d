//! The side that is called: connections whose other side has shown a certificate of the authority.
//!
//! Promises: a connection that says nothing, or the wrong thing, holds up no other, and is let go after a while; why somebody was refused is
//! said, within bounds.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::{Kept, guard::Peer, identity, material::ALPN, words};
use crate::{
    limits,
    shutdown::{self, ShutdownSignal},
};

/// Accepted connections that the server has not taken yet.
const ACCEPTED: usize = 16;
/// Pause after a connection could not be accepted; mostly there are too many open files, which passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A connection whose other side is known.
#[derive(Debug)]
pub(crate) struct Accepted {
    stream: TlsStream<TcpStream>,
    peer: Peer,
}

impl Connected for Accepted {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

/// Connections until the signal.
pub(crate) fn incoming(
    listener: TcpListener,
    kept: Arc<Kept>,
    mut signal: ShutdownSignal,
) -> ReceiverStream<io::Result<Accepted>> {
    let (tell, accepted) = mpsc::channel(ACCEPTED);
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(limits::TLS_HANDSHAKES_AT_ONCE));
        let told = Arc::new(Told::default());
        let by_address = Arc::new(ByAddress::default());
        loop {
            let (stream, from) = tokio::select! {
                () = shutdown::wait(&mut signal) => return,
                () = tell.closed() => return,
                connection = listener.accept() => match connection {
                    Ok(connection) => connection,
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
            };
            let Some(one) = ByAddress::enter(&by_address, from.ip()) else {
                told.refused(from, "too many connections of this address have not shown a certificate yet");
                continue;
            };
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (kept, tell, told) = (Arc::clone(&kept), tell.clone(), Arc::clone(&told));
            tokio::spawn(async move {
                let _one = one;
                let shaken = tokio::time::timeout(limits::TLS_HANDSHAKE, shake(&kept, stream)).await;
                drop(place);
                match shaken {
                    // Nobody takes it any more: the server ends.
                    Ok(Ok(accepted)) => drop(tell.send(Ok(accepted)).await),
                    Ok(Err(why)) => told.refused(from, &why),
                    Err(_) => told.refused(from, "it did not finish showing its certificate in time"),
                }
            });
        }
    });
    ReceiverStream::new(accepted)
}

async fn shake(kept: &Kept, stream: TcpStream) -> Result<Accepted, String> {
    // Without it small messages wait up to 40 ms for the other side's delayed acknowledgement.
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let tcp = stream.connect_info();
    let acceptor = TlsAcceptor::from(Arc::clone(&kept.current().server));
    let stream = acceptor.accept(stream).await.map_err(|error| words::of_io(&error))?;
    let session = stream.get_ref().1;
    if session.alpn_protocol() != Some(ALPN) {
        return Err("it does not say that it speaks HTTP/2".to_owned());
    }
    let shown = session.peer_certificates().and_then(<[_]>::first).ok_or("it showed no certificate")?;
    let service = identity::service(shown).map_err(|why| format!("its certificate is of no use: {why}"))?;
    Ok(Accepted { peer: Peer { tcp, service: service.unwrap_or_default().into() }, stream })
}

/// Handshakes under way, by address.
#[derive(Debug, Default)]
struct ByAddress(Mutex<HashMap<IpAddr, usize>>);

/// One of them.
struct One(Arc<ByAddress>, IpAddr);

impl ByAddress {
    /// `None`: as many as may be are under way.
    fn enter(all: &Arc<Self>, address: IpAddr) -> Option<One> {
        let mut counts = all.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= limits::TLS_HANDSHAKES_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(One(Arc::clone(all), address))
    }
}

impl Drop for One {
    fn drop(&mut self) {
        let mut counts = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
    }
}

/// How many refusals were said within the last second or so, and how many were not.
#[derive(Debug, Default)]
struct Told(Mutex<(Option<Instant>, u32)>);

impl Told {
    fn refused(&self, from: SocketAddr, why: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.0.is_none_or(|since| since.elapsed() >= Duration::from_secs(1)) {
            let unsaid = told.1.saturating_sub(limits::TLS_REFUSALS_TOLD);
            if unsaid > 0 {
                tracing::warn!(connections = unsaid, "as many more connections were refused");
            }
            *told = (Some(Instant::now()), 0);
        }
        told.1 += 1;
        if told.1 <= limits::TLS_REFUSALS_TOLD {
            tracing::warn!(%from, why, "a connection was refused");
        }
    }
}

impl AsyncRead for Accepted {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
