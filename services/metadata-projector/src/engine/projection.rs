//! What a projection is, and which there are.

use downbeat_domain::Event;
use downbeat_event_log::Hash;
use downbeat_proto::events::v1::Decision;

use super::{
    alerts::Alerts, assets::Assets, audit::Audit, backfills::Backfills, batch::Batch, breaches::Breaches, costs::Costs,
    durations::Durations, failing::Failing, foreign::Foreign, going_on::GoingOn, graph::Graph,
    integrations::Integrations, lineage::Lineage, operations::Operations, pipelines::Pipelines, plans::Plans,
    quality::Quality, runs::Runs, schedules::Schedules, spending::Spending, task_runs::TaskRuns, tool_state::ToolState,
    twice::Twice, usage::Usage,
};
use crate::error::Error;

/// An event with what the record around it says.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// What became true.
    pub event: &'a Event,
    /// When it was decided, microseconds since the epoch.
    pub decided_at: i64,
    /// Sequence of its record.
    pub sequence: u64,
    /// The decision that it belongs to; `None` where an event is folded without its record.
    pub within: Option<Within<'a>>,
}

/// Where in the log a fact stands.
#[derive(Clone, Copy, Debug)]
pub struct Within<'a> {
    /// Its decision.
    pub decision: &'a Decision,
    /// Which one of its record, counted from 0.
    pub ordinal: u32,
    /// Hash of the record.
    pub hash: Hash,
}

/// Folds events into rows of its own. Pure: the same facts over the same rows give the same rows.
///
/// A projection writes only the rows that [`super::keys`] gives it. It may read its own and those of `pipelines`, which
/// is folded before all others but `audit`; `runs` also reads those of `task_runs`, as they were before the event: they say whether it
/// counts. `audit` is the first, and reads the rows of all others, as they were before the event: it tells what a command changed.
/// `failing` and `going_on` are the last, and read the rows of all others, as they are after the event.
/// Which asset an alias means, `graph` says, before all others that speak of assets.
/// `durations`, `schedules`, `integrations` and `spending` are folded before `runs`, `task_runs` and `costs`, and read their rows as they were
/// before the event: what counts there counts for them.
/// What `task_runs` says of the shape of a run (its pipeline, its iterations) all may read: it is known before anything happens in it.
pub trait Projection: Send + Sync {
    /// Its name, for versions and quarantine.
    const NAME: &'static str;
    /// Raise it with every change of what it writes: the store is then rebuilt from the log.
    const VERSION: u32;
    /// Names of the others whose rows it reads. Until a store is rebuilt, its rows count as changed where theirs do.
    const READS: &'static [&'static str];

    /// Folds one event. Total over events: what does not fit the rows changes nothing.
    ///
    /// # Errors
    /// `Damaged` when a row does not read.
    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error>;
}

/// A projection as a value.
#[derive(Clone, Copy)]
pub struct Registered {
    /// [`Projection::NAME`].
    pub name: &'static str,
    /// [`Projection::VERSION`].
    pub version: u32,
    /// [`Projection::READS`].
    pub reads: &'static [&'static str],
    /// [`Projection::fold`].
    pub fold: fn(&Fact<'_>, &mut Plans, &mut Batch<'_>) -> Result<(), Error>,
}

const fn register<P: Projection>() -> Registered {
    Registered { name: P::NAME, version: P::VERSION, reads: P::READS, fold: P::fold }
}

/// Every projection, in the order in which they see an event.
pub const ALL: &[Registered] = &[
    register::<Audit>(),
    register::<Pipelines>(),
    register::<Durations>(),
    register::<Schedules>(),
    register::<Integrations>(),
    register::<Spending>(),
    register::<Runs>(),
    register::<TaskRuns>(),
    register::<Operations>(),
    register::<Foreign>(),
    register::<Graph>(),
    register::<Assets>(),
    register::<Lineage>(),
    register::<Quality>(),
    register::<Usage>(),
    register::<Twice>(),
    register::<Backfills>(),
    register::<Breaches>(),
    register::<Alerts>(),
    register::<ToolState>(),
    register::<Costs>(),
    register::<Failing>(),
    register::<GoingOn>(),
];
