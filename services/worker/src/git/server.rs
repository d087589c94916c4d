//! The server that a connection's credentials are for, and what a repository is called there.
//!
//! Promises: where the connection names a server (`git_repository`), it is that one and no other; else it is the provider's own. Who names a
//! repository is not who keeps the credentials, so whatever shows them asks here first. Knows nothing of the credentials themselves.

use reqwest::Url;

use super::{
    Git,
    address::{Address, Protocol},
    host::{Hosts, Provider},
};
use crate::attempt::Failure;
use crate::connections::Connection;

/// A repository of the server that the credentials are for.
#[derive(Debug)]
pub(crate) struct Named {
    /// What the server's pages are below; `None`: only its address for ssh is known.
    pub(crate) base: Option<Url>,
    /// Its name there, of two parts at least: owner, groups, itself.
    pub(crate) parts: Vec<String>,
}

impl Git {
    /// May the connection's credentials be shown at this address?
    pub(super) fn is_for(
        &self,
        hosts: &Hosts,
        connection: &Connection,
        provider: Provider,
        address: &Address,
    ) -> Result<bool, Failure> {
        let server = self.server(hosts, connection, provider)?;
        Ok(server.is_some_and(|server| server.origin() == address.origin()))
    }

    /// The name of a repository; `None`: it is on another server, or has none that an API takes.
    pub(crate) fn named(
        &self,
        hosts: &Hosts,
        connection: &Connection,
        provider: Provider,
        repository: &str,
    ) -> Result<Option<Named>, Failure> {
        let address = hosts.address(provider, repository).ok();
        let address = address.and_then(|text| Address::parse(&text, &self.also).ok());
        let server = self.server(hosts, connection, provider)?;
        let Some((server, address)) = server.zip(address).filter(|(server, it)| server.origin() == it.origin()) else {
            return Ok(None);
        };
        let base = self.base_of(&server, hosts, provider);
        // Over ssh nothing stands before a repository's name.
        let below = base.as_ref().filter(|_| address.protocol != Protocol::Ssh).map_or("/", Url::path);
        let path = path_of(&address);
        let parts = path.strip_prefix(below).and_then(parts_of);
        Ok(parts.map(|parts| Named { base, parts }))
    }

    /// `None`: there is none.
    pub(super) fn server(
        &self,
        hosts: &Hosts,
        connection: &Connection,
        provider: Provider,
    ) -> Result<Option<Address>, Failure> {
        match connection.text("git_repository")? {
            Some(text) => {
                let own = Address::parse(text.trim(), &self.also);
                own.map(Some).map_err(|why| connection.wrong("git_repository", why))
            }
            None => Ok(hosts.base(provider).and_then(|base| self.at(&base))),
        }
    }

    /// The provider's base, where that is at this server; else the server alone.
    fn base_of(&self, server: &Address, hosts: &Hosts, provider: Provider) -> Option<Url> {
        let is_there = |base: &Url| {
            self.at(base).is_some_and(|it| {
                it.origin() == server.origin() || (server.protocol == Protocol::Ssh && it.host == server.host)
            })
        };
        hosts.base(provider).filter(is_there).or_else(|| {
            let mut url = Url::parse(&server.text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
            url.set_path("/");
            Some(url)
        })
    }

    /// A base as an address, which always names some repository.
    fn at(&self, base: &Url) -> Option<Address> {
        Address::parse(base.join("x").ok()?.as_str(), &self.also).ok()
    }
}

/// What stands behind the server, with a `/` before it.
fn path_of(address: &Address) -> String {
    if address.text.contains("://") {
        return Url::parse(&address.text).map(|url| url.path().to_owned()).unwrap_or_default();
    }
    let path = address.text.split_once(':').map_or("", |(_, path)| path);
    format!("/{}", path.trim_start_matches('/'))
}

fn parts_of(path: &str) -> Option<Vec<String>> {
    let path = path.trim_end_matches('/');
    let name = path.strip_suffix(".git").unwrap_or(path);
    let fits =
        |part: &str| !part.is_empty() && !matches!(part, "." | "..") && !part.contains([':', '?', '#', '%', '\\']);
    let parts: Vec<&str> = name.split('/').collect();
    let is_name = parts.len() > 1 && parts.iter().all(|part| fits(part));
    is_name.then(|| parts.into_iter().map(ToOwned::to_owned).collect())
}
