//! Requests about keys.

use jiff::Timestamp;

use crate::{access::Grant, id::KeyId};

/// A request about keys; see [`super::Command::Access`].
#[derive(Clone, Debug)]
pub enum AccessCommand {
    /// Make a key.
    CreateKey(Box<CreateKey>),
    /// It opens nothing any more.
    RevokeKey {
        /// Its id or its name.
        key: String,
    },
    /// Keys were used now, as gateways say.
    NoteUses {
        /// Which.
        keys: Vec<KeyId>,
    },
}

/// See [`AccessCommand::CreateKey`]. The key itself does not come here.
#[derive(Clone, Debug)]
pub struct CreateKey {
    /// Id of the new key, drawn by chance.
    pub key: KeyId,
    /// For people.
    pub name: String,
    /// SHA-256 of the whole key as it will be shown.
    pub hash: [u8; 32],
    /// What it is for.
    pub grants: Vec<Grant>,
    /// From then on it opens nothing; `None` = in [`crate::limits::KEY_DAYS`].
    pub expires_at: Option<Timestamp>,
    /// Who makes it, as actors are written.
    pub by: String,
}
