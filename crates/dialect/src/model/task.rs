//! Tasks and task groups: the nodes of the graph.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Alert, Condition, Configuration, GroupAdditions, TaskAdditions};
use crate::{Span, expression::Template};

/// One entry of the pipeline's top level.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "entries are few and live in one map; a box would only add a hop")]
pub enum Entry {
    /// Several tasks that share dependencies, a condition and perhaps a matrix.
    Group(TaskGroup),
    /// A standalone task.
    Task(Task),
}

impl Entry {
    /// The entry's id.
    pub fn id(&self) -> &str {
        match self {
            Entry::Group(group) => &group.id,
            Entry::Task(task) => &task.id,
        }
    }

    /// Ids of the top-level entries it waits for, spelled as those entries are.
    pub fn depends_on(&self) -> &[String] {
        match self {
            Entry::Group(group) => &group.depends_on,
            Entry::Task(task) => &task.depends_on,
        }
    }
}

/// Several tasks that share dependencies, a condition and perhaps a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskGroup {
    /// Unique in the pipeline, without regard to case.
    pub id: String,
    /// Shown instead of the id; may hold templates.
    pub name: Option<String>,
    /// Ids of top-level entries, spelled as those entries are, none twice.
    pub depends_on: Vec<String>,
    /// Replaces the default trigger rule.
    pub condition: Option<Condition>,
    /// Repeats the group per element.
    pub matrix: Option<Matrix>,
    /// Its tasks do not run.
    pub paused: bool,
    /// The user's free object.
    pub meta: Map<String, Value>,
    /// What `meta.downbeat` says.
    pub additions: GroupAdditions,
    /// At least one task, by id.
    pub tasks: IndexMap<String, Task>,
    /// The group's id in the text.
    pub span: Span,
}

/// One job of one integration.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Unique in the pipeline, without regard to case.
    pub id: String,
    /// Shown instead of the id; may hold templates.
    pub name: Option<String>,
    /// The integration, such as `PYTHON`.
    pub integration: String,
    /// The job, such as `PYTHON_EXECUTE_SCRIPT`.
    pub integration_job: String,
    /// As written, templates unrendered; defaults belong to the connector.
    pub parameters: Map<String, Value>,
    /// Which connection of the integration; may be a template. Absent: the account's default.
    pub connection: Option<String>,
    /// Ids of siblings (top-level entries for a standalone task), spelled as those are, none twice.
    pub depends_on: Vec<String>,
    /// Replaces the default trigger rule.
    pub condition: Option<Condition>,
    /// The task's own fields; see [`Configuration::or`].
    pub configuration: Configuration,
    /// A failure is recorded as WARNING.
    pub treat_failure_as_warning: bool,
    /// It does not run.
    pub paused: bool,
    /// Free words.
    pub tags: Vec<String>,
    /// Alerts on the task run.
    pub alerts: Vec<Alert>,
    /// Duration monitors, as written (their fields are checked).
    pub anomalies: Vec<Value>,
    /// Where the operations of this task land, by key, as written.
    pub operation_metadata: Map<String, Value>,
    /// The user's free object.
    pub meta: Map<String, Value>,
    /// What `meta.downbeat` says.
    pub additions: TaskAdditions,
    /// The task's id in the text.
    pub span: Span,
}

/// Repeats a group: one iteration per element.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Values by name; one name, unless the document was accepted with a warning.
    pub inputs: IndexMap<String, MatrixValues>,
    /// Iterations at once; absent means all.
    pub max_parallel: Option<u32>,
    /// One after another.
    pub sequential: bool,
    /// Whether the other iterations go on after a failure.
    pub continue_on_error: bool,
}

/// The elements of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub enum MatrixValues {
    /// Given in the document; texts in it may hold templates.
    List(Vec<Value>),
    /// One template that must yield a list.
    Expression(Template),
}
