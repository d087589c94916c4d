//! Where people and programs reach this gateway. It is set, or where it listens, and never what a request says.

use std::{fmt, net::SocketAddr};

use reqwest::Url;

use crate::error::Error;

const SETTING: &str = "DOWNBEAT_GATEWAY_PUBLIC_URL";

/// Scheme, host and port, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    text: String,
    pub(super) is_secure: bool,
}

impl Origin {
    /// What is set, or else where it listens; none = nobody says, and it listens to other machines.
    ///
    /// # Errors
    /// What is set is no such URL.
    pub(super) fn of(set: Option<&str>, address: SocketAddr) -> Result<Option<Self>, Error> {
        let Some(set) = set else {
            let here = || Self { text: format!("http://{address}"), is_secure: false };
            return Ok(address.ip().is_loopback().then(here));
        };
        let wrong = |reason: &str| Err(Error::Config { setting: SETTING, reason: reason.to_owned() });
        let Ok(url) = Url::parse(set) else { return wrong("must be a URL like https://downbeat.example.com") };
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return wrong("must have a host and maybe a port, and nothing behind: https://downbeat.example.com");
        }
        if !is_confidential(&url) {
            return wrong("must be https, because tokens go there; http is for a gateway on this machine only");
        }
        Ok(Some(Self { text: url.origin().ascii_serialization(), is_secure: url.scheme() == "https" }))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Nobody on the way reads what is sent there: it is https, or http that stays on this machine.
pub(super) fn is_confidential(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// The host is this machine, written in one of the usual ways.
pub(super) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_is_set_or_where_it_listens() {
        let (here, everywhere): (SocketAddr, SocketAddr) =
            ("127.0.0.1:7400".parse().unwrap(), "0.0.0.0:7400".parse().unwrap());
        for (set, address, expected) in [
            (None, here, Some("http://127.0.0.1:7400")),
            (None, "[::1]:7400".parse().unwrap(), Some("http://[::1]:7400")),
            // Whoever listens to others is reached at an address that it cannot know.
            (None, everywhere, None),
            (Some("https://downbeat.example.com"), everywhere, Some("https://downbeat.example.com")),
            (Some("https://Downbeat.example.com:8443/"), here, Some("https://downbeat.example.com:8443")),
            (Some("http://localhost:7400"), here, Some("http://localhost:7400")),
        ] {
            let found = Origin::of(set, address).unwrap().map(|origin| origin.to_string());
            assert_eq!(found.as_deref(), expected, "{set:?} {address}");
        }
        for wrong in [
            "",
            "downbeat",
            "ftp://x",
            "http://downbeat.example.com",
            "http://127.0.0.1.example.com",
            "https://x/path",
            "https://x/?a=b",
            "https://ada@x",
            "https://x/#a",
        ] {
            assert!(Origin::of(Some(wrong), here).is_err(), "{wrong}");
        }
    }
}
