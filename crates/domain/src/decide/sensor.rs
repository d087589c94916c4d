//! Windows of sensors: opened by their schedule, polled until all checks have passed at once, closed by the run that follows of that or
//! by their time. At most one window of a sensor is open, and one run comes of a window (INV-05).

use downbeat_dialect::expression::{Expression, has_template, truthy};
use serde_json::{Map, Value};

use crate::{
    command::{Context, FireSchedule, PollSensor, Rejection, StartRun},
    decide::{alert, brief, inputs, later_ms, message, start_run},
    event::{Event, Finding, SensorChecked, SensorClosed, SensorEventTaken, SensorOpened, Trigger, WindowRef},
    id::{PipelineId, RunId},
    limits,
    plan::{Plan, PlanSensor},
    sensors::{self, CheckAnswer},
    state::{Partition, PipelineState, Used},
    status::{CheckState, RunStatus, WindowEnd},
};

/// The schedule of a sensor is due.
pub(super) fn open(
    pipeline: &PipelineState,
    sensor: &PlanSensor,
    fire: &FireSchedule,
    context: &Context,
) -> Vec<Event> {
    let before = pipeline.windows.get(&sensor.id).map(|before| {
        let window = WindowRef { pipeline: fire.pipeline, sensor: sensor.id.clone(), instant: before.instant };
        closed(window, WindowEnd::Followed, String::new(), context)
    });
    let opened = Event::SensorOpened(Box::new(SensorOpened {
        window: WindowRef { pipeline: fire.pipeline, sensor: sensor.id.clone(), instant: fire.instant },
        closes: later_ms(context.now, sensor.timeout_ms),
        at: context.now,
    }));
    before.into_iter().chain([opened]).collect()
}

/// Windows of the pipeline whose time is over, as many as one decision closes.
pub(super) fn time_out(partition: &Partition, pipeline: PipelineId, context: &Context) -> Vec<Event> {
    let Ok(state) = partition.live_pipeline(pipeline) else { return Vec::new() };
    let over = state.windows.iter().filter(|(_, window)| window.closes <= context.now);
    over.take(limits::WINDOWS_CLOSED_PER_DECISION_MAX)
        .flat_map(|(sensor, window)| {
            let lacking = state.plan.plan.sensor(sensor).map(|sensor| lacking(sensor, &window.findings));
            let lacking = lacking.unwrap_or_default();
            let window = WindowRef { pipeline, sensor: sensor.clone(), instant: window.instant };
            let told = alert::of_window(partition, &window, (RunStatus::Failed, &lacking), context);
            told.into_iter().chain([closed(window, WindowEnd::TimedOut, lacking, context)])
        })
        .collect()
}

/// Windows that a new version of the pipeline does not go on with, or its end.
pub(super) fn ended_with(
    state: &PipelineState,
    pipeline: PipelineId,
    next: Option<&Plan>,
    context: &Context,
) -> Vec<Event> {
    let kept = |sensor: &str| {
        let next = next.and_then(|next| next.sensor(sensor));
        next.is_some() && next == state.plan.plan.sensor(sensor)
    };
    let end = if next.is_some() { WindowEnd::Replaced } else { WindowEnd::Deleted };
    let gone = state.windows.iter().filter(|(sensor, _)| !kept(sensor));
    gone.map(|(sensor, window)| {
        closed(WindowRef { pipeline, sensor: sensor.clone(), instant: window.instant }, end, String::new(), context)
    })
    .collect()
}

/// What the checks of a window gave.
pub(super) fn poll(partition: &Partition, poll: &PollSensor, context: &Context) -> Result<Vec<Event>, Rejection> {
    let Some((pipeline, sensor, window)) = sensors::find(partition, &poll.window) else { return Ok(Vec::new()) };
    // Its time is over: that is for the one who looks at the clock to say.
    if poll.answers.len() != sensor.checks.len() || window.closes <= context.now {
        return Ok(Vec::new());
    }
    let answers: Vec<CheckAnswer> = sensor
        .checks
        .iter()
        .zip(&poll.answers)
        .map(|(check, given)| match (check.core_check(), given) {
            (Some(kind), _) => sensors::core_answer(partition, kind, check, window, context.now),
            (None, Some(given)) => given.clone(),
            (None, None) => CheckAnswer::Failed("nobody has answered".to_owned()),
        })
        .collect();
    let passed: Option<Vec<&Map<String, Value>>> = answers
        .iter()
        .map(|answer| if let CheckAnswer::Passed(outputs) = answer { Some(outputs) } else { None })
        .collect();
    let mut findings: Vec<Finding> = answers.iter().map(CheckAnswer::finding).collect();
    if let Some(outputs) = passed {
        let used = partition.environments.used(&sensor.schedule.environment).map_err(|gone| gone.to_string());
        let looked = used.and_then(|used| condition(sensor, &poll.window, &used, context).map(|()| used));
        match looked {
            Ok(used) => return started(partition, pipeline, sensor, &poll.window, (&outputs, used), context),
            // Said beside the last check: it is what the window waits for.
            Err(why) => {
                if let Some(last) = findings.last_mut() {
                    last.message = brief(&why);
                }
            }
        }
    }
    let news = findings != window.findings;
    let checked = SensorChecked { window: poll.window.clone(), findings, at: context.now };
    Ok(if news { vec![Event::SensorChecked(Box::new(checked))] } else { Vec::new() })
}

/// Whether it lets the window go, or why not.
fn condition(sensor: &PlanSensor, window: &WindowRef, used: &Used, context: &Context) -> Result<(), String> {
    let Some(text) = &sensor.condition else { return Ok(()) };
    let nothing = Map::new();
    let names = sensors::names_of(window, used, &nothing, context.now);
    let expression = Expression::parse(text).map_err(|error| format!("condition `{text}`: {}", error.message))?;
    let value = expression.evaluate(&names).map_err(|error| format!("condition `{text}`: {error}"))?;
    if truthy(&value) { Ok(()) } else { Err(format!("condition `{text}` gave {value}")) }
}

/// The one run of the window; where none can be made of it, that is its end.
fn started(
    partition: &Partition,
    pipeline: &PipelineState,
    sensor: &PlanSensor,
    window: &WindowRef,
    (outputs, used): (&[&Map<String, Value>], Used),
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let run = RunId::of_sensor(window);
    let of = inputs::Of { run, environment: &used.variables, environment_name: &used.name };
    let start = inputs_of(pipeline, sensor, &of, outputs, context).and_then(|inputs| {
        let start = StartRun {
            run,
            pipeline: window.pipeline,
            version: 0,
            trigger: Trigger::Sensor { sensor: window.sensor.clone(), instant: window.instant },
            inputs,
            environment: Map::new(),
            environment_name: used.name.clone(),
            selection: None,
        };
        start_run::decide(partition, &start, context)
    });
    match start {
        Err(Rejection::InvalidInputs(why)) => {
            let why = message(&why);
            let told = alert::of_window(partition, window, (RunStatus::Failed, &why), context);
            Ok(told.into_iter().chain([closed(window.clone(), WindowEnd::Refused, why, context)]).collect())
        }
        Ok(events) => {
            let told = alert::of_window(partition, window, (RunStatus::Succeeded, ""), context);
            Ok(told.into_iter().chain(events).collect())
        }
        refused => refused,
    }
}

/// `run_inputs`, and what the checks found in their place.
fn inputs_of(
    pipeline: &PipelineState,
    sensor: &PlanSensor,
    of: &inputs::Of<'_>,
    outputs: &[&Map<String, Value>],
    context: &Context,
) -> Result<Map<String, Value>, Rejection> {
    let mut given = inputs::of_trigger(&sensor.run_inputs, of, None, context)?;
    let mut found = Map::new();
    for (check, outputs) in sensor.checks.iter().zip(outputs) {
        for (name, text) in &check.map_outputs {
            let written = Value::String(text.clone());
            let value = match has_template(&written) {
                true => {
                    let one = [(name.clone(), written)].into_iter().collect();
                    let all = Value::Object((*outputs).clone());
                    inputs::of_trigger(&one, of, Some(all), context)?.remove(name).unwrap_or_default()
                }
                false => outputs.get(text).cloned().ok_or_else(|| {
                    let known: Vec<&str> = outputs.keys().map(String::as_str).collect();
                    let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                    Rejection::InvalidInputs(format!(
                        "input `{name}`: check `{}` gives no `{text}`; it gave: {known}",
                        check.id
                    ))
                })?,
            };
            found.insert(name.clone(), value);
        }
    }
    // What comes from outside is taken as it is, whatever it looks like.
    given.extend(inputs::fit(&pipeline.plan.plan.inputs, found)?);
    Ok(given)
}

/// Which checks had not passed, in words.
fn lacking(sensor: &PlanSensor, findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "its checks were never answered".to_owned();
    }
    let open = sensor.checks.iter().zip(findings).filter(|(_, found)| {
        // A condition that did not hold stands beside a check that has passed.
        found.state != CheckState::Passed || !found.message.is_empty()
    });
    let open: Vec<String> = open
        .map(|(check, found)| match found.state {
            CheckState::Passed => found.message.clone(),
            state => format!("check `{}` {}: {}", check.id, state.as_str(), found.message),
        })
        .collect();
    message(&open.join("; "))
}

fn closed(window: WindowRef, end: WindowEnd, message: String, context: &Context) -> Event {
    Event::SensorClosed(Box::new(SensorClosed { window, end, message, at: context.now }))
}

/// An event that others send to sensors.
pub(super) fn take_event(
    partition: &Partition,
    event_type: &str,
    data: &Value,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let characters = event_type.chars().count();
    if characters == 0 || characters > limits::SENSOR_EVENT_TYPE_CHARS_MAX {
        let most = limits::SENSOR_EVENT_TYPE_CHARS_MAX;
        return Err(Rejection::InvalidSensorEvent(format!(
            "its type takes {characters} characters; 1 to {most} are allowed"
        )));
    }
    let bytes = serde_json::to_vec(data).map_or(usize::MAX, |json| json.len());
    if bytes > limits::SENSOR_EVENT_BYTES_MAX {
        let most = limits::SENSOR_EVENT_BYTES_MAX;
        return Err(Rejection::InvalidSensorEvent(format!("it takes {bytes} bytes; at most {most} are allowed")));
    }
    if !partition.sensor_events.has_room(event_type, context.now) {
        let most = limits::SENSOR_EVENT_TYPES_MAX;
        return Err(Rejection::InvalidSensorEvent(format!(
            "events of {most} types came in the last {} days; no further type is kept",
            limits::SENSOR_EVENT_HOURS / 24
        )));
    }
    let taken = SensorEventTaken { event_type: event_type.to_owned(), data: data.clone(), at: context.now };
    Ok(vec![Event::SensorEventTaken(Box::new(taken))])
}
