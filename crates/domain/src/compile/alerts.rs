//! Alerts and anomalies.

use downbeat_dialect::{Alert, Pipeline, Span};
use serde_json::{Map, Value};

use super::tasks_of;
use crate::{
    limits,
    plan::{PlanAlert, PlanAnomaly, PlanDestination, PlanOperations},
    status::RunStatus,
};

/// What the language calls "any completed": whatever ran and ended. What was skipped did not run.
const COMPLETED: [RunStatus; 4] = [RunStatus::Succeeded, RunStatus::Warning, RunStatus::Failed, RunStatus::Cancelled];

pub(super) fn compile(alert: &Alert) -> PlanAlert {
    let mut statuses: Vec<RunStatus> = Vec::new();
    for word in &alert.statuses {
        match RunStatus::from_word(word) {
            Some(status) => statuses.push(status),
            None => statuses.extend(COMPLETED),
        }
    }
    statuses.sort_unstable();
    statuses.dedup();
    let destinations = alert.destinations.iter().map(|to| PlanDestination {
        integration: to.integration.clone(),
        connection: to.connection_id.clone().unwrap_or_default(),
        destination: to.destination.clone().unwrap_or_default(),
        parameters: to.parameters.clone().unwrap_or_default(),
    });
    let max_live = match &alert.max_live_alerts {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    PlanAlert {
        name: alert.name.clone(),
        statuses,
        destinations: destinations.collect(),
        message: alert.custom_message.clone().unwrap_or_default(),
        max_live,
    }
}

/// `owner` is `pipeline` or `task`.
pub(super) fn compile_anomaly(owner: &str, anomaly: &Value) -> Option<PlanAnomaly> {
    let fields = anomaly.as_object()?;
    let number = |name: &str, default: u64| fields.get(name).and_then(Value::as_u64).unwrap_or(default);
    let kind = fields.get("type").and_then(Value::as_str);
    // Without a type an item is of the *above* kind of whoever owns the list.
    let above = kind.is_none_or(|kind| kind.ends_with("_above_baseline"));
    let operations = kind.is_some_and(is_about_operations).then(|| PlanOperations {
        names: texts(fields, "operation_names"),
        kinds: texts(fields, "operation_types"),
        most: u32::try_from(number("max_anomalies", 10)).unwrap_or(u32::MAX),
    });
    let (percentage, usual) = if above { ("percentage_above_baseline", 20) } else { ("percentage_below_baseline", 75) };
    let destinations = fields.get("destinations").and_then(Value::as_array).into_iter().flatten();
    Some(PlanAnomaly {
        kind: kind.map_or_else(|| format!("{owner}_duration_above_baseline"), str::to_owned),
        above,
        percentage: u32::try_from(number(percentage, usual)).unwrap_or(u32::MAX),
        min_baseline_ms: number("min_baseline_seconds", 10).saturating_mul(1_000),
        destinations: destinations.filter_map(Value::as_object).map(destination).collect(),
        operations,
    })
}

fn texts(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let texts = fields.get(name).and_then(Value::as_array).into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn is_about_operations(kind: &str) -> bool {
    kind.starts_with("operation_")
}

fn destination(fields: &Map<String, Value>) -> PlanDestination {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    PlanDestination {
        integration: text("integration"),
        connection: text("connection_id"),
        destination: text("destination"),
        parameters: fields.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default(),
    }
}

/// What no plan can be made of.
pub(super) fn refuse(pipeline: &Pipeline, refuse: &mut impl FnMut(String, Option<Span>)) {
    let mut check = |what: String, alerts: &[Alert], anomalies: &[Value], span: Option<Span>| {
        let watched =
            anomalies.iter().filter_map(|it| compile_anomaly("", it)).map(|anomaly| anomaly.destinations.len());
        let found: usize = alerts.iter().map(|alert| alert.destinations.len()).chain(watched).sum();
        let most = limits::DESTINATIONS_PER_OWNER_MAX;
        if found > most {
            refuse(
                format!("{what}: its alerts and anomalies have {found} destinations; at most {most} are allowed"),
                span,
            );
        }
    };
    check("the pipeline".to_owned(), &pipeline.alerts, &pipeline.anomalies, None);
    for task in tasks_of(pipeline) {
        check(format!("task `{}`", task.id), &task.alerts, &task.anomalies, Some(task.span));
    }
    for (id, sensor) in pipeline.all_sensors() {
        check(format!("sensor `{id}`"), &sensor.alerts, &[], Some(sensor.span));
    }
}
