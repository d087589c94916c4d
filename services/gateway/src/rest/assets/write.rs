//! Assets that people declare: made, changed, removed.
//!
//! Promises: whoever is answered finds what was done at once. Which asset an id, a key or an alias means is asked of the projector, since most
//! assets are known from runs only; what may be declared the core decides.

use axum::{
    http::{Method, StatusCode},
    response::Response,
};
use downbeat_domain::access::Role;
use downbeat_proto::{
    control::v1 as wire,
    events::v1::{AssetDetails, AssetOwners},
    metadata::v1::{Asset, GetAssetRequest},
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use tonic::{Code, Status};

use super::{NAME_CHARS_MAX, PublicAsset, found, shape};
use crate::http::{Call, Fault, Json, Need, Place, Route, Routes, Violation, camel, json, no_content, parsed};

/// A new asset.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Create {
    asset_name: String,
    /// Its key, at most 512 characters. What runs report under the same key is the same asset.
    external_id: String,
    integration_account_id: String,
    integration: String,
    /// CHART, DASHBOARD, DASHBOARD_VIEWS, DATASET, QUERIES, TABLE, UNKNOWN (default), VIEW or WORKBOOK.
    #[serde(default)]
    asset_type: Option<String>,
    /// HEALTHY, UNHEALTHY, UNKNOWN or WARNING.
    #[serde(default)]
    status: Option<String>,
    /// What its system calls its type.
    #[serde(default)]
    integration_asset_type: Option<String>,
    #[serde(default)]
    owners: Option<Vec<String>>,
    #[serde(default)]
    meta: Option<Map<String, Value>>,
    #[serde(default)]
    database_name: Option<String>,
    #[serde(default)]
    schema_name: Option<String>,
    #[serde(default)]
    table_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    workspace_name: Option<String>,
    #[serde(default)]
    workspace_id: Option<String>,
    #[serde(default)]
    url: Option<String>,
    /// ISO 8601.
    #[serde(default)]
    created_in_integration: Option<String>,
    /// ISO 8601.
    #[serde(default)]
    last_updated_in_integration: Option<String>,
}

/// What changes of an asset. Absent = it stays; `null` = it is declared no longer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Change {
    /// Cannot change: it is which asset this is.
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    asset_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    integration_account_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    integration: Option<Option<String>>,
    /// As where one is made.
    #[serde(default, deserialize_with = "given")]
    asset_type: Option<Option<String>>,
    /// As where one is made.
    #[serde(default, deserialize_with = "given")]
    status: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    integration_asset_type: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    owners: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "given")]
    meta: Option<Option<Map<String, Value>>>,
    #[serde(default, deserialize_with = "given")]
    database_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    schema_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    table_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    workspace_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    workspace_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    url: Option<Option<String>>,
    /// ISO 8601.
    #[serde(default, deserialize_with = "given")]
    created_in_integration: Option<Option<String>>,
    /// ISO 8601.
    #[serde(default, deserialize_with = "given")]
    last_updated_in_integration: Option<Option<String>>,
}

/// `null` is something else than nothing.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

pub(super) fn routes(routes: &mut Routes) {
    let editor = Need::Account(Role::Editor);
    let says = "Declares an asset; 409 if it was declared before";
    let create_one = Route::new(Method::POST, "/assets", editor, says, create);
    routes.add(create_one.takes::<Create>().gives::<PublicAsset>(201));
    let says = "Changes what is declared of an asset, by its id or its key; also of one that only runs have reported";
    let change_one = Route::new(Method::PATCH, "/assets/{id}", editor, says, change);
    routes.add(change_one.takes::<Change>().gives::<PublicAsset>(200));
    let says = "Removes an asset and its dependencies, until something tells of it again";
    routes.add(Route::new(Method::DELETE, "/assets/{id}", editor, says, remove).gives_nothing());
}

async fn create(call: Call) -> Result<Response, Fault> {
    let body: Create = Json::read(&call.body)?;
    if body.external_id.chars().count() > NAME_CHARS_MAX {
        let said = format!("at most {NAME_CHARS_MAX} characters are allowed");
        return Err(Fault::invalid("body", "externalId", "string_too_long", said));
    }
    // Nothing is declared that is empty.
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let details = AssetDetails {
        name: Some(body.asset_name),
        r#type: text(body.asset_type),
        integration: Some(body.integration),
        integration_account_id: Some(body.integration_account_id),
        integration_asset_type: text(body.integration_asset_type),
        status: text(body.status),
        owners: body.owners.map(|owners| AssetOwners { owners }),
        meta: body.meta.map(|meta| Value::Object(meta).to_string()),
        database_name: text(body.database_name),
        schema_name: text(body.schema_name),
        table_name: text(body.table_name),
        description: text(body.description),
        workspace_name: text(body.workspace_name),
        workspace_id: text(body.workspace_id),
        url: text(body.url),
        created_in_integration_at: instant("createdInIntegration", text(body.created_in_integration))?,
        updated_in_integration_at: instant("lastUpdatedInIntegration", text(body.last_updated_in_integration))?,
    };
    // Under another name of an asset it is that asset which is declared.
    let known = find_one(&call, &body.external_id).await?.filter(|known| known.id != body.external_id);
    declare(&call, known.map_or(body.external_id, key_of), true, details, 201).await
}

async fn change(call: Call) -> Result<Response, Fault> {
    let body: Change = Json::read(&call.body)?;
    let key = key_of(find(&call, call.param("id")).await?);
    if let Some(other) = body.external_id.filter(|other| *other != key) {
        // It may be spelled otherwise.
        if find_one(&call, &other).await?.is_none_or(|found| key_of(found) != key) {
            let said = "it says which asset this is, and cannot change: declare another asset, and remove this one";
            return Err(Fault::invalid("body", "externalId", "value_error", said));
        }
    }
    let text = |text: Option<Option<String>>| text.map(Option::unwrap_or_default);
    let taken_back = |text: Option<Option<String>>| matches!(text, Some(None)).then_some(0);
    let made = body.created_in_integration;
    let changed = body.last_updated_in_integration;
    let details = AssetDetails {
        name: text(body.asset_name),
        r#type: text(body.asset_type),
        integration: text(body.integration),
        integration_account_id: text(body.integration_account_id),
        integration_asset_type: text(body.integration_asset_type),
        status: text(body.status),
        owners: body.owners.map(|owners| AssetOwners { owners: owners.unwrap_or_default() }),
        meta: body.meta.map(|meta| meta.map(|meta| Value::Object(meta).to_string()).unwrap_or_default()),
        database_name: text(body.database_name),
        schema_name: text(body.schema_name),
        table_name: text(body.table_name),
        description: text(body.description),
        workspace_name: text(body.workspace_name),
        workspace_id: text(body.workspace_id),
        url: text(body.url),
        created_in_integration_at: instant("createdInIntegration", made.clone().flatten())?.or(taken_back(made)),
        updated_in_integration_at: instant("lastUpdatedInIntegration", changed.clone().flatten())?
            .or(taken_back(changed)),
    };
    declare(&call, key, false, details, 200).await
}

async fn declare(
    call: &Call,
    asset: String,
    is_new: bool,
    details: AssetDetails,
    status: u16,
) -> Result<Response, Fault> {
    let request = wire::DeclareAssetRequest {
        asset,
        is_new,
        details: Some(details),
        idempotency_key: idempotency_key(call),
        ..Default::default()
    };
    let answer = call.edge.upstream.inventory().declare_asset(call.ask(request)).await.map_err(refused)?;
    let answer = answer.into_inner();
    call.edge.upstream.wrote(answer.position);
    json(status, &shape(call, find(call, &answer.asset).await?))
}

async fn remove(call: Call) -> Result<Response, Fault> {
    let asset = key_of(find(&call, call.param("id")).await?);
    let aliases = aliases_of(&call, &asset).await?;
    let request =
        wire::RemoveAssetRequest { asset, aliases, idempotency_key: idempotency_key(&call), ..Default::default() };
    let answer = call.edge.upstream.inventory().remove_asset(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    Ok(no_content())
}

/// All keys by which this asset is known besides this one. Lists know those of its newest report only.
async fn aliases_of(call: &Call, asset: &str) -> Result<Vec<String>, Fault> {
    let request = GetAssetRequest { asset: asset.to_owned(), at_least: call.edge.upstream.at_least() };
    let found = call.edge.upstream.assets().get_asset(call.ask(request)).await?.into_inner();
    Ok(found.asset.and_then(|asset| asset.asset).unwrap_or_default().aliases)
}

/// The asset of this id, key or alias.
///
/// # Errors
/// 404.
async fn find(call: &Call, named: &str) -> Result<Asset, Fault> {
    find_one(call, named).await?.ok_or_else(|| Fault::unknown("Asset not found"))
}

/// The same; `None` = there is none.
pub(super) async fn find_one(call: &Call, named: &str) -> Result<Option<Asset>, Fault> {
    if named.is_empty() || named.chars().count() > NAME_CHARS_MAX {
        return Ok(None);
    }
    Ok(found(call, vec![named.to_owned()]).await?.into_iter().next())
}

pub(super) fn key_of(asset: Asset) -> String {
    asset.asset.unwrap_or_default().key
}

/// Under which the same request is done once.
pub(super) fn idempotency_key(call: &Call) -> String {
    call.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned()
}

/// What the core refuses, with the field that its words begin with.
pub(super) fn refused(status: Status) -> Fault {
    match status.code() {
        Code::AlreadyExists => Fault::Text(StatusCode::CONFLICT, status.message().to_owned()),
        Code::InvalidArgument => {
            let said = status.message();
            let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let (field, why) = match said.split_once(": ").filter(|(field, _)| is_name(field)) {
                Some((field, why)) => (Some(Place::Key(camel(field))), why),
                None => (None, said),
            };
            let loc = [Place::from("body")].into_iter().chain(field).collect();
            Fault::Violations(vec![Violation::new(loc, "value_error", why)])
        }
        _ => Fault::from(status),
    }
}

fn instant(field: &str, text: Option<String>) -> Result<Option<i64>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let at = parsed(&text).ok_or_else(|| {
        Fault::invalid("body", field, "datetime_parsing", "no instant: write it as 2026-11-28T09:30:00Z")
    })?;
    Ok(Some(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_is_taken_back_and_what_is_absent_stays() {
        let read: Change = Json::read(br#"{"asset_name": "Sales", "status": null, "owners": null}"#).unwrap();
        assert_eq!(read.asset_name, Some(Some("Sales".to_owned())));
        assert_eq!((read.status, read.owners, read.description), (Some(None), Some(None), None));
    }

    #[test]
    fn what_the_core_refuses_has_the_place_of_its_field() {
        let place = |fields: &[&str]| fields.iter().map(|field| Place::from(*field)).collect::<Vec<_>>();
        for (status, code, loc) in [
            (Status::invalid_argument("asset_name: too long"), 422, Some(place(&["body", "assetName"]))),
            (Status::invalid_argument("owners[3]: too long"), 422, Some(place(&["body"]))),
            (Status::invalid_argument("everything: is: too much"), 422, Some(place(&["body", "everything"]))),
            (Status::already_exists("asset `x` is declared already"), 409, None),
            (Status::unavailable("x"), 503, None),
        ] {
            let fault = refused(status.clone());
            assert_eq!(fault.status().as_u16(), code, "{status}");
            let Some(loc) = loc else { continue };
            let Fault::Violations(found) = fault else { panic!("{fault:?}") };
            assert_eq!(found[0].loc, loc);
        }
    }

    #[test]
    fn instants_are_those_of_iso_8601() {
        assert_eq!(instant("x", Some("1970-01-01T00:00:01Z".to_owned())).unwrap(), Some(1_000_000));
        assert_eq!(instant("x", None).unwrap(), None);
        for wrong in ["yesterday", "2026-13-45T99:99:99Z", "7"] {
            assert_eq!(instant("x", Some(wrong.to_owned())).unwrap_err().status().as_u16(), 422, "{wrong}");
        }
    }
}
