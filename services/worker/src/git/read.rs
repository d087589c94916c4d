//! The text of one file of a repository, and which commit a branch is at, without a checkout.
//!
//! Promises: besides what the module promises, that nothing of the repository is written as files and no link is followed; that what comes
//! back is the text of a file, of bounded size; that credentials go only where the connection, or else the provider's own base, says that
//! they belong. Dropped, it leaves nothing: git is ended and its folder goes.

use std::{path::Path, time::Duration};

use super::{
    Bounds, Fetching, Git, Repository,
    access::{Access, Keys},
    address::{Address, Protocol},
    ground::{Camp, Tent},
    host::{Hosts, Provider},
    reach,
    reference::Reference,
    words,
};
use crate::attempt::{Ending, Failure};
use crate::connections::Connection;
use crate::connectors::Step;
use crate::limits::{
    GIT_READ_BYTES_MAX, GIT_READ_FILE_BYTES_MAX, GIT_READ_FILES_MAX, GIT_READ_PATH_CHARS_MAX, GIT_SAID_BYTES_MAX,
};
use crate::stop::{StopLevel, StopSender, StopSignal, stop_channel};

/// How a file begins that Git LFS keeps elsewhere.
const LFS_POINTER: &str = "version https://git-lfs.github.com/spec/";
const ADVICE: &str = "only one file of it is wanted, so something in it is too large";

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) struct FileAsked {
    pub(crate) provider: Provider,
    /// `owner/name`, or an address.
    pub(crate) repository: String,
    /// Empty: the repository's default one. With a commit: what to show beside it, if that is where the branch is.
    pub(crate) branch: String,
    /// Empty: where the branch is now.
    pub(crate) commit: String,
    /// Of the file; empty: only where the branch is is asked.
    pub(crate) path: String,
    /// The commit that is known: where the branch is still there, the file is not read.
    pub(crate) known: String,
    pub(crate) time: Duration,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) commit: String,
    /// Whose head it is; empty: a commit was asked for, which is not the head of the branch that was named.
    pub(crate) branch: String,
    /// `None`: it was not wanted, or the commit is known.
    pub(crate) text: Option<String>,
}

/// A file of a commit.
#[derive(Debug)]
pub(super) struct There {
    /// As git writes it.
    pub(super) mode: String,
    pub(super) text: String,
}

/// Ends what it belongs to when it is dropped.
pub(super) struct EndsOnDrop(pub(super) StopSender);

impl Drop for EndsOnDrop {
    fn drop(&mut self) {
        self.0.ask(StopLevel::Kill);
    }
}

impl Git {
    /// Reads a file, or finds out where a branch is. `connection`: the provider's default one.
    pub(crate) async fn read_file(
        &self,
        camp: &Camp,
        hosts: &Hosts,
        connection: Option<&Connection>,
        asked: FileAsked,
    ) -> Result<Found, Failure> {
        let repository = self.repository(hosts, connection, &asked)?;
        check_path(&asked.path)?;
        let git = self.for_one_file(asked.time);
        let tent = camp.pitch()?;
        if let Some(connection) = connection {
            tent.log.learn(connection.secrets()).await;
        }
        let (asks, stop) = stop_channel();
        let _ends = EndsOnDrop(asks);
        // In a task of its own: whoever waits may be dropped, and git has to be ended then, not left alone.
        let reading = tokio::spawn(async move { git.read_in(tent, &repository, &asked, &stop).await });
        match reading.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(Ending::Failed(failure))) => Err(failure),
            Ok(Err(_)) => Err(Failure::transient("git was ended before it had the file")),
            Err(_) => {
                Err(Failure::job("reading the repository failed inside Downbeat (a bug there, please report it)"))
            }
        }
    }

    /// With the bounds of work on a single file.
    pub(super) fn for_one_file(&self, wait: Duration) -> Self {
        let bounds = Bounds { wait, bytes: GIT_READ_BYTES_MAX, files: GIT_READ_FILES_MAX, advice: ADVICE };
        Self { bounds, ..self.clone() }
    }

    /// Where a repository is that somebody named.
    pub(super) fn address(&self, hosts: &Hosts, provider: Provider, repository: &str) -> Result<Address, Failure> {
        let bad = |why: String| Failure::misconfigured(format!("the repository {why}"));
        let text = hosts.address(provider, repository).map_err(bad)?;
        Address::parse(&text, &self.also).map_err(|why| {
            let how = if text.starts_with("file:") || text.starts_with("http:") {
                " (--git-protocol of the worker allows others)"
            } else {
                ""
            };
            bad(format!("{why}{how}"))
        })
    }

    fn repository(
        &self,
        hosts: &Hosts,
        connection: Option<&Connection>,
        asked: &FileAsked,
    ) -> Result<Repository, Failure> {
        let bad = |what: &str, why: String| Failure::misconfigured(format!("{what} {why}"));
        let address = self.address(hosts, asked.provider, &asked.repository)?;
        let reference = match (asked.commit.as_str(), asked.branch.as_str()) {
            ("", "") => Reference::Default,
            ("", branch) => Reference::parse(branch).map_err(|why| bad("the branch", why))?,
            (commit, branch) => {
                if !branch.is_empty() {
                    Reference::parse(branch).map_err(|why| bad("the branch", why))?;
                }
                match Reference::parse(commit).map_err(|why| bad("the commit", why))? {
                    whole @ Reference::Commit(_) => whole,
                    _ => {
                        let whole = "is named by its whole hash, 40 or 64 digits of 0-9 a-f";
                        return Err(bad("the commit", whole.to_owned()));
                    }
                }
            }
        };
        let access = self.access(hosts, connection, asked.provider, &address)?;
        Ok(Repository { address, reference, folders: Vec::new(), access })
    }

    /// The connection's credentials, where the address is on the server that they are for.
    fn access(
        &self,
        hosts: &Hosts,
        connection: Option<&Connection>,
        provider: Provider,
        address: &Address,
    ) -> Result<Access, Failure> {
        if address.protocol == Protocol::File {
            return Ok(Access::Open);
        }
        if let Some(connection) = connection
            && self.is_for(hosts, connection, provider, address)?
        {
            return Access::read(connection, address);
        }
        if address.protocol == Protocol::Ssh {
            let word = provider.word();
            return Err(Failure::misconfigured(format!(
                "{}: ssh needs a key: put default_{}.json (integration {word}) into the worker's folder of connections, with git_private_key, \
                 git_host_key and, as git_repository, an address of that server",
                address.text,
                word.to_ascii_lowercase()
            )));
        }
        Ok(Access::Open)
    }

    async fn read_in(&self, tent: Tent, repository: &Repository, asked: &FileAsked, stop: &StopSignal) -> Step<Found> {
        let addresses = reach::addresses(&repository.address, stop).await?;
        let ground = tent.ground(stop);
        let keys = Keys::write(&repository.access, ground.folder, &addresses)?;
        let found = self.fetching(ground, repository, &addresses).find(asked).await;
        drop(keys);
        found
    }
}

impl Fetching<'_> {
    async fn find(&self, asked: &FileAsked) -> Step<Found> {
        let folder = self.begin().await?;
        let reference = &self.repository.reference;
        let branch;
        if let Reference::Commit(commit) = reference {
            branch = self.branch_at(&folder, &asked.branch, commit).await?;
        } else {
            let Some((commit, name)) = self.head_of(&folder, reference).await? else {
                let text = &self.repository.address.text;
                let what = match reference {
                    Reference::Default => "it has no commit yet".to_owned(),
                    other => format!("there is no {other} in it"),
                };
                return Err(Failure::misconfigured(format!("{text}: {what}")).into());
            };
            branch = name;
            if asked.path.is_empty() || commit == asked.known {
                return Ok(Found { commit, branch, text: None });
            }
        }
        // Of the files only the one that is asked for comes, where the server can do so.
        let commit = self.commit_of(&folder, reference).await?;
        if asked.path.is_empty() {
            return Ok(Found { commit, branch, text: None });
        }
        let Some(There { text, .. }) = self.file(&folder, &commit, &asked.path).await? else {
            let place = format!("{} of {} at commit {commit}", asked.path, self.repository.address.text);
            let why = format!("{place}: there is no such file (links on the way to it are not followed)");
            return Err(Failure::misconfigured(why).into());
        };
        Ok(Found { commit, branch, text: Some(text) })
    }

    /// Fetches what a reference leads to, without the files in it where the server can do so: the commit.
    pub(super) async fn commit_of(&self, folder: &Path, reference: &Reference) -> Step<String> {
        let mut fetch = words(&["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"]);
        fetch.extend(words(&["--filter=blob:none", "--", "origin", reference.refspec()]));
        self.step(folder, "fetching", fetch).await?;
        let parse = words(&["rev-parse", "--verify", "--quiet", "--end-of-options", "FETCH_HEAD^{commit}"]);
        self.word(folder, "finding the commit", parse).await
    }

    /// The one word that git prints.
    pub(super) async fn word(&self, folder: &Path, what: &str, arguments: Vec<String>) -> Step<String> {
        let said = self.asked(folder, what, arguments, Some(GIT_SAID_BYTES_MAX)).await?;
        Ok(String::from_utf8_lossy(&said).trim().to_owned())
    }

    /// The branch that was named beside a commit, where that is its head; else empty, as nobody looks whether the commit is on it.
    async fn branch_at(&self, folder: &Path, named: &str, commit: &str) -> Step<String> {
        let Ok(reference @ Reference::Named(_)) = Reference::parse(named) else { return Ok(String::new()) };
        let head = self.head_of(folder, &reference).await?;
        Ok(head.filter(|(at, _)| at == commit).map(|(_, name)| name).unwrap_or_default())
    }

    /// Where the server says that a reference is, and its name there.
    pub(super) async fn head_of(&self, folder: &Path, reference: &Reference) -> Step<Option<(String, String)>> {
        let list = words(&["ls-remote", "--symref", "--", "origin", reference.refspec()]);
        let said = self.asked(folder, "asking for the branch", list, Some(GIT_SAID_BYTES_MAX)).await?;
        Ok(head(&String::from_utf8_lossy(&said), reference))
    }

    /// A file of a commit that was fetched; `None`: there is none.
    pub(super) async fn file(&self, folder: &Path, commit: &str, path: &str) -> Step<Option<There>> {
        let place = format!("{path} of {} at commit {commit}", self.repository.address.text);
        let wrong = |why: String| Ending::from(Failure::misconfigured(format!("{place}: {why}")));
        let list = words(&["ls-tree", "-z", "--full-tree", "--", commit, path]);
        let said = self.asked(folder, "looking for the file", list, Some(GIT_SAID_BYTES_MAX)).await?;
        let said = String::from_utf8_lossy(&said).into_owned();
        let entry = said.split('\0').find_map(|line| line.split_once('\t').filter(|(_, name)| *name == path));
        let Some((head, _)) = entry else { return Ok(None) };
        let mut parts = head.split(' ');
        let (mode, object) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        match mode {
            "100644" | "100755" | "100664" => {}
            "120000" => return Err(wrong("it is a link, and links are not followed: name the file itself".to_owned())),
            "160000" => return Err(wrong("it is a submodule, and submodules are not fetched".to_owned())),
            _ => return Err(wrong("it is a folder: name a file in it".to_owned())),
        }
        let size = self.asked(folder, "measuring the file", words(&["cat-file", "-s", object]), Some(64)).await?;
        let size: usize = String::from_utf8_lossy(&size).trim().parse().unwrap_or(usize::MAX);
        if size > GIT_READ_FILE_BYTES_MAX {
            return Err(wrong(format!("it has {size} bytes; at most {GIT_READ_FILE_BYTES_MAX} are read")));
        }
        let print = words(&["cat-file", "blob", object]);
        let bytes = self.asked(folder, "reading the file", print, Some(GIT_READ_FILE_BYTES_MAX)).await?;
        let text = readable(bytes).map_err(wrong)?;
        Ok(Some(There { mode: mode.to_owned(), text }))
    }
}

/// The commit that git names for a reference, and the branch's name.
pub(super) fn head(said: &str, reference: &Reference) -> Option<(String, String)> {
    let mut branch = String::new();
    let mut found = None;
    for line in said.lines() {
        let Some((value, name)) = line.split_once('\t') else { continue };
        if name != reference.refspec() {
            continue;
        }
        match value.strip_prefix("ref: ") {
            Some(target) => branch = target.strip_prefix("refs/heads/").unwrap_or(target).to_owned(),
            None => found = Some(value.to_owned()),
        }
    }
    if let Reference::Named(name) = reference {
        branch = name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    }
    found.map(|commit| (commit, branch))
}

pub(super) fn readable(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())?;
    if text.starts_with(LFS_POINTER) {
        return Err("Git LFS keeps it elsewhere: pipelines have to stand in the repository itself".to_owned());
    }
    let invisible = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if text.chars().any(invisible) {
        return Err("it is no text: there are control characters in it".to_owned());
    }
    Ok(text)
}

/// Relative, and never out of the repository; no pattern of git's.
pub(super) fn check_path(path: &str) -> Result<(), Failure> {
    let part = |part: &str| !part.is_empty() && !matches!(part, "." | "..") && !part.eq_ignore_ascii_case(".git");
    let fits = path.chars().count() <= GIT_READ_PATH_CHARS_MAX
        && path.split('/').all(part)
        && !path.starts_with(':')
        && !path.contains(|letter: char| letter.is_control() || letter == '\\');
    if path.is_empty() || fits {
        return Ok(());
    }
    Err(Failure::misconfigured(format!(
        "{path:?} is no path of a file in a repository: it is relative, without `..`, `.git`, backslashes and a `:` at its beginning, of at most \
         {GIT_READ_PATH_CHARS_MAX} characters"
    )))
}
