//! dbt's catalog.json (`dbt docs generate`): the columns that the database itself names.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::super::artifacts::Metadata;
use crate::limits::DBT_COLUMNS_MAX;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Catalog {
    metadata: Metadata,
    nodes: BTreeMap<String, Table>,
    sources: BTreeMap<String, Table>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Table {
    columns: BTreeMap<String, Column>,
}

/// A column of a table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// A whole number; some adapters write it with a fraction.
    index: Value,
}

impl Catalog {
    /// When it was written.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.metadata.generated_at.parse().ok()
    }

    /// Columns of a node or source in their order.
    pub(super) fn columns(&self, id: &str) -> Option<Vec<&Column>> {
        let table = self.nodes.get(id).or_else(|| self.sources.get(id))?;
        let mut columns: Vec<&Column> = table.columns.values().filter(|column| !column.name.is_empty()).collect();
        columns.sort_by(|left, right| {
            let place = |column: &Column| column.index.as_f64().unwrap_or(f64::MAX);
            place(left).total_cmp(&place(right))
        });
        (!columns.is_empty() && columns.len() <= DBT_COLUMNS_MAX).then_some(columns)
    }
}
