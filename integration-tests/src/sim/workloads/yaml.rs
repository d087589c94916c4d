//! Small words for writing pipelines as users do.

use std::fmt::Write;

/// A pipeline file under construction.
#[derive(Debug)]
pub(super) struct Yaml(String);

/// What a task of a test does.
pub(super) enum Job {
    /// A scripted job of the simulated workers.
    Script,
    /// A job of the other system.
    Remote,
    /// `DOWNBEAT/NOOP`.
    Noop,
    /// `ORCHESTRA/WAIT`.
    Wait(u64),
    /// `ORCHESTRA/APPROVAL`.
    Approval,
    /// `ORCHESTRA/TRIGGER_PIPELINE` of this pipeline of the workload.
    Trigger(usize),
}

impl Yaml {
    /// A file with this name and these lines before the tasks.
    pub(super) fn new(name: &str, before: &str) -> Self {
        Self(format!("version: v1\nname: {name}\n{before}pipeline:\n"))
    }

    /// A task at the top level.
    pub(super) fn task(&mut self, id: &str, job: &Job, depends_on: &[String], more: &str) {
        self.task_at(2, id, job, depends_on, more);
    }

    /// A group; its tasks follow with [`Self::member`].
    pub(super) fn group(&mut self, id: &str, depends_on: &[String], condition: Option<&str>) {
        let _ = write!(self.0, "  {id}:\n    depends_on: [{}]\n", depends_on.join(", "));
        if let Some(condition) = condition {
            let _ = writeln!(self.0, "    condition: \"{condition}\"");
        }
        self.0.push_str("    tasks:\n");
    }

    /// The same with a matrix, as it stands in the file.
    pub(super) fn matrix(&mut self, id: &str, depends_on: &[String], matrix: &str) {
        let before = depends_on.join(", ");
        let _ = write!(self.0, "  {id}:\n    depends_on: [{before}]\n    matrix: {matrix}\n    tasks:\n");
    }

    /// A task of the last group.
    pub(super) fn member(&mut self, id: &str, job: &Job, depends_on: &[String], more: &str) {
        self.task_at(6, id, job, depends_on, more);
    }

    /// The text.
    pub(super) fn text(self) -> String {
        self.0
    }

    fn task_at(&mut self, indent: usize, id: &str, job: &Job, depends_on: &[String], more: &str) {
        let what = match job {
            Job::Script => "integration: PYTHON, integration_job: PYTHON_EXECUTE_SCRIPT, parameters: {source: INLINE, \
                            command: python -, code: pass}"
                .to_owned(),
            Job::Remote => {
                let (integration, job) = super::REMOTE;
                format!("integration: {integration}, integration_job: {job}, parameters: {{connector_id: x}}")
            }
            Job::Noop => "integration: DOWNBEAT, integration_job: NOOP, parameters: {}".to_owned(),
            Job::Wait(minutes) => {
                format!("integration: ORCHESTRA, integration_job: WAIT, parameters: {{wait_minutes: {minutes}}}")
            }
            Job::Approval => "integration: ORCHESTRA, integration_job: APPROVAL, parameters: {}".to_owned(),
            Job::Trigger(pipeline) => {
                let id = super::id_of(*pipeline);
                format!("integration: ORCHESTRA, integration_job: TRIGGER_PIPELINE, parameters: {{pipeline_id: {id}}}")
            }
        };
        let _ = write!(self.0, "{:indent$}{id}: {{{what}, depends_on: [{}]", "", depends_on.join(", "));
        let _ = writeln!(self.0, "{}{more}}}", if more.is_empty() { "" } else { ", " });
    }
}
