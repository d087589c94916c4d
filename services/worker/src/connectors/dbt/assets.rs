//! What dbt's nodes are as assets: their keys, kinds, names, and who answers for them.

use downbeat_lineage::naming;
use downbeat_proto::events::v1::Asset;
use serde_json::Value;

use super::artifacts::{Exposure, Manifest, Node, OneOrMany, Owner};
use crate::attempt::cut;
use crate::limits::{ASSET_TEXT_CHARS_MAX, ASSET_TEXTS_MAX};

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
    let namespace = namespace(manifest);
    Some(Asset {
        key: naming::key(&namespace, &qualified_name(node)?)?,
        name: table_name(node).to_owned(),
        r#type: kind.to_owned(),
        namespace,
        description: cut(node.description.clone().unwrap_or_default()),
        row_count: -1,
        integration: INTEGRATION.to_owned(),
        owners: owners(manifest, node),
        tags: texts(node.tags.iter().map(String::as_str)),
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
    let link = exposure.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    Asset {
        // The project is a part of the id: `exposure.shop.weekly`.
        key: format!("dbt/{unique_id}"),
        name: exposure.label.clone().unwrap_or_else(|| exposure.name.clone()),
        r#type: kind.to_owned(),
        namespace: "dbt".to_owned(),
        description: cut(exposure.description.clone().unwrap_or_default()),
        row_count: -1,
        integration: INTEGRATION.to_owned(),
        owners: texts(exposure.owner.iter().flat_map(named)),
        tags: texts(exposure.tags.iter().map(String::as_str)),
        link: link.map(|url| url.chars().take(ASSET_TEXT_CHARS_MAX).collect()).unwrap_or_default(),
        ..Asset::default()
    }
}

/// The adapter's name.
pub(super) fn adapter(manifest: &Manifest) -> String {
    manifest.metadata.adapter_type.clone().unwrap_or_else(|| "dbt".to_owned())
}

/// The namespace of its tables: where the profile says they are, or the adapter's name, if nobody knows.
pub(super) fn namespace(manifest: &Manifest) -> String {
    manifest.namespace.clone().unwrap_or_else(|| naming::namespace(&adapter(manifest)))
}

/// `meta.owner` (a text, a list, or an object with name and email), else the owner of its group.
fn owners(manifest: &Manifest, node: &Node) -> Vec<String> {
    let meta = node.config.meta.get("owner").or_else(|| node.meta.get("owner"));
    let own = match meta {
        Some(Value::String(owner)) => texts([owner.as_str()]),
        Some(Value::Array(owners)) => texts(owners.iter().filter_map(Value::as_str)),
        Some(Value::Object(owner)) => {
            texts(["email", "name"].iter().filter_map(|field| owner.get(*field)?.as_str()).take(1))
        }
        _ => Vec::new(),
    };
    if !own.is_empty() {
        return own;
    }
    let group = node.group.as_deref().or(node.config.group.as_deref());
    let group = group.and_then(|group| manifest.groups.values().find(|known| known.name == group));
    texts(group.iter().flat_map(|group| named(&group.owner)))
}

/// An address says more than a name.
fn named(owner: &Owner) -> Option<&str> {
    let addresses = owner.email.iter().flat_map(OneOrMany::words).map(String::as_str);
    addresses.chain(owner.name.as_deref()).find(|word| !word.trim().is_empty())
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let texts = texts.into_iter().map(str::trim).filter(|text| !text.is_empty()).take(ASSET_TEXTS_MAX);
    texts.map(|text| text.chars().take(ASSET_TEXT_CHARS_MAX).collect()).collect()
}

fn qualified_name(node: &Node) -> Option<String> {
    let parts = [node.database.as_deref(), node.schema.as_deref(), Some(table_name(node))];
    // Quoted, so that a dot in a name is none between names.
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).map(quoted).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

fn quoted(part: &str) -> String {
    format!("\"{}\"", part.replace('"', "\"\""))
}

fn table_name(node: &Node) -> &str {
    let named = node.alias.as_deref().or(node.identifier.as_deref());
    named.filter(|name| !name.is_empty()).unwrap_or(&node.name)
}
