//! Connections that are saved, tried, removed and sealed anew.

use downbeat_domain::{
    ConnectionId, Event,
    connection::{ConnectionEvent, ConnectionField, ConnectionHealth, ConnectionSaved},
};

use crate::{added::text, samples::at};

const CONNECTION: ConnectionId = ConnectionId(*b"a-shop-s-records");

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let fact = |fact| Event::Connection(Box::new(fact));
    let field = |name: &str, store: &str| ConnectionField { name: text(name), store: text(store) };
    let saved = ConnectionSaved {
        connection: CONNECTION,
        integration: text("POSTGRES"),
        name: text("shop_12345"),
        version: 3,
        seal: [0x5a; 16],
        fields: vec![field("host", ""), field("password", "vault")],
        is_default: true,
        at: at(90),
    };
    let bare = ConnectionSaved { version: 1, fields: Vec::new(), is_default: false, ..saved.clone() };
    let tested = |health, message: &str| ConnectionEvent::Tested {
        connection: CONNECTION,
        name: text("shop_12345"),
        version: 3,
        health,
        message: text(message),
        at: at(91),
    };
    vec![
        ("CONNECTION_SAVED", fact(ConnectionEvent::Saved(saved))),
        ("CONNECTION_SAVED.bare", fact(ConnectionEvent::Saved(bare))),
        (
            "CONNECTION_REMOVED",
            fact(ConnectionEvent::Removed { connection: CONNECTION, name: text("shop_12345"), at: at(92) }),
        ),
        ("CONNECTION_TESTED", fact(tested(ConnectionHealth::Succeeded, "signed in"))),
        ("CONNECTION_TESTED.failed", fact(tested(ConnectionHealth::Failed, "no such host"))),
        (
            "CONNECTIONS_RESEALED",
            fact(ConnectionEvent::Resealed { connections: 12, master_key: text("9f86d081884c7d65"), at: at(93) }),
        ),
    ]
}
