//! One commit of one repository, fetched by the system's `git` into a folder of its own; and one commit made of a file, pushed to a branch.
//!
//! Promises: no shell sees anything from outside; only the protocols that are allowed, and no settings of the machine or its users; no hooks, no submodules,
//! no large files of LFS; an end after a time, a size and a number of files; no credential in an argument, a log line, an error or the
//! checkout. Knows nothing of what the code is for.

mod access;
mod address;
mod ground;
mod host;
mod may_push;
mod push;
mod reach;
mod read;
mod reasons;
mod reference;
mod server;
#[cfg(test)]
mod tests;
mod watch;
mod write;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use downbeat_proto::events::v1::FailureClass;

use crate::attempt::{Ending, Failure};
use crate::connections::Connection;
use crate::connectors::{Step, Task};
use crate::egress;
use crate::process::{
    environment::{Environment, allowed, own},
    log::last_lines,
    run::{Exit, Program, Ran, out_of_memory},
};
pub(crate) use access::FIELDS;
use access::{Access, Keys};
use address::{Address, Protocol};
pub(crate) use ground::Camp;
use ground::Ground;
pub(crate) use host::{Hosts, Provider};
pub(crate) use may_push::FIELD as PUSH_FIELD;
pub(crate) use read::{FileAsked, Found};
use reference::Reference;
pub(crate) use server::Named;
use watch::Bounds;
pub(crate) use write::{Author, FileToCommit, Written};

/// The folder in an attempt's own that holds the checkout.
const CHECKOUT: &str = "checkout";
/// Lines of what git said that an error repeats.
const LINES_SHOWN: usize = 4;

/// Fetches code, within what this worker allows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Git {
    also: Vec<Protocol>,
    bounds: Bounds,
}

/// What to fetch, checked.
#[derive(Debug)]
pub(crate) struct Repository {
    address: Address,
    reference: Reference,
    /// Only these folders, and the files above them; empty: everything.
    folders: Vec<String>,
    access: Access,
}

/// A commit on disk.
#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) folder: PathBuf,
    /// Its hash.
    pub(crate) commit: String,
}

impl Git {
    /// `also`: protocols besides https and ssh.
    pub(crate) fn new(also: &[String]) -> Self {
        Self { also: also.iter().filter_map(|name| Protocol::named(name)).collect(), bounds: Bounds::default() }
    }

    /// What the connection and the task's parameters `branch` and `shallow_clone_dirs` name; `None`: the connection has no repository.
    /// `project` is a folder that is wanted, too, where only some are.
    pub(crate) fn read(
        &self,
        connection: &Connection,
        branch: Option<&str>,
        folders: Option<&str>,
        project: Option<&str>,
    ) -> Result<Option<Repository>, Failure> {
        let Some(written) = connection.text("git_repository")? else { return Ok(None) };
        let address =
            Address::parse(written.trim(), &self.also).map_err(|why| connection.wrong("git_repository", why))?;
        let access = Access::read(connection, &address)?;
        let bad = |name: &str, why: String| Failure::misconfigured(format!("the parameter {name} {why}"));
        let reference = match (branch, connection.text("git_branch")?) {
            (Some(branch), _) => Reference::parse(branch).map_err(|why| bad("branch", why))?,
            (None, Some(branch)) => Reference::parse(branch).map_err(|why| connection.wrong("git_branch", why))?,
            (None, None) => Reference::Default,
        };
        let folders = match folders {
            Some(text) => reference::folders(text, project).map_err(|why| bad("shallow_clone_dirs", why))?,
            None => Vec::new(),
        };
        Ok(Some(Repository { address, reference, folders, access }))
    }

    /// Fetches it into the attempt's folder, with which it is removed.
    pub(crate) async fn check_out(&self, task: &Task, repository: &Repository) -> Step<Checkout> {
        let (shown, reference) = (&repository.address.text, &repository.reference);
        task.log.line(&format!("git: fetching {reference} of {shown}")).await;
        let ground = Ground::from(task);
        let addresses = reach::addresses(&repository.address, &task.stop).await?;
        // Gone before anything of the repository runs.
        let keys = Keys::write(&repository.access, ground.folder, &addresses)?;
        let checkout = self.fetching(ground, repository, &addresses).carry_out().await?;
        drop(keys);
        task.log.line(&format!("git: commit {} ({reference})", checkout.commit)).await;
        Ok(checkout)
    }

    fn fetching<'a>(&'a self, ground: Ground<'a>, repository: &'a Repository, addresses: &[IpAddr]) -> Fetching<'a> {
        let watch = self.bounds.begin(ground.folder.join(CHECKOUT));
        let environment = self.environment(ground.folder, repository, addresses);
        Fetching { ground, repository, environment, watch }
    }

    /// All that git sees. Its settings stand here and not in its arguments, which every user of the machine can read.
    fn environment(&self, home: &Path, repository: &Repository, addresses: &[IpAddr]) -> Environment {
        let mut variables = allowed(own());
        variables.retain(|name, _| !name.starts_with("PIP_") && !name.starts_with("UV_") && !name.starts_with("LC_"));
        if egress::gate().is_limited() {
            variables.retain(|name, _| !reach::PROXIES.contains(&name.as_str()));
        }
        let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
        // Git would sign in with what stands in a `.netrc`.
        set("HOME", &home.to_string_lossy());
        if let Ok(path) = std::env::var("PATH") {
            set("PATH", &path);
        }
        if let Ok(file) = std::env::var("SSL_CERT_FILE") {
            // Git does not know this name.
            set("GIT_SSL_CAINFO", &file);
        }
        for (name, value) in [
            // Whose words are read when it fails.
            ("LC_ALL", "C"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_LFS_SKIP_SMUDGE", "1"),
            ("GIT_SSH_COMMAND", access::SSH_COMMAND),
            ("GIT_SSH_VARIANT", "ssh"),
        ] {
            set(name, value);
        }
        let settings = self.settings(repository, addresses);
        set("GIT_CONFIG_COUNT", &settings.len().to_string());
        for (number, (name, value)) in settings.iter().enumerate() {
            set(&format!("GIT_CONFIG_KEY_{number}"), name);
            set(&format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        variables
    }

    fn settings(&self, repository: &Repository, addresses: &[IpAddr]) -> Vec<(String, String)> {
        let mut settings: Vec<(String, String)> = [
            ("core.hooksPath", "/dev/null"),
            ("core.fsmonitor", "false"),
            ("submodule.recurse", "false"),
            ("push.recurseSubmodules", "no"),
            ("push.followTags", "false"),
            ("push.gpgSign", "false"),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            ("advice.detachedHead", "false"),
            // Whoever answers must not send it on to an address that was not looked at.
            ("http.followRedirects", "false"),
            ("http.lowSpeedLimit", "1000"),
            ("http.lowSpeedTime", "60"),
            ("protocol.allow", "never"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for protocol in [Protocol::Https, Protocol::Ssh].iter().chain(&self.also) {
            settings.push((format!("protocol.{}.allow", protocol.name()), "always".to_owned()));
        }
        settings.extend(repository.access.settings(&repository.address));
        settings.extend(reach::pinned(&repository.address, addresses));
        settings
    }
}

/// One repository on its way.
struct Fetching<'a> {
    ground: Ground<'a>,
    repository: &'a Repository,
    environment: Environment,
    watch: watch::Watch,
}

/// Arguments of git.
fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Fetching<'_> {
    async fn carry_out(&self) -> Step<Checkout> {
        let folder = self.begin().await?;
        let mut fetch = words(&["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"]);
        if !self.repository.folders.is_empty() {
            let mut sparse = words(&["sparse-checkout", "set", "--cone", "--"]);
            sparse.extend(self.repository.folders.iter().cloned());
            self.step(&folder, "choosing the folders of shallow_clone_dirs", sparse).await?;
            // What lies elsewhere is not even sent, where the server can do so.
            fetch.push("--filter=blob:none".to_owned());
        }
        fetch.extend(words(&["--", "origin", self.repository.reference.refspec()]));
        self.step(&folder, "fetching", fetch).await?;
        let checkout = words(&["checkout", "--quiet", "--force", "--detach", "FETCH_HEAD", "--"]);
        self.step(&folder, "checking out", checkout).await?;
        // Detached, so that is the commit.
        let head = folder.join(".git").join("HEAD");
        let commit = tokio::fs::read_to_string(&head).await.map(|text| text.trim().to_owned());
        let commit = commit.map_err(|error| Failure::transient(format!("cannot read {}: {error}", head.display())))?;
        self.all_there(&folder).await?;
        Ok(Checkout { folder, commit })
    }

    /// An empty repository that knows where the other one is: its folder.
    async fn begin(&self) -> Step<PathBuf> {
        let folder = self.ground.folder.join(CHECKOUT);
        let init = words(&["init", "--quiet", "--template=", "--initial-branch=downbeat", "--", CHECKOUT]);
        self.step(self.ground.folder, "making the folder of the checkout", init).await?;
        let remote = words(&["remote", "add", "--", "origin", &self.repository.address.text]);
        self.step(&folder, "naming the repository", remote).await?;
        Ok(folder)
    }

    /// Git takes a folder that the commit has not; a script that misses it would say less.
    async fn all_there(&self, folder: &Path) -> Result<(), Failure> {
        for name in &self.repository.folders {
            if !tokio::fs::symlink_metadata(folder.join(name)).await.is_ok_and(|found| found.is_dir()) {
                let (text, reference) = (&self.repository.address.text, &self.repository.reference);
                return Err(Failure::misconfigured(format!(
                    "there is no folder {name:?} in {text} ({reference}): correct shallow_clone_dirs or project_dir"
                )));
            }
        }
        Ok(())
    }

    async fn step(&self, folder: &Path, what: &str, arguments: Vec<String>) -> Step<()> {
        self.asked(folder, what, arguments, None).await.map(drop)
    }

    /// What git prints, of which at most so many bytes are kept.
    async fn asked(&self, folder: &Path, what: &str, arguments: Vec<String>, keep: Option<usize>) -> Step<Vec<u8>> {
        let ran = self.ran(folder, arguments, keep).await?;
        let Some(how) = failed(&ran.exit)? else { return Ok(ran.output) };
        let said = self.ground.log.tail().await;
        let (class, advice) = reasons::of(&said);
        Err(self.failure(what, &how, &said, (class, advice)).into())
    }

    /// Git, to its end, however that is.
    async fn ran(&self, folder: &Path, arguments: Vec<String>, keep: Option<usize>) -> Step<Ran> {
        let program = Program {
            path: PathBuf::from("git"),
            arguments,
            folder: folder.to_owned(),
            environment: self.environment.clone(),
            keep_output: keep,
        };
        watch::run(self.ground, program, &self.watch).await
    }

    fn failure(&self, what: &str, how: &str, said: &str, (class, advice): (FailureClass, String)) -> Failure {
        let (text, reference) = (&self.repository.address.text, &self.repository.reference);
        let said = last_lines(said, LINES_SHOWN);
        let message = format!("git: {what} ({reference} of {text}) failed, {how}: {said}{advice}");
        Failure { class, ..Failure::job(message) }
    }
}

/// How git failed; `None`: it did not.
fn failed(exit: &Exit) -> Step<Option<String>> {
    Ok(Some(match exit {
        Exit::Code(0) => return Ok(None),
        Exit::Stopped => return Err(Ending::Stopped),
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::OutOfMemory(memory) => out_of_memory(*memory),
    }))
}
