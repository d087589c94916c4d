//! A run: its tasks, and small indexes over them, so that no step costs more than what it changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    event::{AttemptRef, RunCreated, Trigger},
    id::{PipelineId, RunId},
    plan::{Node, PreparedPlan},
    state::{PipelineState, TaskState},
    status::{RunStatus, TaskStatus},
};

/// Where a group is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPhase {
    /// What it depends on has not ended.
    Waiting,
    /// Its tasks may go.
    Open,
    /// Every task of it has ended; how they ended together.
    Ended(TaskStatus),
}

/// A task group of a run.
#[derive(Clone, Debug)]
pub struct GroupState {
    /// Where it is in its life.
    pub phase: GroupPhase,
    /// Dependencies that it still waits for.
    pub waiting_on: u32,
    /// Tasks of it that have not ended.
    pub unfinished: u32,
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
    /// When it was created.
    pub created_at: Timestamp,
    /// A cancel was accepted.
    pub cancel_requested: bool,
    /// A worker began with one of its tasks.
    pub began: bool,
    /// By place in the plan.
    pub tasks: Vec<TaskState>,
    /// By place in the plan.
    pub groups: Vec<GroupState>,
    /// Tasks that have not ended.
    pub unfinished: u32,
    /// Ended tasks by status: the run's own status follows from it.
    pub ended: BTreeMap<TaskStatus, u32>,
    /// Nodes whose dependencies have all ended and about which nothing has been decided.
    pub to_consider: BTreeSet<Node>,
    /// Tasks that wait for a worker.
    pub ready: BTreeSet<u32>,
    /// Tasks that a worker holds.
    pub held: BTreeSet<u32>,
    /// When time alone changes something, earliest first.
    pub deadlines: BTreeSet<(Timestamp, u32)>,
}

impl RunState {
    pub(crate) fn new(created: &RunCreated, pipeline: &PipelineState) -> Self {
        let plan = Arc::clone(&pipeline.plan);
        let count = |nodes: &[Node]| nodes.iter().filter(|node| plan.contains(**node)).count() as u32;
        let tasks: Vec<TaskState> = plan
            .plan
            .tasks
            .iter()
            .map(|task| {
                let gated = task.group.is_some_and(|group| plan.contains(Node::Group(group)));
                TaskState::waiting_on(count(&task.depends_on) + u32::from(gated))
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
            })
            .collect();
        let roots = (0u32..).zip(&groups).filter(|(_, group)| group.waiting_on == 0).map(|(at, _)| Node::Group(at));
        let mut to_consider: BTreeSet<Node> = roots.collect();
        to_consider.extend((0u32..).zip(&tasks).filter(|(_, task)| task.waiting_on == 0).map(|(at, _)| Node::Task(at)));
        Self {
            id: created.run,
            pipeline: created.pipeline,
            version: created.version,
            pipeline_name: Arc::clone(&pipeline.name),
            source_root: Arc::clone(&pipeline.source_root),
            trigger: created.trigger.clone(),
            inputs: created.inputs.clone(),
            environment: created.environment.clone(),
            created_at: created.at,
            cancel_requested: false,
            began: false,
            unfinished: tasks.len() as u32,
            tasks,
            groups,
            plan,
            ended: BTreeMap::new(),
            to_consider,
            ready: BTreeSet::new(),
            held: BTreeSet::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// The public status while it has not ended.
    pub fn status(&self) -> RunStatus {
        match (self.cancel_requested, self.began) {
            (true, _) => RunStatus::Cancelling,
            (false, true) => RunStatus::Running,
            (false, false) => RunStatus::Created,
        }
    }

    /// The status that the run will end with, going by the tasks that have ended.
    pub fn verdict(&self) -> RunStatus {
        let any = |status| self.ended.get(&status).is_some_and(|count| *count > 0);
        if self.cancel_requested {
            RunStatus::Cancelled
        } else if any(TaskStatus::Failed) {
            RunStatus::Failed
        } else if any(TaskStatus::Warning) {
            RunStatus::Warning
        } else {
            RunStatus::Succeeded
        }
    }

    /// Status of a node that others depend on; `None` while it has not ended.
    pub fn ended_as(&self, node: Node) -> Option<TaskStatus> {
        match node {
            Node::Task(task) => match self.tasks.get(task as usize)?.phase {
                super::Phase::Ended(status) => Some(status),
                _ => None,
            },
            Node::Group(group) => match self.groups.get(group as usize)?.phase {
                GroupPhase::Ended(status) => Some(status),
                _ => None,
            },
        }
    }

    /// Attempts of a cancelled run that no worker has been asked to stop yet.
    pub fn to_stop(&self) -> impl Iterator<Item = AttemptRef> + '_ {
        let held = self.cancel_requested.then_some(&self.held).into_iter().flatten();
        held.filter_map(|place| {
            let task = self.tasks.get(*place as usize)?;
            let running = matches!(task.phase, super::Phase::Leased(_) | super::Phase::Running(_));
            running.then_some(AttemptRef { run: self.id, task: *place, number: task.attempt })
        })
    }

    /// Something follows from the state by itself.
    pub fn is_unsettled(&self) -> bool {
        !self.to_consider.is_empty() || self.is_complete() || self.to_stop().next().is_some()
    }

    /// Every task and every group has ended.
    pub fn is_complete(&self) -> bool {
        self.unfinished == 0 && self.groups.iter().all(|group| matches!(group.phase, GroupPhase::Ended(_)))
    }
}
