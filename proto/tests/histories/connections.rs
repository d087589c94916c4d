//! Connections are saved, tried, saved again, made the default and removed while a pipeline uses them.

use downbeat_domain::{
    Command, ConnectionId,
    connection::{ConnectionCommand, ConnectionField, ConnectionHealth, SaveConnection},
};

use crate::recorder::Recorder;

const BODY: &str = "pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, connection: site, parameters: {method: GET, path: x}}}
";

fn save(id: u8, name: &str, version: u32, is_default: Option<bool>) -> Command {
    let field = |name: &str, store: &str| ConnectionField { name: name.to_owned(), store: store.to_owned() };
    Command::Connection(ConnectionCommand::Save(Box::new(SaveConnection {
        connection: ConnectionId([id; 16]),
        integration: "HTTP".to_owned(),
        name: name.to_owned(),
        version,
        seal: [id + version as u8; 16],
        fields: vec![field("base_url", ""), field("headers", "env")],
        bytes: 100,
        is_default,
    })))
}

fn test(id: u8, version: u32, health: ConnectionHealth) -> Command {
    let message = "answered".to_owned();
    Command::Connection(ConnectionCommand::Test { connection: ConnectionId([id; 16]), version, health, message })
}

fn remove(named: &str, force: bool) -> Command {
    Command::Connection(ConnectionCommand::Remove { named: named.to_owned(), force })
}

pub(crate) fn connections() -> Vec<Vec<u8>> {
    let demo = Recorder::new(BODY).run(save(1, "site", 1, None)).run(test(1, 1, ConnectionHealth::Failed));
    let demo = demo.run(save(1, "site", 2, None)).run(test(1, 2, ConnectionHealth::Succeeded));
    let demo = demo.run(save(2, "default_http", 1, None)).run(save(1, "site", 3, Some(true)));
    let demo = demo.refused(save(1, "site", 3, None)).refused(remove("site", false)).start(1);
    let reseal = ConnectionCommand::Reseal { connections: 2, master_key: "9f86d081884c7d65".to_owned() };
    let demo = demo.run(Command::Connection(reseal)).run(test(2, 1, ConnectionHealth::Failed));
    demo.run(save(3, "gone", 1, None)).run(remove("gone", false)).into_records()
}
