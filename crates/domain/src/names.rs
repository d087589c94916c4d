//! What the names of an expression mean inside a run.

use downbeat_dialect::expression::{Names, OrchestraName, TaskView, render_value};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value};

use crate::{id::TaskRunId, state::RunState};

/// The names that an expression of this run sees.
pub struct RunNames<'a> {
    /// The run.
    pub run: &'a RunState,
    /// The task whose expression it is; a group's condition has none.
    pub task: Option<u32>,
    /// `ORCHESTRA.CURRENT_TIME`.
    pub now: Timestamp,
}

impl RunNames<'_> {
    /// Resolves every expression inside a parameters object; the error says which parameter, what and why.
    pub fn render_parameters(&self, parameters: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        parameters
            .iter()
            .map(|(name, value)| match render_value(value, self) {
                Ok(value) => Ok((name.clone(), value)),
                Err(error) => Err(format!("parameter `{name}`: {}", error.message)),
            })
            .collect()
    }

    fn view(&self, place: u32) -> Option<TaskView> {
        let state = self.run.tasks.get(place as usize)?;
        let plan = self.run.plan.plan.tasks.get(place as usize)?;
        let parameters = state.parameters.as_deref().unwrap_or(&plan.parameters);
        Some(TaskView {
            status: state.status().as_str().to_owned(),
            outputs: state.outputs.as_deref().cloned().unwrap_or_default(),
            run_parameters: Value::Object(parameters.clone()),
            task_run_id: TaskRunId::derive(self.run.id, place).to_string(),
        })
    }
}

/// Text form of an instant, as the language writes it: `2024-10-29T12:01:02.123456`.
fn text_of(instant: Timestamp) -> Value {
    let local = instant.to_zoned(TimeZone::UTC).datetime();
    let micros = local.subsec_nanosecond() / 1_000;
    Value::String(format!("{}.{micros:06}", local.strftime("%Y-%m-%dT%H:%M:%S")))
}

impl Names for RunNames<'_> {
    fn env(&self, name: &str) -> Option<Value> {
        self.run.environment.get(name).cloned()
    }

    fn input(&self, name: &str) -> Option<Value> {
        let exact = self.run.inputs.get(name);
        exact
            .or_else(|| self.run.inputs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
            .cloned()
    }

    fn orchestra(&self, name: OrchestraName) -> Option<Value> {
        match name {
            OrchestraName::PipelineRunId => Some(Value::String(self.run.id.to_string())),
            OrchestraName::TaskRunId => {
                self.task.map(|task| Value::String(TaskRunId::derive(self.run.id, task).to_string()))
            }
            OrchestraName::CurrentTime => Some(text_of(self.now)),
            OrchestraName::PipelineRunStartedAt => Some(text_of(self.run.created_at)),
            OrchestraName::CurrentBranch => Some(Value::Null),
            // A run does not know these yet.
            OrchestraName::CurrentEnvId
            | OrchestraName::CurrentEnvName
            | OrchestraName::UserId
            | OrchestraName::TriggeredByUserEmail => None,
            // Single tasks of these are asked for by `task` and `task_group`; as a whole they have no value.
            OrchestraName::PipelineRunTasks | OrchestraName::PipelineRunTaskGroups => None,
        }
    }

    fn task(&self, id: &str) -> Option<TaskView> {
        self.view(*self.run.plan.task_by_id.get(&id.to_lowercase())?)
    }

    fn task_group(&self, id: &str) -> Option<Vec<TaskView>> {
        let group = *self.run.plan.group_by_id.get(&id.to_lowercase())?;
        self.run.plan.members.get(group as usize)?.iter().map(|member| self.view(*member)).collect()
    }
}
