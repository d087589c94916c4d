//! Virtual environments: named by their content, built once, used by many runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    PackageManager, Toolchain, base_variables, expect_success, find_program, interpreter::Interpreter, lock,
    path_value, requirements::hash_inputs, run_commands, words::Command,
};
use crate::artifacts;
use crate::attempt::Failure;
use crate::connectors::{Step, Task};
use crate::parents;
use crate::process::{environment::Environment, run::Program};
use crate::traces;

/// There once `python -m venv` ended well; without it the folder is begun anew.
const CREATED: &str = ".downbeat-created";
/// There once a repeatable build ended well; with it the build is skipped.
const BUILT: &str = ".downbeat-built";

/// What goes into an environment.
#[derive(Debug)]
pub(crate) struct Build<'a> {
    /// `3.11` or `3.12`; `None` = the newest that is there.
    pub(crate) version: Option<&'a str>,
    pub(crate) manager: PackageManager,
    /// Run in `folder`, inside the environment. May be empty.
    pub(crate) commands: &'a [Command],
    pub(crate) folder: &'a Path,
    /// The task's own variables.
    pub(crate) variables: &'a Environment,
    /// Who shares an environment whose content is not known from its commands. The same for every attempt of a task: each
    /// scope gets an environment of its own, which stays.
    pub(crate) scope: &'a str,
}

/// An environment that is ready.
#[derive(Debug, Clone)]
pub(crate) struct VirtualEnvironment {
    folders: Vec<PathBuf>,
    variables: Environment,
}

impl VirtualEnvironment {
    pub(super) fn new(root: PathBuf, manager: PackageManager, tools: &[PathBuf], search: &[PathBuf]) -> Self {
        let mut folders = vec![root.join("bin")];
        folders.extend_from_slice(tools);
        folders.extend_from_slice(search);
        let mut variables = base_variables();
        let root = root.to_string_lossy().into_owned();
        let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
        set("PATH", &path_value(&folders));
        set("VIRTUAL_ENV", &root);
        set("PYTHONUNBUFFERED", "1");
        set("PIP_NO_INPUT", "1");
        set("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        if manager == PackageManager::Uv {
            // Otherwise `uv run` and `uv sync` make a `.venv` in the project's folder, with an interpreter from elsewhere.
            set("UV_PROJECT_ENVIRONMENT", &root);
            set("UV_PYTHON_DOWNLOADS", "never");
        }
        if manager == PackageManager::Poetry {
            // It takes the environment that VIRTUAL_ENV names; nobody is there to be asked, for a keyring neither.
            set("POETRY_NO_INTERACTION", "1");
            set("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring");
        }
        Self { folders, variables }
    }

    /// What its programs see.
    pub(crate) fn variables(&self) -> &Environment {
        &self.variables
    }

    /// Adds variables; later ones win.
    #[must_use]
    pub(crate) fn with(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.variables.extend(variables);
        self
    }

    /// Tells what runs in it where it may leave files for people, and whose child it is in OpenLineage and in a trace, unless its variables say so. To be called
    /// when they are all there.
    #[must_use]
    pub(crate) fn below(mut self, task: &Task) -> Self {
        let files = task.folder.join(artifacts::FOLDER).to_string_lossy().into_owned();
        self.variables.insert(artifacts::VARIABLE.to_owned(), files);
        parents::hand_down(&task.offer, &mut self.variables);
        traces::hand_down(&task.offer, &mut self.variables);
        self
    }

    /// The environment's own program of that name, if it is installed.
    pub(crate) fn own_program(&self, name: &str) -> Option<PathBuf> {
        find_program(name, &self.folders[..1])
    }

    /// A command, ready to be run. Its first word is looked up in the environment, then on PATH; no shell takes part.
    pub(crate) fn program(&self, words: &[String], folder: &Path) -> Step<Program> {
        let Some((name, arguments)) = words.split_first() else {
            return Err(Failure::misconfigured("there is no command to run").into());
        };
        let path = if name.contains('/') {
            Some(folder.join(name)).filter(|path| path.is_file())
        } else {
            find_program(name, &self.folders)
        };
        let path = path.ok_or_else(|| {
            Failure::misconfigured(format!("the program {name:?} is neither in the virtual environment nor on PATH"))
        })?;
        Ok(Program {
            path,
            arguments: arguments.to_vec(),
            folder: folder.to_path_buf(),
            environment: self.variables.clone(),
            keep_output: None,
        })
    }
}

impl Toolchain {
    /// Makes an environment ready, or finds it so.
    pub(crate) async fn environment(&self, task: &Task, build: &Build<'_>) -> Step<VirtualEnvironment> {
        let interpreter = self.interpreters.find_or_newest(build.version).await?;
        let tools = match build.manager {
            PackageManager::Pip => Vec::new(),
            PackageManager::Uv => vec![self.uv_folder(task, &interpreter).await?],
            PackageManager::Poetry => vec![self.tool_folder("poetry", task, &interpreter).await?],
        };
        let (name, repeatable) = identify(&interpreter, build);
        let root = self.environments.join(&name);
        let environment =
            VirtualEnvironment::new(root.clone(), build.manager, &tools, &self.search).with(build.variables.clone());
        let began = Instant::now();
        let _lock = lock(&self.environments.join(format!("{name}.lock")), task, "builds the same environment").await?;
        if repeatable && root.join(BUILT).is_file() && root.join(CREATED).is_file() {
            task.log.line(&format!("environment: python {}, ready from an earlier run", interpreter.version)).await;
            return Ok(environment);
        }
        if !root.join(CREATED).is_file() {
            task.log.line(&format!("environment: creating one with python {}", interpreter.version)).await;
            create(task, &interpreter, &root).await?;
            mark(&root.join(CREATED))?;
        }
        run_commands(task, build.commands, &environment, build.folder).await?;
        if repeatable {
            mark(&root.join(BUILT))?;
        }
        task.log.line(&format!("environment: built in {:.1} s", began.elapsed().as_secs_f64())).await;
        Ok(environment)
    }
}

/// Makes an empty environment in `root`; whatever was there is a leftover of a build that did not end.
pub(super) async fn create(task: &Task, interpreter: &Interpreter, root: &Path) -> Step<()> {
    match fs::remove_dir_all(root) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(on_disk(root)(error).into()),
        _ => {}
    }
    let mut variables = base_variables();
    if let Ok(path) = std::env::var("PATH") {
        variables.insert("PATH".to_owned(), path);
    }
    let program = Program {
        path: interpreter.path.clone(),
        arguments: vec!["-m".to_owned(), "venv".to_owned(), root.to_string_lossy().into_owned()],
        folder: task.folder.clone(),
        environment: variables,
        keep_output: None,
    };
    expect_success(task, program, &format!("creating a virtual environment with {}", interpreter.path.display())).await
}

/// The environment's name, and whether the same build may be skipped next time.
fn identify(interpreter: &Interpreter, build: &Build<'_>) -> (String, bool) {
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    part(&interpreter.path.to_string_lossy());
    part(&interpreter.version);
    part(&format!("{:?}", build.manager));
    for command in build.commands {
        part(&format!("{:?}", command.joiner));
        command.words.iter().for_each(|word| part(word));
    }
    for (name, value) in build.variables.iter().filter(|(name, _)| name.starts_with("PIP_") || name.starts_with("UV_"))
    {
        part(name);
        part(value);
    }
    let repeatable = hash_inputs(build.commands, build.folder, &mut hasher);
    if !repeatable {
        // What is installed is not known from the command alone: two projects must not share it.
        hasher.update(build.scope.as_bytes());
    }
    (hasher.finalize().to_hex()[..32].to_owned(), repeatable)
}

fn mark(path: &Path) -> Step<()> {
    fs::write(path, "").map_err(|error| on_disk(path)(error).into())
}

fn on_disk(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::transient(format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::words::split;

    #[test]
    fn attempts_of_one_task_share_an_environment_although_inline_code_has_a_folder_of_its_own_each_time() {
        let interpreter = Interpreter { path: PathBuf::from("/python"), version: "3.11.1".to_owned() };
        let variables = Environment::new();
        let name = |line: &str, folder: &str, scope: &str| {
            let commands = split(line).unwrap();
            let (folder, manager) = (Path::new(folder), PackageManager::Pip);
            let build = Build { version: None, manager, commands: &commands, folder, variables: &variables, scope };
            identify(&interpreter, &build).0
        };
        let floating = "pip install duckdb";
        assert_eq!(name(floating, "/attempts/1", "p/t"), name(floating, "/attempts/2", "p/t"));
        assert_ne!(name(floating, "/attempts/1", "p/t"), name(floating, "/attempts/1", "p/u"));
        // What is known from the commands alone is shared by all.
        let pinned = "pip install duckdb==1.4.0";
        assert_eq!(name(pinned, "/a", "p/t"), name(pinned, "/b", "q/u"));
    }
}
