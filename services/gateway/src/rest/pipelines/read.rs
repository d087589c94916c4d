//! Pipelines are read.

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::{GetPipelineSourceResponse, ListRunsRequest, Pipeline};
use futures::{StreamExt as _, TryStreamExt as _};

use super::{
    super::sought::{self, Selector},
    describe::Described,
    git::{self, Ref, Synced},
    shape::{LatestRun, PipelineWithData, PublicPipeline},
};
use crate::{
    http::{Call, Fault, json},
    limits,
};

pub(super) async fn list(call: Call) -> Result<Response, Fault> {
    let mut rows = sought::pipelines(&call).await?;
    rows.retain(|row| call.sees(&row.id));
    let call = &call;
    let shaped = futures::stream::iter(rows).map(|row| async move {
        let latest = latest(call, &row.id).await?;
        Ok::<_, Fault>(PublicPipeline::new(row, Described::default(), latest, Synced::default()))
    });
    json(200, &shaped.buffered(limits::QUESTIONS_AT_ONCE).try_collect::<Vec<_>>().await?)
}

pub(super) async fn get(call: Call) -> Result<Response, Fault> {
    let (row, found) = selected(&call).await?;
    let (latest, synced) = (latest(&call, &row.id).await?, git::synced(&call, &row).await);
    json(200, &PublicPipeline::new(row, Described::of(&found.source), latest, synced))
}

pub(super) async fn data(call: Call) -> Result<Response, Fault> {
    let (_, found) = selected(&call).await?;
    Ok(([(CONTENT_TYPE, "application/yaml; charset=utf-8")], found.source).into_response())
}

/// The version that the query asks for.
async fn selected(call: &Call) -> Result<(Pipeline, GetPipelineSourceResponse), Fault> {
    let version = call.query.number("version", 1..=u32::MAX)?.unwrap_or_default();
    let named = sought::selected(call, &Selector::of(&call.query)?).await?;
    let Some(at) = Ref::of(call) else { return sought::source(call, Role::Viewer, &named, version).await };
    if version > 0 {
        return Err(Fault::bad("give one of `version`, and `branch` or `commit`"));
    }
    let (row, mut found) = sought::source(call, Role::Viewer, &named, 0).await?;
    found.source = git::text_at(call, &row.id, at).await?;
    Ok((row, found))
}

/// A pipeline after a change of it, with the definition of a version.
pub(super) async fn changed(call: &Call, pipeline_id: &str, version: u32) -> Result<PipelineWithData, Fault> {
    let (row, found) = sought::source(call, Role::Viewer, pipeline_id, version).await?;
    let (latest, synced) = (latest(call, &row.id).await?, git::synced(call, &row).await);
    let pipeline = PublicPipeline::new(row, Described::of(&found.source), latest, synced);
    Ok(PipelineWithData::new(pipeline, &found.source, found.version))
}

async fn latest(call: &Call, pipeline_id: &str) -> Result<LatestRun, Fault> {
    let request = ListRunsRequest {
        pipeline_ids: vec![pipeline_id.to_owned()],
        page_size: 1,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_runs(call.ask(request)).await?.into_inner();
    Ok(found.runs.into_iter().next().map(LatestRun::from).unwrap_or_default())
}
