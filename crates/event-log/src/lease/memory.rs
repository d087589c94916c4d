//! A lease in memory, for tests of those who use one.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Held, Lease, LeaseError};

/// Clones are the same lease.
#[derive(Clone, Debug, Default)]
pub struct MemoryLease {
    held: Arc<Mutex<Held>>,
}

#[async_trait]
impl Lease for MemoryLease {
    async fn look(&self) -> Result<Held, LeaseError> {
        Ok(self.held.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn write(&self, revision: u64, holder: Bytes) -> Result<u64, LeaseError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.revision != revision {
            return Err(LeaseError::Taken);
        }
        *held = Held { revision: revision + 1, holder };
        Ok(held.revision)
    }
}
