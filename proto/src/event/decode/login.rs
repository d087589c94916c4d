//! Logins.

use downbeat_domain::{
    Event, KeyId, LoginId,
    event::{AccessEvent, LoginBegun, LoginRenewed},
};

use super::{access::grant_of, fields::Fields};
use crate::{
    convert,
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let missing = |field| fields.missing(field);
    let fact = match kind {
        EventKind::LoginBegun => AccessEvent::LoginBegun(Box::new(begun_of(fields.parse(payload)?).map_err(missing)?)),
        EventKind::LoginCompleted => {
            let (family, renewed) = completed_of(fields.parse(payload)?).map_err(missing)?;
            AccessEvent::LoginCompleted { family, renewed }
        }
        EventKind::LoginRefreshed => {
            let event: wire::LoginRefreshed = fields.parse(payload)?;
            AccessEvent::LoginRefreshed { renewed: tokens_of(event.tokens).map_err(missing)?, again: event.again }
        }
        EventKind::LoginEnded => {
            let event: wire::LoginEnded = fields.parse(payload)?;
            AccessEvent::LoginEnded {
                login: LoginId::from_slice(&event.login_id).ok_or(missing("login_id"))?,
                subject: event.subject,
                end: words::login_end_of(event.end).ok_or(missing("end"))?,
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(missing("kind")),
    };
    Ok(Event::Access(Box::new(fact)))
}

/// How a login began, or the field that is missing or impossible.
pub(crate) fn begun_of(begun: wire::LoginBegun) -> Result<LoginBegun, &'static str> {
    let key = if begun.key_id.is_empty() { None } else { Some(KeyId::from_slice(&begun.key_id).ok_or("key_id")?) };
    Ok(LoginBegun {
        login: LoginId::from_slice(&begun.login_id).ok_or("login_id")?,
        subject: begun.subject,
        key,
        grants: begun.grants.into_iter().map(grant_of).collect::<Option<_>>().ok_or("grants")?,
        read_only: begun.read_only,
        client: begun.client,
        client_hash: hash(&begun.client_hash).ok_or("client_hash")?,
        redirect_hash: hash(&begun.redirect_hash).ok_or("redirect_hash")?,
        challenge: hash(&begun.challenge).ok_or("challenge")?,
        code: hash(&begun.code).ok_or("code")?,
        code_expires_at: convert::instant(begun.code_expires_at).ok_or("code_expires_at")?,
        ends_at: convert::instant(begun.ends_at).ok_or("ends_at")?,
        at: convert::instant(begun.at).ok_or("at")?,
    })
}

/// What all refresh tokens have in common, and the tokens; or the field that is missing or impossible.
pub(crate) fn completed_of(completed: wire::LoginCompleted) -> Result<([u8; 32], LoginRenewed), &'static str> {
    Ok((hash(&completed.family).ok_or("family")?, tokens_of(completed.tokens)?))
}

fn tokens_of(tokens: Option<wire::LoginTokens>) -> Result<LoginRenewed, &'static str> {
    let tokens = tokens.ok_or("tokens")?;
    Ok(LoginRenewed {
        login: LoginId::from_slice(&tokens.login_id).ok_or("login_id")?,
        access: hash(&tokens.access).ok_or("access")?,
        access_expires_at: convert::instant(tokens.access_expires_at).ok_or("access_expires_at")?,
        refresh: hash(&tokens.refresh).ok_or("refresh")?,
        refresh_expires_at: convert::instant(tokens.refresh_expires_at).ok_or("refresh_expires_at")?,
        at: convert::instant(tokens.at).ok_or("at")?,
    })
}

fn hash(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok()
}
