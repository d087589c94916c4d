//! Settings of the gateway.

use std::net::SocketAddr;

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct GatewayConfig {
    /// Address on which the API is served.
    #[arg(long, env = "DOWNBEAT_GATEWAY_LISTEN", default_value = "127.0.0.1:7400")]
    pub listen: SocketAddr,
    /// Address on which `GET /health`, `GET /ready` and `GET /metrics` answer. Default: nowhere.
    #[arg(long, env = "DOWNBEAT_GATEWAY_HEALTH")]
    pub health: Option<SocketAddr>,
    /// Address of the coordinator.
    #[arg(long, env = "DOWNBEAT_COORDINATOR", default_value = "http://127.0.0.1:7410")]
    pub coordinator: String,
    /// Address of the metadata projector.
    #[arg(long, env = "DOWNBEAT_METADATA", default_value = "http://127.0.0.1:7412")]
    pub metadata: String,
    /// URL of a worker's endpoint for callbacks (DOWNBEAT_WORKER_CALLBACKS): what jobs say of themselves on `/webhook` is handed to it. Default:
    /// such events are refused.
    #[arg(long, env = "DOWNBEAT_GATEWAY_CALLBACKS")]
    pub callbacks: Option<String>,
    /// File with the workers' key for callbacks (DOWNBEAT_WORKER_CALLBACKS_KEY_FILE): with it, keys of the account may speak for task runs.
    #[arg(long, env = "DOWNBEAT_GATEWAY_CALLBACKS_KEY_FILE")]
    pub callbacks_key_file: Option<std::path::PathBuf>,
    /// Secret of the webhooks of a git host, which say on `/hooks/git/PROVIDER` that something was pushed: `github=FILE`, `gitlab=FILE`; may be
    /// given several times. Default: there is no such route.
    #[arg(
        long = "git-webhook-secret",
        env = "DOWNBEAT_GATEWAY_GIT_WEBHOOK_SECRETS",
        value_name = "PROVIDER=FILE",
        value_delimiter = ','
    )]
    pub git_webhook_secrets: Vec<String>,
}

impl GatewayConfig {
    /// Everything as it is by default, for services at these addresses.
    pub fn of(listen: SocketAddr, coordinator: &str, metadata: &str) -> Self {
        let (coordinator, metadata) = (coordinator.to_owned(), metadata.to_owned());
        Self {
            listen,
            health: None,
            coordinator,
            metadata,
            callbacks: None,
            callbacks_key_file: None,
            git_webhook_secrets: Vec::new(),
        }
    }
}
