//! Backfills: past instants of a schedule are run because somebody asked for it. Which ones is decided at once; each of them then on its
//! own, as long as there is room, because every new run may be large. Every instant gets one outcome: a run, or a reason why not.

use jiff::Timestamp;

use crate::{
    backfill::earlier,
    command::{Context, CreateBackfill, Rejection},
    decide::{brief, inputs, message, start_run},
    event::{BackfillCreated, Event, Trigger},
    id::BackfillId,
    limits,
    state::{Backfill, Partition, PipelineState},
};

pub(super) fn create(
    partition: &Partition,
    create: &CreateBackfill,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    if partition.backfills.knows(create.backfill) {
        return Ok(Vec::new());
    }
    let pipeline = partition.live_pipeline(create.pipeline)?;
    if !pipeline.plan.plan.schedules.iter().any(|schedule| schedule.name == create.schedule) {
        return Err(Rejection::UnknownSchedule { pipeline: create.pipeline, schedule: create.schedule.clone() });
    }
    if let Some(reason) = unfit(create, context) {
        return Err(Rejection::InvalidBackfill(reason));
    }
    if partition.backfills.open.len() >= limits::BACKFILLS_MAX {
        let most = limits::BACKFILLS_MAX;
        return Err(Rejection::InvalidBackfill(format!(
            "{most} backfills have not ended yet, and that is the most that is allowed: wait for one, or cancel one"
        )));
    }
    let is_done = |instant: &Timestamp| earlier(partition, create.pipeline, &create.schedule, *instant).done.is_some();
    let (skipped, instants) = create.instants.iter().partition(|instant| !create.force && is_done(instant));
    Ok(vec![Event::BackfillCreated(Box::new(BackfillCreated {
        backfill: create.backfill,
        pipeline: create.pipeline,
        schedule: create.schedule.clone(),
        from: create.from,
        to: create.to,
        instants,
        skipped,
        max_active: create.max_active,
        force: create.force,
        user: create.user.clone(),
        at: context.now,
    }))])
}

fn unfit(create: &CreateBackfill, context: &Context) -> Option<String> {
    let (most, count) = (limits::BACKFILL_ACTIVE_MAX, create.instants.len());
    if !(1..=most).contains(&create.max_active) {
        return Some(format!("max_active: 1 to {most} of its runs may be live at once, not {}", create.max_active));
    }
    if create.to > context.now {
        return Some(format!(
            "a backfill is of what has passed: it may reach to {} at most, and {} lies in the future",
            context.now, create.to
        ));
    }
    if count > limits::BACKFILL_INSTANTS_MAX {
        return Some(format!("{count} instants; at most {} are allowed", limits::BACKFILL_INSTANTS_MAX));
    }
    let (Some(first), Some(last)) = (create.instants.first(), create.instants.last()) else {
        return Some(format!("schedule `{}` names no instant from {} to {}", create.schedule, create.from, create.to));
    };
    let in_order = create.instants.is_sorted_by(|before, after| before < after);
    (!in_order || *first < create.from || *last >= create.to)
        .then(|| "its instants do not lie in its span, one after the other".to_owned())
}

pub(super) fn cancel(
    partition: &Partition,
    backfill: BackfillId,
    reason: &str,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    match partition.backfills.open.get(&backfill) {
        Some(state) if state.cancelled => Ok(Vec::new()),
        Some(_) => Ok(vec![Event::BackfillCancelled { backfill, reason: message(reason), at: context.now }]),
        None if partition.backfills.knows(backfill) => Err(Rejection::BackfillEnded(backfill)),
        None => Err(Rejection::UnknownBackfill(backfill)),
    }
}

/// The next thing to do about a backfill; empty = nothing.
pub(super) fn next(partition: &Partition, id: BackfillId, context: &Context) -> Vec<Event> {
    let Some(backfill) = partition.backfills.open.get(&id) else { return Vec::new() };
    let at = context.now;
    if backfill.cancelled {
        let reason = format!("backfill {id} was cancelled");
        let cancel = |run| Event::RunCancelRequested { run, reason: reason.clone(), at };
        return backfill.going(partition).map(|run| cancel(run.id)).collect();
    }
    let Ok(pipeline) = partition.live_pipeline(backfill.pipeline) else {
        return vec![Event::BackfillCancelled { backfill: id, reason: "its pipeline was deleted".to_owned(), at }];
    };
    if pipeline.paused.is_some() || !backfill.has_room() {
        return Vec::new();
    }
    let Some(instant) = backfill.left.first().copied() else { return Vec::new() };
    let declined = |instants: Vec<Timestamp>, reason: &str| {
        vec![Event::BackfillDeclined { backfill: id, instants, reason: brief(reason), at }]
    };
    if !pipeline.plan.plan.schedules.iter().any(|schedule| schedule.name == backfill.schedule) {
        let reason = format!("the current version of the pipeline has no schedule `{}`", backfill.schedule);
        return declined(backfill.left.iter().copied().collect(), &reason);
    }
    match start(partition, (id, backfill), pipeline, instant, context) {
        Ok(created) => vec![created],
        Err(reason) => declined(vec![instant], &reason),
    }
}

fn start(
    partition: &Partition,
    (id, backfill): (BackfillId, &Backfill),
    pipeline: &PipelineState,
    instant: Timestamp,
    context: &Context,
) -> Result<Event, String> {
    let plan = &pipeline.plan.plan;
    let schedule = plan.schedules.iter().find(|schedule| schedule.name == backfill.schedule);
    let schedule = schedule.ok_or("there is no such schedule")?;
    let earlier = earlier(partition, backfill.pipeline, &backfill.schedule, instant);
    // What has happened since the backfill was asked for.
    if let Some(done) = earlier.done.filter(|_| !backfill.force) {
        return Err(format!("run {done} of this instant has succeeded meanwhile"));
    }
    if let Some(live) = earlier.live.filter(|_| !backfill.force) {
        return Err(format!("run {live} of this instant is under way"));
    }
    let most = limits::BACKFILL_RUNS_PER_INSTANT_MAX;
    let run = earlier.next.ok_or_else(|| format!("backfills have run this instant {most} times already"))?;
    // To the inputs it is the moment that the schedule names.
    let then = Context { now: instant, ..*context };
    let used = partition.environments.used(&schedule.environment).map_err(|rejection| rejection.to_string())?;
    let of = inputs::Of { run, environment: &used.variables, environment_name: &used.name };
    let inputs = inputs::of_trigger(&schedule.run_inputs, &of, None, &then)
        .map(|given| inputs::with_instants(given, &plan.inputs, std::iter::once(instant)))
        .and_then(|given| inputs::complete(&plan.inputs, &given, &of, &then))
        .map_err(|rejection| rejection.to_string())?;
    let trigger =
        Trigger::Backfill { backfill: id, schedule: backfill.schedule.clone(), instant, user: backfill.user.clone() };
    let given = start_run::Given { inputs, environment: used.variables, environment_name: used.name, selection: None };
    Ok(start_run::created(partition, run, (backfill.pipeline, pipeline), trigger, given, context))
}
