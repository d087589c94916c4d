//! What a program asks for when it sends somebody's browser here (RFC 6749 4.1.1, RFC 7636).
//!
//! Promises: nothing is sent anywhere before it is clear that a program waits there that has registered; only then it is told what else is wrong.
//! It can be written again as a query and read back, so that it travels with whoever signs in. Knows nothing about who that is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use super::{
    READ, SCOPES, WRITE,
    origin::Origin,
    refusal::Refusal,
    registration::{Registration, of_console},
    secret,
};
use crate::{http::Query, limits};

/// What a value of a query needs no percent sign for.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) registration: Registration,
    pub(super) client_id: String,
    redirect: Url,
    /// As the program wrote it.
    pub(super) redirect_uri: String,
    state: String,
    challenge: String,
    /// Hash of what only the program knows.
    pub(super) challenge_hash: [u8; 32],
    pub(super) read_only: bool,
    scope: String,
}

/// Who asks, for the page that somebody is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program<'a> {
    /// Its own word.
    pub(super) name: &'a str,
    /// Its codes go to our own console, which is then what asks, whatever it calls itself.
    pub(super) is_console: bool,
}

/// Why nobody is asked to sign in.
#[derive(Debug)]
pub(super) enum Wrong {
    /// Nobody knows who waits there: it is shown, and sent nowhere.
    Here(String),
    /// The program is told, at this address.
    There(Url),
}

impl Asked {
    pub(super) fn read(query: &Query, origin: &Origin) -> Result<Self, Wrong> {
        let here = |said: &str| Wrong::Here(said.to_owned());
        let only = |name: &str| query.only(name).map_err(|_| Wrong::Here(format!("`{name}` comes several times")));
        let client_id = only("client_id")?.ok_or_else(|| here("`client_id` is missing: which program is it?"))?;
        let Some(registration) = Registration::of(client_id, origin) else {
            return Err(here("`client_id` is none that was given here: the program has to register again"));
        };
        let redirect_uri = only("redirect_uri")?.ok_or_else(|| here("`redirect_uri` is missing"))?;
        let Some(redirect) = registration.redirect(redirect_uri, origin) else {
            return Err(here("`redirect_uri` is none that the program has registered"));
        };
        let state = query.only("state").ok().flatten().unwrap_or_default().to_owned();
        let fits = |state: &str| (1..=limits::LOGIN_STATE_BYTES_MAX).contains(&state.len());
        let told = |refusal: Refusal| {
            let state = if fits(&state) { state.as_str() } else { "" };
            Wrong::There(back(
                &redirect,
                state,
                origin,
                &[("error", refusal.error), ("error_description", &refusal.description)],
            ))
        };
        let optional = |name: &str| query.only(name).map_err(|fault| told(fault.into()));
        if optional("response_type")? != Some("code") {
            return Err(told(Refusal::new("unsupported_response_type", "response_type must be code")));
        }
        if !fits(&state) {
            let most = limits::LOGIN_STATE_BYTES_MAX;
            return Err(told(Refusal::invalid(format!("state must be there once, with at most {most} bytes"))));
        }
        if optional("code_challenge_method")? != Some("S256") {
            return Err(told(Refusal::invalid("code_challenge_method must be S256")));
        }
        let challenge = optional("code_challenge")?.unwrap_or_default();
        let Some(challenge_hash) = secret::of_challenge(challenge) else {
            return Err(told(Refusal::invalid("code_challenge must be there: 43 letters of base64url")));
        };
        if optional("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(told(Refusal::invalid("response_mode must be query")));
        }
        let scope = granted(optional("scope")?.unwrap_or_default());
        Ok(Self {
            registration,
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            challenge: challenge.to_owned(),
            challenge_hash,
            read_only: !scope.contains(WRITE),
            scope,
            redirect,
            state,
        })
    }

    /// Everything of it, as a query that reads back.
    pub(super) fn query(&self) -> String {
        let pairs = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
            ("state", &self.state),
            ("code_challenge", &self.challenge),
            ("code_challenge_method", "S256"),
        ];
        written(&pairs)
    }

    /// Where the browser goes with a code.
    pub(super) fn with_code(&self, code: &str, origin: &Origin) -> Url {
        back(&self.redirect, &self.state, origin, &[("code", code)])
    }

    /// Where it goes without one.
    pub(super) fn denied(&self, origin: &Origin, description: &str) -> Url {
        let pairs = [("error", "access_denied"), ("error_description", description)];
        back(&self.redirect, &self.state, origin, &pairs)
    }

    /// Where forms may lead, for the policy of a page: there, and nowhere else. Policies cannot name an address of IPv6.
    pub(super) fn place(&self) -> String {
        let scheme = self.redirect.scheme();
        match self.redirect.host_str() {
            Some(host) if !host.starts_with('[') => {
                format!("{scheme}://{host}:{}", self.redirect.port_or_known_default().unwrap_or(80))
            }
            _ => format!("{scheme}:"),
        }
    }

    /// Who it is, as it says.
    pub(super) fn program(&self, origin: &Origin) -> Program<'_> {
        Program { name: &self.registration.name, is_console: self.redirect_uri == of_console(origin) }
    }
}

/// What a login may that asks for this: to change things where it says so, or says nothing of either.
pub(super) fn granted(asked: &str) -> String {
    let asked: Vec<&str> = asked.split(' ').collect();
    let only_reads = asked.contains(&READ) && !asked.contains(&WRITE);
    scope(only_reads)
}

/// The scope of a login.
pub(super) fn scope(read_only: bool) -> String {
    SCOPES.into_iter().filter(|scope| !(read_only && *scope == WRITE)).collect::<Vec<_>>().join(" ")
}

/// A query of these.
pub(super) fn written(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, VALUE));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn back(redirect: &Url, state: &str, origin: &Origin, pairs: &[(&str, &str)]) -> Url {
    let mut url = redirect.clone();
    let issuer = origin.to_string();
    let mut more = pairs.to_vec();
    if !state.is_empty() {
        more.push(("state", state));
    }
    // Whoever knows several servers sees which one answers (RFC 9207).
    more.push(("iss", &issuer));
    let query = match url.query() {
        Some(own) if !own.is_empty() => format!("{own}&{}", written(&more)),
        _ => written(&more),
    };
    url.set_query(Some(&query));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn origin() -> Origin {
        Origin::of(Some("https://d.example"), "127.0.0.1:1".parse().unwrap()).unwrap().unwrap()
    }

    fn client() -> String {
        let of = |uri: &str| serde_json::json!({ "n": "CLI", "r": [uri] });
        use base64::Engine as _;
        let text = of("http://127.0.0.1:1/callback").to_string();
        format!("p1.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text))
    }

    /// What a good program asks, with one parameter otherwise, or away.
    fn asked(name: &str, value: Option<&str>) -> Result<Asked, Wrong> {
        let id = client();
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &id),
            ("redirect_uri", "http://127.0.0.1:4711/callback"),
            ("scope", "orchestra:read orchestra:write offline_access"),
            ("state", "s t&a=te"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        pairs.retain(|(known, _)| *known != name);
        pairs.extend(value.map(|value| (name, value)));
        Asked::read(&Query::read(Some(&written(&pairs))).unwrap(), &origin())
    }

    #[test]
    fn it_is_read_back_from_what_it_writes() {
        let asked = asked("", None).unwrap();
        let again = Asked::read(&Query::read(Some(&asked.query())).unwrap(), &origin()).unwrap();
        assert_eq!((again.query(), &again.state), (asked.query(), &asked.state));
        assert_eq!(again.challenge_hash, asked.challenge_hash);
        let url = asked.with_code("the code", &origin());
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:4711/callback?code=the%20code&state=s%20t%26a%3Dte&iss=https%3A%2F%2Fd.example"
        );
        assert_eq!(asked.place(), "http://127.0.0.1:4711");
    }

    #[test]
    fn nothing_is_sent_where_nobody_knows_who_waits() {
        let other = Some("http://evil.example/callback");
        for (name, value) in [
            ("client_id", None),
            ("client_id", Some("p1.abc")),
            ("redirect_uri", None),
            ("redirect_uri", other),
            ("redirect_uri", Some("http://127.0.0.1:4711/elsewhere")),
        ] {
            assert!(matches!(asked(name, value), Err(Wrong::Here(_))), "{name} {value:?}");
        }
        let twice = format!("{}&redirect_uri=x", asked("", None).unwrap().query());
        assert!(matches!(Asked::read(&Query::read(Some(&twice)).unwrap(), &origin()), Err(Wrong::Here(_))));
    }

    #[test]
    fn a_program_that_is_known_is_told_what_is_wrong() {
        let long = "s".repeat(257);
        for (name, value, error) in [
            ("response_type", Some("token"), "unsupported_response_type"),
            ("response_type", None, "unsupported_response_type"),
            ("state", None, "invalid_request"),
            ("state", Some(long.as_str()), "invalid_request"),
            ("code_challenge", None, "invalid_request"),
            ("code_challenge", Some("short"), "invalid_request"),
            ("code_challenge_method", Some("plain"), "invalid_request"),
            ("code_challenge_method", None, "invalid_request"),
            ("response_mode", Some("fragment"), "invalid_request"),
        ] {
            match asked(name, value) {
                Err(Wrong::There(url)) => {
                    let told = url.as_str();
                    assert!(told.starts_with(&format!("http://127.0.0.1:4711/callback?error={error}&")), "{told}");
                    assert_eq!(told.contains("&state=s%20t%26a%3Dte&"), name != "state", "{told}");
                }
                other => panic!("{name} {value:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn who_asks_to_read_only_reads() {
        for (scope, expected) in [
            (None, false),
            (Some("offline_access"), false),
            (Some("orchestra:read orchestra:write"), false),
            (Some("orchestra:read"), true),
            (Some("orchestra:read offline_access other"), true),
        ] {
            assert_eq!(asked("scope", scope).unwrap().read_only, expected, "{scope:?}");
        }
    }
}
