//! Keys that are made, revoked and used.

use downbeat_domain::{
    Event, Grant, KeyId, Role,
    event::{AccessEvent, KeyCreated},
};

use crate::{added::text, samples::at};

const KEY: KeyId = KeyId(*b"key-of-a-program");

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let access = |fact| Event::Access(Box::new(fact));
    let grants = vec![
        Grant { role: Role::Viewer, labels: Vec::new() },
        Grant { role: Role::Editor, labels: vec![text("eu"), text("finance")] },
    ];
    let created = KeyCreated {
        key: KEY,
        name: text("ci"),
        hash: [0xa5; 32],
        grants,
        by: text("user:ada"),
        expires_at: at(9_000),
        at: at(80),
    };
    let all = KeyCreated {
        grants: [Role::Operator, Role::Admin].map(|role| Grant { role, labels: Vec::new() }).to_vec(),
        by: text("key:ci"),
        ..created.clone()
    };
    vec![
        ("KEY_CREATED", access(AccessEvent::KeyCreated(created))),
        ("KEY_CREATED.roles", access(AccessEvent::KeyCreated(all))),
        ("KEY_REVOKED", access(AccessEvent::KeyRevoked { key: KEY, name: text("ci"), at: at(81) })),
        ("KEYS_USED", access(AccessEvent::KeysUsed { keys: vec![KEY, KeyId([7; 16])], hour: at(0) })),
    ]
}
