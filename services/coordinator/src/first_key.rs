//! The first key: where none was ever made, whoever runs the process may have one made, to make others with.
//!
//! Promises: where a key was made before, revoked or not, there is no first one any more. Knows nothing about where it is shown.

use downbeat_domain::{
    Caller, Command, Grant, Rejection, Role,
    command::{AccessCommand, CreateKey},
};

use crate::{
    driver::{Handle, Refused},
    secret,
};

/// Nobody asks for it: this is what the audit says.
const ACTOR: &str = "first-start";

/// Nobody made a key yet.
pub struct FirstKey {
    pub(crate) handle: Handle,
}

/// There is no first key.
#[derive(Debug, thiserror::Error)]
pub enum FirstKeyError {
    /// The coordinator cannot record it.
    #[error("the first key: {0}")]
    Refused(#[from] Refused),
    /// Somebody was faster.
    #[error("the first key: {0}")]
    Rejected(Rejection),
    /// There is nothing to draw it from.
    #[error("the first key: the operating system has no randomness")]
    NoRandomness,
}

impl FirstKey {
    /// Makes it: a key of this name that may do everything, as long as a key lives where nobody says. Returns the key itself, which is
    /// nowhere else. The coordinator's loop must run.
    pub async fn make(self, name: &str) -> Result<String, FirstKeyError> {
        let drawn = secret::draw().ok_or(FirstKeyError::NoRandomness)?;
        let create = CreateKey {
            key: drawn.id,
            name: name.to_owned(),
            hash: drawn.hash,
            grants: vec![Grant { role: Role::Admin, labels: Vec::new() }],
            expires_at: None,
            by: ACTOR.to_owned(),
        };
        let command = Command::Access(AccessCommand::CreateKey(Box::new(create)));
        let answer = self.handle.call(command, Caller::named(ACTOR), None).await?;
        answer.map(|_| drawn.secret).map_err(FirstKeyError::Rejected)
    }
}
