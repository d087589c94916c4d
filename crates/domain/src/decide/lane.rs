//! `concurrency`: which runs of a pipeline in an environment may go, and what becomes of one more. And the same for the attempts of a task.

use serde_json::Value;

use crate::{
    command::{Context, Rejection},
    cost,
    decide::{alert, brief, follow, later_ms},
    event::Event,
    limits,
    names::RunNames,
    plan::PlanConcurrency,
    state::{Lane, LaneKey, Partition, PipelineState, RunState},
    status::{OnLimit, RunStatus},
};

/// The next thing to say about the runs that wait in a lane; empty = nothing. The limit is that of the pipeline's current version, so
/// that a limit that was raised lets go who waits.
pub(super) fn settle(partition: &Partition, key: &LaneKey, context: &Context) -> Vec<Event> {
    let Some(lane) = partition.lanes.lanes.get(key) else { return Vec::new() };
    let Some(pipeline) = partition.pipelines.get(&key.0) else { return Vec::new() };
    if pipeline.deleted {
        let cancelled = cancel_live(partition, lane, context);
        if !cancelled.is_empty() {
            return cancelled;
        }
    }
    // The first of those that wait may go; those that came last were told nothing yet. All between wait in order.
    let mut waiting = lane.waiting.iter().filter_map(|(_, id)| partition.runs.get(id)).filter(|run| run.halt.is_none());
    let first = waiting.next();
    let newest =
        lane.waiting.iter().rev().filter_map(|(_, id)| partition.runs.get(id)).filter(|run| run.halt.is_none());
    let mut untold: Vec<&RunState> = newest.take_while(|run| !run.queued).collect();
    untold.reverse();
    let candidates = first.filter(|run| run.queued).into_iter().chain(untold);
    let decided = candidates.map(|run| decide_about(partition, lane, pipeline, run, false, context));
    decided.into_iter().find(|events| !events.is_empty()).unwrap_or_default()
}

/// Lets a run go that waits because a budget is spent. What else holds it holds it still.
pub(super) fn release(partition: &Partition, run: &RunState, context: &Context) -> Result<Vec<Event>, Rejection> {
    let refused = |why: &str| Err(Rejection::InvalidCost(format!("run {} {why}", run.id)));
    if run.admitted {
        return Ok(Vec::new());
    }
    let key = (run.pipeline, run.environment_name.clone());
    let (lane, pipeline) = (partition.lanes.lanes.get(&key), partition.pipelines.get(&run.pipeline));
    let Some((lane, pipeline)) = lane.zip(pipeline).filter(|_| run.halt.is_none()) else {
        return refused("waits for no budget");
    };
    if cost::held(partition, run.pipeline, pipeline, context.now).is_none() {
        return refused("waits for no budget; `downbeat run why` says what it waits for");
    }
    match decide_about(partition, lane, pipeline, run, true, context) {
        events if events.iter().any(|event| matches!(event, Event::RunAdmitted { .. })) => Ok(events),
        _ => refused("also waits for others: `concurrency`, or a pause, lets it go no earlier"),
    }
}

fn decide_about(
    partition: &Partition,
    lane: &Lane,
    pipeline: &PipelineState,
    run: &RunState,
    over_budget: bool,
    context: &Context,
) -> Vec<Event> {
    let at = context.now;
    let queue = |reason: String| match run.queued {
        true => Vec::new(),
        false => vec![Event::RunQueued { run: run.id, reason, at }],
    };
    if pipeline.deleted {
        return refuse(partition, run, RunStatus::Skipped, "its pipeline was deleted before it could begin", context);
    }
    if pipeline.paused.is_some() {
        return queue("its pipeline is paused".to_owned());
    }
    if !over_budget && let Some(held) = cost::held(partition, run.pipeline, pipeline, at) {
        return queue(held);
    }
    let limit = match pipeline.plan.plan.concurrency.as_ref().map(|limit| Limit::of(limit, run, None, context)) {
        None => return vec![admit(run, context)],
        Some(Ok(limit)) => limit,
        Some(Err(reason)) => return refuse(partition, run, RunStatus::Failed, &reason, context),
    };
    let first = lane.waiting.first() == Some(&(run.order, run.id));
    if limit.max_active == 0 || ((first || !ahead_wait(partition, lane, run)) && lane.live.len() < limit.max_active) {
        return vec![admit(run, context)];
    }
    if run.queued {
        return Vec::new();
    }
    let full = format!("{} of {} runs are live", lane.live.len(), limit.max_active);
    let queued = lane.waiting.iter().filter(|(_, id)| partition.runs.get(id).is_some_and(|other| other.queued));
    // What a backfill has started late anyway waits, and takes nobody's place.
    let on_limit = if run.backfill().is_some() { OnLimit::Queue } else { limit.on_limit };
    match on_limit {
        OnLimit::Skip => {
            refuse(partition, run, RunStatus::Skipped, &format!("skipped by concurrency: {full}"), context)
        }
        OnLimit::Queue if queued.clone().count() >= limits::QUEUED_RUNS_MAX => {
            let most = limits::QUEUED_RUNS_MAX;
            let reason = format!("skipped by concurrency: {full}, and {most} wait already");
            refuse(partition, run, RunStatus::Skipped, &reason, context)
        }
        OnLimit::Queue => queue(full),
        OnLimit::QueueLatest | OnLimit::CancelRunning => {
            let displaced = queued.filter_map(|(_, id)| partition.runs.get(id)).filter(|run| run.backfill().is_none());
            let displaced = displaced.take(limits::DISPLACED_PER_DECISION_MAX);
            let reason = format!("a newer run took its place in the queue: {}", run.id);
            let mut events: Vec<Event> =
                displaced.flat_map(|other| refuse(partition, other, RunStatus::Skipped, &reason, context)).collect();
            if limit.on_limit == OnLimit::CancelRunning {
                events.extend(cancel_oldest(partition, lane, limit.max_active, run, context));
            }
            events.extend(queue(full));
            events
        }
    }
}

/// What is live of a pipeline that was deleted, in portions.
fn cancel_live(partition: &Partition, lane: &Lane, context: &Context) -> Vec<Event> {
    let live = lane.live.iter().filter_map(|(_, id)| partition.runs.get(id)).filter(|run| run.halt.is_none());
    let cancel = |run: &RunState| Event::RunCancelRequested {
        run: run.id,
        reason: "its pipeline was deleted".to_owned(),
        at: context.now,
    };
    live.take(limits::DISPLACED_PER_DECISION_MAX).map(cancel).collect()
}

/// Does an earlier run wait that may still go?
fn ahead_wait(partition: &Partition, lane: &Lane, run: &RunState) -> bool {
    let ahead = lane.waiting.range(..(run.order, run.id));
    ahead.into_iter().any(|(_, id)| partition.runs.get(id).is_some_and(|other| other.halt.is_none()))
}

/// Cancels as many of the oldest live runs as stand in the way of one more.
fn cancel_oldest(
    partition: &Partition,
    lane: &Lane,
    max_active: usize,
    run: &RunState,
    context: &Context,
) -> Vec<Event> {
    let live: Vec<&RunState> = lane.live.iter().filter_map(|(_, id)| partition.runs.get(id)).collect();
    let ending = live.iter().filter(|other| other.halt.is_some()).count();
    let needed = (live.len() + 1).saturating_sub(max_active + ending);
    let oldest = live.iter().filter(|other| other.halt.is_none()).take(needed.min(limits::DISPLACED_PER_DECISION_MAX));
    let cancel = |other: &&RunState| Event::RunCancelRequested {
        run: other.id,
        reason: format!("concurrency: run {} takes its place", run.id),
        at: context.now,
    };
    oldest.map(cancel).collect()
}

fn admit(run: &RunState, context: &Context) -> Event {
    let deadline = run.plan.plan.timeout_ms.map(|timeout| later_ms(context.now, timeout));
    Event::RunAdmitted { run: run.id, deadline, at: context.now }
}

fn refuse(partition: &Partition, run: &RunState, status: RunStatus, reason: &str, context: &Context) -> Vec<Event> {
    let told = alert::of_run(partition, run, status, reason, context);
    let finished = Event::RunFinished { run: run.id, status, message: brief(reason), at: context.now };
    follow::due(partition, run, status, context).into_iter().chain(told).chain([finished]).collect()
}

/// A limit as it is for one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// 0 = none.
    pub(crate) max_active: usize,
    pub(crate) on_limit: OnLimit,
}

impl Limit {
    /// Evaluates the limit with what the run knows.
    pub(crate) fn of(
        limit: &PlanConcurrency,
        run: &RunState,
        task: Option<u32>,
        context: &Context,
    ) -> Result<Self, String> {
        let names = RunNames { run, task, now: context.now };
        let render = |name: &str, text: &str| {
            let value = downbeat_dialect::expression::render_value(&Value::String(text.to_owned()), &names);
            value.map_err(|error| format!("concurrency.{name}: {error}"))
        };
        let max_active = match render("max_active", &limit.max_active)? {
            Value::Null => 0,
            Value::Number(number) if number.as_u64().is_some() => number.as_u64().unwrap_or(0),
            Value::String(text) if text.trim().is_empty() => 0,
            Value::String(text) if text.trim().parse::<u64>().is_ok() => text.trim().parse().unwrap_or(0),
            other => return Err(format!("concurrency.max_active gave {}, not a number", brief(&other.to_string()))),
        };
        let word = render("on_limit", &limit.on_limit)?;
        let on_limit = match &word {
            Value::Null => Some(OnLimit::Skip),
            Value::String(word) if word.trim().is_empty() => Some(OnLimit::Skip),
            Value::String(word) => OnLimit::from_word(word.trim()),
            _ => None,
        };
        let on_limit = on_limit.ok_or_else(|| {
            format!("concurrency.on_limit gave {}, not SKIP, QUEUE or QUEUE_LATEST", brief(&word.to_string()))
        })?;
        Ok(Self { max_active: usize::try_from(max_active).unwrap_or(usize::MAX), on_limit })
    }
}

/// A task that limits its attempts over all runs, and says SKIP: is there no room for one more? Then why.
pub(super) fn task_is_refused(
    partition: &Partition,
    run: &RunState,
    task: u32,
    context: &Context,
) -> Result<Option<String>, String> {
    let Some(plan) = run.planned(task) else { return Ok(None) };
    let Some(limit) = &plan.concurrency else { return Ok(None) };
    let limit = Limit::of(limit, run, Some(task), context)?;
    let live = partition.pools.tasks.get(&(run.pipeline, plan.id.to_lowercase())).map_or(0, |lane| lane.live.len());
    let refused = limit.max_active > 0 && limit.on_limit == OnLimit::Skip && live >= limit.max_active;
    Ok(refused.then(|| format!("skipped by concurrency: {live} of {} attempts of it are live", limit.max_active)))
}

/// A task that limits its attempts over all runs, and lets them wait: may this one go?
pub(crate) fn task_has_room(partition: &Partition, run: &RunState, task: u32, context: &Context) -> bool {
    let Some(plan) = run.planned(task) else { return false };
    let Some(limit) = &plan.concurrency else { return true };
    // A limit that does not evaluate was said when the task became ready; it cannot become worse.
    let Ok(limit) = Limit::of(limit, run, Some(task), context) else { return true };
    let held = partition.pools.tasks.get(&(run.pipeline, plan.id.to_lowercase())).map_or(0, |lane| lane.held.len());
    limit.max_active == 0 || held < limit.max_active
}
