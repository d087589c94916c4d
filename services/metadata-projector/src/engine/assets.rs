//! Assets: the newest that is known of each, over all runs, and what they are filtered by.

use downbeat_proto::metadata::v1 as wire;

use super::{
    batch::Batch,
    checks::Ran,
    collected,
    graph::aliases,
    keys::{
        self,
        graph::node,
        lists::{self, AssetIndex},
    },
    marks::{AssetMark, place_of},
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
        let key_of = |asset: &str, batch: &Batch<'_>| Ok(keys::asset(&aliases::meant(asset, |row| batch.bytes(row))?));
        collected::fold_assets(collected, &ran, batch, key_of, |key, row, batch| {
            batch.put(key, row);
            note(row, batch)
        })
    }
}

/// Writes what an asset is filtered by, where that has changed.
fn note(row: &wire::Asset, batch: &mut Batch<'_>) -> Result<(), Error> {
    let mut mark = AssetMark::of(row);
    let asset = node(&mark.key);
    let among_all = lists::asset_below(lists::ASSETS, row.first_seen_at, asset);
    let mut before: Option<AssetMark> = batch.get(&among_all)?;
    if before.as_ref() == Some(&mark) {
        return Ok(());
    }
    batch.put(among_all, &mark);
    if before.is_none() {
        batch.put_bytes(lists::asset_of_id(collected::asset_id(&mark.key).0), mark.key.clone().into_bytes());
    }
    // It changes with every report: one row knows it.
    mark.updated_at = 0;
    if let Some(before) = &mut before {
        before.updated_at = 0;
    }
    let Some((database, schema)) = place_of(&mark.key).filter(|_| before.as_ref() != Some(&mark)) else {
        return Ok(());
    };
    for (index, name) in [(AssetIndex::Database, database), (AssetIndex::Schema, schema)] {
        batch.put(lists::asset_below(&lists::assets_of(index, &name), row.first_seen_at, asset), &mark);
    }
    Ok(())
}
