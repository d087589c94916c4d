//! Which keys were used: told to the coordinator now and then.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use downbeat_proto::control::v1::{NoteKeyUsesRequest, access_service_client::AccessServiceClient};
use downbeat_runtime::shutdown::{self, ShutdownSignal};
use tonic::transport::Channel;

use super::Principal;
use crate::limits;

/// Ids of keys that were used since it was told last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses(Arc<Mutex<BTreeSet<String>>>);

impl Uses {
    pub(crate) fn note(&self, principal: &Principal) {
        let Some(key) = &principal.key else { return };
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(key) {
            used.insert(key.clone());
        }
    }

    /// Tells them until the signal, and once more then.
    pub(crate) async fn tell(self, channel: Channel, mut signal: ShutdownSignal) {
        let mut ending = false;
        while !ending {
            tokio::select! {
                () = shutdown::wait(&mut signal) => ending = true,
                () = tokio::time::sleep(limits::KEY_USES_TOLD) => {}
            }
            let used = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            if used.is_empty() {
                continue;
            }
            let request = NoteKeyUsesRequest { keys: used.iter().cloned().collect() };
            let mut client = AccessServiceClient::new(channel.clone());
            let told = client.note_key_uses(request);
            if !matches!(tokio::time::timeout(limits::ANSWER_WAIT, told).await, Ok(Ok(_))) {
                // Told next time.
                self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(used);
            }
        }
    }
}
