//! The side that calls a gateway in the open: whoever has a certificate for the host's name, by an authority that the machine trusts.
//!
//! Promises: HTTP/2 over TLS; nothing is said to anybody else. Knows nothing of the services behind.

use std::{io, sync::Arc};

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{material::ALPN, words};

/// Connects to one host.
#[derive(Clone)]
pub(crate) struct PublicDialer {
    config: Arc<ClientConfig>,
    host: String,
    port: u16,
    name: ServerName<'static>,
}

impl std::fmt::Debug for PublicDialer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PublicDialer")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl PublicDialer {
    /// # Errors
    /// In words: it is no host, or the machine's own authorities cannot be used.
    pub(crate) fn new(host: &str, port: u16) -> Result<Self, String> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let builder = builder.with_platform_verifier();
        let builder = builder.map_err(|error| format!("this machine's own authorities cannot be used: {error}"))?;
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { config: Arc::new(config), host, port, name })
    }

    /// # Errors
    /// Nobody is there, or nobody whom the machine trusts.
    pub(crate) async fn dial(self) -> io::Result<TokioIo<TlsStream<TcpStream>>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let connected = TlsConnector::from(self.config).connect(self.name, stream).await;
        let refused = |why| io::Error::new(io::ErrorKind::PermissionDenied, why);
        Ok(TokioIo::new(connected.map_err(|error| refused(words::of_io(&error)))?))
    }
}
