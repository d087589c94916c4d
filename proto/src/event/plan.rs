//! The plan inside a PipelineApplied event: a message of its own, compressed, because a wide pipeline repeats itself a lot.

mod alert;
mod asset;
mod declared;
mod sensor;

use bytes::Bytes;
use downbeat_domain::{
    PipelineId,
    plan::{
        Backoff, Catchup, Dst, Node, Plan, PlanConcurrency, PlanEventPart, PlanEventTrigger, PlanGroup, PlanInput,
        PlanMatrix, PlanPipelineTrigger, PlanSchedule, PlanTask, PoolUse,
    },
};

use crate::{
    convert::{id_bytes, instant, micros, object, object_text},
    event::words,
    events::v1 as wire,
    limits,
};

/// zstd, level 3.
pub(crate) fn compress(data: &[u8]) -> Bytes {
    // Compressing into memory has no way to fail; an empty result would be refused by `decompress`.
    zstd::bulk::compress(data, 3).map(Bytes::from).unwrap_or_default()
}

/// Refuses anything that would unpack to more than the limit.
pub(crate) fn decompress(data: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::decompress(data, limits::UNPACKED_BYTES_MAX).ok()
}

pub(crate) fn encode(plan: &Plan) -> wire::Plan {
    wire::Plan {
        groups: plan.groups.iter().map(encode_group).collect(),
        tasks: plan.tasks.iter().map(encode_task).collect(),
        inputs: plan.inputs.iter().map(encode_input).collect(),
        schedules: plan.schedules.iter().map(encode_schedule).collect(),
        concurrency: plan.concurrency.as_ref().map(encode_concurrency),
        timeout_ms: plan.timeout_ms,
        pipeline_triggers: plan.pipeline_triggers.iter().map(encode_pipeline_trigger).collect(),
        triggers: plan.triggers.iter().map(encode_trigger).collect(),
        sensors: plan.sensors.iter().map(sensor::encode).collect(),
        webhook: plan.webhook.as_ref().map(sensor::encode_webhook),
        asset_triggers: plan.asset_triggers.iter().map(asset::encode_trigger).collect(),
        freshness: plan.freshness.iter().map(asset::encode_freshness).collect(),
        deadlines: plan.deadlines.iter().map(asset::encode_deadline).collect(),
        alerts: plan.alerts.iter().map(alert::encode).collect(),
        anomalies: plan.anomalies.iter().map(alert::encode_anomaly).collect(),
        owner: plan.owner.clone(),
        budget: plan.budget.as_ref().map(super::budget),
        labels: plan.labels.clone(),
    }
}

pub(crate) fn decode(plan: wire::Plan) -> Option<Plan> {
    Some(Plan {
        groups: plan.groups.into_iter().map(decode_group).collect::<Option<_>>()?,
        tasks: plan.tasks.into_iter().map(decode_task).collect::<Option<_>>()?,
        inputs: plan.inputs.into_iter().map(decode_input).collect::<Option<_>>()?,
        schedules: plan.schedules.into_iter().map(decode_schedule).collect::<Option<_>>()?,
        concurrency: plan.concurrency.map(decode_concurrency),
        timeout_ms: plan.timeout_ms,
        pipeline_triggers: plan.pipeline_triggers.into_iter().map(decode_pipeline_trigger).collect::<Option<_>>()?,
        triggers: plan.triggers.into_iter().map(decode_trigger).collect(),
        sensors: plan.sensors.into_iter().map(sensor::decode).collect::<Option<_>>()?,
        webhook: match plan.webhook {
            None => None,
            Some(webhook) => Some(sensor::decode_webhook(&webhook)?),
        },
        asset_triggers: plan.asset_triggers.into_iter().map(asset::decode_trigger).collect(),
        freshness: plan.freshness.into_iter().map(asset::decode_freshness).collect::<Option<_>>()?,
        deadlines: plan.deadlines.into_iter().map(asset::decode_deadline).collect::<Option<_>>()?,
        alerts: plan.alerts.into_iter().map(alert::decode).collect::<Option<_>>()?,
        anomalies: plan.anomalies.into_iter().map(alert::decode_anomaly).collect::<Option<_>>()?,
        owner: plan.owner,
        budget: match plan.budget {
            None => None,
            Some(budget) => Some(super::budget_of(budget)?),
        },
        labels: plan.labels,
    })
}

fn encode_pipeline_trigger(trigger: &PlanPipelineTrigger) -> wire::PlanPipelineTrigger {
    wire::PlanPipelineTrigger {
        pipeline_id: trigger.pipeline.map(|pipeline| id_bytes(&pipeline.0)).unwrap_or_default(),
        statuses: trigger.statuses.iter().map(|status| words::run_status(*status) as i32).collect(),
        run_inputs: object_text(&trigger.run_inputs),
    }
}

fn decode_pipeline_trigger(trigger: wire::PlanPipelineTrigger) -> Option<PlanPipelineTrigger> {
    let named = !trigger.pipeline_id.is_empty();
    Some(PlanPipelineTrigger {
        pipeline: if named { Some(PipelineId::from_slice(&trigger.pipeline_id)?) } else { None },
        statuses: trigger.statuses.into_iter().map(words::run_status_of).collect::<Option<_>>()?,
        run_inputs: object(&trigger.run_inputs)?,
    })
}

fn nodes(nodes: &[Node]) -> Vec<wire::PlanNode> {
    let node = |node: &Node| match *node {
        Node::Group(place) => wire::plan_node::Node::Group(place),
        Node::Task(place) => wire::plan_node::Node::Task(place),
    };
    nodes.iter().map(|place| wire::PlanNode { node: Some(node(place)) }).collect()
}

fn nodes_of(nodes: Vec<wire::PlanNode>) -> Vec<Node> {
    let node = |node| match node {
        wire::plan_node::Node::Group(place) => Node::Group(place),
        wire::plan_node::Node::Task(place) => Node::Task(place),
    };
    nodes.into_iter().filter_map(|place| place.node.map(node)).collect()
}

fn condition_of(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn encode_group(group: &PlanGroup) -> wire::PlanGroup {
    wire::PlanGroup {
        id: group.id.clone(),
        name: group.name.clone(),
        depends_on: nodes(&group.depends_on),
        condition: group.condition.clone().unwrap_or_default(),
        matrix: group.matrix.as_ref().map(encode_matrix),
        paused: group.paused,
    }
}

fn decode_group(group: wire::PlanGroup) -> Option<PlanGroup> {
    let matrix = match group.matrix {
        None => None,
        Some(matrix) => Some(decode_matrix(matrix)?),
    };
    Some(PlanGroup {
        id: group.id,
        name: group.name,
        depends_on: nodes_of(group.depends_on),
        condition: condition_of(group.condition),
        matrix,
        paused: group.paused,
    })
}

fn encode_matrix(matrix: &PlanMatrix) -> wire::PlanMatrix {
    let input = |(name, value): &(String, serde_json::Value)| wire::PlanMatrixInput {
        name: name.clone(),
        value: value.to_string(),
    };
    wire::PlanMatrix {
        inputs: matrix.inputs.iter().map(input).collect(),
        max_parallel: matrix.max_parallel,
        continue_on_error: matrix.continue_on_error,
    }
}

fn decode_matrix(matrix: wire::PlanMatrix) -> Option<PlanMatrix> {
    let input = |input: wire::PlanMatrixInput| Some((input.name, serde_json::from_str(&input.value).ok()?));
    Some(PlanMatrix {
        inputs: matrix.inputs.into_iter().map(input).collect::<Option<_>>()?,
        max_parallel: matrix.max_parallel,
        continue_on_error: matrix.continue_on_error,
    })
}

fn encode_concurrency(limit: &PlanConcurrency) -> wire::PlanConcurrency {
    wire::PlanConcurrency { max_active: limit.max_active.clone(), on_limit: limit.on_limit.clone() }
}

fn decode_concurrency(limit: wire::PlanConcurrency) -> PlanConcurrency {
    PlanConcurrency { max_active: limit.max_active, on_limit: limit.on_limit }
}

fn encode_backoff(backoff: &Backoff) -> Option<wire::Backoff> {
    (*backoff != Backoff::default()).then_some(wire::Backoff {
        delay_ms: backoff.delay_ms,
        exponential: backoff.exponential,
        max_delay_ms: backoff.max_delay_ms,
        jitter_thousandths: backoff.jitter_thousandths,
    })
}

/// Plans of version 0.1 hold a number of seconds instead.
fn decode_backoff(backoff: Option<wire::Backoff>, retry_delay_seconds: u32) -> Backoff {
    match backoff {
        Some(backoff) => Backoff {
            delay_ms: backoff.delay_ms,
            exponential: backoff.exponential,
            max_delay_ms: backoff.max_delay_ms,
            jitter_thousandths: backoff.jitter_thousandths,
        },
        None => Backoff { delay_ms: u64::from(retry_delay_seconds) * 1_000, ..Backoff::default() },
    }
}

fn encode_task(task: &PlanTask) -> wire::PlanTask {
    wire::PlanTask {
        id: task.id.clone(),
        name: task.name.clone(),
        group_plus_one: task.group.map_or(0, |group| group + 1),
        depends_on: nodes(&task.depends_on),
        condition: task.condition.clone().unwrap_or_default(),
        integration: task.integration.clone(),
        integration_job: task.integration_job.clone(),
        parameters: object_text(&task.parameters),
        connection: task.connection.clone(),
        retries: task.retries,
        retry_delay_seconds: 0,
        timeout_seconds: task.timeout_seconds.unwrap_or(0),
        treat_failure_as_warning: task.treat_failure_as_warning,
        paused: task.paused,
        backoff: encode_backoff(&task.backoff),
        concurrency: task.concurrency.as_ref().map(encode_concurrency),
        pool: task.pool.as_ref().map(|pool| wire::PoolUse { name: pool.name.clone(), slots: pool.slots }),
        priority: task.priority,
        worker_labels: task.worker_labels.clone(),
        detached: task.detached,
        approval_expires_ms: task.approval_expires_ms,
        alerts: task.alerts.iter().map(alert::encode).collect(),
        anomalies: task.anomalies.iter().map(alert::encode_anomaly).collect(),
        owner: task.owner.clone(),
        declared: task.declared.as_deref().map(declared::encode),
        operation_metadata: object_text(&task.operation_metadata),
    }
}

fn decode_task(task: wire::PlanTask) -> Option<PlanTask> {
    Some(PlanTask {
        id: task.id,
        name: task.name,
        group: task.group_plus_one.checked_sub(1),
        depends_on: nodes_of(task.depends_on),
        condition: condition_of(task.condition),
        integration: task.integration,
        integration_job: task.integration_job,
        parameters: object(&task.parameters)?,
        connection: task.connection,
        retries: task.retries,
        backoff: decode_backoff(task.backoff, task.retry_delay_seconds),
        timeout_seconds: Some(task.timeout_seconds).filter(|seconds| *seconds > 0),
        treat_failure_as_warning: task.treat_failure_as_warning,
        paused: task.paused,
        concurrency: task.concurrency.map(decode_concurrency),
        pool: task.pool.map(|pool| PoolUse { name: pool.name, slots: pool.slots }),
        priority: task.priority,
        worker_labels: task.worker_labels,
        detached: task.detached,
        approval_expires_ms: task.approval_expires_ms,
        alerts: task.alerts.into_iter().map(alert::decode).collect::<Option<_>>()?,
        anomalies: task.anomalies.into_iter().map(alert::decode_anomaly).collect::<Option<_>>()?,
        owner: task.owner,
        declared: task.declared.map(|declared| Box::new(declared::decode(declared))),
        operation_metadata: object(&task.operation_metadata)?,
    })
}

fn encode_input(input: &PlanInput) -> wire::PlanInput {
    wire::PlanInput {
        name: input.name.clone(),
        kind: input.kind.clone(),
        default_value: input.default.as_ref().map(ToString::to_string).unwrap_or_default(),
        optional: input.optional,
        options: input.options.clone(),
    }
}

fn decode_input(input: wire::PlanInput) -> Option<PlanInput> {
    let default = match input.default_value.as_str() {
        "" => None,
        text => Some(serde_json::from_str(text).ok()?),
    };
    Some(PlanInput { name: input.name, kind: input.kind, default, optional: input.optional, options: input.options })
}

/// The wire form of a schedule, which queries show as well. Defaults are absent, as in events that were written before there were others.
pub fn encode_schedule(schedule: &PlanSchedule) -> wire::PlanSchedule {
    let default = PlanSchedule::default();
    let word = |found: &'static str, default: &'static str| if found == default { "" } else { found }.to_owned();
    wire::PlanSchedule {
        name: schedule.name.clone(),
        cron: schedule.cron.clone(),
        timezone: schedule.timezone.clone(),
        run_inputs: object_text(&schedule.run_inputs),
        exclude: schedule.exclude.clone(),
        environment: schedule.environment.clone(),
        unix: schedule.unix,
        dst: word(schedule.dst.word(), default.dst.word()),
        catchup: word(schedule.catchup.word(), default.catchup.word()),
        max_catchup: if schedule.max_catchup == default.max_catchup { 0 } else { schedule.max_catchup },
        catchup_window_ms: Some(schedule.catchup_window_ms).filter(|window| *window != default.catchup_window_ms),
        jitter_ms: schedule.jitter_ms,
        start: schedule.start.map(micros),
        end: schedule.end.map(micros),
        paused: schedule.paused,
    }
}

/// The schedule in a message; `None` = it holds what this version does not know.
pub fn decode_schedule(schedule: wire::PlanSchedule) -> Option<PlanSchedule> {
    let default = PlanSchedule::default();
    let bound = |micros: Option<i64>| micros.map(instant).map_or(Some(None), |found| found.map(Some));
    Some(PlanSchedule {
        name: schedule.name,
        cron: schedule.cron,
        unix: schedule.unix,
        timezone: schedule.timezone,
        run_inputs: object(&schedule.run_inputs)?,
        environment: schedule.environment,
        exclude: schedule.exclude,
        dst: if schedule.dst.is_empty() { default.dst } else { Dst::from_word(&schedule.dst)? },
        catchup: if schedule.catchup.is_empty() { default.catchup } else { Catchup::from_word(&schedule.catchup)? },
        max_catchup: if schedule.max_catchup == 0 { default.max_catchup } else { schedule.max_catchup },
        catchup_window_ms: schedule.catchup_window_ms.unwrap_or(default.catchup_window_ms),
        jitter_ms: schedule.jitter_ms,
        start: bound(schedule.start)?,
        end: bound(schedule.end)?,
        paused: schedule.paused,
    })
}

fn encode_trigger(trigger: &PlanEventTrigger) -> wire::PlanEventTrigger {
    let input = |(name, expression): &(String, String)| wire::PlanEventInput {
        name: name.clone(),
        expression: expression.clone(),
    };
    let parts = trigger.parts.iter().map(|part| wire::PlanEventPart {
        subject: part.subject.clone(),
        when: part.when.clone().unwrap_or_default(),
        run_inputs: part.run_inputs.iter().map(input).collect(),
    });
    wire::PlanEventTrigger { name: trigger.name.clone(), parts: parts.collect(), within_ms: trigger.within_ms }
}

fn decode_trigger(trigger: wire::PlanEventTrigger) -> PlanEventTrigger {
    let parts = trigger.parts.into_iter().map(|part| PlanEventPart {
        subject: part.subject,
        when: condition_of(part.when),
        run_inputs: part.run_inputs.into_iter().map(|input| (input.name, input.expression)).collect(),
    });
    PlanEventTrigger { name: trigger.name, parts: parts.collect(), within_ms: trigger.within_ms }
}
