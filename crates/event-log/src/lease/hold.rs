//! A lease that is held: written to again and again, and given back at the end.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use tokio::time::sleep;

use super::{Lease, LeaseError, Member};
use crate::limits;

/// See the module. Clones hold the same.
#[derive(Clone)]
pub struct Hold {
    lease: Arc<dyn Lease>,
    me: Member,
    revision: Arc<AtomicU64>,
}

impl Hold {
    /// It was written at this revision.
    pub fn new(lease: &Arc<dyn Lease>, me: &Member, revision: u64) -> Self {
        Self { lease: Arc::clone(lease), me: me.clone(), revision: Arc::new(AtomicU64::new(revision)) }
    }

    /// Who holds it.
    pub fn me(&self) -> &Member {
        &self.me
    }

    /// Writes to it again and again; returns when somebody else has it.
    pub async fn renew(self) {
        loop {
            sleep(limits::LEASE_RENEWAL).await;
            match self.lease.write(self.revision.load(Ordering::Relaxed), self.me.written()).await {
                Ok(revision) => self.revision.store(revision, Ordering::Relaxed),
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
            match self.lease.write(self.revision.load(Ordering::Relaxed), Bytes::new()).await {
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
