//! What the operator says about isolation: whom the worker may reach, and how much of the machine its tasks may have.

use std::path::PathBuf;

use clap::Args;

use crate::egress::{self, Egress};
use crate::error::Error;
use crate::process::confine::amount::{Cores, Memory};

/// The settings of isolation.
#[derive(Debug, Clone, Default, Args)]
pub struct Isolation {
    /// Whom the worker may reach, as jobs, checks and alerts ask for it: a host (`db.example.com`), every host below one (`*.example.com`), a network
    /// (`10.0.0.0/8`), each with `:PORT` if only that is meant; may be given several times. Nothing: everybody but the addresses at which clouds
    /// serve credentials, which are never reached. Scripts and dbt open connections of their own (docs/isolation.md).
    #[arg(long = "egress-allow", env = "DOWNBEAT_WORKER_EGRESS_ALLOW", value_name = "HOST", value_delimiter = ',')]
    pub egress_allow: Vec<String>,
    /// Memory of one task's processes together, like 512MiB or 2GiB; a task that needs more is ended. Without cgroups: address space of each process.
    #[arg(long, env = "DOWNBEAT_WORKER_TASK_MEMORY", value_name = "BYTES")]
    pub task_memory: Option<Memory>,
    /// Processor time of one task's processes together, in cores, like 0.5 or 2. Needs cgroups.
    #[arg(long, env = "DOWNBEAT_WORKER_TASK_CPU", value_name = "CORES")]
    pub task_cpu: Option<Cores>,
    /// Processes and threads of one task. Without cgroups: of the user of this worker.
    #[arg(long, env = "DOWNBEAT_WORKER_TASK_PIDS", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=4_194_304))]
    pub task_pids: Option<u32>,
    /// Folder of a cgroup (version 2) that is delegated to this worker, below which each task runs in one of its own. Default, with a limit: the
    /// worker's own cgroup (docs/isolation.md).
    #[arg(long, env = "DOWNBEAT_WORKER_CGROUP", value_name = "FOLDER")]
    pub cgroup: Option<PathBuf>,
    /// Refuse to start where cgroups cannot hold the limits of tasks.
    #[arg(long, env = "DOWNBEAT_WORKER_REQUIRE_LIMITS")]
    pub require_limits: bool,
}

impl Isolation {
    /// The list of whom the worker may reach.
    pub(crate) fn egress(&self) -> Result<Egress, Error> {
        Egress::read(&self.egress_allow).map_err(|reason| Error::Config { setting: egress::SETTING, reason })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::WorkerConfig;

    #[test]
    fn wrong_settings_are_named_with_what_is_right() {
        for (arguments, what) in [
            (&["--task-memory", "lots"][..], "512MiB"),
            (&["--task-cpu", "0"], "0.5"),
            (&["--task-pids", "0"], "--task-pids"),
        ] {
            let all = [&["downbeat-worker"], arguments].concat();
            let error = WorkerConfig::try_parse_from(all).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(arguments[0]), "{error}");
        }
        let given = WorkerConfig::parse_from(["downbeat-worker", "--egress-allow", "a.example,10.0.0.1/8"]);
        let error = given.validate().unwrap_err().to_string();
        assert!(error.contains("DOWNBEAT_WORKER_EGRESS_ALLOW") && error.contains("10.0.0.0/8"), "{error}");
        let given = [
            "downbeat-worker",
            "--egress-allow",
            "*.example.com:443,10.0.0.0/8",
            "--egress-allow",
            "[::1]:5432",
            "--task-memory",
            "2GiB",
            "--task-cpu",
            "1.5",
            "--task-pids",
            "256",
            "--require-limits",
        ];
        let given = WorkerConfig::parse_from(given);
        assert_eq!(given.isolation.egress_allow.len(), 3);
        assert!(given.validate().is_ok());
    }
}
