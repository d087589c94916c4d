//! What can happen to a world: commands by the names that a test uses, and the passing of time.

use downbeat_domain::{Command, FailureClass, Mark, Outcome, Report, RestartMode, RunId, metadata::Collected};
use serde_json::{Map, Value};

/// Something that happens; to the run `RUN`, unless it is [`Step::of`] another one.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Do(Command),
    Start(Start),
    Restart(Restart),
    CarryOver,
    Lease(&'static str, bool),
    Report(&'static str, u32, Report),
    Lose(&'static str, u32),
    Mark(&'static str, Mark, Value),
    Decide(&'static str, bool, &'static str),
    Cancel,
    Wake,
    After(i64),
    Of(&'static str, Box<Step>),
}

/// A run is started, of the pipeline of this alias.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) pipeline: &'static str,
    pub(crate) version: u32,
    pub(crate) inputs: Value,
    pub(crate) environment: Value,
    pub(crate) environment_name: &'static str,
    pub(crate) select: &'static [&'static str],
    pub(crate) downstream: bool,
}

/// The run of this label is run again.
#[derive(Clone, Debug)]
pub(crate) struct Restart {
    pub(crate) of: &'static str,
    pub(crate) mode: RestartMode,
    pub(crate) tasks: &'static [&'static str],
    pub(crate) inputs: Value,
}

impl Step {
    /// The same, but to the run of this label: of what was started `of("2")`, or `a#1` for what attempt 1 of task `a` started.
    pub(crate) fn of(self, run: &'static str) -> Self {
        Self::Of(run, Box::new(self))
    }
}

pub(crate) fn lease(task: &'static str) -> Step {
    Step::Lease(task, false)
}

/// What the worker begins may outlive it.
pub(crate) fn lease_remote(task: &'static str) -> Step {
    Step::Lease(task, true)
}

pub(crate) fn started(task: &'static str, number: u32) -> Step {
    Step::Report(
        task,
        number,
        Report::Started { handle: vec![1], external_id: "job-1".to_owned(), link: String::new() },
    )
}

/// The job ended well with these outputs.
pub(crate) fn good(outputs: Value) -> Report {
    Report::Succeeded { outcome: Outcome::Succeeded, outputs: object(outputs), message: String::new() }
}

/// The job ended with a warning.
pub(crate) fn warning() -> Report {
    Report::Succeeded { outcome: Outcome::Warning, outputs: Map::new(), message: String::new() }
}

/// The job failed.
pub(crate) fn bad() -> Report {
    Report::Failed { class: FailureClass::JobFailed, message: "it broke".to_owned(), outputs: Map::new() }
}

pub(crate) fn succeeded(task: &'static str, number: u32) -> Step {
    set(task, number, Value::Null)
}

/// A success that sets outputs.
pub(crate) fn set(task: &'static str, number: u32, outputs: Value) -> Step {
    Step::Report(task, number, good(outputs))
}

pub(crate) fn warned(task: &'static str, number: u32) -> Step {
    Step::Report(task, number, warning())
}

pub(crate) fn failed_as(task: &'static str, number: u32, class: FailureClass) -> Step {
    Step::Report(task, number, Report::Failed { class, message: "it broke".to_owned(), outputs: Map::new() })
}

pub(crate) fn failed(task: &'static str, number: u32) -> Step {
    Step::Report(task, number, bad())
}

pub(crate) fn stopped(task: &'static str, number: u32) -> Step {
    Step::Report(task, number, Report::Stopped { unconfirmed: String::new() })
}

pub(crate) fn collected(task: &'static str, number: u32, chunk: u32) -> Step {
    Step::Report(task, number, Report::Collected { chunk, collected: Collected::default() })
}

pub(crate) fn lose(task: &'static str, number: u32) -> Step {
    Step::Lose(task, number)
}

pub(crate) fn after(seconds: i64) -> Step {
    Step::After(seconds)
}

pub(crate) fn cancel() -> Step {
    Step::Cancel
}

pub(crate) fn wake() -> Step {
    Step::Wake
}

/// Ada decides the outcome of a task.
pub(crate) fn mark(task: &'static str, mark: Mark) -> Step {
    Step::Mark(task, mark, Value::Null)
}

pub(crate) fn approve(task: &'static str, by: &'static str) -> Step {
    Step::Decide(task, true, by)
}

pub(crate) fn reject(task: &'static str, by: &'static str) -> Step {
    Step::Decide(task, false, by)
}

/// A run of the pipeline of this alias.
pub(crate) fn start_pipeline(pipeline: &'static str) -> Start {
    Start {
        pipeline,
        version: 0,
        inputs: Value::Null,
        environment: Value::Null,
        environment_name: "",
        select: &[],
        downstream: false,
    }
}

pub(crate) fn start() -> Step {
    Step::Start(start_pipeline("demo"))
}

pub(crate) fn start_with(inputs: Value, environment: Value) -> Step {
    Step::Start(Start { inputs, environment, ..start_pipeline("demo") })
}

/// A run in the environment of this name.
pub(crate) fn start_in(environment_name: &'static str) -> Step {
    Step::Start(Start { environment_name, ..start_pipeline("demo") })
}

/// A run of these tasks and groups alone.
pub(crate) fn start_only(select: &'static [&'static str]) -> Step {
    Step::Start(Start { select, ..start_pipeline("demo") })
}

/// A run of these tasks and groups, and of what follows from them.
pub(crate) fn start_from(select: &'static [&'static str]) -> Step {
    Step::Start(Start { select, downstream: true, ..start_pipeline("demo") })
}

/// Run `RUN` is run again; what it takes over follows with [`carry_over`].
pub(crate) fn restart(mode: RestartMode, tasks: &'static [&'static str]) -> Step {
    Step::Restart(Restart { of: "", mode, tasks, inputs: Value::Null })
}

pub(crate) fn carry_over() -> Step {
    Step::CarryOver
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The run that a label stands for, unless another run started it.
pub(crate) fn run_id(label: &str) -> RunId {
    match label.as_bytes() {
        [] => super::RUN,
        [first, ..] => RunId([*first; 16]),
    }
}
