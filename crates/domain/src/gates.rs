//! What holds a run or a task at this moment, read from the state: which gate, since when, who stands in the way. The answer to "why
//! does it not go on?"; why it went as it did stands in its events.

use jiff::Timestamp;

use crate::{
    command::Context,
    decide,
    id::RunId,
    plan::{Node, PlanTask},
    state::{GroupPhase, Partition, Phase, RunState},
    status::TaskStatus,
};

/// Kinds of gates, as programs see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateKind {
    /// Tasks or groups that have to end first.
    Dependencies,
    /// Iterations of its matrix.
    Iterations,
    /// Other runs of the pipeline.
    Concurrency,
    /// Its pipeline is paused.
    PipelinePaused,
    /// A budget is spent.
    Budget,
    /// Slots of a named pool.
    Pool,
    /// Other attempts of the same task.
    TaskConcurrency,
    /// A worker that offers the job and has a free slot.
    Worker,
    /// The pause before its next attempt.
    Retry,
    /// A person.
    Approval,
    /// A run that it started.
    ChildRun,
    /// Time, and nothing else.
    Time,
    /// What a restart takes over from the run before.
    Restart,
    /// A worker is at it.
    Running,
}

impl GateKind {
    /// Spelling of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dependencies => "DEPENDENCIES",
            Self::Iterations => "ITERATIONS",
            Self::Concurrency => "CONCURRENCY",
            Self::PipelinePaused => "PIPELINE_PAUSED",
            Self::Budget => "BUDGET",
            Self::Pool => "POOL",
            Self::TaskConcurrency => "TASK_CONCURRENCY",
            Self::Worker => "WORKER",
            Self::Retry => "RETRY",
            Self::Approval => "APPROVAL",
            Self::ChildRun => "CHILD_RUN",
            Self::Time => "TIME",
            Self::Restart => "RESTART",
            Self::Running => "RUNNING",
        }
    }
}

/// One thing that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What kind.
    pub kind: GateKind,
    /// In words.
    pub text: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// Runs that stand in the way.
    pub runs: Vec<RunId>,
}

fn gate(kind: GateKind, text: String, since: Option<Timestamp>) -> Gate {
    Gate { kind, text, since, runs: Vec::new() }
}

/// The pool, or the task's own limit, that has no room for one more attempt of this task now.
pub fn full_pool(partition: &Partition, run: &RunState, task: u32, context: &Context) -> Option<String> {
    decide::full_pool(partition, run, task, context)
}

/// What holds the run as a whole; empty = its tasks go on.
pub fn of_run(partition: &Partition, run: &RunState) -> Vec<Gate> {
    if !run.admitted {
        return vec![before_admission(partition, run)];
    }
    if run.awaits_carry {
        let text = "takes over what the run before it has done".to_owned();
        return vec![gate(GateKind::Restart, text, Some(run.created_at))];
    }
    Vec::new()
}

fn before_admission(partition: &Partition, run: &RunState) -> Gate {
    let since = Some(run.created_at);
    let pipeline = partition.pipelines.get(&run.pipeline);
    if let Some((reason, at)) = pipeline.and_then(|pipeline| pipeline.paused.as_ref()) {
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        return gate(GateKind::PipelinePaused, format!("its pipeline is paused{reason}"), Some(*at));
    }
    // Its period ends by a fact, and not by the clock alone.
    if let Some(held) = pipeline.and_then(|state| crate::cost::held(partition, run.pipeline, state, Timestamp::MIN)) {
        return gate(GateKind::Budget, held, since);
    }
    let lane = partition.lanes.lanes.get(&(run.pipeline, run.environment_name.clone()));
    let live: Vec<RunId> = lane.map(|lane| lane.live.iter().map(|(_, id)| *id).collect()).unwrap_or_default();
    let before = lane.map_or(0, |lane| lane.waiting.range(..(run.order, run.id)).count());
    let text = format!("concurrency: live runs of the pipeline: {}; waiting before this one: {before}", live.len());
    Gate { kind: GateKind::Concurrency, text, since, runs: live }
}

/// What holds a task; empty = nothing but a free worker, which is not known here.
pub fn of_task(partition: &Partition, run: &RunState, place: u32, context: &Context) -> Vec<Gate> {
    let Some((task, plan)) = run.tasks.get(place as usize).zip(run.planned(place)) else { return Vec::new() };
    let since = Some(task.since);
    let one = |kind, text: String| vec![gate(kind, text, since)];
    match task.phase {
        Phase::Waiting => waiting(partition, run, place, plan),
        Phase::Ready => ready(partition, run, place, plan, context),
        Phase::Leased(worker) => one(GateKind::Worker, format!("offered to worker {worker}, which has not begun yet")),
        Phase::Running(worker) => one(GateKind::Running, format!("worker {worker} is at it")),
        Phase::Stopping(worker, reason) => one(GateKind::Running, format!("worker {worker} is stopping it ({reason})")),
        Phase::Sleeping(until) => one(GateKind::Time, format!("waits until {until}")),
        Phase::Backoff(until) => {
            let (failures, retries) = (task.failures, plan.retries);
            one(GateKind::Retry, format!("the next attempt goes at {until} ({failures} failed, {retries} retries)"))
        }
        Phase::Approving(until) => one(GateKind::Approval, approval(task.parameters.as_deref(), until)),
        Phase::Delegated(child) | Phase::Recalling(child, _) => {
            let status = partition.run_status(child).map_or("gone", |status| status.as_str());
            let text = format!("waits for run {child}, which is {status}");
            vec![Gate { kind: GateKind::ChildRun, text, since, runs: vec![child] }]
        }
        Phase::Fanned => {
            let total = run.children_of(place).len();
            one(GateKind::Iterations, format!("{} of its {total} iterations have not ended", task.waiting_on))
        }
        Phase::Ended(_) => Vec::new(),
    }
}

fn approval(parameters: Option<&serde_json::Map<String, serde_json::Value>>, until: Option<Timestamp>) -> String {
    let approvers = parameters.and_then(|parameters| parameters.get("approvers")?.as_array());
    let names: Vec<&str> = approvers.into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    let who = if names.is_empty() { "a person".to_owned() } else { names.join(", ") };
    let until = until.map(|until| format!("; it expires at {until}")).unwrap_or_default();
    format!("waits for the decision of {who}{until}")
}

fn waiting(partition: &Partition, run: &RunState, place: u32, plan: &PlanTask) -> Vec<Gate> {
    let mut gates = of_run(partition, run);
    let open: Vec<String> = run
        .dependencies_of(place)
        .into_iter()
        .filter(|node| run.ended_as(*node).is_none())
        .map(|node| describe(run, node))
        .collect();
    if !open.is_empty() {
        gates.push(gate(GateKind::Dependencies, format!("waits for {}", open.join(", ")), None));
    }
    let Some(group) = plan.group.and_then(|group| run.groups.get(group as usize).map(|state| (group, state))) else {
        return gates;
    };
    let (place_of_group, state) = group;
    let planned = &run.plan.plan.groups[place_of_group as usize];
    match (&state.expansion, run.iteration_of(place)) {
        (Some(expansion), Some((_, iteration))) if iteration >= expansion.next => {
            let most = planned.matrix.as_ref().map_or(0, |matrix| matrix.max_parallel);
            let text = format!("iteration {iteration} has not begun: {} of at most {most} at once run", expansion.live);
            gates.push(gate(GateKind::Iterations, text, None));
        }
        _ if state.phase == GroupPhase::Waiting => {
            let open: Vec<String> = planned
                .depends_on
                .iter()
                .filter(|node| run.ended_as(**node).is_none())
                .map(|node| describe(run, *node))
                .collect();
            // Before the run goes, a group waits for nothing else.
            if !open.is_empty() {
                let text = format!("its group `{}` waits for {}", planned.id, open.join(", "));
                gates.push(gate(GateKind::Dependencies, text, None));
            }
        }
        _ => {}
    }
    gates
}

fn ready(partition: &Partition, run: &RunState, place: u32, plan: &PlanTask, context: &Context) -> Vec<Gate> {
    let since = run.tasks.get(place as usize).map(|task| task.since);
    let mut gates = Vec::new();
    if let Some(needs) = &plan.pool {
        let pool = partition.pools.named.get(&needs.name);
        let (slots, used) = (pool.and_then(|pool| pool.slots), pool.map_or(0, |pool| pool.used()));
        let text = match slots {
            None => format!("pool `{}` has no size; set one with `downbeat pool set {} SLOTS`", needs.name, needs.name),
            Some(slots) => {
                let needed = needs.slots;
                let word = if needed == 1 { "slot" } else { "slots" };
                format!("needs {needed} {word} of pool `{}`, of which {used} of {slots} are taken", needs.name)
            }
        };
        if !pool.is_some_and(|pool| pool.fits(needs.slots)) {
            let mut runs: Vec<RunId> =
                pool.into_iter().flat_map(|pool| pool.holders.keys().map(|(run, _)| *run)).collect();
            runs.dedup();
            gates.push(Gate { kind: GateKind::Pool, text, since, runs });
        }
    }
    if !decide::task_has_room(partition, run, place, context) {
        let lane = partition.pools.tasks.get(&(run.pipeline, plan.id.to_lowercase()));
        let mut runs: Vec<RunId> = lane.into_iter().flat_map(|lane| lane.held.iter().map(|(run, _)| *run)).collect();
        runs.dedup();
        let text = format!("concurrency of the task: live attempts of it: {}", lane.map_or(0, |lane| lane.held.len()));
        gates.push(Gate { kind: GateKind::TaskConcurrency, text, since, runs });
    }
    gates
}

fn describe(run: &RunState, node: Node) -> String {
    match node {
        Node::Task(place) => {
            let name = run.tasks.get(place as usize).map(|task| decide::name_of(run, task)).unwrap_or_default();
            let status = run.tasks.get(place as usize).map_or(TaskStatus::Created, |task| task.status());
            format!("task `{name}` ({status})")
        }
        Node::Group(place) => {
            let id = run.plan.plan.groups.get(place as usize).map_or("?", |group| group.id.as_str());
            format!("group `{id}`")
        }
    }
}
