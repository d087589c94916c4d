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

impl Origin {
    /// The port, as the address says it; empty where it is the usual one.
    pub(super) fn port(&self) -> &str {
        let authority = self.text.rsplit('/').next().unwrap_or_default();
        let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
        if port.ends_with(']') { "" } else { port }
    }

    /// Whether a browser that names this as the origin of a page means ours: to the letter, or, where ours is on this machine, by another of its
    /// usual names with the same port.
    pub(super) fn is_that_of(&self, page: &str) -> bool {
        let Ok(url) = Url::parse(page) else { return false };
        let port = |url: &Url| url.port_or_known_default();
        let beside = || {
            let ours = Url::parse(&self.text).ok().filter(|ours| ours.scheme() == "http" && is_loopback(ours))?;
            Some(url.scheme() == "http" && is_loopback(&url) && port(&url) == port(&ours))
        };
        url.origin().ascii_serialization() == page && (page == self.text || beside() == Some(true))
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
    fn a_page_is_ours_by_the_names_of_this_machine_and_by_no_other() {
        let of = |set: &str| Origin::of(Some(set), "127.0.0.1:1".parse().unwrap()).unwrap().unwrap();
        for (ours, port, page, expected) in [
            ("http://127.0.0.1:7400", "7400", "http://127.0.0.1:7400", true),
            ("http://127.0.0.1:7400", "7400", "http://localhost:7400", true),
            ("http://[::1]:7400", "7400", "http://localhost:7400", true),
            ("http://127.0.0.1:7400", "7400", "http://127.0.0.1:7401", false),
            ("http://127.0.0.1:7400", "7400", "https://127.0.0.1:7400", false),
            ("http://127.0.0.1:7400", "7400", "http://evil.example:7400", false),
            ("http://[::1]", "", "http://[::1]", true),
            ("https://d.example", "", "https://d.example", true),
            ("https://d.example:8443", "8443", "https://d.example:8443", true),
            ("https://d.example", "", "https://d.example/", false),
            ("https://d.example", "", "http://d.example", false),
            ("https://d.example", "", "https://x.d.example", false),
            ("https://localhost", "", "http://localhost:443", false),
            ("https://d.example", "", "null", false),
            ("https://d.example", "", "", false),
        ] {
            let ours = of(ours);
            assert_eq!((ours.port(), ours.is_that_of(page)), (port, expected), "{ours} {page}");
        }
    }

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
