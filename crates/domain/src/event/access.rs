//! Keys: made, revoked, used.

use jiff::Timestamp;

use crate::{access::Grant, id::KeyId};

/// A fact about keys; see [`super::Event::Access`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessEvent {
    /// There is a further key.
    KeyCreated(KeyCreated),
    /// The key opens nothing any more.
    KeyRevoked {
        /// Which.
        key: KeyId,
        /// What it was called.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// These keys were used in this hour.
    KeysUsed {
        /// Which.
        keys: Vec<KeyId>,
        /// The first instant of the hour.
        hour: Timestamp,
    },
}

/// See [`AccessEvent::KeyCreated`]. The key itself stands nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCreated {
    /// The key.
    pub key: KeyId,
    /// For people; no other key that has not expired has it.
    pub name: String,
    /// SHA-256 of the whole key as it was shown.
    pub hash: [u8; 32],
    /// What it is for: 1 to 20.
    pub grants: Vec<Grant>,
    /// Who made it, as actors are written.
    pub by: String,
    /// From then on it opens nothing.
    pub expires_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

impl AccessEvent {
    /// When it happened, as far as it says.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            AccessEvent::KeyCreated(created) => Some(created.at),
            AccessEvent::KeyRevoked { at, .. } => Some(*at),
            AccessEvent::KeysUsed { .. } => None,
        }
    }
}
