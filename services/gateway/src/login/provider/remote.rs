//! What is asked of an identity provider over HTTP: what it says of itself, its keys, and who belongs to a code.
//!
//! Promises: every address is https, or on this machine; answers are limited in time and size, and redirects are not followed, since requests
//! carry secrets. Believes nothing of what comes.

use axum::http::header;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::Value;

use super::{SignIn, jwt, settings::Settings};
use crate::{
    error::Error,
    limits,
    login::{asked::written, origin::is_confidential, secret},
};

/// What the provider says of itself (OpenID Connect Discovery).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Description {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether what it sends back says who sends it (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// Asks.
pub(super) struct Remote(Client);

impl Remote {
    pub(super) fn new() -> Result<Self, Error> {
        let client =
            Client::builder().timeout(limits::PROVIDER_WAIT).redirect(reqwest::redirect::Policy::none()).build();
        let setting = "DOWNBEAT_GATEWAY_OIDC_ISSUER";
        client.map(Self).map_err(|error| Error::Config { setting, reason: error.to_string() })
    }

    pub(super) async fn description(&self, issuer: &str) -> Result<Description, String> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let description: Description = serde_json::from_value(self.json(self.0.get(&address)).await?)
            .map_err(|error| told("what the identity provider says of itself cannot be read", &error))?;
        if description.issuer != issuer {
            return Err("the identity provider calls itself otherwise than this gateway was told".to_owned());
        }
        let endpoints = [&description.authorization_endpoint, &description.token_endpoint, &description.jwks_uri];
        if !endpoints.into_iter().all(|text| Url::parse(text).is_ok_and(|url| is_confidential(&url))) {
            return Err("the identity provider names addresses that are not confidential".to_owned());
        }
        Ok(description)
    }

    pub(super) async fn keys(&self, description: &Description) -> Result<Vec<jwt::Key>, String> {
        Ok(jwt::keys(&self.json(self.0.get(&description.jwks_uri)).await?))
    }

    /// The provider's word for a code: not verified yet.
    pub(super) async fn id_token(
        &self,
        description: &Description,
        settings: &Settings,
        sign_in: &SignIn<'_>,
    ) -> Result<String, String> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", sign_in.code),
            ("redirect_uri", sign_in.redirect_uri),
            ("code_verifier", sign_in.verifier),
        ];
        let mut request = self.0.post(&description.token_endpoint);
        // Where a provider does not say, it takes the secret in the head (OpenID Connect Discovery, 3).
        let in_the_form = description.token_endpoint_auth_methods_supported.as_ref().is_some_and(|methods| {
            let takes = |method: &str| methods.iter().any(|known| known == method);
            !takes("client_secret_basic") && takes("client_secret_post")
        });
        match &settings.client_secret {
            Some(secret) if !in_the_form => {
                request = request.header(header::AUTHORIZATION, basic(&settings.client_id, secret))
            }
            secret => {
                fields.push(("client_id", &settings.client_id));
                fields.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
            }
        }
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(written(&fields));
        let answer = self.json(request).await?;
        let token = answer.get("id_token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| "the identity provider does not say who you are".to_owned())
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value, String> {
        let sent = request.header(header::ACCEPT, "application/json").send().await;
        let mut answer = sent.map_err(|error| told("the identity provider is not there", &error.without_url()))?;
        let mut body = Vec::new();
        while let Some(part) = answer
            .chunk()
            .await
            .map_err(|error| told("the identity provider broke off its answer", &error.without_url()))?
        {
            body.extend_from_slice(&part);
            if body.len() > limits::PROVIDER_ANSWER_BYTES_MAX {
                return Err("the answer of the identity provider is too large".to_owned());
            }
        }
        let status = answer.status();
        if !status.is_success() {
            // A code that was used before, mostly. What it says of it is for the operator.
            let said: String =
                String::from_utf8_lossy(&body).chars().filter(|letter| !letter.is_control()).take(200).collect();
            tracing::warn!(%status, said, "the identity provider refuses");
            return Err(format!("the identity provider refuses: status {status}"));
        }
        serde_json::from_slice(&body)
            .map_err(|error| told("the answer of the identity provider cannot be read", &error))
    }
}

/// Why, for the operator; what, for whoever signs in.
fn told(what: &str, error: &dyn std::error::Error) -> String {
    tracing::warn!(%error, "{what}");
    what.to_owned()
}

/// RFC 6749, 2.3.1: both are written as in a form first.
fn basic(id: &str, shared: &str) -> String {
    let part = |text: &str| written(&[("", text)]).trim_start_matches('=').to_owned();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", part(id), part(shared))))
}

/// Where somebody is sent to sign in.
pub(super) fn sign_in_at(
    description: &Description,
    settings: &Settings,
    redirect_uri: &str,
    (state, nonce, verifier): (&str, &str, &str),
) -> Result<Url, String> {
    let challenge = secret::challenge(verifier);
    let more = written(&[
        ("response_type", "code"),
        ("client_id", &settings.client_id),
        ("redirect_uri", redirect_uri),
        ("scope", &settings.scopes),
        ("state", state),
        ("nonce", nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let mut url = Url::parse(&description.authorization_endpoint)
        .map_err(|error| told("the identity provider has no address to sign in at", &error))?;
    let query = match url.query() {
        Some(own) if !own.is_empty() => format!("{own}&{more}"),
        _ => more,
    };
    url.set_query(Some(&query));
    Ok(url)
}
