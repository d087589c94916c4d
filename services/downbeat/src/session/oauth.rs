//! What is said to a gateway to log somebody in (RFC 8414, 7591, 6749 with PKCE, 7009).
//!
//! Promises: nothing goes to another origin than the one that was typed, and nothing over plain HTTP but on this machine; answers are bounded
//! and waited for; no token stands in an error. Knows nothing of browsers.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use downbeat_runtime::clock::wall_now;
use reqwest::{Client, Response, Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::kept::Login;
use crate::{client::CLIENT, error::Error};

/// Until an answer has come as a whole.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// An answer, bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A sign-in that has begun.
pub struct Begun {
    /// The page for the browser.
    pub page: Url,
    /// What has to come back with the code.
    pub state: String,
    client_id: String,
    redirect: String,
    verifier: String,
}

/// The origin of a gateway as it was typed: `https://HOST[:PORT]`, `http://` on this machine only.
///
/// # Errors
/// It is something else.
pub fn origin(typed: &str) -> Result<String, Error> {
    let url = protected(typed)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(typed, "has more than a host and a port"));
    }
    Ok(url.origin().ascii_serialization())
}

/// An address to which a key or a token may go: over TLS, or on this machine.
///
/// # Errors
/// It is something else.
pub fn protected(typed: &str) -> Result<Url, Error> {
    let url = Url::parse(typed).map_err(|error| Error::Usage(format!("an address of a gateway is wrong: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        // Which must not be repeated.
        return Err(Error::Usage("the address of the gateway holds a credential: give a key otherwise".to_owned()));
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        _ => Err(wrong(typed, "must begin with https:// (http:// is for this machine only)")),
    }
}

fn wrong(typed: &str, why: &str) -> Error {
    Error::Usage(format!("`{typed}` {why}; an address is like https://downbeat.example.com"))
}

/// Begins a sign-in whose code comes to this address of this machine.
///
/// # Errors
/// The gateway is not there, or lets nobody log in.
pub async fn begin(origin: &str, redirect: &str, read_only: bool) -> Result<Begun, Error> {
    let http = http(origin)?;
    let asked = http.get(format!("{origin}/.well-known/oauth-authorization-server"));
    let described = asked.send().await.map_err(|error| unreachable(origin, &error))?;
    if described.status() == reqwest::StatusCode::NOT_FOUND {
        return Err(Error::Refused(format!(
            "nobody logs in at {origin}: its operator has to set --public-url (docs/login.md); use a key"
        )));
    }
    let described: Value = answer(origin, described).await?;
    let issuer = described["issuer"].as_str().unwrap_or_default();
    if issuer != origin {
        return Err(Error::Refused(format!("{origin} says that it is reached at `{}`: log in there", shown(issuer))));
    }
    let registration = json!({
        "client_name": "downbeat", "redirect_uris": [redirect], "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"], "token_endpoint_auth_method": "none",
    });
    let asked = http.post(format!("{origin}/oauth/register")).header("content-type", "application/json");
    let asked = asked.body(registration.to_string());
    let registered: Value = answer(origin, asked.send().await.map_err(|error| unreachable(origin, &error))?).await?;
    let client_id = registered["client_id"].as_str().unwrap_or_default().to_owned();
    // 244 bits of chance in characters that both sides take.
    let verifier = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let state = Uuid::new_v4().simple().to_string();
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    let scope =
        if read_only { "orchestra:read offline_access" } else { "orchestra:read orchestra:write offline_access" };
    let mut page = Url::parse(&format!("{origin}/oauth/authorize")).map_err(|error| Error::Usage(error.to_string()))?;
    page.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &client_id),
        ("redirect_uri", redirect),
        ("scope", scope),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    Ok(Begun { page, state, client_id, redirect: redirect.to_owned(), verifier })
}

/// The login for its code.
///
/// # Errors
/// The gateway's words.
pub async fn complete(origin: &str, begun: &Begun, code: &str) -> Result<Login, Error> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", &begun.client_id),
        ("redirect_uri", &begun.redirect),
        ("code_verifier", &begun.verifier),
    ];
    let told = answer(origin, post(origin, "token", &form).await?).await?;
    login(&begun.client_id, &told)
}

/// The login with new tokens; `None` = it has ended.
///
/// # Errors
/// The gateway is not there, or fails.
pub async fn renewed(origin: &str, before: &Login) -> Result<Option<Login>, Error> {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", before.refresh_token.as_str()),
        ("client_id", &before.client_id),
    ];
    let told = post(origin, "token", &form).await?;
    if told.status() == reqwest::StatusCode::BAD_REQUEST {
        return Ok(None);
    }
    login(&before.client_id, &answer(origin, told).await?).map(Some)
}

/// Ends the login.
///
/// # Errors
/// The gateway is not there, or fails.
pub async fn give_back(origin: &str, login: &Login) -> Result<(), Error> {
    let told = post(origin, "revoke", &[("token", &login.refresh_token)]).await?;
    answer::<Value>(origin, told).await.map(|_| ())
}

fn login(client_id: &str, told: &Value) -> Result<Login, Error> {
    let text = |name: &str| told[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let (Some(access_token), Some(refresh_token)) = (text("access_token"), text("refresh_token")) else {
        return Err(Error::Refused("the gateway's answer has no tokens".to_owned()));
    };
    let lives = told["expires_in"].as_i64().unwrap_or_default();
    let expires_at = wall_now().as_second().saturating_add(lives);
    Ok(Login { client_id: client_id.to_owned(), access_token, refresh_token, expires_at })
}

fn http(origin: &str) -> Result<Client, Error> {
    let built = Client::builder()
        .user_agent(CLIENT)
        .timeout(ANSWER_WAIT)
        .redirect(redirect::Policy::none())
        .https_only(origin.starts_with("https://"))
        .build();
    built.map_err(|error| Error::Usage(format!("no connection can be made: {error}")))
}

async fn post(origin: &str, what: &str, form: &[(&str, &str)]) -> Result<Response, Error> {
    // The query of an address is written as a form is.
    let mut written = Url::parse(origin).map_err(|error| Error::Usage(error.to_string()))?;
    written.query_pairs_mut().extend_pairs(form);
    let asked = http(origin)?.post(format!("{origin}/oauth/{what}"));
    let asked = asked.header("content-type", "application/x-www-form-urlencoded");
    let asked = asked.body(written.query().unwrap_or_default().to_owned());
    asked.send().await.map_err(|error| unreachable(origin, &error))
}

async fn answer<T: DeserializeOwned>(origin: &str, mut response: Response) -> Result<T, Error> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| unreachable(origin, &error))? {
        body.extend_from_slice(&part);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(Error::Refused(format!("{origin} answers with more than {ANSWER_BYTES_MAX} bytes")));
        }
    }
    if !status.is_success() {
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let said = [&said["error_description"], &said["detail"], &said["error"]].into_iter().find_map(Value::as_str);
        return Err(Error::Refused(format!("{origin} answers {status}: {}", shown(said.unwrap_or("no reason")))));
    }
    serde_json::from_slice(&body).map_err(|_| Error::Refused(format!("{origin} answers, but not as Downbeat does")))
}

fn unreachable(origin: &str, error: &reqwest::Error) -> Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Error::Unreachable { address: origin.to_owned(), reason: cause.to_string() }
}

/// What somebody else wrote, as it may stand in a terminal.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_go_over_https_or_to_this_machine() {
        for (typed, expected) in [
            ("https://d.example.com", Ok("https://d.example.com")),
            ("https://D.example.com:443/", Ok("https://d.example.com")),
            ("http://127.0.0.1:7400", Ok("http://127.0.0.1:7400")),
            ("http://[::1]:7400/", Ok("http://[::1]:7400")),
            ("http://localhost", Ok("http://localhost")),
            ("http://d.example.com", Err("https://")),
            ("http://localhost.example.com", Err("https://")),
            ("https://d.example.com/api", Err("more than a host")),
            ("http://127.0.0.2:7400", Ok("http://127.0.0.2:7400")),
            ("https://user:hunter2@d.example.com", Err("holds a credential")),
            ("d.example.com", Err("is wrong")),
            ("file:///etc/passwd", Err("https://")),
        ] {
            let got = origin(typed).map_err(|error| error.to_string());
            match (&got, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{typed}"),
                (Err(got), Err(expected)) => {
                    assert!(got.contains(expected) && !got.contains("hunter2"), "{typed}: {got}");
                }
                _ => panic!("{typed}: {got:?}, expected {expected:?}"),
            }
        }
    }
}
