//! Which jobs of the catalogue this version runs: those of the core, and those that every worker of this version can run.
//!
//! The list is a file of its own, `jobs.txt`, and a test of the whole holds it against the workers' own. What an operator's own
//! manifests add is only known to the workers that have them.

use std::{collections::BTreeSet, sync::LazyLock};

use downbeat_dialect::{Entry, Pipeline, Task, catalogue};

use crate::{compile::Unsupported, plan::CoreJob};

static BUILT_IN: LazyLock<BTreeSet<(&'static str, &'static str)>> =
    LazyLock::new(|| include_str!("jobs.txt").lines().filter_map(|line| line.split_once('/')).collect());

/// Whether this version runs the job without anything that an operator adds.
pub fn is_built_in(integration: &str, job: &str) -> bool {
    CoreJob::of(integration, job).is_some() || BUILT_IN.contains(&(integration, job))
}

/// A job of the catalogue that this version does not run by itself.
#[derive(Clone, Debug)]
pub struct NotYet {
    /// Its integration and name.
    pub kind: (String, String),
    /// What to say where no worker runs it either.
    pub fault: Unsupported,
}

/// Those of a pipeline, each where it stands. Jobs outside of the catalogue are nobody's promise, and not among them.
pub fn not_yet(pipeline: &Pipeline) -> Vec<NotYet> {
    let tasks = pipeline.entries.values().flat_map(|entry| -> Box<dyn Iterator<Item = &Task>> {
        match entry {
            Entry::Task(task) => Box::new(std::iter::once(task)),
            Entry::Group(group) => Box::new(group.tasks.values()),
        }
    });
    tasks.filter_map(of_task).collect()
}

fn of_task(task: &Task) -> Option<NotYet> {
    let (integration, job) = (&task.integration, &task.integration_job);
    let listed = catalogue::job(job).is_some_and(|(owner, _)| owner.name == *integration);
    if !listed || is_built_in(integration, job) {
        return None;
    }
    let message = format!(
        "task `{}`: {integration}/{job} is not run by this version, and no attached worker has a manifest for it; \
         `downbeat integrations` lists what is run, and docs/connectors.md says how to add one",
        task.id
    );
    Some(NotYet { kind: (integration.clone(), job.clone()), fault: Unsupported { message, span: Some(task.span) } })
}
