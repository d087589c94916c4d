//! A connection for client libraries that take whatever comes into memory and keep tasks of their own: it fails once it has brought
//! so many bytes, and it ends when whoever opened it is gone, even where the library would go on.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::oneshot,
};

/// What the connection says when it has brought too much.
pub(crate) const TOO_MUCH: &str = "more bytes came than are taken";

/// The connection.
#[derive(Debug)]
pub(crate) struct Guarded {
    stream: TcpStream,
    left: u64,
    held: oneshot::Receiver<()>,
}

/// Whoever opened the connection holds this; without it the connection ends.
#[derive(Debug)]
pub(crate) struct Tether(#[expect(dead_code, reason = "it is there to be dropped")] oneshot::Sender<()>);

impl Guarded {
    /// Guards a connection that may bring `limit` bytes.
    pub(crate) fn new(stream: TcpStream, limit: u64) -> (Self, Tether) {
        let (tether, held) = oneshot::channel();
        (Self { stream, left: limit, held }, Tether(tether))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if Pin::new(&mut self.held).poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = (buffer.filled().len() - before) as u64;
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(io::Error::other(TOO_MUCH))),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
