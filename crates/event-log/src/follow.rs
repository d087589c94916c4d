//! Following a log by reading it again whenever it has grown. Used by the logs that live in this process or on this disk.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use crate::error::Error;
use crate::frame;
use crate::limits::READ_ENTRIES;
use crate::log::EventLog;
use crate::types::{Entry, Tail};

/// How a follower at the tail learns that the log has grown.
pub(crate) enum Growth {
    /// The writer lives in this process and publishes each tail.
    Told(watch::Receiver<Tail>),
    /// Another process writes: look again after a while.
    Polled(Duration),
}

struct Follower<L> {
    log: L,
    position: Tail,
    ready: VecDeque<Entry>,
    growth: Growth,
}

impl<L: EventLog> Follower<L> {
    /// The next entry, or `None` when the writer is gone for good.
    async fn next(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                let place = self.log.id().0.as_str();
                frame::check_link(place, self.position.sequence, &self.position.hash, &entry)?;
                self.position = entry.tail();
                return Ok(Some(entry));
            }
            // Marked as seen before reading: what is appended while we read wakes us again.
            if let Growth::Told(tail) = &mut self.growth {
                tail.mark_unchanged();
            }
            self.ready = self.log.read(self.position.sequence, READ_ENTRIES).await?.into();
            if !self.ready.is_empty() {
                continue;
            }
            match &mut self.growth {
                Growth::Told(tail) => match tail.changed().await {
                    Ok(()) => {}
                    Err(_) => return Ok(None),
                },
                Growth::Polled(pause) => tokio::time::sleep(*pause).await,
            }
        }
    }
}

/// The entries of `log` after `position`, whose place in the log the caller has checked.
pub(crate) fn by_reading<L: EventLog>(
    log: L,
    position: Tail,
    growth: Growth,
) -> BoxStream<'static, Result<Entry, Error>> {
    let follower = Follower { log, position, ready: VecDeque::new(), growth };
    stream::unfold(Some(follower), |state| async {
        let mut follower = state?;
        match follower.next().await {
            Ok(entry) => entry.map(|entry| (Ok(entry), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}
