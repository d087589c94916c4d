//! The keys that were made and not revoked, and the logins of people.
//!
//! Promises: however many are made, there are at most [`limits::KEYS_MAX`], because expired ones make room; names differ. Knows nothing of
//! what keys look like, only of their hashes.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::{
    access::Grant,
    event::{AccessEvent, KeyCreated},
    id::KeyId,
    limits,
    state::Logins,
};

/// A key that was not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// For people.
    pub name: String,
    /// SHA-256 of the whole key as it was shown.
    pub hash: [u8; 32],
    /// What it is for.
    pub grants: Vec<Grant>,
    /// Who made it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// From then on it opens nothing.
    pub expires_at: Timestamp,
    /// The hour in which it was last used; `None` = nobody has said that it was.
    pub used: Option<Timestamp>,
}

impl Key {
    /// Does it open nothing any more, because its time is over?
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// All keys of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Those that were not revoked, also those that expired.
    pub keys: BTreeMap<KeyId, Key>,
    /// Ids and names of those that were revoked lately, oldest first. Bounded: of more, the oldest are forgotten.
    pub revoked: VecDeque<(KeyId, String)>,
    /// Logins that nobody has ended, also those that are over. Those of a key are there as long as the key.
    pub logins: Logins,
}

impl Keys {
    /// The key that this text names: by its id or its name.
    pub fn named(&self, named: &str) -> Option<(KeyId, &Key)> {
        let by_id = named.parse().ok().and_then(|id| self.keys.get_key_value(&id));
        let found = by_id.or_else(|| self.keys.iter().find(|(_, key)| key.name == named));
        found.map(|(id, key)| (*id, key))
    }

    /// Was a key revoked lately that this text names?
    pub(crate) fn was_revoked(&self, named: &str) -> bool {
        let id: Option<KeyId> = named.parse().ok();
        self.revoked.iter().any(|(revoked, name)| Some(*revoked) == id || name == named)
    }

    /// Those that open something.
    pub(crate) fn open(&self, now: Timestamp) -> usize {
        self.keys.values().filter(|key| !key.has_expired(now)).count()
    }

    pub(crate) fn evolve(&mut self, event: &AccessEvent) {
        match event {
            AccessEvent::KeyCreated(created) => self.create(created),
            AccessEvent::KeyRevoked { key, name, .. } => {
                if self.keys.remove(key).is_some() {
                    self.end_without_key();
                    self.revoked.push_back((*key, name.clone()));
                    if self.revoked.len() > limits::REVOKED_KEYS_MAX {
                        self.revoked.pop_front();
                    }
                }
            }
            AccessEvent::KeysUsed { keys, hour } => {
                for key in keys {
                    if let Some(key) = self.keys.get_mut(key) {
                        key.used = key.used.max(Some(*hour));
                    }
                }
            }
            // Nothing hangs on it: the audit tells it.
            AccessEvent::ToolsCalled(_) => {}
            AccessEvent::LoginBegun(begun) => self.begin(begun),
            AccessEvent::LoginCompleted { family, renewed } => self.complete(*family, *renewed),
            AccessEvent::LoginRefreshed { renewed, again } => self.refresh(*renewed, *again),
            AccessEvent::LoginEnded { login, .. } => {
                self.logins.remove(login);
            }
        }
    }

    /// Expired keys make room: the one that had the name, and of too many the one that expired first.
    fn create(&mut self, created: &KeyCreated) {
        self.keys.retain(|_, key| key.name != created.name);
        while self.keys.len() >= limits::KEYS_MAX {
            let first = self.keys.iter().min_by_key(|(id, key)| (key.expires_at, **id)).map(|(id, _)| *id);
            let Some(first) = first else { break };
            self.keys.remove(&first);
        }
        let key = Key {
            name: created.name.clone(),
            hash: created.hash,
            grants: created.grants.clone(),
            by: created.by.clone(),
            created_at: created.at,
            expires_at: created.expires_at,
            used: None,
        };
        self.keys.insert(created.key, key);
        self.end_without_key();
    }
}
