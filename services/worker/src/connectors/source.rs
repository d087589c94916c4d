//! Where a task's code is: in the repository that its connection names, fetched into the attempt's folder; without one, in the folder that holds the
//! applied pipeline file.

use std::path::{Component, Path, PathBuf};

use crate::attempt::Failure;
use crate::connections::{Connection, Connections, Fields};
use crate::connectors::{Step, Task, parameters};
use crate::git::{self, Git};

/// Parameters that choose another version of the code; code that is run in place has nothing to choose from.
const WITHOUT_EFFECT: [&str; 2] = ["branch", "shallow_clone_dirs"];
/// Of the fields for git those that are no credentials.
const OPEN_FIELDS: [&str; 4] = ["git_repository", "git_branch", "git_username", "git_host_key"];

/// Finds code.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    connections: Connections,
    git: Git,
}

/// Code on disk.
#[derive(Debug)]
pub(crate) struct Code {
    /// Where the task runs.
    pub(crate) folder: PathBuf,
    /// Who shares an environment whose content is not known from its commands.
    pub(crate) scope: String,
    /// The repository's own folder, if it was fetched: no file of another place is run as if it were its.
    fetched: Option<PathBuf>,
}

impl Sources {
    pub(crate) fn new(connections: Connections, git: Git) -> Self {
        Self { connections, git }
    }

    /// The task's connection: any fields for the script, and those for git.
    pub(crate) async fn open(&self, task: &Task, integration: &'static str) -> Result<Option<Connection>, Failure> {
        task.open(&self.connections, integration, Fields::any_but(&OPEN_FIELDS)).await
    }

    /// The folder that `project_dir` names below the code's root. Never one outside of it.
    pub(crate) async fn place(&self, task: &Task, connection: Option<&Connection>) -> Step<Code> {
        let given = |name: &str| parameters::text(&task.parameters, name);
        if given("compute_resource_id").is_some() {
            task.log.line("the parameter compute_resource_id has no effect here: the code runs on this worker").await;
        }
        let project = given("project_dir");
        let (branch, folders) = (given("branch"), given("shallow_clone_dirs"));
        let repository = match connection {
            Some(connection) => self.git.read(connection, branch.as_deref(), folders.as_deref(), project.as_deref())?,
            None => None,
        };
        let Some(repository) = repository else { return Ok(in_place(task, project.as_deref()).await?) };
        let checkout = self.git.check_out(task, &repository).await?;
        let root = canonical(&checkout.folder, "the checkout")?;
        let whose = format!("the repository at commit {}", checkout.commit);
        let folder = below(&root, project.as_deref(), &whose)?;
        Ok(Code { fetched: Some(root), ..Code::of_the_attempt(task, folder) })
    }
}

impl Code {
    /// Code in a folder that is another one for each attempt: its environment belongs to the task.
    pub(crate) fn of_the_attempt(task: &Task, folder: PathBuf) -> Self {
        Self { folder, scope: format!("{}/{}", task.offer.pipeline_name, task.offer.task_id), fetched: None }
    }

    /// What a command names of fetched code must not be a link to a file of this machine.
    pub(crate) fn check_words<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        let Some(root) = &self.fetched else { return Ok(()) };
        for word in words {
            // An absolute path means this machine, and says so.
            let named = if Path::new(word).is_absolute() { continue } else { self.folder.join(word) };
            if std::fs::canonicalize(named).is_ok_and(|real| !real.starts_with(root)) {
                return Err(Failure::misconfigured(format!(
                    "{word:?} leads out of the repository (a link, or `..`): only what is in it is run"
                )));
            }
        }
        Ok(())
    }
}

/// The connection's fields as variables, without those that fetch the code: no script sees them.
pub(crate) fn variables(connection: &Connection, integration: &str) -> impl Iterator<Item = (String, String)> {
    connection.variables(integration, &git::FIELDS)
}

async fn in_place(task: &Task, project: Option<&str>) -> Result<Code, Failure> {
    for name in WITHOUT_EFFECT {
        if parameters::text(&task.parameters, name).is_some() {
            task.log
                .line(&format!(
                    "the parameter {name} has no effect here: the code runs where the pipeline file is, as the connection has no git_repository"
                ))
                .await;
        }
    }
    let folder = resolve(&task.offer.source_root, project)?;
    Ok(Code { scope: folder.to_string_lossy().into_owned(), folder, fetched: None })
}

fn resolve(source_root: &str, project_dir: Option<&str>) -> Result<PathBuf, Failure> {
    if source_root.is_empty() {
        return Err(Failure::misconfigured(
            "the pipeline was applied without a folder, so there is no code to run (source GIT): apply it from a file, name a repository in the \
             connection (git_repository), or use source INLINE",
        ));
    }
    let root = canonical(Path::new(source_root), "the pipeline's folder")?;
    below(&root, project_dir, &format!("the pipeline's folder {source_root}"))
}

fn canonical(folder: &Path, what: &str) -> Result<PathBuf, Failure> {
    std::fs::canonicalize(folder).map_err(|error| {
        Failure::misconfigured(format!("{what} {} cannot be read on this worker: {error}", folder.display()))
    })
}

/// `whose`: what the root is, for people.
fn below(root: &Path, project_dir: Option<&str>, whose: &str) -> Result<PathBuf, Failure> {
    let Some(wanted) = project_dir.map(str::trim) else { return Ok(root.to_owned()) };
    let inside = Path::new(wanted).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let refused =
        |why: &str| Failure::misconfigured(format!("project_dir {wanted:?} {why} (it is looked for in {whose})"));
    if !inside {
        return Err(refused("must be a relative path without `..`"));
    }
    let folder =
        std::fs::canonicalize(root.join(wanted)).map_err(|error| refused(&format!("cannot be read: {error}")))?;
    if !folder.starts_with(root) {
        return Err(refused("leads out of that folder"));
    }
    if !folder.is_dir() {
        return Err(refused("is no folder"));
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_stays_inside_the_pipelines_folder() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("out")).unwrap();
        let at = root.path().to_str().unwrap();
        let real = std::fs::canonicalize(root.path()).unwrap();

        assert_eq!(resolve(at, None).unwrap(), real);
        assert_eq!(resolve(at, Some("./a/b")).unwrap(), real.join("a/b"));
        for (wanted, why) in [
            ("../x", "without `..`"),
            ("a/../..", "without `..`"),
            ("/etc", "relative path"),
            ("missing", "cannot be read"),
            ("file", "is no folder"),
            ("out", "leads out"),
        ] {
            let message = resolve(at, Some(wanted)).unwrap_err().message;
            assert!(message.contains(why) && message.contains(wanted), "{message}");
        }
        assert!(resolve("", None).unwrap_err().message.contains("INLINE"));
        assert!(resolve("/nowhere/at/all", None).unwrap_err().message.contains("/nowhere/at/all"));
    }
}
