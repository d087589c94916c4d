//! Assets and dependencies that people declare.

use downbeat_domain::inventory::{AssetDetails, Dependency, InventoryEvent};

use crate::{
    convert::micros,
    event::event,
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &InventoryEvent) -> wire::Event {
    match fact {
        InventoryEvent::Declared { asset, details, at } => event(
            EventKind::AssetDeclared,
            &wire::AssetDeclared { asset: asset.clone(), details: Some(self::details(details)), at: micros(*at) },
        ),
        InventoryEvent::Removed { asset, at } => {
            event(EventKind::AssetRemoved, &wire::AssetRemoved { asset: asset.clone(), at: micros(*at) })
        }
        InventoryEvent::Depend { dependencies, at } => event(
            EventKind::DependenciesDeclared,
            &wire::DependenciesDeclared {
                dependencies: dependencies.iter().map(dependency).collect(),
                at: micros(*at),
            },
        ),
    }
}

/// The wire form of what is declared of an asset, which snapshots, rows and requests hold as well.
pub fn details(details: &AssetDetails) -> wire::AssetDetails {
    wire::AssetDetails {
        name: details.name.clone(),
        r#type: details.kind.clone(),
        integration: details.integration.clone(),
        integration_account_id: details.integration_account.clone(),
        integration_asset_type: details.integration_kind.clone(),
        status: details.status.clone(),
        owners: details.owners.clone().map(|owners| wire::AssetOwners { owners }),
        meta: details.meta.clone(),
        database_name: details.database.clone(),
        schema_name: details.schema.clone(),
        table_name: details.table.clone(),
        description: details.description.clone(),
        workspace_name: details.workspace_name.clone(),
        workspace_id: details.workspace.clone(),
        url: details.url.clone(),
        created_in_integration_at: details.created_at.map(micros),
        updated_in_integration_at: details.updated_at.map(micros),
    }
}

/// The wire form of what is declared of how one asset is made of another.
pub fn dependency(one: &Dependency) -> wire::AssetDependency {
    wire::AssetDependency {
        from: one.from.clone(),
        to: one.to.clone(),
        lineage_detail: one.link.detail.clone(),
        integration: one.link.integration.clone(),
    }
}
