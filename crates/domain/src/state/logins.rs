//! The logins of people.
//!
//! Promises: a login of a key is gone with the key; of those that are over none is kept for long. Knows nothing of what codes and tokens look
//! like, only of their hashes, and nothing of who found out who somebody is.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    event::{LoginBegun, LoginRenewed},
    id::LoginId,
    limits,
    state::{Key, Keys},
};

/// A login that nobody has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// How it began.
    pub begun: LoginBegun,
    /// What came of it; `None` = its code was not exchanged.
    pub tokens: Option<Tokens>,
}

/// What opens something, and what makes the next of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Hash of what all refresh tokens of the login have in common: whoever shows that had one of them.
    pub family: [u8; 32],
    /// The current ones.
    pub current: LoginRenewed,
    /// Hash of what the refresh token before the current one had alone, and when it was exchanged first.
    pub previous: Option<([u8; 32], Timestamp)>,
}

impl Login {
    /// Does nothing of it open anything any more, because its time is over?
    pub fn is_over(&self, now: Timestamp) -> bool {
        let last = self.tokens.map_or(self.begun.code_expires_at, |tokens| tokens.current.refresh_expires_at);
        last.min(self.begun.ends_at) <= now
    }
}

/// All logins, by their ids.
pub type Logins = BTreeMap<LoginId, Login>;

impl Keys {
    /// The key that a login stands for, if it does: `None` = it stands for itself.
    pub fn key_of(&self, login: &Login) -> Option<&Key> {
        login.begun.key.and_then(|key| self.keys.get(&key))
    }

    /// Does the login open something, its tokens shown?
    pub fn is_live(&self, login: &Login, now: Timestamp) -> bool {
        let key_lives = login.begun.key.is_none() || self.key_of(login).is_some_and(|key| !key.has_expired(now));
        key_lives && !login.is_over(now)
    }

    /// The login of which a hash is part: of a code, an access token, or what refresh tokens have in common.
    pub fn login_of(&self, hash: &[u8; 32]) -> Option<(LoginId, &Login)> {
        let has = |login: &Login| {
            let tokens = login.tokens.as_ref();
            login.begun.code == *hash
                || tokens.is_some_and(|tokens| tokens.family == *hash || tokens.current.access == *hash)
        };
        self.logins.iter().find(|(_, login)| has(login)).map(|(id, login)| (*id, login))
    }

    /// Logins whose time is over make room.
    pub(super) fn begin(&mut self, begun: &LoginBegun) {
        self.logins.retain(|_, login| !login.is_over(begun.at));
        while self.logins.len() >= limits::LOGINS_MAX {
            let first = self.logins.iter().min_by_key(|(id, login)| (login.begun.at, **id)).map(|(id, _)| *id);
            let Some(first) = first else { break };
            self.logins.remove(&first);
        }
        self.logins.insert(begun.login, Login { begun: begun.clone(), tokens: None });
    }

    pub(super) fn complete(&mut self, family: [u8; 32], renewed: LoginRenewed) {
        if let Some(login) = self.logins.get_mut(&renewed.login) {
            login.tokens = Some(Tokens { family, current: renewed, previous: None });
        }
    }

    pub(super) fn refresh(&mut self, renewed: LoginRenewed, again: bool) {
        let tokens = self.logins.get_mut(&renewed.login).and_then(|login| login.tokens.as_mut());
        if let Some(tokens) = tokens {
            if !again {
                tokens.previous = Some((tokens.current.refresh, renewed.at));
            }
            tokens.current = renewed;
        }
    }

    /// A login ends with its key.
    pub(super) fn end_without_key(&mut self) {
        let keys = &self.keys;
        self.logins.retain(|_, login| login.begun.key.is_none_or(|key| keys.contains_key(&key)));
    }
}
