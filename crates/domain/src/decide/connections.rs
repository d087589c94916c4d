//! Connections are saved, removed, tried and sealed anew. Their values are elsewhere.

use super::cut;
use crate::{
    command::{Context, Rejection},
    connection::{
        ConnectionCommand, ConnectionEvent, ConnectionSaved, SaveConnection, default_name, is_integration,
        unfit_fields, unfit_name,
    },
    event::Event,
    limits,
    state::Partition,
};

pub(super) fn decide(
    partition: &Partition,
    command: &ConnectionCommand,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let all = &partition.connections;
    let fact = match command {
        ConnectionCommand::Save(save) => return self::save(partition, save, context),
        ConnectionCommand::Remove { named, force } => {
            let (connection, state) = all.named(named).ok_or_else(|| all.unknown(named))?;
            let users = all.users(connection, partition);
            if !force && !users.is_empty() {
                return Err(Rejection::ConnectionUsed { name: state.name.clone(), by: users.in_words() });
            }
            ConnectionEvent::Removed { connection, name: state.name.clone(), at: context.now }
        }
        ConnectionCommand::Test { connection, version, health, message } => match all.all.get(connection) {
            Some(state) if state.version == *version => ConnectionEvent::Tested {
                connection: *connection,
                name: state.name.clone(),
                version: *version,
                health: *health,
                message: cut(message, limits::CONNECTION_MESSAGE_BYTES_MAX),
                at: context.now,
            },
            // It is another one by now, or gone: what was found says nothing of it.
            _ => return Ok(Vec::new()),
        },
        ConnectionCommand::Reseal { connections, master_key } => ConnectionEvent::Resealed {
            connections: *connections,
            master_key: cut(master_key, limits::BRIEF_BYTES_MAX),
            at: context.now,
        },
    };
    Ok(vec![Event::Connection(Box::new(fact))])
}

fn save(partition: &Partition, save: &SaveConnection, context: &Context) -> Result<Vec<Event>, Rejection> {
    let all = &partition.connections;
    let invalid = |why: String| Err(Rejection::InvalidConnection(why));
    if let Some(why) = unfit_name(&save.name) {
        return invalid(why);
    }
    if !is_integration(&save.integration) {
        let most = limits::INTEGRATION_CHARS_MAX;
        return invalid(format!("integration: 1 to {most} of A-Z 0-9 _ are allowed, as in POSTGRES"));
    }
    if let Some(why) = unfit_fields(save.fields.iter().map(|field| field.name.as_str())) {
        return invalid(why);
    }
    if save.bytes > limits::SEALED_BYTES_MAX {
        let (bytes, most) = (save.bytes, limits::SEALED_BYTES_MAX);
        return invalid(format!("fields: they take {bytes} bytes sealed; at most {most} are allowed"));
    }
    let before = all.all.get(&save.connection);
    if all.all.iter().any(|(id, state)| state.name == save.name && *id != save.connection) {
        return Err(Rejection::ConnectionChanged { name: save.name.clone() });
    }
    match before {
        Some(state) if state.integration != save.integration => {
            let (name, is) = (&state.name, &state.integration);
            return invalid(format!(
                "integration: `{name}` is a connection of {is} and stays one; choose another name, or remove it first"
            ));
        }
        Some(state) if state.name != save.name => return invalid("name: a connection keeps its name".to_owned()),
        None if all.all.len() >= limits::CONNECTIONS_MAX => {
            let most = limits::CONNECTIONS_MAX;
            return invalid(format!(
                "there are {most} connections, and that is the most that is allowed; remove one first"
            ));
        }
        _ => {}
    }
    // Whoever sealed this version read the one before: nobody else may have changed it since.
    if before.map_or(0, |state| state.version).checked_add(1) != Some(save.version) {
        return Err(Rejection::ConnectionChanged { name: save.name.clone() });
    }
    let was_default = before.map_or(save.name == default_name(&save.integration), |state| state.is_default);
    let saved = ConnectionSaved {
        connection: save.connection,
        integration: save.integration.clone(),
        name: save.name.clone(),
        version: save.version,
        seal: save.seal,
        fields: save.fields.clone(),
        is_default: save.is_default.unwrap_or(was_default),
        at: context.now,
    };
    Ok(vec![Event::Connection(Box::new(ConnectionEvent::Saved(saved)))])
}
