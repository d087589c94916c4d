//! TLS as SQL Server has it: the handshake travels inside of packets of the protocol, everything after it as it is.

use std::{
    io,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    version::TLS12,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const HEAD_BYTES: usize = 8;
const PRELOGIN: u8 = 0x12;

/// With the certificate and the key in this folder. Only TLS 1.2, whose handshake the server ends.
pub fn acceptor(folder: &Path) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(folder.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[&TLS12]).unwrap().with_no_client_auth();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()))
}

/// Shakes hands.
pub async fn accept(acceptor: &TlsAcceptor, stream: TcpStream) -> Option<TlsStream<Wrapped>> {
    let wrapped = Wrapped { stream, wraps: true, head: Vec::new(), left: 0, out: Vec::new() };
    let mut accepted = acceptor.accept(wrapped).await.ok()?;
    accepted.get_mut().0.wraps = false;
    Some(accepted)
}

/// A line whose bytes are in packets for as long as it wraps them.
pub struct Wrapped {
    stream: TcpStream,
    wraps: bool,
    /// Of the packet that comes, as far as it has.
    head: Vec<u8>,
    /// What is left of its payload.
    left: usize,
    /// What goes out with the next flush.
    out: Vec<u8>,
}

impl AsyncRead for Wrapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.wraps {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        while this.left == 0 {
            let mut bytes = [0; HEAD_BYTES];
            let mut head = ReadBuf::new(&mut bytes[..HEAD_BYTES - this.head.len()]);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut head))?;
            if head.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.head.extend_from_slice(head.filled());
            if this.head.len() == HEAD_BYTES {
                this.left = usize::from(u16::from_be_bytes([this.head[2], this.head[3]])) - HEAD_BYTES;
                this.head.clear();
            }
        }
        let room = this.left.min(buffer.remaining());
        let mut part = buffer.take(room);
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        this.left -= read;
        // The part lies in the same memory, and has initialised it.
        let bytes = part.filled().to_vec();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wrapped {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.wraps {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        if self.out.is_empty() {
            self.out = vec![PRELOGIN, 1, 0, 0, 0, 0, 0, 0];
        }
        self.out.extend_from_slice(bytes);
        let length = u16::try_from(self.out.len()).unwrap().to_be_bytes();
        self.out[2..4].copy_from_slice(&length);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.out.is_empty() {
            let written = ready!(Pin::new(&mut this.stream).poll_write(context, &this.out))?;
            this.out.drain(..written);
        }
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
