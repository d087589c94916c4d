//! From a tree without errors to the typed pipeline. Where a value is missing after all, the whole answer is none, never a guess.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{additions, condition, options, outline::Outline};
use crate::{
    Alert, AlertDestination, Concurrency, Configuration, Entry, Input, InputType, Matrix, MatrixValues, OnLimit,
    Pipeline, Schedule, ScheduleOptions, Sensor, SensorCheck, Span, Task, TaskGroup, Templated, TriggerEvent, Webhook,
    cron::{Cron, CronError},
    expression::Template,
    yaml::{self, Kind, Node},
};

/// Seconds between two polls of a sensor that names none.
const DEFAULT_FREQUENCY_SECONDS: u32 = 60;

pub(super) fn pipeline(root: &Node) -> Option<Pipeline> {
    let outline = Outline::of(root);
    let top: Vec<&str> = outline.entries.iter().map(|entry| entry.id).collect();
    let entries = root.get("pipeline")?.entries().iter().map(|entry| {
        let built = match entry.value.get("tasks") {
            Some(tasks) => Entry::Group(group(entry, tasks, &top)?),
            None => Entry::Task(task(entry, &top)?),
        };
        Some((entry.key.clone(), built))
    });
    Some(Pipeline {
        version: root.get_text("version")?.to_owned(),
        name: root.get_text("name")?.to_owned(),
        configuration: configuration(root),
        inputs: map_of(root, "inputs", |entry| input(&entry.value))?,
        schedules: options::give(root, list_of(root, "schedule", schedule)?)?,
        sensors: map_of(root, "sensors", sensor)?,
        trigger_events: list_of(root, "trigger_events", trigger_event)?,
        webhook: root.get("webhook").map(webhook).unwrap_or_default(),
        alerts: list_of(root, "alerts", alert)?,
        anomalies: values(root, "anomalies"),
        meta: object(root, "meta"),
        additions: additions::of_pipeline(root)?,
        entries: entries.collect::<Option<IndexMap<_, _>>>()?,
    })
}

fn group(entry: &yaml::Entry, tasks: &Node, top: &[&str]) -> Option<TaskGroup> {
    let node = &entry.value;
    let siblings: Vec<&str> = tasks.entries().iter().map(|entry| entry.key.as_str()).collect();
    let tasks = tasks.entries().iter().map(|entry| Some((entry.key.clone(), task(entry, &siblings)?)));
    Some(TaskGroup {
        id: entry.key.clone(),
        name: name(node),
        depends_on: depends_on(node, top),
        condition: condition::of(node),
        matrix: match node.get("matrix") {
            Some(matrix_node) => Some(matrix(matrix_node)?),
            None => None,
        },
        paused: flag(node, "paused"),
        meta: object(node, "meta"),
        additions: additions::of_group(node)?,
        tasks: tasks.collect::<Option<IndexMap<_, _>>>()?,
        span: entry.key_span,
    })
}

fn task(entry: &yaml::Entry, siblings: &[&str]) -> Option<Task> {
    let node = &entry.value;
    // Advised against, but taken: what is no text is an unlisted job that no worker offers.
    let integration_job = match node.entry("integration_job")?.value.to_value() {
        Value::String(name) => name,
        other => other.to_string(),
    };
    Some(Task {
        id: entry.key.clone(),
        name: name(node),
        integration: node.get_text("integration")?.to_owned(),
        integration_job,
        // As written: a default belongs to the connector, which also knows what the machine has.
        parameters: object(node, "parameters"),
        connection: text(node, "connection"),
        depends_on: depends_on(node, siblings),
        condition: condition::of(node),
        configuration: configuration(node),
        treat_failure_as_warning: flag(node, "treat_failure_as_warning"),
        paused: flag(node, "paused"),
        tags: texts(node, "tags"),
        alerts: list_of(node, "alerts", alert)?,
        anomalies: values(node, "anomalies"),
        operation_metadata: object(node, "operation_metadata"),
        meta: object(node, "meta"),
        additions: additions::of_task(node)?,
        span: entry.key_span,
    })
}

/// Dependencies in the spelling of the ids they name, each once.
fn depends_on(node: &Node, siblings: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for written in texts(node, "depends_on") {
        let folded = written.to_lowercase();
        let spelled = siblings.iter().find(|id| id.to_lowercase() == folded).map_or(written, |id| (*id).to_owned());
        if !found.contains(&spelled) {
            found.push(spelled);
        }
    }
    found
}

fn matrix(node: &Node) -> Option<Matrix> {
    let values = |entry: &yaml::Entry| match &entry.value.kind {
        Kind::Text(text) => Some(MatrixValues::Expression(Template::parse(text).ok()?)),
        _ => Some(MatrixValues::List(entry.value.items().iter().map(Node::to_value).collect())),
    };
    Some(Matrix {
        inputs: map_of(node, "inputs", values)?,
        max_parallel: number(node, "max_parallel").filter(|limit| *limit > 0),
        sequential: flag(node, "sequential"),
        continue_on_error: flag(node, "continue_on_error"),
    })
}

fn configuration(node: &Node) -> Configuration {
    let Some(node) = node.get("configuration") else { return Configuration::default() };
    Configuration {
        retries: number(node, "retries"),
        retry_delay_minutes: number(node, "retry_delay"),
        timeout_seconds: number(node, "timeout"),
        concurrency: node.get("concurrency").map(concurrency),
    }
}

fn concurrency(node: &Node) -> Concurrency {
    let template = |text: &str| Template::parse(text).ok().filter(|template| !template.is_literal());
    let max_active = match node.get("max_active").map(|node| &node.kind) {
        Some(Kind::Text(text)) => match template(text) {
            Some(template) => Some(Templated::Template(template)),
            None => text.trim().parse().ok().map(Templated::Fixed),
        },
        _ => number(node, "max_active").map(Templated::Fixed),
    };
    let on_limit = node.get_text("on_limit").unwrap_or_default();
    let on_limit = match (OnLimit::from_word(on_limit), template(on_limit)) {
        (None, Some(template)) => Templated::Template(template),
        (word, _) => Templated::Fixed(word.unwrap_or_default()),
    };
    Concurrency { max_active, on_limit }
}

fn input(node: &Node) -> Option<Input> {
    Some(Input {
        kind: InputType::from_word(node.get_text("type")?)?,
        default: node.get("default").map(Node::to_value),
        optional: flag(node, "optional"),
        options: texts(node, "options"),
    })
}

fn schedule(node: &Node) -> Option<Schedule> {
    schedule_with(node, "cron", Cron::parse)
}

/// A schedule whose cron expression stands under `key`, in the form that `read` knows.
pub(super) fn schedule_with(node: &Node, key: &str, read: fn(&str) -> Result<Cron, CronError>) -> Option<Schedule> {
    let cron = node.get(key)?;
    Some(Schedule {
        name: text(node, "name"),
        cron: read(cron.text()?).ok()?,
        cron_text: cron.text()?.to_owned(),
        timezone: text(node, "timezone").unwrap_or_else(|| "UTC".to_owned()),
        environment: text(node, "environment"),
        branch: text(node, "branch"),
        exclude: texts(node, "exclude"),
        run_inputs: object(node, "run_inputs"),
        options: ScheduleOptions::default(),
        span: cron.span,
    })
}

pub(super) fn sensor(entry: &yaml::Entry) -> Option<Sensor> {
    let node = &entry.value;
    let cron_text = node.get_text("cron")?.to_owned();
    let environments = match text(node, "environments") {
        Some(single) => vec![single],
        None => texts(node, "environments"),
    };
    Some(Sensor {
        name: text(node, "name")?,
        cron: Cron::parse(&cron_text).ok()?,
        cron_text,
        timezone: text(node, "timezone")?,
        timeout_minutes: number(node, "timeout_mins")?,
        frequency_seconds: number(node, "frequency_secs")
            .map_or(DEFAULT_FREQUENCY_SECONDS, |given| given.clamp(60, 600)),
        checks: map_of(node, "checks", |entry| sensor_check(&entry.value))?,
        condition: condition::of(node),
        environments,
        exclude: texts(node, "exclude"),
        run_inputs: object(node, "run_inputs"),
        alerts: list_of(node, "alerts", alert)?,
        span: entry.key_span,
    })
}

fn sensor_check(node: &Node) -> Option<SensorCheck> {
    Some(SensorCheck {
        integration: text(node, "integration")?,
        sensor_type: text(node, "sensor_type")?,
        parameters: object(node, "parameters"),
        connection: text(node, "connection"),
        map_outputs: map_of(node, "map_outputs", |entry| entry.value.text().map(str::to_owned))?,
    })
}

fn trigger_event(node: &Node) -> Option<TriggerEvent> {
    let statuses = texts(node, "statuses");
    let default = || vec!["SUCCEEDED".to_owned(), "WARNING".to_owned()];
    Some(TriggerEvent {
        pipeline_id: text(node, "pipeline_id")?,
        statuses: if statuses.is_empty() { default() } else { statuses },
        run_inputs: object(node, "run_inputs"),
        span: Span { ..node.span },
    })
}

fn webhook(node: &Node) -> Webhook {
    Webhook {
        enabled: flag(node, "enabled"),
        run_inputs: object(node, "run_inputs"),
        operation_metadata: object(node, "operation_metadata"),
    }
}

fn alert(node: &Node) -> Option<Alert> {
    let destination = |node: &Node| {
        Some(AlertDestination {
            integration: text(node, "integration")?,
            connection_id: text(node, "connection_id"),
            destination: text(node, "destination"),
            parameters: node.get("parameters").map(Node::to_map),
        })
    };
    Some(Alert {
        name: text(node, "name")?,
        statuses: texts(node, "statuses"),
        destinations: list_of(node, "destinations", destination)?,
        custom_message: text(node, "custom_message"),
        max_live_alerts: node.get("max_live_alerts").map(Node::to_value),
    })
}

/// The shown name; an empty one counts as absent.
fn name(node: &Node) -> Option<String> {
    text(node, "name").filter(|name| !name.is_empty())
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get_text(key).map(str::to_owned)
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).map_or(&[][..], Node::items);
    items.iter().filter_map(|item| item.text().map(str::to_owned)).collect()
}

fn flag(node: &Node, key: &str) -> bool {
    matches!(node.get(key).map(|node| &node.kind), Some(Kind::Bool(true)))
}

fn number(node: &Node, key: &str) -> Option<u32> {
    match node.get(key).map(|node| &node.kind) {
        Some(Kind::Integer(integer)) => Some(u32::try_from((*integer).max(0)).unwrap_or(u32::MAX)),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast keeps to the nearest limit"
        )]
        Some(Kind::Decimal(decimal)) => Some(*decimal as u32),
        _ => None,
    }
}

fn object(node: &Node, key: &str) -> Map<String, Value> {
    node.get(key).map(Node::to_map).unwrap_or_default()
}

fn values(node: &Node, key: &str) -> Vec<Value> {
    node.get(key).map_or(&[][..], Node::items).iter().map(Node::to_value).collect()
}

pub(super) fn list_of<T>(node: &Node, key: &str, item: impl Fn(&Node) -> Option<T>) -> Option<Vec<T>> {
    node.get(key).map_or(&[][..], Node::items).iter().map(item).collect()
}

pub(super) fn map_of<T>(
    node: &Node,
    key: &str,
    value: impl Fn(&yaml::Entry) -> Option<T>,
) -> Option<IndexMap<String, T>> {
    let entries = node.get(key).map_or(&[][..], Node::entries);
    entries.iter().map(|entry| Some((entry.key.clone(), value(entry)?))).collect()
}
