//! Finds `uv`, or installs it once into a folder of the worker's own.

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
        if let Some(folder) = find_program("uv", &self.search).as_deref().and_then(|path| path.parent()) {
            return Ok(folder.to_path_buf());
        }
        let root = self.tools.join("uv");
        let program = root.join("bin/uv");
        let _lock = lock(&self.tools.join("uv.lock"), task, "installs uv").await?;
        if !program.is_file() {
            task.log.line("uv is not on PATH: installing it once for this worker").await;
            create(task, interpreter, &root).await?;
            let environment = VirtualEnvironment::new(root.clone(), PackageManager::Pip, &[], &self.search);
            let words = ["python", "-m", "pip", "install", "--quiet", "uv"].map(str::to_owned);
            expect_success(task, environment.program(&words, &task.folder)?, "installing uv").await?;
        }
        Ok(root.join("bin"))
    }
}
