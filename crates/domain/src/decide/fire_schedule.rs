//! Instants of a schedule: each gets exactly one outcome, a run of its own or a reason why it has none.
//!
//! Who watches the clock says what was decided last; the command holds only if that is still so. So the commands about a schedule form
//! a chain, and no instant is decided twice or passed over, however many schedulers there are (INV-05).

use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

use crate::{
    backfill::backfilled,
    command::{Context, FireSchedule, Rejection, StartRun},
    decide::{brief, inputs, later, promises, sensor, start_run},
    event::{Event, PassReason, PassedInstants, ScheduleDecided, Trigger},
    id::RunId,
    limits,
    plan::PlanSchedule,
    state::Partition,
};

pub(super) fn decide(partition: &Partition, fire: &FireSchedule, context: &Context) -> Result<Vec<Event>, Rejection> {
    let pipeline = match fire.fires {
        true => start_run::startable(partition, fire.pipeline)?,
        false => partition.live_pipeline(fire.pipeline)?,
    };
    let plan = &pipeline.plan.plan;
    let schedule = plan
        .timed()
        .find(|schedule| schedule.name == fire.schedule)
        .ok_or_else(|| Rejection::UnknownSchedule { pipeline: fire.pipeline, schedule: fire.schedule.clone() })?;
    // A scheduler that has not read of the new version yet knows the instants of the old one.
    if fire.version != 0 && fire.version != pipeline.version {
        let reason = format!("it was asked of version {}, and {} is current", fire.version, pipeline.version);
        return Err(Rejection::UnfitFiring { schedule: fire.schedule.clone(), reason });
    }
    // A watermark in the future would silence the schedule until then.
    if fire.instant > later(context.now, limits::SCHEDULE_AHEAD_SECONDS_MAX) {
        return Err(Rejection::NotDue { schedule: fire.schedule.clone(), instant: fire.instant });
    }
    if let Some(watermark) = pipeline.watermarks.get(&fire.schedule)
        && (fire.after != Some(*watermark) || fire.instant <= *watermark)
    {
        return Err(Rejection::AlreadyFired { schedule: fire.schedule.clone(), watermark: *watermark });
    }
    if let Some(reason) = unfit(fire, schedule) {
        return Err(Rejection::UnfitFiring { schedule: fire.schedule.clone(), reason: reason.to_owned() });
    }
    not_missed_yet(fire, context)?;
    let mut events = Vec::new();
    if let Some(last) = fire.passed.iter().map(|passed| passed.last).max() {
        events.push(decided(fire, fire.passed.clone(), last, context));
    }
    if fire.fires {
        let sensor = plan.sensors.iter().find(|sensor| sensor.schedule.name == fire.schedule);
        let deadline = plan.deadlines.iter().find(|deadline| deadline.schedule.name == fire.schedule);
        match (sensor, deadline) {
            (Some(opened), _) => match partition.environments.used(&schedule.environment) {
                Ok(_) => events.extend(sensor::open(pipeline, opened, fire, context)),
                Err(gone) => events.push(refused(fire, &gone.to_string(), context)),
            },
            (_, Some(deadline)) => events.push(promises::deadline(partition, pipeline, deadline, fire, context)),
            (None, None) => events.extend(run(partition, fire, schedule, context)?),
        }
    }
    Ok(events)
}

/// A scheduler whose clock is ahead takes for missed what another one is about to fire.
fn not_missed_yet(fire: &FireSchedule, context: &Context) -> Result<(), Rejection> {
    let lateness =
        SignedDuration::from_secs(limits::SCHEDULE_LATENESS_SECONDS - limits::SCHEDULE_AHEAD_SECONDS_MAX / 2);
    let missed = |passed: &&PassedInstants| {
        matches!(passed.reason, PassReason::Missed | PassReason::TooOld | PassReason::TooMany)
    };
    let last = fire.passed.iter().filter(missed).map(|passed| passed.last).max();
    match last.filter(|last| context.now.duration_since(*last) < lateness) {
        Some(instant) => Err(Rejection::NotDue { schedule: fire.schedule.clone(), instant }),
        None => Ok(()),
    }
}

fn unfit(fire: &FireSchedule, schedule: &PlanSchedule) -> Option<&'static str> {
    let listed: usize = fire.passed.iter().map(|passed| passed.listed.len()).sum();
    if listed > limits::PASSED_LISTED_MAX || fire.passed.len() > PassReason::ALL.len() {
        return Some("too many instants are listed");
    }
    let before = fire.after.unwrap_or(Timestamp::MIN);
    let in_place = |passed: &PassedInstants| {
        let behind = passed.last < fire.instant || (!fire.fires && passed.last == fire.instant);
        passed.count > 0 && before < passed.first && passed.first <= passed.last && behind
    };
    if !fire.passed.iter().all(in_place) {
        return Some("instants are passed that do not lie between those that are decided");
    }
    if !fire.fires && !fire.passed.iter().any(|passed| passed.last == fire.instant) {
        return Some("nothing is decided about its instant");
    }
    (fire.fires && schedule.paused).then_some("it is paused")
}

/// The one run of the instant; where none can be made of it, that is its outcome.
fn run(
    partition: &Partition,
    fire: &FireSchedule,
    schedule: &PlanSchedule,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let run = RunId::of_schedule(fire.pipeline, &fire.schedule, fire.instant);
    let coalesced = fire.passed.iter().find(|passed| passed.reason == PassReason::Coalesced);
    // A run that stands for other instants as well is needed all the same.
    let done = backfilled(partition, fire.pipeline, &fire.schedule, fire.instant).filter(|_| coalesced.is_none());
    if let Some(done) = done {
        return Ok(vec![refused(fire, &format!("run {done} of a backfill has done it, or is at it"), context)]);
    }
    let used = match partition.environments.used(&schedule.environment) {
        Ok(used) => used,
        Err(gone) => return Ok(vec![refused(fire, &gone.to_string(), context)]),
    };
    let of = inputs::Of { run, environment: &used.variables, environment_name: &used.name };
    let declared = &partition.live_pipeline(fire.pipeline)?.plan.plan.inputs;
    let instants = coalesced.into_iter().flat_map(|passed| passed.listed.iter().copied()).chain([fire.instant]);
    let trigger = Trigger::Scheduled {
        schedule: fire.schedule.clone(),
        instant: fire.instant,
        coalesced: coalesced.map(|passed| passed.listed.clone()).unwrap_or_default(),
        coalesced_count: coalesced.map_or(0, |passed| passed.count),
    };
    let started = inputs::of_trigger(&schedule.run_inputs, &of, None, context).and_then(|given| {
        let inputs = inputs::with_instants(given, declared, instants);
        let start = StartRun {
            run,
            pipeline: fire.pipeline,
            version: 0,
            trigger,
            inputs,
            environment: Map::new(),
            environment_name: used.name.clone(),
            selection: None,
        };
        start_run::decide(partition, &start, context)
    });
    match started {
        Err(Rejection::InvalidInputs(why)) => Ok(vec![refused(fire, &why, context)]),
        other => other,
    }
}

fn refused(fire: &FireSchedule, why: &str, context: &Context) -> Event {
    let refused = PassedInstants {
        reason: PassReason::Refused,
        count: 1,
        first: fire.instant,
        last: fire.instant,
        listed: vec![fire.instant],
        message: brief(why),
    };
    decided(fire, vec![refused], fire.instant, context)
}

fn decided(fire: &FireSchedule, passed: Vec<PassedInstants>, up_to: Timestamp, context: &Context) -> Event {
    let passed = passed.into_iter().map(|passed| PassedInstants { message: brief(&passed.message), ..passed });
    Event::ScheduleDecided(Box::new(ScheduleDecided {
        pipeline: fire.pipeline,
        schedule: fire.schedule.clone(),
        passed: passed.collect(),
        up_to,
        at: context.now,
    }))
}
