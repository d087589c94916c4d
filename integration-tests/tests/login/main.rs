//! People log in, against the real services: with a key on the gateway's own page, and with the word of an identity provider that the test is
//! itself, right and wrong in every part; and the console keeps a session. The official client's own login is in `official/login.rs`.

mod browser;
mod console;
mod keys;
mod people;
mod programs;
mod provider;
mod terminal;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use downbeat_integration_tests::{
    cluster::{Addresses, Dev},
    http::{Answer, Client},
    process::eventually,
};
use serde_json::{Value, json};

/// Of the public API.
const BASE: &str = "/api/engine/public";
/// Where the program of these tests waits for its codes; nobody has to be there.
const REDIRECT: &str = "http://127.0.0.1:4711/callback";
/// What only that program knows.
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-letters-or-so";

/// Services in one process, and a key that opens something there.
fn house(folder: &tempfile::TempDir, role: &str) -> (Dev, String) {
    let dev = Dev::start(folder.path(), 1);
    let key = dev.addresses.downbeat_ok(&["key", "create", "ada", "--role", role]).trim().to_owned();
    let soon = std::time::Duration::from_secs(20);
    eventually("the gateway knows the key", soon, || (status(&dev.api, &key) == 200).then_some(()));
    (dev, key)
}

/// A program that logs somebody in.
struct Program {
    client: Client,
    id: String,
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

/// What stands behind `name=` in a query, decoded.
fn parameter(url: &str, name: &str) -> Option<String> {
    let pairs = url.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find(|(known, _)| *known == name)?.1;
    let (mut bytes, mut rest) = (Vec::new(), value.bytes());
    while let Some(byte) = rest.next() {
        let digits = (byte == b'%').then(|| [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or(b'0'))));
        bytes.push(match digits {
            Some(digits) => u8::from_str_radix(&String::from_iter(digits), 16).ok()?,
            None => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

impl Program {
    fn registered(api: &str) -> Self {
        let client = Client::new(api);
        let said = json!({
            "client_name": "A test <b>", "redirect_uris": [REDIRECT], "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "token_endpoint_auth_method": "none",
        });
        let answer = client.ask("POST", "/oauth/register", Some(&said));
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.json()["client_id"].as_str().expect("an id").to_owned();
        Self { client, id }
    }

    /// The path to which it sends a browser, with these parameters otherwise.
    fn asks(&self, other: &[(&str, &str)]) -> String {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hash);
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT),
            ("scope", "orchestra:read orchestra:write offline_access"),
            ("state", "the-state"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in other {
            fields.retain(|(known, _)| known != name);
            if !value.is_empty() {
                fields.push((name, value));
            }
        }
        format!("/oauth/authorize?{}", form(&fields))
    }

    fn posts(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        self.client.send("POST", path, &kind, form(fields).as_bytes()).expect("an answer")
    }

    fn exchanges(&self, code: &str, verifier: &str, redirect: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("client_id", &self.id),
            ("code_verifier", verifier),
        ];
        self.posts("/oauth/token", &fields)
    }

    /// The tokens for a code.
    fn fetches(&self, code: &str) -> Tokens {
        Tokens::of(&self.exchanges(code, VERIFIER, REDIRECT))
    }

    fn refreshes(&self, token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &self.id)];
        self.posts("/oauth/token", &fields)
    }
}

/// Tokens of a login.
struct Tokens {
    access: String,
    refresh: String,
    whole: Value,
}

impl Tokens {
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let whole = answer.json();
        let text = |name: &str| whole[name].as_str().expect("a token").to_owned();
        assert_eq!(whole["token_type"], "Bearer");
        Self { access: text("access_token"), refresh: text("refresh_token"), whole: whole.clone() }
    }
}

/// What a request with this token is answered.
fn status(api: &str, token: &str) -> u16 {
    Client::with_key(api, token).get("/api/engine/public/pipelines").status
}

/// Waits until a token opens nothing any more, which gateways hear at once.
fn closed(api: &str, token: &str) {
    eventually("the token is closed", Duration::from_secs(5), || (status(api, token) == 401).then_some(()));
}

/// What the audit has of this kind of command, newest first, once it has so many: command, actor and outcome.
fn audit(addresses: &Addresses, kind: &str, count: usize) -> Vec<String> {
    let line = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("a line of JSON");
        ["command", "actor", "outcome"].map(|name| row[name].as_str().unwrap_or_default()).join(" ")
    };
    eventually("the audit has them", Duration::from_secs(20), || {
        let lines = addresses.downbeat_ok(&["audit", "--json", "-n", "50", "--kind", kind]);
        let rows: Vec<_> = lines.lines().map(line).collect();
        (rows.len() >= count).then_some(rows)
    })
}
