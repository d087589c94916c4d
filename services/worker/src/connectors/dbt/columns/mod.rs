//! Which column of what dbt built came of which, and which columns its tables have.
//!
//! Promises: pure but for [`add`] and `beside`. Only adds to edges and assets that dbt's own artifacts gave: never an edge between tables
//! that dbt does not know of. A list of columns stands there only if it is complete. What cannot be read has no columns and is a line in the
//! log; a task never fails because of it.

mod beside;
mod catalog;
mod order;
mod seed;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Instant;

use downbeat_lineage::sql::{self, ColumnUse, ColumnUsed, Defaults, TableName};
use downbeat_proto::events::v1::{AssetColumn, ColumnEdge};
use prost::Message;

use super::artifacts::{Invocation, Manifest, Node};
use super::{Project, assets, collect};
use crate::attempt::Collection;
use crate::limits::{
    COLLECTED_ITEM_BYTES_MAX, DBT_COLUMN_NODES_MAX, DBT_COLUMN_PROBLEMS_SHOWN, DBT_COLUMNS_MAX, DBT_COLUMNS_WAIT,
};
use beside::Beside;
use tables::Tables;

/// Stands in front of a query, in a line of its own, so that a query that reads no table has columns, too.
const MADE: &str = "create table downbeat_made as\n";

/// Adds columns to what was collected of these commands.
pub(super) async fn add(project: &Project<'_>, invocations: Vec<Invocation>, collection: &mut Collection) {
    if collection.assets.is_empty() || project.task.stop.asked() {
        return;
    }
    let (folder, target) = (project.folder.clone(), project.target.clone());
    // Parsing much SQL takes a while.
    let reading = tokio::task::spawn_blocking(move || {
        let until = Instant::now() + DBT_COLUMNS_WAIT;
        let beside = Beside::read(&folder, &target, &invocations);
        Columns::read(&invocations, beside, &|| Instant::now() < until)
    });
    let problems = match reading.await {
        Ok(mut columns) => {
            columns.add_to(collection);
            columns.problems
        }
        Err(error) => vec![format!("columns were not read: {error}")],
    };
    for line in problems.iter().take(DBT_COLUMN_PROBLEMS_SHOWN) {
        project.task.log.line(line).await;
    }
    if let Some(more) = problems.len().checked_sub(DBT_COLUMN_PROBLEMS_SHOWN + 1) {
        project.task.log.line(&format!("and {} more whose columns are not known", more + 1)).await;
    }
}

/// What is known of columns; tables by the keys of their assets.
#[derive(Debug, Default)]
struct Columns {
    /// Between two tables.
    edges: BTreeMap<(String, String), Vec<ColumnEdge>>,
    /// Of a table whose columns are all known.
    tables: BTreeMap<String, Vec<AssetColumn>>,
    /// What is not known and why, a line each.
    problems: Vec<String>,
}

impl Columns {
    /// Reads what the commands built, in their order; `go_on`: is there time for another one?
    fn read(invocations: &[Invocation], beside: Beside, go_on: &dyn Fn() -> bool) -> Self {
        let mut columns = Self { problems: beside.problems.clone(), ..Self::default() };
        let mut tables = Tables::default();
        let mut left = DBT_COLUMN_NODES_MAX;
        for invocation in collect::working(invocations) {
            tables.enter(invocation, &beside);
            for id in order::built(invocation) {
                if left == 0 || !go_on() {
                    let line = format!(
                        "columns of {id} and what was built after it are not known: reading them takes too long"
                    );
                    columns.problems.push(line);
                    break;
                }
                left -= 1;
                columns.take(invocation, &mut tables, &beside, id);
            }
            columns.describe(&invocation.manifest, &tables);
        }
        columns
    }

    /// A node that was built.
    fn take(&mut self, invocation: &Invocation, tables: &mut Tables, beside: &Beside, id: &str) {
        let Some(node) = invocation.manifest.nodes.get(id) else { return };
        let Some(code) = code(invocation, node, beside, id) else { return };
        let query = sql::read(&format!("{MADE}{code}"), tables.dialect, &Defaults::default(), tables);
        if let Some(problem) = query.problems.first() {
            // The parser has no place for what is missing at the end.
            let place = match problem.at.line.checked_sub(1) {
                Some(line) => format!("line {}, column {}", line.max(1), problem.at.column),
                None => "at the end".to_owned(),
            };
            self.problems.push(format!("columns of {id} are not known: {place} of its SQL: {}", problem.message));
        }
        let Some(statement) = query.statements.into_iter().next().filter(|_| query.problems.is_empty()) else {
            tables.built(id, None);
            return;
        };
        let (mut uses, mut output) = (statement.columns, statement.output);
        if node.resource_type == "snapshot" {
            snapshot::complete(node, tables.dialect, &mut uses, &mut output);
        }
        tables.built(id, output.filter(|output| output.len() <= DBT_COLUMNS_MAX));
        self.connect(&invocation.manifest, tables, id, &uses);
    }

    fn connect(&mut self, manifest: &Manifest, tables: &Tables, id: &str, uses: &[ColumnUsed]) {
        let Some(to) = assets::key(manifest, id) else { return };
        let mut keys: BTreeMap<&TableName, Option<String>> = BTreeMap::new();
        let mut found: BTreeMap<String, Vec<ColumnEdge>> = BTreeMap::new();
        for used in uses {
            let key = keys.entry(&used.table).or_insert_with(|| {
                // An incremental model reads itself from its second run on.
                let from = tables.id(&used.table).filter(|from| *from != id)?;
                assets::key(manifest, from)
            });
            if let Some(key) = key {
                let edge = ColumnEdge { from: used.column.clone(), to: used.to.clone(), r#use: wire(used.kind) };
                found.entry(key.clone()).or_default().push(edge);
            }
        }
        self.edges.extend(found.into_iter().map(|(from, edges)| ((from, to.clone()), edges)));
    }

    /// Columns of all tables that are known whole, with what is said of them.
    fn describe(&mut self, manifest: &Manifest, tables: &Tables) {
        for (id, names) in tables.whole() {
            let Some(key) = assets::key(manifest, id) else { continue };
            let mut columns: Vec<_> =
                names.iter().map(|name| AssetColumn { name: name.clone(), ..AssetColumn::default() }).collect();
            for column in &mut columns {
                column.r#type = tables.kind(id, &column.name).unwrap_or_default();
                column.description = tables.description(id, &column.name).unwrap_or_default();
            }
            self.tables.insert(key, columns);
        }
    }

    /// Puts what is known where it belongs, as far as an item may grow.
    fn add_to(&mut self, collection: &mut Collection) {
        for edge in &mut collection.edges {
            let Some(columns) = self.edges.remove(&(edge.from.clone(), edge.to.clone())) else { continue };
            edge.columns = columns;
            if edge.encoded_len() > COLLECTED_ITEM_BYTES_MAX {
                edge.columns.retain(|column| !column.to.is_empty());
            }
            if edge.encoded_len() > COLLECTED_ITEM_BYTES_MAX {
                edge.columns.clear();
                self.problems.push(format!("columns from {} into {} are too many to be told", edge.from, edge.to));
            }
        }
        for asset in &mut collection.assets {
            let Some(columns) = self.tables.remove(&asset.key) else { continue };
            asset.columns = columns;
            if asset.encoded_len() > COLLECTED_ITEM_BYTES_MAX {
                asset.columns.iter_mut().for_each(|column| column.description.clear());
            }
            if asset.encoded_len() > COLLECTED_ITEM_BYTES_MAX {
                asset.columns.clear();
                self.problems.push(format!("columns of {} are too many to be told", asset.key));
            }
        }
    }
}

/// The SQL of a node that was sent to the database.
fn code<'a>(invocation: &'a Invocation, node: &'a Node, beside: &'a Beside, id: &str) -> Option<&'a str> {
    if node.resource_type == "seed" || node.language.as_deref().is_some_and(|language| language != "sql") {
        return None;
    }
    let result = invocation.results.results.iter().find(|result| result.unique_id == id);
    let said = [
        result.and_then(|result| result.compiled_code.as_deref()),
        node.compiled_code.as_deref(),
        beside.compiled.get(id).map(String::as_str),
    ];
    said.into_iter().flatten().find(|code| !code.trim().is_empty())
}

fn wire(kind: ColumnUse) -> i32 {
    let place = ColumnUse::ALL.iter().position(|known| *known == kind);
    place.and_then(|place| i32::try_from(place).ok()).unwrap_or_default()
}
