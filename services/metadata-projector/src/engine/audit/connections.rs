//! What a command did to a connection: names and versions.

use downbeat_domain::{CommandKind, Target, TargetKind, connection::ConnectionEvent};
use serde_json::json;

use super::{Told, target, tell::about};

/// What it says.
pub(super) fn told(fact: &ConnectionEvent) -> Told {
    let (command, of, summary, after) = match fact {
        ConnectionEvent::Saved(saved) => {
            let fields: Vec<&str> = saved.fields.iter().map(|field| field.name.as_str()).collect();
            let after = json!({
                "integration": saved.integration, "version": saved.version, "fields": fields,
                "is_default": saved.is_default,
            });
            let what = if saved.version == 1 { "made" } else { "changed" };
            let summary = format!("{what} connection {}", saved.name);
            (CommandKind::SaveConnection, Some((saved.connection, &saved.name)), summary, after)
        }
        ConnectionEvent::Removed { connection, name, .. } => {
            let of = Some((*connection, name));
            (CommandKind::RemoveConnection, of, format!("removed connection {name}"), json!({"removed": true}))
        }
        ConnectionEvent::Tested { connection, name, version, health, .. } => {
            let after = json!({"version": version, "health": health.as_str()});
            (CommandKind::TestConnection, Some((*connection, name)), format!("tried connection {name}"), after)
        }
        ConnectionEvent::Resealed { connections, master_key, .. } => {
            let after = json!({"connections": connections, "master_key": master_key});
            (CommandKind::ResealConnections, None, "sealed all connections anew".to_owned(), after)
        }
    };
    let targets =
        of.map(|(id, name)| target(&Target { name: name.clone(), ..Target::new(TargetKind::Connection, id) }));
    Told { after, ..about(command, targets.into_iter().collect(), summary) }
}
