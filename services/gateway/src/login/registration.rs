//! Programs that log people in say who they are (RFC 7591). Anybody may, and nothing is kept: the id that a program gets *is* its registration.
//!
//! Promises: codes go to the machine of whoever signs in and to no other, or to this gateway's own console, which they could not leave without
//! what the page that asked keeps to itself: every address that a program may name is one of these. Knows nothing about people.

use axum::{
    http::Method,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    here,
    origin::{Origin, is_loopback},
    refusal::Refusal,
};
use crate::{
    http::{self, Call, Fault, Need, Route, Routes},
    limits,
};

/// What an id of a program begins with: the version of what follows.
const PREFIX: &str = "p1.";
/// Where our own console waits for codes.
const CONSOLE: &str = "/console/signed-in";

/// What a program says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registration {
    /// For people.
    #[serde(rename = "n")]
    pub(super) name: String,
    /// Where it may wait for its codes.
    #[serde(rename = "r")]
    redirects: Vec<String>,
}

/// What comes in; what else RFC 7591 knows is not looked at.
#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    grant_types: Option<Vec<String>>,
    #[serde(default)]
    response_types: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "A program that logs people in says who it is (RFC 7591)";
    let route = Route::new(Method::POST, "/oauth/register", Need::Nothing, says, register);
    routes.add(route.takes_at_most(limits::LOGIN_BODY_BYTES_MAX).gives_text("application/json"));
}

async fn register(call: Call) -> Result<Response, Fault> {
    let origin = &here(&call)?.origin;
    let registered = match registered(&call.body, origin) {
        Ok(registered) => registered,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    http::json(
        201,
        &json!({
            "client_id": registered.id(),
            "client_id_issued_at": call.now.as_second(),
            "client_name": registered.name,
            "redirect_uris": registered.redirects,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        }),
    )
}

fn registered(body: &[u8], origin: &Origin) -> Result<Registration, Refusal> {
    let metadata = |text: String| Refusal::new("invalid_client_metadata", text);
    // A list would be read as one, too, its values in their order.
    let fields: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| metadata(format!("no registration: {error}")))?;
    let said: Said =
        serde_json::from_value(Value::Object(fields)).map_err(|error| metadata(format!("no registration: {error}")))?;
    if said.token_endpoint_auth_method.is_some_and(|method| method != "none") {
        return Err(metadata("token_endpoint_auth_method: programs keep no secrets from their users: none".to_owned()));
    }
    let knows = |given: Option<Vec<String>>, known: &[&str]| {
        given.is_none_or(|given| given.iter().all(|one| known.contains(&one.as_str())))
    };
    if !knows(said.grant_types, &["authorization_code", "refresh_token"]) {
        return Err(metadata("grant_types: authorization_code and refresh_token are served".to_owned()));
    }
    if !knows(said.response_types, &["code"]) {
        return Err(metadata("response_types: code is served".to_owned()));
    }
    let name = said.client_name.unwrap_or_else(|| "a program without a name".to_owned());
    let most = limits::CLIENT_NAME_CHARS_MAX;
    let fits = (1..=most).contains(&name.chars().count()) && name.trim() == name && !name.chars().any(char::is_control);
    if !fits {
        let words = format!("client_name: 1 to {most} characters, none of them invisible, no blanks around it");
        return Err(metadata(words));
    }
    let redirect = |text: String| Refusal::new("invalid_redirect_uri", text);
    let most = limits::REDIRECTS_MAX;
    if said.redirect_uris.is_empty() || said.redirect_uris.len() > most {
        return Err(redirect(format!("redirect_uris: 1 to {most} are allowed, not {}", said.redirect_uris.len())));
    }
    for uri in &said.redirect_uris {
        is_redirect(uri, origin).map_err(redirect)?;
    }
    let registration = Registration { name, redirects: said.redirect_uris };
    let (id, most) = (registration.id(), limits::CLIENT_ID_BYTES_MAX);
    if id.len() > most {
        return Err(metadata(format!(
            "name and addresses make an id of {} bytes; at most {most} are allowed",
            id.len()
        )));
    }
    Ok(registration)
}

/// Where the console of a gateway at this address waits for its codes.
pub(super) fn of_console(origin: &Origin) -> String {
    format!("{origin}{CONSOLE}")
}

/// An address on the machine of whoever signs in, where a program of theirs waits; or that of our own console, to the letter.
fn is_redirect(uri: &str, origin: &Origin) -> Result<Url, String> {
    let most = limits::REDIRECT_BYTES_MAX;
    if uri.len() > most {
        return Err(format!("redirect_uris: at most {most} bytes are allowed"));
    }
    let wrong = "redirect_uris: only programs on the machine of whoever signs in are served: http://127.0.0.1:PORT/...";
    let url = Url::parse(uri).map_err(|_| wrong.to_owned())?;
    if uri == of_console(origin) {
        return Ok(url);
    }
    let fits = url.scheme() == "http"
        && is_loopback(&url)
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    if fits { Ok(url) } else { Err(wrong.to_owned()) }
}

impl Registration {
    /// The id.
    pub(super) fn id(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(text))
    }

    /// The registration that an id is. `None` = it is none that was given here, or could be.
    pub(super) fn of(id: &str, origin: &Origin) -> Option<Self> {
        if id.len() > limits::CLIENT_ID_BYTES_MAX {
            return None;
        }
        let text = URL_SAFE_NO_PAD.decode(id.strip_prefix(PREFIX)?).ok()?;
        let Value::Object(fields) = serde_json::from_slice(&text).ok()? else { return None };
        let read: Self = serde_json::from_value(Value::Object(fields)).ok()?;
        // Whoever writes one themselves is held to the same.
        let said = json!({ "client_name": read.name, "redirect_uris": read.redirects });
        let again = registered(said.to_string().as_bytes(), origin).ok()?;
        (again.id() == id).then_some(again)
    }

    /// Where its code goes, if it registered that: on its own machine any port will do, since it takes what is free (RFC 8252, 7.3).
    pub(super) fn redirect(&self, asked: &str, origin: &Origin) -> Option<Url> {
        let url = is_redirect(asked, origin).ok()?;
        let without_port = |url: &Url| {
            let mut url = url.clone();
            url.set_port(None).ok().map(|()| url)
        };
        let wanted = without_port(&url)?;
        let known = self.redirects.iter().filter_map(|uri| without_port(&is_redirect(uri, origin).ok()?));
        known.into_iter().any(|known| known == wanted).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Origin {
        Origin::of(Some("https://d.example"), "127.0.0.1:7400".parse().unwrap()).unwrap().unwrap()
    }

    fn of(uris: &[&str]) -> Registration {
        let said = json!({ "client_name": "CLI", "redirect_uris": uris });
        registered(said.to_string().as_bytes(), &ours()).unwrap()
    }

    #[test]
    fn an_id_is_the_registration_and_no_other_text_is_one() {
        let one = of(&["http://127.0.0.1:4711/callback"]);
        assert_eq!(Registration::of(&one.id(), &ours()), Some(one.clone()));
        let forged =
            |name: &str, uri: &str| Registration { name: name.to_owned(), redirects: vec![uri.to_owned()] }.id();
        assert!(Registration::of(&forged("CLI", "http://localhost/x"), &ours()).is_some());
        for id in [
            String::new(),
            "p1.".to_owned(),
            one.id()[1..].to_owned(),
            format!("{}=", one.id()),
            forged("CLI", "https://evil.example/callback"),
            forged("a\nb", "http://127.0.0.1/"),
            format!("p1.{}", URL_SAFE_NO_PAD.encode(br#"{"n":"CLI","r":["http://127.0.0.1/"],"x":1}"#)),
            format!("p1.{}", "A".repeat(2_000)),
        ] {
            assert_eq!(Registration::of(&id, &ours()), None, "{id}");
        }
    }

    #[test]
    fn codes_stay_on_the_machine_of_whoever_signs_in() {
        for uri in
            ["http://127.0.0.1:1/callback", "http://[::1]:65535/", "http://localhost:80/a?b=c", "http://127.0.0.1"]
        {
            assert!(is_redirect(uri, &ours()).is_ok(), "{uri}");
        }
        let long = format!("http://127.0.0.1/{}", "a".repeat(300));
        for uri in [
            "",
            "callback",
            "https://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://example.com#@127.0.0.1/",
            "http://ada@127.0.0.1/",
            "http://127.0.0.1/#x",
            "http://127.0.0.2/",
            "http://0.0.0.0/",
            "http://localhost.example.com/",
            "myapp://callback",
            "javascript:alert(1)",
            "data:text/html,x",
            long.as_str(),
        ] {
            assert!(is_redirect(uri, &ours()).is_err(), "{uri}");
        }
    }

    #[test]
    fn our_own_console_is_one_address_to_the_letter() {
        let console = of(&["https://d.example/console/signed-in"]);
        assert_eq!(Registration::of(&console.id(), &ours()), Some(console.clone()));
        for (asked, expected) in [
            ("https://d.example/console/signed-in", true),
            ("https://d.example/console/signed-in?a=b", false),
            ("https://d.example/console/signed-in/", false),
            ("https://d.example/console/../console/signed-in", false),
            ("https://d.example:443/console/signed-in", false),
            ("https://d.example:8443/console/signed-in", false),
            ("https://D.example/console/signed-in", false),
            ("https://ada@d.example/console/signed-in", false),
            ("https://d.example.evil.example/console/signed-in", false),
            ("http://d.example/console/signed-in", false),
            ("https://d.example/", false),
        ] {
            assert_eq!(console.redirect(asked, &ours()).is_some(), expected, "{asked}");
            assert_eq!(is_redirect(asked, &ours()).is_ok(), expected, "{asked}");
        }
        // Another gateway's is none of ours, whoever gave the id.
        let other = Origin::of(Some("https://other.example"), "127.0.0.1:1".parse().unwrap()).unwrap().unwrap();
        assert_eq!(Registration::of(&console.id(), &other), None);
    }

    #[test]
    fn any_port_will_do_and_nothing_else_may_differ() {
        let one = of(&["http://127.0.0.1:4711/callback?a=b"]);
        for (asked, expected) in [
            ("http://127.0.0.1:4711/callback?a=b", true),
            ("http://127.0.0.1:9/callback?a=b", true),
            ("http://127.0.0.1/callback?a=b", true),
            ("http://localhost:4711/callback?a=b", false),
            ("http://127.0.0.1:4711/callback", false),
            ("http://127.0.0.1:4711/callback/x?a=b", false),
            ("http://evil.example:4711/callback?a=b", false),
        ] {
            assert_eq!(one.redirect(asked, &ours()).is_some(), expected, "{asked}");
        }
    }

    #[test]
    fn what_is_not_served_is_told() {
        for (said, error) in [
            ("[]", "invalid_client_metadata"),
            ("{", "invalid_client_metadata"),
            (r#"{"redirect_uris": []}"#, "invalid_redirect_uri"),
            (r#"{"redirect_uris": ["http://x/"]}"#, "invalid_redirect_uri"),
            (
                r#"{"redirect_uris": ["http://127.0.0.1/1","http://127.0.0.1/2","http://127.0.0.1/3","http://127.0.0.1/4","http://127.0.0.1/5"]}"#,
                "invalid_redirect_uri",
            ),
            (r#"{"client_name": "", "redirect_uris": ["http://127.0.0.1/"]}"#, "invalid_client_metadata"),
            (
                r#"{"token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["http://127.0.0.1/"]}"#,
                "invalid_client_metadata",
            ),
            (r#"{"grant_types": ["password"], "redirect_uris": ["http://127.0.0.1/"]}"#, "invalid_client_metadata"),
            (r#"{"response_types": ["token"], "redirect_uris": ["http://127.0.0.1/"]}"#, "invalid_client_metadata"),
        ] {
            assert_eq!(registered(said.as_bytes(), &ours()).unwrap_err().error, error, "{said}");
        }
    }
}
