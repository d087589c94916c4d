//! Of several projectors over one log, the one whose turn it is to tell others.
//!
//! Promises: while one holds the lease, no other tells; whoever gets it next begins where that one came to, by what it noted in the lease, at
//! most one renewal before. Two may tell for a moment when a lease is lost: everything is told at least once anyhow. Where the log is in a
//! folder there is one projector, and it is always its turn.

use std::sync::{Arc, Mutex, PoisonError};

use downbeat_event_log::{Election, Hash, Hold, Lease, LeaseError, LogId, Member, Step, Tail, limits::LEASE_LOOK};
use downbeat_runtime::clock::Clock;
use serde_json::{Value, json};

/// What is known of how far each feed was told, by whomever.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Arc<Mutex<Value>>);

impl Notes {
    pub(super) fn of(note: Value) -> Self {
        Self(Arc::new(Mutex::new(note)))
    }

    /// How far this feed was told, of this log.
    pub(super) fn told(&self, feed: &str, log: &LogId) -> Option<Tail> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = &notes[feed];
        let hash = blake3::Hash::from_hex(told["hash"].as_str()?).ok()?;
        let tail = Tail { sequence: told["sequence"].as_u64()?, hash: Hash(*hash.as_bytes()) };
        (told["log_id"] == log.0.as_str()).then_some(tail)
    }

    /// It was told this far.
    pub(super) fn tell(&self, feed: &str, log: &LogId, at: Tail) {
        let told = json!({"log_id": log.0, "sequence": at.sequence, "hash": at.hash.to_string()});
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.is_object() {
            *notes = json!({});
        }
        notes[feed] = told;
    }

    fn all(&self) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Waits for the turn, and holds it.
pub(super) struct Turn {
    lease: Option<Arc<dyn Lease>>,
    election: Election,
    clock: Clock,
}

/// The turn, while it lasts.
pub(super) struct Held {
    hold: Option<Hold>,
    pub(super) notes: Notes,
}

impl Turn {
    /// `address`: where this projector is; no two are at one.
    pub(super) fn new(lease: Option<Arc<dyn Lease>>, address: String) -> Self {
        let instance = uuid::Uuid::new_v4().simple().to_string();
        Self { lease, election: Election::new(Member { address, instance }), clock: Clock::start() }
    }

    /// Returns when it is this one's turn.
    pub(super) async fn comes(&mut self) -> Held {
        let Some(lease) = &self.lease else { return Held { hold: None, notes: Notes::default() } };
        let mut waits = false;
        loop {
            match lease.look().await {
                Ok(held) => match self.election.looked(self.clock.now().monotonic, &held) {
                    Step::Claim(_) => match Hold::claim(lease, self.election.me(), &held).await {
                        Ok(hold) => return Held { notes: Notes::of(hold.note()), hold: Some(hold) },
                        Err(LeaseError::Taken) => self.election.lost(),
                        Err(_) => self.election.away(),
                    },
                    Step::Follow(holder) if !std::mem::replace(&mut waits, true) => {
                        let teller = holder.map(|holder| holder.address).unwrap_or_default();
                        tracing::info!(
                            teller,
                            "another projector tells others what happens; this one waits for its turn"
                        );
                    }
                    Step::Follow(_) | Step::Doubt => {}
                },
                Err(error) => {
                    tracing::debug!(%error, "whose turn it is to tell others cannot be looked at");
                    self.election.away();
                }
            }
            tokio::time::sleep(LEASE_LOOK).await;
        }
    }

    /// It was lost.
    pub(super) fn lost(&mut self) {
        self.election.lost();
    }
}

impl Held {
    /// Keeps it; returns when another one has it.
    pub(super) async fn keep(&self) {
        let Some(hold) = &self.hold else { return std::future::pending().await };
        let noting = async {
            loop {
                tokio::time::sleep(LEASE_LOOK).await;
                self.note(hold);
            }
        };
        tokio::select! {
            () = hold.clone().renew() => {}
            () = noting => {}
        }
    }

    /// Gives it to whoever is next.
    pub(super) async fn give_back(&self) {
        if let Some(hold) = &self.hold {
            self.note(hold);
            hold.give_back().await;
        }
    }

    fn note(&self, hold: &Hold) {
        let notes = self.notes.all();
        hold.noted(|note| *note = notes);
    }
}

#[cfg(test)]
mod tests {
    use downbeat_event_log::MemoryLease;

    use super::*;

    fn at(sequence: u64) -> Tail {
        Tail { sequence, hash: Hash([sequence as u8; 32]) }
    }

    fn log(name: &str) -> LogId {
        LogId(name.to_owned())
    }

    #[tokio::test]
    async fn whoever_is_next_begins_where_the_one_before_came_to() {
        let lease: Arc<dyn Lease> = Arc::new(MemoryLease::default());
        let turn = |address: &str| Turn::new(Some(Arc::clone(&lease)), address.to_owned());
        let (mut first, mut second) = (turn("a"), turn("b"));
        let held = first.comes().await;
        assert_eq!(held.notes.told("events", &log("l")), None);
        held.notes.tell("events", &log("l"), at(7));
        let waiting = tokio::spawn(async move { second.comes().await });
        held.give_back().await;
        let next = waiting.await.unwrap();
        assert_eq!(next.notes.told("events", &log("l")), Some(at(7)));
        assert_eq!(next.notes.told("events", &log("another")), None);
        assert_eq!(next.notes.told("openlineage", &log("l")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_killed_is_followed_by_one_who_knows_what_was_renewed_last() {
        let lease: Arc<dyn Lease> = Arc::new(MemoryLease::default());
        let turn = |address: &str| Turn::new(Some(Arc::clone(&lease)), address.to_owned());
        let (mut first, mut second) = (turn("a"), turn("b"));
        let held = first.comes().await;
        held.notes.tell("events", &log("l"), at(9));
        let kept = tokio::time::timeout(std::time::Duration::from_secs(5), held.keep()).await;
        assert!(kept.is_err(), "nobody else wanted it");
        // Nobody renews any more.
        drop(held);
        let next = second.comes().await;
        assert_eq!(next.notes.told("events", &log("l")), Some(at(9)));
    }

    #[tokio::test]
    async fn where_there_is_one_it_is_always_its_turn() {
        let held = Turn::new(None, String::new()).comes().await;
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), held.keep()).await.is_err());
    }
}
