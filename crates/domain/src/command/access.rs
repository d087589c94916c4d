//! Requests about keys and logins.

use jiff::Timestamp;

use crate::{
    access::Grant,
    event::ToolsCalled,
    id::{KeyId, LoginId},
};

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
    /// Tools of assistants were called, as gateways say.
    NoteToolCalls(Box<ToolsCalled>),
    /// Somebody showed a gateway who they are.
    BeginLogin(Box<BeginLogin>),
    /// A program exchanges the code of a login for its first tokens.
    CompleteLogin(Box<CompleteLogin>),
    /// A program exchanges the tokens of a login for new ones.
    RefreshLogin(Box<RefreshLogin>),
    /// A login opens nothing any more.
    EndLogin {
        /// Which.
        login: LoginId,
    },
}

/// See [`AccessCommand::BeginLogin`]. Whoever is asked has been found to be who they say. Hashes are SHA-256.
#[derive(Clone, Debug)]
pub struct BeginLogin {
    /// Id of the new login, drawn by chance.
    pub login: LoginId,
    /// Who it is.
    pub holder: Holder,
    /// It reads only, whatever the grants say.
    pub read_only: bool,
    /// Name of the program that asks, as the program says.
    pub client: String,
    /// Hash of the program's registration.
    pub client_hash: [u8; 32],
    /// Hash of where the code will be sent.
    pub redirect_hash: [u8; 32],
    /// Hash of what only the program that asked knows.
    pub challenge: [u8; 32],
    /// Hash of the code.
    pub code: [u8; 32],
}

/// Who logs in.
#[derive(Clone, Debug)]
pub enum Holder {
    /// Whoever showed this key.
    Key(KeyId),
    /// A person of this name, as somebody says whom the operator trusts.
    Person {
        /// Their name.
        user: String,
        /// What they may.
        grants: Vec<Grant>,
    },
}

/// Tokens that were drawn for a login: their hashes.
#[derive(Clone, Copy, Debug)]
pub struct DrawnTokens {
    /// Of the access token.
    pub access: [u8; 32],
    /// Of what the refresh token has alone.
    pub refresh: [u8; 32],
}

/// See [`AccessCommand::CompleteLogin`]. What a program shows comes as hashes.
#[derive(Clone, Debug)]
pub struct CompleteLogin {
    /// Of the code.
    pub code: [u8; 32],
    /// Of the program's registration.
    pub client_hash: [u8; 32],
    /// Of where the code was sent.
    pub redirect_hash: [u8; 32],
    /// Of what only the program that asked knows.
    pub verifier: [u8; 32],
    /// Of what all refresh tokens of the login will have in common.
    pub family: [u8; 32],
    /// Its first tokens.
    pub drawn: DrawnTokens,
}

/// See [`AccessCommand::RefreshLogin`]. What a program shows comes as hashes.
#[derive(Clone, Debug)]
pub struct RefreshLogin {
    /// Of what all refresh tokens of the login have in common.
    pub family: [u8; 32],
    /// Of what this one has alone.
    pub refresh: [u8; 32],
    /// Of the program's registration.
    pub client_hash: [u8; 32],
    /// The new tokens.
    pub drawn: DrawnTokens,
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
