//! Runs as they were, and why they went as they did: over real gRPC, read from the log.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use downbeat_domain::{Event, FailureClass, Mark, PipelineId, RunId, TaskRunId, TaskStatus};
use downbeat_event_log::memory::MemoryLog;
use downbeat_proto::{
    metadata::v1 as wire,
    record::{self, Decision},
    testing::{Numbers, World, plan},
};
use serde_json::{Map, json};
use support::{service::*, *};
use tonic::Code;

/// A record of one decision, taken so many seconds after the beginning.
async fn decided(log: &MemoryLog, second: i64, events: Vec<Event>) {
    let decision =
        Decision { command: None, actor: "user:ada".into(), decided_at: at(second), events, ..Decision::default() };
    append_payload(log, record::encode(0, at(second), vec![record::encode_decision(&decision)])).await;
}

fn of_run(run: RunId) -> wire::GetRunRequest {
    wire::GetRunRequest { run_id: run.to_string(), ..wire::GetRunRequest::default() }
}

/// Whatever was answered when the log ended at a record is answered again when that record is asked for.
#[tokio::test]
async fn a_run_as_it_was_is_what_was_answered_then() {
    let mut compared = 0;
    for seed in 1..5_u64 {
        let mut dice = seed;
        let mut roll = || -> Numbers {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bytes = (dice >> 32).to_be_bytes();
            (bytes[4], bytes[5], bytes[6], bytes[7])
        };
        let tasks: Vec<Numbers> = (0..8).map(|_| roll()).collect();
        let groups: Vec<Numbers> = (0..3).map(|_| roll()).collect();
        let mut world = World::new(plan(&tasks, &groups), plan(&tasks[..1], &[]));
        (0..60).for_each(|_| world.step(roll()));

        let (log, folder) = (log("history"), tempfile::tempdir().unwrap());
        let mut service = Service::over(&log, folder.path()).await;
        let mut answered = Vec::new();
        let mut created = Vec::new();
        for (number, events) in (0..).zip(&world.history) {
            decided(&log, number, events.clone()).await;
            created.extend(events.iter().filter_map(|event| match event {
                Event::RunCreated(created) => Some(created.run),
                _ => None,
            }));
            let touched: std::collections::BTreeSet<RunId> = events.iter().filter_map(Event::run).collect();
            for run in touched {
                answered.push((number, run, service.get(run, end(&log).await).await.unwrap()));
            }
        }
        compared += answered.len();
        for (number, run, then) in answered {
            let sequence = number as u64 + 1;
            for request in [
                wire::GetRunRequest { at_sequence: sequence, ..of_run(run) },
                wire::GetRunRequest { at_time: at(number).as_microsecond(), ..of_run(run) },
            ] {
                let answer = service.client.get_run(request).await.unwrap().into_inner();
                let place = format!("seed {seed}, record {sequence}, run {run}");
                assert_eq!((answer.run, answer.task_runs), (then.run.clone(), then.task_runs.clone()), "{place}");
                assert_eq!(answer.position.map(|position| position.sequence), Some(sequence), "{place}");
            }
        }
        service.stop().await;
    }
    assert!(compared > 150, "{compared}");
}

/// Two iterations of `t0` and `t1`, one of which fails; then a mark and a loose task that is skipped.
async fn story(log: &MemoryLog, run: RunId) {
    decided(log, 0, vec![pipeline(3, 2)]).await;
    decided(log, 1, vec![created(run, 1)]).await;
    let axes = vec![("x".to_owned(), vec![json!({"id": "eu"}), json!(7)])];
    decided(
        log,
        2,
        vec![
            Event::GroupOpened { run, group: 0, condition: None },
            Event::MatrixExpanded { run, group: 0, axes, at: at(2) },
            Event::IterationOpened { run, group: 0, iteration: 0 },
            ready(run, 3, 2),
        ],
    )
    .await;
    let attempt = attempt(run, 3, 1);
    decided(log, 3, vec![leased(attempt, 3), started(attempt, 3)]).await;
    let failed = Event::AttemptFailed {
        attempt,
        class: FailureClass::JobFailed,
        message: "exit 1".into(),
        outputs: Map::new(),
        retry_at: Some(at(60)),
        as_warning: false,
        at: at(4),
    };
    decided(log, 4, vec![failed]).await;
    let mark = Event::TaskMarked {
        run,
        task: 3,
        mark: Mark::Succeeded,
        outputs: Map::new(),
        reason: "done by hand".into(),
        by: "ada".into(),
        at: at(5),
    };
    let skipped = Event::TaskSkipped {
        run,
        task: 2,
        reason: "it is paused".into(),
        condition: None,
        seen_as: Some(TaskStatus::Succeeded),
        at: at(5),
    };
    decided(log, 5, vec![mark, skipped]).await;
}

#[tokio::test]
async fn iterations_follow_behind_the_tasks_of_the_plan() {
    let (log, folder, run) = (log("iterations"), tempfile::tempdir().unwrap(), run_id(1));
    story(&log, run).await;
    let mut service = Service::over(&log, folder.path()).await;
    let answer = service.get(run, end(&log).await).await.unwrap();
    assert_eq!(answer.run.unwrap().tasks, 7);
    let told: Vec<_> = answer
        .task_runs
        .iter()
        .map(|task| (task.task_id.as_str(), task.iteration.as_str(), task.matrix.as_str(), task.matrix_parent))
        .collect();
    let (eu, seven) = (r#"{"x":{"id":"eu"}}"#, r#"{"x":7}"#);
    let expected = [
        ("t0", "", "", true),
        ("t1", "", "", true),
        ("t2", "", "", false),
        ("t0", "eu", eu, false),
        ("t1", "eu", eu, false),
        ("t0", "1", seven, false),
        ("t1", "1", seven, false),
    ];
    assert_eq!(told, expected);
    let statuses: Vec<_> = answer.task_runs.iter().map(|task| task.status.as_str()).collect();
    assert_eq!(statuses, ["RUNNING", "RUNNING", "SKIPPED", "SUCCEEDED", "CREATED", "CREATED", "CREATED"]);
    assert_eq!(answer.task_runs[2].seen_as, "SUCCEEDED");
    let marked = &answer.task_runs[3];
    assert_eq!((marked.marked_by.as_str(), marked.message.as_str()), ("ada", "marked SUCCEEDED by ada: done by hand"));
    assert_eq!(marked.matrix_parent_id, TaskRunId::derive(run, 0).to_string());
    assert_eq!(marked.group_id, "g0");
    service.stop().await;
}

#[tokio::test]
async fn a_watcher_hears_of_iterations_when_they_appear() {
    use futures::StreamExt;
    let (log, folder, run) = (log("watched"), tempfile::tempdir().unwrap(), run_id(1));
    append(&log, vec![pipeline(3, 2), created(run, 0)]).await;
    let mut service = Service::over(&log, folder.path()).await;
    let request = wire::WatchRunRequest { run_id: run.to_string(), at_least: end(&log).await };
    let mut stream = service.client.watch_run(request).await.unwrap().into_inner();
    assert_eq!(stream.next().await.unwrap().unwrap().task_runs.len(), 3);
    let axes = vec![("x".to_owned(), vec![json!(1), json!(2)])];
    append(&log, vec![Event::MatrixExpanded { run, group: 0, axes, at: at(1) }]).await;
    let part = stream.next().await.unwrap().unwrap();
    let changed: Vec<_> = part.task_runs.iter().map(|task| (task.index, task.status.as_str())).collect();
    let expected = [(0, "RUNNING"), (1, "RUNNING"), (3, "CREATED"), (4, "CREATED"), (5, "CREATED"), (6, "CREATED")];
    assert_eq!(changed, expected);
    append(&log, vec![ready(run, 5, 2), finished(run, 3)]).await;
    let part = stream.next().await.unwrap().unwrap();
    assert_eq!((part.task_runs.len(), part.task_runs[0].iteration.as_str()), (1, "1"));
    assert!(stream.next().await.is_none());
    service.stop().await;
}

#[tokio::test]
async fn events_are_explained_in_words() {
    let (log, folder, run) = (log("explained"), tempfile::tempdir().unwrap(), run_id(1));
    story(&log, run).await;
    let mut service = Service::over(&log, folder.path()).await;
    let at_least = end(&log).await;
    let request =
        |task: &str| wire::ExplainRunRequest { run_id: run.to_string(), task: task.into(), at_least: at_least.clone() };
    let whole = service.client.explain_run(request("")).await.unwrap().into_inner();
    assert_eq!(whole.position, at_least);
    let told: Vec<_> =
        whole.explanations.iter().map(|one| (one.sequence, one.task.as_str(), one.text.as_str())).collect();
    let leased = format!("leased to worker {WORKER} (attempt 1)");
    let expected = [
        (2, "", "created by me"),
        (3, "", "group `g0` opened"),
        (3, "", "group `g0` runs 2 times: 2 of `x`"),
        (3, "", "iteration 0 of group `g0` began"),
        (3, "t0[0]", "waits for a worker"),
        (4, "t0[0]", leased.as_str()),
        (4, "t0[0]", "attempt 1 began as `x-1`"),
        (5, "t0[0]", "failed: exit 1; next attempt at 2023-11-14T22:14:20Z"),
        (6, "t0[0]", "marked SUCCEEDED by ada: done by hand"),
        (6, "t2", "skipped: it is paused; seen as SUCCEEDED"),
    ];
    assert_eq!(told, expected);
    let last = whole.explanations.last().unwrap();
    assert_eq!((last.actor.as_str(), last.kind.as_str()), ("user:ada", "TASK_SKIPPED"));
    assert_eq!(last.at, at(5).as_microsecond());
    for (task, count) in [("T2", 1), ("t0[0]", 8), ("t1[1]", 2), ("t0", 2), (&TaskRunId::derive(run, 3).to_string(), 8)]
    {
        let found = service.client.explain_run(request(task)).await.unwrap().into_inner();
        assert_eq!(found.explanations.len(), count, "{task}: {:#?}", found.explanations);
    }
    service.stop().await;
}

#[tokio::test]
async fn questions_that_have_no_answer_are_refused_in_words() {
    let (log, folder, run) = (log("refused"), tempfile::tempdir().unwrap(), run_id(1));
    story(&log, run).await;
    let mut service = Service::over(&log, folder.path()).await;
    let at_least = end(&log).await;
    let both = wire::GetRunRequest { at_time: 1, at_sequence: 1, ..of_run(run) };
    let early = wire::GetRunRequest { at_sequence: 1, at_least: at_least.clone(), ..of_run(run) };
    let earlier = wire::GetRunRequest { at_time: at(0).as_microsecond(), ..of_run(run) };
    let late = wire::GetRunRequest { at_sequence: 7, ..of_run(run) };
    let unknown = wire::GetRunRequest { at_sequence: 3, ..of_run(run_id(2)) };
    for (request, code, words) in [
        (both, Code::InvalidArgument, "give one of the two"),
        (early, Code::NotFound, "did not exist yet at sequence 1"),
        (earlier, Code::NotFound, "did not exist yet at 2023-11-14T22:13:20Z"),
        (late, Code::InvalidArgument, "beyond the position of the projections, 6"),
        (unknown, Code::NotFound, "there is no run"),
    ] {
        let status = service.client.get_run(request).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(words), "{status}");
    }
    let future = wire::GetRunRequest { at_time: i64::MAX, ..of_run(run) };
    assert_eq!(service.client.get_run(future).await.unwrap().into_inner().task_runs.len(), 7);
    for (run_id, task, code) in [
        (run.to_string(), "t9", Code::NotFound),
        (run.to_string(), "t0[2]", Code::NotFound),
        (run.to_string(), "t2[0]", Code::NotFound),
        (run.to_string(), "t0[x]", Code::NotFound),
        (run_id(2).to_string(), "", Code::NotFound),
        ("no run".to_owned(), "", Code::InvalidArgument),
    ] {
        let request = wire::ExplainRunRequest { run_id, task: task.into(), at_least: at_least.clone() };
        assert_eq!(service.client.explain_run(request).await.unwrap_err().code(), code, "{task}");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_pipeline_that_is_gone_is_not_listed_but_its_runs_are() {
    let (log, folder, run) = (log("gone"), tempfile::tempdir().unwrap(), run_id(1));
    let mut service = Service::over(&log, folder.path()).await;
    let pipeline_id = pipeline_id();
    append(&log, vec![pipeline(1, 0), created(run, 0)]).await;
    append(&log, vec![Event::PipelinePaused { pipeline: pipeline_id, reason: "a move".into(), at: at(1) }]).await;
    let list = wire::ListPipelinesRequest { at_least: end(&log).await, ..Default::default() };
    let listed = service.client.list_pipelines(list).await.unwrap().into_inner().pipelines;
    assert_eq!((listed[0].paused, listed[0].paused_reason.as_str(), listed[0].deleted), (true, "a move", false));
    append(&log, vec![Event::PipelineDeleted { pipeline: pipeline_id, at: at(2) }]).await;
    let at_least = end(&log).await;
    let list = wire::ListPipelinesRequest { at_least: at_least.clone(), ..Default::default() };
    assert!(service.client.list_pipelines(list).await.unwrap().into_inner().pipelines.is_empty());
    for pipeline in [String::new(), pipeline_id.to_string()] {
        let list = wire::ListRunsRequest { pipeline, at_least: at_least.clone(), ..Default::default() };
        assert_eq!(service.client.list_runs(list).await.unwrap().into_inner().runs.len(), 1);
    }
    let source = wire::GetPipelineSourceRequest { pipeline: pipeline_id.to_string(), version: 0, at_least };
    let row = service.client.get_pipeline_source(source).await.unwrap().into_inner().pipeline.unwrap();
    assert_eq!((row.deleted, row.paused, row.paused_reason.as_str()), (true, false, ""));
    service.stop().await;
}

#[tokio::test]
async fn what_the_end_of_a_run_did_not_start_is_told_with_that_run() {
    let (log, folder, run, other) = (log("declined"), tempfile::tempdir().unwrap(), run_id(1), PipelineId([9; 16]));
    decided(&log, 0, vec![pipeline(1, 0)]).await;
    decided(&log, 1, vec![created(run, 1)]).await;
    decided(&log, 2, vec![finished(run, 2)]).await;
    // Records of others lie between.
    decided(&log, 3, vec![created(run_id(2), 3)]).await;
    let reason = "pipeline `other` is paused".to_owned();
    decided(&log, 4, vec![Event::FollowerDeclined { ended: run, pipeline: other, reason, at: at(4) }]).await;
    let mut service = Service::over(&log, folder.path()).await;
    let request =
        |task: &str| wire::ExplainRunRequest { run_id: run.to_string(), task: task.to_owned(), at_least: None };
    service.get(run, end(&log).await).await.unwrap();
    let told = service.client.explain_run(request("")).await.unwrap().into_inner().explanations;
    let last = told.last().unwrap();
    let text = format!("its end does not start pipeline {other}: pipeline `other` is paused");
    assert_eq!((last.kind.as_str(), last.sequence, last.text.as_str()), ("FOLLOWER_DECLINED", 5, text.as_str()));
    let of_task = service.client.explain_run(request("t0")).await.unwrap().into_inner().explanations;
    assert!(of_task.iter().all(|told| told.kind != "FOLLOWER_DECLINED"), "{of_task:?}");
    service.stop().await;
}
