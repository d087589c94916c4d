//! Asking the server's monitoring port what its protocol does not tell: whether it syncs every write, how many servers there are, how full its
//! storage is. Without an address, or an answer, that is not known; what follows says `settings.rs`.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::JetStreamOptions;
use crate::limits;
use crate::log::Room;

/// Whether the server makes records durable before it acknowledges them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    /// It does.
    Always,
    /// It does not.
    Not,
    /// That could not be found out, and why.
    Unknown(String),
}

/// What the monitoring port said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) sync: Sync,
    /// Servers with JetStream.
    pub(super) servers: Option<u64>,
    /// What streams take of the storage that they may take.
    pub(super) storage: Option<Room>,
}

/// Asks; an answer that does not come is none.
pub(super) async fn look(options: &JetStreamOptions) -> Server {
    let unknown = |why: String| Server { sync: Sync::Unknown(why), servers: None, storage: None };
    let Some(url) = &options.monitor_url else { return unknown("no monitoring address is set".to_owned()) };
    get(url).await.map_or_else(unknown, |varz| of_varz(&varz))
}

/// How full the storage of the server is, if somebody has told where it says so.
pub(super) async fn storage(options: &JetStreamOptions) -> Option<Room> {
    let varz = get(options.monitor_url.as_ref()?).await.ok()?;
    of_varz(&varz).storage
}

fn of_varz(varz: &Value) -> Server {
    let jetstream = &varz["jetstream"];
    let config = &jetstream["config"];
    let sync = match config.is_object() {
        true if config["sync_always"].as_bool().unwrap_or(false) => Sync::Always,
        true => Sync::Not,
        false => Sync::Unknown("the server says nothing about JetStream".to_owned()),
    };
    let storage = match (jetstream["stats"]["storage"].as_u64(), config["max_storage"].as_u64()) {
        (Some(used), Some(limit)) if limit > 0 => {
            Some(Room { used, limit, what: "the JetStream storage of the NATS server".to_owned() })
        }
        _ => None,
    };
    // A single server has no cluster to speak of.
    let servers = jetstream["meta"]["cluster_size"].as_u64().or(config.is_object().then_some(1));
    Server { sync, servers, storage }
}

async fn get(url: &str) -> Result<Value, String> {
    let asked = tokio::time::timeout(limits::MONITOR_TIMEOUT, ask(url)).await;
    asked.map_err(|_| format!("no answer within {:?}", limits::MONITOR_TIMEOUT))?
}

async fn ask(url: &str) -> Result<Value, String> {
    let host = url.strip_prefix("http://").ok_or("only http:// addresses are understood")?.trim_end_matches('/');
    let failed = |error: std::io::Error| error.to_string();
    let mut connection = TcpStream::connect(host).await.map_err(failed)?;
    let request = format!("GET /varz HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut answer = Vec::new();
    let limit = limits::MONITOR_BYTES_MAX as u64;
    connection.take(limit).read_to_end(&mut answer).await.map_err(failed)?;
    let text = String::from_utf8_lossy(&answer);
    let (_, body) = text.split_once("\r\n\r\n").ok_or("the answer is no HTTP")?;
    serde_json::from_str(body).map_err(|error| format!("the answer is no JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn varz_says_whether_it_syncs_and_how_full_it_is() {
        let varz = |config: Value, stats: Value| json!({"jetstream": {"config": config, "stats": stats}});
        let full = of_varz(&varz(json!({"sync_always": true, "max_storage": 100}), json!({"storage": 81})));
        assert_eq!((full.sync, full.storage.map(|room| (room.used, room.limit))), (Sync::Always, Some((81, 100))));
        let old = of_varz(&varz(json!({"max_storage": 0}), json!({"storage": 81})));
        assert_eq!((old.sync, old.storage, old.servers), (Sync::Not, None, Some(1)));
        let clustered = of_varz(&json!({"jetstream": {"config": {}, "meta": {"cluster_size": 3}}}));
        assert_eq!(clustered.servers, Some(3));
        assert!(matches!(of_varz(&json!({})).sync, Sync::Unknown(_)));
    }
}
