//! What was told of operations, assets and edges, and by whom: by a task of ours, or by another system about a run of its own.
//!
//! Projections of metadata fold this and not the events, so that a table that Airflow writes is no other table than one that a task of
//! ours writes.

use downbeat_domain::{
    Event, RunId,
    foreign::{LineageReported, Said},
    metadata::Collected,
};

use super::{batch::Batch, graph::reporter::Reporter, plans::Plans, projection::Fact};
use crate::error::Error;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Told<'a> {
    /// What.
    pub(super) collected: &'a Collected,
    /// By whom.
    pub(super) reporter: Reporter,
    /// In which run: ours, or one of another system.
    pub(super) run_id: String,
}

/// What an event tells. `None`: nothing of that kind.
///
/// # Errors
/// `Damaged`.
pub(super) fn of<'a>(fact: &Fact<'a>, plans: &mut Plans, batch: &Batch<'_>) -> Result<Option<Told<'a>>, Error> {
    match fact.event {
        Event::OperationsCollected { attempt, collected, .. } => {
            let reporter = Reporter::of(*attempt, plans, batch)?.unwrap_or_default();
            Ok(Some(Told { collected, reporter, run_id: attempt.run.to_string() }))
        }
        Event::LineageReported(reported) => {
            let LineageReported { said, collected, .. } = reported.as_ref();
            let run_id = said.run.as_ref().map(|run| RunId(run.id).to_string()).unwrap_or_default();
            Ok(Some(Told { collected, reporter: foreign(said), run_id }))
        }
        _ => Ok(None),
    }
}

/// The job of another system. What is said of a job or a dataset without a run is one report each time that it is said.
fn foreign(said: &Said) -> Reporter {
    let job = said.job.as_ref().map(|job| (job.namespace.as_str(), job.name.as_str())).unwrap_or_default();
    let report = said.run.as_ref().map_or(said.identity, |run| run.id);
    Reporter::foreign(job, report)
}
