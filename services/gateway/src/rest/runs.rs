//! Pipeline runs: watched, listed, cancelled.

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::{
    control::v1::{CancelRunRequest, ListEnvironmentsRequest},
    metadata::v1::{ListRunsRequest, Run},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{links, sought};
use crate::http::{Asked, Call, Fault, Json, Need, Page, Route, Routes, Span, instant, json, no_content};

/// A run of a pipeline.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PipelineRun {
    id: String,
    pipeline_id: String,
    pipeline_name: String,
    account_id: String,
    env_id: Option<String>,
    env_name: Option<String>,
    /// QUEUED, CREATED, RUNNING, SUCCEEDED, WARNING, FAILED, SKIPPED, CANCELLING or CANCELLED.
    run_status: String,
    triggered_by: TriggeredBy,
    child_pipeline_runs: Vec<ChildRun>,
    message: Option<String>,
    pipeline_version_number: u32,
    created_at: Option<String>,
    updated_at: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    /// Where the commit is shown, at the hosts that are known.
    git_link: Option<String>,
    /// The inputs of the run.
    run_inputs: Value,
    /// The run that it continues.
    restart_of: Option<String>,
}

/// What started a run.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TriggeredBy {
    /// MANUAL, RESTART_ALL, RESTART_FROM_FAILED, RESTART_FROM_SELECTED, RESTART_FROM_TASKS, SCHEDULED, SENSOR, TRIGGER_EVENT or WEBHOOK.
    trigger_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_name: Option<String>,
    /// The instant that the schedule names.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_instant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensor_name: Option<String>,
    /// The run that led to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline_run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    run_task_ids: Vec<String>,
    /// The backfill that the run belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    backfill_id: Option<String>,
    /// What started it, in the words of Downbeat: EVENT and ASSET among them.
    kind: String,
}

/// A run that a task started.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChildRun {
    pipeline_run_id: String,
}

/// How a run is to be cancelled.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Cancel {
    /// Taken for compatibility: a job is always asked to stop, and what cannot be stopped is said.
    #[serde(default)]
    #[allow(dead_code)]
    force: Option<bool>,
}

pub(super) fn routes(routes: &mut Routes) {
    let viewer = Need::Something(Role::Viewer);
    routes.add(
        Route::new(Method::GET, "/pipeline_runs", viewer, "Runs, newest first", list)
            .query(&[
                ("status", "Statuses, separated by commas"),
                ("pipeline_ids", "Ids of pipelines"),
                ("pipeline_run_ids", "Ids of runs"),
                ("environments", "Names of environments"),
                ("time_from", "Created from here on; by default seven days ago"),
                ("time_to", "Created before"),
                ("page", "From 1 on"),
                ("page_size", "1 to 100"),
            ])
            .gives::<Page<PipelineRun>>(200),
    );
    for path in ["/pipeline_runs/{id}/status", "/pipeline_runs/{id}"] {
        routes.add(Route::new(Method::GET, path, viewer, "A run", status).gives::<PipelineRun>(200));
    }
    let operator = Need::Something(Role::Operator);
    routes.add(
        Route::new(Method::POST, "/pipeline_runs/{id}/cancel", operator, "Cancels a run", cancel)
            .takes::<Cancel>()
            .gives_nothing(),
    );
}

async fn status(call: Call) -> Result<Response, Fault> {
    let run = sought::run(&call, Role::Viewer, call.param("id")).await?;
    let kept = links::kept(&call, std::slice::from_ref(&run)).await;
    json(200, &shape(&call, run, &environments(&call).await, &kept))
}

async fn list(call: Call) -> Result<Response, Fault> {
    let asked = Asked::of(&call.query)?;
    let run_ids = sought::ids(&call.query, "pipeline_run_ids")?;
    if !run_ids.is_empty() {
        return named(&call, asked, run_ids).await;
    }
    let span = Span::of(&call.query, call.now)?;
    let Some(pipeline_ids) = sought::narrowed(&call, sought::ids(&call.query, "pipeline_ids")?)? else {
        return json(200, &Page::<PipelineRun>::new(asked, Some(0), Vec::new()));
    };
    let request = ListRunsRequest {
        pipeline_ids,
        environments: call.query.list("environments")?,
        from: span.from,
        to: span.to,
        page: asked.page,
        page_size: asked.size,
        ..filters(&call)?
    };
    let found = call.edge.upstream.metadata().list_runs(call.ask(request)).await?.into_inner();
    let (environments, kept) = (environments(&call).await, links::kept(&call, &found.runs).await);
    let runs = found.runs.into_iter().map(|run| shape(&call, run, &environments, &kept)).collect();
    json(200, &Page::new(asked, found.total, runs))
}

fn filters(call: &Call) -> Result<ListRunsRequest, Fault> {
    let at_least = call.edge.upstream.at_least();
    Ok(ListRunsRequest { statuses: call.query.list("status")?, count: true, at_least, ..Default::default() })
}

/// Whoever names runs wants these, whenever they were, as far as they see them. A filter takes no more than fit into one page.
async fn named(call: &Call, asked: Asked, run_ids: Vec<String>) -> Result<Response, Fault> {
    let request = ListRunsRequest {
        run_ids,
        pipeline_ids: sought::ids(&call.query, "pipeline_ids")?,
        environments: call.query.list("environments")?,
        page: 1,
        page_size: 1000,
        ..filters(call)?
    };
    let mut found = call.edge.upstream.metadata().list_runs(call.ask(request)).await?.into_inner().runs;
    found.retain(|run| call.sees(&run.pipeline_id));
    let environments = environments(call).await;
    let (total, runs) = asked.of_all(found);
    let kept = links::kept(call, &runs).await;
    let runs = runs.into_iter().map(|run| shape(call, run, &environments, &kept)).collect();
    json(200, &Page::new(asked, Some(total), runs))
}

async fn cancel(call: Call) -> Result<Response, Fault> {
    let _: Cancel = Json::read(&call.body)?;
    let run = sought::run(&call, Role::Operator, call.param("id")).await?;
    let request = CancelRunRequest { run_id: run.id, ..Default::default() };
    let cancelled = call.edge.upstream.control().cancel_run(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(cancelled.position);
    Ok(no_content())
}

/// Ids of environments by name. A run is shown without the id where the coordinator is not there to say it.
pub(super) async fn environments(call: &Call) -> Vec<(String, String)> {
    let listed = call.edge.upstream.environments().list_environments(call.ask(ListEnvironmentsRequest {})).await;
    let listed = listed.map(|answer| answer.into_inner().environments).unwrap_or_default();
    listed.into_iter().map(|environment| (environment.name, environment.id)).collect()
}

pub(super) fn shape(call: &Call, run: Run, environments: &[(String, String)], kept: &links::Kept) -> PipelineRun {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let env_id = environments.iter().find(|(name, _)| *name == run.environment).map(|(_, id)| id.clone());
    let triggered_by = triggered_by(&run);
    let updated = [run.created_at, run.started_at, run.completed_at].into_iter().max().unwrap_or_default();
    let origin = run.origin.clone().unwrap_or_default();
    let git_link = links::of(&run, kept);
    PipelineRun {
        account_id: call.table.account_id.clone(),
        env_id,
        env_name: some(&run.environment),
        run_status: run.status,
        triggered_by,
        child_pipeline_runs: run
            .child_run_ids
            .into_iter()
            .map(|pipeline_run_id| ChildRun { pipeline_run_id })
            .collect(),
        message: some(&run.message),
        pipeline_version_number: run.pipeline_version,
        created_at: instant(run.created_at),
        updated_at: instant(updated),
        started_at: instant(run.started_at),
        completed_at: instant(run.completed_at),
        branch: some(&origin.branch),
        commit: some(&origin.commit),
        git_link,
        run_inputs: serde_json::from_str(&run.inputs).unwrap_or_default(),
        restart_of: some(&run.restart_of),
        id: run.id,
        pipeline_id: run.pipeline_id,
        pipeline_name: run.pipeline_name,
    }
}

fn triggered_by(run: &Run) -> TriggeredBy {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let led = [&run.restart_of, &run.follows_run_id, &run.parent_run_id].into_iter().find(|id| !id.is_empty());
    TriggeredBy {
        trigger_type: published(&run.trigger),
        schedule_name: some(&run.schedule),
        schedule_instant: instant(run.schedule_instant).filter(|_| !run.schedule.is_empty()),
        sensor_name: some(&run.sensor),
        pipeline_run_id: led.cloned(),
        user_id: some(&run.user),
        run_task_ids: run.selected_tasks.clone(),
        backfill_id: some(&run.backfill_id),
        kind: run.trigger.clone(),
    }
}

/// The published word for what started a run; clients know no others.
fn published(trigger: &str) -> &'static str {
    match trigger {
        "SCHEDULED" | "BACKFILL" => "SCHEDULED",
        "SENSOR" => "SENSOR",
        "WEBHOOK" => "WEBHOOK",
        "RESTART_ALL" => "RESTART_ALL",
        "RESTART_FROM_FAILED" => "RESTART_FROM_FAILED",
        "RESTART_FROM_TASKS" => "RESTART_FROM_TASKS",
        "RESTART_FROM_SELECTED" => "RESTART_FROM_SELECTED",
        "EVENT" | "ASSET" | "PIPELINE" | "TRIGGER_EVENT" => "TRIGGER_EVENT",
        _ => "MANUAL",
    }
}
