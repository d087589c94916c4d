//! Connections.

use bytes::Bytes;
use downbeat_domain::connection::{ConnectionEvent, ConnectionField, ConnectionSaved};

use super::event;
use crate::{
    convert::{id_bytes, micros},
    event::words,
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &ConnectionEvent) -> wire::Event {
    match fact {
        ConnectionEvent::Saved(of) => event(EventKind::ConnectionSaved, &saved(of)),
        ConnectionEvent::Removed { connection, name, at } => event(
            EventKind::ConnectionRemoved,
            &wire::ConnectionRemoved { connection_id: id_bytes(&connection.0), name: name.clone(), at: micros(*at) },
        ),
        ConnectionEvent::Tested { connection, name, version, health, message, at } => event(
            EventKind::ConnectionTested,
            &wire::ConnectionTested {
                connection_id: id_bytes(&connection.0),
                name: name.clone(),
                version: *version,
                health: words::connection_health(*health) as i32,
                message: message.clone(),
                at: micros(*at),
            },
        ),
        ConnectionEvent::Resealed { connections, master_key, at } => event(
            EventKind::ConnectionsResealed,
            &wire::ConnectionsResealed { connections: *connections, master_key: master_key.clone(), at: micros(*at) },
        ),
    }
}

pub(crate) fn saved(saved: &ConnectionSaved) -> wire::ConnectionSaved {
    let field =
        |field: &ConnectionField| wire::ConnectionField { name: field.name.clone(), store: field.store.clone() };
    wire::ConnectionSaved {
        connection_id: id_bytes(&saved.connection.0),
        integration: saved.integration.clone(),
        name: saved.name.clone(),
        version: saved.version,
        seal: Bytes::copy_from_slice(&saved.seal),
        fields: saved.fields.iter().map(field).collect(),
        is_default: saved.is_default,
        at: micros(saved.at),
    }
}
