//! Assets over all runs, and what people declare of them.

mod depend;
mod write;

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::{Asset, AssetSort, GetAssetRequest, ListAssetsRequest};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json as object};

use crate::http::{Asked, Call, Fault, Need, Page, Route, Routes, instant, json};

/// Characters of an id or a key in a path.
const NAME_CHARS_MAX: usize = 512;

/// A table, a view, a dashboard...
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublicAsset {
    asset_id: String,
    integration: String,
    account_id: String,
    asset_name: String,
    /// CHART, DASHBOARD, DASHBOARD_VIEWS, DATASET, QUERIES, TABLE, UNKNOWN, VIEW or WORKBOOK.
    asset_type: String,
    integration_account_id: Option<String>,
    /// Its key: `<namespace>/<name>`.
    external_id: String,
    /// HEALTHY, UNHEALTHY, UNKNOWN or WARNING.
    status: String,
    created_at: Option<String>,
    updated_at: Option<String>,
    description: Option<String>,
    /// What follows up to `lastUpdatedInIntegration` is what people declare.
    integration_asset_type: Option<String>,
    meta: Option<Value>,
    database_name: Option<String>,
    schema_name: Option<String>,
    table_name: Option<String>,
    workspace_name: Option<String>,
    workspace_id: Option<String>,
    created_in_integration: Option<String>,
    last_updated_in_integration: Option<String>,
    owners: Vec<String>,
    tags: Vec<String>,
    url: Option<String>,
    row_count: Option<i64>,
    rows_affected: Option<i64>,
    last_materialised_at: Option<String>,
    last_pipeline_run_id: Option<String>,
    columns: Vec<Value>,
    /// The latest result of each of its tests.
    tests: Vec<Value>,
}

/// An asset with who writes and who uses it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AssetDetail {
    #[serde(flatten)]
    asset: PublicAsset,
    /// Assets that it is made of, and that are made of it, one edge away.
    upstream_count: u32,
    downstream_count: u32,
    /// Tasks that write it.
    writers: Vec<Value>,
    /// Tasks, dashboards and jobs that read it.
    consumers: Vec<Value>,
    uses: u64,
    last_used_at: Option<String>,
}

pub(super) fn routes(routes: &mut Routes) {
    // Assets are nobody's pipeline's alone: whoever sees only some pipelines sees none of them.
    let viewer = Need::Account(Role::Viewer);
    routes.add(
        Route::new(Method::GET, "/assets", viewer, "Assets over all runs", list)
            .query(&[
                ("asset_type", "Types, separated by commas"),
                ("integration", "Integrations"),
                ("integration_account_id", "Accounts in other systems"),
                ("workspace_id", "Workspaces"),
                ("database_name", "Databases"),
                ("schema_name", "Schemas"),
                ("status", "HEALTHY, UNHEALTHY, UNKNOWN or WARNING"),
                ("asset_ids", "Ids, or keys"),
                ("sort_column", "asset_name, asset_type, status, integration, created_in_integration or last_updated_in_integration"),
                ("sort_direction", "asc or desc (default)"),
                ("page", "From 1 on"),
                ("page_size", "1 to 100"),
            ])
            .gives::<Page<PublicAsset>>(200),
    );
    routes.add(
        Route::new(Method::GET, "/assets/{id}", viewer, "An asset, by its id or its key", get)
            .gives::<AssetDetail>(200),
    );
    write::routes(routes);
    depend::routes(routes);
}

async fn list(call: Call) -> Result<Response, Fault> {
    let asked = Asked::of(&call.query)?;
    let (sort, descending) = sorted(&call)?;
    let list = |name| call.query.list(name);
    let request = ListAssetsRequest {
        types: list("asset_type")?,
        integrations: list("integration")?,
        statuses: list("status")?,
        asset_ids: list("asset_ids")?,
        databases: list("database_name")?,
        schemas: list("schema_name")?,
        integration_account_ids: list("integration_account_id")?,
        workspace_ids: list("workspace_id")?,
        sort: sort as i32,
        descending,
        page: asked.page,
        page_size: asked.size,
        count: true,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_assets(call.ask(request)).await?.into_inner();
    let assets = found.assets.into_iter().map(|asset| shape(&call, asset)).collect();
    json(200, &Page::new(asked, found.total, assets))
}

fn sorted(call: &Call) -> Result<(AssetSort, bool), Fault> {
    let column = match call.query.text("sort_column").unwrap_or("created_in_integration") {
        "asset_name" => AssetSort::Name,
        "asset_type" => AssetSort::Type,
        "status" => AssetSort::Status,
        "integration" => AssetSort::Integration,
        "created_in_integration" => AssetSort::FirstSeen,
        "last_updated_in_integration" => AssetSort::Updated,
        _ => {
            let said = "expected asset_name, asset_type, status, integration, created_in_integration or last_updated_in_integration";
            return Err(Fault::invalid("query", "sort_column", "enum", said));
        }
    };
    let descending = match call.query.text("sort_direction").unwrap_or("desc") {
        "asc" => false,
        "desc" => true,
        _ => return Err(Fault::invalid("query", "sort_direction", "enum", "expected asc or desc")),
    };
    Ok((column, descending))
}

async fn get(call: Call) -> Result<Response, Fault> {
    let named = call.param("id");
    if named.chars().count() > NAME_CHARS_MAX {
        return Err(Fault::unknown("Asset not found"));
    }
    let found = found(&call, vec![named.to_owned()]).await?;
    let asset = found.into_iter().next().ok_or_else(|| Fault::unknown("Asset not found"))?;
    let key = asset.asset.as_ref().map(|asset| asset.key.clone()).unwrap_or_default();
    let request = GetAssetRequest { asset: key, at_least: call.edge.upstream.at_least() };
    let found = call.edge.upstream.assets().get_asset(call.ask(request)).await?.into_inner();
    let usage = found.usage.unwrap_or_default();
    let writers = found.writers.iter().map(|writer| {
        object!({ "pipelineId": writer.pipeline_id, "pipeline": writer.pipeline_alias, "task": writer.task,
            "lastPipelineRunId": writer.last_run_id, "firstWrittenAt": instant(writer.first_written_at),
            "lastWrittenAt": instant(writer.last_written_at) })
    });
    let consumers = found.consumers.iter().map(|consumer| {
        object!({ "kind": consumer.kind, "name": consumer.name, "pipelineId": consumer.pipeline_id,
            "pipeline": consumer.pipeline_alias, "firstUsedAt": instant(consumer.first_used_at),
            "lastUsedAt": instant(consumer.last_used_at), "uses": consumer.uses })
    });
    let detail = AssetDetail {
        asset: shape(&call, found.asset.unwrap_or(asset)),
        upstream_count: found.upstream,
        downstream_count: found.downstream,
        writers: writers.collect(),
        consumers: consumers.collect(),
        uses: usage.uses,
        last_used_at: instant(usage.last_used_at),
    };
    json(200, &detail)
}

/// Those assets that have one of these ids or keys, at most 100.
async fn found(call: &Call, asset_ids: Vec<String>) -> Result<Vec<Asset>, Fault> {
    let at_least = call.edge.upstream.at_least();
    let request = ListAssetsRequest { asset_ids, page_size: 100, at_least, ..Default::default() };
    Ok(call.edge.upstream.metadata().list_assets(call.ask(request)).await?.into_inner().assets)
}

pub(super) fn shape(call: &Call, told: Asset) -> PublicAsset {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let known = |number: i64| (number >= 0).then_some(number);
    let tests = told.tests.iter().map(|test| {
        object!({ "name": test.name, "status": test.status, "column": some(&test.column), "failures": known(test.failures),
            "message": some(&test.message), "severity": some(&test.severity), "expected": some(&test.expected),
            "actual": some(&test.actual), "at": instant(test.at), "since": instant(test.since),
            "pipelineRunId": some(&test.run_id) })
    });
    let tests = tests.collect();
    let declared = told.declared.unwrap_or_default();
    let asset = told.asset.unwrap_or_default();
    let columns = asset.columns.iter().map(|column| {
        object!({ "name": column.name, "type": some(&column.r#type), "description": some(&column.description) })
    });
    PublicAsset {
        asset_id: told.id,
        integration: asset.integration,
        account_id: call.table.account_id.clone(),
        asset_name: asset.name,
        asset_type: published(&asset.r#type).to_owned(),
        integration_account_id: declared.integration_account_id,
        external_id: asset.key,
        status: told.status,
        created_at: instant(told.first_seen_at),
        updated_at: instant(told.updated_at),
        description: some(&asset.description),
        integration_asset_type: declared.integration_asset_type,
        meta: declared.meta.and_then(|meta| serde_json::from_str(&meta).ok()),
        database_name: declared.database_name,
        schema_name: declared.schema_name,
        table_name: declared.table_name,
        workspace_name: declared.workspace_name,
        workspace_id: declared.workspace_id,
        created_in_integration: declared.created_in_integration_at.and_then(instant),
        last_updated_in_integration: declared.updated_in_integration_at.and_then(instant),
        owners: asset.owners,
        tags: asset.tags,
        url: some(&asset.link),
        row_count: known(asset.row_count),
        rows_affected: known(told.rows_affected),
        last_materialised_at: instant(told.materialised_at),
        last_pipeline_run_id: some(&told.last_run_id),
        columns: columns.collect(),
        tests,
    }
}

/// Clients know no other words.
fn published(kind: &str) -> &str {
    match kind {
        "CHART" | "DASHBOARD" | "DASHBOARD_VIEWS" | "DATASET" | "QUERIES" | "TABLE" | "VIEW" | "WORKBOOK" => kind,
        _ => "UNKNOWN",
    }
}
