//! How an attempt is told to end.

use tokio::sync::watch;

/// How urgently an attempt shall end. Only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StopLevel {
    /// Go on.
    No,
    /// End, within the grace.
    Gentle,
    /// Die now.
    Kill,
}

/// The side that asks.
#[derive(Debug)]
pub(crate) struct StopSender(watch::Sender<StopLevel>);

/// The side that is asked. Every clone sees the same wish.
#[derive(Debug, Clone)]
pub(crate) struct StopSignal(watch::Receiver<StopLevel>);

/// Both sides of a wish that is not yet there.
pub(crate) fn stop_channel() -> (StopSender, StopSignal) {
    let (sender, receiver) = watch::channel(StopLevel::No);
    (StopSender(sender), StopSignal(receiver))
}

impl StopSender {
    /// Raises the wish to `level`; a lower one changes nothing.
    pub(crate) fn ask(&self, level: StopLevel) {
        self.0.send_if_modified(|current| {
            let higher = level > *current;
            *current = level.max(*current);
            higher
        });
    }
}

impl StopSignal {
    /// The wish as it stands.
    pub(crate) fn level(&self) -> StopLevel {
        *self.0.borrow()
    }

    /// Whether the attempt shall end.
    pub(crate) fn asked(&self) -> bool {
        self.level() > StopLevel::No
    }

    /// Whether it shall end by itself, and is not to be let go of at once: what it began elsewhere is to end too.
    pub(crate) fn asked_gently(&self) -> bool {
        self.level() == StopLevel::Gentle
    }

    /// Waits until the wish is at least `level`. Never ends when the asking side is gone without it.
    pub(crate) async fn wait_for(&mut self, level: StopLevel) {
        if self.0.wait_for(|current| *current >= level).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
