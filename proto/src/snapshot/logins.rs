//! Logins between state and message.

use bytes::Bytes;
use downbeat_domain::{
    event::LoginRenewed,
    limits,
    state::{Login, Logins, Tokens},
};

use crate::{
    convert::{instant, micros_or_zero},
    event,
    snapshots::v1 as wire,
};

/// Those that nobody has ended.
pub(super) fn encode(logins: &Logins) -> Vec<wire::Login> {
    let login = |login: &Login| {
        let previous = login.tokens.and_then(|tokens| tokens.previous);
        wire::Login {
            begun: Some(event::login_begun(&login.begun)),
            completed: login.tokens.map(|tokens| event::login_completed(tokens.family, &tokens.current)),
            previous: previous.map(|(hash, _)| Bytes::copy_from_slice(&hash)).unwrap_or_default(),
            previous_at: micros_or_zero(previous.map(|(_, at)| at)),
        }
    };
    logins.values().map(login).collect()
}

/// `None` = they cannot be read, or are more than there may be.
pub(super) fn decode(logins: Vec<wire::Login>) -> Option<Logins> {
    if logins.len() > limits::LOGINS_MAX {
        return None;
    }
    let read = |message: wire::Login| {
        let begun = event::login_begun_of(message.begun?).ok()?;
        let previous = match message.previous.is_empty() {
            true => None,
            false => Some((message.previous.as_ref().try_into().ok()?, instant(message.previous_at)?)),
        };
        let tokens = match message.completed {
            None => None,
            Some(completed) => {
                let (family, current): ([u8; 32], LoginRenewed) = event::login_completed_of(completed).ok()?;
                Some(Tokens { family, current, previous })
            }
        };
        Some((begun.login, Login { begun, tokens }))
    };
    logins.into_iter().map(read).collect()
}
