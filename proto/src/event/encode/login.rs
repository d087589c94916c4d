//! Logins.

use bytes::Bytes;
use downbeat_domain::event::{AccessEvent, LoginBegun, LoginRenewed};

use super::{access::grant, event};
use crate::{
    convert::{id_bytes, micros},
    event::words,
    events::v1::{self as wire, EventKind},
};

/// Of other facts about access, nothing: they have a file of their own.
pub(super) fn encode(fact: &AccessEvent) -> wire::Event {
    match fact {
        AccessEvent::LoginBegun(fact) => event(EventKind::LoginBegun, &begun(fact)),
        AccessEvent::LoginCompleted { family, renewed } => {
            event(EventKind::LoginCompleted, &completed(*family, renewed))
        }
        AccessEvent::LoginRefreshed { renewed, again } => {
            event(EventKind::LoginRefreshed, &wire::LoginRefreshed { tokens: Some(tokens(renewed)), again: *again })
        }
        AccessEvent::LoginEnded { login, subject, end, at } => event(
            EventKind::LoginEnded,
            &wire::LoginEnded {
                login_id: id_bytes(&login.0),
                subject: subject.clone(),
                end: words::login_end(*end) as i32,
                at: micros(*at),
            },
        ),
        AccessEvent::KeyCreated(_)
        | AccessEvent::KeyRevoked { .. }
        | AccessEvent::KeysUsed { .. }
        | AccessEvent::ToolsCalled(_) => super::access::encode(fact),
    }
}

pub(crate) fn begun(begun: &LoginBegun) -> wire::LoginBegun {
    wire::LoginBegun {
        login_id: id_bytes(&begun.login.0),
        subject: begun.subject.clone(),
        key_id: begun.key.map(|key| id_bytes(&key.0)).unwrap_or_default(),
        grants: begun.grants.iter().map(grant).collect(),
        read_only: begun.read_only,
        client: begun.client.clone(),
        client_hash: hash(&begun.client_hash),
        redirect_hash: hash(&begun.redirect_hash),
        challenge: hash(&begun.challenge),
        code: hash(&begun.code),
        code_expires_at: micros(begun.code_expires_at),
        ends_at: micros(begun.ends_at),
        at: micros(begun.at),
    }
}

pub(crate) fn completed(family: [u8; 32], renewed: &LoginRenewed) -> wire::LoginCompleted {
    wire::LoginCompleted { tokens: Some(tokens(renewed)), family: hash(&family) }
}

fn tokens(renewed: &LoginRenewed) -> wire::LoginTokens {
    wire::LoginTokens {
        login_id: id_bytes(&renewed.login.0),
        access: hash(&renewed.access),
        access_expires_at: micros(renewed.access_expires_at),
        refresh: hash(&renewed.refresh),
        refresh_expires_at: micros(renewed.refresh_expires_at),
        at: micros(renewed.at),
    }
}

fn hash(hash: &[u8; 32]) -> Bytes {
    Bytes::copy_from_slice(hash)
}
