//! Access tokens that were fetched, kept until shortly before they end, so that not every look at a job signs in.
//!
//! They are kept under a hash of all that was shown for them: another credential never gets somebody else's token.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::connections::Secret;
use crate::limits::{ACCESS_TOKEN_LIFE, ACCESS_TOKEN_MARGIN, ACCESS_TOKENS_MAX};

/// The tokens of this worker.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<BTreeMap<[u8; 32], (Secret, Instant)>>);

impl Tokens {
    /// Under what a token is kept.
    pub(super) fn key(shown: &[&str]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for part in shown {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    pub(super) fn get(&self, key: &[u8; 32], now: Instant) -> Option<Secret> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(_, until)| *until > now).map(|(token, _)| token.clone())
    }

    /// `life`: how long it is good for, if that was said.
    pub(super) fn put(&self, key: [u8; 32], token: Secret, life: Option<Duration>, now: Instant) {
        let life = life.unwrap_or(ACCESS_TOKEN_LIFE);
        let Some(until) = now.checked_add(life.saturating_sub(ACCESS_TOKEN_MARGIN)) else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, until)| *until > now);
        if kept.len() < ACCESS_TOKENS_MAX {
            kept.insert(key, (token, until));
        }
    }

    /// The other side no longer takes what it gave.
    pub(crate) fn forget(&self, token: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (secret, _)| secret.reveal() != token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_until_shortly_before_its_end() {
        let tokens = Tokens::default();
        let now = Instant::now();
        let key = Tokens::key(&["url", "id", "secret"]);
        assert_ne!(key, Tokens::key(&["url", "idsecret", ""]));
        tokens.put(key, Secret::new("t"), Some(Duration::from_secs(3600)), now);
        for (after, there) in [(0, true), (3_539, true), (3_541, false)] {
            assert_eq!(tokens.get(&key, now + Duration::from_secs(after)).is_some(), there, "{after}");
        }
        tokens.forget("t");
        assert!(tokens.get(&key, now).is_none());
    }
}
