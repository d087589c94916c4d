//! Alerts: which of them an end raises, and what becomes of each. What is told is fixed here, so that it is the same at every try; an
//! alert is delivered at least once, and raised once per cause (its id is derived).

pub(crate) mod budget;

use downbeat_dialect::expression::{Names, render_value};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    command::{AlertOutcome, Context, Rejection},
    decide::{
        brief, cut, later,
        unusual::{operations, unusual, words_of},
    },
    event::{Alert, AlertSubject, AlertsRaised, Anomaly, Event, WindowRef},
    id::{AlertId, PipelineId, RunId, TaskRunId},
    limits,
    names::{RunNames, StartNames},
    plan::{PlanAlert, PlanAnomaly, PlanDestination},
    state::{AlertCounts, Measured, Partition, Phase, PipelineState, RunState},
    status::{RunStatus, TaskStatus},
};

/// An end, and everything that is told of it.
struct End<'a> {
    pipeline: PipelineId,
    subject: AlertSubject,
    scope: &'a str,
    event_type: &'static str,
    status: RunStatus,
    began: Option<Timestamp>,
    detail: Map<String, Value>,
    alerts: &'a [PlanAlert],
    anomalies: &'a [PlanAnomaly],
    /// Of a task whose operations are watched.
    measured: Option<&'a Measured>,
}

/// The run is about to end so. `None`: nobody asks for it.
pub(super) fn of_run(
    partition: &Partition,
    run: &RunState,
    status: RunStatus,
    message: &str,
    context: &Context,
) -> Option<Event> {
    let plan = &run.plan.plan;
    if plan.alerts.is_empty() && plan.anomalies.is_empty() {
        return None;
    }
    let end = End {
        pipeline: run.pipeline,
        subject: AlertSubject::Run(run.id),
        scope: "",
        event_type: "PIPELINE_RUN_COMPLETED",
        status,
        began: Some(run.created_at),
        detail: detail_of_run(run, status, Some(run.created_at), message, context),
        alerts: &plan.alerts,
        anomalies: &plan.anomalies,
        measured: None,
    };
    Some(raised(partition, end, &RunNames { run, task: None, now: context.now }, context))
}

/// Tasks of the run that have ended and of which somebody asks to be told.
pub(super) fn of_tasks(partition: &Partition, run: &RunState, context: &Context, events_max: usize) -> Vec<Event> {
    let some = run.to_alert.iter().take(events_max.clamp(1, limits::ALERTING_ENDS_PER_DECISION_MAX));
    some.filter_map(|(place, message)| of_task(partition, run, *place, message, context)).collect()
}

fn of_task(partition: &Partition, run: &RunState, place: u32, message: &str, context: &Context) -> Option<Event> {
    let (task, plan) = run.tasks.get(place as usize).zip(run.planned(place))?;
    let Phase::Ended(ended) = task.phase else { return None };
    let status = as_run_status(ended);
    let mut detail = detail_of_run(run, status, task.began_at, message, context);
    let named = if plan.name.is_empty() { &plan.id } else { &plan.name };
    detail.insert("task_id".to_owned(), json!(plan.id));
    detail.insert("task_name".to_owned(), json!(named));
    detail.insert("task_run_id".to_owned(), json!(TaskRunId::derive(run.id, place).to_string()));
    let end = End {
        pipeline: run.pipeline,
        subject: AlertSubject::Task(run.id, place),
        scope: &plan.id,
        event_type: "TASK_RUN_COMPLETED",
        status,
        began: task.began_at,
        detail,
        alerts: &plan.alerts,
        anomalies: &plan.anomalies,
        measured: run.measured.get(&place),
    };
    Some(raised(partition, end, &RunNames { run, task: Some(place), now: context.now }, context))
}

/// A window of a sensor closes. `None`: nobody asks for it.
pub(super) fn of_window(
    partition: &Partition,
    window: &WindowRef,
    (status, message): (RunStatus, &str),
    context: &Context,
) -> Option<Event> {
    let state = partition.live_pipeline(window.pipeline).ok()?;
    let sensor = state.plan.plan.sensor(&window.sensor).filter(|sensor| !sensor.alerts.is_empty())?;
    let opened = state.windows.get(&window.sensor).map(|open| open.opened);
    let mut detail = detail_of_pipeline(window.pipeline, state, status, opened, message, context);
    detail.insert("sensor_id".to_owned(), json!(sensor.id));
    detail.insert("sensor_name".to_owned(), json!(sensor.name));
    if status == RunStatus::Succeeded {
        detail.insert("pipeline_run_id".to_owned(), json!(RunId::of_sensor(window).to_string()));
    }
    let end = End {
        pipeline: window.pipeline,
        subject: AlertSubject::Window(window.clone()),
        scope: &sensor.schedule.name,
        event_type: "SENSOR_COMPLETED",
        status,
        began: opened,
        detail,
        alerts: &sensor.alerts,
        anomalies: &[],
        measured: None,
    };
    let (none, run) = (Map::new(), RunId::of_sensor(window));
    let names =
        StartNames { run, environment: &none, environment_name: "", inputs: &none, outputs: None, now: context.now };
    Some(raised(partition, end, &names, context))
}

fn as_run_status(status: TaskStatus) -> RunStatus {
    match status {
        TaskStatus::Succeeded => RunStatus::Succeeded,
        TaskStatus::Warning => RunStatus::Warning,
        TaskStatus::Skipped => RunStatus::Skipped,
        TaskStatus::Cancelled => RunStatus::Cancelled,
        _ => RunStatus::Failed,
    }
}

fn detail_of_run(
    run: &RunState,
    status: RunStatus,
    began: Option<Timestamp>,
    message: &str,
    context: &Context,
) -> Map<String, Value> {
    let mut detail = common(run.pipeline, &run.pipeline_name, status, began, message, context);
    detail.insert("pipeline_run_id".to_owned(), json!(run.id.to_string()));
    detail
}

fn detail_of_pipeline(
    pipeline: PipelineId,
    state: &PipelineState,
    status: RunStatus,
    began: Option<Timestamp>,
    message: &str,
    context: &Context,
) -> Map<String, Value> {
    common(pipeline, &state.name, status, began, message, context)
}

fn common(
    pipeline: PipelineId,
    name: &str,
    status: RunStatus,
    began: Option<Timestamp>,
    message: &str,
    context: &Context,
) -> Map<String, Value> {
    let fields = json!({
        "pipeline_id": pipeline.to_string(),
        "pipeline_name": name,
        "status": status.as_str(),
        "started_at": began.map(|at| at.to_string()),
        "completed_at": context.now.to_string(),
        "message": cut(message, limits::ALERT_TEXT_BYTES_MAX),
    });
    object(fields)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

fn raised(partition: &Partition, end: End<'_>, names: &impl Names, context: &Context) -> Event {
    let counts = partition.pipelines.get(&end.pipeline).map(|state| &state.alerts);
    let room = limits::OWED_ALERTS_MAX.saturating_sub(partition.alerts.owed.len());
    let mut outgoing = Outgoing { room, alerts: Vec::new(), held: Vec::new() };
    declared(&end, counts, names, &mut outgoing);
    let durations = end.anomalies.iter().any(|watched| watched.operations.is_none());
    let took_ms = end
        .began
        .filter(|_| durations)
        .map(|began| u64::try_from(context.now.duration_since(began).as_millis()).unwrap_or(0));
    let anomalies = detected(&end, took_ms, counts, names, &mut outgoing);
    Event::AlertsRaised(Box::new(AlertsRaised {
        pipeline: end.pipeline,
        scope: end.scope.to_owned(),
        subject: end.subject,
        status: end.status,
        took_ms,
        alerts: outgoing.alerts,
        held: outgoing.held,
        anomalies,
        at: context.now,
    }))
}

/// What is told of an end, as far as there is room for it.
struct Outgoing {
    room: usize,
    alerts: Vec<Alert>,
    /// Names of what is not told.
    held: Vec<String>,
}

impl Outgoing {
    /// Whether so many more can be told.
    fn takes(&self, more: usize) -> bool {
        self.alerts.len() + more <= self.room
    }

    fn tell(&mut self, end: &End<'_>, what: &Told<'_>, destinations: &[PlanDestination], names: &impl Names) {
        let told = (0u32..).zip(destinations);
        self.alerts.extend(told.map(|(place, to)| tell(end, what, place, to, names)));
    }
}

/// Alerts for the status of the end.
fn declared(end: &End<'_>, counts: Option<&AlertCounts>, names: &impl Names, outgoing: &mut Outgoing) {
    for alert in end.alerts.iter().filter(|alert| alert.statuses.contains(&end.status)) {
        let live = counts.map_or(0, |counts| counts.live(end.scope, &alert.name));
        let most = max_live(alert, names);
        if most.is_some_and(|most| live >= most) || !outgoing.takes(alert.destinations.len()) {
            outgoing.held.push(alert.name.clone());
            continue;
        }
        let text = render_text(&alert.message, names);
        let what = Told { name: &alert.name, cause: &alert.name, event_type: end.event_type, text: &text, found: &[] };
        outgoing.tell(end, &what, &alert.destinations, names);
    }
}

/// Anomalies, and alerts for them.
fn detected(
    end: &End<'_>,
    took_ms: Option<u64>,
    counts: Option<&AlertCounts>,
    names: &impl Names,
    outgoing: &mut Outgoing,
) -> Vec<Anomaly> {
    let mut anomalies: Vec<Anomaly> = Vec::new();
    for (at, watched) in end.anomalies.iter().enumerate() {
        let mut found = differing(end, watched, took_ms, counts);
        found.truncate(limits::ANOMALIES_PER_END_MAX.saturating_sub(anomalies.len()));
        if found.is_empty() {
            continue;
        }
        if outgoing.takes(watched.destinations.len()) {
            let text = cut(&words_of(&found), limits::ALERT_TEXT_BYTES_MAX);
            // Several of one type are told apart by their order.
            let same = end.anomalies[..at].iter().filter(|other| other.kind == watched.kind).count();
            let cause = if same == 0 { watched.kind.clone() } else { format!("{} {}", watched.kind, same + 1) };
            let what =
                Told { name: &watched.kind, cause: &cause, event_type: "ANOMALY_DETECTED", text: &text, found: &found };
            outgoing.tell(end, &what, &watched.destinations, names);
        } else {
            outgoing.held.push(watched.kind.clone());
        }
        anomalies.extend(found);
    }
    anomalies
}

/// What takes unusually long or short of what somebody watches.
fn differing(end: &End<'_>, watched: &PlanAnomaly, took_ms: Option<u64>, counts: Option<&AlertCounts>) -> Vec<Anomaly> {
    let Some(counts) = counts else { return Vec::new() };
    if watched.operations.is_some() {
        // What went well counts, also where the task as a whole did not.
        let known = end.measured.zip(counts.operations.get(end.scope));
        return known.map(|(measured, known)| operations(watched, measured, known)).unwrap_or_default();
    }
    let good = matches!(end.status, RunStatus::Succeeded | RunStatus::Warning);
    let (Some(took), Some(known), true) = (took_ms, counts.took_ms.get(end.scope), good) else { return Vec::new() };
    let known: Vec<u64> = known.iter().copied().collect();
    unusual(watched, &known, took).into_iter().collect()
}

/// `None` = no limit: also where the limit is no number.
fn max_live(alert: &PlanAlert, names: &impl Names) -> Option<u32> {
    if alert.max_live.is_empty() {
        return None;
    }
    match render_value(&Value::String(alert.max_live.clone()), names).ok()? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        _ => None,
    }
}

/// An expression that does not evaluate is shown as it is written: an alert about a failure must not fail by it.
fn render(value: &Value, names: &impl Names) -> Value {
    render_value(value, names).unwrap_or_else(|_| value.clone())
}

fn render_text(text: &str, names: &impl Names) -> String {
    match render(&Value::String(text.to_owned()), names) {
        Value::String(text) => cut(&text, limits::ALERT_TEXT_BYTES_MAX),
        Value::Null => String::new(),
        other => cut(&other.to_string(), limits::ALERT_TEXT_BYTES_MAX),
    }
}

fn told(found: &Anomaly) -> Value {
    let Anomaly { kind, baseline_ms, observed_ms, threshold_ms, compared, operation } = found;
    let mut said = json!({
        "type": kind, "baseline_ms": baseline_ms, "observed_ms": observed_ms, "threshold_ms": threshold_ms,
        "compared_runs": compared,
    });
    if !operation.is_empty() {
        said["operation"] = json!(operation);
    }
    said
}

/// What is told of an end.
struct Told<'a> {
    name: &'a str,
    /// Tells it from others of its name.
    cause: &'a str,
    event_type: &'a str,
    text: &'a str,
    found: &'a [Anomaly],
}

fn tell(end: &End<'_>, what: &Told<'_>, place: u32, to: &PlanDestination, names: &impl Names) -> Alert {
    let id = AlertId::derive(&end.subject, what.cause, what.event_type, place);
    let mut parameters: Map<String, Value> =
        to.parameters.iter().map(|(name, value)| (name.clone(), render(value, names))).collect();
    if super::json_bytes(&parameters) > limits::ALERT_PARAMETER_BYTES_MAX {
        // Whoever is told gets the usual content instead: an alert that says less is better than none.
        parameters = Map::new();
    }
    let mut detail = end.detail.clone();
    if let Some(worst) = what.found.first() {
        detail.insert("anomaly".to_owned(), told(worst));
        if !worst.operation.is_empty() {
            let several = what.found.iter().take(limits::OPERATIONS_TOLD_MAX).map(told);
            detail.insert("anomalies".to_owned(), several.collect());
        }
    }
    let content = json!({
        "alert_id": id.to_string(),
        "alert": what.name,
        "event_type": what.event_type,
        "status": end.status.as_str(),
        "text": what.text,
        "destination": render_text(&to.destination, names),
        "parameters": parameters,
        "detail": detail,
    });
    let content = object(content);
    let connection = render_text(&to.connection, names);
    Alert { id, name: what.name.to_owned(), integration: to.integration.clone(), connection, content }
}

/// Whoever was asked to deliver an alert says what became of it.
pub(super) fn settle(partition: &Partition, alert: AlertId, outcome: &AlertOutcome, context: &Context) -> Vec<Event> {
    let Some(owed) = partition.alerts.owed.get(&alert) else { return Vec::new() };
    vec![match outcome {
        AlertOutcome::Delivered => Event::AlertDelivered { alert, at: context.now },
        AlertOutcome::Failed { message, retryable, pause_seconds } => {
            let failures = owed.failures.saturating_add(1);
            let again = *retryable && failures < limits::ALERT_TRIES_MAX;
            let pause = limits::ALERT_PAUSE_SECONDS.saturating_mul(1 << owed.failures.min(20));
            // Whoever asks for a longer one gets it, within the same bound: an alert that comes much too late is none.
            let pause = pause.max(i64::from(*pause_seconds)).min(limits::ALERT_PAUSE_SECONDS_MAX);
            let retry_at = again.then(|| later(context.now, pause));
            Event::AlertFailed { alert, failures, message: brief(message), retry_at, at: context.now }
        }
    }]
}

/// A dead letter is tried once more.
pub(super) fn retry(partition: &Partition, alert: AlertId, context: &Context) -> Result<Vec<Event>, Rejection> {
    if partition.alerts.owed.contains_key(&alert) {
        return Ok(Vec::new());
    }
    match partition.alerts.dead(alert) {
        Some(dead) => Ok(vec![Event::AlertRetried { alert, failures: dead.failures, at: context.now }]),
        None => Err(Rejection::UnknownAlert(alert)),
    }
}
