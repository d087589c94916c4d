//! `evolve` folds one event into the state. It is total: whatever the log says, it neither fails nor panics; a pair of state and
//! event that the life cycle does not know changes nothing.

mod assets;
mod groups;
mod pipelines;
mod run;
mod sensors;
mod transition;

pub use groups::worst;

use jiff::Timestamp;

use crate::{
    environment::EnvironmentEvent,
    event::{AlertSubject, AlertsRaised, BackfillCreated, Event, EventTaken, RunCreated, Trigger},
    id::{BackfillId, PipelineId, RunId},
    level::Level,
    limits,
    plan::Node,
    state::{Agenda, AlertCounts, AssetState, Backfill, LaneKey, Partition, Phase, PipelineState, RunState, TaskState},
    status::RunStatus,
};

/// Folds one event.
pub fn evolve(partition: &mut Partition, event: &Event) {
    match event {
        Event::PartitionOwned { .. } => {}
        Event::PipelineApplied(applied) => pipelines::apply(partition, applied),
        Event::PipelineDrafted(drafted) => pipelines::draft(partition, drafted),
        Event::PipelineRecalled(recalled) => pipelines::recall(partition, recalled),
        Event::PipelineStorageSet { pipeline, storage, .. } => pipelines::set_storage(partition, *pipeline, storage),
        Event::PipelinePaused { pipeline, reason, at } => {
            if let Some(state) = partition.pipelines.get_mut(pipeline) {
                state.paused = Some((reason.clone(), *at));
            }
            look_at_backfills(partition, *pipeline);
        }
        Event::PipelineResumed { pipeline, .. } => {
            if let Some(state) = partition.pipelines.get_mut(pipeline) {
                state.paused = None;
            }
            look_at_lanes(partition, *pipeline);
            look_at_backfills(partition, *pipeline);
        }
        Event::PipelineDeleted { pipeline, .. } => {
            if let Some(state) = partition.pipelines.get_mut(pipeline) {
                if !state.deleted {
                    partition.listeners.remove(*pipeline, &state.plan.plan);
                }
                state.deleted = true;
                state.paused = None;
                partition.followers.replace(*pipeline, Some(&state.plan.plan), None);
                state.triggers.values_mut().for_each(|trigger| trigger.waiting.clear());
                state.windows.clear();
                partition.asset_listeners.replace(*pipeline, Some(&state.plan.plan), None);
                state.assets = AssetState::default();
                state.alerts = AlertCounts::default();
            }
            crate::cost::set_budget_of(partition, *pipeline, None);
            partition.endpoints.close_all_of(*pipeline);
            look_at_lanes(partition, *pipeline);
            look_at_backfills(partition, *pipeline);
        }
        Event::PoolSet { name, slots, .. } => partition.pools.resize(name, *slots),
        Event::Environment(EnvironmentEvent::Set(set)) => partition.environments.set(set),
        Event::Environment(EnvironmentEvent::Removed { environment, .. }) => {
            partition.environments.remove(*environment)
        }
        Event::Inventory(fact) => partition.inventory.apply(fact),
        Event::TimeZonesChanged { release, .. } => partition.time_zones.clone_from(release),
        Event::LevelRaised { level, .. } => partition.level = partition.level.max(Level(*level)),
        Event::ScheduleDecided(decided) => {
            if let Some(state) = partition.pipelines.get_mut(&decided.pipeline) {
                decide_up_to(state, &decided.schedule, decided.up_to);
            }
        }
        Event::EventTaken(taken) => take_event(partition, taken),
        Event::BackfillCreated(created) => create_backfill(partition, created),
        Event::BackfillCancelled { backfill, .. } => change_backfill(partition, *backfill, |state| {
            state.cancelled = true;
            state.left.clear();
        }),
        Event::BackfillDeclined { backfill, instants, .. } => change_backfill(partition, *backfill, |state| {
            for instant in instants {
                state.left.remove(instant);
            }
        }),
        Event::SensorOpened(_) | Event::SensorChecked(_) | Event::SensorClosed(_) | Event::SensorEventTaken(_) => {
            sensors::evolve(partition, event);
        }
        Event::AssetsMaterialised(_)
        | Event::AssetTriggerDeclined(_)
        | Event::FreshnessBreached(_)
        | Event::FreshnessRestored(_)
        | Event::DeadlineMet(_)
        | Event::DeadlineBreached(_) => assets::evolve(partition, event),
        Event::AlertsRaised(raised) => raise_alerts(partition, raised),
        Event::AlertDelivered { alert, .. } => partition.alerts.delivered(*alert),
        Event::AlertFailed { alert, failures, retry_at, at, .. } => {
            partition.alerts.failed(*alert, *failures, *retry_at, *at);
        }
        Event::AlertRetried { alert, at, .. } => partition.alerts.retried(*alert, *at),
        // It is told, and changes nothing.
        Event::CommandRejected(_) => {}
        Event::Cost(fact) => crate::cost::evolve(partition, fact),
        Event::Access(fact) => partition.keys.evolve(fact),
        Event::Endpoint(fact) => partition.endpoints.evolve(fact),
        Event::Connection(fact) => partition.connections.evolve(fact),
        // Nothing is decided by it.
        Event::LineageReported(_) | Event::ToolStateKept(_) | Event::FileCommit(_) => {}
        Event::RunCreated(created) => create_run(partition, created),
        Event::FollowersDue { run, status, chain, followers, .. } => {
            if let Some(state) = partition.runs.get(run) {
                partition.followers.keep(state, *status, chain, followers);
                partition.agenda.insert(Agenda::Followers(*run));
            }
        }
        Event::FollowerDeclined { ended, pipeline, .. } => decide_follower(partition, *ended, *pipeline),
        Event::RunFinished { run, status, at, .. } => finish_run(partition, *run, *status, *at),
        other => {
            if let Some(run) = other.run() {
                evolve_run(partition, run, other);
            }
        }
    }
}

fn raise_alerts(partition: &mut Partition, raised: &AlertsRaised) {
    partition.alerts.raise(raised);
    // A crossed budget is no end: nothing closes it.
    let counts = !matches!(raised.subject, AlertSubject::Budget { .. });
    if let Some(pipeline) = partition.pipelines.get_mut(&raised.pipeline).filter(|state| counts && !state.deleted) {
        pipeline.alerts.count(raised);
    }
    if let AlertSubject::Task(run, place) = raised.subject {
        let measured = partition.runs.get_mut(&run).and_then(|state| {
            state.to_alert.remove(&place);
            state.measured.remove(&place)
        });
        if let Some(measured) = measured
            && let Some(pipeline) = partition.pipelines.get_mut(&raised.pipeline).filter(|state| !state.deleted)
            && pipeline.plan.plan.watches_operations_of(&raised.scope)
        {
            pipeline.alerts.operations.entry(raised.scope.clone()).or_default().learn(&measured);
        }
        keep_agenda(partition, run);
    }
}

fn create_backfill(partition: &mut Partition, created: &BackfillCreated) {
    if !partition.backfills.knows(created.backfill) {
        partition.backfills.open.insert(created.backfill, Backfill::new(created));
        keep_backfill(partition, created.backfill);
    }
}

fn change_backfill(partition: &mut Partition, backfill: BackfillId, change: impl FnOnce(&mut Backfill)) {
    if let Some(state) = partition.backfills.open.get_mut(&backfill) {
        change(state);
        keep_backfill(partition, backfill);
    }
}

fn look_at_backfills(partition: &mut Partition, pipeline: PipelineId) {
    let concerned: Vec<BackfillId> = partition.backfills.of(pipeline).collect();
    concerned.into_iter().for_each(|backfill| keep_backfill(partition, backfill));
}

/// Keeps the agenda true for this backfill; one of which nothing is left has ended.
fn keep_backfill(partition: &mut Partition, id: BackfillId) {
    partition.backfills.end(id);
    if partition.backfills.open.get(&id).is_some_and(|backfill| backfill.is_unsettled(partition)) {
        partition.agenda.insert(Agenda::Backfill(id));
    } else {
        partition.agenda.remove(&Agenda::Backfill(id));
    }
}

fn look_at_lanes(partition: &mut Partition, pipeline: PipelineId) {
    let first = (pipeline, String::new());
    let lanes = partition.lanes.lanes.range(first..).take_while(|((owner, _), _)| *owner == pipeline);
    let deleted = partition.pipelines.get(&pipeline).is_some_and(|state| state.deleted);
    let concerned = lanes.filter(|(_, lane)| deleted || !lane.waiting.is_empty());
    partition.agenda.extend(concerned.map(|(key, _)| Agenda::Lane(key.clone())));
}

fn decide_up_to(pipeline: &mut PipelineState, schedule: &str, instant: Timestamp) {
    let watermark = pipeline.watermarks.entry(schedule.to_owned()).or_insert(instant);
    *watermark = (*watermark).max(instant);
}

fn create_run(partition: &mut Partition, created: &RunCreated) {
    let known = partition.runs.contains_key(&created.run) || partition.finished.contains_key(&created.run);
    let Some(pipeline) = partition.pipelines.get_mut(&created.pipeline).filter(|_| !known) else { return };
    let Some(version) = pipeline.at_hand(created.version) else { return };
    if let Trigger::Scheduled { schedule, instant, .. } = &created.trigger {
        decide_up_to(pipeline, schedule, *instant);
    }
    sensors::close_by_run(partition, created.pipeline, &created.trigger);
    let Some(pipeline) = partition.pipelines.get_mut(&created.pipeline) else { return };
    assets::consume(pipeline, &created.trigger);
    let follows = if let Trigger::PipelineEnded { run, .. } = created.trigger { Some(run) } else { None };
    if let Trigger::Event { trigger, .. } = &created.trigger
        && let Some(state) = pipeline.triggers.get_mut(trigger)
    {
        // The run consumes them.
        state.waiting.clear();
    }
    partition.runs_created += 1;
    let run = RunState::new(created, &version, partition.runs_created);
    let (key, place) = lane_of(&run);
    if run.admitted {
        partition.lanes.go(&key, place);
    } else {
        partition.lanes.wait(&key, place);
        partition.agenda.insert(Agenda::Lane(key));
    }
    if run.awaits_carry {
        partition.awaiting_carry.insert(created.run);
    }
    partition.runs.insert(created.run, run);
    keep_agenda(partition, created.run);
    if let Some(backfill) = partition.backfills.begin(created.run, &created.trigger) {
        keep_backfill(partition, backfill);
    }
    if let Some(ended) = follows {
        decide_follower(partition, ended, created.pipeline);
    }
}

fn decide_follower(partition: &mut Partition, ended: RunId, pipeline: PipelineId) {
    if partition.followers.decided(ended, pipeline) {
        partition.agenda.remove(&Agenda::Followers(ended));
    }
}

fn take_event(partition: &mut Partition, taken: &EventTaken) {
    let Some(pipeline) = partition.pipelines.get_mut(&taken.pipeline) else { return };
    let planned = pipeline.plan.plan.triggers.iter().find(|trigger| trigger.name == taken.trigger);
    let Some(planned) = planned.filter(|trigger| (taken.part as usize) < trigger.parts.len()) else { return };
    pipeline.triggers.entry(taken.trigger.clone()).or_default().take(taken, planned.within_ms);
}

fn lane_of(run: &RunState) -> (LaneKey, (u64, RunId)) {
    ((run.pipeline, run.environment_name.clone()), (run.order, run.id))
}

fn finish_run(partition: &mut Partition, id: RunId, status: RunStatus, at: Timestamp) {
    let Some(run) = partition.runs.remove(&id) else { return };
    // Every task has ended by now; where the log says otherwise, its slots end here.
    for (place, task) in (0u32..).zip(&run.tasks) {
        if task.holder().is_some() {
            partition.pools.forget(&run, place);
        }
    }
    let (key, place) = lane_of(&run);
    partition.lanes.leave(&key, place);
    if partition.lanes.lanes.get(&key).is_some_and(|lane| !lane.waiting.is_empty()) {
        partition.agenda.insert(Agenda::Lane(key));
    }
    partition.agenda.remove(&Agenda::Run(id));
    partition.awaiting_carry.remove(&id);
    partition.finished.insert(id, (run.pipeline, status));
    if let Some(backfill) = run.backfill() {
        change_backfill(partition, backfill, |state| {
            state.live.remove(&id);
        });
    }
    sensors::note_end(partition, run.pipeline, id, status, at);
    // Whoever waits for it has something to consider.
    if let Some(parent) = partition.children.remove(&id)
        && let Some(run) = partition.runs.get_mut(&parent.run)
        && run.tasks.get(parent.task as usize).is_some_and(|task| task.child() == Some(id))
    {
        run.to_consider.insert(Node::Task(parent.task));
        keep_agenda(partition, parent.run);
    }
}

fn evolve_run(partition: &mut Partition, id: RunId, event: &Event) {
    let Some(run) = partition.runs.get_mut(&id) else { return };
    match event {
        Event::RunQueued { .. } => run.queued = !run.admitted,
        Event::RunAdmitted { deadline, .. } if !run.admitted => {
            admit(run, *deadline);
            let (key, place) = lane_of(run);
            partition.lanes.go(&key, place);
        }
        other => run::evolve(run, other),
    }
    if !run.awaits_carry {
        partition.awaiting_carry.remove(&id);
    }
    match event {
        // These end tasks that wait for a worker, wherever they stand.
        Event::RunCancelRequested { .. } | Event::RunTimedOut { .. } if run.plan.limits_tasks => {
            (0..run.tasks.len() as u32).for_each(|place| partition.pools.sync(run, place));
        }
        _ => {
            if let Some(place) = event.task() {
                partition.pools.sync(run, place);
            }
        }
    }
    if let Event::ChildStarted { attempt, child, detached: false, .. } = event
        && run.tasks.get(attempt.task as usize).is_some_and(|task| task.child() == Some(*child))
    {
        partition.children.insert(*child, *attempt);
    }
    if let Some(run) = partition.runs.get_mut(&id)
        && let Some(said) = event.task().and_then(|place| run.to_alert.get_mut(&place))
    {
        *said = event.said().chars().take(limits::ALERT_SAID_CHARS_MAX).collect();
    }
    consider_ended_child(partition, id, event);
    keep_agenda(partition, id);
    if matches!(event, Event::RunCancelRequested { .. } | Event::RunTimedOut { .. })
        && let Some(backfill) = partition.runs.get(&id).and_then(RunState::backfill)
    {
        keep_backfill(partition, backfill);
    }
}

/// A task that is stopped while the end of the run that it started was not looked at yet: there is nothing to wait for.
fn consider_ended_child(partition: &mut Partition, id: RunId, event: &Event) {
    let Some(run) = partition.runs.get_mut(&id) else { return };
    let Some(place) = event.task() else { return };
    let child = run.tasks.get(place as usize).filter(|task| matches!(task.phase, Phase::Recalling(..)));
    if child.and_then(TaskState::child).is_some_and(|child| partition.finished.contains_key(&child)) {
        run.to_consider.insert(Node::Task(place));
    }
}

fn admit(run: &mut RunState, deadline: Option<Timestamp>) {
    run.admitted = true;
    run.deadline = deadline;
    if let Some(deadline) = deadline {
        run.deadlines.insert((deadline, None));
    }
}

/// Keeps the agenda true for this run.
fn keep_agenda(partition: &mut Partition, id: RunId) {
    if partition.runs.get(&id).is_some_and(RunState::is_unsettled) {
        partition.agenda.insert(Agenda::Run(id));
    } else {
        partition.agenda.remove(&Agenda::Run(id));
    }
}
