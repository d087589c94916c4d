//! Whether a branch may be written at all: whoever keeps the connection says so, in its field `git_push`.
//!
//! Promises: nothing is pushed where no connection says that it may be, to that very server and with credentials for it (of folders: to that very
//! folder), and onto no branch but those of its patterns. Knows nothing of who asks, nor of what is written.

use super::{
    Git,
    access::Access,
    address::{Address, Protocol},
    host::{Hosts, Provider},
    reference::Reference,
};
use crate::attempt::Failure;
use crate::connections::Connection;
use crate::limits::GIT_PUSH_CHARS_MAX;

/// The field of the connection.
pub(crate) const FIELD: &str = "git_push";

impl Git {
    /// How to sign in where this branch is to be written.
    ///
    /// # Errors
    /// Says which field of which connection forbids it, or does not allow it.
    pub(super) fn may_push(
        &self,
        hosts: &Hosts,
        connection: Option<&Connection>,
        provider: Provider,
        address: &Address,
        branch: &str,
    ) -> Result<Access, Failure> {
        let (word, at) = (provider.word(), &address.text);
        let Some(connection) = connection else {
            return Err(Failure::misconfigured(format!(
                "{at}: nobody may push there. Whoever keeps the worker's connections allows it: with default_{}.json (integration {word}), in \
                 which {FIELD} names the branches that may be written (such as downbeat/*), beside the credentials",
                word.to_ascii_lowercase()
            )));
        };
        let Some(written) = connection.text(FIELD)? else {
            let what =
                "is not set, so nobody may push: name the branches that may be written there, such as downbeat/*";
            return Err(connection.wrong(FIELD, what));
        };
        let patterns = patterns(written).map_err(|why| connection.wrong(FIELD, why))?;
        let is_there = match address.protocol {
            Protocol::File => self.is_folder_of(hosts, connection, provider, address)?,
            _ => {
                // Whoever names a repository may write into that one, and no other of its server.
                let is_it = connection.text("git_repository")?.is_none_or(|own| plain(own.trim()) == plain(at));
                is_it && self.is_for(hosts, connection, provider, address)?
            }
        };
        if !is_there {
            let what = format!(
                "is for another repository or server than {at}: git_repository says for which one, or --git-host of the worker"
            );
            return Err(connection.wrong(FIELD, what));
        }
        if !patterns.iter().any(|pattern| fits(pattern, branch)) {
            let what = format!("does not allow the branch {branch}; it allows {}", patterns.join(", "));
            return Err(connection.wrong(FIELD, what));
        }
        match Access::read(connection, address)? {
            Access::Open if address.protocol != Protocol::File => {
                Err(connection.wrong("git_token", "is missing: nobody pushes without credentials"))
            }
            access => Ok(access),
        }
    }

    /// Of folders there is no server that says who may write: the connection names the very folder, or the operator the one that it is in.
    fn is_folder_of(
        &self,
        hosts: &Hosts,
        connection: &Connection,
        provider: Provider,
        address: &Address,
    ) -> Result<bool, Failure> {
        if connection.text("git_repository")?.is_some() {
            let own = self.server(hosts, connection, provider)?;
            return Ok(own.is_some_and(|own| plain(&own.text) == plain(&address.text)));
        }
        let base = hosts.base(provider).filter(|base| base.scheme() == Protocol::File.name());
        Ok(base.is_some_and(|base| address.text.starts_with(base.as_str())))
    }
}

fn plain(address: &str) -> &str {
    let address = address.trim_end_matches('/');
    address.strip_suffix(".git").unwrap_or(address)
}

/// Names of branches in which `*` stands for any characters, a `/` among them.
fn patterns(written: &str) -> Result<Vec<String>, String> {
    if written.chars().count() > GIT_PUSH_CHARS_MAX {
        return Err(format!("has more than {GIT_PUSH_CHARS_MAX} characters"));
    }
    let names = written.split(',').map(str::trim).filter(|name| !name.is_empty());
    let patterns: Vec<String> = names.map(str::to_owned).collect();
    for pattern in &patterns {
        // What would be a name if the star were a letter.
        let name = Reference::parse(&pattern.replace('*', "x"));
        if pattern.starts_with("refs/") || !matches!(name, Ok(Reference::Named(_))) {
            return Err(format!("has {pattern:?}, which is no pattern of branches, such as main or downbeat/*"));
        }
    }
    if patterns.is_empty() {
        return Err("names no branch: write some, such as main or downbeat/*, with commas between".to_owned());
    }
    Ok(patterns)
}

fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_everything_else_for_itself() {
        for (pattern, name, expected) in [
            ("main", "main", true),
            ("main", "main2", false),
            ("main", "mai", false),
            ("*", "any/thing", true),
            ("downbeat/*", "downbeat/x/y", true),
            ("downbeat/*", "downbeat", false),
            ("downbeat/*", "x/downbeat/y", false),
            ("*/x", "a/b/x", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("Main", "main", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_no_list_of_patterns_is_refused() {
        assert_eq!(patterns(" main, downbeat/* ,").unwrap(), ["main", "downbeat/*"]);
        for bad in ["", " , ", "a b", "-x", "refs/heads/main", "refs/tags/*", "a..b", "ma:in", &"a,".repeat(2_000)] {
            assert!(patterns(bad).is_err(), "{bad}");
        }
    }
}
