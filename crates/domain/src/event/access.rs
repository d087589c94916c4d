//! Keys: made, revoked, used; what was asked with them through tools; and logins of people.

use jiff::Timestamp;

use super::login::{LoginBegun, LoginEnd, LoginRenewed};
use crate::{
    access::Grant,
    audit::Target,
    id::{KeyId, LoginId},
};

/// A fact about keys and logins; see [`super::Event::Access`].
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
    /// Somebody called tools of assistants.
    ToolsCalled(Box<ToolsCalled>),
    /// Somebody showed who they are, and a program may fetch the tokens of the login.
    LoginBegun(Box<LoginBegun>),
    /// It did: the login opens something from now on.
    LoginCompleted {
        /// Hash of what all its refresh tokens have in common.
        family: [u8; 32],
        /// Its first tokens.
        renewed: LoginRenewed,
    },
    /// Its tokens were exchanged for new ones.
    LoginRefreshed {
        /// The new ones.
        renewed: LoginRenewed,
        /// The token before the current one came once more, soon enough: the current one counts as lost.
        again: bool,
    },
    /// The login opens nothing any more.
    LoginEnded {
        /// Which.
        login: LoginId,
        /// Whose it was, as actors are written.
        subject: String,
        /// Why.
        end: LoginEnd,
        /// When.
        at: Timestamp,
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

/// See [`AccessEvent::ToolsCalled`]: calls that are alike. Who made them stands beside the decision; what they changed has events of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolsCalled {
    /// Name of the tool; empty = several, of what was only counted.
    pub tool: String,
    /// What it was asked about; none = nothing in particular, or several things.
    pub targets: Vec<Target>,
    /// Stable code of the refusal; empty = it was answered.
    pub code: String,
    /// How many, at least 1.
    pub calls: u64,
    /// When the first of them came.
    pub since: Timestamp,
    /// When the last of them came.
    pub at: Timestamp,
}

impl AccessEvent {
    /// When it happened, as far as it says.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            AccessEvent::KeyCreated(created) => Some(created.at),
            AccessEvent::KeyRevoked { at, .. } | AccessEvent::LoginEnded { at, .. } => Some(*at),
            AccessEvent::LoginBegun(begun) => Some(begun.at),
            AccessEvent::LoginCompleted { renewed, .. } | AccessEvent::LoginRefreshed { renewed, .. } => {
                Some(renewed.at)
            }
            AccessEvent::ToolsCalled(called) => Some(called.at),
            AccessEvent::KeysUsed { .. } => None,
        }
    }
}
