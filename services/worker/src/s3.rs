//! S3 buckets, of AWS and of anything with the S3 API: who signs in where, and what a refusal means.

use std::time::Duration;

use reqwest::StatusCode;
use rusty_s3::{Bucket, Credentials, UrlStyle};

use crate::attempt::{Failure, beginning};
use crate::connections::{Connection, Fields, Secret};
use crate::web;

/// The fields of a connection.
pub(crate) const FIELDS: Fields = Fields {
    open: &["region", "endpoint", "path_style"],
    secret: &["access_key_id", "secret_access_key", "session_token"],
};
/// How long a signed request is good for.
pub(crate) const SIGNED_FOR: Duration = Duration::from_secs(60);

/// The bucket of that name, and how requests to it are signed. `region`: instead of the connection's own.
pub(crate) fn sign_in(
    connection: &Connection,
    name: &str,
    region: Option<&str>,
) -> Result<(Bucket, Option<Credentials>), Failure> {
    let region = region.or(connection.text("region")?);
    let (endpoint, style) = match connection.text("endpoint")? {
        Some(endpoint) => {
            let endpoint = web::absolute(endpoint).ok_or_else(|| {
                connection.wrong("endpoint", "must be an absolute URL, like https://minio.example.com")
            })?;
            let path_style = connection.text("path_style")?.is_none() || connection.flag("path_style")?;
            (endpoint, if path_style { UrlStyle::Path } else { UrlStyle::VirtualHost })
        }
        None => {
            let region = match region {
                Some(region) => region,
                None => connection.required("region")?,
            };
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

/// What an answer that is no success means.
pub(crate) fn refused(bucket: &Bucket, status: StatusCode, text: &str) -> Failure {
    let code = element(text, "Code").unwrap_or_else(|| "no code".to_owned());
    let message = element(text, "Message").unwrap_or_else(|| "no message".to_owned());
    let text = format!("{} answered {status}: {code}: {message}", place(bucket));
    match status.as_u16() {
        301 | 307 => {
            Failure::misconfigured(format!("{text}; the field region or endpoint of the connection is another one"))
        }
        408 | 429 | 500..=599 => Failure::transient(text),
        _ => Failure::misconfigured(text),
    }
}

/// A bucket for people.
pub(crate) fn place(bucket: &Bucket) -> String {
    format!("the bucket {:?} at {}", bucket.name(), web::shown(bucket.base_url()))
}

/// The text of the first element of that name, as far as it is worth to be shown.
fn element(text: &str, name: &str) -> Option<String> {
    let begin = text.split_once(&format!("<{name}>"))?.1;
    let inner = begin.split_once(&format!("</{name}>"))?.0;
    Some(beginning(inner, 300))
}
