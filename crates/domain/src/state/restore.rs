//! The state again, from its primary parts: what events said is kept, everything that follows from it is worked out here.
//!
//! Promise: restoring the parts of a state that [`crate::evolve()`] made gives that state, to the last index. Parts that do not fit together
//! (a place that does not exist, a run that is live and ended) give none at all. Knows nothing about how parts are stored.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    cost::Ledger,
    event::Trigger,
    id::{BackfillId, PipelineId, RunId},
    level::Level,
    limits,
    plan::{Node, PreparedPlan},
    state::{
        Agenda, Alerts, AssetListeners, Backfill, Backfills, Carried, Connections, Endpoints, Environments, Expansion,
        Followed, Followers, GroupPhase, GroupState, Halt, Inventory, Keys, LaneKey, Lanes, Listeners, Measured,
        Partition, Phase, PipelineState, Pools, RecentCommands, RunState, SensorEvents, TaskState,
    },
    status::{RunStatus, TaskStatus},
};

/// What is primary of a partition.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the fields are those of Partition and are described there")]
pub struct PartitionParts {
    pub level: Level,
    pub pipelines: BTreeMap<PipelineId, PipelineState>,
    pub runs: Vec<RunState>,
    pub finished: BTreeMap<RunId, (PipelineId, RunStatus)>,
    pub runs_created: u64,
    /// [`Followers::due`].
    pub followed: BTreeMap<RunId, Followed>,
    /// [`Backfills::open`]; their live runs follow from the runs, and are not looked at.
    pub backfills: BTreeMap<BackfillId, Backfill>,
    /// [`Backfills::ended`].
    pub ended_backfills: VecDeque<BackfillId>,
    pub time_zones: String,
    pub sensor_events: SensorEvents,
    pub alerts: Alerts,
    /// Without its indexes.
    pub ledger: Ledger,
    pub keys: Keys,
    pub endpoints: Endpoints,
    pub connections: Connections,
    pub environments: Environments,
    pub inventory: Inventory,
    /// Named pools whose size somebody has set.
    pub pools: BTreeMap<String, u32>,
    /// Lanes on the agenda; that a run is on it follows from the run.
    pub lanes_to_settle: BTreeSet<LaneKey>,
    pub commands: RecentCommands,
}

/// What is primary of a run.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields are those of RunState and are described there")]
pub struct RunParts {
    pub id: RunId,
    pub pipeline: PipelineId,
    pub version: u32,
    pub pipeline_name: Arc<str>,
    pub source_root: Arc<str>,
    pub plan: Arc<PreparedPlan>,
    pub trigger: Trigger,
    pub inputs: Map<String, Value>,
    pub environment: Map<String, Value>,
    pub environment_name: String,
    pub selected: Option<BTreeSet<u32>>,
    pub created_at: Timestamp,
    pub order: u64,
    pub admitted: bool,
    pub queued: bool,
    pub awaits_carry: bool,
    pub deadline: Option<Timestamp>,
    pub halt: Option<Halt>,
    pub began: bool,
    /// Those of [`RunState::changed_tasks`]. Of each, `planned`, `iteration` and `waiting_on` follow and are not looked at.
    pub tasks: BTreeMap<u32, TaskState>,
    /// Groups to which something has happened, by place in the plan.
    pub groups: BTreeMap<u32, GroupParts>,
    pub carried: BTreeMap<(u32, String), Carried>,
    pub resumes: BTreeMap<(u32, String), Vec<String>>,
    pub to_alert: BTreeMap<u32, String>,
    pub measured: BTreeMap<u32, Measured>,
}

/// What is primary of a group.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields are those of GroupState and are described there")]
pub struct GroupParts {
    pub phase: GroupPhase,
    pub expansion: Option<ExpansionParts>,
}

/// What is primary of the iterations of a matrix.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields are those of Expansion and are described there")]
pub struct ExpansionParts {
    pub axes: Vec<(String, Vec<Value>)>,
    pub first: u32,
    pub next: u32,
    /// Since when those of its tasks wait that have not changed since.
    pub expanded_at: Timestamp,
}

impl TaskState {
    /// Has nothing happened to it since it began to exist?
    fn is_untouched(&self) -> bool {
        self.phase == Phase::Waiting
            && (self.attempt, self.failures, self.losses, self.chunks) == (0, 0, 0, 0)
            && self.told.is_none()
            && self.deadline.is_none()
            && self.seen_as.is_none()
            && self.mark.is_none()
            && self.outputs.is_none()
            && self.parameters.is_none()
            && self.resumes.is_none()
            && self.unsettled.is_none()
            && self.running_since.is_none()
    }
}

impl RunState {
    /// The task runs to which something has happened, with their places.
    pub fn changed_tasks(&self) -> impl Iterator<Item = (u32, &TaskState)> {
        (0u32..).zip(&self.tasks).filter(|(_, task)| !task.is_untouched())
    }

    /// When the iterations of a group began to exist, as far as any task still shows it.
    pub fn expanded_at(&self, expansion: &Expansion, members: usize) -> Option<Timestamp> {
        let tasks = self.tasks.iter().skip(expansion.first as usize).take(expansion.unfinished.len() * members);
        tasks.filter(|task| task.is_untouched()).map(|task| task.since).next()
    }

    /// The run that these parts are of. Whether a run that a task waits for has ended is only known to [`Partition::restore`].
    pub fn restore(parts: RunParts) -> Option<Self> {
        let plan = Arc::clone(&parts.plan);
        let mut tasks: Vec<TaskState> = (0..plan.plan.tasks.len() as u32)
            .map(|place| TaskState::waiting_on(place, None, 0, parts.created_at))
            .collect();
        let groups = groups(&plan, parts.groups, &mut tasks)?;
        for (place, changed) in parts.tasks {
            let task = tasks.get_mut(place as usize)?;
            *task = TaskState { planned: task.planned, iteration: task.iteration, waiting_on: 0, ..changed };
        }
        let exists = |task: &u32| (*task as usize) < plan.plan.tasks.len();
        let kept = parts.carried.keys().chain(parts.resumes.keys());
        if !parts.selected.iter().flatten().all(exists) || !kept.map(|(task, _)| task).all(exists) {
            return None;
        }
        let mut run = Self {
            id: parts.id,
            pipeline: parts.pipeline,
            version: parts.version,
            pipeline_name: parts.pipeline_name,
            source_root: parts.source_root,
            plan,
            trigger: parts.trigger,
            inputs: parts.inputs,
            environment: parts.environment,
            environment_name: parts.environment_name,
            selected: parts.selected.map(Arc::new),
            created_at: parts.created_at,
            order: parts.order,
            admitted: parts.admitted,
            queued: parts.queued,
            awaits_carry: parts.awaits_carry,
            deadline: parts.deadline,
            halt: parts.halt,
            began: parts.began,
            tasks,
            groups,
            carried: parts.carried,
            resumes: parts.resumes,
            to_alert: parts.to_alert,
            measured: parts.measured,
            unfinished: 0,
            open_groups: 0,
            ended: BTreeMap::new(),
            to_consider: BTreeSet::new(),
            ready: BTreeSet::new(),
            held: BTreeSet::new(),
            delegated: BTreeSet::new(),
            to_stop: BTreeSet::new(),
            deadlines: BTreeSet::new(),
        };
        run.count_iterations();
        run.count_dependencies();
        run.fill_indexes();
        Some(run)
    }

    /// What is left of each group and of its iterations.
    fn count_iterations(&mut self) {
        let plan = Arc::clone(&self.plan);
        for (place, members) in plan.members.iter().enumerate() {
            let unfinished = members.iter().filter(|member| !has_ended(&self.tasks, **member)).count() as u32;
            self.groups[place].unfinished = unfinished;
            let Some(mut expansion) = self.groups[place].expansion.take() else { continue };
            for iteration in 0..expansion.count() {
                let first = expansion.first + iteration * members.len() as u32;
                let tasks = first..first + members.len() as u32;
                let left = tasks.clone().filter(|task| !has_ended(&self.tasks, *task)).count() as u32;
                expansion.unfinished[iteration as usize] = left;
                expansion.live += u32::from(left > 0 && iteration < expansion.next);
                expansion.failed |= tasks.into_iter().any(|task| {
                    let phase = self.tasks[task as usize].phase;
                    matches!(phase, Phase::Ended(TaskStatus::Failed | TaskStatus::Cancelled))
                });
            }
            self.groups[place].expansion = Some(expansion);
        }
    }

    /// What every node that waits still waits for.
    fn count_dependencies(&mut self) {
        let plan = Arc::clone(&self.plan);
        let open = |node: &Node| plan.contains(*node) && self.ended_as(*node).is_none();
        let of_groups: Vec<u32> = (0..self.groups.len())
            .map(|place| match self.groups[place].phase {
                GroupPhase::Waiting => {
                    plan.plan.groups[place].depends_on.iter().filter(|node| open(node)).count() as u32
                }
                _ => 0,
            })
            .collect();
        let of_tasks: Vec<u32> = (0..self.tasks.len() as u32)
            .map(|place| match self.tasks[place as usize].phase {
                Phase::Waiting => self.waits_for(place),
                Phase::Fanned => {
                    self.children_of(place).into_iter().filter(|child| !has_ended(&self.tasks, *child)).count() as u32
                }
                _ => 0,
            })
            .collect();
        for (group, waiting_on) in self.groups.iter_mut().zip(of_groups) {
            group.waiting_on = waiting_on;
        }
        for (task, waiting_on) in self.tasks.iter_mut().zip(of_tasks) {
            task.waiting_on = waiting_on;
        }
    }

    /// Of a task that waits: dependencies that have not ended, and the opening of its group or iteration.
    fn waits_for(&self, place: u32) -> u32 {
        let Some((state, plan)) = self.tasks.get(place as usize).zip(self.planned(place)) else { return 0 };
        let group = plan.group.filter(|group| self.plan.contains(Node::Group(*group)));
        if let (Some(iteration), Some(group)) = (state.iteration, group) {
            let ended = |node: &Node| match node {
                Node::Task(sibling) => {
                    self.place_in(*sibling, iteration).is_some_and(|sibling| has_ended(&self.tasks, sibling))
                }
                Node::Group(_) => false,
            };
            let expansion = self.groups[group as usize].expansion.as_deref();
            let closed = expansion.is_none_or(|expansion| iteration >= expansion.next);
            return plan.depends_on.iter().filter(|node| !ended(node)).count() as u32 + u32::from(closed);
        }
        let open = |node: &&Node| self.plan.contains(**node) && self.ended_as(**node).is_none();
        let closed = group.is_some_and(|group| {
            self.groups[group as usize].phase == GroupPhase::Waiting
                || self.plan.plan.groups[group as usize].matrix.is_some()
        });
        plan.depends_on.iter().filter(open).count() as u32 + u32::from(closed)
    }

    fn fill_indexes(&mut self) {
        let plan = Arc::clone(&self.plan);
        for (place, task) in (0u32..).zip(&self.tasks) {
            match task.phase {
                Phase::Ended(status) => *self.ended.entry(status).or_insert(0) += 1,
                _ => self.unfinished += 1,
            }
            let stoppable = matches!(task.phase, Phase::Leased(_) | Phase::Running(_) | Phase::Delegated(_));
            for (index, member) in [
                (&mut self.ready, task.phase == Phase::Ready),
                (&mut self.held, task.holder().is_some()),
                (&mut self.delegated, task.child().is_some()),
                (&mut self.to_stop, (self.halt.is_some() || task.mark.is_some()) && stoppable),
            ] {
                if member {
                    index.insert(place);
                }
            }
            self.deadlines.extend(task.due().map(|due| (due, Some(place))));
            if task.waiting_on == 0 && matches!(task.phase, Phase::Waiting | Phase::Fanned) {
                self.to_consider.insert(Node::Task(place));
            }
        }
        for (place, group) in (0u32..).zip(&self.groups) {
            let matrix = plan.plan.groups[place as usize].matrix.as_ref();
            let goes = match (group.phase, &group.expansion) {
                (GroupPhase::Waiting, _) => group.waiting_on == 0,
                (GroupPhase::Open, Some(expansion)) => {
                    self.halt.is_none() && matrix.is_some_and(|matrix| expansion.has_room(matrix))
                }
                _ => false,
            };
            if goes {
                self.to_consider.insert(Node::Group(place));
            }
            self.open_groups += u32::from(!matches!(group.phase, GroupPhase::Ended(_)));
        }
        self.deadlines.extend(self.deadline.map(|due| (due, None)));
    }
}

/// The groups, and behind the tasks of the plan those of their iterations.
fn groups(
    plan: &PreparedPlan,
    mut parts: BTreeMap<u32, GroupParts>,
    tasks: &mut Vec<TaskState>,
) -> Option<Vec<GroupState>> {
    if parts.keys().any(|place| !plan.contains(Node::Group(*place))) {
        return None;
    }
    let places = 0..plan.plan.groups.len() as u32;
    let mut expansions: Vec<(u32, u32, Timestamp)> = Vec::new();
    let mut groups = Vec::with_capacity(plan.plan.groups.len());
    for place in places {
        let waits = GroupParts { phase: GroupPhase::Waiting, expansion: None };
        let parts = parts.remove(&place).unwrap_or(waits);
        let mut group = GroupState { phase: parts.phase, waiting_on: 0, unfinished: 0, expansion: None };
        if let Some(expansion) = parts.expansion {
            let count = Expansion::size(&expansion.axes)?;
            let size = (count as usize).checked_mul(plan.members[place as usize].len())?;
            let fits = size <= limits::ITERATION_TASKS_MAX && expansion.next <= count;
            if !fits || plan.plan.groups[place as usize].matrix.is_none() {
                return None;
            }
            expansions.push((expansion.first, place, expansion.expanded_at));
            group.expansion = Some(Box::new(Expansion {
                axes: Arc::new(expansion.axes),
                first: expansion.first,
                next: expansion.next,
                live: 0,
                failed: false,
                unfinished: vec![0; count as usize],
            }));
        }
        groups.push(group);
    }
    // Iterations stand in the order in which their matrices became known. Two without any element may begin at one place.
    expansions.sort_by_key(|(first, place, _)| (*first, iterations(&groups, *place)));
    for (first, place, expanded_at) in expansions {
        if first as usize != tasks.len() {
            return None;
        }
        for iteration in 0..iterations(&groups, place) {
            let members = plan.members[place as usize].iter();
            tasks.extend(members.map(|planned| TaskState::waiting_on(*planned, Some(iteration), 0, expanded_at)));
        }
    }
    Some(groups)
}

fn iterations(groups: &[GroupState], place: u32) -> u32 {
    groups.get(place as usize).and_then(|group| group.expansion.as_deref()).map_or(0, Expansion::count)
}

fn has_ended(tasks: &[TaskState], place: u32) -> bool {
    tasks.get(place as usize).is_some_and(|task| matches!(task.phase, Phase::Ended(_)))
}

/// Do the events that wait, and the windows that are open, belong to triggers and sensors of the pipeline?
fn fits(pipeline: &PipelineState) -> bool {
    let windows = pipeline.windows.keys().all(|sensor| pipeline.plan.plan.sensor(sensor).is_some());
    windows
        && pipeline.beside.fits(pipeline.version, pipeline.latest)
        && pipeline.version <= pipeline.latest
        && pipeline.assets.fits(&pipeline.plan.plan)
        && pipeline.triggers.iter().all(|(name, state)| {
            let parts = pipeline.plan.plan.triggers.iter().find(|trigger| trigger.name == *name);
            let parts = parts.map_or(0, |trigger| trigger.parts.len());
            parts > 0
                && state.taken.len() <= limits::REMEMBERED_EVENTS_MAX
                && state.waiting.keys().all(|part| (*part as usize) < parts)
        })
}

impl Partition {
    /// The partition that these parts are of.
    pub fn restore(parts: PartitionParts) -> Option<Self> {
        let mut partition = Self {
            pipelines: parts.pipelines,
            runs: BTreeMap::new(),
            finished: parts.finished,
            runs_created: parts.runs_created,
            pools: Pools::default(),
            environments: parts.environments,
            inventory: parts.inventory,
            lanes: Lanes::default(),
            listeners: Listeners::default(),
            asset_listeners: AssetListeners::default(),
            children: BTreeMap::new(),
            followers: Followers::default(),
            awaiting_carry: BTreeSet::new(),
            backfills: Backfills { open: BTreeMap::new(), ended: parts.ended_backfills },
            level: parts.level,
            time_zones: parts.time_zones,
            sensor_events: parts.sensor_events,
            alerts: parts.alerts,
            ledger: parts.ledger.restore()?,
            keys: parts.keys,
            endpoints: parts.endpoints,
            connections: parts.connections,
            agenda: parts.lanes_to_settle.into_iter().map(Agenda::Lane).collect(),
            commands: parts.commands,
        };
        if !partition.environments.is_sound() || !partition.connections.is_sound() {
            return None;
        }
        for (id, pipeline) in &partition.pipelines {
            if !fits(pipeline) {
                return None;
            }
            if !pipeline.deleted {
                partition.listeners.add(*id, &pipeline.plan.plan);
                partition.followers.replace(*id, None, Some(&pipeline.plan.plan));
                partition.asset_listeners.replace(*id, None, Some(&pipeline.plan.plan));
            }
        }
        for (ended, followed) in parts.followed {
            if followed.left.is_empty() || !partition.finished.contains_key(&ended) {
                return None;
            }
            partition.agenda.insert(Agenda::Followers(ended));
            partition.followers.due.insert(ended, followed);
        }
        for (name, slots) in parts.pools {
            partition.pools.resize(&name, Some(slots));
        }
        let mut orders = BTreeSet::new();
        for mut run in parts.runs {
            let known = partition.runs.contains_key(&run.id) || partition.finished.contains_key(&run.id);
            let ordered = run.order <= partition.runs_created && orders.insert(run.order);
            if known || !ordered || !partition.pipelines.contains_key(&run.pipeline) {
                return None;
            }
            partition.await_children(&mut run);
            let (key, place) = ((run.pipeline, run.environment_name.clone()), (run.order, run.id));
            if run.admitted {
                partition.lanes.go(&key, place);
            } else {
                partition.lanes.wait(&key, place);
            }
            for place in 0..run.tasks.len() as u32 {
                partition.pools.sync(&run, place);
            }
            if run.awaits_carry {
                partition.awaiting_carry.insert(run.id);
            }
            if run.is_unsettled() {
                partition.agenda.insert(Agenda::Run(run.id));
            }
            partition.runs.insert(run.id, run);
        }
        partition.restore_backfills(parts.backfills)?;
        Some(partition)
    }

    /// Which runs the tasks of this one wait for. The end of a run that has ended, or that nobody waits for, is to be considered.
    fn await_children(&mut self, run: &mut RunState) {
        for place in run.delegated.clone() {
            let Some(child) = run.tasks.get(place as usize).and_then(TaskState::child) else { continue };
            let detached = run.planned(place).is_some_and(|plan| plan.detached);
            if detached || self.finished.contains_key(&child) {
                run.to_consider.insert(Node::Task(place));
            } else if let Some(attempt) = run.attempt(place) {
                self.children.insert(child, attempt);
            }
        }
    }
}
