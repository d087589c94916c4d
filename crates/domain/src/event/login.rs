//! Logins: what is recorded of them. Codes and tokens stand nowhere, only their hashes (SHA-256, each of 256 bits of chance).

use jiff::Timestamp;

use crate::{
    access::Grant,
    id::{KeyId, LoginId},
};

/// See [`super::AccessEvent::LoginBegun`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginBegun {
    /// The login.
    pub login: LoginId,
    /// Whose it is, as actors are written: `user:ada`, `key:ci`.
    pub subject: String,
    /// The key that was shown: the login may what the key may, and ends with it. `None` = somebody else vouches for a person.
    pub key: Option<KeyId>,
    /// What the person may; empty where a key was shown.
    pub grants: Vec<Grant>,
    /// It reads only, whatever the grants say.
    pub read_only: bool,
    /// Name of the program that asks, as the program says.
    pub client: String,
    /// Hash of the program's registration.
    pub client_hash: [u8; 32],
    /// Hash of where the code was sent.
    pub redirect_hash: [u8; 32],
    /// Hash of what only the program that asked knows (RFC 7636, S256).
    pub challenge: [u8; 32],
    /// Hash of the code.
    pub code: [u8; 32],
    /// From then on the code is worth nothing.
    pub code_expires_at: Timestamp,
    /// From then on the login opens nothing, whatever is refreshed.
    pub ends_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// New tokens of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginRenewed {
    /// The login.
    pub login: LoginId,
    /// Hash of the access token.
    pub access: [u8; 32],
    /// From then on it opens nothing.
    pub access_expires_at: Timestamp,
    /// Hash of what this refresh token has alone.
    pub refresh: [u8; 32],
    /// From then on it is worth nothing, and the login is over.
    pub refresh_expires_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// Why a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginEnd {
    /// Somebody ended it, or its own program did.
    Ended,
    /// Its code came a second time: somebody else has it.
    CodeUsedTwice,
    /// A refresh token came that had been exchanged before: somebody else has it.
    RefreshUsedTwice,
    /// There were too many, and it was the oldest.
    Replaced,
}

impl LoginEnd {
    /// Every one of them.
    pub const ALL: [LoginEnd; 4] =
        [LoginEnd::Ended, LoginEnd::CodeUsedTwice, LoginEnd::RefreshUsedTwice, LoginEnd::Replaced];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            LoginEnd::Ended => "ENDED",
            LoginEnd::CodeUsedTwice => "CODE_USED_TWICE",
            LoginEnd::RefreshUsedTwice => "REFRESH_USED_TWICE",
            LoginEnd::Replaced => "REPLACED",
        }
    }
}
