//! Jobs that get or put one file: on an SFTP server, in a bucket.
//!
//! A file is there as a whole or not at all, and putting it twice is putting it once. Its content is a text of the task's, or bytes
//! as base64; one that is too large for outputs is refused.

mod content;
mod gcs;
mod object;
mod s3;
mod sftp;

use std::{fmt, sync::Arc};

use downbeat_proto::events::v1::{Asset, Operation};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Connector, Step, Task, parameters};
use crate::about::{About, Tested};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::{Connection, Connections, Fields, none_given};
use crate::limits::FILE_BYTES_MAX;

/// All of them.
pub(crate) fn all(connections: &Connections) -> Vec<Arc<dyn Connector>> {
    let connections = || connections.clone();
    let tokens = Arc::new(crate::manifest::auth::Tokens::default());
    vec![
        Arc::new(sftp::GetFile { connections: connections() }),
        Arc::new(sftp::PutFile { connections: connections() }),
        Arc::new(s3::GetFile { connections: connections() }),
        Arc::new(s3::PutFile { connections: connections() }),
        Arc::new(gcs::GetFile { connections: connections(), tokens: Arc::clone(&tokens) }),
        Arc::new(gcs::PutFile { connections: connections(), tokens }),
    ]
}

/// What all of them have in common; each says what it met in tests.
fn about(met: &'static str) -> About {
    About {
        by_manifest: false,
        tested: Tested::Real(met),
        after_a_loss: "once more: a file is there as a whole or not",
        collects: "the FILE".to_owned(),
    }
}

async fn open(
    connections: &Connections,
    task: &Task,
    integration: &'static str,
    fields: Fields,
) -> Result<Connection, Failure> {
    let connection = task.open(connections, integration, fields).await?;
    connection.ok_or_else(|| none_given(integration))
}

/// Absent and null count as true.
fn flag_on(parameters: &Map<String, Value>, name: &str) -> Result<bool, Failure> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(true),
        Some(_) => parameters::flag(parameters, name),
    }
}

fn too_large(what: impl fmt::Display) -> Failure {
    let limit = FILE_BYTES_MAX / (1024 * 1024);
    Failure::misconfigured(format!("{what} is larger than {limit} MiB, which is what a task's outputs carry"))
}

/// A file where it is: its asset.
struct Place {
    integration: &'static str,
    namespace: String,
    name: String,
}

impl Place {
    /// What the task did with it.
    fn collection(&self, verb: &str, begun: Timestamp) -> Collection {
        let key = format!("{}/{}", self.namespace, self.name.trim_start_matches('/'));
        let operation = Operation {
            external_id: key.clone(),
            name: format!("{verb} {}", self.name),
            r#type: "OPERATION".to_owned(),
            status: "SUCCEEDED".to_owned(),
            started_at: begun.as_microsecond(),
            completed_at: Timestamp::now().as_microsecond(),
            rows_affected: -1,
            asset: key.clone(),
            failures: -1,
            ..Operation::default()
        };
        let asset = Asset {
            key,
            name: self.name.clone(),
            r#type: "FILE".to_owned(),
            namespace: self.namespace.clone(),
            row_count: -1,
            integration: self.integration.to_owned(),
            ..Asset::default()
        };
        Collection { operations: vec![operation], assets: vec![asset], ..Collection::default() }
    }
}

/// How an attempt ended, with what it did when it did it.
fn ended(done: Step<(Ending, Collection)>, connection: &Connection) -> Ended {
    match done {
        Ok((ending, collection)) => Ended { ending, collection },
        Err(Ending::Failed(failure)) => Failure { message: connection.hide(failure.message), ..failure }.into(),
        Err(ending) => ending.into(),
    }
}
