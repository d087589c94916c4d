//! The log as the simulation offers it: the real [`MemoryLog`] behind a network and a disk that fail as the seed says.
//!
//! Promises: what a writer hears is what JetStream and the embedded log can say (`crates/event-log/src/log.rs`); a record under way
//! goes through the same fence as any other whenever it lands, also after its writer died.

use downbeat_event_log::{Entry, Error, EventLog, LogId, Record, Tail, memory::MemoryLog};
use futures::FutureExt;

use super::{
    dice::Dice,
    scenario::AppendFaults,
    time::{At, MILLISECOND, SECOND},
};

/// How long an append takes before its outcome counts as unknown: as the JetStream log has it.
const REQUEST_TIMEOUT: At = 5 * SECOND;
/// The latest that a lost record lands after all.
const LATE_MAX: At = 40 * SECOND;

/// The log.
#[derive(Debug)]
pub struct Log {
    memory: MemoryLog,
    /// Everything that stands in it.
    pub entries: Vec<Entry>,
    /// Takes no records until then.
    pub full_until: At,
    /// Answers nobody until then.
    pub away_until: At,
}

/// What becomes of one append: when it lands, and what its writer hears when.
#[derive(Debug)]
pub struct Fate {
    /// When it reaches the log.
    pub lands: Option<At>,
    /// When the log's own answer comes back, if it lands and the answer is not lost.
    pub answer: Option<At>,
    /// What is heard instead.
    pub otherwise: Option<(At, Error)>,
}

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        let memory = MemoryLog::new(LogId("simulated-1".to_owned()));
        Self { memory, entries: Vec::new(), full_until: 0, away_until: 0 }
    }

    /// Its identity.
    pub fn id(&self) -> &LogId {
        self.memory.id()
    }

    /// A handle for those that follow it.
    pub fn handle(&self) -> MemoryLog {
        self.memory.reopen()
    }

    /// Decides what becomes of an append that is sent now.
    pub fn fate(&self, now: At, latency: At, faults: &AppendFaults, after: Tail, dice: &mut Dice) -> Fate {
        let way = latency + dice.below(2 * MILLISECOND);
        let (lands, answer) = (Some(now + way), Some(now + way + latency));
        let unknown = |at: At| {
            let reason = "simulated: no answer".to_owned();
            Some((at, Error::OutcomeUnknown { log: self.id().clone(), after: after.sequence, reason }))
        };
        let timeout = now + if dice.per_mille(500) { REQUEST_TIMEOUT } else { dice.between(MILLISECOND, SECOND) };
        let mut rest = dice.below(1_000) as u32;
        let mut falls = |chance: u32| {
            let hit = rest < chance;
            rest = rest.saturating_sub(chance);
            hit
        };
        if falls(faults.lost_answer) {
            Fate { lands, answer: None, otherwise: unknown(timeout) }
        } else if falls(faults.lost) {
            Fate { lands: None, answer: None, otherwise: unknown(timeout) }
        } else if falls(faults.late) {
            Fate { lands: Some(now + dice.between(MILLISECOND, LATE_MAX)), answer: None, otherwise: unknown(timeout) }
        } else if falls(faults.unavailable) {
            Fate { lands: None, answer: None, otherwise: Some((now + way, self.unavailable())) }
        } else {
            Fate { lands, answer, otherwise: None }
        }
    }

    /// A record arrives.
    pub fn land(&mut self, now: At, after: Tail, record: &Record) -> Result<Tail, Error> {
        if now < self.full_until.max(self.away_until) {
            return Err(self.unavailable());
        }
        let answer = ready(self.memory.append(after, record));
        let known = self.entries.len() as u64;
        self.entries.extend(ready(self.memory.read(known, 1)).unwrap_or_default());
        answer
    }

    /// Its end.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn tail(&self, now: At) -> Result<Tail, Error> {
        if now < self.away_until { Err(self.unavailable()) } else { ready(self.memory.tail()) }
    }

    /// Entries after a sequence.
    ///
    /// # Errors
    /// `Unavailable`; else as [`EventLog::read`].
    pub fn read(&self, now: At, after: u64, max: usize) -> Result<Vec<Entry>, Error> {
        if now < self.away_until { Err(self.unavailable()) } else { ready(self.memory.read(after, max)) }
    }

    /// Nobody answers.
    pub fn unavailable(&self) -> Error {
        Error::Unavailable { log: self.id().to_string(), reason: "simulated: no room, or no server".to_owned() }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

/// The log in memory never waits.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a log in memory answers at once")
}
