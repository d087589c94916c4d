//! What waits to be told: a bounded queue and the task that empties it.
//!
//! Promises: whoever gives something never waits; what finds no room is dropped and counted; a receiver that is away is tried a few times
//! per batch, and then the batch is dropped and counted, so that what happens now is not held up by what happened then.

use std::{future::Future, time::Duration};

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

use super::export::Untold;
use crate::{limits, retry};

/// The giving side.
#[derive(Debug)]
pub(super) struct Queue<T> {
    sender: mpsc::Sender<Item<T>>,
    counts: Counts,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) told: Counter,
    pub(super) dropped: Counter,
}

enum Item<T> {
    One(T),
    /// Everything before it is to be told now.
    Flush(oneshot::Sender<()>),
}

impl<T: Clone + Send + 'static> Queue<T> {
    /// Begins to empty it with `export`; `what` is for people.
    pub(super) fn start<F>(
        what: &'static str,
        counts: Counts,
        export: impl Fn(Vec<T>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), Untold>> + Send + 'static,
    {
        let (sender, waiting) = mpsc::channel(limits::OTLP_QUEUE);
        tokio::spawn(empty(what, waiting, counts.clone(), export));
        Self { sender, counts }
    }

    /// Never waits.
    pub(super) fn give(&self, item: T) {
        if let Err(TrySendError::Full(_) | TrySendError::Closed(_)) = self.sender.try_send(Item::One(item)) {
            self.counts.dropped.inc();
        }
    }

    /// Waits until everything that was given is told, or dropped.
    pub(super) async fn flush(&self) {
        let (done, heard) = oneshot::channel();
        if self.sender.send(Item::Flush(done)).await.is_ok() {
            let _ = heard.await;
        }
    }
}

async fn empty<T: Clone, F>(
    what: &'static str,
    mut waiting: mpsc::Receiver<Item<T>>,
    counts: Counts,
    export: impl Fn(Vec<T>) -> F,
) where
    F: Future<Output = Result<(), Untold>>,
{
    let (mut items, mut batch) = (Vec::new(), Vec::new());
    let mut away = false;
    while waiting.recv_many(&mut items, limits::OTLP_BATCH).await > 0 {
        let mut flushed = Vec::new();
        // A little company, unless somebody waits.
        if items.len() < limits::OTLP_BATCH && !items.iter().any(|item| matches!(item, Item::Flush(_))) {
            let _ = tokio::time::timeout(limits::OTLP_COMPANY, more(&mut waiting, &mut items)).await;
        }
        for item in items.drain(..) {
            match item {
                Item::One(one) => batch.push(one),
                Item::Flush(done) => flushed.push(done),
            }
        }
        let given = batch.len() as u64;
        if given > 0 {
            let told =
                give(&export, std::mem::take(&mut batch), if flushed.is_empty() { limits::OTLP_TRIES } else { 1 });
            match told.await {
                Ok(()) => {
                    counts.told.inc_by(given);
                    if std::mem::take(&mut away) {
                        tracing::info!(what, "the receiver of OTLP takes it again");
                    }
                }
                Err(untold) => {
                    counts.dropped.inc_by(given);
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(
                            what,
                            why = untold.why,
                            "the receiver of OTLP does not take it; it is dropped and counted"
                        );
                    }
                }
            }
        }
        for done in flushed {
            let _ = done.send(());
        }
    }
}

/// Waits for more, until there is a batch or somebody waits for it.
async fn more<T>(waiting: &mut mpsc::Receiver<Item<T>>, items: &mut Vec<Item<T>>) {
    while items.len() < limits::OTLP_BATCH && !matches!(items.last(), Some(Item::Flush(_))) {
        match waiting.recv().await {
            Some(item) => items.push(item),
            None => return,
        }
    }
}

async fn give<T: Clone, F>(export: &impl Fn(Vec<T>) -> F, batch: Vec<T>, tries: u32) -> Result<(), Untold>
where
    F: Future<Output = Result<(), Untold>>,
{
    let mut attempt = 1;
    loop {
        match export(batch.clone()).await {
            Err(untold) if !untold.for_good && attempt < tries => {
                tokio::time::sleep(pause(attempt)).await;
                attempt += 1;
            }
            ended => return ended,
        }
    }
}

fn pause(attempt: u32) -> Duration {
    retry::pause(attempt + 3)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    type Taken = Arc<Mutex<Vec<u32>>>;

    /// Answers with these first, and takes everything afterwards.
    fn receiver(
        answers: Vec<Untold>,
    ) -> (Taken, impl Fn(Vec<u32>) -> std::future::Ready<Result<(), Untold>> + Send + Sync) {
        let (taken, answers) = (Taken::default(), Mutex::new(answers.into_iter()));
        let kept = Arc::clone(&taken);
        let export = move |batch: Vec<u32>| {
            let answer = answers.lock().unwrap().next();
            std::future::ready(answer.map_or_else(
                || {
                    kept.lock().unwrap().extend(batch);
                    Ok(())
                },
                Err,
            ))
        };
        (taken, export)
    }

    fn untold(for_good: bool) -> Untold {
        Untold { why: "away".to_owned(), for_good }
    }

    #[tokio::test(start_paused = true)]
    async fn everything_is_told_in_order_once_the_receiver_is_there() {
        let (taken, export) = receiver(vec![untold(false), untold(false)]);
        let counts = Counts::default();
        let queue = Queue::start("spans", counts.clone(), export);
        (0..10).for_each(|number| queue.give(number));
        tokio::time::sleep(Duration::from_secs(60)).await;
        queue.flush().await;
        assert_eq!(*taken.lock().unwrap(), (0..10).collect::<Vec<u32>>());
        assert_eq!((counts.told.get(), counts.dropped.get()), (10, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_good_is_dropped_and_counted_and_the_next_is_told() {
        let (taken, export) = receiver(vec![untold(true)]);
        let counts = Counts::default();
        let queue = Queue::start("spans", counts.clone(), export);
        queue.give(1);
        queue.flush().await;
        queue.give(2);
        queue.flush().await;
        assert_eq!((taken.lock().unwrap().as_slice(), counts.told.get(), counts.dropped.get()), (&[2][..], 1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_never_waits_and_what_finds_no_room_is_counted() {
        let counts = Counts::default();
        let queue = Queue::start("spans", counts.clone(), |_: Vec<u32>| std::future::pending());
        let given = u32::try_from(limits::OTLP_QUEUE).unwrap() + 100;
        (0..given).for_each(|number| queue.give(number));
        assert_eq!(counts.dropped.get(), 100);
    }
}
