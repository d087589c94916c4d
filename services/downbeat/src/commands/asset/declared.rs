//! `downbeat asset declare`, `remove` and `depend`: what people say of assets. An asset is looked up by any end of its key, so that nobody removes
//! one that is not there.

use std::process::ExitCode;

use downbeat_proto::{
    control::v1 as wire,
    events::v1::{AssetDependency, AssetDetails, AssetOwners},
    metadata::v1::GetAssetRequest,
};

use crate::{
    cli::{AssetDeclare, AssetDepend, AssetRemove, Servers},
    client,
    error::Error,
};

pub(super) async fn declare(declare: &AssetDeclare) -> Result<ExitCode, Error> {
    let owners = declare.owners.iter().filter(|owner| !owner.is_empty()).cloned().collect();
    let details = AssetDetails {
        name: declare.name.clone(),
        r#type: declare.kind.clone(),
        integration: declare.integration.clone(),
        integration_account_id: declare.account.clone(),
        status: declare.status.clone(),
        owners: (!declare.owners.is_empty()).then_some(AssetOwners { owners }),
        description: declare.description.clone(),
        url: declare.link.clone(),
        meta: declare.meta.clone(),
        database_name: declare.database.clone(),
        schema_name: declare.schema.clone(),
        ..AssetDetails::default()
    };
    let request = wire::DeclareAssetRequest {
        asset: declare.key_of_asset.clone(),
        is_new: declare.new,
        details: Some(details),
        idempotency_key: declare.key.key.clone().unwrap_or_default(),
        actor: declare.by.actor.clone().unwrap_or_default(),
    };
    let mut client = client::inventory(&declare.servers).await?;
    let answer = client.declare_asset(client::asked(request, &declare.by)).await.map_err(client::refused)?;
    let answer = answer.into_inner();
    let what = if answer.changed { "declared" } else { "unchanged" };
    println!("{what}: asset {}", answer.asset);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn remove(remove: &AssetRemove) -> Result<ExitCode, Error> {
    let (asset, aliases) = names_of(&remove.servers, &remove.asset).await?;
    let request = wire::RemoveAssetRequest {
        asset: asset.clone(),
        aliases,
        idempotency_key: remove.key.key.clone().unwrap_or_default(),
        actor: remove.by.actor.clone().unwrap_or_default(),
    };
    let mut client = client::inventory(&remove.servers).await?;
    client.remove_asset(client::asked(request, &remove.by)).await.map_err(client::refused)?;
    println!("removed: asset {asset}, until something tells of it again");
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn depend(depend: &AssetDepend) -> Result<ExitCode, Error> {
    let to = key_of(&depend.servers, &depend.asset).await?;
    let mut dependencies = Vec::with_capacity(depend.on.len());
    for input in &depend.on {
        dependencies.push(AssetDependency {
            from: key_of(&depend.servers, input).await?,
            to: to.clone(),
            lineage_detail: depend.detail.clone().unwrap_or_default(),
            integration: depend.integration.clone().unwrap_or_default(),
        });
    }
    let request = wire::DeclareDependenciesRequest {
        dependencies,
        idempotency_key: depend.key.key.clone().unwrap_or_default(),
        actor: depend.by.actor.clone().unwrap_or_default(),
    };
    let mut client = client::inventory(&depend.servers).await?;
    let answer = client.declare_dependencies(client::asked(request, &depend.by)).await.map_err(client::refused)?;
    println!("declared: {} new dependencies of asset {to}", answer.into_inner().created);
    Ok(ExitCode::SUCCESS)
}

/// The key of the asset that is meant.
async fn key_of(servers: &Servers, named: &str) -> Result<String, Error> {
    Ok(names_of(servers, named).await?.0)
}

/// The same, and the other keys that mean it.
async fn names_of(servers: &Servers, named: &str) -> Result<(String, Vec<String>), Error> {
    let request = GetAssetRequest { asset: named.to_owned(), at_least: None };
    let found = client::assets(servers).await?.get_asset(request).await.map_err(client::refused)?.into_inner();
    let asset = found.asset.and_then(|asset| asset.asset).unwrap_or_default();
    Ok((asset.key, asset.aliases))
}
