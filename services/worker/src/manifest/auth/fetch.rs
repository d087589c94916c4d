//! Fetches an access token: client credentials, a login, a service account of Google's.

use std::{collections::BTreeMap, time::Instant};

use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::Value;

use super::{Around, SignIn, Tokens, jwt, refused, since_epoch};
use crate::connections::Secret;
use crate::limits::HTTP_WAIT;
use crate::manifest::answer::{self, Exchange};
use crate::manifest::format::CallName;
use crate::manifest::path::{Path, plain};
use crate::remote::CallError;
use crate::web;

const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";
const GOOGLE_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What is asked of the other side, and what stands for it in the memory of tokens.
struct Question {
    url: Url,
    body: String,
    content_type: &'static str,
    /// All that distinguishes one credential from another.
    shown: Vec<String>,
}

pub(super) async fn token(way: &SignIn, around: &Around<'_>, hidden: &mut Vec<Secret>) -> Result<String, CallError> {
    let question = question(way, around, hidden)?;
    let key = Tokens::key(&question.shown.iter().map(String::as_str).collect::<Vec<_>>());
    if let Some(token) = around.tokens.get(&key, Instant::now()) {
        hidden.push(token.clone());
        return Ok(token.reveal().to_owned());
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(question.content_type));
    let request = web::Request { method: Method::POST, url: question.url, headers, body: Some(question.body.into()) };
    // Signing in starts nothing: whatever went wrong, it may be tried again.
    let sent = web::send(&request, HTTP_WAIT, None).await;
    let exchange = Exchange { integration: around.integration, call: CallName::SignIn, request: &request };
    let answer = answer::read(&exchange, sent, &[], around.scope)?;
    let (token, life) = paths(way)?;
    let found = token.iter().find_map(|path| path.first(&answer.body)).map(plain);
    let token = found.filter(|token| !token.is_empty()).ok_or_else(|| {
        refused(format!("{} answered, and gave no access token where one is expected", exchange.said()))
    })?;
    let life = life.iter().find_map(|path| path.first(&answer.body)).and_then(seconds);
    hidden.push(Secret::new(token.clone()));
    around.tokens.put(key, Secret::new(token.clone()), life, Instant::now());
    Ok(token)
}

fn seconds(value: &Value) -> Option<std::time::Duration> {
    let seconds = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    Some(std::time::Duration::from_secs(seconds.min(86_400)))
}

fn paths(way: &SignIn) -> Result<(Vec<Path>, Vec<Path>), CallError> {
    if let SignIn::Login { token, expires_in, .. } = way {
        return Ok((token.0.clone(), expires_in.iter().flat_map(|paths| paths.0.clone()).collect()));
    }
    let read = |text| Path::read(text).map_err(refused);
    Ok((vec![read("$.access_token")?], vec![read("$.expires_in")?]))
}

fn question(way: &SignIn, around: &Around<'_>, hidden: &mut Vec<Secret>) -> Result<Question, CallError> {
    let scope = around.scope;
    let text = |template| scope.required(template).map_err(CallError::Refused);
    match way {
        SignIn::Login { url, body, form, .. } => {
            let url = address(&scope.base(url).map_err(CallError::Refused)?, around)?;
            let (body, content_type) = match (body, form) {
                (Some(body), _) => {
                    let filled = scope.body(body).map_err(CallError::Refused)?.unwrap_or_default();
                    (filled.to_string(), "application/json")
                }
                (None, Some(form)) => {
                    let mut pairs = BTreeMap::new();
                    for (name, template) in form {
                        if let Some(value) = scope.text(template).map_err(CallError::Refused)? {
                            pairs.insert(name.as_str(), value);
                        }
                    }
                    (encoded(pairs.iter().map(|(name, value)| (*name, value.as_str()))), FORM)
                }
                (None, None) => (String::new(), "application/json"),
            };
            let shown = vec![url.to_string(), body.clone()];
            Ok(Question { url, body, content_type, shown })
        }
        SignIn::Oauth2ClientCredentials { token_url, client_id, client_secret, scope: wanted, audience, .. } => {
            let url = address(&scope.base(token_url).map_err(CallError::Refused)?, around)?;
            let (id, secret) = (text(client_id)?, text(client_secret)?);
            let mut pairs =
                vec![("grant_type", "client_credentials".to_owned()), ("client_id", id), ("client_secret", secret)];
            for (name, template) in [("scope", wanted), ("audience", audience)] {
                let value = template.as_ref().map(|template| scope.text(template)).transpose();
                if let Some(value) = value.map_err(CallError::Refused)?.flatten() {
                    pairs.push((name, value));
                }
            }
            let body = encoded(pairs.iter().map(|(name, value)| (*name, value.as_str())));
            let shown = vec![url.to_string(), body.clone()];
            Ok(Question { url, body, content_type: FORM, shown })
        }
        SignIn::GoogleServiceAccount { key, scope: wanted, .. } => google(&text(key)?, &text(wanted)?, around, hidden),
        _ => Err(refused("authentication: this way fetches no token (a bug in Downbeat)".to_owned())),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn google(key: &str, wanted: &str, around: &Around<'_>, hidden: &mut Vec<Secret>) -> Result<Question, CallError> {
    let wrong = |what: &str| refused(format!("authentication: the service account's key file {what}"));
    let file: Value = serde_json::from_str(key).map_err(|_| wrong("is no JSON"))?;
    let field = |name: &str| {
        let found = file.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        found.ok_or_else(|| wrong(&format!("has no entry {name:?}")))
    };
    let (email, pem) = (field("client_email")?, field("private_key")?);
    hidden.push(Secret::new(pem));
    let key_id = file.get("private_key_id").and_then(Value::as_str);
    let audience = file.get("token_uri").and_then(Value::as_str).unwrap_or(GOOGLE_TOKENS);
    let signer = jwt::Key::from_pem(pem).map_err(|what| wrong(&format!("holds a private key that {what}")))?;
    let assertion = jwt::google(&signer, key_id, email, wanted, audience, since_epoch())
        .map_err(|what| refused(format!("authentication: {what}")))?;
    hidden.push(Secret::new(assertion.clone()));
    let url = address(audience, around)?;
    let shown = vec![url.to_string(), pem.to_owned(), email.to_owned(), wanted.to_owned()];
    let body = encoded([("grant_type", GOOGLE_GRANT), ("assertion", assertion.as_str())].into_iter());
    Ok(Question { url, body, content_type: FORM, shown })
}

/// Where to sign in: an address of its own, which the operator's endpoint takes the place of, or one below the base.
fn address(text: &str, around: &Around<'_>) -> Result<Url, CallError> {
    let own = web::absolute(text).map(|own| match around.endpoint {
        Some(endpoint) => answer::moved(&own, endpoint),
        None => own,
    });
    own.or_else(|| answer::below(around.base, text))
        .ok_or_else(|| refused(format!("authentication: {text:?} is no address to sign in at")))
}

fn encoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = match Url::parse("http://localhost/") {
        Ok(url) => url,
        Err(_) => return String::new(),
    };
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}
