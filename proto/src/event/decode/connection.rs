//! Connections.

use downbeat_domain::{
    ConnectionId, Event,
    connection::{ConnectionEvent, ConnectionField, ConnectionSaved},
};

use super::fields::Fields;
use crate::{
    convert,
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let id = |bytes: &[u8]| ConnectionId::from_slice(bytes).ok_or(fields.missing("connection_id"));
    let fact = match kind {
        EventKind::ConnectionSaved => {
            ConnectionEvent::Saved(saved_of(fields.parse(payload)?).map_err(|field| fields.missing(field))?)
        }
        EventKind::ConnectionRemoved => {
            let event: wire::ConnectionRemoved = fields.parse(payload)?;
            ConnectionEvent::Removed {
                connection: id(&event.connection_id)?,
                name: event.name,
                at: fields.at(event.at)?,
            }
        }
        EventKind::ConnectionTested => {
            let event: wire::ConnectionTested = fields.parse(payload)?;
            ConnectionEvent::Tested {
                connection: id(&event.connection_id)?,
                name: event.name,
                version: event.version,
                health: words::connection_health_of(event.health).ok_or(fields.missing("health"))?,
                message: event.message,
                at: fields.at(event.at)?,
            }
        }
        EventKind::ConnectionsResealed => {
            let event: wire::ConnectionsResealed = fields.parse(payload)?;
            if event.master_key.is_empty() {
                return Err(fields.missing("master_key"));
            }
            ConnectionEvent::Resealed {
                connections: event.connections,
                master_key: event.master_key,
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    };
    Ok(Event::Connection(Box::new(fact)))
}

/// The connection in a message, or the field that is missing or impossible.
pub(crate) fn saved_of(saved: wire::ConnectionSaved) -> Result<ConnectionSaved, &'static str> {
    let field = |field: wire::ConnectionField| ConnectionField { name: field.name, store: field.store };
    Ok(ConnectionSaved {
        connection: ConnectionId::from_slice(&saved.connection_id).ok_or("connection_id")?,
        integration: saved.integration,
        name: Some(saved.name).filter(|name| !name.is_empty()).ok_or("name")?,
        version: Some(saved.version).filter(|version| *version > 0).ok_or("version")?,
        seal: saved.seal.as_ref().try_into().map_err(|_| "seal")?,
        fields: saved.fields.into_iter().map(field).collect(),
        is_default: saved.is_default,
        at: convert::instant(saved.at).ok_or("at")?,
    })
}
