//! Settings of the gateway.

use std::net::SocketAddr;

use downbeat_runtime::tls::TlsConfig;

use crate::limits;

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct GatewayConfig {
    /// Address on which the API is served.
    #[arg(long, env = "DOWNBEAT_GATEWAY_LISTEN", default_value = "127.0.0.1:7400")]
    pub listen: SocketAddr,
    /// Address on which `GET /health`, `GET /ready` and `GET /metrics` answer. Default: nowhere.
    #[arg(long, env = "DOWNBEAT_GATEWAY_HEALTH")]
    pub health: Option<SocketAddr>,
    /// Address of the coordinator; of several with commas between them.
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
    /// URL at which people and programs reach this gateway, like `https://downbeat.example.com`: without a path, and https but on this machine.
    /// Default: where it listens, if that is on this machine only; else people cannot log in (docs/login.md).
    #[arg(long, env = "DOWNBEAT_GATEWAY_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Requests that one key, or one login, may make in a minute; more are answered 429 until the minute is over. Each replica counts
    /// for itself.
    #[arg(long, env = "DOWNBEAT_GATEWAY_REQUESTS_PER_MINUTE", default_value_t = limits::KEY_REQUESTS_PER_MINUTE)]
    pub requests_per_minute: u32,
    /// Who says who people are.
    #[command(flatten)]
    pub oidc: OidcConfig,
    /// How the services behind and this one know each other. It is not for those who call the API: in front of them stands what ends TLS.
    #[command(flatten)]
    pub tls: TlsConfig,
}

/// The identity provider (OpenID Connect) that says who people are. Default: there is none, and people sign in with a key (docs/login.md).
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OidcConfig {
    /// Its issuer, as it says itself: https but on this machine.
    #[arg(long = "oidc-issuer", env = "DOWNBEAT_GATEWAY_OIDC_ISSUER", requires = "client_id")]
    pub issuer: Option<String>,
    /// What it calls this gateway.
    #[arg(long = "oidc-client-id", env = "DOWNBEAT_GATEWAY_OIDC_CLIENT_ID")]
    pub client_id: Option<String>,
    /// File with the secret that it shares with this gateway. Default: the variable DOWNBEAT_GATEWAY_OIDC_CLIENT_SECRET; without both, none.
    #[arg(long = "oidc-client-secret-file", env = "DOWNBEAT_GATEWAY_OIDC_CLIENT_SECRET_FILE")]
    pub client_secret_file: Option<std::path::PathBuf>,
    /// What is asked of it; `openid` must be among it.
    #[arg(long = "oidc-scopes", env = "DOWNBEAT_GATEWAY_OIDC_SCOPES", default_value = "openid email profile")]
    pub scopes: String,
    /// The claim that is a person's name here. It must be one that people cannot change themselves.
    #[arg(long = "oidc-user-claim", env = "DOWNBEAT_GATEWAY_OIDC_USER_CLAIM", default_value = "email")]
    pub user_claim: String,
    /// The claim that lists a person's groups.
    #[arg(long = "oidc-groups-claim", env = "DOWNBEAT_GATEWAY_OIDC_GROUPS_CLAIM", default_value = "groups")]
    pub groups_claim: String,
    /// What a group may: GROUP=ROLE, or GROUP=ROLE:LABEL|LABEL for what has one of the labels; `*` is everybody whom the provider knows. Whom
    /// none fits may not log in. May be repeated, or separated by commas.
    #[arg(long = "oidc-role", env = "DOWNBEAT_GATEWAY_OIDC_ROLES", value_delimiter = ',', value_name = "GROUP=ROLE")]
    pub roles: Vec<String>,
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
            public_url: None,
            requests_per_minute: limits::KEY_REQUESTS_PER_MINUTE,
            oidc: OidcConfig::default(),
            tls: TlsConfig::default(),
        }
    }
}
