//! From a parsed pipeline to a plan: names become places, defaults are filled in. What this version cannot run is refused here, by
//! name and place, instead of being ignored at run time.

mod alerts;
mod assets;
mod cost;
mod paused;
pub mod schedules;
mod sensors;
mod task;
mod triggers;

pub(crate) use sensors::places as sensor_places;

use std::collections::BTreeMap;

use downbeat_dialect::{Entry, OnLimit, Pipeline, Span, Task, Templated};

use crate::{
    limits,
    plan::{CoreJob, Node, Plan, PlanInput},
    runnable,
};

/// A construct of the language that this version does not run.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsupported {
    /// What, and what to do about it.
    pub message: String,
    /// Where in the file, if it has a place of its own.
    pub span: Option<Span>,
}

/// A plan, and what the user should know about it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What runs.
    pub plan: Plan,
    /// Accepted, but without effect in this version.
    pub warnings: Vec<String>,
}

/// Compiles a pipeline, or says everything that stands against it.
pub fn compile(pipeline: &Pipeline) -> Result<Compiled, Vec<Unsupported>> {
    let mut refused = runnable::faults(pipeline);
    refused.extend(unsupported(pipeline));
    if !refused.is_empty() {
        return Err(refused);
    }
    let places = Places::of(pipeline);
    let mut plan = Plan::default();
    for entry in pipeline.entries.values() {
        match entry {
            Entry::Group(group) => {
                let place = plan.groups.len() as u32;
                plan.groups.push(task::compile_group(group, &|id| places.top_level(id)));
                let siblings = |id: &str| {
                    group.tasks.keys().position(|key| key.eq_ignore_ascii_case(id)).and_then(|_| places.task(id))
                };
                for task in group.tasks.values() {
                    plan.tasks.push(task::compile_task(task, Some((place, group)), pipeline, &siblings));
                }
            }
            Entry::Task(task) => {
                plan.tasks.push(task::compile_task(task, None, pipeline, &|id| places.top_level(id)));
            }
        }
    }
    plan.inputs = pipeline
        .inputs
        .iter()
        .map(|(name, input)| PlanInput {
            name: name.clone(),
            kind: input.kind.word().to_owned(),
            default: input.default.clone(),
            optional: input.optional,
            options: input.options.clone(),
        })
        .collect();
    plan.schedules = schedules::compile(pipeline);
    plan.pipeline_triggers =
        pipeline.trigger_events.iter().filter_map(|event| triggers::pipeline_trigger(event).ok()).collect();
    plan.triggers = pipeline.additions.triggers.iter().map(triggers::event_trigger).collect();
    plan.sensors = sensors::compile(pipeline);
    plan.webhook = sensors::webhook(pipeline);
    assets::compile(pipeline, &mut plan);
    plan.alerts = pipeline.alerts.iter().map(alerts::compile).collect();
    plan.anomalies = pipeline.anomalies.iter().filter_map(|it| alerts::compile_anomaly("pipeline", it)).collect();
    let concurrency = pipeline.configuration.concurrency.as_ref();
    plan.concurrency = concurrency.and_then(|limit| task::concurrency(limit, pipeline.additions.cancel_running));
    plan.timeout_ms = pipeline.additions.timeout_ms;
    plan.owner = pipeline.additions.owner.clone().unwrap_or_default();
    plan.labels.clone_from(&pipeline.additions.labels);
    plan.budget = pipeline.additions.budget.as_ref().and_then(cost::budget);
    paused::pass_through(&mut plan);
    Ok(Compiled { plan, warnings: warnings(pipeline) })
}

/// Where each id of the file will stand in the plan.
struct Places {
    groups: BTreeMap<String, u32>,
    tasks: BTreeMap<String, u32>,
}

impl Places {
    fn of(pipeline: &Pipeline) -> Self {
        let (mut groups, mut tasks) = (BTreeMap::new(), BTreeMap::new());
        for entry in pipeline.entries.values() {
            match entry {
                Entry::Group(group) => {
                    groups.insert(group.id.to_lowercase(), groups.len() as u32);
                    for task in group.tasks.values() {
                        tasks.insert(task.id.to_lowercase(), tasks.len() as u32);
                    }
                }
                Entry::Task(task) => {
                    tasks.insert(task.id.to_lowercase(), tasks.len() as u32);
                }
            }
        }
        Self { groups, tasks }
    }

    fn task(&self, id: &str) -> Option<Node> {
        self.tasks.get(&id.to_lowercase()).map(|place| Node::Task(*place))
    }

    fn top_level(&self, id: &str) -> Option<Node> {
        self.groups.get(&id.to_lowercase()).map(|place| Node::Group(*place)).or_else(|| self.task(id))
    }
}

fn unsupported(pipeline: &Pipeline) -> Vec<Unsupported> {
    let mut refused = Vec::new();
    let mut refuse = |message: String, span: Option<Span>| refused.push(Unsupported { message, span });
    sensors::refuse(pipeline, &mut refuse);
    alerts::refuse(pipeline, &mut refuse);
    for event in &pipeline.trigger_events {
        if let Err(message) = triggers::pipeline_trigger(event) {
            refuse(message, Some(event.span));
        }
    }
    for task in tasks_of(pipeline) {
        check_task(task, &mut refuse);
    }
    let tasks = tasks_of(pipeline).count();
    if tasks > limits::TASKS_PER_PIPELINE_MAX {
        refuse(format!("{tasks} tasks; at most {} are allowed", limits::TASKS_PER_PIPELINE_MAX), None);
    }
    refused
}

fn check_task(task: &Task, refuse: &mut impl FnMut(String, Option<Span>)) {
    let core = CoreJob::of(&task.integration, &task.integration_job);
    if task.integration == "ORCHESTRA" && core.is_none() {
        let job = &task.integration_job;
        refuse(format!("task `{}`: ORCHESTRA/{job} is not run by this version", task.id), Some(task.span));
    }
    let Some(concurrency) = &task.configuration.concurrency else { return };
    if core.is_some() {
        let job = &task.integration_job;
        let message =
            format!("task `{}`: concurrency of a task counts attempts, and {job} needs no worker for one", task.id);
        refuse(message, Some(task.span));
    }
    if concurrency.on_limit == Templated::Fixed(OnLimit::QueueLatest) {
        let message = format!("task `{}`: concurrency of a task knows SKIP and QUEUE, not QUEUE_LATEST", task.id);
        refuse(message, Some(task.span));
    }
}

fn tasks_of(pipeline: &Pipeline) -> impl Iterator<Item = &Task> {
    pipeline.entries.values().flat_map(|entry| match entry {
        Entry::Group(group) => group.tasks.values().collect::<Vec<_>>(),
        Entry::Task(task) => vec![task],
    })
}

fn warnings(pipeline: &Pipeline) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(triggers::warnings(pipeline));
    warnings
}
