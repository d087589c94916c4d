//! What a browser keeps: between two pages of a sign-in, and of a session of the console. No page of another site reads it, and scripts do not
//! either.
//!
//! It is not signed: what it holds is chance that the same browser got from us, and requests that are checked again whoever brings them. Over
//! https its name begins with `__Host-`, so that no other host, and nobody on the way, can put one there; browsers then want it to be sent to
//! every path. On this machine, where that name cannot be had, the session's goes to its own path only, and its name says the port: browsers
//! share cookies between all ports of a machine, and with them between the programs there.

use axum::http::{HeaderMap, HeaderValue, header};

use super::origin::Origin;
use crate::limits;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookie {
    name: &'static str,
    /// Where it goes on this machine.
    path: &'static str,
    same_site: &'static str,
}

/// Binds a page to the browser that was shown it.
pub(super) const SIGN_IN: Cookie = Cookie { name: "downbeat_sign_in", path: "/", same_site: "Strict" };
/// What somebody wanted who was sent to the identity provider, from whose pages they come back.
pub(super) const AWAY: Cookie = Cookie { name: "downbeat_away", path: "/", same_site: "Lax" };
/// What renews a session of the console.
pub(super) const SESSION: Cookie = Cookie { name: "downbeat_console", path: "/console/session", same_site: "Strict" };

impl Cookie {
    fn named(self, origin: &Origin) -> String {
        match (origin.is_secure, self.path) {
            (true, _) => format!("__Host-{}", self.name),
            (false, "/") => self.name.to_owned(),
            (false, _) => format!("{}_{}", self.name, origin.port()),
        }
    }

    /// What the browser brings; of two, nothing.
    pub(super) fn read<'a>(self, headers: &'a HeaderMap, origin: &Origin) -> Option<&'a str> {
        let name = self.named(origin);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let found = pairs.by_ref().find(|(known, _)| *known == name)?.1;
        let again = pairs.any(|(known, _)| known == name);
        (!again).then_some(found)
    }

    /// Asks the browser to keep this for as long as a sign-in may take.
    pub(super) fn keep(self, value: &str, origin: &Origin, headers: &mut HeaderMap) {
        self.keep_for(value, i64::from(limits::SIGN_IN_SECONDS), origin, headers);
    }

    /// Asks it to forget it.
    pub(super) fn forget(self, origin: &Origin, headers: &mut HeaderMap) {
        self.keep_for("", 0, origin, headers);
    }

    /// Asks the browser to keep this for so many seconds.
    pub(super) fn keep_for(self, value: &str, seconds: i64, origin: &Origin, headers: &mut HeaderMap) {
        let secure = if origin.is_secure { "; Secure" } else { "" };
        let path = if origin.is_secure { "/" } else { self.path };
        let (name, same_site) = (self.named(origin), self.same_site);
        let line = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}");
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(Some(url), "127.0.0.1:1".parse().unwrap()).unwrap().unwrap()
    }

    #[test]
    fn over_https_nobody_else_can_put_one() {
        let (plain, secure) = (origin("http://127.0.0.1:7400"), origin("https://x.example"));
        let mut headers = HeaderMap::new();
        SIGN_IN.keep("v", &plain, &mut headers);
        AWAY.keep("v", &secure, &mut headers);
        AWAY.forget(&secure, &mut headers);
        SESSION.keep_for("v", 60, &plain, &mut headers);
        SESSION.keep_for("v", 60, &secure, &mut headers);
        let lines: Vec<_> = headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "downbeat_sign_in=v; Path=/; Max-Age=600; HttpOnly; SameSite=Strict",
                "__Host-downbeat_away=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure",
                "__Host-downbeat_away=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
                "downbeat_console_7400=v; Path=/console/session; Max-Age=60; HttpOnly; SameSite=Strict",
                "__Host-downbeat_console=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure",
            ]
        );
    }

    #[test]
    fn one_is_read_and_two_are_none() {
        let plain = origin("http://127.0.0.1:7400");
        for (line, expected) in [
            ("a=b; downbeat_sign_in=x", Some("x")),
            ("downbeat_sign_in=x;downbeat_away=y", Some("x")),
            ("downbeat_sign_in=x; downbeat_sign_in=y", None),
            ("__Host-downbeat_sign_in=x", None),
            ("downbeat_sign_in", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, line.parse().unwrap());
            assert_eq!(SIGN_IN.read(&headers, &plain), expected, "{line}");
        }
    }
}
