//! Operations: what tasks did inside other systems.

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::{ListOperationsRequest, Operation};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json as object};

use super::{sought, task_runs};
use crate::http::{Asked, Call, Fault, Need, Page, Route, Routes, Span, instant, json};

/// Something that a task did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PublicOperation {
    id: String,
    account_id: String,
    pipeline_run_id: String,
    task_run_id: String,
    pipeline_id: Option<String>,
    inserted_at: Option<String>,
    message: Option<String>,
    operation_name: String,
    /// CANCELLED, FAILED, REUSED, SKIPPED, SUCCEEDED, UNKNOWN or WARNING.
    operation_status: String,
    /// MATERIALISATION, QUERY, TEST, INGESTION...
    operation_type: String,
    external_id: Option<String>,
    external_status: Option<String>,
    external_message: Option<String>,
    integration: String,
    started_at: Option<String>,
    completed_at: Option<String>,
    /// Seconds.
    operation_duration: Option<f64>,
    rows_affected: Option<i64>,
    bytes_processed: Option<u64>,
    asset_external_id: Option<String>,
    /// What it used that costs something: quantities and their units.
    usage: Vec<Value>,
    /// Of a test: the column, rows that failed, what was expected and what was found.
    meta: Value,
    can_rerun: bool,
}

pub(super) fn routes(routes: &mut Routes) {
    let viewer = Need::Something(Role::Viewer);
    routes.add(
        Route::new(Method::GET, "/operations", viewer, "What tasks did inside other systems", list)
            .query(&[
                ("operation_type", "Types, separated by commas"),
                ("integration", "Integrations"),
                ("external_id", "Ids in the other system"),
                ("status", "Statuses"),
                ("task_run_id", "Of one task run, whenever it was"),
                ("pipeline_run_id", "Of one run, whenever it was"),
                ("time_from", "Told of from here on; by default seven days ago"),
                ("time_to", "Told of before"),
                ("page", "From 1 on"),
                ("page_size", "1 to 100"),
            ])
            .gives::<Page<PublicOperation>>(200),
    );
}

async fn list(call: Call) -> Result<Response, Fault> {
    let asked = Asked::of(&call.query)?;
    let one = |name: &'static str| -> Result<String, Fault> {
        Ok(sought::ids(&call.query, name)?.into_iter().next().unwrap_or_default())
    };
    let (task_run_id, run_id) = (one("task_run_id")?, one("pipeline_run_id")?);
    let span =
        if task_run_id.is_empty() && run_id.is_empty() { Span::of(&call.query, call.now)? } else { Span::default() };
    // Operations have no filter by pipeline: whoever sees only some asks run by run.
    let mut run_id = run_id;
    if call.narrowed()?.is_some() {
        if run_id.is_empty() && !task_run_id.is_empty() {
            run_id = sought::run_of_task(&call, &task_run_id).await?;
        }
        if run_id.is_empty() {
            return Err(Fault::bad("you do not see every pipeline: name a run in pipeline_run_id, or a task run"));
        }
        sought::run(&call, Role::Viewer, &run_id).await?;
    }
    let request = ListOperationsRequest {
        run_id,
        task_run_id,
        types: call.query.list("operation_type")?,
        statuses: call.query.list("status")?,
        integrations: call.query.list("integration")?,
        external_ids: call.query.list("external_id")?,
        from: span.from,
        to: span.to,
        page: asked.page,
        page_size: asked.size,
        count: true,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_operations(call.ask(request)).await?.into_inner();
    let of = task_runs::pipelines_of(&call, found.operations.iter().map(|operation| operation.run_id.clone())).await?;
    let shaped = found.operations.into_iter().map(|operation| {
        let pipeline_id = of.get(&operation.run_id).cloned();
        shape(&call, operation, pipeline_id)
    });
    json(200, &Page::new(asked, found.total, shaped.collect()))
}

fn shape(call: &Call, told: Operation, pipeline_id: Option<String>) -> PublicOperation {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let known = |number: i64| (number >= 0).then_some(number);
    let operation = told.operation.unwrap_or_default();
    let took = (operation.started_at > 0 && operation.completed_at >= operation.started_at)
        .then(|| (operation.completed_at - operation.started_at) as f64 / 1e6);
    let usage = operation.cost_basis.iter().map(|basis| {
        let quantity = format!("{}.{:06}", basis.whole, basis.micros);
        object!({ "quantity": quantity, "unit": basis.unit, "attributes": basis.attributes })
    });
    let meta = object!({
        "column": some(&operation.column), "failures": known(operation.failures), "severity": some(&operation.severity),
        "expected": some(&operation.expected), "actual": some(&operation.actual), "attempt": told.attempt,
    });
    PublicOperation {
        id: told.id,
        account_id: call.table.account_id.clone(),
        pipeline_run_id: told.run_id,
        task_run_id: told.task_run_id,
        pipeline_id,
        inserted_at: instant(told.reported_at),
        message: some(&operation.message),
        operation_name: operation.name,
        operation_type: operation.r#type,
        external_status: some(&operation.status),
        operation_status: operation.status,
        external_id: some(&operation.external_id),
        external_message: some(&operation.message),
        integration: told.integration,
        started_at: instant(operation.started_at),
        completed_at: instant(operation.completed_at),
        operation_duration: took,
        rows_affected: known(operation.rows_affected),
        bytes_processed: operation.bytes,
        asset_external_id: some(&operation.asset),
        usage: usage.collect(),
        meta,
        can_rerun: false,
    }
}
