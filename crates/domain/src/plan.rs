//! The plan: a pipeline as the core runs it. Names are resolved to places, defaults are filled in.
//!
//! A plan is recorded in the event that applies a pipeline, and tasks are spoken of by their place in it: so what a run did can
//! be read for ever, whatever a later version of the dialect makes of the text.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

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
    /// Pause before such an attempt, seconds.
    pub retry_delay_seconds: u32,
    /// How long an attempt may run, seconds.
    pub timeout_seconds: Option<u32>,
    /// A failure counts as a warning.
    pub treat_failure_as_warning: bool,
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
    /// Six fields, as the dialect writes them.
    pub cron: String,
    /// IANA name.
    pub timezone: String,
    /// Inputs of the runs it starts.
    pub run_inputs: Map<String, Value>,
    /// Dates `YYYY-MM-DD` in its zone on which it does not fire.
    pub exclude: Vec<String>,
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
            if let Some(members) = task.group.and_then(|group| prepared.members.get_mut(group as usize)) {
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
