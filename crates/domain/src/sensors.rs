//! What the windows of sensors owe the world: checks that somebody has to make, again and again, as long as a window is open. Checks only
//! look, so it does no harm if one is made twice or its answer is lost; when the last one was made is therefore not part of the state.

use downbeat_dialect::expression::render_value;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    event::{Finding, WindowRef},
    id::RunId,
    limits,
    names::StartNames,
    plan::{CoreCheck, PlanCheck, PlanSensor},
    state::{Partition, PipelineState, Used, Window},
    status::{CheckState, RunStatus},
};

/// What a check gave.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckAnswer {
    /// What it looks for is there; what `outputs` reads.
    Passed(Map<String, Value>),
    /// Not yet, and why.
    Pending(String),
    /// It could not be made, and why.
    Failed(String),
}

impl CheckAnswer {
    /// What is recorded of it.
    pub(crate) fn finding(&self) -> Finding {
        let (state, message) = match self {
            Self::Passed(_) => (CheckState::Passed, ""),
            Self::Pending(message) => (CheckState::Pending, message.as_str()),
            Self::Failed(message) => (CheckState::Failed, message.as_str()),
        };
        Finding { state, message: crate::decide::brief(message) }
    }
}

/// A check for a worker to make.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckToMake {
    /// Place of the check in its sensor.
    pub place: u32,
    /// For example `POSTGRES`.
    pub integration: String,
    /// For example `POSTGRES_QUERY`.
    pub sensor_type: String,
    /// Every expression resolved.
    pub parameters: Map<String, Value>,
    /// Name of the connection; empty = the default one.
    pub connection: String,
    /// What is newer counts.
    pub since: Timestamp,
}

/// One poll of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Poll {
    /// Pause until the next poll, milliseconds.
    pub frequency_ms: u64,
    /// How many checks the sensor has.
    pub checks: usize,
    /// Those that workers make.
    pub to_make: Vec<CheckToMake>,
    /// Those that cannot be made, with why; everything else the decision finds out by itself.
    pub answered: Vec<(u32, CheckAnswer)>,
}

/// Every window that is open.
pub fn open_windows(partition: &Partition) -> impl Iterator<Item = WindowRef> + '_ {
    partition.pipelines.iter().flat_map(|(pipeline, state)| {
        state.windows.iter().map(move |(sensor, window)| WindowRef {
            pipeline: *pipeline,
            sensor: sensor.clone(),
            instant: window.instant,
        })
    })
}

/// What a poll of this window has to ask now; `None` = it is not open.
pub fn poll(partition: &Partition, window: &WindowRef, now: Timestamp) -> Option<Poll> {
    let (_, sensor, open) = find(partition, window)?;
    let used = partition.environments.used(&sensor.schedule.environment).map_err(|gone| gone.to_string());
    let mut poll = Poll {
        frequency_ms: sensor.frequency_ms,
        checks: sensor.checks.len(),
        to_make: Vec::new(),
        answered: Vec::new(),
    };
    for (place, check) in (0u32..).zip(&sensor.checks).filter(|(_, check)| check.core_check().is_none()) {
        let made =
            used.as_ref().map_err(Clone::clone).and_then(|used| to_make(place, check, (window, open), used, now));
        match made {
            Ok(to_make) => poll.to_make.push(to_make),
            Err(why) => poll.answered.push((place, CheckAnswer::Failed(why))),
        }
    }
    Some(poll)
}

/// The window with its sensor and pipeline, if it is open.
pub(crate) fn find<'a>(
    partition: &'a Partition,
    window: &WindowRef,
) -> Option<(&'a PipelineState, &'a PlanSensor, &'a Window)> {
    let pipeline = partition.live_pipeline(window.pipeline).ok()?;
    let open = pipeline.windows.get(&window.sensor).filter(|open| open.instant == window.instant)?;
    Some((pipeline, pipeline.plan.plan.sensor(&window.sensor)?, open))
}

/// What expressions of a sensor read that is looked at in this environment.
pub(crate) fn names_of<'a>(
    window: &WindowRef,
    used: &'a Used,
    inputs: &'a Map<String, Value>,
    now: Timestamp,
) -> StartNames<'a> {
    let run = RunId::of_sensor(window);
    StartNames { run, environment: &used.variables, environment_name: &used.name, inputs, outputs: None, now }
}

fn to_make(
    place: u32,
    check: &PlanCheck,
    (window, open): (&WindowRef, &Window),
    used: &Used,
    now: Timestamp,
) -> Result<CheckToMake, String> {
    let nothing = Map::new();
    let names = names_of(window, used, &nothing, now);
    let render = |what: &str, value: &Value| render_value(value, &names).map_err(|error| format!("{what}: {error}"));
    let parameters = check
        .parameters
        .iter()
        .map(|(name, value)| Ok((name.clone(), render(&format!("parameter `{name}`"), value)?)))
        .collect::<Result<Map<_, _>, String>>()?;
    let bytes = crate::decide::json_bytes(&parameters);
    if bytes > limits::CHECK_PARAMETER_BYTES_MAX {
        let most = limits::CHECK_PARAMETER_BYTES_MAX;
        return Err(format!("its parameters take {bytes} bytes; at most {most} are allowed"));
    }
    let connection = match render("connection", &Value::String(check.connection.clone()))? {
        Value::String(connection) => connection,
        Value::Null => String::new(),
        other => return Err(format!("connection: its expression gave {other}, not the name of a connection")),
    };
    Ok(CheckToMake {
        place,
        integration: check.integration.clone(),
        sensor_type: check.sensor_type.clone(),
        parameters,
        connection,
        since: open.opened,
    })
}

/// What the core finds out by itself.
pub(crate) fn core_answer(
    partition: &Partition,
    kind: CoreCheck,
    check: &PlanCheck,
    open: &Window,
    now: Timestamp,
) -> CheckAnswer {
    let text = |name: &str| check.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    match kind {
        CoreCheck::PipelineStatus => pipeline_status(partition, text("pipeline_id"), text("status"), open),
        CoreCheck::WebhookEvent => {
            let any = check.parameters.get("check_latest_event").and_then(Value::as_bool).unwrap_or_default();
            webhook_event(partition, text("event_type"), any, open, now)
        }
    }
}

/// A run of the pipeline has the status now, or has ended with it since the window opened.
fn pipeline_status(partition: &Partition, pipeline: &str, status: &str, open: &Window) -> CheckAnswer {
    let named = partition.pipeline_named(pipeline).and_then(|id| Some((id, partition.live_pipeline(id).ok()?)));
    let Some((id, state)) = named else {
        return CheckAnswer::Pending(format!("there is no pipeline `{pipeline}` yet"));
    };
    let Some(status) = RunStatus::from_word(status) else {
        return CheckAnswer::Failed(format!("parameter `status`: `{status}` is no status of a run"));
    };
    let found = match status.is_final() {
        true => state.ends.get(&status).filter(|(_, at)| *at >= open.opened).map(|(run, _)| *run),
        false => {
            let live = partition.runs.values().filter(|run| run.pipeline == id && run.status() == status);
            live.map(|run| run.id).min()
        }
    };
    match found {
        Some(run) => {
            let outputs = [("pipeline_run_id", run.to_string()), ("status", status.as_str().to_owned())];
            CheckAnswer::Passed(
                outputs.map(|(name, value)| (name.to_owned(), Value::String(value))).into_iter().collect(),
            )
        }
        None if status.is_final() => {
            CheckAnswer::Pending(format!("no run of `{}` ended {status} since the window opened", state.alias))
        }
        None => CheckAnswer::Pending(format!("no run of `{}` is {status}", state.alias)),
    }
}

fn webhook_event(partition: &Partition, event_type: &str, any: bool, open: &Window, now: Timestamp) -> CheckAnswer {
    match partition.sensor_events.latest(event_type, now) {
        Some((at, data)) if any || at >= open.opened => CheckAnswer::Passed(match data {
            Value::Object(fields) => fields.clone(),
            other => [("event".to_owned(), other.clone())].into_iter().collect(),
        }),
        Some((at, _)) => {
            CheckAnswer::Pending(format!("the latest event `{event_type}` came {at}, before the window opened"))
        }
        None => CheckAnswer::Pending(format!("no event `{event_type}` has come")),
    }
}
