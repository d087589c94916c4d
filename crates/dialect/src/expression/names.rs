//! What an expression may read: the contract between the evaluator and whoever knows the run.

use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::{Map, Value};

/// What `matrix.index` means where the matrix has no input of that name: the place of the iteration, counted from 0.
///
/// Ours; the official validator takes any name after `matrix.` in the tasks of a group that has a matrix.
pub const MATRIX_INDEX: &str = "index";

/// What an expression over an event may read of it.
pub const EVENT_FIELDS: [&str; 7] = ["id", "type", "source", "subject", "time", "data", "nats"];

/// Gives the values of names at run time. Names come as written in the expression; where the language ignores case (`ENV`
/// variables excepted), the implementation does too. `None` means there is no such name, which is an error of the evaluation;
/// a name whose value is null is `Some(Value::Null)`.
pub trait Names {
    /// `ENV.NAME`.
    fn env(&self, _name: &str) -> Option<Value> {
        None
    }
    /// `inputs.name`.
    fn input(&self, _name: &str) -> Option<Value> {
        None
    }
    /// `ORCHESTRA.NAME`, but for the two maps of tasks: those go through [`Names::task`] and [`Names::task_group`].
    fn orchestra(&self, _name: OrchestraName) -> Option<Value> {
        None
    }
    /// `tasks['id']`.
    fn task(&self, _id: &str) -> Option<TaskView> {
        None
    }
    /// `task_groups['id']`: all task runs of the group, in all iterations.
    fn task_group(&self, _id: &str) -> Option<Vec<TaskView>> {
        None
    }
    /// `matrix.name`, without regard to case: an input of the matrix, or [`MATRIX_INDEX`].
    fn matrix(&self, _name: &str) -> Option<Value> {
        None
    }
    /// `secrets.NAME`.
    fn secret(&self, _name: &str) -> Option<Value> {
        None
    }
    /// `outputs` of a trigger.
    fn outputs(&self) -> Option<Value> {
        None
    }
    /// `event` of an event trigger: a map of [`super::EVENT_FIELDS`].
    fn event(&self) -> Option<Value> {
        None
    }
    /// The zone that `format_date` names; by default from the zone data compiled in.
    fn time_zone(&self, name: &str) -> Option<TimeZone> {
        TimeZoneDatabase::bundled().get(name).ok()
    }
}

/// Names for expressions that read none.
impl Names for () {}

/// What an expression sees of a task run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskView {
    /// One of the nine statuses, in capitals.
    pub status: String,
    /// Exported values; names are found without regard to case.
    pub outputs: Map<String, Value>,
    /// The rendered parameters.
    pub run_parameters: Value,
    /// Id of the task run.
    pub task_run_id: String,
}

/// The fields of `ORCHESTRA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrchestraName {
    /// Id of the run.
    PipelineRunId,
    /// Id of the task run that evaluates.
    TaskRunId,
    /// When the evaluation happens, as ISO text in UTC (`2024-10-29T12:01:02.123456`).
    CurrentTime,
    /// When the run started, in the same form.
    PipelineRunStartedAt,
    /// Branch of a pipeline that lives in a repository.
    CurrentBranch,
    /// Id of the environment of the run.
    CurrentEnvId,
    /// Name of the environment of the run.
    CurrentEnvName,
    /// Id of the person who started the run.
    UserId,
    /// Address of the person who started the run.
    TriggeredByUserEmail,
    /// The same as `tasks`.
    PipelineRunTasks,
    /// The same as `task_groups`.
    PipelineRunTaskGroups,
}

impl OrchestraName {
    /// All fields.
    pub const ALL: [OrchestraName; 11] = [
        OrchestraName::PipelineRunId,
        OrchestraName::TaskRunId,
        OrchestraName::CurrentTime,
        OrchestraName::PipelineRunStartedAt,
        OrchestraName::CurrentBranch,
        OrchestraName::CurrentEnvId,
        OrchestraName::CurrentEnvName,
        OrchestraName::UserId,
        OrchestraName::TriggeredByUserEmail,
        OrchestraName::PipelineRunTasks,
        OrchestraName::PipelineRunTaskGroups,
    ];

    /// The word of the language, in capitals.
    pub fn word(self) -> &'static str {
        match self {
            OrchestraName::PipelineRunId => "PIPELINE_RUN_ID",
            OrchestraName::TaskRunId => "TASK_RUN_ID",
            OrchestraName::CurrentTime => "CURRENT_TIME",
            OrchestraName::PipelineRunStartedAt => "PIPELINE_RUN_STARTED_AT",
            OrchestraName::CurrentBranch => "CURRENT_BRANCH",
            OrchestraName::CurrentEnvId => "CURRENT_ENV_ID",
            OrchestraName::CurrentEnvName => "CURRENT_ENV_NAME",
            OrchestraName::UserId => "USER_ID",
            OrchestraName::TriggeredByUserEmail => "TRIGGERED_BY_USER_EMAIL",
            OrchestraName::PipelineRunTasks => "PIPELINE_RUN_TASKS",
            OrchestraName::PipelineRunTaskGroups => "PIPELINE_RUN_TASK_GROUPS",
        }
    }

    /// Reads the word in any letter case.
    pub fn from_word(word: &str) -> Option<OrchestraName> {
        Self::ALL.into_iter().find(|name| name.word().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for OrchestraName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
