//! `given(steps).when(step).then(events)`: a partition with pipelines, and a clock that only the tests move.

mod costs;
mod lines;
mod outcomes;
mod steps;
mod told;
mod yaml;

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    AttemptRef, Command, Context, Event, Partition, PipelineApplied, PipelineId, Rejection, Report, RestartRun, RunId,
    RunState, SelectTasks, StartRun, Trigger, WorkerId, compile, evolve, execute, invariants, plan::PreparedPlan,
    settle,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
pub(crate) use steps::*;
pub(crate) use yaml::*;

pub(crate) const RUN: RunId = RunId([7; 16]);
pub(crate) const WORKER: WorkerId = WorkerId([8; 16]);

pub(crate) fn pipeline() -> PipelineId {
    pipeline_of("demo")
}

pub(crate) fn pipeline_of(alias: &str) -> PipelineId {
    PipelineId::derive("default", alias)
}

pub(crate) fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + seconds).unwrap()
}

/// The pipeline `demo` that a text compiles to.
pub(crate) fn applied(body: &str) -> PipelineApplied {
    applied_as("demo", body)
}

pub(crate) fn applied_as(alias: &str, body: &str) -> PipelineApplied {
    let source = format!("version: v1\nname: Demo\n{body}");
    let parsed = downbeat_dialect::parse(&source);
    let shown: Vec<String> = parsed.diagnostics.iter().map(|fault| fault.render("p.yml", &source)).collect();
    let parsed = parsed.pipeline.unwrap_or_else(|| panic!("{}", shown.join("\n")));
    PipelineApplied {
        pipeline: pipeline_of(alias),
        alias: alias.to_owned(),
        version: 0,
        name: "Demo".to_owned(),
        digest: *blake3::hash(source.as_bytes()).as_bytes(),
        source,
        source_root: String::new(),
        plan: compile::compile(&parsed).unwrap_or_else(|refused| panic!("{refused:?}")).plan,
        origin: None,
        storage: None,
    }
}

pub(crate) fn apply(body: &str) -> Step {
    apply_as("demo", body)
}

pub(crate) fn apply_as(alias: &str, body: &str) -> Step {
    Step::Do(Command::apply(applied_as(alias, body)))
}

/// What a test knows of a run, live or ended.
struct Known {
    label: String,
    pipeline: PipelineId,
    plan: Arc<PreparedPlan>,
    /// Names of its task runs: the id, and behind the tasks of the plan those of iterations: `id[2]`.
    tasks: Vec<String>,
}

/// A partition, its clock and its history.
pub(crate) struct World {
    pub(crate) partition: Partition,
    pub(crate) now: Timestamp,
    /// What the next decisions draw.
    pub(crate) random: u64,
    pub(crate) history: Vec<Event>,
    known: BTreeMap<RunId, Known>,
    /// What other runs than `RUN` are called.
    labels: BTreeMap<RunId, String>,
    checks: bool,
}

/// What a step led to.
pub(crate) struct Outcomes {
    world: World,
    answer: Result<Vec<Event>, Rejection>,
}

/// The pipeline of this text was applied.
pub(crate) fn given(body: &str) -> World {
    World {
        partition: Partition::default(),
        now: instant(0),
        random: 7,
        history: Vec::new(),
        known: BTreeMap::new(),
        labels: BTreeMap::new(),
        checks: true,
    }
    .after([apply(body)])
}

impl World {
    /// The pipeline of this text was applied as well.
    pub(crate) fn and(self, alias: &str, body: &str) -> Self {
        self.after([apply_as(alias, body)])
    }

    /// Invariants are checked at the end and not after each step: for histories of thousands of events.
    pub(crate) fn without_checks(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.checks = false;
        self = self.after(steps);
        self.checks = true;
        self.check();
        self
    }

    /// Decisions draw this number from now on.
    pub(crate) fn drawing(mut self, random: u64) -> Self {
        self.random = random;
        self
    }

    /// These steps were taken, and none was refused.
    #[track_caller]
    pub(crate) fn after(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        for step in steps {
            if let Err(rejection) = self.take(&step) {
                panic!("{step:?} was refused: {rejection}");
            }
        }
        self
    }

    pub(crate) fn when(mut self, step: Step) -> Outcomes {
        let answer = self.take(&step);
        Outcomes { world: self, answer }
    }

    /// Workers do everything that is ready, in order: with success, unless a task is named here.
    #[track_caller]
    pub(crate) fn worked_off(mut self, answers: &[(&str, Report)]) -> Self {
        while let Some((run, task)) = self.next_ready() {
            let (known, number) = (&self.known[&run], self.partition.runs[&run].tasks[task as usize].attempt + 1);
            let report = answers.iter().find(|(name, _)| *name == known.tasks[task as usize]);
            let report = report.map_or_else(|| good(Value::Null), |(_, report)| report.clone());
            self.command(&Command::LeaseTask { run, task, worker: WORKER, remote: false }).unwrap();
            if self.partition.runs.get(&run).is_some_and(|run| run.held.contains(&task)) {
                let attempt = AttemptRef { run, task, number };
                self.command(&Command::Report { attempt, report }).unwrap();
            }
        }
        self
    }

    /// The same, with its invariants checked at the end.
    pub(crate) fn worked_off_unchecked(mut self, answers: &[(&str, Report)]) -> Self {
        self.checks = false;
        self = self.worked_off(answers);
        self.checks = true;
        self.check();
        self
    }

    fn next_ready(&self) -> Option<(RunId, u32)> {
        let mut runs: Vec<&RunState> = self.partition.runs.values().filter(|run| !run.ready.is_empty()).collect();
        runs.sort_by_key(|run| run.order);
        runs.first().and_then(|run| Some((run.id, *run.ready.first()?)))
    }

    fn take(&mut self, step: &Step) -> Result<Vec<Event>, Rejection> {
        self.take_of(RUN, step)
    }

    fn take_of(&mut self, run: RunId, step: &Step) -> Result<Vec<Event>, Rejection> {
        let attempt = |world: &Self, task: &str, number| AttemptRef { run, task: world.place(run, task), number };
        let command = match step {
            Step::Of(label, step) => {
                let run = self.run(label);
                self.labels.insert(run, (*label).to_owned());
                return self.take_of(run, step);
            }
            Step::Do(command) => command.clone(),
            Step::Start(start) => Command::StartRun(Box::new(start_run(run, start))),
            Step::Restart(restart) => Command::RestartRun(Box::new(RestartRun {
                run,
                prior: Arc::new(self.prior(restart.of)),
                mode: restart.mode,
                tasks: restart.tasks.iter().map(|id| (*id).to_owned()).collect(),
                inputs: object(restart.inputs.clone()),
                user: "ada".to_owned(),
            })),
            Step::CarryOver => {
                let Trigger::Restart { run: of, .. } = self.partition.runs[&run].trigger else { panic!("no restart") };
                Command::CarryOver { run, prior: Arc::new(self.prior(&self.label(of))) }
            }
            Step::Lease(task, remote) => {
                Command::LeaseTask { run, task: self.place(run, task), worker: WORKER, remote: *remote }
            }
            Step::Report(task, number, report) => {
                Command::Report { attempt: attempt(self, task, *number), report: report.clone() }
            }
            Step::Lose(task, number) => {
                Command::LoseAttempt { attempt: attempt(self, task, *number), reason: "gone".to_owned() }
            }
            Step::Mark(task, mark, outputs) => Command::MarkTask {
                run,
                task: self.place(run, task),
                mark: *mark,
                outputs: object(outputs.clone()),
                reason: "known".to_owned(),
                by: "ada".to_owned(),
            },
            Step::Decide(task, approved, by) => Command::DecideApproval {
                run,
                task: self.place(run, task),
                approved: *approved,
                by: (*by).to_owned(),
                comment: "fine".to_owned(),
            },
            Step::Cancel => Command::CancelRun { run, reason: "enough".to_owned() },
            Step::Wake => Command::WakeRun { run },
            Step::After(seconds) => {
                self.now = self.now.checked_add(SignedDuration::from_secs(*seconds)).unwrap();
                return Ok(Vec::new());
            }
        };
        self.command(&command)
    }

    fn context(&self) -> Context {
        Context { now: self.now, random: self.random }
    }

    fn command(&mut self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let context = self.context();
        let mut events = execute(&mut self.partition, command, &context)?;
        while !self.partition.agenda.is_empty() {
            events.extend(settle(&mut self.partition, &context));
        }
        self.note(&events);
        Ok(events)
    }

    fn note(&mut self, events: &[Event]) {
        for event in events {
            self.learn(event);
        }
        self.history.extend(events.iter().cloned());
        if self.checks {
            self.check();
        }
    }

    /// Names of runs and tasks, before they are needed and gone.
    fn learn(&mut self, event: &Event) {
        match event {
            Event::RunCreated(created) => {
                if let Trigger::PipelineEnded { run, .. } = created.trigger {
                    let follower = &self.partition.pipelines[&created.pipeline].alias;
                    self.labels.insert(created.run, format!("{}>{follower}", self.label(run)));
                }
                if let Trigger::Backfill { instant, .. } = created.trigger {
                    let seconds = instant.duration_since(self::instant(0)).as_secs();
                    self.labels.insert(created.run, format!("@{seconds}"));
                }
                if let Trigger::Asset { .. } = created.trigger {
                    let listener = &self.partition.pipelines[&created.pipeline].alias;
                    self.labels.insert(created.run, format!("~{listener}"));
                }
                let plan = self.partition.pipelines[&created.pipeline].at_hand(created.version).unwrap().plan;
                let tasks = plan.plan.tasks.iter().map(|task| task.id.clone()).collect();
                let (label, pipeline) = (self.label(created.run), created.pipeline);
                self.known.insert(created.run, Known { label, pipeline, plan, tasks });
            }
            Event::ChildStarted { attempt, child, .. } => {
                let of = &self.known[&attempt.run];
                let task = format!("{}#{}", of.tasks[attempt.task as usize], attempt.number);
                let label = if of.label.is_empty() { task } else { format!("{}:{task}", of.label) };
                self.labels.insert(*child, label);
            }
            Event::MatrixExpanded { run, group, axes, .. } => {
                let Some(known) = self.known.get_mut(run) else { return };
                let count: usize = axes.iter().map(|(_, values)| values.len()).product();
                for iteration in 0..count {
                    for task in &known.plan.members[*group as usize] {
                        known.tasks.push(format!("{}[{iteration}]", known.plan.plan.tasks[*task as usize].id));
                    }
                }
            }
            _ => {}
        }
    }

    /// Invariants hold, and folding the history from nothing gives the same state.
    fn check(&self) {
        assert_eq!(invariants::violations(&self.partition), Vec::<String>::new());
        let mut again = Partition::default();
        self.history.iter().for_each(|event| evolve(&mut again, event));
        // What is left to look at, but leads to nothing, is no part of the history.
        assert_eq!(settle(&mut again, &self.context()), []);
        assert_eq!(format!("{again:?}"), format!("{:?}", self.partition));
    }
}

fn start_run(run: RunId, start: &Start) -> StartRun {
    let ids: Vec<String> = start.select.iter().map(|id| (*id).to_owned()).collect();
    StartRun {
        run,
        pipeline: pipeline_of(start.pipeline),
        version: start.version,
        trigger: Trigger::Manual { user: "ada".to_owned() },
        inputs: object(start.inputs.clone()),
        environment: object(start.environment.clone()),
        environment_name: start.environment_name.to_owned(),
        selection: (!ids.is_empty()).then_some(SelectTasks { ids, downstream: start.downstream }),
    }
}
