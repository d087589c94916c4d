//! State to message.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use downbeat_domain::{
    Agenda, BackfillId, Level, Partition, Phase, PipelineId, RunId, RunState, TaskState,
    event::Follower,
    plan::PreparedPlan,
    state::{Backfill, Followed, GroupPhase, GroupState, Halt, PipelineState, TriggerState},
};

use super::{access, alerts, assets, connections, cost, endpoints, environments, inventory, logins, sensors};
use crate::{
    convert::{id_bytes, micros, object_text},
    event::{self, plan, words},
    snapshots::v1 as wire,
};

/// Without the position.
pub(super) fn snapshot(partition: &Partition) -> wire::Snapshot {
    let mut versions = Versions::default();
    let pipelines = partition.pipelines.iter().map(|(id, state)| pipeline(*id, state, &mut versions)).collect();
    let runs = partition.runs.values().map(|state| run(state, &mut versions)).collect();
    let sized = partition.pools.named.iter().filter_map(|(name, pool)| Some((name.clone(), pool.slots?)));
    let lanes = partition.agenda.iter().filter_map(|item| match item {
        Agenda::Lane((pipeline, environment)) => {
            Some(wire::Lane { pipeline_id: id_bytes(&pipeline.0), environment: environment.clone() })
        }
        Agenda::Run(_) | Agenda::Followers(_) | Agenda::Backfill(_) => None,
    });
    let (keys, revoked_keys) = access::encode(&partition.keys);
    wire::Snapshot {
        pipelines,
        runs,
        versions: versions.messages,
        ended: ended(partition),
        runs_created: partition.runs_created,
        pools: sized.map(|(name, slots)| wire::Pool { name, slots }).collect(),
        lanes: lanes.collect(),
        commands: partition.commands.iter().flat_map(|command| command.0).collect::<Vec<u8>>().into(),
        followed: partition.followers.due.iter().map(|(run, followed)| self::followed(*run, followed)).collect(),
        backfills: partition.backfills.open.iter().map(|(id, state)| backfill(*id, state)).collect(),
        ended_backfills: partition.backfills.ended.iter().flat_map(|id| id.0).collect::<Vec<u8>>().into(),
        log_level: if partition.level == Level::FIRST { 0 } else { partition.level.0 },
        time_zones: partition.time_zones.clone(),
        sensor_events: sensors::encode_events(&partition.sensor_events),
        owed_alerts: alerts::encode(partition.alerts.owed.values()),
        dead_alerts: alerts::encode(&partition.alerts.dead),
        ledger: cost::encode(&partition.ledger),
        keys,
        revoked_keys,
        endpoints: endpoints::encode(&partition.endpoints),
        logins: logins::encode(&partition.keys.logins),
        environments: environments::encode(&partition.environments),
        declared_assets: inventory::assets(&partition.inventory),
        declared_dependencies: inventory::dependencies(&partition.inventory),
        connections: connections::encode(&partition.connections),
        ..wire::Snapshot::default()
    }
}

fn followed(run: RunId, followed: &Followed) -> wire::Followed {
    let outputs = followed.outputs.iter().map(|(task, outputs)| (task.clone(), object_text(outputs)));
    let left = followed.left.iter().map(|(pipeline, trigger)| Follower { pipeline: *pipeline, trigger: *trigger });
    wire::Followed {
        run_id: id_bytes(&run.0),
        status: words::run_status(followed.status) as i32,
        chain: event::chain(&followed.chain),
        outputs: outputs.collect(),
        left: left.map(|it| event::follower(&it)).collect(),
    }
}

fn backfill(id: BackfillId, state: &Backfill) -> wire::Backfill {
    wire::Backfill {
        backfill_id: id_bytes(&id.0),
        pipeline_id: id_bytes(&state.pipeline.0),
        schedule: state.schedule.clone(),
        max_active: state.max_active,
        force: state.force,
        user: state.user.clone(),
        left: state.left.iter().map(|instant| micros(*instant)).collect(),
        cancelled: state.cancelled,
    }
}

/// What pipelines and runs share, each once. A version is told by its plan in memory: whoever shares it now shares it afterwards.
#[derive(Default)]
struct Versions {
    places: BTreeMap<usize, u32>,
    messages: Vec<wire::Version>,
}

impl Versions {
    fn place(&mut self, prepared: &Arc<PreparedPlan>, name: &str, source_root: &str) -> u32 {
        *self.places.entry(Arc::as_ptr(prepared).addr()).or_insert_with(|| {
            self.messages.push(wire::Version {
                name: name.to_owned(),
                source_root: source_root.to_owned(),
                plan: Some(plan::encode(&prepared.plan)),
            });
            self.messages.len() as u32 - 1
        })
    }
}

fn pipeline(id: PipelineId, state: &PipelineState, versions: &mut Versions) -> wire::Pipeline {
    let watermarks = state.watermarks.iter().map(|(schedule, instant)| (schedule.clone(), micros(*instant)));
    let paused = state
        .paused
        .as_ref()
        .map(|(reason, since)| wire::pipeline::Paused { reason: reason.clone(), since: micros(*since) });
    let (live_alerts, durations) = alerts::encode_counts(&state.alerts);
    let version_place = versions.place(&state.plan, &state.name, &state.source_root);
    let beside = state.beside.iter().map(|version| wire::pipeline::Beside {
        version: version.number,
        version_place: versions.place(&version.plan, &version.name, &version.source_root),
        digest: Bytes::copy_from_slice(&version.digest),
    });
    let beside = beside.collect();
    wire::Pipeline {
        pipeline_id: id_bytes(&id.0),
        alias: state.alias.clone(),
        version: state.version,
        version_place,
        digest: Bytes::copy_from_slice(&state.digest),
        watermarks: watermarks.collect(),
        paused,
        deleted: state.deleted,
        triggers: state.triggers.iter().map(|(name, state)| (name.clone(), trigger(state))).collect(),
        windows: state.windows.iter().map(|(id, window)| (id.clone(), sensors::encode_window(window))).collect(),
        ends: sensors::encode_ends(&state.ends),
        assets: assets::encode(&state.assets),
        live_alerts,
        durations,
        operation_durations: alerts::encode_operations(&state.alerts),
        latest_version: state.latest,
        storage: state.storage.as_ref().map(event::pipeline_storage),
        beside,
    }
}

fn trigger(state: &TriggerState) -> wire::TriggerState {
    let waiting = state.waiting.iter().map(|(part, event)| wire::WaitingEvent {
        part: *part,
        origin: Some(event::origin(&event.origin)),
        depth: event.depth,
        inputs: object_text(&event.inputs),
        since: micros(event.since),
    });
    wire::TriggerState {
        waiting: waiting.collect(),
        taken: state.taken.iter().flat_map(|event| event.0).collect::<Vec<u8>>().into(),
    }
}

fn ended(partition: &Partition) -> Vec<wire::EndedRuns> {
    let mut by_pipeline: BTreeMap<PipelineId, (Vec<u8>, Vec<i32>)> = BTreeMap::new();
    for (run, (pipeline, status)) in &partition.finished {
        let (runs, statuses) = by_pipeline.entry(*pipeline).or_default();
        runs.extend_from_slice(&run.0);
        statuses.push(words::run_status(*status) as i32);
    }
    let message = |(pipeline, (runs, statuses)): (PipelineId, (Vec<u8>, Vec<i32>))| wire::EndedRuns {
        pipeline_id: id_bytes(&pipeline.0),
        run_ids: runs.into(),
        statuses,
    };
    by_pipeline.into_iter().map(message).collect()
}

fn run(state: &RunState, versions: &mut Versions) -> wire::Run {
    let carried = state.carried.iter().map(|((task, iteration), carried)| wire::Carried {
        task: *task,
        iteration: iteration.clone(),
        status: words::task_status(carried.status) as i32,
        outputs: object_text(&carried.outputs),
    });
    let resumes = state.resumes.iter().map(|((task, iteration), operations)| wire::Resumes {
        task: *task,
        iteration: iteration.clone(),
        operations: operations.clone(),
    });
    let groups = (0u32..).zip(&state.groups).filter_map(|(place, it)| group(state, place, it));
    let halt = match state.halt {
        None => wire::Halt::Unspecified,
        Some(Halt::Cancelled) => wire::Halt::Cancelled,
        Some(Halt::TimedOut) => wire::Halt::TimedOut,
    };
    wire::Run {
        run_id: id_bytes(&state.id.0),
        pipeline_id: id_bytes(&state.pipeline.0),
        version: state.version,
        version_place: versions.place(&state.plan, &state.pipeline_name, &state.source_root),
        trigger: Some(event::trigger(&state.trigger)),
        inputs: object_text(&state.inputs),
        environment_variables: object_text(&state.environment),
        environment: state.environment_name.clone(),
        selected: state.selected.as_ref().map(|tasks| wire::Places { places: tasks.iter().copied().collect() }),
        created_at: micros(state.created_at),
        order: state.order,
        admitted: state.admitted,
        queued: state.queued,
        awaits_carry: state.awaits_carry,
        deadline: state.deadline.map(micros),
        halt: halt as i32,
        began: state.began,
        tasks: state.changed_tasks().map(|(place, changed)| task(place, changed)).collect(),
        groups: groups.collect(),
        carried: carried.collect(),
        resumes: resumes.collect(),
        to_alert: state.to_alert.iter().map(|(place, said)| (*place, said.clone())).collect(),
        measured: alerts::encode_measured(&state.measured),
    }
}

fn group(run: &RunState, place: u32, state: &GroupState) -> Option<wire::Group> {
    let (waits, ended) = match state.phase {
        GroupPhase::Waiting if state.expansion.is_none() => return None,
        GroupPhase::Waiting => (true, 0),
        GroupPhase::Open => (false, 0),
        GroupPhase::Ended(status) => (false, words::task_status(status) as i32),
    };
    let members = run.plan.members.get(place as usize).map_or(0, Vec::len);
    let expansion = state.expansion.as_deref().map(|expansion| wire::Expansion {
        axes: event::axes(&expansion.axes),
        first: expansion.first,
        next: expansion.next,
        expanded_at: run.expanded_at(expansion, members).map_or(0, micros),
    });
    Some(wire::Group { place, ended, expansion, waits })
}

fn task(place: u32, state: &TaskState) -> wire::Task {
    let mut message = wire::Task {
        place,
        since: micros(state.since),
        attempt: state.attempt,
        failures: state.failures,
        losses: state.losses,
        chunks: state.chunks,
        deadline: state.deadline.map(micros),
        seen_as: state.seen_as.map_or(0, |status| words::task_status(status) as i32),
        mark: state.mark.map_or(0, |mark| words::mark(mark) as i32),
        // `{}` and nothing are two things here.
        outputs: state.outputs.as_deref().and_then(|outputs| serde_json::to_string(outputs).ok()),
        parameters: state.parameters.as_deref().and_then(|parameters| serde_json::to_string(parameters).ok()),
        resumes: state.resumes.as_deref().map(|it| wire::task::Resumed { operations: it.clone() }),
        began_at: state.began_at.map(micros),
        running_since: state.running_since.map(micros),
        told: state.told.as_deref().map(|told| wire::task::Told {
            written: bytes::Bytes::copy_from_slice(&told.written.to_be_bytes()),
            derived: bytes::Bytes::copy_from_slice(&told.derived.to_be_bytes()),
        }),
        unsettled: state.unsettled.as_deref().map(|job| wire::task::Unsettled {
            token: job.token,
            handle: bytes::Bytes::copy_from_slice(&job.handle),
            external_id: job.external_id.clone(),
            link: job.link.clone(),
            deadline: job.deadline.map(micros),
        }),
        ..wire::Task::default()
    };
    let phase = match state.phase {
        Phase::Waiting => wire::Phase::Waiting,
        Phase::Ready => wire::Phase::Ready,
        Phase::Leased(worker) => {
            message.worker_id = id_bytes(&worker.0);
            wire::Phase::Leased
        }
        Phase::Running(worker) => {
            message.worker_id = id_bytes(&worker.0);
            wire::Phase::Running
        }
        Phase::Stopping(worker, reason) => {
            message.worker_id = id_bytes(&worker.0);
            message.stop = words::stop_reason(reason) as i32;
            wire::Phase::Stopping
        }
        Phase::Sleeping(until) => {
            message.until = Some(micros(until));
            wire::Phase::Sleeping
        }
        Phase::Approving(until) => {
            message.until = until.map(micros);
            wire::Phase::Approving
        }
        Phase::Delegated(child) => {
            message.child_run_id = id_bytes(&child.0);
            wire::Phase::Delegated
        }
        Phase::Recalling(child, reason) => {
            message.child_run_id = id_bytes(&child.0);
            message.stop = words::stop_reason(reason) as i32;
            wire::Phase::Recalling
        }
        Phase::Fanned => wire::Phase::Fanned,
        Phase::Backoff(until) => {
            message.until = Some(micros(until));
            wire::Phase::Backoff
        }
        Phase::Ended(status) => {
            message.ended = words::task_status(status) as i32;
            wire::Phase::Ended
        }
    };
    message.phase = phase as i32;
    message
}
