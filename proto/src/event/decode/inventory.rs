//! Assets and dependencies that people declare.

use downbeat_domain::{
    Event,
    inventory::{AssetDetails, Dependency, InventoryEvent, Link},
};
use jiff::Timestamp;

use super::{DecodeError, fields::Fields};
use crate::{
    convert,
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(known: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let asset = |key: String| Some(key).filter(|key| !key.is_empty()).ok_or(fields.missing("asset"));
    let fact = match known {
        EventKind::AssetRemoved => {
            let removed: wire::AssetRemoved = fields.parse(payload)?;
            InventoryEvent::Removed { asset: asset(removed.asset)?, at: fields.at(removed.at)? }
        }
        EventKind::AssetDeclared => {
            let declared: wire::AssetDeclared = fields.parse(payload)?;
            let details = declared.details.and_then(details_of).ok_or(fields.missing("details"))?;
            let at = fields.at(declared.at)?;
            InventoryEvent::Declared { asset: asset(declared.asset)?, details: Box::new(details), at }
        }
        _ => {
            let declared: wire::DependenciesDeclared = fields.parse(payload)?;
            let dependencies = declared.dependencies.into_iter().map(dependency_of).collect::<Option<Vec<_>>>();
            let dependencies = dependencies.filter(|them| !them.is_empty()).ok_or(fields.missing("dependencies"))?;
            InventoryEvent::Depend { dependencies, at: fields.at(declared.at)? }
        }
    };
    Ok(Event::Inventory(Box::new(fact)))
}

/// What is declared of an asset; `None`: an instant is none.
pub fn details_of(details: wire::AssetDetails) -> Option<AssetDetails> {
    let instant = |micros: Option<i64>| -> Option<Option<Timestamp>> {
        micros.map_or(Some(None), |micros| convert::instant(micros).map(Some))
    };
    Some(AssetDetails {
        name: details.name,
        kind: details.r#type,
        integration: details.integration,
        integration_account: details.integration_account_id,
        integration_kind: details.integration_asset_type,
        status: details.status,
        owners: details.owners.map(|owners| owners.owners),
        meta: details.meta,
        database: details.database_name,
        schema: details.schema_name,
        table: details.table_name,
        description: details.description,
        workspace_name: details.workspace_name,
        workspace: details.workspace_id,
        url: details.url,
        created_at: instant(details.created_in_integration_at)?,
        updated_at: instant(details.updated_in_integration_at)?,
    })
}

/// What is declared of how one asset is made of another; `None`: one of them has no key.
pub fn dependency_of(one: wire::AssetDependency) -> Option<Dependency> {
    let named = !one.from.is_empty() && !one.to.is_empty();
    let link = Link { detail: one.lineage_detail, integration: one.integration };
    named.then_some(Dependency { from: one.from, to: one.to, link })
}
