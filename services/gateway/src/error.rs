//! What stops a gateway.

use std::net::SocketAddr;

/// An error of the gateway. The message says what happened, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is wrong.
    #[error("{setting}: {reason}")]
    Config {
        /// Its variable.
        setting: &'static str,
        /// What is wrong, and what it should be.
        reason: String,
    },
    /// The port is taken, or the address is not one of this machine.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}
