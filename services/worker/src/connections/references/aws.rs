//! AWS Secrets Manager: `GetSecretValue`, signed with the worker's own keys (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
//! `AWS_SESSION_TOKEN`) in `AWS_REGION`. `AWS_ENDPOINT_URL_SECRETS_MANAGER` asks another address, as the SDKs do.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Question, Reference, Settings, pointed, since_epoch, text_at};
use crate::attempt::Failure;
use crate::manifest::auth::sigv4;

const WHOM: &str = "AWS Secrets Manager";

/// An id is a name or an ARN.
pub(super) fn read(place: &str, field: Option<&str>) -> Option<Reference> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-:!".contains(&byte);
    let plain = (1..=2_048).contains(&place.len()) && place.bytes().all(fits);
    (plain && field != Some("")).then(|| Reference::Aws { id: place.to_owned(), field: field.map(str::to_owned) })
}

pub(super) async fn ask(settings: &Settings, id: &str, field: Option<&str>) -> Result<String, Failure> {
    let region = match settings.get("AWS_REGION") {
        Some(region) => region,
        None => settings.needed("AWS_DEFAULT_REGION")?,
    };
    if !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(Failure::misconfigured("AWS_REGION must be a region, like eu-west-1"));
    }
    let keys = sigv4::Keys {
        access_key_id: settings.needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: settings.needed("AWS_SECRET_ACCESS_KEY")?,
        session_token: settings.get("AWS_SESSION_TOKEN"),
    };
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let endpoint = settings
        .get("AWS_ENDPOINT_URL_SECRETS_MANAGER")
        .unwrap_or_else(|| format!("https://secretsmanager.{region}.{domain}/"));
    let question = Question::new(WHOM, Method::POST, &endpoint)?
        .header("content-type", "application/x-amz-json-1.1")?
        .header("x-amz-target", "secretsmanager.GetSecretValue")?
        .body(json!({"SecretId": id}).to_string().into_bytes());
    let mut request = question.request();
    sigv4::sign(&mut request, &keys, &region, "secretsmanager", since_epoch())
        .map_err(|why| Failure::misconfigured(format!("the keys of {WHOM} cannot sign a request: {why}")))?;
    let answer = Question { headers: request.headers, ..question }.ask().await?;
    let whole = text_at(WHOM, &answer, "/SecretString", "(binary ones are not read)")?;
    let Some(field) = field else { return Ok(whole) };
    let parsed: Value = serde_json::from_str(&whole)
        .map_err(|_| Failure::misconfigured(format!("{WHOM}: the secret is no JSON, so it has no fields")))?;
    text_at(WHOM, &parsed, &format!("/{}", pointed(field)), "of the field that is named")
}
