//! The life cycle of a task run: the table in the documentation of `state::task` is read, and every pair of phase and event is
//! walked against it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, Event, FailureClass, Outcome, Partition, Phase, PipelineApplied, PipelineId, RunCreated, RunId,
    StopReason, TaskStatus, Trigger, WorkerId, evolve,
    metadata::Collected,
    plan::{Plan, PlanGroup, PlanTask},
};
use jiff::Timestamp;
use serde_json::Map;

const DOCUMENT: &str = include_str!("../src/state/task.rs");
const RUN: RunId = RunId([1; 16]);
const PIPELINE: PipelineId = PipelineId([2; 16]);
const WORKER: WorkerId = WorkerId([3; 16]);
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
}

fn case(event: Event) -> Case {
    Case { event, retry: None, warns: false }
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
        case(Event::TaskSkipped { run: RUN, task: 0, reason: reason(), condition: None, at: at(1) }),
        case(Event::AttemptLeased { attempt: ATTEMPT, worker: WORKER, parameters: None, at: at(1) }),
        case(Event::AttemptStarted {
            attempt: ATTEMPT,
            at: at(1),
            handle: Vec::new(),
            external_id: reason(),
            deadline: Some(at(9)),
        }),
        case(Event::AttemptStopRequested { attempt: ATTEMPT, reason: StopReason::Cancelled, at: at(1) }),
        case(Event::AttemptStopRequested { attempt: ATTEMPT, reason: StopReason::TimedOut, at: at(1) }),
        case(Event::AttemptStopped { attempt: ATTEMPT, at: at(1) }),
        case(Event::WaitStarted { attempt: ATTEMPT, at: at(1), until: at(60) }),
        case(Event::OperationsCollected { attempt: ATTEMPT, chunk: 0, collected: Arc::new(Collected::default()) }),
    ];
    for warns in [false, true] {
        let outcome = if warns { Outcome::Warning } else { Outcome::Succeeded };
        let succeeded =
            Event::AttemptSucceeded { attempt: ATTEMPT, outcome, outputs: Map::new(), message: reason(), at: at(1) };
        cases.push(Case { event: succeeded, retry: None, warns });
        let failed = Event::TaskFailed { run: RUN, task: 0, message: reason(), as_warning: warns, at: at(1) };
        cases.push(Case { event: failed, retry: None, warns });
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
            cases.push(Case { event: failed, retry: Some(retry), warns });
            let lost =
                Event::AttemptLost { attempt: ATTEMPT, reason: reason(), retry_at, as_warning: warns, at: at(1) };
            cases.push(Case { event: lost, retry: Some(retry), warns });
        }
    }
    cases
}

/// The events that bring task 0 of the run into each phase.
fn ways() -> Vec<(&'static str, Vec<Event>)> {
    let opened = Event::GroupOpened { run: RUN, group: 0, condition: None };
    let ready = Event::TaskReady { run: RUN, task: 0, condition: None, at: at(0) };
    let leased = Event::AttemptLeased { attempt: ATTEMPT, worker: WORKER, parameters: None, at: at(0) };
    let started = Event::AttemptStarted {
        attempt: ATTEMPT,
        at: at(0),
        handle: vec![1],
        external_id: String::new(),
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
    let held = [&opened, &ready, &leased].map(Clone::clone).to_vec();
    let then = |more: &[Event]| [held.as_slice(), more].concat();
    let skipped = Event::TaskSkipped { run: RUN, task: 0, reason: String::new(), condition: None, at: at(0) };
    vec![
        ("Waiting", Vec::new()),
        ("Ready", vec![opened.clone(), ready.clone()]),
        ("Leased", held.clone()),
        ("Running", then(std::slice::from_ref(&started))),
        ("Stopping", then(&[stop(StopReason::Cancelled)])),
        ("Stopping", then(&[started.clone(), stop(StopReason::TimedOut)])),
        ("Sleeping", vec![opened.clone(), Event::WaitStarted { attempt: ATTEMPT, at: at(0), until: at(60) }]),
        ("Backoff", then(&[failed(Some(at(30)), false)])),
        ("Ended", then(&[failed(None, false)])),
        ("Ended", then(&[failed(None, true)])),
        ("Ended", then(&[succeeded(Outcome::Succeeded)])),
        ("Ended", then(&[started, stop(StopReason::Cancelled), Event::AttemptStopped { attempt: ATTEMPT, at: at(0) }])),
        ("Ended", vec![opened, skipped]),
    ]
}

/// A run of a group with two tasks: the second keeps the run alive whatever becomes of the first.
fn run_after(events: &[Event]) -> Partition {
    let task = |id: &str| PlanTask { id: id.to_owned(), group: Some(0), ..PlanTask::default() };
    let plan = Plan {
        groups: vec![PlanGroup { id: "g".to_owned(), ..PlanGroup::default() }],
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
    let applies = |row: &&Row| {
        row.phases.iter().any(|known| known == phase)
            && row.events.contains(&name)
            && row.retry.is_none_or(|retry| case.retry == Some(retry))
    };
    let matching: Vec<&Row> = rows.iter().filter(applies).collect();
    assert!(matching.len() <= 1, "{phase} and {name} stand in {} rows", matching.len());
    let becomes = &matching.first()?.becomes;
    let Some(ended) = becomes.strip_prefix("Ended(").map(|rest| rest.trim_end_matches(')')) else {
        return Some(becomes.clone());
    };
    let usual = match ended.split_once("; ") {
        Some((_, "Cancelled in a cancelled run")) if cancelled => "Cancelled",
        Some((usual, _)) => usual,
        None => ended,
    };
    let (plain, warned) = usual.split_once(" or ").unwrap_or((usual, usual));
    Some(format!("Ended({})", if case.warns { warned } else { plain }))
}

#[test]
fn every_pair_of_phase_and_event_does_what_the_table_says_and_nothing_else() {
    let rows = table();
    assert_eq!(rows.len(), 14, "rows of the table in state/task.rs");
    let mut walked = 0;
    for (name, way) in ways() {
        for cancelled in [false, true] {
            for case in cases() {
                let mut partition = run_after(&way);
                let keeps_phase = matches!(name, "Leased" | "Running" | "Stopping" | "Ended");
                if cancelled && !keeps_phase {
                    continue;
                }
                if cancelled {
                    evolve(&mut partition, &Event::RunCancelRequested { run: RUN, reason: String::new(), at: at(0) });
                }
                let before = phase_of(&partition);
                assert_eq!(phase_name(before), name);
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
fn events_of_an_attempt_that_is_not_the_current_one_change_nothing() {
    let stale = |number| AttemptRef { number, ..ATTEMPT };
    for (name, way) in ways() {
        if matches!(name, "Waiting" | "Ready") {
            continue;
        }
        for number in [0, 2] {
            for event in [
                Event::AttemptStarted {
                    attempt: stale(number),
                    at: at(1),
                    handle: vec![],
                    external_id: String::new(),
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
                Event::AttemptStopped { attempt: stale(number), at: at(1) },
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
