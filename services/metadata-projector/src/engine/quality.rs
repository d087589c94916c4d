//! Results of tests as they came, and what became of the columns of assets.
//!
//! A result stands under the instant at which it was recorded; columns are compared with those that were told before, by
//! whomever: a report that tells no columns says nothing of them.

use downbeat_domain::metadata::Asset;
use downbeat_proto::{event::column_to_wire, events::v1 as events, metadata::v1 as wire};

use super::{
    batch::Batch,
    checks::{self, Ran},
    collected::TEST,
    graph::{aliases, reporter::Reporter},
    keys::{graph::node, quality as keys},
    plans::Plans,
    projection::{Fact, Projection},
    schema,
    told::{self, Told},
};
use crate::error::Error;

/// The projection.
pub(super) struct Quality;

impl Projection for Quality {
    const NAME: &'static str = "quality";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines", "task_runs", "graph"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Some(Told { collected, reporter, run_id }) = told::of(fact, plans, batch)? else { return Ok(()) };
        let tests = || collected.operations.iter().filter(|done| done.kind == TEST && !done.asset.is_empty());
        if tests().next().is_none() && collected.assets.iter().all(|asset| asset.columns.is_empty()) {
            return Ok(());
        }
        let pipeline_id = reporter.pipeline_id();
        let ran = Ran { run_id: &run_id, pipeline_id: &pipeline_id, task: &reporter.task, at: fact.decided_at };
        for done in tests() {
            let asset = node(&aliases::meant(&done.asset, |row| batch.bytes(row))?);
            let test = checks::of(done, &ran);
            batch.put(keys::result(asset, ran.at, test_id(&reporter, &test)), &test);
        }
        for asset in collected.assets.iter().filter(|asset| !asset.columns.is_empty()) {
            compare(asset, &ran, batch)?;
        }
        Ok(())
    }
}

/// Tells results of one instant apart: those of the same test in the same run are one.
fn test_id(reporter: &Reporter, test: &wire::AssetTest) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat test result v1");
    for part in [&reporter.report, test.name.as_bytes(), test.column.as_bytes()] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    id
}

fn compare(asset: &Asset, ran: &Ran<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let meant = aliases::meant(&asset.key, |row| batch.bytes(row))?;
    let key = keys::columns(node(&meant));
    let known: schema::Columns = batch.get(&key)?.unwrap_or_default();
    let told: Vec<events::AssetColumn> = asset.columns.iter().map(column_to_wire).collect();
    let columns = schema::changes(&known.columns, &told);
    let changes = known.changes + u32::from(!columns.is_empty());
    if !columns.is_empty() {
        let change = wire::SchemaChange {
            asset: meant.clone(),
            at: ran.at,
            run_id: ran.run_id.to_owned(),
            pipeline_id: ran.pipeline_id.to_owned(),
            task: ran.task.to_owned(),
            columns,
            // It may change its name: filled in when the row is read.
            pipeline_alias: String::new(),
        };
        batch.put(keys::schema_change(node(&meant), ran.at, changes), &change);
        batch.put_bytes(keys::schema_change_by_age(node(&meant), ran.at, changes), Vec::new());
    }
    let columns = schema::told(&known.columns, told);
    if columns != known.columns {
        batch.put(key, &schema::Columns { columns, changes });
    }
    Ok(())
}
