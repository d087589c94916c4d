//! Rows of the ledger. Sums may be larger than 64 bits: they are kept as decimal digits.

use std::collections::BTreeMap;

use downbeat_proto::events::v1 as events;

/// An entry, and what it is for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct EntryRow {
    /// As it stands in the log.
    #[prost(message, optional, tag = "1")]
    pub entry: Option<events::CostEntry>,
    /// As it stands in the log.
    #[prost(message, optional, tag = "2")]
    pub origin: Option<events::CostOrigin>,
    /// Version of the prices.
    #[prost(uint32, tag = "3")]
    pub prices: u32,
    /// When it was recorded.
    #[prost(int64, tag = "4")]
    pub recorded_at: i64,
}

/// What the sum of a day is for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct For {
    /// 16 bytes; empty = none.
    #[prost(bytes = "vec", tag = "1")]
    pub pipeline_id: Vec<u8>,
    /// Id of the task.
    #[prost(string, tag = "2")]
    pub task: String,
    /// Key of the asset.
    #[prost(string, tag = "3")]
    pub asset: String,
    /// Who answers for it.
    #[prost(string, tag = "4")]
    pub owner: String,
    /// Of what.
    #[prost(string, tag = "5")]
    pub unit: String,
    /// For example `SNOWFLAKE`.
    #[prost(string, tag = "6")]
    pub integration: String,
    /// Of which money.
    #[prost(string, tag = "7")]
    pub currency: String,
}

impl For {
    /// Its place in keys.
    pub fn id(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_derive_key("downbeat cost sum v1");
        let texts = [&self.task, &self.asset, &self.owner, &self.unit, &self.integration, &self.currency];
        for part in texts.map(String::as_bytes).into_iter().chain([self.pipeline_id.as_slice()]) {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        id
    }
}

/// A sum of entries.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Sum {
    /// Millionths.
    #[prost(string, tag = "1")]
    pub estimated: String,
    /// Millionths.
    #[prost(string, tag = "2")]
    pub billed: String,
    /// How many entries.
    #[prost(uint64, tag = "3")]
    pub entries: u64,
}

/// What was used on one day, or in one month.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DayRow {
    /// What for.
    #[prost(message, optional, tag = "1")]
    pub what: Option<For>,
    /// How much.
    #[prost(message, optional, tag = "2")]
    pub sum: Option<Sum>,
}

/// Sums over everything.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TotalsRow {
    /// By currency.
    #[prost(btree_map = "string, message", tag = "1")]
    pub by_currency: BTreeMap<String, Sum>,
}

/// Quantities without a price.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UnpricedRow {
    /// Of what.
    #[prost(string, tag = "1")]
    pub unit: String,
    /// How much together, millionths.
    #[prost(string, tag = "2")]
    pub quantity: String,
    /// How many.
    #[prost(uint64, tag = "3")]
    pub count: u64,
    /// When the last one was recorded.
    #[prost(int64, tag = "4")]
    pub last_at: i64,
}

/// The number that these digits are; what is empty is nothing.
pub fn number(digits: &str) -> i128 {
    digits.parse().unwrap_or(0)
}

/// Adds to a sum.
pub fn add(sum: &mut Sum, estimated: i128, billed: i128, entries: u64) {
    sum.estimated = number(&sum.estimated).saturating_add(estimated).to_string();
    sum.billed = number(&sum.billed).saturating_add(billed).to_string();
    sum.entries = sum.entries.saturating_add(entries);
}
