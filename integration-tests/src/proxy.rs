//! A way over the network that can be cut, for tests of what happens then.
//!
//! Promises: while it is cut, nothing passes in either direction and nobody is told, as with a cable that was pulled; connections of that
//! time end when it is mended. Knows nothing about what passes.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::Runtime,
    sync::watch,
};

/// Bytes that are on the way at once, per direction of a connection.
const CHUNK_BYTES: usize = 64 * 1024;

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("a runtime")
    })
}

/// One way. It is gone when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    listens: SocketAddr,
    is_cut: Arc<watch::Sender<bool>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// A way to this port of 127.0.0.1.
    ///
    /// # Errors
    /// Those of the system.
    pub fn to(port: u16) -> io::Result<Self> {
        let is_cut = Arc::new(watch::Sender::new(false));
        let (listener, cut) = (runtime().block_on(TcpListener::bind("127.0.0.1:0"))?, Arc::clone(&is_cut));
        let listens = listener.local_addr()?;
        let accepting = runtime().spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, port, cut.subscribe()));
            }
        });
        Ok(Self { listens, is_cut, accepting })
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.listens
    }

    /// Nothing passes any more.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// New connections pass again.
    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(near: TcpStream, port: u16, mut cut: watch::Receiver<bool>) {
    if *cut.borrow_and_update() {
        // Held, and answered by nobody.
        let _ = cut.changed().await;
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    // Small messages must not wait here for each other.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::join!(pass(near_in, far_out, cut.clone()), pass(far_in, near_out, cut));
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut cut: watch::Receiver<bool>) {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        tokio::select! {
            changed = cut.changed() => {
                if changed.is_ok() && *cut.borrow_and_update() {
                    // Until it is mended, or gone.
                    let _ = cut.changed().await;
                }
                return;
            }
            read = from.read(&mut buffer) => match read {
                Ok(0) | Err(_) => return drop(to.shutdown().await),
                Ok(count) => if to.write_all(&buffer[..count]).await.is_err() { return },
            },
        }
    }
}
