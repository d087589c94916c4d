//! How a process is asked to end: SIGTERM or SIGINT once is "finish what you hold", twice is "now".

use tokio::sync::watch;

/// Becomes true when the process is to end. Cheap to clone.
pub type ShutdownSignal = watch::Receiver<bool>;

/// The sending side.
#[derive(Debug)]
pub struct Shutdown {
    sender: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { sender: watch::channel(false).0 }
    }
}

impl Shutdown {
    /// A signal for a part of the process.
    pub fn signal(&self) -> ShutdownSignal {
        self.sender.subscribe()
    }

    /// The result of the work, or `None` if the process is asked to end before.
    pub async fn unless_ended<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut signal = self.signal();
        tokio::select! {
            result = work => Some(result),
            () = wait(&mut signal) => None,
        }
    }

    /// Asks everything to end.
    pub fn begin(&self) {
        self.sender.send_replace(true);
    }

    /// Begins on SIGTERM or SIGINT; a second one ends the process at once with status 130.
    pub fn on_signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let shutdown = Self::default();
        let sender = shutdown.sender.clone();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            for time in 0.. {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if time > 0 {
                    std::process::exit(130);
                }
                tracing::info!("stopping; once more to stop at once");
                sender.send_replace(true);
            }
        });
        Ok(shutdown)
    }
}

/// Waits until the process is to end.
pub async fn wait(signal: &mut ShutdownSignal) {
    // An error means that the sender is gone: nobody will keep this process alive either.
    let _ = signal.wait_for(|ending| *ending).await;
}
