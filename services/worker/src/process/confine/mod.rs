//! How much of the machine the processes of one attempt may have.
//!
//! Promises: with limits, a program is inside of them before its first instruction, and so is all that it starts. Where the kernel's cgroups
//! (version 2) can be written, the limits hold for the attempt as a whole, what was killed for its memory is known, and nothing of
//! it can hide from its end; elsewhere each process is limited for itself as far as the system can, and the worker says at its start what
//! is not limited. Knows nothing of tasks.

pub mod amount;
pub(crate) mod cgroup;
pub mod launch;

use std::{io, path::Path, process::Command, sync::Arc};

use tracing::{info, warn};

use crate::error::Error;
use crate::isolation::Isolation;
use crate::process::run::Program;
use amount::{Cores, Memory};
use cgroup::{Cgroup, Delegated};

/// The setting that names the cgroup.
const CGROUP: &str = "DOWNBEAT_WORKER_CGROUP";
/// The setting without which a worker makes do with less.
const REQUIRE: &str = "DOWNBEAT_WORKER_REQUIRE_LIMITS";

/// Limits of one attempt.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// Bytes.
    pub(crate) memory: Option<Memory>,
    /// Cores, as time per time.
    pub(crate) cpu: Option<Cores>,
    /// Processes and threads.
    pub(crate) pids: Option<u32>,
}

impl Limits {
    pub(crate) fn any(&self) -> bool {
        self.memory.is_some() || self.cpu.is_some() || self.pids.is_some()
    }
}

/// How this worker confines what it starts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Confinement {
    limits: Limits,
    delegated: Option<Arc<Delegated>>,
}

impl Confinement {
    /// As the worker's settings say.
    ///
    /// # Errors
    /// Limits that are required and cannot be held.
    pub(crate) fn of(config: &Isolation) -> Result<Self, Error> {
        let limits = Limits { memory: config.task_memory, cpu: config.task_cpu, pids: config.task_pids };
        let wanted = limits.any() || config.cgroup.is_some() || config.require_limits;
        if !wanted {
            return Ok(Self::default());
        }
        if !launch::is_armed() {
            let reason = "tasks cannot be limited by this program: it is not downbeat-worker or downbeat".to_owned();
            return Err(Error::Config { setting: REQUIRE, reason });
        }
        match Delegated::find(config.cgroup.as_deref(), &limits) {
            Ok(delegated) => {
                info!(cgroup = %delegated.path().display(), "each task runs in a cgroup of its own");
                Ok(Self { limits, delegated: Some(Arc::new(delegated)) })
            }
            Err(reason) if config.require_limits => Err(Error::Config {
                setting: REQUIRE,
                reason: format!("limits of tasks are required, and there is no cgroup for them: {reason}"),
            }),
            Err(reason) if config.cgroup.is_some() => Err(Error::Config { setting: CGROUP, reason }),
            Err(reason) => {
                warn!(
                    reason,
                    "there is no cgroup for tasks: --task-memory limits the address space of each process instead, --task-pids the threads of this \
                     user, and --task-cpu nothing; --require-limits refuses to start like this"
                );
                Ok(Self { limits, delegated: None })
            }
        }
    }

    /// Whether a program needs help to begin within its limits.
    pub(crate) fn is_any(&self) -> bool {
        self.limits.any() || self.delegated.is_some()
    }

    /// The place of one attempt, which is called so.
    pub(crate) fn place(&self, name: &str) -> io::Result<Place> {
        let cgroup = self.delegated.as_ref().map(|delegated| delegated.make(name, &self.limits)).transpose()?;
        Ok(Place { cgroup, confinement: self.clone() })
    }

    /// Removes what an earlier worker left of the attempt that was called so, with its processes. How many there were.
    pub(crate) async fn clean(&self, name: &str) -> usize {
        match self.delegated.as_ref().and_then(|delegated| delegated.left(name)) {
            Some(cgroup) => cgroup.end().await.0,
            None => 0,
        }
    }
}

/// Where the processes of one attempt run; gone when it is dropped, once they are.
#[derive(Debug, Default)]
pub(crate) struct Place {
    cgroup: Option<Cgroup>,
    confinement: Confinement,
}

impl Place {
    /// The command that runs a program in here.
    pub(crate) fn command(&self, program: &Path) -> Command {
        if !self.confinement.is_any() {
            return Command::new(program);
        }
        let join = self.cgroup.as_ref().map(Cgroup::procs);
        // What a cgroup holds, a limit of each process would hold worse.
        let limits = if join.is_some() { Limits::default() } else { self.confinement.limits };
        launch::command(join.as_deref(), &limits, program)
    }

    /// Says that a program is not there before something else is started in its place.
    pub(crate) fn find(&self, program: &Program) -> io::Result<()> {
        if !self.confinement.is_any() {
            return Ok(());
        }
        find(&program.path, &program.folder, program.environment.get("PATH").map(String::as_str))
    }

    /// How often something in here was killed because there was no memory left for it.
    pub(crate) fn out_of_memory(&self) -> u64 {
        self.cgroup.as_ref().map_or(0, Cgroup::out_of_memory)
    }

    /// As whose part it was made.
    pub(crate) fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// What the attempt may have.
    pub(crate) fn memory(&self) -> Option<Memory> {
        self.confinement.limits.memory
    }

    /// Kills all that is in here. How many there were, and whether they are gone.
    pub(crate) async fn end(&self) -> (usize, bool) {
        match &self.cgroup {
            Some(cgroup) => cgroup.end().await,
            None => (0, true),
        }
    }
}

/// Finds a program as the system would. `path`: where programs without a folder are.
fn find(program: &Path, folder: &Path, path: Option<&str>) -> io::Result<()> {
    if program.components().count() > 1 {
        return folder.join(program).metadata().map(drop);
    }
    let mut places = path.unwrap_or_default().split(':').map(|place| Path::new(place).join(program));
    if places.any(|file| file.is_file()) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_program_of_ours_confines_nothing() {
        assert!(!Confinement::of(&Isolation::default()).unwrap().is_any());
        let limited = Isolation { task_pids: Some(10), ..Isolation::default() };
        assert!(Confinement::of(&limited).unwrap_err().to_string().contains(REQUIRE));
    }

    #[test]
    fn a_program_that_is_not_there_is_noticed() {
        let find = |program: &str, folder: &str, path| find(Path::new(program), Path::new(folder), path);
        for (program, folder, path) in
            [("sh", "/", Some("/nowhere:/bin:/usr/bin")), ("/bin/sh", "/tmp", None), ("./bin/sh", "/", None)]
        {
            assert!(find(program, folder, path).is_ok(), "{program}");
        }
        for (program, path) in [("sh", Some("/nowhere")), ("sh", None), ("/nowhere/sh", Some("/bin")), ("./sh", None)] {
            assert_eq!(find(program, "/", path).unwrap_err().kind(), io::ErrorKind::NotFound, "{program}");
        }
    }
}
