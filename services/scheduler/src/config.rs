//! Settings of the scheduler.

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct SchedulerConfig {
    /// Address of the coordinator.
    #[arg(long, env = "DOWNBEAT_COORDINATOR", default_value = "http://127.0.0.1:7410")]
    pub coordinator: String,
}
