//! Which addresses a repository's host has, looked at before git goes there, and held on to.
//!
//! Promises that git speaks to nobody whom this worker may not reach (`egress/`). Where a proxy resolves names, only what stands in the address itself, and
//! what the name means here, is looked at; with a list of who may be reached there is no proxy.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use super::address::{Address, Protocol};
use crate::attempt::Failure;
use crate::connectors::{Step, unless_stopped};
use crate::egress;
use crate::limits::GIT_CONNECT_WAIT;
use crate::stop::StopSignal;

pub(super) const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// The host's addresses; empty where there is no host, or a proxy goes there.
pub(super) async fn addresses(address: &Address, stop: &StopSignal) -> Step<Vec<IpAddr>> {
    if address.protocol == Protocol::File {
        return Ok(Vec::new());
    }
    let proxied = address.protocol != Protocol::Ssh
        && !egress::gate().is_limited()
        && PROXIES.iter().any(|name| std::env::var_os(name).is_some());
    let lookup = egress::resolve(&address.host, address.port);
    let found = unless_stopped(stop, tokio::time::timeout(GIT_CONNECT_WAIT, lookup)).await?;
    let why = match found {
        Ok(Ok(_)) if proxied => return Ok(Vec::new()),
        Ok(Ok(found)) => return Ok(found.iter().map(SocketAddr::ip).collect::<BTreeSet<_>>().into_iter().collect()),
        Ok(Err(error)) if egress::is_refusal(&error) => {
            return Err(Failure::misconfigured(format!("git: {}: {error}", address.text)).into());
        }
        _ if proxied => return Ok(Vec::new()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", GIT_CONNECT_WAIT.as_secs()),
    };
    Err(Failure::transient(format!(
        "git: {}: the name of the host {} leads nowhere: {why}",
        address.text, address.host
    ))
    .into())
}

/// Holds git to these, so that the name cannot lead elsewhere a moment later.
pub(super) fn pinned(address: &Address, addresses: &[IpAddr]) -> Option<(String, String)> {
    if !matches!(address.protocol, Protocol::Https | Protocol::Http) || addresses.is_empty() {
        return None;
    }
    // An address needs no name.
    if address.host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let texts = addresses.iter().map(|found| match found {
        IpAddr::V4(found) => found.to_string(),
        IpAddr::V6(found) => format!("[{found}]"),
    });
    let texts = texts.collect::<Vec<_>>().join(",");
    Some(("http.curloptResolve".to_owned(), format!("{}:{}:{texts}", address.host, address.port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Ending;

    #[test]
    fn a_name_is_held_to_what_it_meant() {
        let address = Address::parse("https://git.example.com/a", &[]).unwrap();
        let found = ["10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        let (name, value) = pinned(&address, &found).unwrap();
        assert_eq!(
            (name.as_str(), value.as_str()),
            ("http.curloptResolve", "git.example.com:443:10.0.0.1,[2001:db8::1]")
        );
        assert_eq!(pinned(&address, &[]), None);
    }

    #[tokio::test]
    async fn link_local_addresses_are_refused_over_any_protocol() {
        let (_asks, stop) = crate::stop::stop_channel();
        for text in [
            "https://169.254.169.254/a",
            "ssh://git@[fe80::1]/a",
            "git@169.254.169.254:a",
            "https://[::ffff:169.254.169.254]/a",
        ] {
            let address = Address::parse(text, &[]).unwrap();
            let Err(Ending::Failed(refused)) = addresses(&address, &stop).await else { panic!("{text}") };
            assert!(refused.message.contains("link-local"), "{}", refused.message);
        }
    }
}
