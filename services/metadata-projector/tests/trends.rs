//! How long things take, how late schedules are, how well integrations answer: as callers see it, bad input included.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::sync::Arc;

use downbeat_domain::{
    Event, FailureClass, PassReason, PassedInstants, RunId, ScheduleDecided, Trigger,
    metadata::{Collected, Operation},
};
use downbeat_proto::metadata::v1 as wire;
use support::{
    service::{Given, end, given},
    *,
};
use tonic::Code;

const SECOND: u64 = 1_000_000;

/// Seconds of the instants: ready, started, ended.
type Times = (i64, i64, i64);

fn succeeds(run: RunId, task: u32, (queued, begins, ends): Times) -> Vec<Event> {
    let first = attempt(run, task, 1);
    vec![ready(run, task, queued), leased(first, queued), started(first, begins), succeeded(first, ends)]
}

fn fails(run: RunId, task: u32, number: u32, class: FailureClass, (queued, begins, ends): Times) -> Vec<Event> {
    let attempt = attempt(run, task, number);
    let failed = Event::AttemptFailed {
        attempt,
        class,
        message: "x".repeat(2_000),
        outputs: serde_json::Map::new(),
        retry_at: Some(at(ends + 1)),
        as_warning: false,
        at: at(ends),
    };
    vec![ready(run, task, queued), leased(attempt, queued), started(attempt, begins), failed]
}

impl Given {
    async fn durations(&mut self, task: &str) -> Vec<wire::DurationTrend> {
        let request = wire::GetDurationsRequest {
            pipeline: "weather".into(),
            task: task.into(),
            with_samples: true,
            at: at(1_000).as_microsecond(),
            at_least: end(&self.log).await,
            ..Default::default()
        };
        self.service.trends.get_durations(request).await.unwrap().into_inner().durations
    }
}

#[tokio::test]
async fn tasks_and_pipelines_have_what_is_usual_for_them() {
    let mut given = given("durations").await;
    for run in 0..10 {
        // It waits 5 seconds, then takes 10; from the sixth on 30.
        let (start, took) = (i64::from(run) * 50, if run < 5 { 10 } else { 30 });
        let mut events = succeeds(run_id(run), 0, (start, start + 5, start + 5 + took));
        events.push(finished(run_id(run), start + 40));
        at_second(&given.log, start + 40, events).await;
    }
    let all = given.durations("").await;
    assert_eq!(all.iter().map(|it| it.task.as_str()).collect::<Vec<_>>(), ["", "t0"], "the pipeline before its tasks");
    let task = &all[1];
    let (older, recent) = (task.older.unwrap(), task.recent.unwrap());
    assert_eq!((older.median, recent.median, recent.p95), (10 * SECOND, 30 * SECOND, 30 * SECOND));
    assert_eq!((task.trend.as_str(), task.good, task.pipeline.as_str()), ("SLOWING", 10, "weather"));
    let sums = task.sums.unwrap();
    assert_eq!((sums.good, sums.ran, sums.waited), (10, 200 * SECOND, 50 * SECOND));
    assert_eq!((sums.failed, sums.wasted), (0, 0));
    let samples: Vec<_> = task.samples.iter().map(|it| (it.run_id.clone(), it.ran, it.waited)).collect();
    assert_eq!(samples[9], (run_id(9).to_string(), 30 * SECOND, 5 * SECOND));
    assert!(task.samples.is_sorted_by_key(|it| it.sequence) && task.samples[0].sequence > 0);
    assert_eq!(task.last_run_id, run_id(9).to_string());
    // A run begins with its first task.
    let pipeline = &all[0];
    assert_eq!(pipeline.recent.unwrap().median, 35 * SECOND);
    let only = wire::GetDurationsRequest { slowing: true, ..Default::default() };
    let slowing = given.service.trends.get_durations(only).await.unwrap().into_inner().durations;
    assert_eq!(slowing.iter().map(|it| it.task.as_str()).collect::<Vec<_>>(), ["t0"]);
    given.service.stop().await;
}

#[tokio::test]
async fn failed_and_lost_attempts_are_wasted_and_stale_reports_count_for_nothing() {
    let mut given = given("wasted").await;
    let run = run_id(0);
    let mut events = fails(run, 1, 1, FailureClass::Transient, (0, 1, 8));
    let second = attempt(run, 1, 2);
    // Of an attempt that never was, of one that is over, of a run and a task that are none.
    events.extend([
        succeeded(attempt(run, 1, 9), 9),
        succeeded(attempt(run, 1, 1), 9),
        succeeded(attempt(run, 99, 1), 9),
    ]);
    events.push(succeeded(attempt(run_id(77), 1, 1), 9));
    events.extend([ready(run, 1, 10), leased(second, 11), started(second, 12), lost(second, 15)]);
    let third = attempt(run, 1, 3);
    // Its end lies before its beginning.
    events.extend([ready(run, 1, 20), leased(third, 21), started(third, 30), succeeded(third, 25)]);
    at_second(&given.log, 40, events).await;
    let task = given.durations("t1").await.remove(0);
    let sums = task.sums.unwrap();
    assert_eq!((sums.failed, sums.wasted), (2, 10 * SECOND));
    assert_eq!((sums.good, sums.ran), (1, 0), "a clock that went back takes no time");
    assert_eq!(task.trend, "UNKNOWN");
    given.service.stop().await;
}

fn scheduled(run: RunId, instant: i64, second: i64) -> Event {
    let Event::RunCreated(mut run) = created(run, second) else { unreachable!() };
    let (coalesced, coalesced_count) = (Vec::new(), 0);
    run.trigger = Trigger::Scheduled { schedule: "daily".into(), instant: at(instant), coalesced, coalesced_count };
    Event::RunCreated(run)
}

fn wrote(run: RunId, rows: u64) -> Event {
    let done = Operation {
        kind: "MATERIALISATION".into(),
        status: "SUCCEEDED".into(),
        rows_affected: Some(rows),
        ..Operation::default()
    };
    let collected = Collected { operations: vec![done], ..Collected::default() };
    Event::OperationsCollected { attempt: attempt(run, 0, 1), chunk: 0, collected: Arc::new(collected) }
}

fn passed(reason: PassReason, count: u64, last: i64) -> Event {
    let passed =
        PassedInstants { reason, count, first: at(last), last: at(last), listed: Vec::new(), message: "why".into() };
    Event::ScheduleDecided(Box::new(ScheduleDecided {
        pipeline: pipeline_id(),
        schedule: "daily".into(),
        passed: vec![passed],
        up_to: at(last),
        at: at(last),
    }))
}

#[tokio::test]
async fn schedules_are_late_miss_instants_and_change_nothing() {
    let mut given = given("schedules").await;
    for (number, (late, rows)) in [(1, 5), (2, 0), (9, 0)].into_iter().enumerate() {
        let (run, due) = (run_id(100 + number as u32), 1_000 + number as i64 * 100);
        let mut events = vec![scheduled(run, due, due + late)];
        events.extend(succeeds(run, 0, (due + late, due + late + 1, due + late + 2)));
        events.extend([wrote(run, rows), finished(run, due + 20)]);
        at_second(&given.log, due, events).await;
    }
    at_second(&given.log, 2_000, vec![passed(PassReason::Missed, 3, 1_500), passed(PassReason::Missed, 3, 1_500)])
        .await;
    at_second(&given.log, 2_001, vec![passed(PassReason::Missed, 2, 1_600), passed(PassReason::Paused, 1, 1_700)])
        .await;
    // Created before its instant, and live.
    at_second(&given.log, 2_002, vec![scheduled(run_id(200), 1_900, 1_800)]).await;
    let at_least = end(&given.log).await;
    let request = wire::ListSchedulesRequest { with_firings: true, at_least, ..Default::default() };
    let all = given.service.trends.list_schedules(request).await.unwrap().into_inner().schedules;
    let [schedule] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((schedule.schedule.as_str(), schedule.fired, schedule.declared), ("daily", 4, false));
    let created = schedule.created_late.unwrap();
    assert_eq!((created.count, created.median, created.max), (4, SECOND, 9 * SECOND), "what is early is not late");
    let started = schedule.started_late.unwrap();
    assert_eq!((started.count, started.median, started.max), (3, 3 * SECOND, 10 * SECOND));
    let counts: Vec<_> = schedule.passed.iter().map(|it| (it.reason.as_str(), it.count, it.message.as_str())).collect();
    assert_eq!(counts, [("MISSED", 5, "why"), ("PAUSED", 1, "why")], "each instant once");
    let data: Vec<_> = schedule.firings.iter().map(|it| (it.status.as_str(), it.data.as_str())).collect();
    let expected = [("SUCCEEDED", "CHANGED"), ("SUCCEEDED", "UNCHANGED"), ("SUCCEEDED", "UNCHANGED"), ("CREATED", "")];
    assert_eq!(data, expected);
    assert_eq!((schedule.unchanged_in_a_row, schedule.last_status.as_str()), (2, "CREATED"));
    given.service.stop().await;
}

#[tokio::test]
async fn integrations_work_or_fail_for_the_systems_sake() {
    let mut given = given("integrations").await;
    at_second(&given.log, 10, succeeds(run_id(0), 0, (0, 1, 5))).await;
    for (run, class) in [(1, FailureClass::JobFailed), (2, FailureClass::Transient), (3, FailureClass::TimedOut)] {
        at_second(&given.log, 20, fails(run_id(run), 0, 1, class, (10, 11, 12))).await;
    }
    let ask = |state: &str, after: i64| wire::ListIntegrationsRequest {
        state: state.into(),
        at: at(after).as_microsecond(),
        ..Default::default()
    };
    let at_least = end(&given.log).await;
    let request = wire::ListIntegrationsRequest { at_least, ..ask("", 30) };
    let all = given.service.trends.list_integrations(request).await.unwrap().into_inner().integrations;
    let [health] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((health.integration.as_str(), health.connection.as_str()), ("PYTHON", ""));
    assert_eq!((health.state.as_str(), health.attempts, health.succeeded), ("HEALTHY", 4, 1), "{}", health.reason);
    let failed: Vec<_> = health.failed.iter().map(|(class, count)| (class.as_str(), *count)).collect();
    assert_eq!(failed, [("JOB_FAILED", 1), ("TIMED_OUT", 1), ("TRANSIENT", 1)]);
    let last = health.last_failure.as_ref().unwrap();
    assert_eq!((last.class.as_str(), last.task.as_str(), last.message.len()), ("TIMED_OUT", "t0", 500));
    assert_eq!(health.durations.unwrap().median, 4 * SECOND);
    let hour = &health.hours[0];
    assert_eq!((health.hours.len(), hour.attempts, hour.ran, hour.since % 3_600_000_000), (1, 4, 4 * SECOND, 0));

    at_second(&given.log, 30, fails(run_id(4), 0, 1, FailureClass::Misconfigured, (20, 21, 22))).await;
    let at_least = end(&given.log).await;
    let request = wire::ListIntegrationsRequest { at_least, ..ask("FAILING", 40) };
    let failing = given.service.trends.list_integrations(request).await.unwrap().into_inner().integrations;
    assert_eq!(failing.len(), 1);
    for (state, after, count) in [("HEALTHY", 40, 0), ("UNKNOWN", 40, 0), ("UNKNOWN", 8 * 86_400, 1)] {
        let found = given.service.trends.list_integrations(ask(state, after)).await.unwrap().into_inner();
        assert_eq!(found.integrations.len(), count, "{state} after {after} seconds");
    }
    given.service.stop().await;
}

#[tokio::test]
async fn lists_come_in_pages_and_what_makes_no_sense_is_refused() {
    let mut given = given("pages").await;
    for task in 0..4 {
        at_second(&given.log, 10, succeeds(run_id(0), task, (0, 1, 5))).await;
    }
    let mut request = wire::GetDurationsRequest { page_size: 3, at_least: end(&given.log).await, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = given.service.trends.get_durations(request.clone()).await.unwrap().into_inner();
        assert!(page.position.is_some() && page.durations.len() <= 3);
        assert!(page.durations.iter().all(|it| it.samples.is_empty()), "nobody asked for them");
        seen.extend(page.durations.into_iter().map(|it| it.task));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(seen, ["t0", "t1", "t2", "t3"]);
    let all = wire::GetDurationsRequest::default;
    let cases = [
        (wire::GetDurationsRequest { pipeline: "nobody".into(), ..all() }, Code::NotFound),
        (wire::GetDurationsRequest { task: "t0".into(), ..all() }, Code::InvalidArgument),
        (wire::GetDurationsRequest { page_size: 1_001, ..all() }, Code::InvalidArgument),
        (wire::GetDurationsRequest { page_token: "zz".into(), ..all() }, Code::InvalidArgument),
        (
            wire::GetDurationsRequest { pipeline: "weather".into(), task: "x".repeat(5_000), ..all() },
            Code::InvalidArgument,
        ),
    ];
    for (request, code) in cases {
        let refused = given.service.trends.get_durations(request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
    }
    let extreme = wire::GetDurationsRequest { at: i64::MAX, ..all() };
    let sums = given.service.trends.get_durations(extreme).await.unwrap().into_inner().durations[0].sums.unwrap();
    assert_eq!(sums.good, 0, "nothing ended in the last 30 days of time");
    let state = wire::ListIntegrationsRequest { state: "ill".into(), ..Default::default() };
    assert_eq!(given.service.trends.list_integrations(state).await.unwrap_err().code(), Code::InvalidArgument);
    let nobody = wire::ListSchedulesRequest { pipeline: "nobody".into(), ..Default::default() };
    assert_eq!(given.service.trends.list_schedules(nobody).await.unwrap_err().code(), Code::NotFound);
    given.service.stop().await;
}
