//! One run as it was at a place of its history: folded from its own events and nothing else. Used by restarts and by time travel.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{
    event::Event,
    evolve::evolve,
    id::{PipelineId, RunId},
    limits,
    state::{Partition, Phase, RunState, TaskState, iteration_ids},
    status::{RunStatus, TaskStatus},
};

/// Folds the events of one run.
#[derive(Debug)]
pub struct Replay {
    run: RunId,
    pipeline: PipelineId,
    partition: Partition,
    ended: Option<(RunStatus, String)>,
    /// The version that it was started at, where another one was current, or none.
    version: Option<u32>,
    /// Per task run: operations of its last attempt that did not end well.
    unfinished: BTreeMap<u32, (u32, Vec<String>)>,
}

impl Replay {
    /// Nothing has happened yet. The versions of the pipeline must be given as well, before the run's own events.
    pub fn new(run: RunId, pipeline: PipelineId) -> Self {
        Self { run, pipeline, partition: Partition::default(), ended: None, version: None, unfinished: BTreeMap::new() }
    }

    /// Folds an event; those of other runs and pipelines are left aside.
    pub fn fold(&mut self, event: &Event) {
        match event {
            // The end is noted and not folded: the state before it is what is asked for.
            Event::RunFinished { run, status, message, .. } if *run == self.run => {
                self.ended = Some((*status, message.clone()));
            }
            Event::PipelineApplied(applied) | Event::PipelineDrafted(applied) | Event::PipelineRecalled(applied) => {
                let created = self.partition.runs.contains_key(&self.run);
                if applied.pipeline == self.pipeline && !created {
                    evolve(&mut self.partition, event);
                }
            }
            _ if event.run() == Some(self.run) && self.ended.is_none() => {
                if let Event::RunCreated(created) = event {
                    let current = self.partition.pipelines.get(&self.pipeline).map(|state| state.version);
                    self.version = (current != Some(created.version)).then_some(created.version);
                }
                self.note_operations(event);
                evolve(&mut self.partition, event);
            }
            _ => {}
        }
    }

    fn note_operations(&mut self, event: &Event) {
        let Event::OperationsCollected { attempt, collected, .. } = event else { return };
        let entry = self.unfinished.entry(attempt.task).or_default();
        if entry.0 != attempt.number {
            *entry = (attempt.number, Vec::new());
        }
        let bad = |status: &str| matches!(status, "FAILED" | "SKIPPED" | "CANCELLED");
        entry.1.extend(
            collected.operations.iter().filter(|operation| bad(&operation.status)).map(|it| it.external_id.clone()),
        );
    }

    /// The run as the events so far left it; `None` before it was created.
    pub fn run(&self) -> Option<&RunState> {
        self.partition.runs.get(&self.run)
    }

    /// How it ended, and what was said about it.
    pub fn ended(&self) -> Option<&(RunStatus, String)> {
        self.ended.as_ref()
    }

    /// What a restart needs to know of it; `None` while it has not ended.
    pub fn prior(&self) -> Option<PriorRun> {
        let (run, (status, _)) = (self.run()?, self.ended.as_ref()?);
        let mut tasks = Vec::new();
        let mut names: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (place, task) in (0u32..).zip(&run.tasks) {
            let Some(plan) = run.plan.plan.tasks.get(task.planned as usize) else { continue };
            if run.stands_for_iterations(place) {
                continue;
            }
            let iteration = match (task.iteration, plan.group) {
                (Some(iteration), Some(group)) => {
                    let ids = names.entry(group).or_insert_with(|| ids_of(run, group));
                    ids.get(iteration as usize).cloned()
                }
                _ => None,
            };
            tasks.push(self.task(place, task, plan.id.to_lowercase(), iteration));
        }
        Some(PriorRun {
            run: run.id,
            pipeline: run.pipeline,
            status: *status,
            version: self.version.unwrap_or(0),
            inputs: run.inputs.clone(),
            environment: run.environment.clone(),
            environment_name: run.environment_name.clone(),
            selected: run.selected.as_ref().map(|selected| ids_of_tasks(run, selected)),
            tasks,
        })
    }

    fn task(&self, place: u32, task: &TaskState, id: String, iteration: Option<String>) -> PriorTask {
        let operations = self.unfinished.get(&place).filter(|(attempt, _)| *attempt == task.attempt);
        let mut unfinished = operations.map(|(_, ids)| ids.clone()).unwrap_or_default();
        if unfinished.len() > limits::RESUMED_OPERATIONS_MAX {
            // So many that it may as well run as a whole.
            unfinished.clear();
        }
        PriorTask {
            id,
            iteration,
            status: if matches!(task.phase, Phase::Ended(_)) { task.seen_status() } else { TaskStatus::Cancelled },
            outputs: task.outputs.as_deref().cloned().unwrap_or_default(),
            unfinished_operations: unfinished,
        }
    }
}

fn ids_of_tasks(run: &RunState, places: &BTreeSet<u32>) -> Vec<String> {
    let plans = places.iter().filter_map(|place| run.plan.plan.tasks.get(*place as usize));
    plans.map(|plan| plan.id.to_lowercase()).collect()
}

fn ids_of(run: &RunState, group: u32) -> Vec<String> {
    let expansion = run.groups.get(group as usize).and_then(|group| group.expansion.as_deref());
    expansion.map(|expansion| iteration_ids(&expansion.axes)).unwrap_or_default()
}

/// A run that has ended, as far as its restart is concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorRun {
    /// The run.
    pub run: RunId,
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// How it ended.
    pub status: RunStatus,
    /// The version that it was started at, where that was not the current one then; 0 = it was.
    pub version: u32,
    /// Its inputs.
    pub inputs: Map<String, Value>,
    /// What `ENV.NAME` read.
    pub environment: Map<String, Value>,
    /// Name of that environment.
    pub environment_name: String,
    /// Ids of the tasks that it was about, in lower case; `None` = all.
    pub selected: Option<Vec<String>>,
    /// Its task runs; of a matrix those of its iterations, and not the ones that stand for them.
    pub tasks: Vec<PriorTask>,
}

/// A task run of a run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorTask {
    /// Id of the task, in lower case.
    pub id: String,
    /// Name of its iteration.
    pub iteration: Option<String>,
    /// How it ended, as others saw it.
    pub status: TaskStatus,
    /// What it had set.
    pub outputs: Map<String, Value>,
    /// Operations of its last attempt that did not end well, by their ids in the other system.
    pub unfinished_operations: Vec<String>,
}

impl PriorTask {
    /// A restart from what failed does not run it again.
    pub fn ended_well(&self) -> bool {
        matches!(self.status, TaskStatus::Succeeded | TaskStatus::Warning)
    }
}
