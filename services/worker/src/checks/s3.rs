//! AWS_S3/AWS_S3_FILE: passes when there is an object under a prefix that is new. Speaks to AWS and to anything with the S3 API.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::{Method, StatusCode, header::HeaderMap};
use rusty_s3::{
    Bucket, Credentials, S3Action as _, UrlStyle,
    actions::{ListObjectsV2, ListObjectsV2Response},
};
use serde_json::{Map, json};

use super::{
    Asked, Finding, SensorCheck,
    files::{Seen, Sight},
};
use crate::attempt::Failure;
use crate::connections::{Connection, Fields, Secret};
use crate::connectors::parameters;
use crate::limits::{CHECK_LISTED_MAX, HTTP_WAIT};
use crate::web;

/// How long a signed request is good for.
const SIGNED_FOR: Duration = Duration::from_secs(60);
/// Objects in one answer, so the S3 API says.
const PAGE: usize = 1000;

#[derive(Debug)]
pub(super) struct S3File;

#[async_trait]
impl SensorCheck for S3File {
    fn kind(&self) -> (&'static str, &'static str) {
        ("AWS_S3", "AWS_S3_FILE")
    }

    fn fields(&self) -> Fields {
        Fields {
            open: &["region", "endpoint", "path_style"],
            secret: &["access_key_id", "secret_access_key", "session_token"],
        }
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let bucket = parameters::required(&asked.parameters, "bucket_name")?;
        let prefix = parameters::text(&asked.parameters, "prefix").unwrap_or_default();
        let mut sight = Sight::begin(asked)?;
        let connection = asked.connection("AWS_S3")?;
        let (bucket, credentials) = sign_in(connection, &bucket)?;
        let mut token: Option<String> = None;
        for _ in 0..CHECK_LISTED_MAX.div_ceil(PAGE) {
            let mut action = bucket.list_objects_v2(credentials.as_ref());
            action.with_prefix(prefix.as_str());
            if let Some(token) = token.take() {
                action.with_continuation_token(token);
            }
            let page = ask(&bucket, &action, HTTP_WAIT.min(asked.time)).await?;
            for object in page.contents {
                sight.saw(seen(object));
            }
            token = page.next_continuation_token;
            if token.is_none() {
                break;
            }
        }
        if token.is_some() {
            sight.cut();
        }
        Ok(sight.finding(&format!("below {prefix:?} in the bucket {:?}", bucket.name())))
    }
}

fn sign_in(connection: &Connection, name: &str) -> Result<(Bucket, Option<Credentials>), Failure> {
    let region = connection.text("region")?;
    let (endpoint, style) = match connection.text("endpoint")? {
        Some(endpoint) => {
            let endpoint = web::absolute(endpoint).ok_or_else(|| {
                connection.wrong("endpoint", "must be an absolute URL, like https://minio.example.com")
            })?;
            let path_style = connection.text("path_style")?.is_none() || connection.flag("path_style")?;
            (endpoint, if path_style { UrlStyle::Path } else { UrlStyle::VirtualHost })
        }
        None => {
            let region = connection.required("region")?;
            let plain = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            let endpoint = web::absolute(&format!("https://s3.{region}.amazonaws.com")).filter(|_| plain);
            // A dot in the name breaks the certificate of the bucket's own host.
            let style = if name.contains('.') { UrlStyle::Path } else { UrlStyle::VirtualHost };
            (endpoint.ok_or_else(|| connection.wrong("region", "must be a region, like eu-west-1"))?, style)
        }
    };
    // A name from outside becomes a part of the address.
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if !plain || !(1..=255).contains(&name.len()) || name.starts_with('.') {
        return Err(Failure::misconfigured(
            "the parameter bucket_name is no name of a bucket (letters, digits, `.`, `-`, `_`)",
        ));
    }
    let bucket = Bucket::new(endpoint, style, name.to_owned(), region.unwrap_or("us-east-1").to_owned())
        .map_err(|error| Failure::misconfigured(format!("the parameter bucket_name cannot be used: {error}")))?;
    let credentials = match (connection.secret("access_key_id")?, connection.secret("secret_access_key")?) {
        (Some(key), Some(secret)) => Some(credentials(&key, &secret, connection.secret("session_token")?.as_ref())),
        (None, None) => None,
        (None, Some(_)) => return Err(connection.wrong("access_key_id", "is missing beside secret_access_key")),
        (Some(_), None) => return Err(connection.wrong("secret_access_key", "is missing beside access_key_id")),
    };
    Ok((bucket, credentials))
}

fn credentials(key: &Secret, secret: &Secret, token: Option<&Secret>) -> Credentials {
    match token {
        Some(token) => Credentials::new_with_token(key.reveal(), secret.reveal(), token.reveal()),
        None => Credentials::new(key.reveal(), secret.reveal()),
    }
}

async fn ask(bucket: &Bucket, action: &ListObjectsV2<'_>, wait: Duration) -> Result<ListObjectsV2Response, Failure> {
    let url = action.sign(SIGNED_FOR);
    let request = web::Request { method: Method::GET, url, headers: HeaderMap::new(), body: None };
    let answer = web::exchange(&request, wait, None).await?;
    let text = String::from_utf8_lossy(&answer.body);
    if !answer.status.is_success() {
        return Err(refused(bucket, answer.status, &text));
    }
    if answer.cut {
        return Err(Failure::job(format!("{}: the list of objects is larger than 16 MiB", place(bucket))));
    }
    ListObjectsV2::parse_response(&text).map_err(|_| {
        Failure::misconfigured(format!("{} answers something that is no list of objects of the S3 API", place(bucket)))
    })
}

fn refused(bucket: &Bucket, status: StatusCode, text: &str) -> Failure {
    let code = element(text, "Code").unwrap_or("no code");
    let message = element(text, "Message").unwrap_or("no message");
    let text = format!("{} answered {status}: {code}: {message}", place(bucket));
    match status.as_u16() {
        301 | 307 => {
            Failure::misconfigured(format!("{text}; the field region or endpoint of the connection is another one"))
        }
        408 | 429 | 500..=599 => Failure::transient(text),
        _ => Failure::misconfigured(text),
    }
}

fn place(bucket: &Bucket) -> String {
    format!("the bucket {:?} at {}", bucket.name(), web::shown(bucket.base_url()))
}

/// The text of the first element of that name, as far as it is worth to be shown.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let begin = text.split_once(&format!("<{name}>"))?.1;
    let inner = begin.split_once(&format!("</{name}>"))?.0;
    Some(&inner[..inner.floor_char_boundary(300)])
}

fn seen(object: rusty_s3::actions::list_objects_v2::ListObjectsContent) -> Seen {
    let mut told = Map::new();
    told.insert("key".to_owned(), json!(object.key));
    told.insert("size".to_owned(), json!(object.size));
    told.insert("etag".to_owned(), json!(object.etag.map(|etag| etag.trim_matches('"').to_owned())));
    let modified = object.last_modified.and_then(|text| text.parse::<Timestamp>().ok());
    Seen { modified, told }
}
