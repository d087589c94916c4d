//! Lines to servers that speak a binary protocol of their own and name each other: one way to reach them.
//!
//! Promises: every address passes the worker's gate (`egress/`), also where a server names it; a line brings at most so many bytes (`guarded.rs`) and is gone
//! when it is dropped. It knows nothing of what is said on it, or of who signs in.

use std::{fmt, io, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio_rustls::TlsConnector;

use crate::attempt::Failure;
use crate::egress;
use crate::guarded::{Guarded, TOO_MUCH, Tether};

/// What a failed handshake is told with.
const HINT: &str = "the field sslmode of the connection is verify-full, require (any certificate) or disable (no TLS)";

/// A line, plain or encrypted.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// An open line.
pub(crate) struct Open {
    pub(crate) line: BufReader<Box<dyn Line>>,
    _tether: Tether,
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    /// Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`. `None`: it is none of them.
    pub(crate) fn parse(text: &str, port: u16) -> Option<Self> {
        let text = text.trim();
        let (host, rest) = match text.strip_prefix('[') {
            Some(inner) => inner.split_once(']')?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match rest {
            "" => port,
            _ => rest.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)?,
        };
        let named =
            !host.is_empty() && !host.contains(|letter: char| letter.is_whitespace() || "/@?#".contains(letter));
        named.then(|| Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// Opens a line that may bring `limit` bytes. `what`: what is there, for failures.
pub(crate) async fn open(
    address: &Address,
    what: &str,
    tls: Option<&Arc<ClientConfig>>,
    limit: u64,
) -> Result<Open, Failure> {
    let lost = |error: io::Error| unreachable(address, what, &error);
    let (stream, tether) = reach(address, what, limit).await?;
    let line: Box<dyn Line> = match tls {
        None => Box::new(stream),
        Some(config) => {
            let refused =
                |why: &dyn fmt::Display| Failure::misconfigured(format!("{what} at {address}: {why}; {HINT}"));
            let name = ServerName::try_from(address.host.clone())
                .map_err(|_| refused(&"no certificate can be for a host of this name"))?;
            let encrypted = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
            Box::new(encrypted.map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => refused(&format_args!("TLS handshake: {error}")),
                // A server that expects no TLS hangs up.
                io::ErrorKind::UnexpectedEof => {
                    Failure::transient(format!("{what} at {address} ended the TLS handshake: is TLS on there? {HINT}"))
                }
                _ => lost(error),
            })?)
        }
    };
    Ok(Open { line: BufReader::new(line), _tether: tether })
}

/// Opens a line without TLS of ours, for who has a way of its own to it.
pub(crate) async fn reach(address: &Address, what: &str, limit: u64) -> Result<(Guarded, Tether), Failure> {
    let stream =
        egress::connect(&address.host, address.port).await.map_err(|error| unreachable(address, what, &error))?;
    stream.set_nodelay(true).ok();
    Ok(Guarded::new(stream, limit))
}

fn unreachable(address: &Address, what: &str, error: &io::Error) -> Failure {
    egress::unreached(format_args!("{what} at {address}"), error)
}

/// What is said of a line that was lost. `limit`: what it may bring, in bytes.
pub(crate) fn lost(place: &dyn fmt::Display, limit: u64, error: &io::Error) -> Failure {
    let text = error.to_string();
    if text.contains(TOO_MUCH) {
        let limit = limit / (1024 * 1024);
        return Failure::misconfigured(format!("{place}: the answer is larger than {limit} MiB: ask for less"));
    }
    Failure::transient(format!("{place}: the line was lost: {text}"))
}

#[cfg(test)]
mod tests {
    use downbeat_proto::events::v1::FailureClass;

    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        for (text, expected) in [
            ("db.example.com", Some("db.example.com:9092")),
            (" db.example.com:1 ", Some("db.example.com:1")),
            ("127.0.0.1:65535", Some("127.0.0.1:65535")),
            ("[::1]", Some("[::1]:9092")),
            ("[::1]:7", Some("[::1]:7")),
            ("", None),
            (":1", None),
            ("db:", None),
            ("db:0", None),
            ("db:65536", None),
            ("::1", None),
            ("[::1", None),
            ("[::1]x", None),
            ("mongodb://db", None),
            ("user@db", None),
            ("a b", None),
        ] {
            let read = Address::parse(text, 9092).map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn link_local_addresses_are_refused() {
        for host in ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"] {
            let address = Address { host: host.to_owned(), port: 1 };
            let Err(failure) = open(&address, "the server", None, 1).await else { panic!("{host}") };
            assert_eq!(failure.class, FailureClass::Misconfigured, "{}", failure.message);
            assert!(failure.message.contains("link-local"), "{}", failure.message);
        }
    }
}
