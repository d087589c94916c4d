//! Says at a host what became of a commit: GitHub's statuses, GitLab's.
//!
//! Promises: one request, no redirect; a word only of repositories on the server that the token is for, and the token to that server (or what
//! the connection names as `git_api`) and nobody else.

use std::time::Duration;

use reqwest::{
    Method, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Map, Value, json};

use super::text;
use crate::attempt::Failure;
use crate::connections::Connection;
use crate::git::{Git, Hosts, Named, Provider};
use crate::limits::{GIT_STATUS_ANSWER_BYTES_MAX, GIT_STATUS_CHARS_MAX};
use crate::web;

const PUBLIC_GITHUB: &str = "github.com";

pub(super) async fn put(
    provider: Provider,
    parameters: &Map<String, Value>,
    connection: Option<&Connection>,
    (git, hosts): (&Git, &Hosts),
    time: Duration,
) -> Result<Value, Failure> {
    // Where nobody has a token nothing can be said, and nothing is wrong with that.
    let Some(connection) = connection else { return Ok(json!({ "said": false })) };
    let Some(token) = connection.secret("git_token")? else { return Ok(json!({ "said": false })) };
    let (repository, commit) = (text(parameters, "repository")?, text(parameters, "commit")?);
    let is_hash = matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Of a repository elsewhere nothing is said: its name may be that of another one at this server.
    let named = git.named(hosts, connection, provider, &repository)?.filter(|_| is_hash);
    let Some(named) = named else { return Ok(json!({ "said": false })) };
    let Some(url) = address(provider, connection, named, &commit)? else { return Ok(json!({ "said": false })) };
    let fine = text(parameters, "state")? == "success";
    let context = text(parameters, "context")?;
    let description: String = text(parameters, "description")?.chars().take(GIT_STATUS_CHARS_MAX).collect();
    let body = match (provider, fine) {
        (Provider::Gitlab, true) => json!({ "state": "success", "name": context, "description": description }),
        (Provider::Gitlab, false) => json!({ "state": "failed", "name": context, "description": description }),
        (_, fine) => {
            let state = if fine { "success" } else { "failure" };
            json!({ "state": state, "context": context, "description": description })
        }
    };
    let (name, value) = match provider {
        Provider::Gitlab => (HeaderName::from_static("private-token"), token.reveal().to_owned()),
        _ => (AUTHORIZATION, format!("Bearer {}", token.reveal())),
    };
    let value = HeaderValue::try_from(value);
    let mut value = value.map_err(|_| connection.wrong("git_token", "has characters that no header can have"))?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(name, value);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let shown = web::shown(&url);
    let request = web::Request { method: Method::POST, url, headers, body: Some(body.to_string().into()) };
    let answer = web::once(request, time, GIT_STATUS_ANSWER_BYTES_MAX).await.map_err(Failure::from)?;
    match answer.status.as_u16() {
        200..=299 => Ok(json!({ "said": true })),
        code @ (408 | 425 | 429 | 500..=599) => Err(Failure::transient(format!("POST {shown} answered {code}"))),
        code => Err(Failure::misconfigured(format!(
            "POST {shown} answered {code}: may git_token set the states of commits there?"
        ))),
    }
}

/// `None`: the provider has nothing of the kind, or its repositories are folders.
fn address(
    provider: Provider,
    connection: &Connection,
    Named { base, parts }: Named,
    commit: &str,
) -> Result<Option<Url>, Failure> {
    let given = match connection.text("git_api")? {
        Some(text) => Some(
            web::absolute(text).ok_or_else(|| connection.wrong("git_api", "must be an absolute http or https URL"))?,
        ),
        None => None,
    };
    let base = match (given, base) {
        (Some(given), _) => given,
        (None, Some(base)) if matches!(base.scheme(), "https" | "http") => match provider {
            Provider::Github if base.host_str() == Some(PUBLIC_GITHUB) => public_github(),
            // As an instance of one's own has it.
            Provider::Github => below(base, &["api", "v3"]),
            Provider::Gitlab => below(base, &["api", "v4"]),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Ok(match provider {
        Provider::Github => Some(below(base, &[&["repos"], parts.as_slice(), &["statuses", commit]].concat())),
        // The whole name is one part of the path.
        Provider::Gitlab => Some(below(base, &["projects", &parts.join("/"), "statuses", commit])),
        _ => None,
    })
}

fn public_github() -> Url {
    Url::parse("https://api.github.com/").expect("it is one")
}

fn below(mut base: Url, parts: &[&str]) -> Url {
    if let Ok(mut path) = base.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    base
}
