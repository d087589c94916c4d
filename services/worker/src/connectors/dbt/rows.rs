//! Counts the rows of what dbt built, for adapters whose results do not say it. One extra call of dbt, in the task's own
//! environment; when it fails, that is a line in the log and nothing more.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::{call, carried};
use super::{Project, artifacts::Invocation, assets};
use crate::attempt::Collection;
use crate::limits::{ROW_COUNT_OUTPUT_BYTES_MAX, ROW_COUNT_RELATIONS_MAX, ROW_COUNT_WAIT};
use crate::process::run::Exit;
use crate::toolchain::words::Command;

/// Adapters that report no rows.
const SILENT: [&str; 1] = ["duckdb"];

#[derive(Deserialize)]
struct Shown {
    show: Vec<Count>,
}

#[derive(Deserialize)]
struct Count {
    asset: String,
    rows_seen: i64,
}

pub(super) async fn count(
    project: &Project<'_>,
    commands: &[Command],
    newest: &Invocation,
    collection: &mut Collection,
) {
    if !SILENT.contains(&assets::adapter(&newest.manifest).as_str()) || project.task.stop.asked() {
        return;
    }
    let relations = relations(newest, collection);
    if relations.is_empty() {
        return;
    }
    match ask(project, commands, &relations).await {
        Ok(counts) => apply(newest, &counts, collection),
        Err(reason) => project.task.log.line(&format!("rows were not counted: {reason}")).await,
    }
}

/// Key and quoted name of everything that is sure to exist: what was built, and the sources that were read for it.
fn relations(newest: &Invocation, collection: &Collection) -> BTreeMap<String, String> {
    let manifest = &newest.manifest;
    let broken: Vec<&str> = collection
        .operations
        .iter()
        .filter(|operation| operation.r#type != "TEST" && !matches!(operation.status.as_str(), "SUCCEEDED" | "WARNING"))
        .map(|operation| operation.asset.as_str())
        .collect();
    let nodes = manifest.nodes.iter().chain(&manifest.sources);
    nodes
        .filter_map(|(id, node)| {
            let asset = assets::of_node(manifest, id)?;
            let wanted =
                collection.assets.iter().any(|known| known.key == asset.key) && !broken.contains(&asset.key.as_str());
            Some((asset.key, node.relation_name.clone()?)).filter(|_| wanted)
        })
        .take(ROW_COUNT_RELATIONS_MAX)
        .collect()
}

async fn ask(
    project: &Project<'_>,
    commands: &[Command],
    relations: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, i64>, String> {
    let mut words: Vec<String> =
        ["dbt", "show", "--quiet", "--output", "json", "--limit", "-1", "--inline"].map(str::to_owned).into();
    words.push(query(relations));
    words.extend(commands.last().map(|command| carried(&command.words)).unwrap_or_default());
    let ran = call(project, &words, ROW_COUNT_OUTPUT_BYTES_MAX, ROW_COUNT_WAIT).await?;
    match ran.exit {
        Exit::Code(0) => read(&ran.output),
        other => Err(format!("dbt show ended with {other:?}")),
    }
}

fn query(relations: &BTreeMap<String, String>) -> String {
    let selects = relations.iter().map(|(key, relation)| {
        format!("select '{}' as asset, count(*) as rows_seen from {relation}", key.replace('\'', "''"))
    });
    selects.collect::<Vec<_>>().join(" union all ")
}

fn read(output: &[u8]) -> Result<BTreeMap<String, i64>, String> {
    // Lines of plugins may stand before the JSON.
    let start = output.iter().position(|byte| *byte == b'{').ok_or("dbt show printed no JSON")?;
    let shown = Shown::deserialize(&mut serde_json::Deserializer::from_slice(&output[start..]));
    let shown = shown.map_err(|error| format!("dbt show printed something else: {error}"))?;
    Ok(shown.show.into_iter().map(|count| (count.asset, count.rows_seen)).collect())
}

fn apply(newest: &Invocation, counts: &BTreeMap<String, i64>, collection: &mut Collection) {
    for asset in &mut collection.assets {
        asset.row_count = counts.get(&asset.key).copied().unwrap_or(-1);
    }
    for operation in &mut collection.operations {
        let node = newest.manifest.nodes.get(&operation.external_id);
        // Only a table is written as a whole: a view writes nothing, an incremental model less than it holds.
        let whole = node.is_some_and(|node| node.config.materialized.as_deref() == Some("table"));
        if whole && operation.rows_affected < 0 && operation.status == "SUCCEEDED" {
            operation.rows_affected = counts.get(&operation.asset).copied().unwrap_or(-1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_what_dbt_shows() {
        let output =
            b"noise\n{\n \"node\": \"inline_query\", \"show\": [{\"asset\": \"duckdb/a.b.c\", \"rows_seen\": 3}]}\n";
        assert_eq!(read(output).unwrap(), BTreeMap::from([("duckdb/a.b.c".to_owned(), 3)]));
        for broken in ["", "no json", "{\"show\": [{}]}"] {
            assert!(read(broken.as_bytes()).is_err());
        }
    }

    #[test]
    fn one_query_counts_everything() {
        let relations =
            BTreeMap::from([("k'1".to_owned(), "\"a\".\"b\"".to_owned()), ("k2".to_owned(), "c".to_owned())]);
        assert_eq!(
            query(&relations),
            "select 'k''1' as asset, count(*) as rows_seen from \"a\".\"b\" union all select 'k2' as asset, count(*) as rows_seen from c"
        );
    }
}
