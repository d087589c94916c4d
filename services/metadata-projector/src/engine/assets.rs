//! Assets: the newest that is known of each, over all runs, and what they are filtered by.

use downbeat_domain::Event;
use downbeat_proto::metadata::v1 as wire;

use super::{
    batch::Batch,
    checks::Ran,
    collected::{self, Home},
    graph::aliases,
    inventory,
    keys::{
        self,
        graph::node,
        lists::{self, AssetIndex},
    },
    marks::AssetMark,
    plans::Plans,
    projection::{Fact, Projection},
    told::{self, Told},
};
use crate::error::Error;

/// The projection.
pub(super) struct Assets;

impl Projection for Assets {
    const NAME: &'static str = "assets";
    const VERSION: u32 = 4;
    const READS: &'static [&'static str] = &["pipelines", "task_runs", "graph"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        if let Event::Inventory(said) = fact.event {
            return inventory::fold(said, fact.decided_at, batch);
        }
        let Some(Told { collected, reporter, run_id }) = told::of(fact, plans, batch)? else { return Ok(()) };
        let pipeline_id = reporter.pipeline_id();
        let ran = Ran { run_id: &run_id, pipeline_id: &pipeline_id, task: &reporter.task, at: fact.decided_at };
        collected::fold_assets(collected, &ran, &OverAll, batch)?;
        let renamed = collected.assets.iter().filter(|asset| !asset.aliases.is_empty());
        renamed.map(|asset| &asset.key).try_for_each(|asset| inventory::join(asset, batch))
    }
}

/// The rows of the assets over all runs, with what people declare of them.
struct OverAll;

impl Home for OverAll {
    fn named(&self, asset: &str, batch: &Batch<'_>) -> Result<String, Error> {
        aliases::meant(asset, |row| batch.bytes(row))
    }

    fn read(&self, asset: &str, batch: &Batch<'_>) -> Result<Option<wire::Asset>, Error> {
        inventory::reported(asset, batch)
    }

    fn write(&self, asset: &str, row: &wire::Asset, batch: &mut Batch<'_>) -> Result<(), Error> {
        let before = collected::known(batch.get(&keys::asset(asset))?);
        inventory::write(asset, row, before.and_then(|before| before.declared), batch)
    }
}

/// Writes what an asset is filtered by, where that has changed.
pub(super) fn note(row: &wire::Asset, batch: &mut Batch<'_>) -> Result<(), Error> {
    let mut mark = AssetMark::of(row);
    let asset = node(&mark.key);
    let among_all = lists::asset_below(lists::ASSETS, row.first_seen_at, asset);
    let mut before: Option<AssetMark> = batch.get(&among_all)?;
    // An empty row is one of an asset that was removed.
    before = before.filter(|before| !before.key.is_empty());
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
    if before.as_ref() == Some(&mark) {
        return Ok(());
    }
    let places = places(&mark, row.first_seen_at);
    for gone in before.iter().flat_map(|before| self::places(before, row.first_seen_at)) {
        if !places.contains(&gone) {
            batch.put_bytes(gone, Vec::new());
        }
    }
    places.into_iter().for_each(|place| batch.put(place, &mark));
    Ok(())
}

/// Nothing finds it any more.
pub(super) fn unlist(row: &wire::Asset, batch: &mut Batch<'_>) {
    let mark = AssetMark::of(row);
    let among_all = lists::asset_below(lists::ASSETS, row.first_seen_at, node(&mark.key));
    batch.put_bytes(among_all, Vec::new());
    places(&mark, row.first_seen_at).into_iter().for_each(|place| batch.put_bytes(place, Vec::new()));
}

/// Where an asset stands by its database and its schema.
fn places(mark: &AssetMark, first_seen_at: i64) -> Vec<Vec<u8>> {
    let (database, schema) = mark.place();
    let named = [(AssetIndex::Database, database), (AssetIndex::Schema, schema)];
    let named = named.into_iter().filter_map(|(index, name)| Some(lists::assets_of(index, &name?)));
    named.map(|prefix| lists::asset_below(&prefix, first_seen_at, node(&mark.key))).collect()
}
