//! Faults by seed around any log: appends whose acknowledgement is lost, that never leave, or that land late.
//!
//! The faults are those of a real network: an unknown append goes through the same fence as any other when it lands,
//! so it wins or loses there like the real ones. The same seed and the same calls give the same faults.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::error::Error;
use crate::log::EventLog;
use crate::types::{Entry, LogId, Record, Tail};

/// Probabilities (0.0 to 1.0) of the faults of one append. At most one of them happens to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Where the dice start.
    pub seed: u64,
    /// The record is written, its acknowledgement is lost: `OutcomeUnknown`.
    pub lost_ack: f64,
    /// The record never leaves: `OutcomeUnknown`.
    pub lost_send: f64,
    /// `OutcomeUnknown`, and the record reaches the log only during one of the next calls.
    pub late_landing: f64,
    /// `Unavailable`, and nothing is sent.
    pub unavailable: f64,
}

enum Fate {
    Fine,
    LostAck,
    LostSend,
    Late { calls: u64 },
    Unavailable,
}

/// Calls after which a late record lands at the latest.
const LATE_CALLS_MAX: u64 = 4;

struct Late {
    calls: u64,
    after: Tail,
    record: Record,
}

struct Dice {
    state: u64,
    late: Vec<Late>,
}

impl Dice {
    /// SplitMix64: small, and its sequence is the same everywhere.
    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fate(&mut self, faults: &Faults) -> Fate {
        // 53 bits: every such integer is exact in a double.
        let mut dice = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        let calls = 1 + self.roll() % LATE_CALLS_MAX;
        for (probability, fate) in [
            (faults.lost_ack, Fate::LostAck),
            (faults.lost_send, Fate::LostSend),
            (faults.late_landing, Fate::Late { calls }),
            (faults.unavailable, Fate::Unavailable),
        ] {
            if dice < probability {
                return fate;
            }
            dice -= probability;
        }
        Fate::Fine
    }

    /// Counts one call and takes out what lands before it.
    fn due(&mut self) -> Vec<Late> {
        self.late.iter_mut().for_each(|late| late.calls = late.calls.saturating_sub(1));
        let (due, waiting) = std::mem::take(&mut self.late).into_iter().partition(|late| late.calls == 0);
        self.late = waiting;
        due
    }
}

/// A log whose appends suffer [`Faults`]. Clones share the dice and what is still under way.
pub struct FaultyLog<L> {
    inner: Arc<L>,
    faults: Faults,
    dice: Arc<Mutex<Dice>>,
}

impl<L> Clone for FaultyLog<L> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), faults: self.faults, dice: Arc::clone(&self.dice) }
    }
}

impl<L: EventLog> FaultyLog<L> {
    /// `inner` with faults.
    pub fn new(inner: L, faults: Faults) -> Self {
        Self::around(Arc::new(inner), faults)
    }

    /// A shared log with faults; its other handles stay without.
    pub fn around(inner: Arc<L>, faults: Faults) -> Self {
        Self { inner, faults, dice: Arc::new(Mutex::new(Dice { state: faults.seed, late: Vec::new() })) }
    }

    /// The log without its faults.
    pub fn inner(&self) -> &L {
        &self.inner
    }

    /// A fresh handle of the same log, as a process has after its restart. What is under way may still land.
    pub fn reopen(&self) -> Self {
        self.clone()
    }

    /// Lets everything land that is still under way.
    pub async fn land_all(&self) {
        let late = std::mem::take(&mut self.dice().late);
        self.land(late).await;
    }

    /// The dice stay valid whatever panics beside them.
    fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn land(&self, late: Vec<Late>) {
        for late in late {
            // Nobody waits for this answer any more: the fence decides, and that is all.
            let _unheard = self.inner.append(late.after, &late.record).await;
        }
    }

    async fn land_due(&self) {
        let due = self.dice().due();
        self.land(due).await;
    }
}

#[async_trait]
impl<L: EventLog> EventLog for FaultyLog<L> {
    fn id(&self) -> &LogId {
        self.inner.id()
    }

    async fn tail(&self) -> Result<Tail, Error> {
        self.land_due().await;
        self.inner.tail().await
    }

    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        self.land_due().await;
        let fate = self.dice().fate(&self.faults);
        let unknown = |reason: &str| {
            Err(Error::OutcomeUnknown { log: self.id().clone(), after: after.sequence, reason: reason.to_owned() })
        };
        match fate {
            Fate::Fine => self.inner.append(after, record).await,
            Fate::LostAck => {
                let _lost = self.inner.append(after, record).await;
                unknown("injected: the acknowledgement was lost")
            }
            Fate::LostSend => unknown("injected: the record was lost"),
            Fate::Late { calls } => {
                self.dice().late.push(Late { calls, after, record: record.clone() });
                unknown("injected: the record is late")
            }
            Fate::Unavailable => {
                Err(Error::Unavailable { log: self.id().to_string(), reason: "injected: no connection".to_owned() })
            }
        }
    }

    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        self.land_due().await;
        self.inner.read(after, max_entries).await
    }

    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error> {
        self.inner.follow(position).await
    }
}
