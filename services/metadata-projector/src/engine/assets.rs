//! Assets: the newest that is known of each, over all runs.

use downbeat_domain::Event;

use super::{
    batch::Batch,
    checks::Ran,
    collected,
    graph::{aliases, reporter::Reporter},
    keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct Assets;

impl Projection for Assets {
    const NAME: &'static str = "assets";
    const VERSION: u32 = 2;

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::OperationsCollected { attempt, collected, .. } = fact.event else { return Ok(()) };
        let reporter = Reporter::of(*attempt, plans, batch)?.unwrap_or_default();
        let (run_id, pipeline_id) = (attempt.run.to_string(), reporter.pipeline_id());
        let ran = Ran { run_id: &run_id, pipeline_id: &pipeline_id, task: &reporter.task, at: fact.decided_at };
        collected::fold_assets(collected, attempt.run, &ran, batch, |asset, batch| {
            Ok(keys::asset(&aliases::meant(asset, |row| batch.bytes(row))?))
        })
    }
}
