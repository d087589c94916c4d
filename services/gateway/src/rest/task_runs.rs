//! Task runs: of one run, and over all runs.

use std::collections::BTreeMap;

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::{ListRunsRequest, ListTaskRunsRequest, ListTaskRunsResponse, TaskRun};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::sought;
use crate::http::{Asked, Call, Fault, Need, Page, Route, Routes, Span, instant, json};

/// A task of a run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublicTaskRun {
    id: String,
    pipeline_run_id: String,
    task_name: String,
    task_id: String,
    account_id: String,
    pipeline_id: Option<String>,
    integration: String,
    integration_job: String,
    /// CREATED, SKIPPED, QUEUED, RUNNING, SUCCEEDED, WARNING, FAILED, CANCELLING or CANCELLED.
    status: String,
    message: Option<String>,
    external_status: Option<String>,
    external_message: Option<String>,
    /// The parameters of the last attempt, every expression resolved.
    task_parameters: Value,
    /// What it set for others.
    outputs: Value,
    /// Of its iteration of a matrix.
    run_parameters: Value,
    connection_id: Option<String>,
    platform_link: Option<String>,
    external_id: Option<String>,
    number_of_attempts: u32,
    matrix_parent: bool,
    matrix_parent_id: Option<String>,
    depends_on: Vec<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
}

pub(super) fn routes(routes: &mut Routes) {
    let viewer = Need::Something(Role::Viewer);
    let pages = [("page", "From 1 on"), ("page_size", "1 to 50, by default 10")];
    routes.add(
        Route::new(Method::GET, "/pipeline_runs/{id}/task_runs", viewer, "The tasks of a run, in their order", of_run)
            .query(&pages)
            .gives::<Page<PublicTaskRun>>(200),
    );
    routes.add(
        Route::new(Method::GET, "/task_runs", viewer, "Task runs over all runs, newest first", list)
            .query(&[
                ("pipeline_ids", "Ids of pipelines"),
                ("task_run_ids", "Ids of task runs, whenever they were"),
                ("status", "Statuses, separated by commas"),
                ("integration", "Integrations"),
                ("time_from", "Created from here on; by default seven days ago"),
                ("time_to", "Created before"),
                ("page", "From 1 on"),
                ("page_size", "1 to 100"),
            ])
            .gives::<Page<PublicTaskRun>>(200),
    );
}

async fn of_run(call: Call) -> Result<Response, Fault> {
    let asked = Asked::of_one_run(&call.query)?;
    let run = sought::run(&call, Role::Viewer, call.param("id")).await?;
    let request = ListTaskRunsRequest { run_id: run.id.clone(), ..pages(&call, asked) };
    let found = ask(&call, request).await?;
    let of = BTreeMap::from([(run.id, run.pipeline_id)]);
    let shaped = found.task_runs.into_iter().map(|task| shape(&call, task, &of)).collect();
    json(200, &Page::new(asked, found.total, shaped))
}

async fn list(call: Call) -> Result<Response, Fault> {
    let asked = Asked::of(&call.query)?;
    let task_run_ids = sought::ids(&call.query, "task_run_ids")?;
    if !task_run_ids.is_empty() {
        return named(&call, asked, task_run_ids).await;
    }
    let span = Span::of(&call.query, call.now)?;
    let Some(pipeline_ids) = sought::narrowed(&call, sought::ids(&call.query, "pipeline_ids")?)? else {
        return json(200, &Page::<PublicTaskRun>::new(asked, Some(0), Vec::new()));
    };
    let request = ListTaskRunsRequest {
        pipeline_ids,
        statuses: call.query.list("status")?,
        integrations: call.query.list("integration")?,
        from: span.from,
        to: span.to,
        ..pages(&call, asked)
    };
    let found = ask(&call, request).await?;
    let of = pipelines_of(&call, found.task_runs.iter().map(|task| task.run_id.clone())).await?;
    let shaped = found.task_runs.into_iter().map(|task| shape(&call, task, &of)).collect();
    json(200, &Page::new(asked, found.total, shaped))
}

/// Whoever names task runs wants these, whenever they were, as far as they see them. A filter takes no more than fit into one page.
async fn named(call: &Call, asked: Asked, task_run_ids: Vec<String>) -> Result<Response, Fault> {
    let request = ListTaskRunsRequest {
        task_run_ids,
        pipeline_ids: sought::ids(&call.query, "pipeline_ids")?,
        statuses: call.query.list("status")?,
        integrations: call.query.list("integration")?,
        page: 1,
        page_size: 1000,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let mut found = ask(call, request).await?.task_runs;
    let of = pipelines_of(call, found.iter().map(|task| task.run_id.clone())).await?;
    found.retain(|task| of.get(&task.run_id).is_some_and(|pipeline| call.sees(pipeline)));
    let (total, tasks) = asked.of_all(found);
    let shaped = tasks.into_iter().map(|task| shape(call, task, &of)).collect();
    json(200, &Page::new(asked, Some(total), shaped))
}

fn pages(call: &Call, asked: Asked) -> ListTaskRunsRequest {
    ListTaskRunsRequest {
        page: asked.page,
        page_size: asked.size,
        count: true,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    }
}

async fn ask(call: &Call, request: ListTaskRunsRequest) -> Result<ListTaskRunsResponse, Fault> {
    Ok(call.edge.upstream.metadata().list_task_runs(call.ask(request)).await?.into_inner())
}

/// Ids of the pipelines of runs; of one page there are at most as many as a filter takes.
pub(super) async fn pipelines_of(
    call: &Call,
    runs: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let run_ids: std::collections::BTreeSet<String> = runs.filter(|id| !id.is_empty()).collect();
    if run_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let request = ListRunsRequest {
        page_size: 1000,
        run_ids: run_ids.into_iter().collect(),
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_runs(call.ask(request)).await?.into_inner();
    Ok(found.runs.into_iter().map(|run| (run.id, run.pipeline_id)).collect())
}

pub(super) fn shape(call: &Call, task: TaskRun, pipelines: &BTreeMap<String, String>) -> PublicTaskRun {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let object = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::Object(serde_json::Map::new()));
    let last = task.ended_attempts.last();
    let updated =
        [task.created_at, task.queued_at, task.started_at, task.completed_at].into_iter().max().unwrap_or_default();
    // Its iteration stands behind the name as it does in commands.
    let iterated = |text: String| if task.iteration.is_empty() { text } else { format!("{text}[{}]", task.iteration) };
    PublicTaskRun {
        task_name: iterated(if task.name.is_empty() { task.task_id.clone() } else { task.name.clone() }),
        account_id: call.table.account_id.clone(),
        pipeline_id: pipelines.get(&task.run_id).cloned(),
        message: some(&task.message),
        external_status: last.map(|attempt| attempt.outcome.clone()),
        external_message: last.and_then(|attempt| some(&attempt.message)),
        task_parameters: object(&task.parameters),
        outputs: object(&task.outputs),
        run_parameters: object(&task.matrix),
        connection_id: None,
        platform_link: some(&task.link),
        external_id: some(&task.external_id),
        number_of_attempts: task.attempts,
        matrix_parent: task.matrix_parent,
        matrix_parent_id: some(&task.matrix_parent_id),
        depends_on: task.depends_on,
        created_at: instant(task.created_at),
        updated_at: instant(updated),
        started_at: instant(task.started_at),
        completed_at: instant(task.completed_at),
        id: task.id,
        pipeline_run_id: task.run_id,
        task_id: task.task_id,
        integration: task.integration,
        integration_job: task.integration_job,
        status: task.status,
    }
}
