//! One service at several addresses: whichever answers is as good as any other, since each hands on what is not its own.
//!
//! Promises: a connection goes to one of them; when it is lost, the next one is made to the next that answers, so whoever calls is away for
//! as long as it takes to notice, and no longer. Knows nothing about what is called.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{limits, tls::Dialer};

/// One address, in the clear.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    pub(super) host: String,
    pub(super) port: u16,
}

/// How a connection to one address is made.
pub(super) trait Dial {
    /// What a connection is.
    type Connection: Send;

    /// Makes one.
    fn dial(self) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

impl Dial for Plain {
    type Connection = TokioIo<TcpStream>;

    async fn dial(self) -> io::Result<Self::Connection> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
    }
}

impl Dial for Dialer {
    type Connection = TokioIo<tokio_rustls::client::TlsStream<TcpStream>>;

    async fn dial(self) -> io::Result<Self::Connection> {
        Dialer::dial(self).await
    }
}

/// The addresses, and whose turn it is.
#[derive(Debug)]
pub(super) struct Several<D> {
    dialers: Vec<D>,
    next: AtomicUsize,
}

impl<D: Dial + Clone + Send + Sync> Several<D> {
    pub(super) fn new(dialers: Vec<D>) -> Arc<Self> {
        // Anywhere, so that whoever begins anew because the first one does not answer as it should comes to another one.
        let begin = usize::try_from(RandomState::new().build_hasher().finish() >> 1).unwrap_or_default();
        Arc::new(Self { dialers, next: AtomicUsize::new(begin) })
    }

    /// A connection to the first that answers, beginning behind the one that answered last.
    ///
    /// # Errors
    /// Nobody answers; that of the last one.
    pub(super) async fn dial(self: Arc<Self>) -> io::Result<D::Connection> {
        let mut failed = io::Error::new(io::ErrorKind::AddrNotAvailable, "there is no address");
        for _ in 0..self.dialers.len() {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.dialers.len();
            match tokio::time::timeout(limits::CONNECT_ONE_TIMEOUT, self.dialers[turn].clone().dial()).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => failed = error,
                Err(_) => failed = io::Error::new(io::ErrorKind::TimedOut, "no answer in time"),
            }
        }
        Err(failed)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn at(port: u16) -> Plain {
        Plain { host: "127.0.0.1".to_owned(), port }
    }

    #[tokio::test]
    async fn what_does_not_answer_is_passed_over_and_the_next_connection_goes_on_from_there() {
        let (first, gone, third) = (listener().await, listener().await, listener().await);
        let ports = [&first, &gone, &third].map(|listener| listener.local_addr().unwrap().port());
        drop(gone);
        let several = Several::new(ports.map(at).to_vec());
        let mut reached = Vec::new();
        for _ in 0..4 {
            let connection = Arc::clone(&several).dial().await.unwrap();
            reached.push(connection.inner().peer_addr().unwrap().port());
        }
        let (one, other) = (reached[0], reached[1]);
        assert_eq!(reached, [one, other, one, other]);
        assert_eq!([one.min(other), one.max(other)], [ports[0].min(ports[2]), ports[0].max(ports[2])]);
        drop((first, third));
        assert!(several.dial().await.is_err());
    }

    async fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").await.unwrap()
    }
}
