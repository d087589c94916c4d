//! What can be typed about webhooks.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{By, Key, Servers};

/// `downbeat webhook`.
#[derive(Debug, Args)]
pub struct WebhookCommand {
    /// What.
    #[command(subcommand)]
    pub sub: WebhookSub,
}

/// Commands about webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookSub {
    /// Make an address that starts a pipeline when somebody posts to it. Address and secret are shown once, and never again.
    Open(WebhookOpen),
    /// Give an address a further secret; those before stay valid for a while.
    Rotate(WebhookRotate),
    /// Let an address start nothing any more.
    Close(WebhookClose),
    /// List addresses, which themselves are nowhere to be shown.
    List(WebhookList),
    /// Deliver a body to the webhook of a pipeline, as if somebody had posted it.
    Send(WebhookSend),
}

/// `downbeat webhook open`.
#[derive(Debug, Args)]
pub struct WebhookOpen {
    /// Alias or id of the pipeline.
    pub pipeline: String,
    /// What it is called; of the addresses of a pipeline each has its own name.
    #[arg(long, default_value = "default")]
    pub name: String,
    /// How calls are signed.
    #[arg(long, value_enum, default_value_t = SchemeWord::Standard)]
    pub sign: SchemeWord,
    /// A file with the secret, where the sender chooses it; `-` reads standard input. Without: one is drawn.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat webhook rotate`.
#[derive(Debug, Args)]
pub struct WebhookRotate {
    /// Id of the address, as `webhook list` shows it.
    pub endpoint: String,
    /// A file with the secret, where the sender chooses it; `-` reads standard input. Without: one is drawn.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// How many hours the secrets before stay valid; 0 = not at all, because somebody has stolen one.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
    pub overlap_hours: u32,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat webhook close`.
#[derive(Debug, Args)]
pub struct WebhookClose {
    /// Id of the address, as `webhook list` shows it.
    pub endpoint: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat webhook list`.
#[derive(Debug, Args)]
pub struct WebhookList {
    /// Alias or id of a pipeline. Without: those of all pipelines.
    pub pipeline: Option<String>,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat webhook send`.
#[derive(Debug, Args)]
pub struct WebhookSend {
    /// Alias or id of the pipeline.
    pub pipeline: String,
    /// The body, as JSON.
    #[arg(long, value_name = "JSON", conflicts_with = "file", default_value = "null", hide_default_value = true)]
    pub data: String,
    /// The same out of a file; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Id of the delivery: the same one again is the same run. Default: a new one.
    #[arg(long)]
    pub id: Option<String>,
    #[command(flatten)]
    pub servers: Servers,
}

/// How calls are signed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SchemeWord {
    /// As Standard Webhooks 1.0 has it: HMAC-SHA256 over id, instant and body.
    Standard,
    /// `X-Hub-Signature-256`, as GitHub and many others have it: HMAC-SHA256 over the body.
    Github,
    /// Not at all: whoever knows the address may call.
    None,
}

impl SchemeWord {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD_WEBHOOKS",
            Self::Github => "GITHUB",
            Self::None => "NONE",
        }
    }
}
