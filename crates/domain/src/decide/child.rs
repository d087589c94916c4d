//! `ORCHESTRA/TRIGGER_PIPELINE`: starts a run of another pipeline and, unless it is detached, ends as that run ends.

use serde_json::{Map, Value};

use crate::{
    command::Context,
    decide::{brief, consider, declared, inputs, later, retry, start_run, stop},
    event::{AttemptRef, Event, Trigger},
    id::{PipelineId, RunId},
    limits,
    names::RunNames,
    state::{Partition, Phase, RunState},
    status::{Outcome, RunStatus, StopReason, TaskStatus},
};

/// The run is started; or the task fails, because it cannot be.
pub(super) fn start(partition: &Partition, run: &RunState, task: u32, context: &Context) -> Vec<Event> {
    match try_start(partition, run, task, context) {
        Ok(events) => events,
        Err(reason) => vec![consider::failed(run, task, &reason, context)],
    }
}

fn try_start(partition: &Partition, run: &RunState, task: u32, context: &Context) -> Result<Vec<Event>, String> {
    let Some((state, plan)) = run.tasks.get(task as usize).zip(run.planned(task)) else {
        return Err("it has no plan".to_owned());
    };
    let names = RunNames { run, task: Some(task), now: context.now };
    let parameters = names.render_parameters(&plan.parameters)?;
    let target = target(partition, &parameters)?;
    let pipeline = partition.live_pipeline(target).map_err(|rejection| rejection.to_string())?;
    if pipeline.paused.is_some() {
        return Err(format!("pipeline `{}` is paused", pipeline.alias));
    }
    start_run::startable(partition, target).map_err(|rejection| rejection.to_string())?;
    let depth = depth_below(partition, run, target)?;
    let given = match parameters.get("run_inputs") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(inputs)) => inputs.clone(),
        Some(_) => return Err("`run_inputs` is no map".to_owned()),
    };
    let attempt = AttemptRef { run: run.id, task, number: state.attempt + 1 };
    let child = RunId::of_child(run.id, task, attempt.number);
    let of = inputs::Of { run: child, environment: &run.environment, environment_name: &run.environment_name };
    let inputs = inputs::complete(&pipeline.plan.plan.inputs, &given, &of, context);
    let inputs = inputs.map_err(|rejection| rejection.to_string())?;
    let created = start_run::created(
        partition,
        child,
        (target, pipeline),
        Trigger::Parent { attempt, pipeline: run.pipeline, depth },
        start_run::Given {
            inputs,
            environment: run.environment.clone(),
            environment_name: run.environment_name.clone(),
            selection: None,
        },
        context,
    );
    let started = Event::ChildStarted {
        attempt,
        child,
        pipeline: target,
        detached: plan.detached,
        deadline: plan.timeout_seconds.map(|seconds| later(context.now, i64::from(seconds))),
        at: context.now,
    };
    Ok(vec![started, created])
}

/// `pipeline_id` holds an id or, as our addition, an alias.
fn target(partition: &Partition, parameters: &Map<String, Value>) -> Result<PipelineId, String> {
    let Some(named) = parameters.get("pipeline_id").and_then(Value::as_str) else {
        return Err("`pipeline_id` is no text".to_owned());
    };
    partition.pipeline_named(named).ok_or_else(|| format!("there is no pipeline `{}`; apply it first", brief(named)))
}

/// The pipelines of a run and of those above it, its own first, and the topmost run that still lives.
pub(super) fn upwards<'a>(partition: &'a Partition, run: &'a RunState) -> (Vec<PipelineId>, &'a RunState) {
    let mut path = vec![run.pipeline];
    let mut above = run;
    while let Trigger::Parent { attempt, pipeline, .. } = &above.trigger {
        path.push(*pipeline);
        // A parent that does not wait may have ended: its pipeline is all that is known of it.
        let Some(next) = partition.runs.get(&attempt.run).filter(|_| path.len() <= limits::CHILD_DEPTH_MAX as usize)
        else {
            break;
        };
        above = next;
    }
    (path, above)
}

/// How many runs stand above a new one; refused where its pipeline already stands above, or too many do.
fn depth_below(partition: &Partition, run: &RunState, target: PipelineId) -> Result<u32, String> {
    let alias = |id: &PipelineId| partition.pipelines.get(id).map_or("?".to_owned(), |state| state.alias.clone());
    let (path, _) = upwards(partition, run);
    if let Some(at) = path.iter().position(|pipeline| *pipeline == target) {
        let circle: Vec<String> = path[..=at].iter().rev().chain([&target]).map(alias).collect();
        return Err(format!("these pipelines start each other in a circle: {}", circle.join(" -> ")));
    }
    let above = match &run.trigger {
        Trigger::Parent { depth, .. } => *depth,
        _ => 0,
    };
    if above >= limits::CHILD_DEPTH_MAX {
        return Err(format!("{above} runs stand above this one already, and that is the most that is allowed"));
    }
    Ok(above + 1)
}

/// The run that the task waits for has ended, or was never waited for.
pub(super) fn ended(partition: &Partition, run: &RunState, task: u32, child: RunId, context: &Context) -> Vec<Event> {
    let detached = !partition.children.contains_key(&child);
    let finished = partition.finished.get(&child).map(|(_, status)| *status);
    let Some((state, plan)) = run.tasks.get(task as usize).zip(run.planned(task)) else { return Vec::new() };
    let as_ended = match finished {
        _ if plan.detached => TaskStatus::Succeeded,
        Some(RunStatus::Succeeded) => TaskStatus::Succeeded,
        Some(RunStatus::Warning) => TaskStatus::Warning,
        Some(RunStatus::Skipped) => TaskStatus::Skipped,
        Some(RunStatus::Cancelled) => TaskStatus::Cancelled,
        Some(_) => TaskStatus::Failed,
        None if detached => TaskStatus::Failed,
        None => return Vec::new(),
    };
    let timed_out = matches!(state.phase, Phase::Recalling(_, StopReason::TimedOut));
    let status = match as_ended {
        _ if timed_out => TaskStatus::Failed,
        other => other,
    };
    let retry_at = match status {
        TaskStatus::Failed => retry::after_failure(run, state, plan, context),
        _ => None,
    };
    let status = match status {
        TaskStatus::Failed if retry_at.is_none() && plan.treat_failure_as_warning => TaskStatus::Warning,
        other => other,
    };
    let message = match finished {
        _ if timed_out => format!("stopped after its timeout of {} s", plan.timeout_seconds.unwrap_or_default()),
        Some(ended) if ended != RunStatus::Succeeded => format!("run {child} ended {ended}"),
        _ => String::new(),
    };
    let outputs = Map::from_iter([("pipeline_run_id".to_owned(), Value::String(child.to_string()))]);
    let Some(attempt) = run.attempt(task) else { return Vec::new() };
    let ended = Event::ChildEnded { attempt, status, message, outputs, retry_at, at: context.now };
    let outcome = match as_ended {
        TaskStatus::Succeeded if !timed_out => Outcome::Succeeded,
        TaskStatus::Warning if !timed_out => Outcome::Warning,
        _ => return vec![ended],
    };
    let mut events = declared::reported(partition, run, attempt, outcome, context);
    events.push(ended);
    events
}

/// Asks the run that a task waits for to go no further.
pub(super) fn recall(partition: &Partition, run: &RunState, task: u32, context: &Context) -> Option<Event> {
    let child = run.tasks.get(task as usize)?.child()?;
    stop::cancel_child(partition, child, run, context)
}
