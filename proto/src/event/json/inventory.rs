//! Assets and dependencies that people declare.

use downbeat_domain::inventory::{AssetDetails, Dependency, InventoryEvent};
use serde_json::{Map, Value, json};

use super::at;

pub(super) fn fact(fact: &InventoryEvent) -> Value {
    match fact {
        InventoryEvent::Declared { asset, details, at: when } => {
            json!({"asset": asset, "details": self::details(details), "at": at(*when)})
        }
        InventoryEvent::Removed { asset, at: when } => json!({"asset": asset, "at": at(*when)}),
        InventoryEvent::Depend { dependencies, at: when } => {
            let dependencies: Vec<Value> = dependencies.iter().map(dependency).collect();
            json!({"dependencies": dependencies, "at": at(*when)})
        }
    }
}

fn dependency(one: &Dependency) -> Value {
    let detail: Value = serde_json::from_str(&one.link.detail).unwrap_or_default();
    json!({"from": one.from, "to": one.to, "lineage_detail": detail, "integration": one.link.integration})
}

/// What is declared of an asset, only what is.
pub fn details(details: &AssetDetails) -> Value {
    let meta = details.meta.as_deref().and_then(|meta| serde_json::from_str::<Value>(meta).ok());
    let all = json!({
        "name": details.name, "type": details.kind, "integration": details.integration,
        "integration_account_id": details.integration_account, "integration_asset_type": details.integration_kind,
        "status": details.status, "owners": details.owners, "meta": meta, "database_name": details.database,
        "schema_name": details.schema, "table_name": details.table, "description": details.description,
        "workspace_name": details.workspace_name, "workspace_id": details.workspace, "url": details.url,
        "created_in_integration_at": details.created_at.map(at), "updated_in_integration_at": details.updated_at.map(at),
    });
    let Value::Object(all) = all else { return Value::Null };
    Value::Object(all.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
}
