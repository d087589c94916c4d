//! The end of a run that a task waits for is never lost, whatever comes between that end and what is made of it.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_domain::{
    AttemptRef, Context, Event, Mark, Partition, PipelineApplied, PipelineId, RunCreated, RunId, RunStatus, StopReason,
    TaskStatus, Trigger, evolve,
    plan::{Plan, PlanTask},
    settle,
};
use jiff::Timestamp;
use serde_json::Map;

const PIPELINE: PipelineId = PipelineId([1; 16]);
const PARENT: RunId = RunId([2; 16]);
const CHILD: RunId = RunId([3; 16]);
const ATTEMPT: AttemptRef = AttemptRef { run: PARENT, task: 0, number: 1 };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn created(run: RunId, trigger: Trigger) -> Event {
    Event::RunCreated(Box::new(RunCreated {
        run,
        pipeline: PIPELINE,
        version: 1,
        trigger,
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        gated: false,
        deadline: None,
        selection: None,
        at: at(0),
    }))
}

/// A run whose only task waits for another run.
fn waiting(detached: bool) -> Partition {
    let task = PlanTask {
        id: "call".to_owned(),
        integration: "ORCHESTRA".to_owned(),
        integration_job: "TRIGGER_PIPELINE".to_owned(),
        detached,
        ..PlanTask::default()
    };
    let applied = Box::new(PipelineApplied {
        pipeline: PIPELINE,
        alias: String::new(),
        version: 1,
        name: String::new(),
        source: String::new(),
        source_root: String::new(),
        digest: [0; 32],
        plan: Plan { tasks: vec![task], ..Plan::default() },
        origin: None,
        storage: None,
    });
    let mut partition = Partition::default();
    let started =
        Event::ChildStarted { attempt: ATTEMPT, child: CHILD, pipeline: PIPELINE, detached, deadline: None, at: at(1) };
    for event in [
        Event::PipelineApplied(applied),
        created(PARENT, Trigger::Manual { user: "ada".to_owned() }),
        started,
        created(CHILD, Trigger::Parent { attempt: ATTEMPT, pipeline: PIPELINE, depth: 1 }),
    ] {
        evolve(&mut partition, &event);
    }
    partition
}

#[test]
fn what_stops_the_task_after_the_end_of_its_run_does_not_hide_that_end() {
    let ended = Event::RunFinished { run: CHILD, status: RunStatus::Failed, message: String::new(), at: at(2) };
    let stops = [
        Event::AttemptStopRequested { attempt: ATTEMPT, reason: StopReason::TimedOut, at: at(3) },
        Event::TaskMarked {
            run: PARENT,
            task: 0,
            mark: Mark::Succeeded,
            outputs: Map::new(),
            reason: String::new(),
            by: "ada".to_owned(),
            at: at(3),
        },
        Event::RunCancelRequested { run: PARENT, reason: String::new(), at: at(3) },
        Event::RunTimedOut { run: PARENT, at: at(3) },
    ];
    for detached in [false, true] {
        for (place, stop) in stops.iter().enumerate() {
            // Stopped before and after; and asked to stop before its run has ended, halted after.
            for events in [vec![&ended, stop], vec![stop, &ended], vec![&stops[0], &ended, stop], vec![stop]] {
                if events.len() == 1 && !detached {
                    continue;
                }
                let mut partition = waiting(detached);
                events.iter().for_each(|event| evolve(&mut partition, event));
                while !settle(&mut partition, &Context { now: at(4), random: 0 }).is_empty() {}
                let left = partition.runs.get(&PARENT);
                assert!(left.is_none(), "stop {place}, detached {detached}, {} events: {left:?}", events.len());
            }
        }
    }
}

#[test]
fn a_run_that_ended_before_its_task_was_stopped_is_taken_as_it_ended() {
    let cases = [(RunStatus::Failed, TaskStatus::Failed), (RunStatus::Warning, TaskStatus::Warning)];
    for (ended, expected) in cases {
        let mut partition = waiting(false);
        evolve(&mut partition, &Event::RunFinished { run: CHILD, status: ended, message: String::new(), at: at(2) });
        let cancel = Event::RunCancelRequested { run: PARENT, reason: String::new(), at: at(3) };
        evolve(&mut partition, &cancel);
        let events = settle(&mut partition, &Context { now: at(4), random: 0 });
        let said = events.iter().find_map(|event| match event {
            Event::ChildEnded { status, .. } => Some(*status),
            _ => None,
        });
        assert_eq!(said, Some(expected), "{events:?}");
    }
}
