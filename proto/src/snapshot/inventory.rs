//! What people declare of assets, both ways.

use downbeat_domain::{limits, state::Inventory};

use crate::{event, events::v1::AssetDependency, snapshots::v1 as wire};

pub(super) fn assets(inventory: &Inventory) -> Vec<wire::DeclaredAsset> {
    let asset = |(key, details): (&String, _)| wire::DeclaredAsset {
        asset: key.clone(),
        details: Some(event::asset_details(details)),
    };
    inventory.assets().map(asset).collect()
}

pub(super) fn dependencies(inventory: &Inventory) -> Vec<AssetDependency> {
    inventory.dependencies().map(|one| event::asset_dependency(&one)).collect()
}

/// `None` = they cannot be read, come twice, or are more than there may be.
pub(super) fn decode(assets: Vec<wire::DeclaredAsset>, dependencies: Vec<AssetDependency>) -> Option<Inventory> {
    let found = (assets.len(), dependencies.len());
    if found.0 > limits::ASSETS_DECLARED_MAX || found.1 > limits::DEPENDENCIES_DECLARED_MAX {
        return None;
    }
    let mut inventory = Inventory::default();
    for asset in assets {
        inventory.declare(asset.asset, event::asset_details_of(asset.details?)?);
    }
    for one in dependencies {
        inventory.depend(&event::asset_dependency_of(one)?);
    }
    let (assets, links, _) = inventory.size();
    ((assets, links) == found).then_some(inventory)
}
