//! Columns that a snapshot has besides those of its query.

use downbeat_lineage::sql::{ColumnUse, ColumnUsed, Dialect};
use serde_json::Value;

use super::super::artifacts::Node;

/// Adds them, and what their values come of: the keys that are hashed, and the instant at which a row changed, if a column says it.
pub(super) fn complete(node: &Node, dialect: Dialect, uses: &mut Vec<ColumnUsed>, output: &mut Option<Vec<String>>) {
    let name = |column: &str| {
        let renamed = node.config.snapshot_meta_column_names.get(column).and_then(Value::as_str);
        dialect.column(renamed.filter(|name| !name.is_empty()).unwrap_or(column), false)
    };
    let (id, from, to, at) = (name("dbt_scd_id"), name("dbt_valid_from"), name("dbt_valid_to"), name("dbt_updated_at"));
    let deleted = (node.config.hard_deletes.as_str() == Some("new_record")).then(|| name("dbt_is_deleted"));
    let by_time = node.config.strategy.as_str() == Some("timestamp");
    let changed = columns(&node.config.updated_at, dialect).into_iter().filter(|_| by_time);
    let keys = columns(&node.config.unique_key, dialect);
    let mut more = Vec::new();
    for (column, kind, targets) in keys
        .into_iter()
        .map(|key| (key, ColumnUse::Transformation, vec![&id]))
        .chain(changed.clone().map(|column| (column, ColumnUse::Transformation, vec![&id, &to])))
        .chain(changed.map(|column| (column, ColumnUse::Identity, vec![&from, &at])))
    {
        // Each is a column of the query: what that came of, these came of.
        let origins: Vec<_> = uses.iter().filter(|used| used.to == column && used.kind.is_direct()).cloned().collect();
        for target in targets {
            more.extend(origins.iter().map(|origin| {
                let kind = if origin.kind == ColumnUse::Identity { kind } else { origin.kind };
                ColumnUsed { to: target.clone(), kind, ..origin.clone() }
            }));
        }
    }
    uses.extend(more);
    uses.sort();
    uses.dedup();
    if let Some(output) = output {
        output.extend([id, at, from, to]);
        output.extend(deleted);
    }
}

/// One name or a list of them. An expression is none.
fn columns(value: &Value, dialect: Dialect) -> Vec<String> {
    let words: Vec<&str> = match value {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_name = |word: &&str| word.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    words.into_iter().map(str::trim).filter(is_name).map(|word| dialect.column(word, false)).collect()
}
