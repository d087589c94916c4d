//! What jobs with objects of a bucket have in common: what is put there, and the way of an attempt.

use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use super::{content::Encoding, ended, open, too_large};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::{Connection, Connections, Fields};
use crate::connectors::{Step, Task, parameters, unless_stopped};
use crate::limits::FILE_BYTES_MAX;

const ENCODINGS: [&str; 4] = ["utf-8", "utf-16", "latin-1", "base64"];

/// How the object is a text.
pub(super) fn encoding(task: &Task) -> Result<Encoding, Failure> {
    parameters::required(&task.parameters, "file_encoding")?;
    Ok(Encoding::named(parameters::one_of(&task.parameters, "file_encoding", &ENCODINGS)?))
}

/// What becomes of an object.
pub(super) struct Upload {
    pub(super) bytes: Vec<u8>,
    pub(super) headers: HeaderMap,
}

impl Upload {
    pub(super) fn read(task: &Task, encoding: Encoding) -> Result<Self, Failure> {
        let given = &task.parameters;
        // An empty object is one, too.
        let content = match given.get("content") {
            Some(Value::String(text)) => text.clone(),
            _ => parameters::required(given, "content")?,
        };
        let bytes = encoding.bytes("content", content)?;
        if bytes.len() > FILE_BYTES_MAX {
            return Err(too_large("the parameter content"));
        }
        let mut headers = HeaderMap::new();
        if let Some(kind) = parameters::text(given, "content_type") {
            let value = HeaderValue::try_from(kind.trim())
                .map_err(|_| Failure::misconfigured("the parameter content_type is no valid header"))?;
            headers.insert(CONTENT_TYPE, value);
        }
        Ok(Self { bytes, headers })
    }
}

/// Nothing is left of a request that is dropped: an object is there as a whole or as it was.
pub(super) async fn carry_out<'a, W, F>(
    connections: &Connections,
    task: &'a Task,
    (integration, fields): (&'static str, Fields),
    work: W,
) -> Ended
where
    W: FnOnce(Arc<Connection>) -> F,
    F: Future<Output = Step<(Ending, Collection)>> + 'a,
{
    let connection = match open(connections, task, integration, fields).await {
        Ok(connection) => Arc::new(connection),
        Err(failure) => return failure.into(),
    };
    let done = match unless_stopped(&task.stop, work(Arc::clone(&connection))).await {
        Ok(done) => done,
        Err(stopped) => Err(stopped),
    };
    ended(done, &connection)
}
