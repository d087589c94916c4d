//! Connections: names and versions, which is all that there is.

use downbeat_domain::{Event, connection::ConnectionEvent};
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    let Event::Connection(fact) = event else { return None };
    Some(match fact.as_ref() {
        ConnectionEvent::Saved(saved) => {
            let fields = saved.fields.iter().map(|field| match field.store.as_str() {
                "" => json!({"name": field.name}),
                store => json!({"name": field.name, "store": store}),
            });
            json!({
                "connection_id": saved.connection.to_string(), "integration": saved.integration, "name": saved.name,
                "version": saved.version, "fields": fields.collect::<Vec<_>>(), "is_default": saved.is_default,
                "at": at(saved.at),
            })
        }
        ConnectionEvent::Removed { connection, name, at: when } => {
            json!({"connection_id": connection.to_string(), "name": name, "at": at(*when)})
        }
        ConnectionEvent::Tested { connection, name, version, health, message, at: when } => json!({
            "connection_id": connection.to_string(), "name": name, "version": version, "health": health.as_str(),
            "message": message, "at": at(*when),
        }),
        ConnectionEvent::Resealed { connections, master_key, at: when } => {
            json!({"connections": connections, "master_key": master_key, "at": at(*when)})
        }
    })
}
