//! AWS_S3_GET_FILE and AWS_S3_PUT_FILE: one object of a bucket.

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::{Method, header::HeaderMap};
use rusty_s3::{Bucket, Credentials, S3Action as _};
use serde_json::json;

use super::{
    Place,
    content::Encoding,
    flag_on,
    object::{self, Upload, carry_out},
    too_large,
};
use crate::about::About;
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::connections::{Connection, Connections};
use crate::connectors::{Connector, Step, Task, parameters};
use crate::limits::{FILE_BYTES_MAX, HTTP_WAIT};
use crate::{s3, web};

#[derive(Debug)]
pub(super) struct GetFile {
    pub(super) connections: Connections,
}

#[derive(Debug)]
pub(super) struct PutFile {
    pub(super) connections: Connections,
}

#[async_trait]
impl Connector for GetFile {
    fn job(&self) -> (&str, &str) {
        ("AWS_S3", "AWS_S3_GET_FILE")
    }

    fn about(&self) -> About {
        super::about("moto")
    }

    fn needs_connection(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let read = match Object::read(task) {
            Ok(read) => read,
            Err(failure) => return failure.into(),
        };
        carry_out(&self.connections, task, ("AWS_S3", s3::FIELDS), |connection| async move {
            read.get(task, connection).await
        })
        .await
    }
}

#[async_trait]
impl Connector for PutFile {
    fn job(&self) -> (&str, &str) {
        ("AWS_S3", "AWS_S3_PUT_FILE")
    }

    fn about(&self) -> About {
        super::about("moto")
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
        carry_out(&self.connections, task, ("AWS_S3", s3::FIELDS), |connection| async move {
            object.put(task, connection, upload).await
        })
        .await
    }
}

/// Which object.
struct Object {
    bucket: String,
    key: String,
    region: Option<String>,
    encoding: Encoding,
}

impl Object {
    fn read(task: &Task) -> Result<Self, Failure> {
        let given = &task.parameters;
        let bucket = parameters::required(given, "bucket_name")?;
        let key = parameters::required(given, "object_key")?;
        let encoding = object::encoding(task)?;
        Ok(Self { bucket, key, region: parameters::text(given, "aws_region"), encoding })
    }

    fn sign_in(&self, connection: &Connection) -> Result<(Bucket, Option<Credentials>), Failure> {
        s3::sign_in(connection, &self.bucket, self.region.as_deref())
    }

    fn collection(&self, verb: &str, begun: Timestamp) -> Collection {
        let place = Place { integration: "AWS_S3", namespace: format!("s3://{}", self.bucket), name: self.key.clone() };
        place.collection(verb, begun)
    }

    async fn get(&self, task: &Task, connection: std::sync::Arc<Connection>) -> Step<(Ending, Collection)> {
        let begun = Timestamp::now();
        let set_outputs = flag_on(&task.parameters, "set_outputs")?;
        let (bucket, credentials) = self.sign_in(&connection)?;
        let url = bucket.get_object(credentials.as_ref(), &self.key).sign(s3::SIGNED_FOR);
        let request = web::Request { method: Method::GET, url, headers: HeaderMap::new(), body: None };
        let answer = web::exchange(&request, HTTP_WAIT, None).await?;
        let what = format!("the object {:?} in {}", self.key, s3::place(&bucket));
        if !answer.status.is_success() {
            let failure = s3::refused(&bucket, answer.status, &String::from_utf8_lossy(&answer.body));
            let message = format!("object {:?}: {}", self.key, failure.message);
            return Err(Failure { message, ..failure }.into());
        }
        if answer.cut || answer.body.len() > FILE_BYTES_MAX {
            return Err(too_large(what).into());
        }
        let bytes = answer.body.len();
        let content = self.encoding.text(&what, answer.body)?;
        let outputs =
            if set_outputs { json!({ "content": content, "size": bytes }).to_string() } else { String::new() };
        let ending = Ending::Succeeded { warning: false, outputs, message: format!("{bytes} bytes") };
        Ok((ending, self.collection("get", begun)))
    }

    async fn put(
        &self,
        task: &Task,
        connection: std::sync::Arc<Connection>,
        upload: Upload,
    ) -> Step<(Ending, Collection)> {
        let begun = Timestamp::now();
        let (bucket, credentials) = self.sign_in(&connection)?;
        let url = bucket.put_object(credentials.as_ref(), &self.key).sign(s3::SIGNED_FOR);
        let bytes = upload.bytes.len();
        let body = Some(upload.bytes.into());
        task.log.line(&format!("putting {bytes} bytes as {:?} into {}", self.key, s3::place(&bucket))).await;
        let request = web::Request { method: Method::PUT, url, headers: upload.headers, body };
        let answer = web::exchange(&request, HTTP_WAIT, None).await?;
        if !answer.status.is_success() {
            return Err(s3::refused(&bucket, answer.status, &String::from_utf8_lossy(&answer.body)).into());
        }
        let ending = Ending::Succeeded { warning: false, outputs: String::new(), message: format!("{bytes} bytes") };
        Ok((ending, self.collection("put", begun)))
    }
}
