//! Parts of a pipeline as plain values, in one form for everything that means the same. Absent and default fields are left out.

use serde_json::{Map, Value, json};

use super::additions;
use crate::{
    Alert, AssetTrigger, Concurrency, Condition, Configuration, Entry, EventPart, EventTrigger, Input, Matrix,
    MatrixValues, OnLimit, Pipeline, Schedule, ScheduleOptions, Sensor, Task, TaskGroup, Templated, TriggerEvent,
    Webhook,
};

/// The pipeline's own fields, without additions.
pub(super) fn pipeline(pipeline: &Pipeline) -> Map<String, Value> {
    object([
        ("version", text(&pipeline.version)),
        ("name", text(&pipeline.name)),
        ("configuration", configuration(&pipeline.configuration)),
        ("alerts", alerts(&pipeline.alerts)),
        ("anomalies", list(&pipeline.anomalies)),
        ("meta", map(&additions::notes_of(&pipeline.meta))),
    ])
}

pub(super) fn input(input: &Input) -> Value {
    Value::Object(object([
        ("type", text(input.kind.word())),
        ("default", input.default.clone()),
        ("optional", flag(input.optional)),
        ("options", texts(&input.options)),
    ]))
}

/// A task without its id, dependencies and additions.
pub(super) fn task(task: &Task) -> Map<String, Value> {
    object([
        ("name", task.name.as_deref().and_then(text)),
        ("integration", text(&task.integration)),
        ("integration_job", text(&task.integration_job)),
        ("connection", task.connection.as_deref().and_then(text)),
        ("condition", condition(task.condition.as_ref())),
        // Present even if empty, so that the first parameter is an addition below it.
        ("parameters", Some(Value::Object(task.parameters.clone()))),
        ("configuration", configuration(&task.configuration)),
        ("treat_failure_as_warning", flag(task.treat_failure_as_warning)),
        ("paused", flag(task.paused)),
        ("tags", texts(&task.tags)),
        ("alerts", alerts(&task.alerts)),
        ("anomalies", list(&task.anomalies)),
        ("operation_metadata", map(&task.operation_metadata)),
        ("meta", map(&additions::notes_of(&task.meta))),
    ])
}

/// A group without its id, dependencies, additions and tasks.
pub(super) fn group(group: &TaskGroup) -> Map<String, Value> {
    object([
        ("name", group.name.as_deref().and_then(text)),
        ("condition", condition(group.condition.as_ref())),
        ("matrix", group.matrix.as_ref().map(matrix)),
        ("paused", flag(group.paused)),
        ("meta", map(&additions::notes_of(&group.meta))),
    ])
}

/// Everything of an entry but its id.
pub(super) fn whole_entry(entry: &Entry) -> Value {
    match entry {
        Entry::Task(task) => whole_task(task),
        Entry::Group(found) => {
            let mut fields = group(found);
            let meta = additions::beside_notes(&found.meta, additions::of_group(&found.additions));
            fields.extend(object([("meta", map(&meta)), ("depends_on", texts(&found.depends_on))]));
            let tasks = found.tasks.iter().map(|(id, task)| (id.clone(), whole_task(task))).collect();
            fields.insert("tasks".to_owned(), Value::Object(tasks));
            Value::Object(fields)
        }
    }
}

/// Everything of a task but its id.
pub(super) fn whole_task(found: &Task) -> Value {
    let mut fields = task(found);
    let meta = additions::beside_notes(&found.meta, additions::of_task(&found.additions));
    fields.extend(object([("meta", map(&meta)), ("depends_on", texts(&found.depends_on))]));
    Value::Object(fields)
}

/// A schedule whose cron expression stands under `cron_key`.
pub(super) fn schedule(schedule: &Schedule, cron_key: &str) -> Value {
    Value::Object(object([
        ("name", schedule.name.as_deref().and_then(text)),
        (cron_key, text(&schedule.cron.to_string())),
        ("timezone", text(&schedule.timezone)),
        ("environment", schedule.environment.as_deref().and_then(text)),
        ("branch", schedule.branch.as_deref().and_then(text)),
        ("exclude", texts(&schedule.exclude)),
        ("run_inputs", map(&schedule.run_inputs)),
        ("options", map(&options(&schedule.options))),
    ]))
}

/// What differs from the defaults.
fn options(options: &ScheduleOptions) -> Map<String, Value> {
    let default = ScheduleOptions::default();
    let duration = |found: u64, default: u64| (found != default).then(|| additions::duration(found));
    object([
        ("dst", (options.dst != default.dst).then(|| json!(options.dst.word()))),
        ("catchup", (options.catchup != default.catchup).then(|| json!(options.catchup.word()))),
        ("max_catchup", (options.max_catchup != default.max_catchup).then(|| json!(options.max_catchup))),
        ("catchup_window", duration(options.catchup_window_ms, default.catchup_window_ms)),
        ("jitter", duration(options.jitter_ms, default.jitter_ms)),
        ("start", options.start.map(|start| json!(start.to_string()))),
        ("end", options.end.map(|end| json!(end.to_string()))),
        ("paused", options.paused.then(|| json!(true))),
    ])
}

pub(super) fn sensor(sensor: &Sensor) -> Value {
    let checks = sensor.checks.iter().map(|(id, check)| {
        let outputs = check.map_outputs.iter().map(|(name, output)| (name.clone(), json!(output))).collect();
        let fields = object([
            ("integration", text(&check.integration)),
            ("sensor_type", text(&check.sensor_type)),
            ("parameters", Some(Value::Object(check.parameters.clone()))),
            ("connection", check.connection.as_deref().and_then(text)),
            ("map_outputs", map(&outputs)),
        ]);
        (id.clone(), Value::Object(fields))
    });
    Value::Object(object([
        ("name", text(&sensor.name)),
        ("cron", text(&sensor.cron.to_string())),
        ("timezone", text(&sensor.timezone)),
        ("timeout_mins", Some(json!(sensor.timeout_minutes))),
        ("frequency_secs", Some(json!(sensor.frequency_seconds))),
        ("checks", Some(Value::Object(checks.collect()))),
        ("condition", condition(sensor.condition.as_ref())),
        ("environments", texts(&sensor.environments)),
        ("exclude", texts(&sensor.exclude)),
        ("run_inputs", map(&sensor.run_inputs)),
        ("alerts", alerts(&sensor.alerts)),
    ]))
}

pub(super) fn trigger_event(event: &TriggerEvent) -> Value {
    Value::Object(object([
        ("pipeline_id", text(&event.pipeline_id)),
        ("statuses", texts(&event.statuses)),
        ("run_inputs", map(&event.run_inputs)),
    ]))
}

pub(super) fn event_trigger(trigger: &EventTrigger) -> Value {
    let part = |part: &EventPart| {
        let inputs =
            part.run_inputs.iter().map(|(name, expression)| (name.clone(), json!(expression.trim()))).collect();
        object([
            ("nats", text(&part.subject)),
            ("when", part.when.as_ref().map(|when| json!(when.trim()))),
            ("run_inputs", map(&inputs)),
        ])
    };
    match (trigger.parts.as_slice(), trigger.within_ms) {
        ([single], None) => Value::Object(part(single)),
        (parts, within) => {
            let parts = parts.iter().map(|one| Value::Object(part(one))).collect();
            Value::Object(object([
                ("all_of", Some(Value::Array(parts))),
                ("within", within.map(super::additions::duration)),
            ]))
        }
    }
}

pub(super) fn asset_trigger(trigger: &AssetTrigger) -> Value {
    let inputs = trigger.run_inputs.iter();
    let inputs = inputs.map(|(name, expression)| (name.clone(), json!(expression.trim()))).collect();
    Value::Object(object([
        ("asset", texts(&trigger.assets)),
        ("debounce", (trigger.debounce_ms > 0).then(|| super::additions::duration(trigger.debounce_ms))),
        ("run_inputs", map(&inputs)),
    ]))
}

pub(super) fn webhook(webhook: &Webhook) -> Value {
    Value::Object(object([
        ("enabled", Some(json!(webhook.enabled))),
        ("run_inputs", map(&webhook.run_inputs)),
        ("operation_metadata", map(&webhook.operation_metadata)),
    ]))
}

/// Without the braces and the space around the expression, which mean nothing.
fn condition(condition: Option<&Condition>) -> Option<Value> {
    let written = condition?.text.trim();
    let bare = written.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(written);
    Some(json!(bare.trim()))
}

fn matrix(matrix: &Matrix) -> Value {
    let inputs = matrix.inputs.iter().map(|(name, values)| {
        let value = match values {
            MatrixValues::List(items) => Value::Array(items.clone()),
            MatrixValues::Expression(template) => json!(template.text()),
        };
        (name.clone(), value)
    });
    Value::Object(object([
        ("inputs", Some(Value::Object(inputs.collect()))),
        ("max_parallel", matrix.max_parallel.map(|limit| json!(limit))),
        ("sequential", flag(matrix.sequential)),
        ("continue_on_error", flag(matrix.continue_on_error)),
    ]))
}

fn configuration(configuration: &Configuration) -> Option<Value> {
    let number = |number: Option<u32>| number.map(|number| json!(number));
    let fields = object([
        ("retries", number(configuration.retries)),
        ("retry_delay", number(configuration.retry_delay_minutes)),
        ("timeout", number(configuration.timeout_seconds)),
        ("concurrency", configuration.concurrency.as_ref().map(concurrency)),
    ]);
    map(&fields)
}

fn concurrency(concurrency: &Concurrency) -> Value {
    let max_active = concurrency.max_active.as_ref().map(|limit| match limit {
        Templated::Fixed(limit) => json!(limit),
        Templated::Template(template) => json!(template.text()),
    });
    let on_limit = match &concurrency.on_limit {
        Templated::Fixed(OnLimit::Skip) => "SKIP",
        Templated::Fixed(OnLimit::Queue) => "QUEUE",
        Templated::Fixed(OnLimit::QueueLatest) => "QUEUE_LATEST",
        Templated::Template(template) => template.text(),
    };
    Value::Object(object([("max_active", max_active), ("on_limit", text(on_limit))]))
}

/// By name; a second alert of the same name gets its place behind it.
fn alerts(alerts: &[Alert]) -> Option<Value> {
    let mut named = Map::new();
    for (at, alert) in alerts.iter().enumerate() {
        let destinations = alert.destinations.iter().map(|destination| {
            Value::Object(object([
                ("integration", text(&destination.integration)),
                ("connection_id", destination.connection_id.as_deref().and_then(text)),
                ("destination", destination.destination.as_deref().and_then(text)),
                ("parameters", destination.parameters.as_ref().and_then(map)),
            ]))
        });
        let fields = object([
            ("statuses", texts(&alert.statuses)),
            ("destinations", Some(Value::Array(destinations.collect()))),
            ("custom_message", alert.custom_message.as_deref().and_then(text)),
            ("max_live_alerts", alert.max_live_alerts.clone()),
        ]);
        let taken = named.contains_key(&alert.name);
        let key = if taken { format!("{} ({})", alert.name, at + 1) } else { alert.name.clone() };
        named.insert(key, Value::Object(fields));
    }
    map(&named)
}

pub(super) fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn text(text: &str) -> Option<Value> {
    Some(json!(text))
}

fn flag(flag: bool) -> Option<Value> {
    flag.then_some(Value::Bool(true))
}

fn texts(texts: &[String]) -> Option<Value> {
    (!texts.is_empty()).then(|| json!(texts))
}

fn list(items: &[Value]) -> Option<Value> {
    (!items.is_empty()).then(|| Value::Array(items.to_vec()))
}

fn map(fields: &Map<String, Value>) -> Option<Value> {
    (!fields.is_empty()).then(|| Value::Object(fields.clone()))
}
