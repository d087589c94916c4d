//! Where files of pipelines are kept, and which commit a text came from.
//!
//! Promises: what passes [`PipelineStorage::check`] and [`GitOrigin::check`] is bounded, names nothing outside of its repository and
//! carries no credentials. Knows nothing about how a repository is read or written.

use crate::limits;

/// Who keeps the file of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorageProvider {
    /// We do.
    Orchestra,
    /// Azure DevOps.
    AzureDevops,
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Bitbucket.
    Bitbucket,
    /// Any repository, by its URL.
    Git,
}

impl StorageProvider {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Orchestra, Self::AzureDevops, Self::Github, Self::Gitlab, Self::Bitbucket, Self::Git];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orchestra => "ORCHESTRA",
            Self::AzureDevops => "AZURE_DEVOPS",
            Self::Github => "GITHUB",
            Self::Gitlab => "GITLAB",
            Self::Bitbucket => "BITBUCKET",
            Self::Git => "GIT",
        }
    }

    /// From the word of the API.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == word)
    }
}

/// Where the file of a pipeline is kept. Of [`StorageProvider::Orchestra`] everything else is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineStorage {
    /// Who keeps it.
    pub provider: StorageProvider,
    /// `owner/name`, or a URL.
    pub repository: String,
    /// The branch whose file counts.
    pub default_branch: String,
    /// Changes are made here; empty = in the default branch.
    pub working_branch: String,
    /// Path of the file in the repository.
    pub yaml_path: String,
}

impl PipelineStorage {
    /// By us.
    pub fn ours() -> Self {
        Self {
            provider: StorageProvider::Orchestra,
            repository: String::new(),
            default_branch: String::new(),
            working_branch: String::new(),
            yaml_path: String::new(),
        }
    }

    /// The branch that counts: changes are made on the working branch, where there is one.
    pub fn counting_branch(&self) -> &str {
        if self.working_branch.is_empty() { &self.default_branch } else { &self.working_branch }
    }

    /// Can a file be kept there?
    ///
    /// # Errors
    /// Says which field cannot be, and what could.
    pub fn check(&self) -> Result<(), String> {
        if self.provider == StorageProvider::Orchestra {
            let others = [&self.repository, &self.default_branch, &self.working_branch, &self.yaml_path];
            return match others.iter().all(|field| field.is_empty()) {
                true => Ok(()),
                false => Err("storage: with provider ORCHESTRA there is no repository, branch or yaml_path".to_owned()),
            };
        }
        if self.repository.chars().count() > limits::REPOSITORY_CHARS_MAX {
            let most = limits::REPOSITORY_CHARS_MAX;
            return Err(format!("storage.repository: at most {most} characters are allowed"));
        }
        let slug = self.provider != StorageProvider::Git && is_slug(&self.repository, self.provider);
        if !slug && !is_url(&self.repository) {
            let or_slug = if self.provider == StorageProvider::Git { "" } else { "`owner/name`, or " };
            return Err(format!(
                "storage.repository: give {or_slug}an https or ssh URL without a password, such as https://host/owner/name"
            ));
        }
        check_branch("storage.default_branch", &self.default_branch)?;
        if !self.working_branch.is_empty() {
            check_branch("storage.working_branch", &self.working_branch)?;
        }
        check_path(&self.yaml_path)
    }
}

/// A place in a git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitOrigin {
    /// Name of the branch; empty = a commit was asked for.
    pub branch: String,
    /// Full id, in lower case.
    pub commit: String,
}

impl GitOrigin {
    /// Can a text come from there?
    ///
    /// # Errors
    /// Says which field cannot be, and what could.
    pub fn check(&self) -> Result<(), String> {
        if !self.branch.is_empty() {
            check_branch("origin.branch", &self.branch)?;
        }
        let is_hex = self.commit.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        match is_hex && matches!(self.commit.len(), 40 | 64) {
            true => Ok(()),
            false => Err("origin.commit: the full id of a commit is 40 or 64 digits of 0-9 a-f".to_owned()),
        }
    }
}

/// `owner/name`, or with groups between; projects of Azure DevOps may have spaces in their names.
fn is_slug(text: &str, provider: StorageProvider) -> bool {
    let spaces = provider == StorageProvider::AzureDevops;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte) || (spaces && byte == b' ');
    let part = |part: &str| {
        !part.is_empty()
            && !matches!(part, "." | "..")
            && part.trim() == part
            && !part.starts_with('-')
            && part.bytes().all(fits)
    };
    text.contains('/') && text.split('/').all(part)
}

/// `https://host/path`, `ssh://user@host/path`, `user@host:path` or `file:///path` (which workers only take where they are told to): no password, nothing that a shell or a browser would read otherwise.
fn is_url(text: &str) -> bool {
    let visible = text.chars().all(|one| one.is_ascii_graphic() && !"\\\"'`<>{}|^?#".contains(one));
    let host = |host: &str| {
        let name = host.split_once(':').map_or(host, |(name, _)| name);
        let port = host.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok());
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        port && !name.is_empty() && !name.starts_with(['-', '.']) && name.bytes().all(fits)
    };
    let user = |user: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !user.is_empty() && !user.starts_with('-') && user.bytes().all(fits)
    };
    let path = |path: &str| {
        let parts = path.strip_suffix('/').unwrap_or(path);
        !parts.is_empty() && parts.split('/').all(|part| !part.is_empty() && !matches!(part, "." | ".."))
    };
    if !visible {
        return false;
    }
    if let Some(rest) = text.strip_prefix("https://") {
        return rest.split_once('/').is_some_and(|(authority, rest)| host(authority) && path(rest));
    }
    if let Some(rest) = text.strip_prefix("file:///") {
        return path(rest);
    }
    if let Some(rest) = text.strip_prefix("ssh://") {
        let Some((authority, rest)) = rest.split_once('/') else { return false };
        let (name, machine) = authority.split_once('@').map_or((None, authority), |(name, host)| (Some(name), host));
        return name.is_none_or(user) && host(machine) && path(rest);
    }
    let Some((name, rest)) = text.split_once('@') else { return false };
    let short = rest.split_once(':').map(|(machine, rest)| (machine, rest.strip_prefix('/').unwrap_or(rest)));
    user(name) && short.is_some_and(|(machine, rest)| host(machine) && path(rest))
}

/// `owner/name` of a repository that is named by that, or by its URL: with two spellings it is one repository.
pub fn slug(repository: &str) -> &str {
    let trimmed = repository.trim_end_matches('/');
    let trimmed = trimmed.strip_suffix(".git").unwrap_or(trimmed);
    let path =
        trimmed.split_once("://").map_or(trimmed, |(_, rest)| rest.split_once('/').map_or(rest, |(_, path)| path));
    // As ssh spells it: git@host:owner/name.
    path.rsplit_once(':').map_or(path, |(_, path)| path)
}

/// The name of a branch as it is, however it is written: without `refs/heads/`.
///
/// # Errors
/// It is something else than a branch, or holds what a worker would take away.
pub fn branch_name(written: &str) -> Result<&str, String> {
    let written = written.trim();
    let name = written.strip_prefix("refs/heads/").unwrap_or(written);
    if name.starts_with("refs/") || name.contains(char::is_whitespace) {
        return Err("branch: name it as git shows it, such as main, without spaces".to_owned());
    }
    Ok(name)
}

/// The rules of git for names of branches (`git check-ref-format --branch`).
fn check_branch(field: &str, name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("{field}: name a branch"));
    }
    if name.len() > limits::BRANCH_BYTES_MAX {
        return Err(format!("{field}: at most {} bytes are allowed", limits::BRANCH_BYTES_MAX));
    }
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let fits = name.split('/').all(part)
        && !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && name != "@"
        && !name.contains(|one: char| one.is_control() || " ~^:?*[\\".contains(one));
    if fits { Ok(()) } else { Err(format!("{field}: git allows no branch of this name")) }
}

/// Relative, with `/` between, never out of its repository.
fn check_path(path: &str) -> Result<(), String> {
    if path.chars().count() > limits::YAML_PATH_CHARS_MAX {
        return Err(format!("storage.yaml_path: at most {} characters are allowed", limits::YAML_PATH_CHARS_MAX));
    }
    let part = |part: &str| !part.is_empty() && !matches!(part, "." | ".." | ".git");
    let fits = path.split('/').all(part) && !path.contains(|one: char| one.is_control() || one == '\\');
    let wanted = "storage.yaml_path: give the path of the file in the repository, such as pipelines/orders.yml";
    if fits { Ok(()) } else { Err(wanted.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(provider: StorageProvider, repository: &str) -> PipelineStorage {
        PipelineStorage {
            provider,
            repository: repository.to_owned(),
            default_branch: "main".to_owned(),
            working_branch: String::new(),
            yaml_path: "pipelines/orders.yml".to_owned(),
        }
    }

    #[test]
    fn words_read_back() {
        for provider in StorageProvider::ALL {
            assert_eq!(StorageProvider::from_word(provider.as_str()), Some(provider));
        }
        assert_eq!(StorageProvider::from_word("github"), None);
    }

    #[test]
    fn repositories_are_slugs_or_urls_without_credentials() {
        use StorageProvider::{AzureDevops, Git, Github, Gitlab};
        let long = format!("owner/{}", "n".repeat(limits::REPOSITORY_CHARS_MAX));
        let cases = [
            (Github, "acme/data.pipelines", true),
            (Gitlab, "acme/team/data", true),
            (AzureDevops, "acme/My Project/data", true),
            (Github, "acme/My Project", false),
            (Github, "acme", false),
            (Github, "", false),
            (Github, "../data", false),
            (Github, "acme//data", false),
            (Github, "-acme/data", false),
            (Github, "acme/da\nta", false),
            (Github, &long, false),
            (Git, "acme/data", false),
            (Git, "https://git.acme.test/data.git", true),
            (Git, "https://git.acme.test:8443/a/data.git", true),
            (Git, "ssh://git@git.acme.test:22/a/data.git", true),
            (Git, "git@git.acme.test:a/data.git", true),
            (Git, "https://ada@git.acme.test/data", false),
            (Git, "https://ada:secret@git.acme.test/data", false),
            (Git, "ssh://ada:secret@git.acme.test/data", false),
            (Git, "ada:secret@git.acme.test:data", false),
            (Git, "http://git.acme.test/data", false),
            (Git, "file:///srv/code.git", true),
            (Git, "file:///srv/../etc", false),
            (Git, "file://host/srv", false),
            (Git, "file:///", false),
            (Git, "https://git.acme.test/a/../b", false),
            (Git, "https://git.acme.test/a?token=x", false),
            (Git, "https://git.acme.test", false),
            (Git, "ssh://-oProxyCommand=x/a", false),
            (Git, "https://git.acme.test:99999/a", false),
        ];
        for (provider, repository, fits) in cases {
            assert_eq!(kept(provider, repository).check().is_ok(), fits, "{} {repository}", provider.as_str());
        }
    }

    #[test]
    fn branches_follow_the_rules_of_git() {
        let long = "b".repeat(limits::BRANCH_BYTES_MAX + 1);
        let cases = [
            ("main", true),
            ("feature/a-b_c.d", true),
            ("grün", true),
            ("", false),
            ("a..b", false),
            ("a b", false),
            ("a~1", false),
            ("a^", false),
            ("a:b", false),
            ("a?", false),
            ("a*", false),
            ("a[b", false),
            ("a\\b", false),
            ("/a", false),
            ("a/", false),
            ("a//b", false),
            (".a", false),
            ("a/.b", false),
            ("a.lock", false),
            ("a.", false),
            ("a@{b", false),
            ("@", false),
            ("-a", false),
            ("a\u{7f}", false),
            (&long, false),
        ];
        for (branch, fits) in cases {
            let storage = PipelineStorage { default_branch: branch.to_owned(), ..kept(StorageProvider::Github, "a/b") };
            assert_eq!(storage.check().is_ok(), fits, "{branch}");
        }
        let working = PipelineStorage { working_branch: "a..b".to_owned(), ..kept(StorageProvider::Github, "a/b") };
        assert_eq!(working.check().unwrap_err(), "storage.working_branch: git allows no branch of this name");
    }

    #[test]
    fn paths_stay_inside_of_their_repository() {
        let long = "p".repeat(limits::YAML_PATH_CHARS_MAX + 1);
        for (path, fits) in [
            ("orders.yml", true),
            ("a b/ü.yaml", true),
            ("", false),
            ("/etc/passwd", false),
            ("a/../../b.yml", false),
            ("./a.yml", false),
            ("a//b.yml", false),
            ("a\\b.yml", false),
            (".git/config", false),
            ("a\0b", false),
            (&long, false),
        ] {
            let storage = PipelineStorage { yaml_path: path.to_owned(), ..kept(StorageProvider::Github, "a/b") };
            assert_eq!(storage.check().is_ok(), fits, "{path}");
        }
    }

    #[test]
    fn what_we_keep_is_in_no_repository() {
        assert_eq!(PipelineStorage::ours().check(), Ok(()));
        assert!(kept(StorageProvider::Orchestra, "a/b").check().is_err());
    }

    #[test]
    fn a_repository_has_one_name_however_it_is_written() {
        for repository in [
            "acme/etl",
            "acme/etl/",
            "https://git.test/acme/etl.git",
            "ssh://git@git.test:22/acme/etl",
            "git@git.test:acme/etl.git",
        ] {
            assert_eq!(slug(repository), "acme/etl", "{repository}");
        }
        assert_eq!(slug("file:///srv/etl.git"), "srv/etl");
    }

    #[test]
    fn a_branch_has_one_name_however_it_is_written() {
        for (written, name) in [
            ("main", Some("main")),
            (" main\u{a0}", Some("main")),
            ("refs/heads/a/b", Some("a/b")),
            ("refs/heads/refs/heads/main", None),
            ("refs/tags/v1", None),
            ("a\u{2003}b", None),
        ] {
            assert_eq!(branch_name(written).ok(), name, "{written}");
        }
    }

    #[test]
    fn an_origin_is_a_whole_commit() {
        let origin = |branch: &str, commit: String| GitOrigin { branch: branch.to_owned(), commit }.check().is_ok();
        assert!(origin("main", "0f".repeat(20)) && origin("", "a1".repeat(32)));
        for commit in ["", "0f0f0f0", &"0F".repeat(20), &"0g".repeat(20), &"a".repeat(41)] {
            assert!(!origin("main", commit.to_owned()), "{commit}");
        }
        assert!(!origin("a..b", "0f".repeat(20)));
    }
}
