//! What can be typed about assets that people declare.

use clap::Args;

use crate::cli::{By, Key, Servers};

/// `downbeat asset declare`.
#[derive(Debug, Args)]
pub struct AssetDeclare {
    /// Its key; what runs report under the same key is the same asset.
    #[arg(value_name = "KEY")]
    pub key_of_asset: String,
    /// Refuse it if somebody has declared it before.
    #[arg(long)]
    pub new: bool,
    /// What people call it. An empty text takes back what was declared, here as below.
    #[arg(long)]
    pub name: Option<String>,
    /// CHART, DASHBOARD, DASHBOARD_VIEWS, DATASET, QUERIES, TABLE, UNKNOWN, VIEW or WORKBOOK.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// The system that holds it.
    #[arg(long)]
    pub integration: Option<String>,
    /// Which account of that system.
    #[arg(long)]
    pub account: Option<String>,
    /// HEALTHY, UNHEALTHY, UNKNOWN or WARNING.
    #[arg(long)]
    pub status: Option<String>,
    /// Who is responsible for it; may be given several times.
    #[arg(long = "owner", value_name = "NAME")]
    pub owners: Vec<String>,
    /// What it is, for people.
    #[arg(long)]
    pub description: Option<String>,
    /// Where people see it.
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
    /// Anything else, as a JSON object.
    #[arg(long, value_name = "JSON")]
    pub meta: Option<String>,
    /// Its database.
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// Its schema.
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat asset remove`.
#[derive(Debug, Args)]
pub struct AssetRemove {
    /// Key of the asset, or an unambiguous end of it (`orders`, `public.orders`).
    pub asset: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat asset depend`.
#[derive(Debug, Args)]
pub struct AssetDepend {
    /// Key of what is made, or an unambiguous end of it.
    pub asset: String,
    /// Keys of what it is made of, or unambiguous ends of them; at most 100.
    #[arg(long = "on", value_name = "ASSET", required = true)]
    pub on: Vec<String>,
    /// How, as JSON.
    #[arg(long, value_name = "JSON")]
    pub detail: Option<String>,
    /// The system that says so; ORCHESTRA where none is named.
    #[arg(long)]
    pub integration: Option<String>,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}
