//! Finds `uv` and `poetry`, or installs them once into folders of the worker's own.

use std::path::PathBuf;

use super::environment::{VirtualEnvironment, create};
use super::{PackageManager, Toolchain, expect_success, find_program, interpreter::Interpreter, lock};
use crate::attempt::Failure;
use crate::connectors::{Step, Task};

impl Toolchain {
    /// The folder that holds `uv`.
    pub(super) async fn uv_folder(&self, task: &Task, interpreter: &Interpreter) -> Step<PathBuf> {
        if let Some(named) = &self.uv {
            let folder = named.parent().filter(|_| named.is_file());
            return folder.map(PathBuf::from).ok_or_else(|| {
                Failure::misconfigured(format!("uv not found: looked for {} (the worker's setting)", named.display()))
                    .into()
            });
        }
        self.tool_folder("uv", task, interpreter).await
    }

    /// The folder that holds a tool, which is a package of the same name.
    pub(super) async fn tool_folder(&self, name: &str, task: &Task, interpreter: &Interpreter) -> Step<PathBuf> {
        if let Some(folder) = find_program(name, &self.search).as_deref().and_then(|path| path.parent()) {
            return Ok(folder.to_path_buf());
        }
        let root = self.tools.join(name);
        let program = root.join("bin").join(name);
        let _lock = lock(&self.tools.join(format!("{name}.lock")), task, &format!("installs {name}")).await?;
        if !program.is_file() {
            task.log.line(&format!("{name} is not on PATH: installing it once for this worker")).await;
            create(task, interpreter, &root).await?;
            let environment = VirtualEnvironment::new(root.clone(), PackageManager::Pip, &[], &self.search);
            let words = ["python", "-m", "pip", "install", "--quiet", name].map(str::to_owned);
            expect_success(task, environment.program(&words, &task.folder)?, &format!("installing {name}")).await?;
        }
        Ok(root.join("bin"))
    }
}
