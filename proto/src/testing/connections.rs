//! Random connections: saved, tried, removed, sealed anew.

use downbeat_domain::{
    Command, ConnectionId,
    connection::{ConnectionCommand, ConnectionField, ConnectionHealth, SaveConnection},
    state::Connections,
};

const NAMES: [&str; 3] = ["shop", "default_postgres", "lake"];

pub(super) fn command(all: &Connections, which: u8, detail: u8) -> Command {
    let named = NAMES[usize::from(detail % 3)];
    let known = all.named(named);
    let version = known.map_or(0, |(_, state)| state.version);
    let connection = known.map_or(ConnectionId([detail; 16]), |(id, _)| id);
    Command::Connection(match which % 8 {
        0 => ConnectionCommand::Remove { named: named.to_owned(), force: detail.is_multiple_of(2) },
        1 => ConnectionCommand::Reseal { connections: all.all.len() as u32, master_key: format!("{detail:02x}") },
        2 | 3 => ConnectionCommand::Test {
            connection,
            version,
            health: ConnectionHealth::ALL[usize::from(detail / 3 % 2)],
            message: format!("answer {detail}"),
        },
        _ => ConnectionCommand::Save(Box::new(SaveConnection {
            connection,
            integration: if named == "lake" { "AWS_S3" } else { "POSTGRES" }.to_owned(),
            name: named.to_owned(),
            version: version + 1,
            seal: [detail; 16],
            fields: vec![
                ConnectionField { name: "host".to_owned(), store: String::new() },
                ConnectionField { name: "password".to_owned(), store: "vault".to_owned() },
            ],
            bytes: 200,
            is_default: (which & 0x08 == 0x08).then_some(detail.is_multiple_of(2)),
        })),
    })
}
