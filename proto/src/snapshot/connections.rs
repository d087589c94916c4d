//! Sealed connections, both ways: names and versions.

use std::collections::BTreeMap;

use downbeat_domain::{
    ConnectionId,
    connection::ConnectionSaved,
    limits,
    state::{Connection, ConnectionTest, Connections},
};

use crate::{
    convert::{id_bytes, instant, micros},
    event::{self, words},
    events::v1 as events,
    snapshots::v1 as wire,
};

pub(super) fn encode(connections: &Connections) -> Vec<wire::Connection> {
    connections.all.iter().map(|(id, state)| message(*id, state)).collect()
}

fn message(id: ConnectionId, state: &Connection) -> wire::Connection {
    let saved = event::connection_saved(&ConnectionSaved {
        connection: id,
        integration: state.integration.clone(),
        name: state.name.clone(),
        version: state.version,
        seal: state.seal,
        fields: state.fields.clone(),
        is_default: state.is_default,
        at: state.updated_at,
    });
    let tested = state.tested.as_ref().map(|test| events::ConnectionTested {
        connection_id: id_bytes(&id.0),
        name: String::new(),
        version: state.version,
        health: words::connection_health(test.health) as i32,
        message: test.message.clone(),
        at: micros(test.at),
    });
    wire::Connection { saved: Some(saved), created_at: micros(state.created_at), tested }
}

/// `None` = they cannot be read, or are more than there may be.
pub(super) fn decode(messages: Vec<wire::Connection>) -> Option<Connections> {
    if messages.len() > limits::CONNECTIONS_MAX {
        return None;
    }
    let mut all = BTreeMap::new();
    for message in messages {
        let saved = event::connection_saved_of(message.saved?).ok()?;
        let tested = match message.tested {
            None => None,
            Some(test) => Some(ConnectionTest {
                health: words::connection_health_of(test.health)?,
                message: test.message,
                at: instant(test.at)?,
            }),
        };
        let state = Connection {
            integration: saved.integration,
            name: saved.name,
            version: saved.version,
            seal: saved.seal,
            fields: saved.fields,
            is_default: saved.is_default,
            tested,
            created_at: instant(message.created_at)?,
            updated_at: saved.at,
        };
        if all.insert(saved.connection, state).is_some() {
            return None;
        }
    }
    Some(Connections { all })
}
