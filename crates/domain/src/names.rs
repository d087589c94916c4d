//! What the names of an expression mean inside a run.

use downbeat_dialect::expression::{Names, OrchestraName, TaskView, render_value};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value};

use crate::{
    id::{RunId, TaskRunId},
    state::RunState,
};

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
                Err(error) => Err(format!("parameter `{name}`: {error}")),
            })
            .collect()
    }

    /// The same of what may as well stay as it is written: entries that do not evaluate keep their expressions.
    pub fn render_what_evaluates(&self, entries: &Map<String, Value>) -> Map<String, Value> {
        let rendered = |value: &Value| render_value(value, self).unwrap_or_else(|_| value.clone());
        entries.iter().map(|(name, value)| (name.clone(), rendered(value))).collect()
    }

    /// The task run that `tasks['id']` means: inside a matrix the sibling of the same iteration.
    fn place_of(&self, id: &str) -> Option<u32> {
        let planned = *self.run.plan.task_by_id.get(&id.to_lowercase())?;
        let own = self.task.and_then(|task| Some((self.run.planned(task)?.group?, self.run.iteration_of(task)?.1)));
        let group = self.run.plan.plan.tasks.get(planned as usize)?.group;
        match own {
            Some((own_group, iteration)) if group == Some(own_group) => self.run.place_in(planned, iteration),
            _ => Some(planned),
        }
    }

    fn view(&self, place: u32) -> Option<TaskView> {
        let state = self.run.tasks.get(place as usize)?;
        let plan = self.run.planned(place)?;
        let parameters = state.parameters.as_deref().unwrap_or(&plan.parameters);
        Some(TaskView {
            status: state.seen_status().as_str().to_owned(),
            outputs: state.outputs.as_deref().cloned().unwrap_or_default(),
            run_parameters: Value::Object(parameters.clone()),
            task_run_id: TaskRunId::derive(self.run.id, place).to_string(),
        })
    }
}

/// The names that an expression sees while its run begins to exist: in defaults of inputs, and in what a trigger gives.
pub struct StartNames<'a> {
    /// The run that will exist.
    pub run: RunId,
    /// What `ENV.NAME` will read.
    pub environment: &'a Map<String, Value>,
    /// Name of that environment; empty = none.
    pub environment_name: &'a str,
    /// Inputs that are known already: those declared before.
    pub inputs: &'a Map<String, Value>,
    /// `outputs` of what started it.
    pub outputs: Option<&'a Value>,
    /// `ORCHESTRA.CURRENT_TIME`.
    pub now: Timestamp,
}

impl Names for StartNames<'_> {
    fn outputs(&self) -> Option<Value> {
        self.outputs.cloned()
    }

    fn env(&self, name: &str) -> Option<Value> {
        self.environment.get(name).cloned()
    }

    fn input(&self, name: &str) -> Option<Value> {
        by_name(self.inputs, name)
    }

    fn orchestra(&self, name: OrchestraName) -> Option<Value> {
        match name {
            OrchestraName::PipelineRunId => Some(Value::String(self.run.to_string())),
            OrchestraName::CurrentTime | OrchestraName::PipelineRunStartedAt => Some(text_of(self.now)),
            OrchestraName::CurrentBranch => Some(Value::Null),
            OrchestraName::CurrentEnvName => {
                Some(Value::String(self.environment_name.to_owned())).filter(|_| !self.environment_name.is_empty())
            }
            _ => None,
        }
    }
}

/// An input by its name, without regard to case where none has it exactly.
fn by_name(inputs: &Map<String, Value>, name: &str) -> Option<Value> {
    let near = || inputs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    inputs.get(name).or_else(near).cloned()
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
        by_name(&self.run.inputs, name)
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
            OrchestraName::CurrentEnvName => {
                Some(Value::String(self.run.environment_name.clone())).filter(|_| !self.run.environment_name.is_empty())
            }
            // A run does not know these yet.
            OrchestraName::CurrentEnvId | OrchestraName::UserId | OrchestraName::TriggeredByUserEmail => None,
            // Single tasks of these are asked for by `task` and `task_group`; as a whole they have no value.
            OrchestraName::PipelineRunTasks | OrchestraName::PipelineRunTaskGroups => None,
        }
    }

    fn task(&self, id: &str) -> Option<TaskView> {
        self.view(self.place_of(id)?)
    }

    fn task_group(&self, id: &str) -> Option<Vec<TaskView>> {
        let group = *self.run.plan.group_by_id.get(&id.to_lowercase())?;
        let members = self.run.plan.members.get(group as usize)?;
        match self.run.groups.get(group as usize)?.expansion.as_deref() {
            Some(expansion) => {
                let tasks = expansion.first..expansion.first + expansion.count() * members.len() as u32;
                tasks.map(|task| self.view(task)).collect()
            }
            None => members.iter().map(|member| self.view(*member)).collect(),
        }
    }

    fn matrix(&self, name: &str) -> Option<Value> {
        let (expansion, iteration) = self.run.iteration_of(self.task?)?;
        expansion.value(iteration, name)
    }
}
