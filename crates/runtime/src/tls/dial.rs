//! The side that calls: connects, shows its certificate, and holds the other side to being the service that is wanted.
//!
//! Promises: whoever answers at the address and is not that service, by the authority's word, hears nothing of the call; a refusal by the
//! other side is an error of connecting, with its reason, and not a call that goes wrong later.

use std::{io, sync::Arc};

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{io::AsyncBufReadExt as _, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Kept, identity, material::ALPN, words};
use crate::limits;

/// Connects to one service at one address.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    kept: Arc<Kept>,
    service: &'static str,
    host: String,
    port: u16,
    name: ServerName<'static>,
}

impl Dialer {
    /// `service` is the one that must answer at `host`, a name or an address.
    ///
    /// # Errors
    /// In words: no certificate could be for such a host.
    pub(crate) fn new(kept: &Arc<Kept>, service: &'static str, host: &str, port: u16) -> Result<Self, String> {
        // An address of IPv6 stands in brackets there.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
        Ok(Self { kept: Arc::clone(kept), service, host, port, name })
    }

    /// A connection over which the service answers.
    ///
    /// # Errors
    /// Nobody is there, or it is somebody else, or we are refused.
    pub(crate) async fn dial(self) -> io::Result<TokioIo<TlsStream<TcpStream>>> {
        let refused = |why: String| io::Error::new(io::ErrorKind::PermissionDenied, why);
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::clone(&self.kept.current().client));
        let connected = connector.connect(self.name, stream).await;
        let mut stream = connected.map_err(|error| refused(words::of_io(&error)))?;
        let session = stream.get_ref().1;
        if session.alpn_protocol() != Some(ALPN) {
            return Err(refused("the other side does not say that it speaks HTTP/2".to_owned()));
        }
        let shown = session.peer_certificates().and_then(<[_]>::first).map(identity::service).transpose();
        let shown = shown.map_err(|why| refused(format!("the certificate of the other side is of no use: {why}")))?;
        let shown = shown.flatten().unwrap_or_else(|| "no service".to_owned());
        if shown != self.service {
            return Err(refused(format!(
                "the certificate of the other side is of {shown}, and the {} is wanted: is the address right?",
                self.service
            )));
        }
        // The other side looks at our certificate only after we are done, and speaks first if it takes it.
        match tokio::time::timeout(limits::TLS_FIRST_WORD, stream.fill_buf()).await {
            Ok(Ok([])) => {
                return Err(refused("the other side closed the connection and did not say why".to_owned()));
            }
            Ok(Err(error)) => return Err(refused(words::of_io(&error))),
            // Whoever waits for us to speak is no server of ours, but allowed to.
            Ok(Ok(_)) | Err(_) => {}
        }
        Ok(TokioIo::new(stream))
    }
}
