//! Keys.

use bytes::Bytes;
use downbeat_domain::{
    Grant, Role,
    event::{AccessEvent, KeyCreated},
};

use super::{audit, event, login};
use crate::{
    convert::{id_bytes, micros},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &AccessEvent) -> wire::Event {
    match fact {
        AccessEvent::KeyCreated(made) => event(EventKind::KeyCreated, &created(made)),
        AccessEvent::KeyRevoked { key, name, at } => event(
            EventKind::KeyRevoked,
            &wire::KeyRevoked { key_id: id_bytes(&key.0), name: name.clone(), at: micros(*at) },
        ),
        AccessEvent::KeysUsed { keys, hour } => {
            let keys = keys.iter().flat_map(|key| key.0).collect::<Vec<u8>>();
            event(EventKind::KeysUsed, &wire::KeysUsed { keys: keys.into(), hour: micros(*hour) })
        }
        AccessEvent::ToolsCalled(called) => event(EventKind::ToolsCalled, &audit::tools_called(called)),
        AccessEvent::LoginBegun(_)
        | AccessEvent::LoginCompleted { .. }
        | AccessEvent::LoginRefreshed { .. }
        | AccessEvent::LoginEnded { .. } => login::encode(fact),
    }
}

pub(crate) fn created(created: &KeyCreated) -> wire::KeyCreated {
    wire::KeyCreated {
        key_id: id_bytes(&created.key.0),
        name: created.name.clone(),
        hash: Bytes::copy_from_slice(&created.hash),
        grants: created.grants.iter().map(grant).collect(),
        by: created.by.clone(),
        expires_at: micros(created.expires_at),
        at: micros(created.at),
    }
}

pub(super) fn grant(grant: &Grant) -> wire::AccessGrant {
    let role = match grant.role {
        Role::Viewer => wire::AccessRole::Viewer,
        Role::Operator => wire::AccessRole::Operator,
        Role::Editor => wire::AccessRole::Editor,
        Role::Admin => wire::AccessRole::Admin,
    };
    wire::AccessGrant { role: role as i32, labels: grant.labels.clone() }
}
