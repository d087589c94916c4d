//! What can be typed about costs and budgets.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{By, Key, Servers};

/// `downbeat cost`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CostCommand {
    /// What to do instead of showing sums.
    #[command(subcommand)]
    pub sub: Option<CostSub>,
    /// What to group by; may be given several times, or with commas between.
    #[arg(long, value_delimiter = ',')]
    pub by: Vec<CostBy>,
    /// Which entries.
    #[command(flatten)]
    pub only: CostOnly,
    /// As JSON, for programs: amounts as texts of decimal digits.
    #[arg(long)]
    pub json: bool,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// Which entries.
#[derive(Debug, Args)]
pub struct CostOnly {
    /// Used from here on: a day (2026-11-01, UTC) or an instant.
    #[arg(long, value_name = "WHEN")]
    pub from: Option<String>,
    /// Used before here: a day (UTC) or an instant.
    #[arg(long, value_name = "WHEN")]
    pub to: Option<String>,
    /// Only of this pipeline (alias or id).
    #[arg(long)]
    pub pipeline: Option<String>,
    /// Only of tasks with this id.
    #[arg(long)]
    pub task: Option<String>,
    /// Only of this asset (its key).
    #[arg(long)]
    pub asset: Option<String>,
    /// Only of this owner.
    #[arg(long)]
    pub owner: Option<String>,
    /// Only of this unit.
    #[arg(long)]
    pub unit: Option<String>,
    /// Only of this integration.
    #[arg(long)]
    pub integration: Option<String>,
    /// Only in this currency.
    #[arg(long)]
    pub currency: Option<String>,
}

/// What sums are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CostBy {
    /// Pipelines.
    Pipeline,
    /// Ids of tasks.
    Task,
    /// Keys of assets.
    Asset,
    /// Owners.
    Owner,
    /// Units.
    Unit,
    /// Integrations.
    Integration,
    /// Days, UTC.
    Day,
    /// Weeks from Monday on, UTC.
    Week,
    /// Months, UTC.
    Month,
}

/// Commands of the ledger.
#[derive(Debug, Subcommand)]
pub enum CostSub {
    /// List entries, those used last first.
    Entries(CostEntries),
    /// Prices by which costs are estimated: show them, or replace them by those of a file.
    Prices(CostPrices),
    /// Enter what was billed, from a file. A bill that was told before is not entered again.
    Record(CostRecord),
    /// What could be saved, by fixed rules, each finding with its evidence.
    Savings(CostSavings),
    /// Add up every entry anew and compare. Status 0: all sums agree, 1: some do not.
    Verify(CostVerify),
}

/// `downbeat cost entries`.
#[derive(Debug, Args)]
pub struct CostEntries {
    /// Which entries.
    #[command(flatten)]
    pub only: CostOnly,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat cost prices`.
#[derive(Debug, Args)]
pub struct CostPrices {
    /// What to do with them.
    #[command(subcommand)]
    pub sub: PricesSub,
}

/// Commands about prices.
#[derive(Debug, Subcommand)]
pub enum PricesSub {
    /// Show the prices that count.
    Show(PricesShow),
    /// Replace all prices by those of a YAML file.
    Apply(PricesApply),
}

/// `downbeat cost prices show`.
#[derive(Debug, Args)]
pub struct PricesShow {
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat cost prices apply`.
#[derive(Debug, Args)]
pub struct PricesApply {
    /// YAML with the list `prices`; docs/cost.md says what an entry holds.
    pub file: PathBuf,
    /// Who asks.
    #[command(flatten)]
    pub by: By,
    /// The same key again is the same command.
    #[command(flatten)]
    pub key: Key,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat cost record`.
#[derive(Debug, Args)]
pub struct CostRecord {
    /// YAML with the list `bills`; docs/cost.md says what an entry holds.
    pub file: PathBuf,
    /// Who asks.
    #[command(flatten)]
    pub by: By,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat cost savings`.
#[derive(Debug, Args)]
pub struct CostSavings {
    /// Only what concerns this pipeline (alias or id).
    #[arg(long)]
    pub pipeline: Option<String>,
    /// Only by this rule (docs/savings.md has them all); may be given several times, or with commas between.
    #[arg(long = "rule", value_delimiter = ',', value_name = "RULE")]
    pub rules: Vec<String>,
    /// As of this time, as RFC 3339 or in local time. Default: now. The 30 days before it are looked at.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// As JSON, for programs: amounts as texts of decimal digits.
    #[arg(long)]
    pub json: bool,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat cost verify`.
#[derive(Debug, Args)]
pub struct CostVerify {
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat budget`.
#[derive(Debug, Args)]
pub struct BudgetCommand {
    /// What to do.
    #[command(subcommand)]
    pub sub: BudgetSub,
}

/// Commands about budgets.
#[derive(Debug, Subcommand)]
pub enum BudgetSub {
    /// List budgets of pipelines and owners, and what is spent of them.
    List(BudgetList),
    /// Give an owner a budget. Those of pipelines stand in their files.
    Set(BudgetSet),
    /// Take the budget of an owner away.
    Remove(BudgetRemove),
    /// Let a run go that waits because a budget is spent.
    Release(BudgetRelease),
}

/// `downbeat budget list`.
#[derive(Debug, Args)]
pub struct BudgetList {
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// In which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first day to the first day.
    Month,
}

/// `downbeat budget set`.
#[derive(Debug, Args)]
pub struct BudgetSet {
    /// Whom.
    pub owner: String,
    /// How much: 100.00.
    pub amount: String,
    /// Three capital letters; what costs in another one does not count.
    pub currency: String,
    /// In which time.
    #[arg(long, default_value = "month")]
    pub period: Period,
    /// Where a day begins, as an IANA name.
    #[arg(long, default_value = "UTC")]
    pub timezone: String,
    /// New runs of the owner's pipelines wait while all of it is spent.
    #[arg(long)]
    pub enforce: bool,
    /// Per cent of it: recorded once per period when so much was spent. Default: 100.
    #[arg(long, value_delimiter = ',', value_name = "PERCENT")]
    pub alert_at: Vec<u32>,
    /// Who asks.
    #[command(flatten)]
    pub by: By,
    /// The same key again is the same command.
    #[command(flatten)]
    pub key: Key,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat budget remove`.
#[derive(Debug, Args)]
pub struct BudgetRemove {
    /// Whose.
    pub owner: String,
    /// Who asks.
    #[command(flatten)]
    pub by: By,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat budget release`.
#[derive(Debug, Args)]
pub struct BudgetRelease {
    /// Id of the run.
    pub run: String,
    /// Who asks.
    #[command(flatten)]
    pub by: By,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}
