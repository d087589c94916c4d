//! The ledger: what runs cost, as entries that never change.
//!
//! Promises: an entry is worked out once, when it is decided, in whole micro-units of its currency; what is learned later comes as
//! further entries; sums are sums of whole numbers, so that no order and no split changes them; amounts of two currencies are never
//! added. A quantity without a price gives no entry, and is said to have none. Knows nothing about files, platforms or clocks.

mod bill;
mod budget;
mod change;
mod estimate;
mod hold;
mod ledger;
mod money;
mod price;
mod prices;

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    event::AttemptRef,
    id::{CostId, PipelineId, RunId},
    metadata::Quantity,
};

pub use bill::Bill;
pub(crate) use bill::record;
pub(crate) use budget::set as set_budget;
pub use budget::{Budget, BudgetCrossed, BudgetOf, BudgetPeriodBegan, BudgetSet, BudgetState, Period, concerned};
pub(crate) use change::{evolve, set_budget_of};
pub(crate) use estimate::with_costs;
pub(crate) use hold::periods_over;
pub use hold::{held, next_deadline};
pub use ledger::{KnownBill, Ledger, Sums};
pub use money::{Currency, amount_text, read_amount};
pub use price::{MICROS_MAX, Price, WORKER_SECONDS};
pub use prices::PriceList;
pub(crate) use prices::set as set_prices;

/// What an amount rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// A quantity times a price of ours.
    Estimated,
    /// What somebody was billed, as they say.
    Billed,
}

impl Basis {
    /// `ESTIMATED`, `BILLED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Estimated => "ESTIMATED",
            Basis::Billed => "BILLED",
        }
    }
}

/// What entries are for; empty texts = for nothing of that kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Whose pipeline.
    pub pipeline: Option<PipelineId>,
    /// What was estimated: the attempt that used it.
    pub attempt: Option<AttemptRef>,
    /// Id of the task.
    pub task: String,
    /// Who answers for it.
    pub owner: String,
    /// For example `SNOWFLAKE`.
    pub integration: String,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostEntry {
    /// Derived, so that the same quantity is entered once.
    pub id: CostId,
    /// What it rests on.
    pub basis: Basis,
    /// In millionths of the currency; negative where it takes something back.
    pub micros: i64,
    /// Of which money.
    pub currency: Currency,
    /// How much was used.
    pub quantity: Quantity,
    /// Of what.
    pub unit: String,
    /// Id of the operation in the other system; empty = of the attempt as a whole.
    pub operation: String,
    /// Key of the asset that was written or tested; empty = none.
    pub asset: String,
    /// BILLED: who says so.
    pub source: String,
    /// BILLED: their id of it.
    pub external_id: String,
    /// The entry that this one corrects: both count.
    pub corrects: Option<CostId>,
    /// When it was used, as whoever measured it says.
    pub incurred_at: Timestamp,
}

/// Quantities that no price fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpriced {
    /// Of what.
    pub unit: String,
    /// How much, together.
    pub quantity: Quantity,
    /// How many quantities.
    pub count: u32,
}

/// Something was used, or billed.
#[derive(Clone, Debug, PartialEq)]
pub struct CostRecorded {
    /// What all of it is for.
    pub origin: Origin,
    /// Version of the prices that estimates come of; 0 = none was asked.
    pub prices: u32,
    /// The entries.
    pub entries: Vec<CostEntry>,
    /// What has no price.
    pub unpriced: Vec<Unpriced>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// From now on these prices count, and no others.
#[derive(Clone, Debug, PartialEq)]
pub struct PricesSet {
    /// Counts from 1.
    pub version: u32,
    /// All of them.
    pub prices: Vec<Price>,
    /// When.
    pub at: Timestamp,
}

/// A fact of the ledger; see [`crate::Event::Cost`].
#[derive(Clone, Debug, PartialEq)]
pub enum CostEvent {
    /// Prices.
    PricesSet(PricesSet),
    /// Entries.
    CostRecorded(CostRecorded),
    /// Somebody gets a budget, or loses it.
    BudgetSet(BudgetSet),
    /// What is spent of a budget counts from nothing again.
    BudgetPeriodBegan(BudgetPeriodBegan),
    /// So much of a budget was spent.
    BudgetCrossed(BudgetCrossed),
}

impl CostEvent {
    /// When.
    pub fn at(&self) -> Timestamp {
        match self {
            CostEvent::PricesSet(set) => set.at,
            CostEvent::CostRecorded(recorded) => recorded.at,
            CostEvent::BudgetSet(set) => set.at,
            CostEvent::BudgetPeriodBegan(began) => began.at,
            CostEvent::BudgetCrossed(crossed) => crossed.at,
        }
    }
}

/// A request to the ledger; see [`crate::Command::Cost`].
#[derive(Clone, Debug)]
pub enum CostCommand {
    /// These prices count from now on, and no others.
    SetPrices(Arc<Vec<Price>>),
    /// Enter what was billed, all of it or nothing.
    Record(Arc<Vec<Bill>>),
    /// The period of a budget that holds runs back is over.
    WakeBudgets,
    /// Let a run go that waits because a budget is spent.
    ReleaseRun(RunId),
    /// Give an owner a budget; `None` takes it away.
    SetBudget {
        /// Whom.
        owner: String,
        /// Which.
        budget: Option<Budget>,
    },
}
