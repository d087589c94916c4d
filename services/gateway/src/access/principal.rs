//! Somebody who showed who they are.

use downbeat_domain::access::{Grant, Role, allows};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    /// Id of the key; none = a person who logged in without one.
    pub(crate) key: Option<String>,
    /// Id of the login, where the token is that of one and not a key itself.
    pub(crate) login: Option<String>,
    /// As the log has it: `key:ci`, `user:ada`.
    pub(crate) actor: String,
    pub(crate) grants: Vec<Grant>,
    /// A login that only reads, whatever its key or its person may.
    pub(crate) read_only: bool,
    /// When what they showed opens nothing any more: microseconds since the epoch; 0 = never.
    pub(crate) expires_at: i64,
}

impl Principal {
    /// What they showed: the id of the login or the key.
    pub(crate) fn token(&self) -> &str {
        self.login.as_deref().or(self.key.as_deref()).unwrap_or(&self.actor)
    }

    /// Whether they may do this to everything, whatever its labels.
    pub(crate) fn may_all(&self, role: Role) -> bool {
        allows(&self.grants, role, &[])
    }

    /// Whether they may do this to what has these labels.
    pub(crate) fn may(&self, role: Role, labels: &[String]) -> bool {
        allows(&self.grants, role, labels)
    }

    /// Whether they may do this to anything at all.
    pub(crate) fn may_some(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role >= role)
    }
}
