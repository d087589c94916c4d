//! A run: its tasks, and small indexes over them, so that no step costs more than what it changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::operations::Measured;
use crate::{
    event::{AttemptRef, RunCreated, Trigger},
    id::{PipelineId, RunId},
    plan::{Node, PreparedPlan},
    state::{Expansion, Phase, TaskState, Version},
    status::{RunStatus, TaskStatus},
};

/// Where a group is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPhase {
    /// What it depends on has not ended.
    Waiting,
    /// Its tasks may go.
    Open,
    /// Every task of it has ended; how they ended together, as others see it.
    Ended(TaskStatus),
}

/// A task group of a run.
#[derive(Clone, Debug)]
pub struct GroupState {
    /// Where it is in its life.
    pub phase: GroupPhase,
    /// Dependencies that it still waits for.
    pub waiting_on: u32,
    /// Tasks of it, as the plan counts them, that have not ended.
    pub unfinished: u32,
    /// Its iterations, once its matrix is known.
    pub expansion: Option<Box<Expansion>>,
}

/// Why a run goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// Somebody cancelled it.
    Cancelled,
    /// It took longer than its timeout.
    TimedOut,
}

/// What a restart keeps of a task of the run before.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// How others see it.
    pub status: TaskStatus,
    /// What it had set.
    pub outputs: Map<String, Value>,
}

/// A run that has not ended.
#[derive(Debug)]
pub struct RunState {
    /// Id.
    pub id: RunId,
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// Version of the pipeline.
    pub version: u32,
    /// Display name of its pipeline.
    pub pipeline_name: Arc<str>,
    /// Where the scripts of its version lie; empty = nowhere.
    pub source_root: Arc<str>,
    /// What runs.
    pub plan: Arc<PreparedPlan>,
    /// What started it.
    pub trigger: Trigger,
    /// Frozen inputs.
    pub inputs: Map<String, Value>,
    /// What `ENV.NAME` reads.
    pub environment: Map<String, Value>,
    /// Name of that environment; empty = none.
    pub environment_name: String,
    /// The tasks of the plan that run; `None` = all.
    pub selected: Option<Arc<BTreeSet<u32>>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Counts the runs of the partition: the order in which they wait.
    pub order: u64,
    /// `concurrency` has let it go, or has nothing to say.
    pub admitted: bool,
    /// `concurrency` lets it wait.
    pub queued: bool,
    /// It waits for what it takes over from the run before.
    pub awaits_carry: bool,
    /// When its timeout ends it.
    pub deadline: Option<Timestamp>,
    /// It goes no further.
    pub halt: Option<Halt>,
    /// A worker began with one of its tasks.
    pub began: bool,
    /// By place in the plan, then those of iterations.
    pub tasks: Vec<TaskState>,
    /// By place in the plan.
    pub groups: Vec<GroupState>,
    /// What iterations take over from the run before: by place in the plan and name of the iteration.
    pub carried: BTreeMap<(u32, String), Carried>,
    /// Operations that iterations run again for: by place in the plan and name of the iteration.
    pub resumes: BTreeMap<(u32, String), Vec<String>>,
    /// Tasks that have not ended.
    pub unfinished: u32,
    /// Groups that have not ended.
    pub open_groups: u32,
    /// Ended tasks by status: the run's own status follows from it.
    pub ended: BTreeMap<TaskStatus, u32>,
    /// Nodes about which something may be decided now.
    pub to_consider: BTreeSet<Node>,
    /// Tasks that wait for a worker.
    pub ready: BTreeSet<u32>,
    /// Tasks that a worker holds.
    pub held: BTreeSet<u32>,
    /// Tasks that wait for runs that they started.
    pub delegated: BTreeSet<u32>,
    /// Tasks of a halted run that nobody has been asked to stop yet.
    pub to_stop: BTreeSet<u32>,
    /// Tasks that have ended and of which somebody asks to be told, with what was said of their end.
    pub to_alert: BTreeMap<u32, String>,
    /// Of tasks whose operations are watched, what those of the last attempt took, until the end is told.
    pub measured: BTreeMap<u32, Measured>,
    /// When time alone changes something, earliest first; the run's own deadline stands under no task.
    pub deadlines: BTreeSet<(Timestamp, Option<u32>)>,
}

impl RunState {
    pub(crate) fn new(created: &RunCreated, version: &Version, order: u64) -> Self {
        let plan = Arc::clone(&version.plan);
        let count = |nodes: &[Node]| nodes.iter().filter(|node| plan.contains(**node)).count() as u32;
        let tasks: Vec<TaskState> = (0u32..)
            .zip(&plan.plan.tasks)
            .map(|(place, task)| {
                let gated = task.group.is_some_and(|group| plan.contains(Node::Group(group)));
                TaskState::waiting_on(place, None, count(&task.depends_on) + u32::from(gated), created.at)
            })
            .collect();
        let groups: Vec<GroupState> = plan
            .plan
            .groups
            .iter()
            .zip(&plan.members)
            .map(|(group, members)| GroupState {
                phase: GroupPhase::Waiting,
                waiting_on: count(&group.depends_on),
                unfinished: members.len() as u32,
                expansion: None,
            })
            .collect();
        let mut run = Self {
            id: created.run,
            pipeline: created.pipeline,
            version: created.version,
            pipeline_name: Arc::clone(&version.name),
            source_root: Arc::clone(&version.source_root),
            trigger: created.trigger.clone(),
            inputs: created.inputs.clone(),
            environment: created.environment.clone(),
            environment_name: created.environment_name.clone(),
            selected: created.selection.as_ref().map(|selection| Arc::new(plan.select(selection))),
            created_at: created.at,
            order,
            admitted: !created.gated,
            queued: false,
            awaits_carry: matches!(created.trigger, Trigger::Restart { .. }),
            deadline: created.deadline.filter(|_| !created.gated),
            halt: None,
            began: false,
            unfinished: tasks.len() as u32,
            open_groups: groups.len() as u32,
            tasks,
            groups,
            carried: BTreeMap::new(),
            resumes: BTreeMap::new(),
            ended: BTreeMap::new(),
            to_consider: BTreeSet::new(),
            ready: BTreeSet::new(),
            held: BTreeSet::new(),
            delegated: BTreeSet::new(),
            to_stop: BTreeSet::new(),
            to_alert: BTreeMap::new(),
            measured: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            plan,
        };
        run.find_roots();
        run
    }

    /// Nodes that wait for nothing are to be considered; the run's own deadline is watched.
    fn find_roots(&mut self) {
        let groups = (0u32..).zip(&self.groups).filter(|(_, group)| group.waiting_on == 0);
        self.to_consider = groups.map(|(place, _)| Node::Group(place)).collect();
        let tasks = (0u32..).zip(&self.tasks).filter(|(_, task)| task.waiting_on == 0);
        self.to_consider.extend(tasks.map(|(place, _)| Node::Task(place)));
        if let Some(deadline) = self.deadline {
            self.deadlines.insert((deadline, None));
        }
    }

    /// The public status while it has not ended.
    pub fn status(&self) -> RunStatus {
        match (self.halt, self.began) {
            (Some(_), _) => RunStatus::Cancelling,
            (None, true) => RunStatus::Running,
            (None, false) if self.queued && !self.admitted => RunStatus::Queued,
            (None, false) => RunStatus::Created,
        }
    }

    /// The status that the run will end with, going by the tasks that have ended.
    pub fn verdict(&self) -> RunStatus {
        let any = |status| self.ended.get(&status).is_some_and(|count| *count > 0);
        match self.halt {
            Some(Halt::Cancelled) => RunStatus::Cancelled,
            Some(Halt::TimedOut) => RunStatus::Failed,
            None if any(TaskStatus::Failed) => RunStatus::Failed,
            None if any(TaskStatus::Cancelled) => RunStatus::Cancelled,
            None if any(TaskStatus::Warning) => RunStatus::Warning,
            None => RunStatus::Succeeded,
        }
    }

    /// Is this task of the plan part of the run?
    pub fn selects(&self, planned: u32) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected.contains(&planned))
    }

    /// Is any task of this group part of the run?
    pub fn selects_any_of(&self, group: u32) -> bool {
        let Some(selected) = &self.selected else { return true };
        self.plan.members.get(group as usize).is_some_and(|members| members.iter().any(|task| selected.contains(task)))
    }

    /// The plan of a task run.
    pub fn planned(&self, place: u32) -> Option<&crate::plan::PlanTask> {
        let state = self.tasks.get(place as usize)?;
        self.plan.plan.tasks.get(state.planned as usize)
    }

    /// The iterations that a task run belongs to, and which it is.
    pub fn iteration_of(&self, place: u32) -> Option<(&Expansion, u32)> {
        let state = self.tasks.get(place as usize)?;
        let group = self.plan.plan.tasks.get(state.planned as usize)?.group?;
        let expansion = self.groups.get(group as usize)?.expansion.as_deref()?;
        Some((expansion, state.iteration?))
    }

    /// Place of the task run of a planned task in an iteration of its group.
    pub fn place_in(&self, planned: u32, iteration: u32) -> Option<u32> {
        let group = self.plan.plan.tasks.get(planned as usize)?.group?;
        let expansion = self.groups.get(group as usize)?.expansion.as_deref()?;
        let members = self.plan.members.get(group as usize)?;
        let index = *self.plan.member_index.get(planned as usize)?;
        Some(expansion.first + iteration * members.len() as u32 + index)
    }

    /// Is it a task of a matrix whose elements are known, and no iteration itself?
    pub fn stands_for_iterations(&self, place: u32) -> bool {
        let planned = self.tasks.get(place as usize).filter(|task| task.iteration.is_none()).map(|task| task.planned);
        let group = planned.and_then(|planned| self.plan.plan.tasks.get(planned as usize)?.group);
        group.and_then(|group| self.groups.get(group as usize)).is_some_and(|group| group.expansion.is_some())
    }

    /// The task runs of the iterations that this one stands for.
    pub fn children_of(&self, place: u32) -> Vec<u32> {
        let count = self
            .planned(place)
            .and_then(|plan| self.groups.get(plan.group? as usize)?.expansion.as_deref())
            .map_or(0, Expansion::count);
        (0..count).filter_map(|iteration| self.place_in(place, iteration)).collect()
    }

    /// What a task run depends on: in an iteration, its siblings there.
    pub fn dependencies_of(&self, place: u32) -> Vec<Node> {
        let Some((state, plan)) = self.tasks.get(place as usize).zip(self.planned(place)) else { return Vec::new() };
        let Some(iteration) = state.iteration else { return plan.depends_on.clone() };
        let sibling = |node: &Node| match node {
            Node::Task(planned) => self.place_in(*planned, iteration).map(Node::Task),
            Node::Group(_) => Some(*node),
        };
        plan.depends_on.iter().filter_map(sibling).collect()
    }

    /// How a node that others depend on ended, as they see it; `None` while it has not.
    pub fn ended_as(&self, node: Node) -> Option<TaskStatus> {
        match node {
            Node::Task(task) => {
                let task = self.tasks.get(task as usize)?;
                matches!(task.phase, Phase::Ended(_)).then(|| task.seen_status())
            }
            Node::Group(group) => match self.groups.get(group as usize)?.phase {
                GroupPhase::Ended(status) => Some(status),
                _ => None,
            },
        }
    }

    /// The current attempt of a task.
    pub fn attempt(&self, place: u32) -> Option<AttemptRef> {
        let number = self.tasks.get(place as usize)?.attempt;
        Some(AttemptRef { run: self.id, task: place, number })
    }

    /// Its nodes may go.
    pub fn is_moving(&self) -> bool {
        self.admitted && !self.awaits_carry
    }

    /// Something follows from the state by itself.
    pub fn is_unsettled(&self) -> bool {
        (self.is_moving() && !self.to_consider.is_empty())
            || self.is_complete()
            || !self.to_stop.is_empty()
            || !self.to_alert.is_empty()
    }

    /// Every task and every group has ended.
    pub fn is_complete(&self) -> bool {
        self.unfinished == 0 && self.open_groups == 0
    }
}
