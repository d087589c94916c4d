//! What dbt's nodes are as assets: their keys, kinds and names.

use downbeat_proto::events::v1::Asset;

use super::artifacts::{Exposure, Manifest, Node};
use crate::attempt::cut;

/// Adapters of warehouses in which names that differ in case only are different tables.
const CASE_SENSITIVE: [&str; 3] = ["bigquery", "clickhouse", "mysql"];
const INTEGRATION: &str = "DBT_CORE";

/// The asset behind a node or source; `None` for what has no table or view of its own (tests, ephemeral models, operations).
pub(super) fn of_node(manifest: &Manifest, unique_id: &str) -> Option<Asset> {
    let node = manifest.nodes.get(unique_id).or_else(|| manifest.sources.get(unique_id))?;
    let materialized = node.config.materialized.as_deref().unwrap_or_default();
    let kind = match (node.resource_type.as_str(), materialized) {
        ("model", "ephemeral") => return None,
        ("model", "view" | "materialized_view") => "VIEW",
        ("model" | "seed" | "snapshot" | "source", _) => "TABLE",
        _ => return None,
    };
    let adapter = adapter(manifest);
    let name = fold(&adapter, &qualified_name(node)?);
    Some(Asset {
        key: format!("{adapter}/{name}"),
        name: table_name(node).to_owned(),
        r#type: kind.to_owned(),
        namespace: adapter,
        description: cut(node.description.clone().unwrap_or_default()),
        row_count: -1,
        integration: INTEGRATION.to_owned(),
        ..Asset::default()
    })
}

/// The asset that stands for an exposure: something outside that reads what dbt builds.
pub(super) fn of_exposure(unique_id: &str, exposure: &Exposure) -> Asset {
    let kind = match exposure.kind.as_deref() {
        Some("dashboard") => "DASHBOARD",
        Some("notebook") => "WORKBOOK",
        Some("analysis") => "QUERIES",
        Some("ml") => "DATASET",
        _ => "UNKNOWN",
    };
    Asset {
        key: format!("dbt/{unique_id}"),
        name: exposure.label.clone().unwrap_or_else(|| exposure.name.clone()),
        r#type: kind.to_owned(),
        namespace: "dbt".to_owned(),
        description: cut(exposure.description.clone().unwrap_or_default()),
        row_count: -1,
        integration: INTEGRATION.to_owned(),
        ..Asset::default()
    }
}

/// The adapter's name, which is also the namespace of its tables.
pub(super) fn adapter(manifest: &Manifest) -> String {
    manifest.metadata.adapter_type.clone().unwrap_or_else(|| "dbt".to_owned())
}

fn fold(adapter: &str, name: &str) -> String {
    if CASE_SENSITIVE.contains(&adapter) { name.to_owned() } else { name.to_lowercase() }
}

fn qualified_name(node: &Node) -> Option<String> {
    let parts = [node.database.as_deref(), node.schema.as_deref(), Some(table_name(node))];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

fn table_name(node: &Node) -> &str {
    let named = node.alias.as_deref().or(node.identifier.as_deref());
    named.filter(|name| !name.is_empty()).unwrap_or(&node.name)
}
