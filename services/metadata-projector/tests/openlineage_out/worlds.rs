//! Random histories of the real core: what is told of them is valid, and is what the core's state says that it should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use downbeat_domain::{Event, Partition, RunId, RunState, RunStatus, TaskRunId, TaskStatus, evolve};
use downbeat_domain::{Phase, TaskState};
use downbeat_proto::testing::World;
use serde_json::Value;

use super::{
    feeds::{append_last, events, file_in, lines, telling, to_file},
    judge::Judge,
    support::{append, service, teller::Teller},
};

const SEEDS: u64 = 12;
const STEPS: usize = 500;

/// Of a run or task run: what is told of it, without what its attempts between the first and the last are.
type Told = BTreeSet<(String, String)>;

fn note(told: &mut Told, id: impl ToString, kind: &str) {
    told.insert((id.to_string(), kind.to_owned()));
}

fn end_of(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Succeeded | TaskStatus::Warning => "COMPLETE",
        TaskStatus::Failed => "FAIL",
        _ => "ABORT",
    }
}

/// What has to be told, by what the state of the core goes through.
fn expected<'a>(history: impl Iterator<Item = &'a Event>) -> Told {
    let mut told = Told::new();
    let mut partition = Partition::default();
    for event in history {
        let of = event.run();
        let look = |partition: &Partition| of.and_then(|run| partition.runs.get(&run)).map(seen);
        let before = look(&partition);
        evolve(&mut partition, event);
        let Some(run) = of else { continue };
        if let Event::RunFinished { status, .. } = event {
            let admitted = before.as_ref().is_some_and(|(admitted, _)| *admitted);
            let end = match status {
                RunStatus::Succeeded | RunStatus::Warning => "COMPLETE",
                RunStatus::Failed => "FAIL",
                _ => "ABORT",
            };
            if admitted {
                note(&mut told, run, end);
            }
        }
        let Some((admitted, tasks)) = look(&partition) else { continue };
        let (admitted_before, tasks_before) = before.unwrap_or_default();
        if admitted && !admitted_before {
            note(&mut told, run, "START");
        }
        for (place, (attempt, ended)) in tasks.iter().enumerate() {
            let id = TaskRunId::derive(run, u32::try_from(place).unwrap());
            let (attempt_before, ended_before) = tasks_before.get(place).copied().unwrap_or_default();
            if *attempt != attempt_before {
                note(&mut told, id, if *attempt == 1 { "START" } else { "RUNNING" });
            }
            let Some(status) = ended.filter(|_| ended_before.is_none()) else { continue };
            let failed_at_once = *attempt == 0 && matches!(event, Event::TaskFailed { .. });
            if failed_at_once {
                note(&mut told, id, "START");
            }
            if *attempt > 0 || failed_at_once {
                note(&mut told, id, end_of(status));
            }
        }
    }
    told
}

/// Whether it was admitted, and of each task its attempt and its end.
fn seen(run: &RunState) -> (bool, Vec<(u32, Option<TaskStatus>)>) {
    let end = |task: &TaskState| match task.phase {
        Phase::Ended(status) => Some(status),
        _ => None,
    };
    (run.admitted, run.tasks.iter().map(|task| (task.attempt, end(task))).collect())
}

async fn told_of(world: &World, seed: u64) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let log = service::log(&format!("world-{seed}"));
    for decision in &world.history {
        append(&log, decision.clone()).await;
    }
    append_last(&log).await;
    let config = telling(folder.path(), to_file(folder.path()));
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let lines = lines(&file_in(folder.path())).await;
    teller.stop().await;
    events(&lines)
}

fn text<'a>(event: &'a Value, path: &str) -> &'a str {
    event.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_valid_and_every_run_is_told_as_the_core_has_it() {
    let mut judge = Judge::new();
    let mut kinds = BTreeMap::<String, usize>::new();
    for seed in 0..SEEDS {
        let world = World::random(seed, STEPS);
        let told = told_of(&world, seed).await;
        let mut found = Told::new();
        for event in &told {
            assert_eq!(judge.faults(event), [""; 0], "seed {seed}: {event}");
            let (kind, what) = (text(event, "/job/facets/jobType/jobType"), text(event, "/eventType"));
            *kinds.entry(format!("{kind} {what}")).or_default() += 1;
            if matches!(kind, "PIPELINE" | "TASK") {
                note(&mut found, text(event, "/run/runId"), what);
            }
        }
        let expected = expected(world.events());
        let (more, missing): (Vec<_>, Vec<_>) =
            (found.difference(&expected).collect(), expected.difference(&found).collect());
        assert!(more.is_empty() && missing.is_empty(), "seed {seed}: told {more:?} too much, and {missing:?} not");
        begins_before_it_ends(&told, seed);
        parents_are_told_before(&told, seed);
    }
    // Otherwise the worlds are too dull to say anything.
    for kind in [
        "PIPELINE START",
        "PIPELINE COMPLETE",
        "PIPELINE FAIL",
        "PIPELINE ABORT",
        "TASK START",
        "TASK RUNNING",
        "TASK COMPLETE",
        "TASK FAIL",
        "TASK ABORT",
    ] {
        assert!(kinds.contains_key(kind), "{kind} in {kinds:?}");
    }
}

fn begins_before_it_ends(told: &[Value], seed: u64) {
    let mut begun = BTreeSet::new();
    for event in told {
        let id = text(event, "/run/runId");
        if text(event, "/eventType") == "START" {
            begun.insert(id);
        }
        assert!(begun.contains(id), "seed {seed}: nobody said that it began: {event}");
    }
}

/// Everything hangs below a run that was told of, by its name and its id.
fn parents_are_told_before(told: &[Value], seed: u64) {
    let mut known = BTreeSet::new();
    for event in told {
        if let Some(parent) = event.pointer("/run/facets/parent") {
            for of in [parent, &parent["root"]] {
                let named = (text(of, "/run/runId"), text(of, "/job/name"));
                assert!(known.contains(&named), "seed {seed}: nobody was told of {named:?}, around {event}");
            }
        }
        let id = text(event, "/run/runId");
        assert!(id.parse::<RunId>().is_ok(), "seed {seed}: {id}");
        known.insert((id, text(event, "/job/name")));
    }
}
