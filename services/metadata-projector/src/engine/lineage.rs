//! Lineage of a run: the assets as it left them, and which came of which.

use downbeat_domain::Event;
use downbeat_proto::event::edge_to_wire;

use super::{
    batch::Batch,
    checks::Ran,
    collected, keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct Lineage;

impl Projection for Lineage {
    const NAME: &'static str = "lineage";
    const VERSION: u32 = 3;
    const READS: &'static [&'static str] = &[];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::OperationsCollected { attempt, collected, .. } = fact.event else { return Ok(()) };
        let run = attempt.run;
        let ran = Ran { run_id: &run.to_string(), pipeline_id: "", task: "", at: fact.decided_at };
        collected::fold_assets(collected, &ran, batch, |asset, _| Ok(keys::run_asset(run, asset)))?;
        for edge in &collected.edges {
            let row = edge_to_wire(edge);
            batch.put(keys::edge(run, &edge.from, &edge.to, &edge.operation), &row);
        }
        Ok(())
    }
}
