//! Message to state. Every value is looked at; what no state of this version has is an error that names it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use downbeat_domain::{
    BackfillId, CommandId, EventKey, Level, Partition, Phase, PipelineId, RunId, RunState, RunStatus, TaskState,
    TaskStatus, Unsettled, WorkerId, limits,
    plan::PreparedPlan,
    state::{
        self as states, Backfill, Beside, Carried, ExpansionParts, Followed, GroupParts, GroupPhase, Halt,
        PartitionParts, PipelineState, RecentCommands, RunParts, Told, TriggerState, WaitingEvent,
    },
};
use jiff::Timestamp;

use super::{
    SnapshotError, SnapshotPosition, access, alerts, assets, connections, cost, endpoints, environments, inventory,
    sensors,
};
use crate::{
    convert,
    event::{self, plan, words},
    snapshots::v1 as wire,
};

pub(super) fn partition(message: wire::Snapshot) -> Result<(Partition, SnapshotPosition), SnapshotError> {
    let of = Of { what: "the partition" };
    let position = SnapshotPosition {
        log_id: message.log_id,
        sequence: message.sequence,
        hash: message.hash.as_ref().try_into().map_err(|_| of.bad("hash"))?,
    };
    let versions: Vec<Version> = message.versions.into_iter().map(Version::decode).collect::<Result<_, _>>()?;
    let mut pipelines = BTreeMap::new();
    for state in message.pipelines {
        let id = PipelineId::from_slice(&state.pipeline_id).ok_or(of.bad("pipeline_id"))?;
        if pipelines.insert(id, pipeline(id, state, &versions)?).is_some() {
            return Err(of.bad("pipelines"));
        }
    }
    let runs = message.runs.into_iter().map(|state| run(state, &versions)).collect::<Result<_, _>>()?;
    let mut followed = BTreeMap::new();
    for state in message.followed {
        let (run, state) = self::followed(state)?;
        followed.insert(run, state);
    }
    let mut lanes_to_settle = BTreeSet::new();
    for lane in message.lanes {
        let pipeline = PipelineId::from_slice(&lane.pipeline_id).ok_or(of.bad("lanes"))?;
        lanes_to_settle.insert((pipeline, lane.environment));
    }
    let parts = PartitionParts {
        pipelines,
        runs,
        finished: ended(of, message.ended)?,
        runs_created: message.runs_created,
        followed,
        backfills: message.backfills.into_iter().map(backfill).collect::<Result<_, _>>()?,
        ended_backfills: ended_backfills(of, &message.ended_backfills)?,
        level: Level(message.log_level).max(Level::FIRST),
        time_zones: message.time_zones,
        alerts: alerts::decode(message.owed_alerts, message.dead_alerts).ok_or(of.bad("alerts"))?,
        ledger: cost::decode(message.ledger).ok_or(of.bad("ledger"))?,
        endpoints: endpoints::decode(message.endpoints).ok_or(of.bad("endpoints"))?,
        connections: connections::decode(message.connections).ok_or(of.bad("connections"))?,
        keys: access::decode(message.keys, message.revoked_keys, message.logins).ok_or(of.bad("keys"))?,
        environments: environments::decode(message.environments).ok_or(of.bad("environments"))?,
        inventory: inventory::decode(message.declared_assets, message.declared_dependencies)
            .ok_or(of.bad("declared_assets"))?,
        sensor_events: sensors::decode_events(message.sensor_events).ok_or(of.bad("sensor_events"))?,
        pools: message.pools.into_iter().map(|pool| (pool.name, pool.slots)).collect(),
        lanes_to_settle,
        commands: commands(of, &message.commands)?,
    };
    let partition = Partition::restore(parts).ok_or(of.bad("runs"))?;
    Ok((partition, position))
}

fn followed(state: wire::Followed) -> Result<(RunId, Followed), SnapshotError> {
    let of = Of { what: "what the end of a run starts" };
    let run = RunId::from_slice(&state.run_id).ok_or(of.bad("run_id"))?;
    let outputs = state.outputs.into_iter().map(|(task, text)| Some((task, convert::object(&text)?)));
    let left = state.left.iter().map(event::follower_of);
    let followed = Followed {
        status: words::run_status_of(state.status).ok_or(of.bad("status"))?,
        chain: event::chain_of(&state.chain).ok_or(of.bad("chain"))?,
        outputs: outputs.collect::<Option<_>>().ok_or(of.bad("outputs"))?,
        left: left.map(|it| it.map(|it| (it.pipeline, it.trigger))).collect::<Option<_>>().ok_or(of.bad("left"))?,
    };
    Ok((run, followed))
}

fn backfill(state: wire::Backfill) -> Result<(BackfillId, Backfill), SnapshotError> {
    let of = Of { what: "a backfill" };
    let id = BackfillId::from_slice(&state.backfill_id).ok_or(of.bad("backfill_id"))?;
    let left = state.left.into_iter().map(|instant| of.instant(instant, "left"));
    let backfill = Backfill {
        pipeline: PipelineId::from_slice(&state.pipeline_id).ok_or(of.bad("pipeline_id"))?,
        schedule: state.schedule,
        max_active: state.max_active,
        force: state.force,
        user: state.user,
        left: left.collect::<Result<_, _>>()?,
        cancelled: state.cancelled,
        live: BTreeSet::new(),
    };
    Ok((id, backfill))
}

fn ended_backfills(of: Of<'_>, ids: &[u8]) -> Result<VecDeque<BackfillId>, SnapshotError> {
    let (ids, rest) = ids.as_chunks::<16>();
    if !rest.is_empty() || ids.len() > limits::ENDED_BACKFILLS_MAX {
        return Err(of.bad("ended_backfills"));
    }
    Ok(ids.iter().map(|id| BackfillId(*id)).collect())
}

/// Which part of the state is being read, for errors.
#[derive(Clone, Copy)]
struct Of<'a> {
    what: &'a str,
}

impl Of<'_> {
    fn bad(self, field: &'static str) -> SnapshotError {
        SnapshotError::Impossible { what: self.what.to_owned(), field }
    }

    fn instant(self, micros: i64, field: &'static str) -> Result<Timestamp, SnapshotError> {
        convert::instant(micros).ok_or(self.bad(field))
    }

    fn instant_or_none(self, micros: Option<i64>, field: &'static str) -> Result<Option<Timestamp>, SnapshotError> {
        micros.map(|micros| self.instant(micros, field)).transpose()
    }

    /// 0 = none.
    fn word<T>(self, number: i32, of: fn(i32) -> Option<T>, field: &'static str) -> Result<Option<T>, SnapshotError> {
        if number == 0 {
            return Ok(None);
        }
        of(number).map(Some).ok_or(self.bad(field))
    }

    fn object(
        self,
        text: Option<&str>,
        field: &'static str,
    ) -> Result<Option<Box<serde_json::Map<String, serde_json::Value>>>, SnapshotError> {
        let object = |text| convert::object(text).map(Box::new).ok_or(self.bad(field));
        text.map(object).transpose()
    }
}

struct Version {
    name: Arc<str>,
    source_root: Arc<str>,
    plan: Arc<PreparedPlan>,
}

impl Version {
    fn decode(message: wire::Version) -> Result<Self, SnapshotError> {
        let what = format!("a version of pipeline `{}`", message.name);
        let of = Of { what: &what };
        let plan = message.plan.and_then(plan::decode).ok_or(of.bad("plan"))?;
        Ok(Self {
            name: message.name.as_str().into(),
            source_root: message.source_root.as_str().into(),
            plan: Arc::new(PreparedPlan::new(plan)),
        })
    }
}

fn pipeline(id: PipelineId, state: wire::Pipeline, versions: &[Version]) -> Result<PipelineState, SnapshotError> {
    let what = format!("pipeline {id}");
    let of = Of { what: &what };
    let version = versions.get(state.version_place as usize).ok_or(of.bad("version_place"))?;
    let mut watermarks = BTreeMap::new();
    for (schedule, instant) in state.watermarks {
        watermarks.insert(schedule, of.instant(instant, "watermarks")?);
    }
    let mut triggers = BTreeMap::new();
    for (name, state) in state.triggers {
        triggers.insert(name, trigger(of, state)?);
    }
    let mut windows = BTreeMap::new();
    for (sensor, window) in state.windows {
        windows.insert(sensor, sensors::decode_window(window).ok_or(of.bad("windows"))?);
    }
    let paused = match state.paused {
        None => None,
        Some(paused) => Some((paused.reason, of.instant(paused.since, "paused")?)),
    };
    let mut beside = Vec::new();
    for kept in state.beside {
        let version = versions.get(kept.version_place as usize).ok_or(of.bad("version_place"))?;
        beside.push(states::Version {
            number: kept.version,
            name: Arc::clone(&version.name),
            digest: kept.digest.as_ref().try_into().map_err(|_| of.bad("digest"))?,
            source_root: Arc::clone(&version.source_root),
            plan: Arc::clone(&version.plan),
        });
    }
    let storage = state.storage.map(|kept| event::pipeline_storage_of(kept).ok_or(of.bad("storage")));
    Ok(PipelineState {
        // A snapshot of before there were drafts does not say.
        latest: state.latest_version.max(state.version),
        beside: Beside::restore(beside),
        storage: storage.transpose()?,
        alias: state.alias,
        name: Arc::clone(&version.name),
        version: state.version,
        digest: state.digest.as_ref().try_into().map_err(|_| of.bad("digest"))?,
        source_root: Arc::clone(&version.source_root),
        plan: Arc::clone(&version.plan),
        watermarks,
        triggers,
        windows,
        ends: sensors::decode_ends(state.ends).ok_or(of.bad("ends"))?,
        assets: assets::decode(state.assets).ok_or(of.bad("assets"))?,
        alerts: alerts::decode_counts(state.live_alerts, state.durations, state.operation_durations)
            .ok_or(of.bad("operation_durations"))?,
        paused,
        deleted: state.deleted,
    })
}

fn trigger(of: Of<'_>, state: wire::TriggerState) -> Result<TriggerState, SnapshotError> {
    let (taken, rest) = state.taken.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(of.bad("taken"));
    }
    let mut waiting = BTreeMap::new();
    for event in state.waiting {
        let waits = WaitingEvent {
            origin: event.origin.and_then(event::origin_of).ok_or(of.bad("origin"))?,
            depth: event.depth,
            inputs: convert::object(&event.inputs).ok_or(of.bad("inputs"))?,
            since: of.instant(event.since, "since")?,
        };
        waiting.insert(event.part, waits);
    }
    Ok(TriggerState { waiting, taken: taken.iter().map(|key| EventKey(*key)).collect() })
}

fn ended(
    of: Of<'_>,
    messages: Vec<wire::EndedRuns>,
) -> Result<BTreeMap<RunId, (PipelineId, RunStatus)>, SnapshotError> {
    let mut ended = BTreeMap::new();
    for message in messages {
        let pipeline = PipelineId::from_slice(&message.pipeline_id).ok_or(of.bad("ended"))?;
        let (ids, rest) = message.run_ids.as_chunks::<16>();
        if !rest.is_empty() || ids.len() != message.statuses.len() {
            return Err(of.bad("ended"));
        }
        for (id, status) in ids.iter().zip(message.statuses) {
            let status = words::run_status_of(status).filter(|it| it.is_final()).ok_or(of.bad("ended"))?;
            if ended.insert(RunId(*id), (pipeline, status)).is_some() {
                return Err(of.bad("ended"));
            }
        }
    }
    Ok(ended)
}

fn commands(of: Of<'_>, bytes: &[u8]) -> Result<RecentCommands, SnapshotError> {
    let (ids, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() || ids.len() > limits::RECENT_COMMANDS_MAX {
        return Err(of.bad("commands"));
    }
    let mut commands = RecentCommands::default();
    ids.iter().for_each(|id| commands.remember(CommandId(*id)));
    Ok(commands)
}

fn run(state: wire::Run, versions: &[Version]) -> Result<RunState, SnapshotError> {
    let id = RunId::from_slice(&state.run_id).ok_or(Of { what: "a run" }.bad("run_id"))?;
    let what = format!("run {id}");
    let of = Of { what: &what };
    let version = versions.get(state.version_place as usize).ok_or(of.bad("version_place"))?;
    let halt = match wire::Halt::try_from(state.halt).map_err(|_| of.bad("halt"))? {
        wire::Halt::Unspecified => None,
        wire::Halt::Cancelled => Some(Halt::Cancelled),
        wire::Halt::TimedOut => Some(Halt::TimedOut),
    };
    let mut tasks = BTreeMap::new();
    for message in state.tasks {
        if tasks.insert(message.place, task(of, message)?).is_some() {
            return Err(of.bad("tasks"));
        }
    }
    let mut groups = BTreeMap::new();
    for message in state.groups {
        if groups.insert(message.place, group(of, message)?).is_some() {
            return Err(of.bad("groups"));
        }
    }
    let mut carried = BTreeMap::new();
    for message in state.carried {
        let status = words::task_status_of(message.status).ok_or(of.bad("carried"))?;
        let outputs = convert::object(&message.outputs).ok_or(of.bad("carried"))?;
        carried.insert((message.task, message.iteration), Carried { status, outputs });
    }
    let resumes = state.resumes.into_iter().map(|it| ((it.task, it.iteration), it.operations));
    let parts = RunParts {
        id,
        pipeline: PipelineId::from_slice(&state.pipeline_id).ok_or(of.bad("pipeline_id"))?,
        version: state.version,
        pipeline_name: Arc::clone(&version.name),
        source_root: Arc::clone(&version.source_root),
        plan: Arc::clone(&version.plan),
        trigger: state.trigger.and_then(event::trigger_of).ok_or(of.bad("trigger"))?,
        inputs: convert::object(&state.inputs).ok_or(of.bad("inputs"))?,
        environment: convert::object(&state.environment_variables).ok_or(of.bad("environment_variables"))?,
        environment_name: state.environment,
        selected: state.selected.map(|selected| selected.places.into_iter().collect()),
        created_at: of.instant(state.created_at, "created_at")?,
        order: state.order,
        admitted: state.admitted,
        queued: state.queued,
        awaits_carry: state.awaits_carry,
        deadline: of.instant_or_none(state.deadline, "deadline")?,
        halt,
        began: state.began,
        tasks,
        groups,
        carried,
        resumes: resumes.collect(),
        to_alert: state.to_alert.into_iter().collect(),
        measured: alerts::decode_measured(state.measured),
    };
    RunState::restore(parts).ok_or(of.bad("tasks"))
}

fn group(of: Of<'_>, message: wire::Group) -> Result<GroupParts, SnapshotError> {
    let ended = of.word(message.ended, words::task_status_of, "groups")?;
    let expansion = match message.expansion {
        None => None,
        Some(expansion) => Some(ExpansionParts {
            axes: event::axes_of(expansion.axes).ok_or(of.bad("expansion"))?,
            first: expansion.first,
            next: expansion.next,
            expanded_at: of.instant(expansion.expanded_at, "expansion")?,
        }),
    };
    let phase = match ended {
        Some(status) => GroupPhase::Ended(status),
        None if message.waits => GroupPhase::Waiting,
        None => GroupPhase::Open,
    };
    Ok(GroupParts { phase, expansion })
}

fn task(of: Of<'_>, message: wire::Task) -> Result<TaskState, SnapshotError> {
    Ok(TaskState {
        planned: 0,
        iteration: None,
        phase: phase(of, &message)?,
        since: of.instant(message.since, "since")?,
        attempt: message.attempt,
        failures: message.failures,
        losses: message.losses,
        chunks: message.chunks,
        waiting_on: 0,
        deadline: of.instant_or_none(message.deadline, "deadline")?,
        seen_as: of.word(message.seen_as, words::task_status_of, "seen_as")?,
        mark: of.word(message.mark, words::mark_of, "mark")?,
        outputs: of.object(message.outputs.as_deref(), "outputs")?,
        parameters: of.object(message.parameters.as_deref(), "parameters")?,
        resumes: message.resumes.map(|resumed| Box::new(resumed.operations)),
        began_at: of.instant_or_none(message.began_at, "began_at")?,
        running_since: of.instant_or_none(message.running_since, "running_since")?,
        told: message.told.map(|said| told(of, &said)).transpose()?,
        unsettled: message.unsettled.map(|job| unsettled(of, job)).transpose()?,
    })
}

fn told(of: Of<'_>, said: &wire::task::Told) -> Result<Box<Told>, SnapshotError> {
    let bits = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).map(u128::from_be_bytes).map_err(|_| of.bad("told"));
    Ok(Box::new(Told { written: bits(&said.written)?, derived: bits(&said.derived)? }))
}

fn unsettled(of: Of<'_>, job: wire::task::Unsettled) -> Result<Box<Unsettled>, SnapshotError> {
    Ok(Box::new(Unsettled {
        token: job.token,
        handle: job.handle.to_vec(),
        external_id: job.external_id,
        link: job.link,
        deadline: of.instant_or_none(job.deadline, "deadline of a job")?,
    }))
}

fn phase(of: Of<'_>, message: &wire::Task) -> Result<Phase, SnapshotError> {
    let worker = || WorkerId::from_slice(&message.worker_id).ok_or(of.bad("worker_id"));
    let child = || RunId::from_slice(&message.child_run_id).ok_or(of.bad("child_run_id"));
    let stop = || words::stop_reason_of(message.stop).ok_or(of.bad("stop"));
    let until = || of.instant(message.until.ok_or(of.bad("until"))?, "until");
    Ok(match wire::Phase::try_from(message.phase).map_err(|_| of.bad("phase"))? {
        wire::Phase::Unspecified => return Err(of.bad("phase")),
        wire::Phase::Waiting => Phase::Waiting,
        wire::Phase::Ready => Phase::Ready,
        wire::Phase::Leased => Phase::Leased(worker()?),
        wire::Phase::Running => Phase::Running(worker()?),
        wire::Phase::Stopping => Phase::Stopping(worker()?, stop()?),
        wire::Phase::Sleeping => Phase::Sleeping(until()?),
        wire::Phase::Approving => Phase::Approving(of.instant_or_none(message.until, "until")?),
        wire::Phase::Delegated => Phase::Delegated(child()?),
        wire::Phase::Recalling => Phase::Recalling(child()?, stop()?),
        wire::Phase::Fanned => Phase::Fanned,
        wire::Phase::Backoff => Phase::Backoff(until()?),
        wire::Phase::Ended => {
            let status = words::task_status_of(message.ended).filter(|status: &TaskStatus| status.is_final());
            Phase::Ended(status.ok_or(of.bad("ended"))?)
        }
    })
}
