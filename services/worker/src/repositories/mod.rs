//! What the worker does for pipelines whose files are kept in repositories: reads such a file, commits another text of it, and says at its
//! host what became of a commit.
//!
//! These are asked for as checks of sensors are, of the integration `GIT`: they are short, hold no lease, may be asked for again, and share
//! the desk's bounds. Their answers are larger than those of checks, so they do not pass the registry of these.
//! Knows nothing of pipelines: a file is a text.

mod status;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::attempt::{Failure, cut};
use crate::connections::{Connection, Connections, Fields};
use crate::git::{Author, Camp, FileAsked, FileToCommit, Found, Git, Hosts, PUSH_FIELD, Provider, Written};
use crate::limits::GIT_READS_AT_ONCE_MAX;

/// As what these are asked for.
pub(crate) const INTEGRATION: &str = "GIT";
const READ_FILE: &str = "READ_FILE";
const COMMIT_FILE: &str = "COMMIT_FILE";
const COMMIT_STATUS: &str = "COMMIT_STATUS";

/// The fields of a provider's connection.
const FIELDS: Fields = Fields {
    open: &["git_repository", "git_username", "git_host_key", "git_api", PUSH_FIELD],
    secret: &["git_token", "git_private_key"],
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Repositories {
    git: Git,
    hosts: Hosts,
    camp: Camp,
    connections: Connections,
    room: Arc<Semaphore>,
    /// The program is there.
    works: bool,
}

impl Repositories {
    pub(crate) fn new(git: Git, hosts: Hosts, camp: Camp, connections: Connections) -> Self {
        let room = Arc::new(Semaphore::new(GIT_READS_AT_ONCE_MAX));
        Self { git, hosts, camp, connections, room, works: is_on_path("git") }
    }

    /// What the worker says that it does of these.
    pub(crate) fn kinds(&self) -> &'static [(&'static str, &'static str)] {
        const ALL: [(&str, &str); 3] =
            [(INTEGRATION, READ_FILE), (INTEGRATION, COMMIT_FILE), (INTEGRATION, COMMIT_STATUS)];
        if self.works { &ALL } else { &[] }
    }

    pub(crate) fn knows(&self, integration: &str, kind: &str) -> bool {
        self.kinds().contains(&(integration, kind))
    }

    /// Does one of these; the answer as an object.
    pub(crate) async fn carry_out(
        &self,
        kind: &str,
        parameters: &Map<String, Value>,
        time: Duration,
    ) -> Result<Value, Failure> {
        let word = text(parameters, "provider")?;
        let provider = Provider::from_word(&word)
            .ok_or_else(|| Failure::misconfigured(format!("the provider {word:?} is none that this worker knows")))?;
        let connection = self.connections.open("", provider.word(), FIELDS).await?;
        let done = match kind {
            READ_FILE => self.read(provider, parameters, connection.as_ref(), time).await,
            COMMIT_FILE => self.commit(provider, parameters, connection.as_ref(), time).await,
            _ => status::put(provider, parameters, connection.as_ref(), (&self.git, &self.hosts), time).await,
        };
        done.map_err(|failure| match &connection {
            Some(connection) => Failure { message: cut(connection.hide(failure.message)), ..failure },
            None => failure,
        })
    }

    async fn read(
        &self,
        provider: Provider,
        parameters: &Map<String, Value>,
        connection: Option<&Connection>,
        time: Duration,
    ) -> Result<Value, Failure> {
        let asked = FileAsked {
            provider,
            repository: text(parameters, "repository")?,
            branch: text(parameters, "branch")?,
            commit: text(parameters, "commit")?,
            path: text(parameters, "path")?,
            known: text(parameters, "known")?,
            time,
        };
        let _room = self.room.acquire().await.map_err(|_| Failure::transient("the worker is ending"))?;
        let Found { commit, branch, text } = self.git.read_file(&self.camp, &self.hosts, connection, asked).await?;
        Ok(match text {
            Some(text) => json!({ "commit": commit, "branch": branch, "text": text }),
            None => json!({ "commit": commit, "branch": branch }),
        })
    }
}

impl Repositories {
    async fn commit(
        &self,
        provider: Provider,
        parameters: &Map<String, Value>,
        connection: Option<&Connection>,
        time: Duration,
    ) -> Result<Value, Failure> {
        let asked = FileToCommit {
            provider,
            repository: text(parameters, "repository")?,
            from: text(parameters, "from")?,
            branch: text(parameters, "branch")?,
            path: text(parameters, "path")?,
            text: text(parameters, "text")?,
            base: text(parameters, "base_digest")?,
            message: text(parameters, "message")?,
            author: Author { name: text(parameters, "author")?, mail: text(parameters, "author_mail")? },
            new_branch: text(parameters, "new_branch")? == "true",
            time,
        };
        let _room = self.room.acquire().await.map_err(|_| Failure::transient("the worker is ending"))?;
        Ok(match self.git.commit_file(&self.camp, &self.hosts, connection, asked).await? {
            Written::Stands { commit, branch, changed } => {
                json!({ "commit": commit, "branch": branch, "changed": changed })
            }
            Written::Conflict(why) => json!({ "conflict": cut(why) }),
            // Credentials may stand in what git said.
            Written::Undone(why) => json!({ "undone": cut(match connection {
                Some(connection) => connection.hide(why),
                None => why,
            }) }),
        })
    }
}

/// A text; absent = empty.
fn text(parameters: &Map<String, Value>, name: &str) -> Result<String, Failure> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(Failure::misconfigured(format!("the parameter {name} must be a text"))),
    }
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: std::path::PathBuf| is_program(&folder.join(program)))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
