//! From a parsed pipeline to a plan: names become places, defaults are filled in. What this version cannot run is refused here, by
//! name and place, instead of being ignored at run time.

use std::collections::BTreeMap;

use downbeat_dialect::{Condition, Configuration, Entry, Pipeline, Schedule, Span, Task, TaskGroup};

use crate::{
    limits,
    plan::{Node, Plan, PlanGroup, PlanInput, PlanSchedule, PlanTask},
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
                plan.groups.push(compile_group(group, &places));
                let siblings = |id: &str| {
                    group.tasks.keys().position(|key| key.eq_ignore_ascii_case(id)).and_then(|_| places.task(id))
                };
                for task in group.tasks.values() {
                    plan.tasks.push(compile_task(task, Some(place), &pipeline.configuration, &siblings));
                }
            }
            Entry::Task(task) => {
                plan.tasks.push(compile_task(task, None, &pipeline.configuration, &|id| places.top_level(id)));
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
    plan.schedules =
        pipeline.schedules.iter().enumerate().map(|(at, schedule)| compile_schedule(at, schedule)).collect();
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

fn compile_group(group: &TaskGroup, places: &Places) -> PlanGroup {
    PlanGroup {
        id: group.id.clone(),
        name: group.name.clone().unwrap_or_default(),
        depends_on: group.depends_on.iter().filter_map(|id| places.top_level(id)).collect(),
        condition: group.condition.as_ref().map(expression_text),
    }
}

fn compile_task(
    task: &Task,
    group: Option<u32>,
    defaults: &Configuration,
    resolve: &dyn Fn(&str) -> Option<Node>,
) -> PlanTask {
    let configuration = task.configuration.or(defaults);
    PlanTask {
        id: task.id.clone(),
        name: task.name.clone().unwrap_or_default(),
        group,
        depends_on: task.depends_on.iter().filter_map(|id| resolve(id)).collect(),
        condition: task.condition.as_ref().map(expression_text),
        integration: task.integration.clone(),
        integration_job: task.integration_job.clone(),
        parameters: task.parameters.clone(),
        connection: task.connection.clone().unwrap_or_default(),
        retries: configuration.retries.unwrap_or(0),
        retry_delay_seconds: configuration.retry_delay_minutes.unwrap_or(0).saturating_mul(60),
        timeout_seconds: configuration.timeout_seconds.filter(|seconds| *seconds > 0),
        treat_failure_as_warning: task.treat_failure_as_warning,
    }
}

/// The expression of a condition. The language allows one `${{ }}` around the whole of it; a plan holds it without.
fn expression_text(condition: &Condition) -> String {
    let text = condition.text.trim();
    let inner = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    inner.unwrap_or(text).trim().to_owned()
}

fn compile_schedule(at: usize, schedule: &Schedule) -> PlanSchedule {
    PlanSchedule {
        name: schedule.name.clone().unwrap_or_else(|| format!("schedule-{}", at + 1)),
        cron: schedule.cron_text.clone(),
        timezone: schedule.timezone.clone(),
        run_inputs: schedule.run_inputs.clone(),
        exclude: schedule.exclude.clone(),
    }
}

fn unsupported(pipeline: &Pipeline) -> Vec<Unsupported> {
    let mut refused = Vec::new();
    let mut refuse = |message: String, span: Option<Span>| refused.push(Unsupported { message, span });
    for (id, sensor) in &pipeline.sensors {
        refuse(format!("sensor `{id}`: sensors do not start runs in this version"), Some(sensor.span));
    }
    for event in &pipeline.trigger_events {
        refuse("trigger_events do not start runs in this version".to_owned(), Some(event.span));
    }
    for schedule in &pipeline.additions.schedules {
        refuse("meta.downbeat.schedules do not start runs in this version".to_owned(), Some(schedule.span));
    }
    if pipeline.webhook.enabled {
        refuse("webhook: webhooks do not start runs in this version".to_owned(), None);
    }
    for entry in pipeline.entries.values() {
        match entry {
            Entry::Group(group) => {
                if group.matrix.is_some() {
                    refuse(format!("group `{}`: matrix is not run by this version", group.id), Some(group.span));
                }
                if group.paused {
                    refuse(format!("group `{}`: paused is not run by this version", group.id), Some(group.span));
                }
                group.tasks.values().for_each(|task| check_task(task, &mut refuse));
            }
            Entry::Task(task) => check_task(task, &mut refuse),
        }
    }
    if limited(&pipeline.configuration) {
        refuse("configuration.concurrency is not enforced by this version".to_owned(), None);
    }
    let tasks = task_count(pipeline);
    if tasks > limits::TASKS_PER_PIPELINE_MAX {
        refuse(format!("{tasks} tasks; at most {} are allowed", limits::TASKS_PER_PIPELINE_MAX), None);
    }
    refused
}

fn check_task(task: &Task, refuse: &mut impl FnMut(String, Option<Span>)) {
    if task.paused {
        refuse(format!("task `{}`: paused is not run by this version", task.id), Some(task.span));
    }
    if task.additions.retry.is_some() {
        refuse(format!("task `{}`: meta.downbeat.retry is not kept by this version", task.id), Some(task.span));
    }
    if limited(&task.configuration) {
        refuse(format!("task `{}`: concurrency is not enforced by this version", task.id), Some(task.span));
    }
    if task.integration == "ORCHESTRA" && task.integration_job != "WAIT" {
        let job = &task.integration_job;
        refuse(format!("task `{}`: ORCHESTRA/{job} is not run by this version", task.id), Some(task.span));
    }
}

fn limited(configuration: &Configuration) -> bool {
    let unlimited = downbeat_dialect::Templated::Fixed(0);
    configuration
        .concurrency
        .as_ref()
        .and_then(|concurrency| concurrency.max_active.as_ref())
        .is_some_and(|max_active| *max_active != unlimited)
}

fn task_count(pipeline: &Pipeline) -> usize {
    let count = |entry: &Entry| match entry {
        Entry::Group(group) => group.tasks.len(),
        Entry::Task(_) => 1,
    };
    pipeline.entries.values().map(count).sum()
}

fn warnings(pipeline: &Pipeline) -> Vec<String> {
    let mut warnings = Vec::new();
    let tasks = pipeline.entries.values().flat_map(|entry| match entry {
        Entry::Group(group) => group.tasks.values().collect::<Vec<_>>(),
        Entry::Task(task) => vec![task],
    });
    let (mut alerts, mut anomalies) = (!pipeline.alerts.is_empty(), !pipeline.anomalies.is_empty());
    for task in tasks {
        alerts |= !task.alerts.is_empty();
        anomalies |= !task.anomalies.is_empty();
    }
    if alerts {
        warnings.push("alerts are stored but not sent by this version".to_owned());
    }
    if anomalies {
        warnings.push("anomalies are stored but not watched by this version".to_owned());
    }
    warnings
}
