//! One feed: reads the log behind the projections, says it in its words, and gives it to its destination until that takes it. While names are
//! being rebuilt it waits for them.
//!
//! Holds one portion of records and what they give, and no more. Knows nothing about NATS or HTTP.

use std::sync::Arc;

use downbeat_event_log::{Entry, ErrorKind as LogErrorKind, EventLog, Tail};
use downbeat_runtime::{
    retry,
    shutdown::{self, ShutdownSignal},
};
use futures::{FutureExt, StreamExt};

use super::{
    Destination, Done, Message, Undelivered, Voice, checkpoint::Checkpoint, metrics::FeedMetrics, turn::Notes,
};
use crate::{
    error::Error,
    limits,
    published::{Progress, Published},
};

pub(super) struct Feed {
    pub(super) name: &'static str,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) published: Arc<Published>,
    pub(super) voice: Voice,
    pub(super) destination: Destination,
    pub(super) checkpoint: Checkpoint,
    /// Everything up to here was taken.
    pub(super) position: Tail,
    /// The same, for the projector that tells next.
    pub(super) notes: Notes,
    pub(super) metrics: FeedMetrics,
}

impl Feed {
    /// Tells until the signal, or until the projections end.
    ///
    /// # Errors
    /// `Log` when the log fails for good, `Damaged`, `Folder`.
    pub(super) async fn run(mut self, mut signal: ShutdownSignal) -> Result<(), Error> {
        // What is under way when the signal comes is told again after the next start.
        tokio::select! {
            () = shutdown::wait(&mut signal) => Ok(()),
            ended = self.follow() => ended,
        }
    }

    /// Ends well only when the projections have ended, which say why themselves.
    async fn follow(&mut self) -> Result<(), Error> {
        let mut failures = 0;
        loop {
            let before = self.position;
            match self.follow_once().await {
                Ok(Ended::Projections) => return Ok(()),
                Ok(Ended::Log) => tracing::warn!(feed = self.name, "the log ended its stream; following it again"),
                Err(Error::Log(error)) if error.kind() == LogErrorKind::Unavailable => {
                    tracing::warn!(%error, feed = self.name, sequence = self.position.sequence, "waiting for the log");
                }
                Err(error) => return Err(error),
            }
            failures = if self.position == before { failures + 1 } else { 1 };
            tokio::time::sleep(retry::pause(failures)).await;
        }
    }

    async fn follow_once(&mut self) -> Result<Ended, Error> {
        let mut stream = self.log.follow(self.position).await?;
        let mut unwritten = 0;
        loop {
            let Some(first) = stream.next().await else { return Ok(Ended::Log) };
            let mut entries = vec![first?];
            let mut bytes = entries[0].payload.len();
            let mut failed = None;
            // What is there already goes together; nothing is waited for.
            while entries.len() < limits::OUTGOING_RECORDS_MAX && bytes < limits::OUTGOING_BYTES_MAX && failed.is_none()
            {
                match stream.next().now_or_never() {
                    Some(Some(Ok(entry))) => {
                        bytes += entry.payload.len();
                        entries.push(entry);
                    }
                    Some(Some(Err(error))) => failed = Some(Err(error.into())),
                    Some(None) => failed = Some(Ok(Ended::Log)),
                    None => break,
                }
            }
            let Some(reached) = entries.last().map(Entry::tail) else { continue };
            if !self.folded(reached.sequence).await {
                return Ok(Ended::Projections);
            }
            let Some(messages) = self.named(&entries).await? else { return Ok(Ended::Projections) };
            self.deliver(&messages).await;
            self.position = reached;
            self.behind();
            unwritten += 1;
            // Where nothing was told, nothing would be told twice.
            if !messages.is_empty() || unwritten >= limits::SILENT_PORTIONS_MAX {
                self.remember()?;
                unwritten = 0;
            }
            if let Some(failed) = failed {
                return failed;
            }
        }
    }

    /// Waits until the projections have folded this record. False: they have ended before.
    async fn folded(&self, sequence: u64) -> bool {
        let mut progress = self.published.progress();
        let there = progress.wait_for(|progress| progress.sequence >= sequence || progress.stopped).await;
        there.is_ok_and(|progress| progress.sequence >= sequence)
    }

    /// What records give to tell. While the rows that have their names are being rebuilt it waits, since without names nothing is told.
    /// `None`: the projections have ended before.
    async fn named(&mut self, entries: &[Entry]) -> Result<Option<Vec<Message>>, Error> {
        loop {
            let mut progress = self.published.progress();
            match self.tell(entries) {
                Err(error @ Error::Rebuilding { .. }) => {
                    tracing::warn!(%error, feed = self.name, "what happens is told once the names are there again");
                }
                told => return told.map(Some),
            }
            self.behind();
            // Between the question and this the rebuild may have ended: then it is over at once.
            let there = |now: &Progress| now.stopped || self.published.rebuild().is_none();
            match progress.wait_for(there).await {
                Ok(progress) if !progress.stopped => {}
                _ => return Ok(None),
            }
        }
    }

    /// What records give to tell. Blocks this thread of the runtime: the store reads from the disk, and what the voice remembers is borrowed.
    fn tell(&mut self, entries: &[Entry]) -> Result<Vec<Message>, Error> {
        let (published, log, before) = (&self.published, self.log.id(), self.position);
        tokio::task::block_in_place(|| self.voice.tell(published, log, before, entries))
    }

    /// Gives it until it is taken, or refused for good.
    async fn deliver(&mut self, messages: &[Message]) {
        let mut left = messages;
        let (mut failures, mut in_a_row) = (0, 0);
        while !left.is_empty() {
            let mut done = Done::default();
            let delivered = self.destination.deliver(left, &mut done).await;
            self.metrics.told(done);
            left = left.get(done.taken + done.refused..).unwrap_or_default();
            let Err(Undelivered { why, pause }) = delivered else { break };
            failures += 1;
            in_a_row = if done == Done::default() { in_a_row + 1 } else { 1 };
            self.metrics.failed();
            self.behind();
            // Told once, and now and then: an outage may take days.
            if failures == 1 || failures % limits::OUTGOING_NOTICE_EVERY == 0 {
                let (feed, lag) = (self.name, self.lag());
                tracing::warn!(error = %why, feed, lag, failures, "what happens cannot be told; it is tried again");
            }
            let asked = pause.unwrap_or_default().min(limits::OUTGOING_PAUSE_MAX);
            tokio::time::sleep(retry::pause(in_a_row).max(asked)).await;
        }
        if failures > 0 {
            tracing::info!(feed = self.name, failures, "what happens is told again");
        }
    }

    /// What waits for something that was not told yet is read again after a restart.
    fn remember(&self) -> Result<(), Error> {
        let position = self.voice.held_back().unwrap_or(self.position);
        self.notes.tell(self.name, self.log.id(), position);
        tokio::task::block_in_place(|| self.checkpoint.write(position))
    }

    fn lag(&self) -> u64 {
        self.published.progress().borrow().sequence.saturating_sub(self.position.sequence)
    }

    fn behind(&self) {
        self.metrics.behind(self.lag());
    }
}

enum Ended {
    /// The stream of the log.
    Log,
    /// The projections.
    Projections,
}
