//! A lease that is held: written to again and again, and given back at the end.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use serde_json::Value;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{Held, Lease, LeaseError, Member};
use crate::limits;

/// See the module. Clones hold the same.
#[derive(Clone)]
pub struct Hold {
    lease: Arc<dyn Lease>,
    me: Member,
    revision: Arc<AtomicU64>,
    note: Arc<Mutex<Value>>,
    /// When it was written last.
    written: Arc<watch::Sender<Instant>>,
}

impl Hold {
    /// Tries to get it: writes after this revision, and leaves what the holder before noted as it is.
    ///
    /// # Errors
    /// Those of [`Lease::write`].
    pub async fn claim(lease: &Arc<dyn Lease>, me: &Member, held: &Held) -> Result<Self, LeaseError> {
        let note = Member::note(&held.holder);
        let revision = lease.write(held.revision, me.written(&note)).await?;
        let (revision, note) = (Arc::new(AtomicU64::new(revision)), Arc::new(Mutex::new(note)));
        let written = Arc::new(watch::Sender::new(Instant::now()));
        Ok(Self { lease: Arc::clone(lease), me: me.clone(), revision, note, written })
    }

    /// What the next holder has to know, as it was written last or will be written next.
    pub fn note(&self) -> Value {
        self.note.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes that. It is written with the next renewal.
    pub fn noted(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.note.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Who holds it.
    pub fn me(&self) -> &Member {
        &self.me
    }

    /// Returns when it could not be written for so long that somebody else may have it.
    pub async fn in_doubt(&self) {
        let mut written = self.written.subscribe();
        loop {
            let until = *written.borrow_and_update() + limits::LEASE_UNWRITTEN;
            tokio::select! {
                () = sleep_until(until) => return,
                // The sender is in our hand.
                _ = written.changed() => {}
            }
        }
    }

    /// Returns when it is written again.
    pub async fn written(&self) {
        // As above.
        let _ = self.written.subscribe().changed().await;
    }

    /// Writes to it again and again; returns when somebody else has it.
    pub async fn renew(self) {
        loop {
            sleep(limits::LEASE_RENEWAL).await;
            match self.lease.write(self.revision.load(Ordering::Relaxed), self.me.written(&self.note())).await {
                Ok(revision) => {
                    self.revision.store(revision, Ordering::Relaxed);
                    self.written.send_replace(Instant::now());
                }
                // It may be a write of our own whose answer was lost.
                Err(LeaseError::Taken) => match self.lease.look().await {
                    Ok(held) if Member::read(&held.holder).as_ref() == Some(&self.me) => {
                        self.revision.store(held.revision, Ordering::Relaxed);
                    }
                    Ok(_) => return,
                    Err(error) => tracing::debug!(%error, "whose lease it is cannot be looked at"),
                },
                Err(error) => tracing::debug!(%error, "the lease cannot be renewed for now"),
            }
        }
    }

    /// So that the next one need not wait for our silence.
    pub async fn give_back(&self) {
        for _ in 0..2 {
            match self.lease.write(self.revision.load(Ordering::Relaxed), Member::default().written(&self.note())).await
            {
                Ok(_) => return,
                // A renewal that was under way.
                Err(LeaseError::Taken) => match self.lease.look().await {
                    Ok(held) if Member::read(&held.holder).as_ref() == Some(&self.me) => {
                        self.revision.store(held.revision, Ordering::Relaxed);
                    }
                    _ => return,
                },
                Err(error) => {
                    tracing::debug!(%error, "the lease could not be given back; the next one waits for our silence");
                    return;
                }
            }
        }
    }
}
