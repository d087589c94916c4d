//! What can go wrong in the plumbing.

use std::net::SocketAddr;

/// An error of the plumbing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken or the address is not ours.
    #[error("cannot listen on {address}: {source}; stop what listens there or choose another address")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Not an address.
    #[error("`{address}` is not an address such as http://127.0.0.1:7410: {source}")]
    Address {
        /// What was given.
        address: String,
        /// Why.
        source: tonic::transport::Error,
    },
    /// None, or too many.
    #[error("give one address, or up to {most} with commas between them")]
    Addresses {
        /// How many may be given.
        most: usize,
    },
    /// Files of certificates cannot be used, or an address does not fit them.
    #[error("{0}")]
    Tls(String),
    /// The server stopped by itself.
    #[error("the gRPC server failed: {0}")]
    Serve(tonic::transport::Error),
    /// The descriptors are not what tonic expects.
    #[error("gRPC reflection could not be built: {0}")]
    Reflection(String),
}

/// Kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// An address cannot be used.
    Address,
    /// Certificates cannot be used.
    Tls,
    /// The server failed while it ran.
    Serve,
}

impl Error {
    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Bind { .. } | Error::Address { .. } | Error::Addresses { .. } => ErrorKind::Address,
            Error::Tls(_) => ErrorKind::Tls,
            Error::Serve(_) | Error::Reflection(_) => ErrorKind::Serve,
        }
    }
}
