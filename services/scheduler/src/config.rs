//! Settings of the scheduler.

use downbeat_runtime::tls::TlsConfig;

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct SchedulerConfig {
    /// Address of the coordinator; of several with commas between them.
    #[arg(long, env = "DOWNBEAT_COORDINATOR", default_value = "http://127.0.0.1:7410")]
    pub coordinator: String,
    /// Address on which `GET /metrics` answers for Prometheus, such as 127.0.0.1:9464. Default: nowhere.
    #[arg(long, env = "DOWNBEAT_SCHEDULER_METRICS")]
    pub metrics: Option<std::net::SocketAddr>,
    /// Messages of one subject below downbeat.trigger. that are let through per second; what is more comes later, and is not lost.
    #[arg(long, env = "DOWNBEAT_TRIGGER_RATE", default_value_t = crate::limits::MESSAGES_PER_SUBJECT)]
    pub trigger_rate: u32,
    /// Copies of the streams DOWNBEAT_TRIGGER and DOWNBEAT_DEAD, where they are made: 1 on one server, 3 in a cluster.
    #[arg(long, env = "DOWNBEAT_TRIGGER_REPLICAS", default_value_t = 1)]
    pub trigger_replicas: usize,
    /// How the coordinator and this service know each other.
    #[command(flatten)]
    pub tls: TlsConfig,
}

impl SchedulerConfig {
    /// Everything as it is by default, for a coordinator at this address.
    pub fn of(coordinator: &str) -> Self {
        let trigger_rate = crate::limits::MESSAGES_PER_SUBJECT;
        Self {
            coordinator: coordinator.to_owned(),
            metrics: None,
            trigger_rate,
            trigger_replicas: 1,
            tls: TlsConfig::default(),
        }
    }
}
