//! `downbeat asset`.

mod declared;

use clap::{Args, Subcommand, ValueEnum};

use super::Servers;

pub use declared::{AssetDeclare, AssetDepend, AssetRemove};

/// `downbeat asset`.
#[derive(Debug, Args)]
pub struct AssetCommand {
    /// What to do.
    #[command(subcommand)]
    pub sub: AssetSub,
}

/// What to ask about assets.
#[derive(Debug, Subcommand)]
pub enum AssetSub {
    /// List assets by key: tables, views, dashboards, files.
    List(AssetList),
    /// Show an asset: its columns and tests, who writes it and who uses it.
    Show(AssetOne),
    /// Show what an asset came of and what came of it, over all runs, now or at a past time.
    Lineage(AssetLineage),
    /// Show what breaks if an asset, or a column of it, goes or changes.
    Impact(AssetImpact),
    /// Show how one asset came of another.
    Path(AssetPath),
    /// List results of the tests of an asset, newest first.
    Tests(AssetTests),
    /// List what became of the columns of an asset, or of all, newest first.
    Changes(AssetChanges),
    /// Declare an asset that no run reports, or what it is where runs say otherwise.
    Declare(AssetDeclare),
    /// Remove an asset and its dependencies, until something tells of it again.
    Remove(AssetRemove),
    /// Declare what an asset is made of.
    Depend(AssetDepend),
}

/// `downbeat asset list`.
#[derive(Debug, Args)]
pub struct AssetList {
    /// Only those in this state.
    #[arg(long)]
    pub state: Option<AssetState>,
    /// Only assets of these types, such as `table,view`.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Only assets of these integrations, such as `snowflake`.
    #[arg(long = "integration", value_name = "INTEGRATION", value_delimiter = ',')]
    pub integrations: Vec<String>,
    /// Only tables and views in this database; may be given several times.
    #[arg(long = "database", value_name = "NAME")]
    pub databases: Vec<String>,
    /// Only tables and views in this schema; may be given several times.
    #[arg(long = "schema", value_name = "NAME")]
    pub schemas: Vec<String>,
    /// By what they are sorted.
    #[arg(long, default_value = "key")]
    pub sort: AssetOrder,
    /// The other way round.
    #[arg(long)]
    pub descending: bool,
    /// Print how many there are, and nothing else.
    #[arg(long)]
    pub count: bool,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 50)]
    pub limit: u32,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// How good an asset is, as its tests say.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AssetState {
    /// All that were run passed.
    Healthy,
    /// One warned.
    Warning,
    /// One failed.
    Unhealthy,
    /// None ran.
    Unknown,
}

impl AssetState {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Warning => "WARNING",
            Self::Unhealthy => "UNHEALTHY",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Orders of assets.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AssetOrder {
    /// Key.
    Key,
    /// When it was told of first.
    FirstSeen,
    /// When it was told of last.
    Updated,
    /// What people call it.
    Name,
    /// Type.
    Type,
    /// State.
    State,
    /// Integration.
    Integration,
}

/// `downbeat asset show`.
#[derive(Debug, Args)]
pub struct AssetOne {
    /// Key of the asset, or an unambiguous end of it (`orders`, `public.orders`).
    pub asset: String,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat asset lineage`.
#[derive(Debug, Args)]
pub struct AssetLineage {
    /// Key of the asset, or an unambiguous end of it (`orders`, `public.orders`).
    pub asset: String,
    /// Only what it came of.
    #[arg(long, conflicts_with = "down")]
    pub up: bool,
    /// Only what came of it.
    #[arg(long)]
    pub down: bool,
    /// How many steps to follow.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub depth: u32,
    /// Only what the values of this column came of, and what came of them.
    #[arg(long)]
    pub column: Option<String>,
    /// As it was then: 2026-03-01T12:00:00Z, or "2026-03-01 12:00:00" in local time.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat asset impact`.
#[derive(Debug, Args)]
pub struct AssetImpact {
    /// Key of the asset, or an unambiguous end of it (`orders`, `public.orders`).
    pub asset: String,
    /// What breaks if this column of it goes or changes.
    #[arg(long)]
    pub column: Option<String>,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat asset path`.
#[derive(Debug, Args)]
pub struct AssetPath {
    /// Where it begins: key of an asset, or an unambiguous end of it.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat asset tests`.
#[derive(Debug, Args)]
pub struct AssetTests {
    /// Key of the asset, or an unambiguous end of it (`orders`, `public.orders`).
    pub asset: String,
    /// Only this test.
    #[arg(long)]
    pub name: Option<String>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat asset changes`.
#[derive(Debug, Args)]
pub struct AssetChanges {
    /// Key of the asset, or an unambiguous end of it; without one, of all.
    pub asset: Option<String>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}
