//! Where the repositories of a provider are, of which people write `owner/name`.
//!
//! Promises that such a name leads to a place below the provider's base and nowhere else. Knows nothing of who may read there.

use std::collections::BTreeMap;

use reqwest::Url;

use super::address::Protocol;

/// Whose repositories these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Provider {
    Github,
    Gitlab,
    Bitbucket,
    AzureDevops,
    /// Anybody's, by their addresses.
    Git,
}

impl Provider {
    const ALL: [Self; 5] = [Self::Github, Self::Gitlab, Self::Bitbucket, Self::AzureDevops, Self::Git];

    /// As the coordinator names it, and as the integration of its connections is called.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Github => "GITHUB",
            Self::Gitlab => "GITLAB",
            Self::Bitbucket => "BITBUCKET",
            Self::AzureDevops => "AZURE_DEVOPS",
            Self::Git => "GIT",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.word() == word)
    }

    fn public(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("https://github.com/"),
            Self::Gitlab => Some("https://gitlab.com/"),
            Self::Bitbucket => Some("https://bitbucket.org/"),
            Self::AzureDevops => Some("https://dev.azure.com/"),
            Self::Git => None,
        }
    }
}

/// Bases that the operator put in the place of the public ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts(BTreeMap<Provider, Url>);

impl Hosts {
    /// From `github=https://git.example.com/` and the like. `also`: protocols besides https.
    ///
    /// # Errors
    /// Says which text is none of these.
    pub(crate) fn read(written: &[String], also: &[String]) -> Result<Self, String> {
        let mut hosts = BTreeMap::new();
        for text in written {
            let wrong = |why: String| format!("{text:?} {why}: write it like github=https://git.example.com/");
            let (name, base) = text.split_once('=').ok_or_else(|| wrong("has no `=`".to_owned()))?;
            let provider = Provider::from_word(&name.trim().to_ascii_uppercase());
            let provider = provider.filter(|provider| provider.public().is_some()).ok_or_else(|| {
                wrong("names none of github, gitlab, bitbucket and azure_devops before the `=`".to_owned())
            })?;
            let mut base =
                Url::parse(base.trim()).map_err(|error| wrong(format!("has no URL behind the `=` ({error})")))?;
            let protocol = Protocol::named(base.scheme()).filter(|protocol| match protocol {
                Protocol::Https => true,
                Protocol::Ssh => false,
                Protocol::Http | Protocol::File => also.iter().any(|name| name == protocol.name()),
            });
            if protocol.is_none() {
                return Err(wrong("must lead to https, or to what --git-protocol allows (http, file)".to_owned()));
            }
            let has_more = base.query().is_some() || base.fragment().is_some();
            if has_more || !base.username().is_empty() || base.password().is_some() {
                return Err(wrong("has a user, a password, `?` or `#`".to_owned()));
            }
            if !base.path().ends_with('/') {
                base.set_path(&format!("{}/", base.path()));
            }
            if hosts.insert(provider, base).is_some() {
                return Err(wrong("names a provider a second time".to_owned()));
            }
        }
        Ok(Self(hosts))
    }

    /// Where a provider's repositories are.
    pub(crate) fn base(&self, provider: Provider) -> Option<Url> {
        self.0.get(&provider).cloned().or_else(|| Url::parse(provider.public()?).ok())
    }

    /// The address of a repository, of which the text is `owner/name`, or an address already.
    pub(crate) fn address(&self, provider: Provider, repository: &str) -> Result<String, String> {
        let is_address = repository.contains("://") || repository.contains('@');
        let Some(mut url) = self.base(provider).filter(|_| !is_address) else { return Ok(repository.to_owned()) };
        let parts: Vec<&str> = repository.trim_end_matches('/').split('/').collect();
        let fits = |part: &&str| !part.is_empty() && !matches!(*part, "." | "..") && !part.starts_with('-');
        if parts.len() < 2 || !parts.iter().all(fits) {
            return Err("must be owner/name, or an address like https://git.example.com/team/code.git".to_owned());
        }
        let of_files = url.scheme() == "file";
        let mut path = url.path_segments_mut().map_err(|()| "has a provider without a path".to_owned())?;
        path.pop_if_empty();
        match (provider, parts.as_slice()) {
            // As its own addresses are: project, then `_git`, then the repository.
            (Provider::AzureDevops, [first @ .., name]) if !of_files => {
                path.extend(first.iter().copied().filter(|part| *part != "_git")).push("_git").push(name);
            }
            (_, [first @ .., name]) => {
                path.extend(first);
                // Some redirect without the ending, and no redirect is followed; of folders git finds both.
                if of_files || name.ends_with(".git") {
                    path.push(name)
                } else {
                    path.push(&format!("{name}.git"))
                };
            }
            (_, []) => {}
        }
        drop(path);
        Ok(url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_providers() {
        let also = ["file".to_owned(), "http".to_owned()];
        let own =
            Hosts::read(&["github=file:///srv/github.com".to_owned(), "gitlab=http://git.test:81/x".to_owned()], &also);
        let own = own.unwrap();
        let public = Hosts::default();
        for (hosts, provider, repository, address) in [
            (&public, Provider::Github, "acme/etl", "https://github.com/acme/etl.git"),
            (&public, Provider::Gitlab, "acme/team/etl", "https://gitlab.com/acme/team/etl.git"),
            (&public, Provider::Bitbucket, "acme/etl.git", "https://bitbucket.org/acme/etl.git"),
            (&public, Provider::AzureDevops, "acme/My Project/etl", "https://dev.azure.com/acme/My%20Project/_git/etl"),
            (&public, Provider::Github, "https://git.test/a/b", "https://git.test/a/b"),
            (&public, Provider::Git, "git@git.test:a/b", "git@git.test:a/b"),
            (&own, Provider::Github, "acme/etl", "file:///srv/github.com/acme/etl"),
            (&own, Provider::Gitlab, "acme/etl", "http://git.test:81/x/acme/etl.git"),
            (&own, Provider::Bitbucket, "acme/etl", "https://bitbucket.org/acme/etl.git"),
        ] {
            assert_eq!(hosts.address(provider, repository).unwrap(), address);
        }
        for bad in ["acme", "../etl", "acme/../../etl", "acme//etl", "acme/-x", ""] {
            assert!(own.address(Provider::Github, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn settings_that_are_none_are_refused_with_their_text() {
        for (text, why) in [
            ("github", "no `=`"),
            ("git=https://a/", "names none of"),
            ("svn=https://a/", "names none of"),
            ("github=nonsense", "no URL"),
            ("github=http://a/", "--git-protocol"),
            ("github=file:///srv", "--git-protocol"),
            ("github=ssh://a/", "--git-protocol"),
            ("github=https://me@a/", "user"),
        ] {
            let refused = Hosts::read(&[text.to_owned()], &[]).unwrap_err();
            assert!(refused.contains(why) && refused.contains(&format!("{text:?}")), "{refused}");
        }
        let twice = ["github=https://a/".to_owned(), "GITHUB=https://b/".to_owned()];
        assert!(Hosts::read(&twice, &[]).unwrap_err().contains("second time"));
    }
}
