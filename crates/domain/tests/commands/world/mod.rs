//! `given(steps).when(step).then(events)`: a partition with one pipeline, and a clock that only the tests move.

use downbeat_domain::{
    AttemptRef, Command, Context, Event, FailureClass, Outcome, Partition, PipelineApplied, PipelineId, Rejection,
    Report, RunId, RunStatus, StartRun, TaskStatus, Trigger, WorkerId, compile, evolve, execute, invariants,
    metadata::Collected, settle,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

pub(crate) const RUN: RunId = RunId([7; 16]);
pub(crate) const WORKER: WorkerId = WorkerId([8; 16]);

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Do(Command),
    Lease(&'static str),
    Report(&'static str, u32, Report),
    Lose(&'static str, u32),
    After(i64),
}

pub(crate) fn lease(task: &'static str) -> Step {
    Step::Lease(task)
}

pub(crate) fn started(task: &'static str, number: u32) -> Step {
    Step::Report(task, number, Report::Started { handle: vec![1], external_id: "job-1".to_owned() })
}

pub(crate) fn succeeded(task: &'static str, number: u32) -> Step {
    set(task, number, Value::Null)
}

/// A success that sets outputs.
pub(crate) fn set(task: &'static str, number: u32, outputs: Value) -> Step {
    let report = Report::Succeeded { outcome: Outcome::Succeeded, outputs: object(outputs), message: String::new() };
    Step::Report(task, number, report)
}

pub(crate) fn warned(task: &'static str, number: u32) -> Step {
    let report = Report::Succeeded { outcome: Outcome::Warning, outputs: Map::new(), message: String::new() };
    Step::Report(task, number, report)
}

pub(crate) fn failed_as(task: &'static str, number: u32, class: FailureClass) -> Step {
    Step::Report(task, number, Report::Failed { class, message: "it broke".to_owned(), outputs: Map::new() })
}

pub(crate) fn failed(task: &'static str, number: u32) -> Step {
    failed_as(task, number, FailureClass::JobFailed)
}

pub(crate) fn stopped(task: &'static str, number: u32) -> Step {
    Step::Report(task, number, Report::Stopped)
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
    Step::Do(Command::CancelRun { run: RUN, reason: "enough".to_owned() })
}

pub(crate) fn wake() -> Step {
    Step::Do(Command::WakeRun { run: RUN })
}

pub(crate) fn start() -> Step {
    start_with(Value::Null, Value::Null)
}

pub(crate) fn start_with(inputs: Value, environment: Value) -> Step {
    Step::Do(Command::StartRun(StartRun {
        run: RUN,
        pipeline: pipeline(),
        trigger: Trigger::Manual { user: "ada".to_owned() },
        inputs: object(inputs),
        environment: object(environment),
        environment_name: String::new(),
        selection: None,
    }))
}

pub(crate) fn pipeline() -> PipelineId {
    PipelineId::derive("default", "demo")
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

pub(crate) fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + seconds).unwrap()
}

/// The pipeline that a text compiles to.
pub(crate) fn applied(body: &str) -> PipelineApplied {
    let source = format!("version: v1\nname: Demo\n{body}");
    let parsed = downbeat_dialect::parse(&source);
    let shown: Vec<String> = parsed.diagnostics.iter().map(|fault| fault.render("p.yml", &source)).collect();
    let parsed = parsed.pipeline.unwrap_or_else(|| panic!("{}", shown.join("\n")));
    PipelineApplied {
        pipeline: pipeline(),
        alias: "demo".to_owned(),
        version: 0,
        name: "Demo".to_owned(),
        digest: [source.len() as u8; 32],
        source,
        source_root: String::new(),
        plan: compile::compile(&parsed).unwrap().plan,
    }
}

/// A partition, its clock and its history.
pub(crate) struct World {
    pub(crate) partition: Partition,
    pub(crate) now: Timestamp,
    history: Vec<Event>,
}

/// What a step led to.
pub(crate) struct Outcomes {
    world: World,
    answer: Result<Vec<Event>, Rejection>,
}

/// The pipeline of this text was applied.
pub(crate) fn given(body: &str) -> World {
    let world = World { partition: Partition::default(), now: instant(0), history: Vec::new() };
    world.after([Step::Do(Command::ApplyPipeline(Box::new(applied(body))))])
}

impl World {
    /// These steps were taken, and none was refused.
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

    pub(crate) fn status_of(&self, task: &str) -> TaskStatus {
        self.partition.runs[&RUN].tasks[self.place(task) as usize].status()
    }

    pub(crate) fn run_status(&self) -> RunStatus {
        match self.partition.runs.get(&RUN) {
            Some(run) => run.status(),
            None => self.partition.finished[&RUN].1,
        }
    }

    /// The place of a task by its id; `id[2]` is its iteration 2.
    fn place(&self, task: &str) -> u32 {
        let Some((id, iteration)) = task.strip_suffix(']').and_then(|task| task.split_once('[')) else {
            return self.partition.pipelines[&pipeline()].plan.task_by_id[task];
        };
        let planned = self.partition.pipelines[&pipeline()].plan.task_by_id[id];
        self.partition.runs[&RUN].place_in(planned, iteration.parse().unwrap()).unwrap()
    }

    fn attempt(&self, task: &str, number: u32) -> AttemptRef {
        AttemptRef { run: RUN, task: self.place(task), number }
    }

    fn take(&mut self, step: &Step) -> Result<Vec<Event>, Rejection> {
        let command = match step {
            Step::Do(command) => command.clone(),
            Step::Lease(task) => Command::LeaseTask { run: RUN, task: self.place(task), worker: WORKER },
            Step::Report(task, number, report) => {
                Command::Report { attempt: self.attempt(task, *number), report: report.clone() }
            }
            Step::Lose(task, number) => {
                Command::LoseAttempt { attempt: self.attempt(task, *number), reason: "gone".to_owned() }
            }
            Step::After(seconds) => {
                self.now = self.now.checked_add(SignedDuration::from_secs(*seconds)).unwrap();
                return Ok(Vec::new());
            }
        };
        let events = execute(&mut self.partition, &command, &Context { now: self.now, random: 7 })?;
        self.history.extend(events.iter().cloned());
        self.check();
        Ok(events)
    }

    /// Invariants hold, and folding the history from nothing gives the same state.
    fn check(&self) {
        assert_eq!(invariants::violations(&self.partition), Vec::<String>::new());
        let mut again = Partition::default();
        self.history.iter().for_each(|event| evolve(&mut again, event));
        // What is left to look at, but leads to nothing, is no part of the history.
        if self.partition.agenda.is_empty() {
            assert_eq!(settle(&mut again, &Context { now: self.now, random: 7 }), []);
        }
        assert_eq!(format!("{again:?}"), format!("{:?}", self.partition));
    }

    /// The id of a task; behind the tasks of the plan follow those of iterations.
    fn name(&self, run: Option<RunId>, place: u32) -> String {
        let run = run.and_then(|run| self.partition.runs.get(&run));
        let plan = run.map_or(&self.partition.pipelines[&pipeline()].plan, |run| &run.plan);
        match plan.plan.tasks.get(place as usize) {
            Some(task) => task.id.clone(),
            None => match run.and_then(|run| run.tasks.get(place as usize)) {
                Some(task) => format!("{}[{}]", plan.plan.tasks[task.planned as usize].id, task.iteration.unwrap()),
                None => format!("#{place}"),
            },
        }
    }

    fn line(&self, event: &Event) -> String {
        let run = event.run().and_then(|run| self.partition.runs.get(&run));
        let plan = run.map_or(&self.partition.pipelines[&pipeline()].plan, |run| &run.plan);
        let plan = &plan.plan;
        let task = |place: u32| self.name(event.run(), place);
        let attempt = |attempt: &AttemptRef| format!("{}#{}", task(attempt.task), attempt.number);
        let later = |at: Option<Timestamp>| match at {
            Some(at) => format!(" again after {} s", at.duration_since(self.now).as_secs()),
            None => String::new(),
        };
        let warning = |as_warning: bool| if as_warning { " as a warning" } else { "" };
        match event {
            Event::PartitionOwned { .. } => "PartitionOwned".to_owned(),
            Event::PipelineApplied(applied) => format!("PipelineApplied version {}", applied.version),
            Event::RunCreated(created) => format!("RunCreated of version {}", created.version),
            Event::RunCancelRequested { reason, .. } => format!("RunCancelRequested: {reason}"),
            Event::RunFinished { status, message, .. } => format!("RunFinished {status} {message}").trim().to_owned(),
            Event::GroupOpened { group, .. } => format!("GroupOpened {}", plan.groups[*group as usize].id),
            Event::GroupSkipped { group, reason, .. } => {
                format!("GroupSkipped {}: {reason}", plan.groups[*group as usize].id)
            }
            Event::TaskReady { task: place, .. } => format!("TaskReady {}", task(*place)),
            Event::TaskSkipped { task: place, reason, .. } => format!("TaskSkipped {}: {reason}", task(*place)),
            Event::TaskFailed { task: place, message, as_warning, .. } => {
                format!("TaskFailed {}{}: {message}", task(*place), warning(*as_warning))
            }
            Event::AttemptLeased { attempt: of, parameters, .. } => {
                let parameters = parameters.clone().map(|fields| format!(" with {}", Value::Object(fields)));
                format!("AttemptLeased {}{}", attempt(of), parameters.unwrap_or_default())
            }
            Event::AttemptStarted { attempt: of, deadline, .. } => {
                let seconds = deadline.map(|at| at.duration_since(self.now).as_secs());
                format!("AttemptStarted {}{}", attempt(of), seconds.map(|s| format!(" for {s} s")).unwrap_or_default())
            }
            Event::AttemptSucceeded { attempt: of, outcome, .. } => {
                format!("AttemptSucceeded {} {outcome}", attempt(of))
            }
            Event::AttemptFailed { attempt: of, class, retry_at, as_warning, .. } => {
                format!("AttemptFailed {} {class}{}{}", attempt(of), later(*retry_at), warning(*as_warning))
            }
            Event::AttemptLost { attempt: of, retry_at, as_warning, .. } => {
                format!("AttemptLost {}{}{}", attempt(of), later(*retry_at), warning(*as_warning))
            }
            Event::AttemptStopRequested { attempt: of, reason, .. } => {
                format!("AttemptStopRequested {} {reason}", attempt(of))
            }
            Event::AttemptStopped { attempt: of, .. } => format!("AttemptStopped {}", attempt(of)),
            Event::WaitStarted { attempt: of, until, .. } => {
                format!("WaitStarted {} for {} s", attempt(of), until.duration_since(self.now).as_secs())
            }
            Event::PipelinePaused { reason, .. } => format!("PipelinePaused: {reason}"),
            Event::PipelineResumed { .. } => "PipelineResumed".to_owned(),
            Event::PipelineDeleted { .. } => "PipelineDeleted".to_owned(),
            Event::PoolSet { name, slots, .. } => format!("PoolSet {name} {slots:?}"),
            Event::RunQueued { reason, .. } => format!("RunQueued: {reason}"),
            Event::RunAdmitted { deadline, .. } => {
                let seconds = deadline.map(|at| at.duration_since(self.now).as_secs());
                format!("RunAdmitted{}", seconds.map(|s| format!(" for {s} s")).unwrap_or_default())
            }
            Event::RunTimedOut { .. } => "RunTimedOut".to_owned(),
            Event::CarryCompleted { .. } => "CarryCompleted".to_owned(),
            Event::MatrixExpanded { group, axes, .. } => {
                let axes: Vec<String> =
                    axes.iter().map(|(name, values)| format!("{name}={}", Value::Array(values.clone()))).collect();
                format!("MatrixExpanded {} {}", plan.groups[*group as usize].id, axes.join(" "))
            }
            Event::IterationOpened { group, iteration, .. } => {
                format!("IterationOpened {}[{iteration}]", plan.groups[*group as usize].id)
            }
            Event::IterationSkipped { group, iteration, reason, .. } => {
                format!("IterationSkipped {}[{iteration}]: {reason}", plan.groups[*group as usize].id)
            }
            Event::IterationsEnded { task: place, status, .. } => format!("IterationsEnded {} {status}", task(*place)),
            Event::TaskCarriedOver(carried) => {
                let iteration = carried.iteration.as_ref().map(|id| format!("[{id}]")).unwrap_or_default();
                format!("TaskCarriedOver {}{iteration} {}", task(carried.task), carried.status)
            }
            Event::TaskResumes { task: place, iteration, operations, .. } => {
                let iteration = iteration.as_ref().map(|id| format!("[{id}]")).unwrap_or_default();
                format!("TaskResumes {}{iteration}: {}", task(*place), operations.join(", "))
            }
            Event::TaskMarked { task: place, mark, by, reason, .. } => {
                format!("TaskMarked {} {mark} by {by}: {reason}", task(*place))
            }
            Event::ApprovalRequested { attempt: of, approvers, until, .. } => {
                let seconds = until.map(|at| at.duration_since(self.now).as_secs());
                let until = seconds.map(|s| format!(" for {s} s")).unwrap_or_default();
                format!("ApprovalRequested {}{until} of {approvers:?}", attempt(of))
            }
            Event::ApprovalDecided { attempt: of, approved, by, .. } => {
                format!("ApprovalDecided {} {} by {by}", attempt(of), if *approved { "approved" } else { "rejected" })
            }
            Event::ChildStarted { attempt: of, detached, .. } => {
                format!("ChildStarted {}{}", attempt(of), if *detached { " detached" } else { "" })
            }
            Event::ChildEnded { attempt: of, status, retry_at, .. } => {
                format!("ChildEnded {} {status}{}", attempt(of), later(*retry_at))
            }
            Event::OperationsCollected { attempt: of, chunk, .. } => {
                format!("OperationsCollected {} chunk {chunk}", attempt(of))
            }
        }
    }
}

impl Outcomes {
    /// Exactly these events came of it, one line each.
    #[track_caller]
    pub(crate) fn then(self, lines: impl IntoIterator<Item = &'static str>) -> World {
        let events = self.answer.unwrap_or_else(|rejection| panic!("refused: {rejection}"));
        let found: Vec<String> = events.iter().map(|event| self.world.line(event)).collect();
        assert_eq!(found, lines.into_iter().map(str::to_owned).collect::<Vec<_>>());
        self.world
    }

    /// It was refused with these words, and nothing changed.
    #[track_caller]
    pub(crate) fn refused(self, words: &str) -> World {
        let rejection = self.answer.expect_err("it was accepted");
        assert!(rejection.to_string().contains(words), "refused with: {rejection}");
        self.world
    }

    pub(crate) fn events(self) -> Vec<Event> {
        self.answer.unwrap()
    }
}
