//! `InventoryService`: assets and dependencies that people declare. A key gets the spelling that everybody else uses, so that what is
//! declared and what runs report is one asset.

use downbeat_domain::{
    Command,
    inventory::{DeclareAsset, Dependency, InventoryCommand, Link},
    limits as domain_limits,
};
use downbeat_proto::{
    control::v1::{self as wire, inventory_service_server::InventoryService},
    event::asset_details_of,
};
use tonic::{Request, Response, Status};

use super::{
    Control,
    asker::Asker,
    declared,
    request::{at_most, command_id},
};
use crate::api::refused;

/// What counts as who says so where nobody does.
const INTEGRATION: &str = "ORCHESTRA";

impl Control {
    async fn declare_asset_of(
        &self,
        request: wire::DeclareAssetRequest,
        asker: &Asker,
    ) -> Result<wire::DeclareAssetResponse, Status> {
        let asset = key(&request.asset)?;
        let word = if request.is_new { "declare asset" } else { "change asset" };
        let id = command_id(&[word, &asset], &request.idempotency_key)?;
        let change = asset_details_of(request.details.unwrap_or_default());
        let change = change.ok_or_else(|| Status::invalid_argument("details: an instant is none"))?;
        let declare = DeclareAsset { asset: asset.clone(), is_new: request.is_new, change };
        let command = Command::Inventory(InventoryCommand::Declare(Box::new(declare)));
        let (changed, tail) = self.change(asker, command, id, "").await?;
        Ok(wire::DeclareAssetResponse { asset, changed, position: self.position(tail) })
    }

    async fn remove_asset_of(
        &self,
        request: wire::RemoveAssetRequest,
        asker: &Asker,
    ) -> Result<wire::RemoveAssetResponse, Status> {
        let asset = key(&request.asset)?;
        at_most("aliases", request.aliases.len(), domain_limits::ASSET_ALIASES_MAX)?;
        // What is no key of anything that can be declared is no matter: runs report longer ones.
        let aliases = request.aliases.iter().filter_map(|alias| key(alias).ok()).collect();
        let id = command_id(&["remove asset", &asset], &request.idempotency_key)?;
        let command = Command::Inventory(InventoryCommand::Remove { asset, aliases });
        let _declaring = self.declaring.lock().await;
        let (_, tail) = self.change(asker, command, id, "").await?;
        Ok(wire::RemoveAssetResponse { position: self.position(tail) })
    }

    async fn declare_dependencies_of(
        &self,
        request: wire::DeclareDependenciesRequest,
        asker: &Asker,
    ) -> Result<wire::DeclareDependenciesResponse, Status> {
        at_most("dependencies", request.dependencies.len(), domain_limits::DEPENDENCIES_PER_CALL_MAX)?;
        let id = command_id(&["declare dependencies"], &request.idempotency_key)?;
        let mut dependencies = Vec::with_capacity(request.dependencies.len());
        for one in request.dependencies {
            let integration = if one.integration.is_empty() { INTEGRATION.to_owned() } else { one.integration };
            let link = Link { detail: one.lineage_detail, integration };
            dependencies.push(Dependency { from: key(&one.from)?, to: key(&one.to)?, link });
        }
        // Nobody else declares any between the count and the decision.
        let _declaring = self.declaring.lock().await;
        let asked = dependencies.clone();
        let created = self.handle.ask(move |engine, _| {
            let inventory = &engine.partition().inventory;
            let new = asked.iter().filter(|one| inventory.link(&one.from, &one.to).is_none());
            new.map(|one| (&one.from, &one.to)).collect::<std::collections::BTreeSet<_>>().len()
        });
        let created = created.await.map_err(|error| refused(&error))?;
        let command = Command::Inventory(InventoryCommand::Depend(dependencies));
        let (changed, tail) = self.change(asker, command, id, "").await?;
        let created = if changed { u32::try_from(created).unwrap_or(u32::MAX) } else { 0 };
        Ok(wire::DeclareDependenciesResponse { created, position: self.position(tail) })
    }
}

/// A key as everybody spells it. One that is too long for any asset is not looked at closely.
fn key(written: &str) -> Result<String, Status> {
    let most = domain_limits::ASSET_KEY_CHARS_MAX;
    if written.chars().count() > most {
        return Err(Status::invalid_argument(format!("the key of an asset has 1 to {most} characters")));
    }
    Ok(declared::key(written))
}

#[tonic::async_trait]
impl InventoryService for Control {
    async fn declare_asset(
        &self,
        request: Request<wire::DeclareAssetRequest>,
    ) -> Result<Response<wire::DeclareAssetResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.declare_asset_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn remove_asset(
        &self,
        request: Request<wire::RemoveAssetRequest>,
    ) -> Result<Response<wire::RemoveAssetResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.remove_asset_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn declare_dependencies(
        &self,
        request: Request<wire::DeclareDependenciesRequest>,
    ) -> Result<Response<wire::DeclareDependenciesResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.declare_dependencies_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }
}
