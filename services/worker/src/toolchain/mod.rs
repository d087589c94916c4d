//! Python for tasks: interpreters, package managers and virtual environments that are kept warm between runs.
//!
//! An environment is named by what goes into it (interpreter, package manager, build command, bytes of the requirements files),
//! so that a change in any of them gives another one, and everything else finds a finished one. It knows nothing of tasks'
//! outcomes or of scripts.

mod environment;
mod interpreter;
mod requirements;
mod tools;
pub(crate) mod words;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use tokio::time::sleep;

use crate::attempt::{Ending, Failure};
use crate::config::WorkerConfig;
use crate::connectors::{Step, Task};
use crate::limits::LOOK_AGAIN;
use crate::process::{
    environment::Environment,
    log::last_lines,
    run::{Exit, Program, Ran, out_of_memory, run},
};
pub(crate) use environment::{Build, VirtualEnvironment};
use interpreter::Interpreters;
pub(crate) use interpreter::VERSIONS;
use words::{Command, Joiner};

/// What installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PackageManager {
    Pip,
    Uv,
    Poetry,
}

/// Interpreters, tools and environments of one worker.
#[derive(Debug)]
pub(crate) struct Toolchain {
    interpreters: Interpreters,
    environments: PathBuf,
    tools: PathBuf,
    uv: Option<PathBuf>,
    search: Vec<PathBuf>,
}

impl Toolchain {
    /// `environments` and `tools`: folders of the worker's own.
    pub(crate) fn new(config: &WorkerConfig, environments: PathBuf, tools: PathBuf) -> Self {
        let search: Vec<PathBuf> =
            std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
        let with_managed = search.iter().cloned().chain(managed_interpreters()).collect();
        Self {
            interpreters: Interpreters::new(config.interpreters(), with_managed),
            environments,
            tools,
            uv: config.uv.clone(),
            search,
        }
    }
}

/// Folders of the interpreters that pyenv has installed: its shims on PATH answer only for the version that is switched on.
fn managed_interpreters() -> Vec<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv"));
    let Some(root) = std::env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home) else { return Vec::new() };
    let versions = std::fs::read_dir(root.join("versions")).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders
}

/// Runs a program of the task's, with its output in the task's log.
pub(crate) async fn run_in(task: &Task, program: Program) -> Step<Ran> {
    let shown = program.path.clone();
    run(program, &task.log, &task.page, &task.stop)
        .await
        .map_err(|error| Failure::misconfigured(format!("cannot start {}: {error}", shown.display())).into())
}

/// Runs commands one after the other as their joiners say. The build ends at the first failure that nothing caught.
async fn run_commands(task: &Task, commands: &[Command], environment: &VirtualEnvironment, folder: &Path) -> Step<()> {
    for command in commands {
        if command.joiner == Joiner::Or {
            return Err(Failure::misconfigured("build_command: `||` is not supported, use `;` or `&&`").into());
        }
        let line = command.words.join(" ");
        task.log.line(&format!("$ {line}")).await;
        let program = environment.program(&command.words, folder)?;
        expect_success(task, program, &format!("the build command `{line}`")).await?;
    }
    Ok(())
}

async fn expect_success(task: &Task, program: Program, what: &str) -> Step<()> {
    let how = match run_in(task, program).await?.exit {
        Exit::Code(0) => return Ok(()),
        Exit::Stopped => return Err(Ending::Stopped),
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::OutOfMemory(memory) => out_of_memory(memory),
    };
    let said = last_lines(&task.log.tail().await, 5);
    Err(Failure::job(format!("{what} failed ({how}): {said}")).into())
}

/// An exclusive lock on a file, which other workers on the same folder and other tasks of this one respect.
async fn lock(path: &Path, task: &Task, waiting_for: &str) -> Step<File> {
    let failed = |error: io::Error| Failure::transient(format!("cannot lock {}: {error}", path.display()));
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    let mut said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
            Err(TryLockError::WouldBlock) if !said => {
                said = true;
                task.log.line(&format!("waiting for another task, which {waiting_for}")).await;
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if task.stop.asked() {
            return Err(Ending::Stopped);
        }
        // A file lock of another process gives no signal when it is free.
        sleep(LOOK_AGAIN * 5).await;
    }
}

/// The first of `folders` that holds an executable file of that name.
fn find_program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    folders.iter().map(|folder| folder.join(name)).find(|path| {
        path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    })
}

/// Folders as the value of PATH; those that cannot stand in it (a colon in the name) are left out.
fn path_value(folders: &[PathBuf]) -> String {
    let texts = folders.iter().filter_map(|folder| folder.to_str()).filter(|text| !text.contains(':'));
    texts.collect::<Vec<_>>().join(":")
}

/// What every process of a task sees, before anything of the task's own.
fn base_variables() -> Environment {
    crate::process::environment::allowed(crate::process::environment::own())
}
