//! Groups and tasks of a plan: defaults of the pipeline are filled in, our additions beside the published fields.

use downbeat_dialect::{
    Concurrency, Condition, Matrix, MatrixValues, OnLimit, Pipeline, RetryDelay, Task, TaskGroup, Templated,
    expression::Template,
};
use serde_json::Value;

use super::{alerts, assets};
use crate::{
    plan::{Backoff, Node, PlanConcurrency, PlanGroup, PlanMatrix, PlanTask, PoolUse},
    status::OnLimit as Answer,
};

pub(super) fn compile_group(group: &TaskGroup, resolve: &dyn Fn(&str) -> Option<Node>) -> PlanGroup {
    PlanGroup {
        id: group.id.clone(),
        name: group.name.clone().unwrap_or_default(),
        depends_on: group.depends_on.iter().filter_map(|id| resolve(id)).collect(),
        condition: group.condition.as_ref().map(expression_text),
        matrix: group.matrix.as_ref().map(matrix),
        paused: group.paused,
    }
}

fn matrix(matrix: &Matrix) -> PlanMatrix {
    let values = |values: &MatrixValues| match values {
        MatrixValues::List(values) => Value::Array(values.clone()),
        MatrixValues::Expression(template) => Value::String(template.text().to_owned()),
    };
    PlanMatrix {
        inputs: matrix.inputs.iter().map(|(name, input)| (name.clone(), values(input))).collect(),
        max_parallel: if matrix.sequential { 1 } else { matrix.max_parallel.unwrap_or(0) },
        continue_on_error: matrix.continue_on_error,
    }
}

pub(super) fn compile_task(
    task: &Task,
    group: Option<(u32, &TaskGroup)>,
    pipeline: &Pipeline,
    resolve: &dyn Fn(&str) -> Option<Node>,
) -> PlanTask {
    let configuration = task.configuration.or(&pipeline.configuration);
    let additions = &task.additions;
    let group_priority = group.and_then(|(_, group)| group.additions.priority);
    PlanTask {
        id: task.id.clone(),
        name: task.name.clone().unwrap_or_default(),
        group: group.map(|(place, _)| place),
        depends_on: task.depends_on.iter().filter_map(|id| resolve(id)).collect(),
        condition: task.condition.as_ref().map(expression_text),
        integration: task.integration.clone(),
        integration_job: task.integration_job.clone(),
        parameters: task.parameters.clone(),
        connection: task.connection.clone().unwrap_or_default(),
        retries: configuration.retries.unwrap_or(0),
        backoff: match &additions.retry {
            Some(retry) => backoff(retry),
            None => {
                let minutes = u64::from(configuration.retry_delay_minutes.unwrap_or(0));
                Backoff { delay_ms: minutes * 60_000, ..Backoff::default() }
            }
        },
        timeout_seconds: configuration.timeout_seconds.filter(|seconds| *seconds > 0),
        treat_failure_as_warning: task.treat_failure_as_warning,
        paused: task.paused,
        // The pipeline's own limit counts runs and is no default for its tasks.
        concurrency: task.configuration.concurrency.as_ref().and_then(|limit| concurrency(limit, false)),
        pool: additions.pool.as_ref().map(|pool| PoolUse { name: pool.name.clone(), slots: pool.slots }),
        priority: additions.priority.or(group_priority).or(pipeline.additions.priority).unwrap_or(0),
        worker_labels: additions.worker_labels.clone(),
        owner: additions.owner.clone().unwrap_or_default(),
        declared: assets::declared(additions),
        operation_metadata: task.operation_metadata.clone(),
        detached: additions.wait == Some(false),
        approval_expires_ms: additions.approval_expires_ms,
        alerts: task.alerts.iter().map(alerts::compile).collect(),
        anomalies: task.anomalies.iter().filter_map(|it| alerts::compile_anomaly("task", it)).collect(),
    }
}

fn backoff(retry: &RetryDelay) -> Backoff {
    Backoff {
        delay_ms: retry.delay_ms,
        exponential: retry.exponential,
        max_delay_ms: retry.max_delay_ms.unwrap_or(0),
        jitter_thousandths: (retry.jitter.clamp(0.0, 1.0) * 1_000.0).round() as u32,
    }
}

/// A limit, unless it is none from the start.
pub(super) fn concurrency(concurrency: &Concurrency, cancel_running: bool) -> Option<PlanConcurrency> {
    let max_active = match concurrency.max_active.as_ref()? {
        Templated::Fixed(0) => return None,
        Templated::Fixed(number) => number.to_string(),
        Templated::Template(template) => text(template),
    };
    let on_limit = match &concurrency.on_limit {
        _ if cancel_running => Answer::CancelRunning.as_str().to_owned(),
        Templated::Fixed(OnLimit::Skip) => Answer::Skip.as_str().to_owned(),
        Templated::Fixed(OnLimit::Queue) => Answer::Queue.as_str().to_owned(),
        Templated::Fixed(OnLimit::QueueLatest) => Answer::QueueLatest.as_str().to_owned(),
        Templated::Template(template) => text(template),
    };
    Some(PlanConcurrency { max_active, on_limit })
}

fn text(template: &Template) -> String {
    template.text().to_owned()
}

/// The expression of a condition. The language allows one `${{ }}` around the whole of it; a plan holds it without.
pub(super) fn expression_text(condition: &Condition) -> String {
    let text = condition.text.trim();
    let inner = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    inner.unwrap_or(text).trim().to_owned()
}
