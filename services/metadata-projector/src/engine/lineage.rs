//! Lineage of a run: the assets as it left them, and which came of which.

use downbeat_domain::{Event, RunId};
use downbeat_proto::{event::edge_to_wire, metadata::v1 as wire};

use super::{
    batch::Batch,
    checks::Ran,
    collected::{self, Home},
    keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct Lineage;

/// The rows of the assets of a run, each under the key by which it was reported.
struct OfRun(RunId);

impl Home for OfRun {
    fn named(&self, asset: &str, _batch: &Batch<'_>) -> Result<String, Error> {
        Ok(asset.to_owned())
    }

    fn read(&self, asset: &str, batch: &Batch<'_>) -> Result<Option<wire::Asset>, Error> {
        batch.get(&keys::run_asset(self.0, asset))
    }

    fn write(&self, asset: &str, row: &wire::Asset, batch: &mut Batch<'_>) -> Result<(), Error> {
        batch.put(keys::run_asset(self.0, asset), row);
        Ok(())
    }
}

impl Projection for Lineage {
    const NAME: &'static str = "lineage";
    const VERSION: u32 = 3;
    const READS: &'static [&'static str] = &[];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::OperationsCollected { attempt, collected, .. } = fact.event else { return Ok(()) };
        let run = attempt.run;
        let ran = Ran { run_id: &run.to_string(), pipeline_id: "", task: "", at: fact.decided_at };
        collected::fold_assets(collected, &ran, &OfRun(run), batch)?;
        for edge in &collected.edges {
            let row = edge_to_wire(edge);
            batch.put(keys::edge(run, &edge.from, &edge.to, &edge.operation), &row);
        }
        Ok(())
    }
}
