//! Values that stand in a store of secrets: a connection holds where, and the worker looks them up just before they are used.
//!
//! Promises: a store is asked within the worker's egress rules, a time-out and a size; what it said is kept in memory for at most 60 seconds
//! and overwritten then; how to sign in to a store comes from the worker's own environment and never from a connection; no error
//! holds a value or a token. Knows nothing of connections.

mod aws;
mod azure;
mod kubernetes;
#[cfg(test)]
mod tests;
mod vault;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode, Url, header::HeaderMap};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::attempt::Failure;
use crate::limits::{REFERENCE_BYTES_MAX, REFERENCE_LIFE, REFERENCE_WAIT, REFERENCES_KEPT_MAX};
use crate::web;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference {
    /// `vault:MOUNT/PATH#FIELD`: a key of a secret in the KV store (version 2) of HashiCorp Vault or OpenBao.
    Vault { mount: String, path: String, field: String },
    /// `aws-sm:ID#FIELD` or `aws-sm:ID`: a key of a secret that is JSON, or the whole text of one, in AWS Secrets Manager.
    Aws { id: String, field: Option<String> },
    /// `azure-kv:VAULT/SECRET`: the current version of a secret in Azure Key Vault.
    Azure { vault: String, secret: String },
    /// `k8s-secret:NAMESPACE/NAME#KEY`: a key of a Secret of the cluster that the worker runs in.
    Kubernetes { namespace: String, name: String, key: String },
}

impl Reference {
    /// What a value refers to; `None` = to no store. The error says what the form is, without what stands there.
    pub(super) fn of(text: &str) -> Option<Result<Self, String>> {
        let (store, rest) = text.split_once(':')?;
        let (place, field) = rest.split_once('#').map_or((rest, None), |(place, field)| (place, Some(field)));
        let read = match store {
            "vault" => vault::read(place, field),
            "aws-sm" => aws::read(place, field),
            "azure-kv" => azure::read(place, field),
            "k8s-secret" => kubernetes::read(place, field),
            _ => return None,
        };
        let form = match store {
            "vault" => "vault:MOUNT/PATH#FIELD",
            "aws-sm" => "aws-sm:ID or aws-sm:ID#FIELD",
            "azure-kv" => "azure-kv:VAULT/SECRET",
            _ => "k8s-secret:NAMESPACE/NAME#KEY",
        };
        Some(read.ok_or_else(|| {
            format!("write {form}; a value that itself begins with {store}: is written literal:{store}:...")
        }))
    }
}

/// Parts of an address: nothing that would lead elsewhere.
fn plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 512
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@' | b'+' | b'='))
        && text != "."
        && text != ".."
}

/// What a variable of an environment holds.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// How the worker signs in to stores: its environment.
#[derive(Clone)]
pub(super) struct Settings(Arc<Lookup>);

impl Settings {
    /// A setting that is not empty.
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    fn needed(&self, name: &str) -> Result<String, Failure> {
        self.get(name).ok_or_else(|| Failure::misconfigured(format!("{name} is not set in this worker's environment")))
    }

    #[cfg(test)]
    fn of(pairs: &[(&str, &str)]) -> Self {
        let pairs: BTreeMap<String, String> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self(Arc::new(move |name| pairs.get(name).cloned()))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self(Arc::new(|name| std::env::var(name).ok()))
    }
}

struct Kept {
    value: Zeroizing<String>,
    until: Instant,
}

/// All stores, with what they said lately.
#[derive(Default)]
pub(super) struct Stores {
    settings: Settings,
    kept: Mutex<BTreeMap<Reference, Kept>>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stores")
    }
}

impl Stores {
    #[cfg(test)]
    fn with(settings: Settings) -> Self {
        Self { settings, kept: Mutex::default() }
    }

    /// The value that stands there.
    ///
    /// # Errors
    /// TRANSIENT when the store does not answer, else MISCONFIGURED: it is not there, or this worker may not read it.
    pub(super) async fn look_up(&self, reference: &Reference) -> Result<String, Failure> {
        if let Some(known) = self.known(reference, Instant::now()) {
            return Ok(known);
        }
        let asked = async {
            match reference {
                Reference::Vault { mount, path, field } => vault::ask(&self.settings, mount, path, field).await,
                Reference::Aws { id, field } => aws::ask(&self.settings, id, field.as_deref()).await,
                Reference::Azure { vault, secret } => azure::ask(&self.settings, vault, secret).await,
                Reference::Kubernetes { namespace, name, key } => {
                    kubernetes::ask(&self.settings, namespace, name, key).await
                }
            }
        };
        let seconds = REFERENCE_WAIT.as_secs();
        let value = tokio::time::timeout(REFERENCE_WAIT, asked).await.unwrap_or_else(|_| {
            Err(Failure::transient(format!("the store of secrets did not answer within {seconds} s")))
        })?;
        if value.len() > REFERENCE_BYTES_MAX {
            let most = REFERENCE_BYTES_MAX / 1024;
            return Err(Failure::misconfigured(format!("the secret is larger than {most} KiB")));
        }
        self.keep(reference.clone(), &value, Instant::now());
        Ok(value)
    }

    fn known(&self, reference: &Reference, now: Instant) -> Option<String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, it| it.until > now);
        kept.get(reference).map(|it| it.value.as_str().to_owned())
    }

    fn keep(&self, reference: Reference, value: &str, now: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < REFERENCES_KEPT_MAX {
            kept.insert(reference, Kept { value: Zeroizing::new(value.to_owned()), until: now + REFERENCE_LIFE });
        }
    }
}

/// One question to a store: nothing of it is redirected, since it carries a credential.
struct Question {
    /// Who is asked, for people: `Vault`.
    whom: &'static str,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    trust: web::Trust,
}

impl Question {
    fn new(whom: &'static str, method: Method, url: &str) -> Result<Self, Failure> {
        let url = web::absolute(url).ok_or_else(|| {
            Failure::misconfigured(format!(
                "the address of {whom} must be an absolute URL, like https://vault.example.com:8200"
            ))
        })?;
        Ok(Self { whom, method, url, headers: HeaderMap::new(), body: None, trust: web::Trust::default() })
    }

    fn header(mut self, name: &'static str, value: &str) -> Result<Self, Failure> {
        // What cannot stand in a header may be a token: it is not repeated.
        let mut value = reqwest::header::HeaderValue::from_str(value).map_err(|_| {
            Failure::misconfigured(format!("what is set for the header {name} of {} cannot stand in one", self.whom))
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    fn body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    fn request(&self) -> web::Request {
        web::Request {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone().map(Into::into),
        }
    }

    /// The JSON that it answers.
    async fn ask(self) -> Result<Value, Failure> {
        let (whom, place) = (self.whom, web::shown(&self.url));
        let answer = web::once_trusting(self.request(), REFERENCE_WAIT, REFERENCE_BYTES_MAX * 2, &self.trust).await?;
        let said = |what: &str| format!("{whom} ({place}) answered {}{what}", answer.status);
        match answer.status {
            status if status.is_success() => serde_json::from_slice(&answer.body).map_err(|_| {
                Failure::misconfigured(format!(
                    "{whom} ({place}) did not answer with JSON of at most {REFERENCE_BYTES_MAX} bytes"
                ))
            }),
            StatusCode::NOT_FOUND => Err(Failure::misconfigured(said(": there is no such secret"))),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Failure::misconfigured(said(": this worker may not read that secret")))
            }
            StatusCode::TOO_MANY_REQUESTS => Err(Failure::transient(said(""))),
            status if status.is_server_error() => Err(Failure::transient(said(""))),
            _ => Err(Failure::misconfigured(said(""))),
        }
    }
}

/// The text at a place of an answer.
fn text_at(whom: &str, answer: &Value, pointer: &str, what: &str) -> Result<String, Failure> {
    match answer.pointer(pointer) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(flag)) => Ok(flag.to_string()),
        _ => Err(Failure::misconfigured(format!("{whom}: the secret has no text {what}"))),
    }
}

/// A part of a JSON pointer.
fn pointed(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn since_epoch() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
