//! Keys.

use downbeat_domain::{
    Event, Grant, KeyId, Role,
    event::{AccessEvent, KeyCreated},
};

use super::{audit, fields::Fields};
use crate::{
    convert,
    event::DecodeError,
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let fact = match kind {
        EventKind::KeyCreated => {
            AccessEvent::KeyCreated(created_of(fields.parse(payload)?).map_err(|field| fields.missing(field))?)
        }
        EventKind::KeyRevoked => {
            let event: wire::KeyRevoked = fields.parse(payload)?;
            let key = KeyId::from_slice(&event.key_id).ok_or(fields.missing("key_id"))?;
            AccessEvent::KeyRevoked { key, name: event.name, at: fields.at(event.at)? }
        }
        EventKind::KeysUsed => {
            let event: wire::KeysUsed = fields.parse(payload)?;
            let (keys, rest) = event.keys.as_chunks::<16>();
            if keys.is_empty() || !rest.is_empty() {
                return Err(fields.missing("keys"));
            }
            let keys = keys.iter().map(|key| KeyId(*key)).collect();
            AccessEvent::KeysUsed { keys, hour: fields.at(event.hour)? }
        }
        EventKind::ToolsCalled => {
            AccessEvent::ToolsCalled(Box::new(audit::tools_called(fields, fields.parse(payload)?)?))
        }
        _ => return Err(fields.missing("kind")),
    };
    Ok(Event::Access(Box::new(fact)))
}

/// The key in a message, or the field that is missing or impossible.
pub(crate) fn created_of(created: wire::KeyCreated) -> Result<KeyCreated, &'static str> {
    Ok(KeyCreated {
        key: KeyId::from_slice(&created.key_id).ok_or("key_id")?,
        name: created.name,
        hash: created.hash.as_ref().try_into().map_err(|_| "hash")?,
        grants: created.grants.into_iter().map(grant_of).collect::<Option<_>>().ok_or("grants")?,
        by: created.by,
        expires_at: convert::instant(created.expires_at).ok_or("expires_at")?,
        at: convert::instant(created.at).ok_or("at")?,
    })
}

pub(super) fn grant_of(grant: wire::AccessGrant) -> Option<Grant> {
    let role = match wire::AccessRole::try_from(grant.role).ok()? {
        wire::AccessRole::Unspecified => return None,
        wire::AccessRole::Viewer => Role::Viewer,
        wire::AccessRole::Operator => Role::Operator,
        wire::AccessRole::Editor => Role::Editor,
        wire::AccessRole::Admin => Role::Admin,
    };
    Some(Grant { role, labels: grant.labels })
}
