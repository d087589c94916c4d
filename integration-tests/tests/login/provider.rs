//! An identity provider: what it says of itself, its keys, codes that are worth something once, and signed words about people. It checks what
//! a provider checks, and lies where a test asks it to.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::parameter;

/// What it calls the gateway, and the secret that both know.
pub(crate) const CLIENT: &str = "downbeat-gateway";
/// See [`CLIENT`].
pub(crate) const SECRET: &str = "a secret: with colons & more";

/// What is wrong with its next word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    No,
    /// Somebody else has signed it.
    Signature,
    /// It is meant for another gateway.
    Audience,
    /// It is about another sign-in.
    Nonce,
    /// It was right an hour ago.
    Expired,
    /// Another provider says so.
    Issuer,
    /// It says that it needs no signature.
    Unsigned,
}

struct State {
    pair: KeyPair,
    kid: String,
    other: KeyPair,
    lie: Lie,
    claims: Value,
    /// Nonce and challenge of each code that was not used yet.
    codes: BTreeMap<String, (String, String)>,
    drawn: u32,
}

/// See the module.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    state: Arc<Mutex<State>>,
}

impl Provider {
    /// It knows one person, of whom it says this.
    pub(crate) fn start(claims: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let pair = || KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let (kid, codes) = ("first".to_owned(), BTreeMap::new());
        let state = State { pair: pair(), kid, other: pair(), lie: Lie::No, claims, codes, drawn: 0 };
        let state = Arc::new(Mutex::new(state));
        let (shared, own) = (Arc::clone(&state), issuer.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, &own, &shared);
            }
        });
        Self { issuer, state }
    }

    pub(crate) fn lies(&self, lie: Lie) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lie = lie;
    }

    /// Says something else of the person from now on.
    pub(crate) fn says(&self, claim: &str, value: Value) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).claims[claim] = value;
    }

    /// Signs with another key from now on.
    pub(crate) fn rotates(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        state.kid = "second".to_owned();
    }
}

fn serve(mut stream: TcpStream, issuer: &str, state: &Mutex<State>) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok();
    let Some((head, body)) = read(&mut stream) else { return };
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = match target.split('?').next().unwrap_or_default() {
        "/.well-known/openid-configuration" => json_answer(
            200,
            &json!({
                "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
            }),
        ),
        "/keys" => json_answer(200, &state.keys()),
        "/authorize" => state.authorize(&target),
        "/token" => match state.token(issuer, &head, &body) {
            Some(token) => json_answer(200, &json!({ "id_token": token, "access_token": "x", "token_type": "Bearer" })),
            None => json_answer(400, &json!({ "error": "invalid_grant" })),
        },
        _ => json_answer(404, &json!({})),
    };
    stream.write_all(answer.as_bytes()).ok();
}

fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut length = head
                .lines()
                .filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
            let length: usize = length.next_back().and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut part) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return None,
        }
    }
}

fn json_answer(status: u16, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

impl State {
    fn keys(&self) -> Value {
        // Of 2,048 bits: the modulus stands behind nine bytes of DER, the exponent in the last three.
        let public = self.pair.public_key().as_ref();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": text(&public[9..265]),
            "e": text(&public[267..]),
        }] })
    }

    /// Whoever comes is known, and goes back with a code.
    fn authorize(&mut self, target: &str) -> String {
        let of = |name: &str| parameter(target, name).unwrap_or_default();
        let is_right = of("response_type") == "code"
            && of("client_id") == CLIENT
            && of("code_challenge_method") == "S256"
            && of("scope").split(' ').any(|scope| scope == "openid");
        if !is_right {
            return json_answer(400, &json!({ "error": "invalid_request" }));
        }
        self.drawn += 1;
        let code = format!("code {}", self.drawn);
        self.codes.insert(code.clone(), (of("nonce"), of("code_challenge")));
        let query = super::form(&[("code", &code), ("state", &of("state"))]);
        format!(
            "HTTP/1.1 302 X\r\nLocation: {}?{query}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            of("redirect_uri")
        )
    }

    /// The word for a code. `None` = it is worth nothing, or whoever shows it is not the gateway.
    fn token(&mut self, issuer: &str, head: &str, body: &str) -> Option<String> {
        let form = format!("?{body}");
        let of = |name: &str| parameter(&form, name);
        let shown = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().starts_with("authorization: basic ").then(|| line[21..].trim()));
        let known = format!("{}:{}", super::escaped(CLIENT), super::escaped(SECRET));
        if shown? != STANDARD.encode(known) || of("grant_type")? != "authorization_code" {
            return None;
        }
        let (nonce, challenge) = self.codes.remove(&of("code")?)?;
        let hash = digest::digest(&digest::SHA256, of("code_verifier")?.as_bytes());
        (URL_SAFE_NO_PAD.encode(hash) == challenge).then(|| self.word(issuer, &nonce))
    }

    fn word(&self, issuer: &str, nonce: &str) -> String {
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
        let mut claims = self.claims.clone();
        let expires = if self.lie == Lie::Expired { now - 3_600 } else { now + 300 };
        claims["iss"] = json!(if self.lie == Lie::Issuer { "https://evil.example" } else { issuer });
        claims["aud"] = json!(if self.lie == Lie::Audience { "another-gateway" } else { CLIENT });
        claims["nonce"] = json!(if self.lie == Lie::Nonce { "another" } else { nonce });
        (claims["sub"], claims["iat"], claims["exp"]) = (json!("1"), json!(now - 3_700), json!(expires));
        let unsigned = self.lie == Lie::Unsigned;
        let header = json!({ "alg": if unsigned { "none" } else { "RS256" }, "typ": "JWT", "kid": self.kid });
        let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let pair = if self.lie == Lie::Signature { &self.other } else { &self.pair };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("it signs");
        let signature = if unsigned { String::new() } else { URL_SAFE_NO_PAD.encode(signature) };
        format!("{text}.{signature}")
    }
}
