//! GCP_CLOUD_STORAGE_GET_FILE and GCP_CLOUD_STORAGE_PUT_FILE: one object of a bucket, through the JSON API of Cloud Storage.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url, header::HeaderMap};
use serde_json::{Value, json};

use super::{
    Place,
    content::Encoding,
    flag_on,
    object::{self, Upload, carry_out},
    too_large,
};
use crate::about::{About, Tested};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::{Connection, Connections, Fields};
use crate::connectors::{Connector, Step, Task, parameters};
use crate::limits::{FILE_BYTES_MAX, HTTP_WAIT};
use crate::manifest::answer;
use crate::manifest::auth::{self, Around, SignIn, Tokens};
use crate::manifest::fill::Scope;
use crate::remote::CallError;
use crate::web;

const INTEGRATION: &str = "GCP_CLOUD_STORAGE";
const API: &str = "https://storage.googleapis.com";
const FIELDS: Fields = Fields { open: &["endpoint"], secret: &["service_account"] };
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Debug)]
pub(super) struct GetFile {
    pub(super) connections: Connections,
    pub(super) tokens: Arc<Tokens>,
}

#[derive(Debug)]
pub(super) struct PutFile {
    pub(super) connections: Connections,
    pub(super) tokens: Arc<Tokens>,
}

fn about() -> About {
    About { tested: Tested::RecordedShape, ..super::about("") }
}

#[async_trait]
impl Connector for GetFile {
    fn job(&self) -> (&str, &str) {
        (INTEGRATION, "GCP_CLOUD_STORAGE_GET_FILE")
    }

    fn about(&self) -> About {
        about()
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let object = match Object::read(task) {
            Ok(object) => object,
            Err(failure) => return failure.into(),
        };
        let tokens = Arc::clone(&self.tokens);
        let work = |connection| async move { object.get(task, connection, &tokens).await };
        carry_out(&self.connections, task, (INTEGRATION, FIELDS), work).await
    }
}

#[async_trait]
impl Connector for PutFile {
    fn job(&self) -> (&str, &str) {
        (INTEGRATION, "GCP_CLOUD_STORAGE_PUT_FILE")
    }

    fn about(&self) -> About {
        about()
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let read = match Object::read(task).and_then(|object| Ok((Upload::read(task, object.encoding)?, object))) {
            Ok(read) => read,
            Err(failure) => return failure.into(),
        };
        let (upload, object) = read;
        let tokens = Arc::clone(&self.tokens);
        let work = |connection| async move { object.put(task, connection, upload, &tokens).await };
        carry_out(&self.connections, task, (INTEGRATION, FIELDS), work).await
    }
}

/// Which object.
struct Object {
    bucket: String,
    name: String,
    encoding: Encoding,
}

impl Object {
    fn read(task: &Task) -> Result<Self, Failure> {
        let bucket = parameters::required(&task.parameters, "bucket_name")?;
        let name = parameters::required(&task.parameters, "object_name")?;
        for (parameter, value) in [("bucket_name", &bucket), ("object_name", &name)] {
            // A path resolves these.
            if matches!(value.as_str(), "." | "..") {
                return Err(Failure::misconfigured(format!(
                    "the parameter {parameter} is {value:?}, which is no name"
                )));
            }
        }
        Ok(Self { bucket, name, encoding: object::encoding(task)? })
    }

    fn place(&self) -> String {
        format!("the object {:?} in the bucket {:?} of Cloud Storage", self.name, self.bucket)
    }

    fn collection(&self, verb: &str, begun: Timestamp) -> Collection {
        let namespace = format!("gs://{}", self.bucket);
        Place { integration: INTEGRATION, namespace, name: self.name.clone() }.collection(verb, begun)
    }

    fn url(&self, path: &str, query: &[(&str, &str)], connection: &Connection) -> Result<Url, Failure> {
        let no_address = || Failure::misconfigured("the parameter bucket_name makes no address");
        let mut url = web::absolute(&format!("{API}{path}")).ok_or_else(no_address)?;
        if let Some(endpoint) = connection.text("endpoint")? {
            let endpoint = web::absolute(endpoint).ok_or_else(|| {
                connection.wrong("endpoint", "must be an absolute URL, like https://proxy.example.com")
            })?;
            url = answer::moved(&url, &endpoint);
        }
        url.query_pairs_mut().extend_pairs(query);
        Ok(url)
    }

    async fn get(&self, task: &Task, connection: Arc<Connection>, tokens: &Tokens) -> Step<(Ending, Collection)> {
        let begun = Timestamp::now();
        let set_outputs = flag_on(&task.parameters, "set_outputs")?;
        let path = format!("/storage/v1/b/{}/o/{}", encoded(&self.bucket), encoded(&self.name));
        let url = self.url(&path, &[("alt", "media")], &connection)?;
        let request = web::Request { method: Method::GET, url, headers: HeaderMap::new(), body: None };
        let answer = self.exchange(task, request, &connection, tokens).await?;
        if answer.cut || answer.body.len() > FILE_BYTES_MAX {
            return Err(too_large(self.place()).into());
        }
        let bytes = answer.body.len();
        let content = self.encoding.text(&self.place(), answer.body)?;
        let outputs =
            if set_outputs { json!({ "content": content, "size": bytes }).to_string() } else { String::new() };
        let ending = Ending::Succeeded { warning: false, outputs, message: format!("{bytes} bytes") };
        Ok((ending, self.collection("get", begun)))
    }

    async fn put(
        &self,
        task: &Task,
        connection: Arc<Connection>,
        upload: Upload,
        tokens: &Tokens,
    ) -> Step<(Ending, Collection)> {
        let begun = Timestamp::now();
        let bytes = upload.bytes.len();
        let path = format!("/upload/storage/v1/b/{}/o", encoded(&self.bucket));
        let url = self.url(&path, &[("uploadType", "media"), ("name", &self.name)], &connection)?;
        task.log.line(&format!("putting {bytes} bytes: {}", self.place())).await;
        let body = Some(upload.bytes.into());
        let request = web::Request { method: Method::POST, url, headers: upload.headers, body };
        self.exchange(task, request, &connection, tokens).await?;
        let ending = Ending::Succeeded { warning: false, outputs: String::new(), message: format!("{bytes} bytes") };
        Ok((ending, self.collection("put", begun)))
    }

    /// Signs in and asks; an answer that is no success is a failure.
    async fn exchange(
        &self,
        task: &Task,
        request: web::Request,
        connection: &Connection,
        tokens: &Tokens,
    ) -> Result<web::Answer, Failure> {
        let mut scope = Scope::default();
        let key = connection.required("service_account")?;
        scope.connection.insert("service_account".to_owned(), Value::String(key.to_owned()));
        let endpoint = connection.text("endpoint")?.and_then(web::absolute);
        let base = request.url.clone();
        let around =
            Around { scope: &scope, integration: INTEGRATION, base: &base, endpoint: endpoint.as_ref(), tokens };
        let mut again = true;
        loop {
            let (mut signed, mut hidden) = (request.clone(), Vec::new());
            let done = auth::sign(&way()?, &around, &mut signed, &mut hidden).await;
            task.log.learn(&hidden).await;
            done.map_err(failure)?;
            let answer = web::exchange(&signed, HTTP_WAIT, None).await?;
            // A token that was kept may have been withdrawn since.
            if again && answer.status.as_u16() == 401 {
                hidden.iter().for_each(|token| tokens.forget(token.reveal()));
                again = false;
                continue;
            }
            return if answer.status.is_success() { Ok(answer) } else { Err(self.refused(&answer)) };
        }
    }

    fn refused(&self, answer: &web::Answer) -> Failure {
        let text = format!("{}: answered {}: {}", self.place(), answer.status, answer::shown(&answer.body));
        match answer.status.as_u16() {
            404 => Failure::job(text),
            408 | 429 | 500..=599 => Failure::transient(text),
            _ => Failure::misconfigured(text),
        }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, IN_PATH).to_string()
}

fn way() -> Result<SignIn, Failure> {
    let way = json!({
        "method": "google_service_account", "key": "{connection.service_account}",
        "scope": "https://www.googleapis.com/auth/devstorage.read_write",
    });
    serde_json::from_value(way).map_err(|error| Failure::misconfigured(format!("authentication: {error}")))
}

/// Signing in came to nothing.
fn failure(error: CallError) -> Failure {
    match error {
        CallError::Refused(failure) => failure,
        CallError::Again { message, .. } | CallError::Unknown(message) | CallError::Gone(message) => {
            Failure::transient(message)
        }
    }
}

#[cfg(test)]
mod tests;
