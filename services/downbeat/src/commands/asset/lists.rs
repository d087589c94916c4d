//! Assets, results of tests and changes of columns, as tables.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{
    AssetSort, GetAssetRequest, ListAssetsRequest, ListSchemaChangesRequest, ListTestResultsRequest,
};

use super::super::listing;
use crate::{
    cli::{AssetChanges, AssetList, AssetOne, AssetOrder, AssetTests},
    client,
    error::Error,
    render,
};

pub(super) async fn assets(list: &AssetList) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&list.servers).await?;
    let sort = match list.sort {
        AssetOrder::Key => AssetSort::Key,
        AssetOrder::FirstSeen => AssetSort::FirstSeen,
        AssetOrder::Updated => AssetSort::Updated,
        AssetOrder::Name => AssetSort::Name,
        AssetOrder::Type => AssetSort::Type,
        AssetOrder::State => AssetSort::Status,
        AssetOrder::Integration => AssetSort::Integration,
    };
    let mut request = ListAssetsRequest {
        statuses: list.state.iter().map(|state| state.word().to_owned()).collect(),
        types: listing::words(&list.types),
        integrations: listing::words(&list.integrations),
        databases: list.databases.clone(),
        schemas: list.schemas.clone(),
        sort: sort.into(),
        descending: list.descending,
        page_size: list.limit.clamp(1, 1_000),
        count: list.count,
        ..ListAssetsRequest::default()
    };
    if list.count {
        request.page_size = 1;
        return listing::total(metadata.list_assets(request).await.map_err(client::refused)?.into_inner().total);
    }
    let mut found = Vec::new();
    while (found.len() as u32) < list.limit {
        let page = metadata.list_assets(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.assets);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(list.limit as usize);
    shown(&found, "no such asset so far", |found| render::asset_table(found, render::columns()))
}

pub(super) async fn show(one: &AssetOne) -> Result<ExitCode, Error> {
    let request = GetAssetRequest { asset: one.asset.clone(), at_least: None };
    let mut assets = client::assets(&one.servers).await?;
    let answer = assets.get_asset(request).await.map_err(client::refused)?.into_inner();
    render::print(&format!("{}\n", render::asset_lines(&answer).join("\n")))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn tests(tests: &AssetTests) -> Result<ExitCode, Error> {
    let mut assets = client::assets(&tests.servers).await?;
    let mut request = ListTestResultsRequest {
        asset: tests.asset.clone(),
        name: tests.name.clone().unwrap_or_default(),
        page_size: tests.limit.clamp(1, 1_000),
        ..ListTestResultsRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < tests.limit {
        let page = assets.list_test_results(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.results);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(tests.limit as usize);
    shown(&found, "no such test has run so far", |found| render::test_table(found, render::columns()))
}

pub(super) async fn changes(changes: &AssetChanges) -> Result<ExitCode, Error> {
    let mut assets = client::assets(&changes.servers).await?;
    let mut request = ListSchemaChangesRequest {
        asset: changes.asset.clone().unwrap_or_default(),
        page_size: changes.limit.clamp(1, 1_000),
        ..ListSchemaChangesRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < changes.limit {
        let page = assets.list_schema_changes(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.changes);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(changes.limit as usize);
    shown(&found, "no column has changed so far", |found| render::change_table(found, render::columns()))
}

fn shown<T>(found: &[T], none: &str, table: impl Fn(&[T]) -> String) -> Result<ExitCode, Error> {
    if found.is_empty() {
        eprintln!("{none}");
    } else {
        render::print(&format!("{}\n", table(found)))?;
    }
    Ok(ExitCode::SUCCESS)
}
