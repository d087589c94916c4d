//! What differs between two pipelines in meaning: the order of keys, layout, quotes and comments make no difference.
//!
//! Tasks and groups are matched by id without regard to case, schedules by name and then by cron expression, sensors and inputs
//! by id, trigger events by the pipeline they watch, alerts by name. One removed and one added task (or group) at the same place
//! count as renamed only if they are equal in everything but their id, and no other one is; what names the old id elsewhere
//! (a condition, a template) is then reported as the change it is. Knows nothing about text, files or versions.

mod additions;
mod collect;
mod entries;
mod render;
mod triggers;
mod values;

use serde::Serialize;
use serde_json::Value;

use crate::Pipeline;
use collect::Collector;
pub use render::render;

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Keys from the root of the document to what changed.
    pub path: Vec<String>,
    /// What happened to it.
    pub kind: ChangeKind,
    /// What was there; none for an addition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What is there now; none for a removal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A field of the pipeline itself, such as its name.
    PipelineChanged,
    /// Retries, delays, timeouts or concurrency, of the pipeline or a task, and what `meta.downbeat` adds to how tasks run.
    ConfigurationChanged,
    /// A new input.
    InputAdded,
    /// An input is gone.
    InputRemoved,
    /// Type, default or another field of an input.
    InputChanged,
    /// A new task group, with its tasks.
    GroupAdded,
    /// A task group is gone, with its tasks.
    GroupRemoved,
    /// The same task group under another id.
    GroupRenamed,
    /// A new task.
    TaskAdded,
    /// A task is gone.
    TaskRemoved,
    /// The same task under another id.
    TaskRenamed,
    /// A task stands in another group; `null` is the top level.
    TaskMoved,
    /// A field of a task or group that has no kind of its own.
    FieldChanged,
    /// A new parameter, or a new part of one.
    ParameterAdded,
    /// A parameter, or a part of one, is gone.
    ParameterRemoved,
    /// Another value of a parameter.
    ParameterChanged,
    /// A task or group waits for one more.
    DependencyAdded,
    /// A task or group waits for one less.
    DependencyRemoved,
    /// A condition came, went or changed.
    ConditionChanged,
    /// A new schedule (of `meta.downbeat` too), sensor or trigger event.
    TriggerAdded,
    /// A schedule, sensor or trigger event is gone.
    TriggerRemoved,
    /// A field of a schedule, a sensor, a trigger event or the webhook.
    TriggerChanged,
    /// An alert came, went or changed.
    AlertChanged,
    /// The free object of the pipeline, a task or a group, but for `meta.downbeat`.
    MetaChanged,
}

impl ChangeKind {
    /// Whether it is about what starts a run.
    pub fn is_about_triggers(self) -> bool {
        matches!(self, ChangeKind::TriggerAdded | ChangeKind::TriggerRemoved | ChangeKind::TriggerChanged)
    }
}

/// The differences from `old` to `new`, in the order of the document's parts; empty exactly if both mean the same.
pub fn diff(old: &Pipeline, new: &Pipeline) -> Vec<Change> {
    let mut found = Collector::default();
    found.fields(&[], &values::pipeline(old), &values::pipeline(new));
    found.additions(&[], &additions::of_pipeline(&old.additions), &additions::of_pipeline(&new.additions));
    found.inputs(old, new);
    found.triggers(old, new);
    found.entries(old, new);
    found.changes
}
