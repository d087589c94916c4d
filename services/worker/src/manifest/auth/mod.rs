//! Signs requests as manifests say. What is a credential, given or obtained, is remembered so that it can be taken out of texts.
//!
//! The signatures themselves stand in files of their own and take the instant as an argument: `sigv4.rs`, `jwt.rs`. Tokens that
//! have to be fetched are kept until shortly before they end (`tokens.rs`). It knows nothing of jobs.

mod fetch;
pub(crate) mod jwt;
pub(crate) mod sigv4;
mod tokens;
mod way;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::fill::Scope;
use super::template::{Name, Template};
use crate::attempt::Failure;
use crate::connections::Secret;
use crate::remote::CallError;
use crate::web;
pub(crate) use tokens::Tokens;
pub(crate) use way::SignIn;

/// What signing needs to know of the rest.
pub(crate) struct Around<'a> {
    pub(crate) scope: &'a Scope,
    /// Which integration asks, for errors.
    pub(crate) integration: &'a str,
    pub(crate) base: &'a reqwest::Url,
    /// The operator sends everything there, signing in included.
    pub(crate) endpoint: Option<&'a reqwest::Url>,
    pub(crate) tokens: &'a Tokens,
}

/// The way that this connection has the credentials for. `None`: the manifest asks for none.
pub(crate) fn choose<'a>(ways: &'a [SignIn], scope: &Scope) -> Result<Option<&'a SignIn>, Failure> {
    if ways.is_empty() {
        return Ok(None);
    }
    let fits = |way: &&SignIn| way.when().is_none_or(|name| scope.get(name).is_some());
    ways.iter().find(fits).map(Some).ok_or_else(|| {
        let needed: Vec<_> = ways.iter().filter_map(SignIn::when).map(Name::said).collect();
        Failure::misconfigured(format!("there are no credentials: one of these is needed: {}", needed.join(", ")))
    })
}

/// Signs a request. Everything else of it must be there already.
pub(crate) async fn sign(
    way: &SignIn,
    around: &Around<'_>,
    request: &mut web::Request,
    hidden: &mut Vec<Secret>,
) -> Result<(), CallError> {
    let scope = around.scope;
    let text = |template: &Template| scope.required(template).map_err(CallError::Refused);
    match way {
        SignIn::None { .. } => Ok(()),
        SignIn::Bearer { token, .. } => bear(request, &text(token)?, hidden),
        SignIn::Basic { username, password, .. } => {
            let encoded = STANDARD.encode(format!("{}:{}", text(username)?, text(password)?));
            hidden.push(Secret::new(encoded.clone()));
            put(request, AUTHORIZATION, &format!("Basic {encoded}"))
        }
        SignIn::Header { name, value, .. } => put(request, header(name)?, &text(value)?),
        SignIn::Login { .. } | SignIn::Oauth2ClientCredentials { .. } | SignIn::GoogleServiceAccount { .. } => {
            let token = fetch::token(way, around, hidden).await?;
            match way {
                SignIn::Login { header: Some(name), .. } => put(request, header(name)?, &token),
                _ => bear(request, &token, hidden),
            }
        }
        SignIn::AwsSigv4 { service, region, access_key_id, secret_access_key, session_token, .. } => {
            let keys = sigv4::Keys {
                access_key_id: text(access_key_id)?,
                secret_access_key: text(secret_access_key)?,
                session_token: match session_token {
                    Some(template) => scope.text(template).map_err(CallError::Refused)?,
                    None => None,
                },
            };
            sigv4::sign(request, &keys, &text(region)?, service, since_epoch())
                .map_err(|what| refused(format!("authentication: {what}")))
        }
        SignIn::SnowflakeKeyPair { account, user, private_key, .. } => {
            let key = jwt::Key::from_pem(&text(private_key)?)
                .map_err(|what| refused(format!("authentication: the private key {what}")))?;
            let token = jwt::snowflake(&key, &text(account)?, &text(user)?, since_epoch())
                .map_err(|what| refused(format!("authentication: {what}")))?;
            put(request, HeaderName::from_static("x-snowflake-authorization-token-type"), "KEYPAIR_JWT")?;
            bear(request, &token, hidden)
        }
    }
}

fn header(name: &str) -> Result<HeaderName, CallError> {
    HeaderName::try_from(name).map_err(|_| refused(format!("authentication: {name:?} is no name of a header")))
}

fn bear(request: &mut web::Request, token: &str, hidden: &mut Vec<Secret>) -> Result<(), CallError> {
    hidden.push(Secret::new(token));
    put(request, AUTHORIZATION, &format!("Bearer {token}"))
}

/// The value may be a credential: no error repeats it.
fn put(request: &mut web::Request, name: HeaderName, value: &str) -> Result<(), CallError> {
    let mut header = HeaderValue::try_from(value).map_err(|_| {
        refused(format!("authentication: the value for the header {name} is none that a header may have"))
    })?;
    header.set_sensitive(true);
    request.headers.insert(name, header);
    Ok(())
}

fn refused(message: String) -> CallError {
    CallError::Refused(Failure::misconfigured(message))
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}
