//! DBT_CORE/DBT_CORE_EXECUTE: dbt commands in a project of a repository or of the pipeline's folder; what dbt wrote about them becomes operations,
//! assets and lineage.

mod artifacts;
mod assets;
mod call;
mod collect;
mod columns;
mod commands;
mod cost;
mod freshness;
mod profile;
mod resume;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use downbeat_runtime::blob::BlobStore;

use super::{
    Connector, Step, Task, parameters,
    source::{Sources, variables as linked_variables},
};
use crate::about::{About, Tested};
use crate::attempt::{Collection, Ended, Ending, Failure};
use crate::process::environment::Environment;
use crate::toolchain::{
    Build, PackageManager, Toolchain, VirtualEnvironment,
    words::{Command, Joiner},
};
use artifacts::Invocation;
use state::State;

/// Files of a project that are read here or by what installs packages.
const FILES: [&str; 5] = ["dbt_project.yml", "profiles.yml", "requirements.txt", "pyproject.toml", "poetry.lock"];

#[derive(Debug)]
pub(crate) struct Dbt {
    toolchain: Arc<Toolchain>,
    sources: Sources,
    /// Where the state of earlier builds is kept.
    blobs: BlobStore,
}

/// Everything that running one dbt command takes.
struct Project<'a> {
    task: &'a Task,
    folder: PathBuf,
    target: PathBuf,
    environment: VirtualEnvironment,
}

impl Project<'_> {
    /// The namespace of what these words build; `None`, with a line in the log, where nobody knows.
    async fn namespace(&self, words: &[String]) -> Option<String> {
        match profile::namespace(words, &self.folder, self.environment.variables()) {
            Ok(namespace) => Some(namespace),
            Err(reason) => {
                let line = format!("assets are named without the place where they are: {reason}");
                self.task.log.line(&line).await;
                None
            }
        }
    }
}

impl Dbt {
    pub(crate) fn new(toolchain: Arc<Toolchain>, sources: Sources, blobs: BlobStore) -> Self {
        Self { toolchain, sources, blobs }
    }

    async fn carry_out(&self, task: &Task) -> Step<Ended> {
        let commands = commands::read(&parameters::required(&task.parameters, "commands")?)?;
        let active = parameters::flag(&task.parameters, "use_state_orchestration")?;
        let project = self.prepare(task).await?;
        let (commands, resumes) = resumed(task, commands).await?;
        let variables = parameters::text(&task.parameters, "environment_variables").unwrap_or_default();
        let mut state = State::of(task, &self.blobs, active, variables).await;
        let ran = commands::run(&project, &commands, resumes, &mut state).await?;
        let mut collection = collect::collection(&ran.invocations);
        // Also after a failure: what was built before it is there.
        if let Some(newest) = ran.invocations.last() {
            rows::count(&project, &commands, newest, &mut collection).await;
        }
        columns::add(&project, ran.invocations, &mut collection).await;
        freshness::add(&ran.looked, &mut collection);
        let ending = if task.stop.asked() { Ending::Stopped } else { ran.ending };
        Ok(Ended { ending, collection })
    }

    async fn prepare<'a>(&self, task: &'a Task) -> Step<Project<'a>> {
        let version = parameters::python_version(&task.parameters)?;
        let manager = parameters::package_manager(&task.parameters)?;
        let variables = parameters::variables(&task.parameters)?;
        let connection = self.sources.open(task, "DBT_CORE").await?;
        let code = self.sources.place(task, connection.as_ref()).await?;
        let folder = code.folder.clone();
        code.check_words(FILES)?;
        if !folder.join("dbt_project.yml").is_file() {
            return Err(Failure::misconfigured(format!(
                "{} holds no dbt_project.yml: set project_dir to the folder of the dbt project",
                folder.display()
            ))
            .into());
        }
        let install = install_command(&folder, manager);
        let build =
            Build { version, manager, commands: &install, folder: &folder, variables: &variables, scope: &code.scope };
        let environment = self.toolchain.environment(task, &build).await?;
        if environment.own_program("dbt").is_none() {
            return Err(Failure::misconfigured(format!(
                "dbt is not installed by the project: add dbt-core and the adapter (like `dbt-duckdb`) to {}",
                folder
                    .join(if manager == PackageManager::Poetry { "poetry.lock" } else { "requirements.txt" })
                    .display()
            ))
            .into());
        }
        let target = task.folder.join("target");
        let environment = environment.with(dbt_variables(&folder, &target, task)).with(variables);
        let linked = connection.iter().flat_map(|connection| linked_variables(connection, "DBT_CORE"));
        let environment = environment.with(linked).below(task);
        Ok(Project { task, folder, target, environment })
    }
}

#[async_trait]
impl Connector for Dbt {
    fn job(&self) -> (&'static str, &'static str) {
        ("DBT_CORE", "DBT_CORE_EXECUTE")
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: Tested::Real("dbt with DuckDB"),
            after_a_loss: "ends with its worker, runs again",
            collects: "models, seeds, snapshots and tests with rows, freshness of sources, assets and lineage"
                .to_owned(),
        }
    }

    fn files(&self) -> &'static [&'static str] {
        &["target/manifest.json", "target/run_results.json", "target/catalog.json", "target/sources.json"]
    }

    async fn run(&self, task: &Task) -> Ended {
        self.carry_out(task).await.unwrap_or_else(|ending| Ended { ending, collection: Collection::default() })
    }
}

/// The commands of an attempt that continues an earlier one, and whether they are rewritten.
async fn resumed(task: &Task, commands: Vec<Command>) -> Step<(Vec<Command>, bool)> {
    let nodes = &task.offer.only_operations;
    if nodes.is_empty() {
        return Ok((commands, false));
    }
    let folder = task.folder.join("resume");
    let Some(rewritten) = resume::commands(&commands, nodes, &folder) else {
        task.log.line("resumes an earlier run as a whole: none of the commands can be narrowed to what is left").await;
        return Ok((commands, false));
    };
    resume::write_results(nodes, &folder)
        .map_err(|error| Failure::transient(format!("cannot write into {}: {error}", folder.display())))?;
    task.log.line(&resume::describe(nodes)).await;
    Ok((rewritten, true))
}

fn install_command(folder: &Path, manager: PackageManager) -> Vec<Command> {
    let words: &[&str] = match manager {
        PackageManager::Pip if folder.join("requirements.txt").is_file() => {
            &["pip", "install", "-r", "requirements.txt"]
        }
        PackageManager::Uv if folder.join("requirements.txt").is_file() => {
            &["uv", "pip", "install", "-r", "requirements.txt"]
        }
        // With -r only the dependencies are installed: a dbt project is no Python package.
        PackageManager::Uv if folder.join("pyproject.toml").is_file() => {
            &["uv", "pip", "install", "-r", "pyproject.toml"]
        }
        // Without a lock file poetry would write one into the project.
        PackageManager::Poetry if folder.join("poetry.lock").is_file() => &["poetry", "install", "--no-root"],
        _ => return Vec::new(),
    };
    vec![Command { joiner: Joiner::Always, words: words.iter().map(|word| (*word).to_owned()).collect() }]
}

fn dbt_variables(folder: &Path, target: &Path, task: &Task) -> Environment {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut variables = Environment::from([
        ("DBT_TARGET_PATH".to_owned(), text(target)),
        ("DBT_LOG_PATH".to_owned(), text(&task.folder.join("dbt-logs"))),
        ("DBT_USE_COLORS".to_owned(), "false".to_owned()),
        ("DBT_SEND_ANONYMOUS_USAGE_STATS".to_owned(), "false".to_owned()),
    ]);
    if folder.join("profiles.yml").is_file() {
        variables.insert("DBT_PROFILES_DIR".to_owned(), text(folder));
    }
    variables
}
