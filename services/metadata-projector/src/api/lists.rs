//! Lists with filters: `ListRuns`, `ListTaskRuns`, `ListOperations`, `ListAssets`.

use downbeat_proto::metadata::v1 as wire;
use tonic::Status;

use super::Metadata;
use crate::query::{asset_list, operations, runs, task_runs};

pub(super) async fn runs(
    metadata: &Metadata,
    mut request: wire::ListRunsRequest,
) -> Result<wire::ListRunsResponse, Status> {
    let asked = metadata.ask(request.at_least.take(), move |view| runs::list(view, &request));
    let (listed, position) = asked.await?;
    Ok(wire::ListRunsResponse { runs: listed.rows, next_page_token: listed.next, position, total: listed.total })
}

pub(super) async fn task_runs(
    metadata: &Metadata,
    mut request: wire::ListTaskRunsRequest,
) -> Result<wire::ListTaskRunsResponse, Status> {
    let asked = metadata.ask(request.at_least.take(), move |view| task_runs::list(view, &request));
    let (listed, position) = asked.await?;
    Ok(wire::ListTaskRunsResponse {
        task_runs: listed.rows,
        next_page_token: listed.next,
        position,
        total: listed.total,
    })
}

pub(super) async fn operations(
    metadata: &Metadata,
    mut request: wire::ListOperationsRequest,
) -> Result<wire::ListOperationsResponse, Status> {
    let asked = metadata.ask(request.at_least.take(), move |view| operations::list(view, &request));
    let (listed, position) = asked.await?;
    Ok(wire::ListOperationsResponse {
        operations: listed.rows,
        next_page_token: listed.next,
        position,
        total: listed.total,
    })
}

pub(super) async fn assets(
    metadata: &Metadata,
    mut request: wire::ListAssetsRequest,
) -> Result<wire::ListAssetsResponse, Status> {
    let asked = metadata.ask(request.at_least.take(), move |view| asset_list::list(view, &request));
    let (listed, position) = asked.await?;
    Ok(wire::ListAssetsResponse { assets: listed.rows, next_page_token: listed.next, position, total: listed.total })
}
