//! The plan: a pipeline as the core runs it. Names are resolved to places, defaults are filled in.
//!
//! A plan is recorded in the event that applies a pipeline, and tasks are spoken of by their place in it: so what a run did can
//! be read for ever, whatever a later version of the dialect makes of the text.

mod alert;
mod asset;
mod declared;
mod sensor;

use std::collections::{BTreeMap, BTreeSet};

use downbeat_dialect::ScheduleOptions;
pub use downbeat_dialect::{Catchup, cron::Dst};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{cost::Budget, event::Selection, id::PipelineId, status::RunStatus};

pub use alert::{PlanAlert, PlanAnomaly, PlanDestination, PlanOperations};
pub use asset::{PlanAssetTrigger, PlanDeadline, PlanFreshness, matches};
pub use declared::{PlanAsset, PlanDeclared};
pub use sensor::{CoreCheck, PlanCheck, PlanSensor, PlanWebhook};

/// A group or a task, by its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// Place in [`Plan::groups`].
    Group(u32),
    /// Place in [`Plan::tasks`].
    Task(u32),
}

/// A resolved pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In the order of the file.
    pub groups: Vec<PlanGroup>,
    /// In the order of the file, those of groups included.
    pub tasks: Vec<PlanTask>,
    /// Declared run inputs.
    pub inputs: Vec<PlanInput>,
    /// Time triggers.
    pub schedules: Vec<PlanSchedule>,
    /// Ends of other pipelines' runs that start one.
    pub pipeline_triggers: Vec<PlanPipelineTrigger>,
    /// Event triggers.
    pub triggers: Vec<PlanEventTrigger>,
    /// Sensors.
    pub sensors: Vec<PlanSensor>,
    /// A call from outside starts a run; `None` = none does.
    pub webhook: Option<PlanWebhook>,
    /// Assets whose materialisation starts a run.
    pub asset_triggers: Vec<PlanAssetTrigger>,
    /// How old assets may become.
    pub freshness: Vec<PlanFreshness>,
    /// By when runs must have ended well.
    pub deadlines: Vec<PlanDeadline>,
    /// Whom to tell how runs ended.
    pub alerts: Vec<PlanAlert>,
    /// What is watched of how long runs take.
    pub anomalies: Vec<PlanAnomaly>,
    /// How many runs may be live at once.
    pub concurrency: Option<PlanConcurrency>,
    /// How long a run may take once it was let go, milliseconds.
    pub timeout_ms: Option<u64>,
    /// Who answers for what its tasks cost; empty = nobody.
    pub owner: String,
    /// What its runs may cost.
    pub budget: Option<Budget>,
    /// By what grants reach it; see [`crate::access::allows`].
    pub labels: Vec<String>,
}

/// The end of a run of another pipeline starts one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanPipelineTrigger {
    /// Of which pipeline; `None` = of any other.
    pub pipeline: Option<PipelineId>,
    /// How that run must have ended.
    pub statuses: Vec<RunStatus>,
    /// Inputs; texts may hold templates that read `outputs` of the run that ended.
    pub run_inputs: Map<String, Value>,
}

impl PlanPipelineTrigger {
    /// Does the end of a run of this pipeline start one?
    pub fn answers(&self, pipeline: PipelineId, status: RunStatus) -> bool {
        self.pipeline.is_none_or(|named| named == pipeline) && self.statuses.contains(&status)
    }
}

/// How many may be live at once, and what happens to one more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanConcurrency {
    /// A number, or a text that holds a template; 0, null and an empty text = no limit.
    pub max_active: String,
    /// A word of [`crate::status::OnLimit`], or a text that holds a template.
    pub on_limit: String,
}

/// A task group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanGroup {
    /// Id as the file spells it.
    pub id: String,
    /// Display name; empty = none.
    pub name: String,
    /// Top-level nodes that must end first.
    pub depends_on: Vec<Node>,
    /// Expression without braces.
    pub condition: Option<String>,
    /// Repeats the group per element.
    pub matrix: Option<PlanMatrix>,
    /// It does not run; what depends on it depends on what it depends on.
    pub paused: bool,
}

/// Repeats a group: one iteration per element, or per combination of elements where there are several inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanMatrix {
    /// Per name: a list, in which texts may hold templates, or a text that is one template and yields a list.
    pub inputs: Vec<(String, Value)>,
    /// Iterations at once; 0 = all.
    pub max_parallel: u32,
    /// Whether iterations that have not begun still do after a failure.
    pub continue_on_error: bool,
}

/// How long to wait before a further attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backoff {
    /// Before the second attempt, milliseconds.
    pub delay_ms: u64,
    /// The delay doubles with every attempt.
    pub exponential: bool,
    /// The longest delay, milliseconds; 0 = no bound.
    pub max_delay_ms: u64,
    /// Part of the delay, 0 to 1000 thousandths, that is drawn by chance.
    pub jitter_thousandths: u32,
}

/// A task's share of a named pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolUse {
    /// Name of the pool, the same for all pipelines.
    pub name: String,
    /// Slots that one attempt takes.
    pub slots: u32,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanTask {
    /// Id as the file spells it.
    pub id: String,
    /// Display name; empty = none.
    pub name: String,
    /// Its group.
    pub group: Option<u32>,
    /// Siblings (inside a group) or top-level nodes that must end first.
    pub depends_on: Vec<Node>,
    /// Expression without braces.
    pub condition: Option<String>,
    /// For example `DBT_CORE`.
    pub integration: String,
    /// For example `DBT_CORE_EXECUTE`.
    pub integration_job: String,
    /// As written, expressions included.
    pub parameters: Map<String, Value>,
    /// Name of the connection; empty = the default one.
    pub connection: String,
    /// Further attempts after a failed one.
    pub retries: u32,
    /// Pause before such an attempt.
    pub backoff: Backoff,
    /// How long an attempt may run, seconds.
    pub timeout_seconds: Option<u32>,
    /// A failure counts as a warning.
    pub treat_failure_as_warning: bool,
    /// It does not run; what depends on it depends on what it depends on.
    pub paused: bool,
    /// How many attempts of this task may be live at once over all runs of the pipeline.
    pub concurrency: Option<PlanConcurrency>,
    /// Named pool that an attempt takes slots of.
    pub pool: Option<PoolUse>,
    /// -100 to 100; higher goes first.
    pub priority: i32,
    /// Labels that a worker must carry.
    pub worker_labels: BTreeMap<String, String>,
    /// `ORCHESTRA/TRIGGER_PIPELINE`: do not wait for the run that it starts.
    pub detached: bool,
    /// `ORCHESTRA/APPROVAL`: undecided for so long = failed, milliseconds.
    pub approval_expires_ms: Option<u64>,
    /// Whom to tell how it ended.
    pub alerts: Vec<PlanAlert>,
    /// What is watched of how long it takes.
    pub anomalies: Vec<PlanAnomaly>,
    /// Who answers for what it costs, instead of the pipeline's owner; empty = that one.
    pub owner: String,
    /// What it says it reads and writes.
    pub declared: Option<Box<PlanDeclared>>,
    /// Where its operations land, as written, expressions included: maps by key.
    pub operation_metadata: Map<String, Value>,
}

/// What the coordinator does by itself for a task, without a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreJob {
    /// `ORCHESTRA/WAIT`.
    Wait,
    /// `ORCHESTRA/APPROVAL`.
    Approval,
    /// `ORCHESTRA/TRIGGER_PIPELINE`.
    TriggerPipeline,
}

impl CoreJob {
    /// The job that needs no worker, if this is one.
    pub fn of(integration: &str, job: &str) -> Option<Self> {
        match (integration, job) {
            ("ORCHESTRA", "WAIT") => Some(Self::Wait),
            ("ORCHESTRA", "APPROVAL") => Some(Self::Approval),
            ("ORCHESTRA", "TRIGGER_PIPELINE") => Some(Self::TriggerPipeline),
            _ => None,
        }
    }
}

impl PlanTask {
    /// The job that needs no worker, if it is one.
    pub fn core_job(&self) -> Option<CoreJob> {
        CoreJob::of(&self.integration, &self.integration_job)
    }
}

/// A declared run input.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanInput {
    /// Name, as `inputs.NAME` reads it.
    pub name: String,
    /// The dialect's type name: string, number, boolean, dict or list.
    pub kind: String,
    /// Value where the trigger gives none.
    pub default: Option<Value>,
    /// May be absent: null then.
    pub optional: bool,
    /// Allowed texts; empty = any.
    pub options: Vec<String>,
}

/// A time trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanSchedule {
    /// Unique in its pipeline; `schedule-N` where the file gives no name.
    pub name: String,
    /// The cron expression: six fields, as the dialect writes them, or the five of Unix.
    pub cron: String,
    /// `cron` has the five fields of Unix.
    pub unix: bool,
    /// IANA name.
    pub timezone: String,
    /// Inputs of the runs it starts.
    pub run_inputs: Map<String, Value>,
    /// Id or name of the environment of its runs; empty = the default one.
    pub environment: String,
    /// Dates `YYYY-MM-DD` in its zone on which it does not fire.
    pub exclude: Vec<String>,
    /// What becomes of a fixed time when the clock changes.
    pub dst: Dst,
    /// What becomes of instants that were missed.
    pub catchup: Catchup,
    /// Missed instants that are caught up at most, the latest ones.
    pub max_catchup: u32,
    /// How old a missed instant may be to be caught up, milliseconds.
    pub catchup_window_ms: u64,
    /// Each instant fires up to so much later, milliseconds.
    pub jitter_ms: u64,
    /// It does not fire before.
    pub start: Option<Timestamp>,
    /// It does not fire from then on.
    pub end: Option<Timestamp>,
    /// It does not fire, and what passes meanwhile is not caught up.
    pub paused: bool,
}

impl Default for PlanSchedule {
    fn default() -> Self {
        let ScheduleOptions { dst, catchup, max_catchup, catchup_window_ms, jitter_ms, paused, .. } =
            ScheduleOptions::default();
        Self {
            name: String::new(),
            cron: String::new(),
            unix: false,
            timezone: String::new(),
            run_inputs: Map::new(),
            environment: String::new(),
            exclude: Vec::new(),
            dst,
            catchup,
            max_catchup,
            catchup_window_ms,
            jitter_ms,
            start: None,
            end: None,
            paused,
        }
    }
}

/// An event trigger: one event, or one of each of several kinds within a time.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanEventTrigger {
    /// Unique in its pipeline; `trigger-N` where the file gives no name.
    pub name: String,
    /// The events that it takes: a run starts once there is one of each.
    pub parts: Vec<PlanEventPart>,
    /// How long an event waits for those of the other parts, milliseconds.
    pub within_ms: u64,
}

/// Which events count, and what a run is given of them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanEventPart {
    /// NATS subject below `downbeat.trigger.`, with `*` and `>`.
    pub subject: String,
    /// Expression over `event`.
    pub when: Option<String>,
    /// Expressions over `event`, by input.
    pub run_inputs: Vec<(String, String)>,
}

/// A plan with the look-ups that a run needs at every step.
#[derive(Debug)]
pub struct PreparedPlan {
    /// The plan.
    pub plan: Plan,
    /// Per task: who depends on it.
    pub task_dependents: Vec<Vec<Node>>,
    /// Per group: who depends on it.
    pub group_dependents: Vec<Vec<Node>>,
    /// Per group: its tasks.
    pub members: Vec<Vec<u32>>,
    /// Per task: its place among the tasks of its group.
    pub member_index: Vec<u32>,
    /// A task limits its attempts over all runs.
    pub limits_tasks: bool,
    /// Per task: do its parameters hold an expression?
    pub templated: Vec<bool>,
    /// Task ids in lower case: ids are matched without regard to case.
    pub task_by_id: BTreeMap<String, u32>,
    /// Group ids in lower case.
    pub group_by_id: BTreeMap<String, u32>,
}

impl PreparedPlan {
    /// Prepares a plan. Places that do not exist in it are left out: a plan from the log is data, not trusted code.
    pub fn new(plan: Plan) -> Self {
        let mut prepared = Self {
            task_dependents: vec![Vec::new(); plan.tasks.len()],
            group_dependents: vec![Vec::new(); plan.groups.len()],
            members: vec![Vec::new(); plan.groups.len()],
            member_index: Vec::with_capacity(plan.tasks.len()),
            limits_tasks: plan.tasks.iter().any(|task| task.concurrency.is_some()),
            templated: Vec::with_capacity(plan.tasks.len()),
            task_by_id: BTreeMap::new(),
            group_by_id: BTreeMap::new(),
            plan,
        };
        for (place, task) in (0u32..).zip(&prepared.plan.tasks) {
            for dependency in &task.depends_on {
                push_dependent(
                    &mut prepared.task_dependents,
                    &mut prepared.group_dependents,
                    *dependency,
                    Node::Task(place),
                );
            }
            let members = task.group.and_then(|group| prepared.members.get_mut(group as usize));
            prepared.member_index.push(members.as_ref().map_or(0, |members| members.len() as u32));
            if let Some(members) = members {
                members.push(place);
            }
            let holds_expression = task.parameters.values().any(downbeat_dialect::expression::has_template);
            prepared.templated.push(holds_expression);
            prepared.task_by_id.insert(task.id.to_lowercase(), place);
        }
        for (place, group) in (0u32..).zip(&prepared.plan.groups) {
            for dependency in &group.depends_on {
                push_dependent(
                    &mut prepared.task_dependents,
                    &mut prepared.group_dependents,
                    *dependency,
                    Node::Group(place),
                );
            }
            prepared.group_by_id.insert(group.id.to_lowercase(), place);
        }
        prepared
    }

    /// The tasks that a selection names, and, if it says so, everything that follows from them.
    pub fn select(&self, selection: &Selection) -> BTreeSet<u32> {
        let mut selected: BTreeSet<u32> =
            selection.tasks.iter().copied().filter(|task| self.contains(Node::Task(*task))).collect();
        if !selection.downstream {
            return selected;
        }
        let mut open: Vec<Node> = selected.iter().map(|task| Node::Task(*task)).collect();
        let mut left_groups = BTreeSet::new();
        while let Some(node) = open.pop() {
            let (followers, group) = match node {
                Node::Task(task) => (&self.task_dependents[task as usize], self.plan.tasks[task as usize].group),
                Node::Group(group) => (&self.group_dependents[group as usize], None),
            };
            // Who waits for a group waits for each of its tasks.
            open.extend(group.filter(|group| left_groups.insert(*group)).map(Node::Group));
            for follower in followers {
                let tasks: Vec<u32> = match *follower {
                    Node::Task(task) => vec![task],
                    Node::Group(group) => self.members[group as usize].clone(),
                };
                open.extend(tasks.into_iter().filter(|task| selected.insert(*task)).map(Node::Task));
            }
        }
        selected
    }

    /// Does this node exist in the plan?
    pub fn contains(&self, node: Node) -> bool {
        match node {
            Node::Group(group) => (group as usize) < self.plan.groups.len(),
            Node::Task(task) => (task as usize) < self.plan.tasks.len(),
        }
    }
}

fn push_dependent(tasks: &mut [Vec<Node>], groups: &mut [Vec<Node>], dependency: Node, dependent: Node) {
    let dependents = match dependency {
        Node::Task(task) => tasks.get_mut(task as usize),
        Node::Group(group) => groups.get_mut(group as usize),
    };
    if let Some(dependents) = dependents {
        dependents.push(dependent);
    }
}
