//! Assets: the newest that is known of each, over all runs.

use super::{
    batch::Batch,
    checks::Ran,
    collected,
    graph::aliases,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
    told::{self, Told},
};
use crate::error::Error;

/// The projection.
pub(super) struct Assets;

impl Projection for Assets {
    const NAME: &'static str = "assets";
    const VERSION: u32 = 3;
    const READS: &'static [&'static str] = &["pipelines", "task_runs", "graph"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Some(Told { collected, reporter, run_id }) = told::of(fact, plans, batch)? else { return Ok(()) };
        let pipeline_id = reporter.pipeline_id();
        let ran = Ran { run_id: &run_id, pipeline_id: &pipeline_id, task: &reporter.task, at: fact.decided_at };
        collected::fold_assets(collected, &ran, batch, |asset, batch| {
            Ok(keys::asset(&aliases::meant(asset, |row| batch.bytes(row))?))
        })
    }
}
