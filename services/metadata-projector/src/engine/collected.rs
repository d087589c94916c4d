//! What collected metadata does to the rows of assets, the same for the newest state of all and for that of one run.
//!
//! Tests are attributes of the asset that they test, never assets. An asset is UNHEALTHY when a test of it failed, WARNING
//! when one warned, HEALTHY when all that ran passed, UNKNOWN when none ran.

use downbeat_domain::{RunId, metadata};
use downbeat_proto::{events::v1 as events, metadata::v1 as wire};

use super::batch::Batch;
use crate::{error::Error, limits};

/// The type of operations that test an asset.
const TEST: &str = "TEST";

fn count(number: Option<u64>) -> i64 {
    number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1)
}

/// Folds a report into the assets that it names; `key_of` says where the row of an asset stands.
///
/// # Errors
/// `Damaged`.
pub(super) fn fold_assets(
    collected: &metadata::Collected,
    run: RunId,
    at: i64,
    batch: &mut Batch<'_>,
    key_of: impl Fn(&str) -> Vec<u8>,
) -> Result<(), Error> {
    for reported in &collected.assets {
        let key = key_of(&reported.key);
        let mut row = existing_or_new(batch.get(&key)?, &reported.key, at);
        touch(&mut row, run, at);
        merge(row.asset.get_or_insert_default(), reported);
        batch.put(key, &row);
    }
    // Large reports come in chunks: an operation may name an asset that only a later chunk describes.
    for done in collected.operations.iter().filter(|operation| !operation.asset.is_empty()) {
        let key = key_of(&done.asset);
        let mut row = existing_or_new(batch.get(&key)?, &done.asset, at);
        touch(&mut row, run, at);
        match done.kind == TEST {
            true => record_test(&mut row, done, run),
            false => row.rows_affected = count(done.rows_affected),
        }
        batch.put(key, &row);
    }
    Ok(())
}

fn existing_or_new(row: Option<wire::Asset>, key: &str, at: i64) -> wire::Asset {
    row.unwrap_or_else(|| wire::Asset {
        asset: Some(events::Asset {
            key: key.to_owned(),
            name: key.rsplit('/').next().unwrap_or(key).to_owned(),
            row_count: -1,
            ..events::Asset::default()
        }),
        first_seen_at: at,
        rows_affected: -1,
        status: "UNKNOWN".to_owned(),
        ..wire::Asset::default()
    })
}

fn touch(row: &mut wire::Asset, run: RunId, at: i64) {
    row.updated_at = row.updated_at.max(at);
    row.last_run_id = run.to_string();
}

/// What the new report knows wins; what it leaves open stays: a task that only reads an asset knows less than its owner.
fn merge(known: &mut events::Asset, reported: &metadata::Asset) {
    let texts = [
        (&mut known.name, &reported.name),
        (&mut known.r#type, &reported.kind),
        (&mut known.namespace, &reported.namespace),
        (&mut known.description, &reported.description),
        (&mut known.integration, &reported.integration),
    ];
    for (known, reported) in texts {
        if !reported.is_empty() {
            known.clone_from(reported);
        }
    }
    if reported.row_count.is_some() {
        known.row_count = count(reported.row_count);
    }
}

fn record_test(row: &mut wire::Asset, done: &metadata::Operation, run: RunId) {
    let run_id = run.to_string();
    if row.tests.iter().any(|test| test.run_id != run_id) {
        row.tests.clear();
    }
    let test = wire::AssetTest {
        name: done.name.clone(),
        status: done.status.clone(),
        column: done.column.clone(),
        failures: count(done.failures),
        message: done.message.clone(),
        run_id,
    };
    match row.tests.iter().position(|known| known.name == test.name && known.column == test.column) {
        // A later attempt ran it again.
        Some(place) => row.tests[place] = test,
        None if row.tests.len() < limits::TESTS_PER_ASSET_MAX => row.tests.push(test),
        None => {}
    }
    row.status = health(&row.tests).to_owned();
}

fn health(tests: &[wire::AssetTest]) -> &'static str {
    let any = |status: &str| tests.iter().any(|test| test.status == status);
    if any("FAILED") {
        "UNHEALTHY"
    } else if any("WARNING") {
        "WARNING"
    } else if any("SUCCEEDED") || any("REUSED") {
        "HEALTHY"
    } else {
        "UNKNOWN"
    }
}
