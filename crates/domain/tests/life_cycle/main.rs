//! The life cycle of a task run: the table in the documentation of `state::task` is read, and every pair of phase and event is
//! walked against it.
#![allow(clippy::unwrap_used, missing_docs)]

mod bystanders;

use std::{collections::BTreeSet, sync::Arc};

use downbeat_domain::{
    AttemptRef, Event, FailureClass, Mark, Outcome, Partition, Phase, PipelineApplied, PipelineId, RunCreated, RunId,
    RunStatus, StopReason, TaskCarriedOver, TaskStatus, Trigger, WorkerId, evolve,
    metadata::Collected,
    plan::{Plan, PlanGroup, PlanMatrix, PlanTask},
};
use jiff::Timestamp;
use serde_json::Map;

const DOCUMENT: &str = include_str!("../../src/state/task.rs");
const EVENTS: &str = include_str!("../../src/event.rs");
const RUN: RunId = RunId([1; 16]);
const PIPELINE: PipelineId = PipelineId([2; 16]);
const WORKER: WorkerId = WorkerId([3; 16]);
const CHILD: RunId = RunId([4; 16]);
const ATTEMPT: AttemptRef = AttemptRef { run: RUN, task: 0, number: 1 };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000 + second).unwrap()
}

/// A row of the table: phases, kinds of events, and what becomes of them, as written.
struct Row {
    phases: Vec<String>,
    events: Vec<String>,
    retry: Option<bool>,
    becomes: String,
}

fn table() -> Vec<Row> {
    let lines = DOCUMENT.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows = lines.filter(|line| line.contains('`')).map(|line| {
        let cells: Vec<&str> = line.trim_end_matches(" |").split(" | ").collect();
        let [phases, events, becomes] = cells.as_slice() else { panic!("not three cells: {line}") };
        let retry = match () {
            () if events.contains("with `retry_at`") => Some(true),
            () if events.contains("without") => Some(false),
            () => None,
        };
        let quoted = events.split('`').skip(1).step_by(2).filter(|name| name.starts_with(char::is_uppercase));
        Row {
            phases: phases.split(", ").map(str::to_owned).collect(),
            events: quoted.map(str::to_owned).collect(),
            retry,
            becomes: (*becomes).to_owned(),
        }
    });
    rows.collect()
}

/// An event with what decides between the alternatives of a cell.
struct Case {
    event: Event,
    retry: Option<bool>,
    warns: bool,
    /// The status that the event itself names.
    says: Option<TaskStatus>,
}

fn case(event: Event) -> Case {
    Case { event, retry: None, warns: false, says: None }
}

fn name_of(event: &Event) -> String {
    format!("{event:?}").chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

fn cases() -> Vec<Case> {
    let created = RunCreated {
        run: RUN,
        pipeline: PIPELINE,
        version: 1,
        trigger: Trigger::Manual { user: String::new() },
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        gated: false,
        deadline: None,
        selection: None,
        at: at(0),
    };
    let reason = String::new;
    let mut cases = vec![
        case(Event::PartitionOwned { owner: reason(), software_version: reason() }),
        case(Event::RunCreated(Box::new(created))),
        case(Event::RunCancelRequested { run: RUN, reason: reason(), at: at(1) }),
        case(Event::GroupOpened { run: RUN, group: 0, condition: None }),
        case(Event::GroupSkipped { run: RUN, group: 0, reason: reason(), condition: None, at: at(1) }),
        case(Event::TaskReady { run: RUN, task: 0, condition: None, at: at(1) }),
        case(Event::TaskSkipped { run: RUN, task: 0, reason: reason(), condition: None, seen_as: None, at: at(1) }),
        case(Event::AttemptLeased { attempt: ATTEMPT, worker: WORKER, parameters: None, remote: false, at: at(1) }),
        case(Event::AttemptStarted {
            attempt: ATTEMPT,
            at: at(1),
            handle: Vec::new(),
            external_id: reason(),
            link: String::new(),
            deadline: Some(at(9)),
        }),
        case(Event::AttemptStopRequested { attempt: ATTEMPT, reason: StopReason::Cancelled, at: at(1) }),
        case(Event::AttemptStopRequested { attempt: ATTEMPT, reason: StopReason::TimedOut, at: at(1) }),
        case(Event::AttemptStopped { attempt: ATTEMPT, unconfirmed: String::new(), at: at(1) }),
        case(Event::WaitStarted { attempt: ATTEMPT, at: at(1), until: at(60) }),
        case(Event::OperationsCollected { attempt: ATTEMPT, chunk: 0, collected: Arc::new(Collected::default()) }),
    ];
    cases.push(case(Event::RunTimedOut { run: RUN, at: at(1) }));
    cases.push(case(Event::ApprovalRequested {
        attempt: ATTEMPT,
        approvers: Vec::new(),
        message: reason(),
        until: Some(at(60)),
        at: at(1),
    }));
    cases.push(case(Event::ChildStarted {
        attempt: ATTEMPT,
        child: CHILD,
        pipeline: PIPELINE,
        detached: false,
        deadline: None,
        at: at(1),
    }));
    cases.push(case(expanded()));
    cases.push(case(Event::IterationSkipped { run: RUN, group: 0, iteration: 0, reason: reason(), at: at(1) }));
    cases.push(case(carried()));
    for status in [TaskStatus::Succeeded, TaskStatus::Failed] {
        let ended = Event::IterationsEnded { run: RUN, task: 0, status, at: at(1) };
        cases.push(Case { event: ended, retry: None, warns: false, says: Some(status) });
    }
    for mark in [Mark::Succeeded, Mark::Skipped] {
        let says = Some(TaskStatus::from(mark));
        cases.push(Case { event: marked(mark), retry: None, warns: false, says });
    }
    for status in [TaskStatus::Skipped, TaskStatus::Failed] {
        for retry in [false, true] {
            let retry_at = retry.then(|| at(30));
            let event = Event::ChildEnded {
                attempt: ATTEMPT,
                status,
                message: reason(),
                outputs: Map::new(),
                retry_at,
                at: at(1),
            };
            cases.push(Case { event, retry: Some(retry), warns: false, says: Some(status) });
        }
    }
    for (approved, as_warning, says) in
        [(true, false, TaskStatus::Succeeded), (false, false, TaskStatus::Failed), (false, true, TaskStatus::Warning)]
    {
        let event = Event::ApprovalDecided {
            attempt: ATTEMPT,
            approved,
            by: reason(),
            comment: reason(),
            outputs: Map::new(),
            as_warning,
            at: at(1),
        };
        cases.push(Case { event, retry: None, warns: false, says: Some(says) });
    }
    for warns in [false, true] {
        let outcome = if warns { Outcome::Warning } else { Outcome::Succeeded };
        let succeeded =
            Event::AttemptSucceeded { attempt: ATTEMPT, outcome, outputs: Map::new(), message: reason(), at: at(1) };
        cases.push(Case { event: succeeded, retry: None, warns, says: None });
        let failed = Event::TaskFailed { run: RUN, task: 0, message: reason(), as_warning: warns, at: at(1) };
        cases.push(Case { event: failed, retry: None, warns, says: None });
        for retry in [false, true] {
            let retry_at = retry.then(|| at(30));
            let failed = Event::AttemptFailed {
                attempt: ATTEMPT,
                class: FailureClass::JobFailed,
                message: reason(),
                outputs: Map::new(),
                retry_at,
                as_warning: warns,
                at: at(1),
            };
            cases.push(Case { event: failed, retry: Some(retry), warns, says: None });
            let lost =
                Event::AttemptLost { attempt: ATTEMPT, reason: reason(), retry_at, as_warning: warns, at: at(1) };
            cases.push(Case { event: lost, retry: Some(retry), warns, says: None });
        }
    }
    cases.extend(bystanders::events().into_iter().map(case));
    cases
}

fn expanded() -> Event {
    Event::MatrixExpanded { run: RUN, group: 0, axes: vec![("n".to_owned(), vec![1.into()])], at: at(1) }
}

fn carried() -> Event {
    Event::TaskCarriedOver(Box::new(TaskCarriedOver {
        run: RUN,
        task: 0,
        iteration: None,
        status: TaskStatus::Succeeded,
        outputs: Map::new(),
        at: at(1),
    }))
}

fn marked(mark: Mark) -> Event {
    let (outputs, reason, by) = (Map::new(), String::new(), String::new());
    Event::TaskMarked { run: RUN, task: 0, mark, outputs, reason, by, at: at(1) }
}

/// The events that bring task 0 of the run into each phase.
fn ways() -> Vec<(&'static str, Vec<Event>)> {
    let opened = Event::GroupOpened { run: RUN, group: 0, condition: None };
    let ready = Event::TaskReady { run: RUN, task: 0, condition: None, at: at(0) };
    let leased = Event::AttemptLeased { attempt: ATTEMPT, worker: WORKER, parameters: None, remote: false, at: at(0) };
    let started = Event::AttemptStarted {
        attempt: ATTEMPT,
        at: at(0),
        handle: vec![1],
        external_id: String::new(),
        link: String::new(),
        deadline: None,
    };
    let stop = |reason| Event::AttemptStopRequested { attempt: ATTEMPT, reason, at: at(0) };
    let failed = |retry_at, as_warning| Event::AttemptFailed {
        attempt: ATTEMPT,
        class: FailureClass::JobFailed,
        message: String::new(),
        outputs: Map::new(),
        retry_at,
        as_warning,
        at: at(0),
    };
    let succeeded = |outcome| Event::AttemptSucceeded {
        attempt: ATTEMPT,
        outcome,
        outputs: Map::new(),
        message: String::new(),
        at: at(0),
    };
    let delegated = Event::ChildStarted {
        attempt: ATTEMPT,
        child: CHILD,
        pipeline: PIPELINE,
        detached: false,
        deadline: None,
        at: at(0),
    };
    let held = [&opened, &ready, &leased].map(Clone::clone).to_vec();
    let remote = Event::AttemptLeased { attempt: ATTEMPT, worker: WORKER, parameters: None, remote: true, at: at(0) };
    let lost = Event::AttemptLost {
        attempt: ATTEMPT,
        reason: String::new(),
        retry_at: Some(at(30)),
        as_warning: false,
        at: at(0),
    };
    let unsettled = vec![opened.clone(), ready.clone(), remote, lost];
    let then = |more: &[Event]| [held.as_slice(), more].concat();
    let skipped =
        Event::TaskSkipped { run: RUN, task: 0, reason: String::new(), condition: None, seen_as: None, at: at(0) };
    vec![
        ("Waiting", Vec::new()),
        ("Ready", vec![opened.clone(), ready.clone()]),
        ("Leased", held.clone()),
        ("Running", then(std::slice::from_ref(&started))),
        ("Stopping", then(&[stop(StopReason::Cancelled)])),
        ("Stopping", then(&[started.clone(), stop(StopReason::TimedOut)])),
        ("Sleeping", vec![opened.clone(), Event::WaitStarted { attempt: ATTEMPT, at: at(0), until: at(60) }]),
        (
            "Approving",
            vec![
                opened.clone(),
                Event::ApprovalRequested {
                    attempt: ATTEMPT,
                    approvers: Vec::new(),
                    message: String::new(),
                    until: None,
                    at: at(0),
                },
            ],
        ),
        ("Delegated", vec![opened.clone(), delegated.clone()]),
        ("Recalling", vec![opened.clone(), delegated, stop(StopReason::TimedOut)]),
        ("Fanned", vec![opened.clone(), expanded()]),
        ("Backoff", then(&[failed(Some(at(30)), false)])),
        ("Unsettled Ready", [unsettled.as_slice(), std::slice::from_ref(&ready)].concat()),
        ("Unsettled Backoff", unsettled),
        ("Ended", then(&[failed(None, false)])),
        ("Ended", then(&[failed(None, true)])),
        ("Ended", then(&[succeeded(Outcome::Succeeded)])),
        (
            "Ended",
            then(&[
                started,
                stop(StopReason::Cancelled),
                Event::AttemptStopped { attempt: ATTEMPT, unconfirmed: String::new(), at: at(0) },
            ]),
        ),
        ("Ended", vec![opened, skipped]),
    ]
}

/// A run of a group with two tasks: the second keeps the run alive whatever becomes of the first.
fn run_after(events: &[Event]) -> Partition {
    run_of(None, events)
}

fn run_of(matrix: Option<PlanMatrix>, events: &[Event]) -> Partition {
    let task = |id: &str| PlanTask { id: id.to_owned(), group: Some(0), ..PlanTask::default() };
    let plan = Plan {
        groups: vec![PlanGroup { id: "g".to_owned(), matrix, ..PlanGroup::default() }],
        tasks: vec![task("a"), task("b")],
        ..Plan::default()
    };
    let applied = PipelineApplied {
        pipeline: PIPELINE,
        alias: "p".to_owned(),
        version: 1,
        name: "p".to_owned(),
        source: String::new(),
        source_root: String::new(),
        digest: [0; 32],
        plan,
        origin: None,
        storage: None,
    };
    let mut partition = Partition::default();
    evolve(&mut partition, &Event::PipelineApplied(Box::new(applied)));
    let Some(Case { event, .. }) = cases().into_iter().nth(1) else { unreachable!("the second case creates the run") };
    evolve(&mut partition, &event);
    events.iter().for_each(|event| evolve(&mut partition, event));
    partition
}

fn phase_of(partition: &Partition) -> Phase {
    partition.runs[&RUN].tasks[0].phase
}

fn phase_name(phase: Phase) -> String {
    format!("{phase:?}").chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

/// What the table says for this pair, as a phase in `Debug` form, without what it carries unless it has ended.
fn promised(rows: &[Row], phase: &str, case: &Case, cancelled: bool) -> Option<String> {
    let name = name_of(&case.event);
    let applies = |row: &&Row| row.events.contains(&name) && row.retry.is_none_or(|retry| case.retry == Some(retry));
    let of = |phase: &str| -> Vec<&Row> {
        rows.iter().filter(applies).filter(|row| row.phases.iter().any(|known| known == phase)).collect()
    };
    let matching = match (of(phase), phase.strip_prefix("Unsettled ")) {
        (own, Some(usual)) if own.is_empty() => of(usual),
        (own, _) => own,
    };
    assert!(matching.len() <= 1, "{phase} and {name} stand in {} rows", matching.len());
    let becomes = &matching.first().filter(|row| row.becomes != "Unchanged")?.becomes;
    let Some(ended) = becomes.strip_prefix("Ended(").map(|rest| rest.trim_end_matches(')')) else {
        return Some(becomes.clone());
    };
    let usual = match ended.split_once("; ") {
        Some((_, "Cancelled in a cancelled run")) if cancelled => "Cancelled",
        Some((usual, _)) => usual,
        None => ended,
    };
    if let Some(says) = case.says {
        return Some(format!("Ended({says:?})"));
    }
    let (plain, warned) = usual.split_once(" or ").unwrap_or((usual, usual));
    Some(format!("Ended({})", if case.warns { warned } else { plain }))
}

#[test]
fn every_pair_of_phase_and_event_does_what_the_table_says_and_nothing_else() {
    let rows = table();
    assert_eq!(rows.len(), 27, "rows of the table in state/task.rs");
    let mut walked = 0;
    for (name, way) in ways() {
        for cancelled in [false, true] {
            for case in cases() {
                let mut partition = run_after(&way);
                let keeps_phase = name.starts_with("Unsettled")
                    || matches!(name, "Leased" | "Running" | "Stopping" | "Delegated" | "Recalling" | "Ended");
                if cancelled && !keeps_phase {
                    continue;
                }
                if cancelled {
                    evolve(&mut partition, &Event::RunCancelRequested { run: RUN, reason: String::new(), at: at(0) });
                }
                let before = phase_of(&partition);
                assert_eq!(Some(phase_name(before).as_str()), name.split(' ').next_back());
                evolve(&mut partition, &case.event);
                let after = phase_of(&partition);
                let what = format!("{before:?} and {:?}", case.event);
                match promised(&rows, name, &case, cancelled) {
                    None => assert_eq!(after, before, "{what}"),
                    Some(expected) if expected.starts_with("Ended") => {
                        assert_eq!(format!("{after:?}"), expected, "{what}");
                    }
                    Some(expected) => assert_eq!(phase_name(after), expected, "{what}"),
                }
                walked += 1;
            }
        }
    }
    assert!(walked > 300, "only {walked} pairs");
}

#[test]
fn the_pairs_hold_every_kind_of_event_but_those_that_make_and_end_what_they_are_about() {
    let declared = EVENTS.split_once("pub enum Event {").unwrap().1.split_once("\n}\n").unwrap().0;
    let name = |line: &str| line.chars().take_while(|letter| letter.is_alphanumeric()).collect::<String>();
    let declared = declared
        .lines()
        .filter_map(|line| line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase)));
    let walked: BTreeSet<String> = cases().iter().map(|case| name_of(&case.event)).collect();
    let missing: Vec<String> = declared.map(name).filter(|name| !walked.contains(name)).collect();
    assert_eq!(missing, ["PipelineApplied", "RunFinished"]);
    for (name, way) in ways() {
        let mut partition = run_after(&way);
        evolve(
            &mut partition,
            &Event::RunFinished { run: RUN, status: RunStatus::Failed, message: String::new(), at: at(1) },
        );
        assert!(!partition.runs.contains_key(&RUN) && partition.finished.contains_key(&RUN), "{name}");
    }
}

#[test]
fn events_of_an_attempt_that_is_not_the_current_one_change_nothing() {
    let stale = |number| AttemptRef { number, ..ATTEMPT };
    for (name, way) in ways() {
        if matches!(name, "Waiting" | "Ready" | "Unsettled Ready" | "Fanned") {
            continue;
        }
        for number in [0, 2] {
            for event in [
                Event::AttemptStarted {
                    attempt: stale(number),
                    at: at(1),
                    handle: vec![],
                    external_id: String::new(),
                    link: String::new(),
                    deadline: None,
                },
                Event::AttemptSucceeded {
                    attempt: stale(number),
                    outcome: Outcome::Succeeded,
                    outputs: Map::new(),
                    message: String::new(),
                    at: at(1),
                },
                Event::AttemptStopRequested { attempt: stale(number), reason: StopReason::Cancelled, at: at(1) },
                Event::AttemptStopped { attempt: stale(number), unconfirmed: String::new(), at: at(1) },
                Event::AttemptLost {
                    attempt: stale(number),
                    reason: String::new(),
                    retry_at: None,
                    as_warning: false,
                    at: at(1),
                },
            ] {
                let mut partition = run_after(&way);
                let before = format!("{partition:?}");
                evolve(&mut partition, &event);
                assert_eq!(format!("{partition:?}"), before, "{name} and {event:?}");
            }
        }
    }
}

#[test]
fn public_statuses_follow_from_phases() {
    let worker = WORKER;
    for (phase, status) in [
        (Phase::Waiting, TaskStatus::Created),
        (Phase::Ready, TaskStatus::Queued),
        (Phase::Leased(worker), TaskStatus::Queued),
        (Phase::Backoff(at(1)), TaskStatus::Queued),
        (Phase::Running(worker), TaskStatus::Running),
        (Phase::Sleeping(at(1)), TaskStatus::Running),
        (Phase::Stopping(worker, StopReason::TimedOut), TaskStatus::Running),
        (Phase::Stopping(worker, StopReason::Cancelled), TaskStatus::Cancelling),
        (Phase::Ended(TaskStatus::Skipped), TaskStatus::Skipped),
    ] {
        let mut partition = run_after(&[]);
        partition.runs.get_mut(&RUN).unwrap().tasks[0].phase = phase;
        assert_eq!(partition.runs[&RUN].tasks[0].status(), status, "{phase:?}");
    }
}
