//! What is happening and what is broken, as callers see it: stories in, answers out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests too")]

mod support;

use downbeat_domain::{
    Event, FailureClass, RunId, RunStatus, Selection, Trigger, event::RunCreated, status::RestartMode,
};
use downbeat_event_log::EventLog;
use downbeat_proto::{
    metadata::v1::{self as wire},
    record::{self, Decision},
};
use support::{
    service::{Given, Service},
    stories::*,
    *,
};
use tonic::Code;

const JOB: FailureClass = FailureClass::JobFailed;
const WRONG: FailureClass = FailureClass::Misconfigured;

async fn told(name: &str) -> Given {
    let log = service::log(name);
    let folder = tempfile::tempdir().unwrap();
    let service = Service::over(&log, folder.path()).await;
    Given::of(log, service, folder)
}

impl Given {
    async fn broken(&mut self) -> wire::GetBrokenResponse {
        let request = wire::GetBrokenRequest { limit: 0, at_least: service::end(&self.log).await };
        self.service.answers.get_broken(request).await.unwrap().into_inner()
    }

    async fn now(&mut self) -> wire::GetNowResponse {
        let request = wire::GetNowRequest { limit: 0, at_least: service::end(&self.log).await };
        self.service.answers.get_now(request).await.unwrap().into_inner()
    }

    /// Each cause with what it explains: `pipeline.task CLASS: rule ...`.
    async fn causes(&mut self) -> Vec<String> {
        let groups = self.broken().await.groups;
        let rules = |all: &[wire::Statement]| all.iter().map(|it| it.rule.clone()).collect::<Vec<_>>().join(" ");
        let line = |group: &wire::BrokenGroup| {
            let of = match group.kind.as_str() {
                "FAILURE" => format!("{}.{}", group.pipeline_alias, group.task),
                kind => kind.to_owned(),
            };
            format!("{of} {}: {}", group.class, rules(&group.explains)).trim_end().to_owned()
        };
        groups.iter().map(line).collect()
    }
}

/// Every sentence of an answer rests on something, and says something.
fn holds_evidence(answer: &wire::GetBrokenResponse) {
    for group in &answer.groups {
        let all = [&group.what, &group.history].into_iter().map(|it| it.as_ref().unwrap());
        for it in all.chain(&group.explains).chain(&group.changes) {
            assert!(!it.text.is_empty() && !it.rule.is_empty() && !it.evidence.is_empty(), "{it:?}");
        }
        assert!(!group.remedy.is_empty() && !group.commands.is_empty(), "{group:?}");
        if group.kind == "FAILURE" {
            let what = group.what.as_ref().unwrap();
            assert!(what.evidence.iter().all(|fact| fact.sequence > 0 && fact.at > 0), "{what:?}");
        }
    }
}

fn text(it: &Option<wire::Statement>) -> &str {
    it.as_ref().map(|it| it.text.as_str()).unwrap_or_default()
}

#[tokio::test]
async fn a_task_in_the_middle_explains_what_was_skipped_and_a_good_run_takes_it_back() {
    let mut given = told("middle").await;
    let (good, bad, worse, again) = (run_id(1), run_id(2), run_id(3), run_id(4));
    at_second(&given.log, 0, vec![applied("shop", 1, plan(&["load", "sum<load", "mail<sum", "other<load"]))]).await;
    let mut events = vec![begun("shop", 1, good, 1, by_hand())];
    (0..4).for_each(|task| events.extend(goes_well(good, task, 2)));
    events.push(ended(good, RunStatus::Succeeded, 3));
    at_second(&given.log, 3, events).await;
    assert!(given.causes().await.is_empty());
    for (run, second) in [(bad, 10), (worse, 20)] {
        let mut events = vec![begun("shop", 1, run, second, by_hand())];
        events.extend(goes_well(run, 0, second + 1));
        events.extend(fails(run, 1, second + 2, JOB, "exit status 1"));
        events.push(skipped(run, 2, second + 2));
        events.extend(goes_well(run, 3, second + 3));
        at_second(&given.log, second + 3, events).await;
        // It fails already while its run goes on.
        let live = given.broken().await;
        assert!(text(&live.groups[0].what).ends_with("its run goes on"), "{live:?}");
        at_second(&given.log, second + 4, vec![ended(run, RunStatus::Failed, second + 4)]).await;
    }
    let answer = given.broken().await;
    holds_evidence(&answer);
    let [group] = answer.groups.as_slice() else { panic!("{answer:?}") };
    assert_eq!(text(&group.what), "task sum of shop (SNOWFLAKE, connection warehouse) fails: exit status 1");
    assert_eq!((group.class.as_str(), group.failures), ("JOB_FAILED", 2));
    assert_eq!(group.since, at(12).as_microsecond());
    let history = format!("since {}, in 2 runs; the last good run was {good} at {}", at(12), at(3));
    assert_eq!(text(&group.history), history);
    let reach = group.reach.clone().unwrap();
    assert_eq!((reach.skipped_tasks, reach.skipped), (1, vec!["mail".to_owned()]));
    let commands = [format!("downbeat logs {worse} sum"), format!("downbeat run restart {worse}")];
    assert_eq!(group.commands, commands);

    let restart = Trigger::Restart { user: "ada".into(), run: worse, mode: RestartMode::FromFailed };
    let mut events = vec![begun("shop", 1, again, 30, restart)];
    (0..4).for_each(|task| events.extend(goes_well(again, task, 31)));
    events.push(ended(again, RunStatus::Succeeded, 32));
    at_second(&given.log, 32, events).await;
    assert!(given.causes().await.is_empty());
    given.service.stop().await;
}

/// A run in which the first task fails.
fn bad_run(alias: &str, version: u32, run: RunId, second: i64, (class, message): (FailureClass, &str)) -> Vec<Event> {
    let mut events = vec![begun(alias, version, run, second, by_hand())];
    events.extend(fails(run, 0, second, class, message));
    events.push(ended(run, RunStatus::Failed, second));
    events
}

/// A run in which the first task says this and goes well.
fn good_run(alias: &str, version: u32, run: RunId, second: i64, edges: &[&str]) -> Vec<Event> {
    let mut events = vec![begun(alias, version, run, second, by_hand())];
    let mut task = goes_well(run, 0, second);
    task.insert(3, says(run, 0, edges));
    events.extend(task);
    events.push(ended(run, RunStatus::Succeeded, second));
    events
}

#[tokio::test]
async fn a_failing_upstream_explains_the_pipelines_that_read_what_it_writes() {
    let mut given = told("upstream").await;
    let names = ["raw", "mart", "report", "model"];
    let edges: [&[&str]; 4] =
        [&[">orders"], &["orders>mart"], &["mart>report", "report=>dashboard"], &["orders>model"]];
    let mut events: Vec<Event> = names.iter().map(|name| applied(name, 1, plan(&["run"]))).collect();
    events.push(applied("next", 1, after("raw", plan(&["run"]))));
    for (number, (name, edges)) in (1..).zip(names.iter().zip(edges)) {
        events.extend(good_run(name, 1, run_id(number), 1, edges));
    }
    events.push(describes(run_id(1), 0, "orders", "finance", &[]));
    at_second(&given.log, 1, events).await;
    for (number, name) in (11..).zip(names) {
        let second = i64::from(number);
        at_second(&given.log, second, bad_run(name, 1, run_id(number), second, (JOB, "exit status 1"))).await;
    }
    let answer = given.broken().await;
    holds_evidence(&answer);
    assert_eq!(answer.failing_pipelines, 4);
    let rule = "READS_WHAT_IT_WRITES";
    assert_eq!(given.causes().await, [format!("raw.run JOB_FAILED: {rule} {rule} {rule}")]);
    let group = &answer.groups[0];
    let first = &group.explains[0];
    assert_eq!(first.text, "task run of mart fails: it reads db/main.orders, which task run of raw writes".to_owned());
    assert!(first.evidence.iter().any(|fact| fact.kind == "ASSET" && fact.id == "db/main.orders"));
    let reach = group.reach.clone().unwrap();
    assert_eq!(reach.exposures, ["db/main.dashboard"]);
    assert_eq!((reach.followers, reach.asset_count), (vec!["next".to_owned()], 1));
    assert!(reach.consumers.contains(&"mart run".to_owned()), "{:?}", reach.consumers);
    assert_eq!(reach.owners, ["finance"]);
    // The upstream runs well again; the others still have to.
    at_second(&given.log, 30, good_run("raw", 1, run_id(30), 30, &[">orders"])).await;
    assert_eq!(given.causes().await, [format!("mart.run JOB_FAILED: {rule}"), "model.run JOB_FAILED:".to_owned()]);
    given.service.stop().await;
}

#[tokio::test]
async fn credentials_that_are_refused_to_five_pipelines_are_one_cause() {
    let mut given = told("credentials").await;
    let names = ["a", "b", "c", "d", "e"];
    let refused = (WRONG, "POST https://db answered 401: it wants other credentials than it got");
    let mut events: Vec<Event> = names.iter().map(|name| applied(name, 1, plan(&["run"]))).collect();
    events.push(applied("other", 1, plan(&["run"])));
    for (number, name) in (1..).zip(names) {
        events.extend(bad_run(name, 1, run_id(number), i64::from(number), refused));
    }
    events.extend(bad_run("other", 1, run_id(9), 9, (JOB, "exit status 1")));
    at_second(&given.log, 9, events).await;
    let expected = "a.run CREDENTIALS_REFUSED: SAME_CONNECTION SAME_CONNECTION SAME_CONNECTION SAME_CONNECTION";
    assert_eq!(given.causes().await, [expected, "other.run JOB_FAILED:"]);
    let answer = given.broken().await;
    holds_evidence(&answer);
    let group = &answer.groups[0];
    assert_eq!(
        group.explains[0].text,
        "task run of b fails: CREDENTIALS_REFUSED on connection warehouse of SNOWFLAKE, too"
    );
    assert!(group.remedy.starts_with("The other side does not take the credentials"));
    let restarts: Vec<String> = (1..=4).map(|number| format!("downbeat run restart {}", run_id(number))).collect();
    assert_eq!(group.commands[1..], restarts);
    given.service.stop().await;
}

#[tokio::test]
async fn what_changed_before_is_told_with_who_did_it() {
    let mut given = told("changes").await;
    let mut changed = plan(&["run"]);
    changed.tasks[0].connection = "new".into();
    changed.tasks[0].parameters.insert("statement".into(), "SELECT 2".into());
    let mut events = vec![applied("raw", 1, plan(&["run"])), applied("shop", 1, plan(&["run"]))];
    events.extend(good_run("raw", 1, run_id(1), 1, &[">orders"]));
    events.push(describes(run_id(1), 0, "orders", "finance", &["id", "amount"]));
    events.extend(good_run("shop", 1, run_id(2), 2, &["orders>mart"]));
    at_second(&given.log, 2, events).await;
    let raw = {
        let mut events = vec![begun("raw", 1, run_id(3), 5, by_hand())];
        events.extend(goes_well(run_id(3), 0, 5));
        events.insert(3, describes(run_id(3), 0, "orders", "finance", &["id", "total"]));
        events.push(ended(run_id(3), RunStatus::Succeeded, 5));
        events
    };
    at_second(&given.log, 5, raw).await;
    let decision = Decision {
        command: None,
        actor: "user:ada".into(),
        decided_at: at(6),
        events: vec![applied("shop", 2, changed)],
        reason: "faster".into(),
        ..Decision::default()
    };
    append_payload(&given.log, record::encode(0, at(6), vec![record::encode_decision(&decision)])).await;
    let sequence = given.log.tail().await.unwrap().sequence;
    at_second(&given.log, 10, bad_run("shop", 2, run_id(4), 10, (JOB, "column amount does not exist"))).await;

    let answer = given.broken().await;
    holds_evidence(&answer);
    let [group] = answer.groups.as_slice() else { panic!("{answer:?}") };
    assert_eq!(group.class, "NOT_FOUND");
    let changes: Vec<(&str, &str)> = group.changes.iter().map(|it| (it.rule.as_str(), it.text.as_str())).collect();
    let version = format!("version 2 of the pipeline was applied by user:ada at {} (faster)", at(6));
    let columns = format!("columns of db/main.orders changed at {}: amount was removed, total was added", at(5));
    assert_eq!(
        changes,
        [
            ("VERSION_APPLIED", version.as_str()),
            (
                "TASK_CHANGED",
                "between version 1 and 2 the task run changed its connection (warehouse before, new now), its parameters statement"
            ),
            ("COLUMNS_CHANGED", columns.as_str()),
        ]
    );
    assert_eq!(group.changes[0].evidence[0].sequence, sequence);
    given.service.stop().await;
}

#[tokio::test]
async fn tests_that_fail_stand_with_the_task_that_runs_them_or_on_their_own() {
    let mut given = told("tests").await;
    let mut events = vec![applied("shop", 1, plan(&["run"]))];
    events.extend(good_run("shop", 1, run_id(1), 1, &["raw>orders", "orders=>dashboard", "orders>sales"]));
    events.push(describes(run_id(1), 0, "orders", "finance", &[]));
    events.push(draws(run_id(1), 0, "sales"));
    at_second(&given.log, 1, events).await;
    // The task goes well although its test fails: it only warns.
    let mut events = good_run("shop", 1, run_id(2), 5, &["raw>orders", "orders=>dashboard"]);
    events.insert(4, tests(run_id(2), 0, "orders", "FAILED"));
    at_second(&given.log, 5, events).await;
    let answer = given.broken().await;
    holds_evidence(&answer);
    let [group] = answer.groups.as_slice() else { panic!("{answer:?}") };
    assert_eq!((group.kind.as_str(), text(&group.what)), ("CHECK", "tests of db/main.orders fail: not_null (3 rows)"));
    assert_eq!(group.commands, ["downbeat asset tests db/main.orders"]);
    let reach = group.reach.clone().unwrap();
    assert_eq!(reach.exposures, ["db/main.dashboard", "db/main.sales"], "one is exposed, one is made to be looked at");
    assert_eq!(reach.owners, ["finance"]);
    // Now it fails because of it.
    let mut events = bad_run("shop", 1, run_id(3), 9, (JOB, "1 of 1 tests failed"));
    events.insert(4, tests(run_id(3), 0, "orders", "FAILED"));
    at_second(&given.log, 9, events).await;
    assert_eq!(given.causes().await, ["shop.run TEST_FAILED: TESTS_FAIL"]);
    let mut events = good_run("shop", 1, run_id(4), 12, &["raw>orders"]);
    events.insert(4, tests(run_id(4), 0, "orders", "SUCCEEDED"));
    at_second(&given.log, 12, events).await;
    assert!(given.causes().await.is_empty());
    given.service.stop().await;
}

/// What becomes of a failure by what happens after it.
#[tokio::test]
async fn what_takes_a_failure_back_and_what_does_not() {
    type Story = fn() -> Vec<Event>;
    let cases: [(&str, Story, &[&str]); 6] = [
        ("nothing", Vec::new, &["shop.load JOB_FAILED:"]),
        (
            "a good run",
            || {
                let mut events = vec![begun("shop", 1, run_id(2), 10, by_hand())];
                events.extend(goes_well(run_id(2), 0, 10));
                events.push(ended(run_id(2), RunStatus::Warning, 11));
                events
            },
            &[],
        ),
        (
            "a cancelled run says nothing",
            || vec![begun("shop", 1, run_id(2), 10, by_hand()), ended(run_id(2), RunStatus::Cancelled, 11)],
            &["shop.load JOB_FAILED:"],
        ),
        (
            "a failure in a run that is cancelled then is none",
            || {
                let mut events = vec![begun("shop", 1, run_id(2), 10, by_hand())];
                events.extend(fails(run_id(2), 1, 10, JOB, "x"));
                events.push(ended(run_id(2), RunStatus::Cancelled, 11));
                events
            },
            &["shop.load JOB_FAILED:"],
        ),
        (
            "a good run of another task only",
            || {
                let Event::RunCreated(created) = begun("shop", 1, run_id(2), 10, by_hand()) else { return Vec::new() };
                let selection = Some(Selection { tasks: vec![1], downstream: false });
                let mut events = vec![Event::RunCreated(Box::new(RunCreated { selection, ..*created }))];
                events.extend(goes_well(run_id(2), 1, 10));
                events.push(ended(run_id(2), RunStatus::Succeeded, 11));
                events
            },
            &["shop.load JOB_FAILED:"],
        ),
        ("the pipeline is deleted", || vec![Event::PipelineDeleted { pipeline: pipeline_of("shop"), at: at(10) }], &[]),
    ];
    for (name, story, expected) in cases {
        let mut given = told("back").await;
        let mut events = vec![applied("shop", 1, plan(&["load", "other"]))];
        events.extend(bad_run("shop", 1, run_id(1), 1, (JOB, "exit status 1")));
        at_second(&given.log, 1, events).await;
        at_second(&given.log, 11, story()).await;
        assert_eq!(given.causes().await, expected, "{name}");
        given.service.stop().await;
    }
}

#[tokio::test]
async fn a_run_that_fails_without_a_task_and_one_that_waits_for_another_are_told() {
    let mut given = told("child").await;
    let (parent, child) = (run_id(1), run_id(2));
    let mut whole = plan(&["start"]);
    (whole.tasks[0].integration, whole.tasks[0].integration_job) = ("ORCHESTRA".into(), "TRIGGER_PIPELINE".into());
    let started = attempt(parent, 0, 1);
    let trigger = Trigger::Parent { attempt: started, pipeline: pipeline_of("whole"), depth: 1 };
    let mut events = vec![applied("whole", 1, whole), applied("part", 1, plan(&["run"]))];
    events.push(begun("whole", 1, parent, 1, by_hand()));
    events.push(Event::ChildStarted {
        attempt: started,
        child,
        pipeline: pipeline_of("part"),
        detached: false,
        deadline: None,
        at: at(1),
    });
    events.push(begun("part", 1, child, 1, trigger));
    events.push(Event::RunFinished {
        run: child,
        status: RunStatus::Failed,
        message: "took longer than its timeout of 1 s".into(),
        at: at(2),
    });
    events.push(Event::ChildEnded {
        attempt: started,
        status: downbeat_domain::TaskStatus::Failed,
        message: "run is FAILED".into(),
        outputs: serde_json::Map::new(),
        retry_at: None,
        at: at(2),
    });
    events.push(ended(parent, RunStatus::Failed, 2));
    at_second(&given.log, 2, events).await;
    assert_eq!(given.causes().await, ["part. TIMED_OUT: STARTED_IT"]);
    let answer = given.broken().await;
    holds_evidence(&answer);
    let commands = [child, child, parent].map(|run| run.to_string());
    let expected = [
        format!("downbeat run why {}", commands[0]),
        format!("downbeat run restart {}", commands[1]),
        format!("downbeat run restart {}", commands[2]),
    ];
    assert_eq!(answer.groups[0].commands, expected);
    given.service.stop().await;
}

#[tokio::test]
async fn what_is_happening_is_told_with_how_far_it_is_and_what_waits() {
    let mut given = told("now").await;
    let (live, queued) = (run_id(1), run_id(2));
    let first = attempt(live, 1, 1);
    let mut events = vec![applied("shop", 1, plan(&["load", "sum", "mail", "late<mail"]))];
    events.push(begun("shop", 1, live, 1, by_hand()));
    events.extend(goes_well(live, 0, 2));
    events.extend([ready(live, 1, 3), leased(first, 3), started(first, 3)]);
    events.push(ready(live, 2, 4));
    let Event::RunCreated(created) = begun("shop", 1, queued, 5, by_hand()) else { panic!("no run") };
    events.push(Event::RunCreated(Box::new(RunCreated { gated: true, ..*created })));
    events.push(Event::RunQueued { run: queued, reason: "concurrency: 1 live run".into(), at: at(5) });
    at_second(&given.log, 5, events).await;
    let answer = given.now().await;
    let shown: Vec<_> = answer
        .runs
        .iter()
        .map(|live| (live.run.as_ref().unwrap().id.clone(), live.done, live.running, live.waiting, live.counted))
        .collect();
    assert_eq!(shown, [(live.to_string(), 1, 1, 2, true), (queued.to_string(), 0, 0, 4, true)]);
    assert_eq!(text(&answer.runs[0].started), "ada started it");
    let waiting: Vec<_> = answer.waiting.iter().map(|it| (it.kind.as_str(), it.task.as_str(), text(&it.why))).collect();
    assert_eq!(waiting, [("WORKER", "mail", "no worker has taken it yet"), ("RUN", "", "concurrency: 1 live run")]);
    for it in answer.runs.iter().map(|live| &live.started).chain(answer.waiting.iter().map(|it| &it.why)) {
        assert!(!it.as_ref().unwrap().evidence.is_empty());
    }
    at_second(&given.log, 9, vec![ended(live, RunStatus::Succeeded, 9), ended(queued, RunStatus::Cancelled, 9)]).await;
    let answer = given.now().await;
    assert!(answer.runs.is_empty() && answer.waiting.is_empty());
    // These runs ended years before this answer.
    assert!(answer.counts.is_empty() && answer.counted_from > at(9).as_microsecond());
    given.service.stop().await;
}

#[tokio::test]
async fn schedules_that_should_have_fired_are_late_and_the_next_ones_are_told() {
    let mut given = told("schedules").await;
    let schedule = |name: &str, cron: &str| downbeat_domain::plan::PlanSchedule {
        name: name.into(),
        cron: cron.into(),
        timezone: "UTC".into(),
        ..Default::default()
    };
    let mut due = plan(&["run"]);
    due.schedules = vec![schedule("hourly", "0 * ? * * *")];
    let mut never = plan(&["run"]);
    never.schedules = vec![schedule("once", "0 0 1 1 ? 2020")];
    at_second(&given.log, 0, vec![applied("due", 1, due), applied("never", 1, never)]).await;
    let answer = given.now().await;
    let late: Vec<&str> = answer.late.iter().map(|it| it.rule.as_str()).collect();
    assert_eq!(late, ["SCHEDULE_OVERDUE"]);
    assert!(answer.late[0].text.contains("schedule hourly of due should have fired at 2023-11-14T23:00:00Z"));
    let next: Vec<_> = answer.next.iter().map(|it| (it.pipeline_alias.as_str(), it.schedule.as_str())).collect();
    assert_eq!(next, [("due", "hourly")]);
    assert!(answer.next[0].at > answer.now && answer.next[0].at <= answer.now + 3_600_000_000);
    at_second(
        &given.log,
        1,
        vec![Event::PipelinePaused { pipeline: pipeline_of("due"), reason: String::new(), at: at(1) }],
    )
    .await;
    let answer = given.now().await;
    assert!(answer.late.is_empty() && answer.next.is_empty(), "{answer:?}");
    given.service.stop().await;
}

#[tokio::test]
async fn bad_questions_are_refused_in_words() {
    let mut given = told("bad").await;
    let request = wire::GetBrokenRequest { limit: 201, at_least: None };
    let refused = given.service.answers.get_broken(request).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "limit: 201 is above 200"));
    let request = wire::GetNowRequest { limit: 101, at_least: None };
    let refused = given.service.answers.get_now(request).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "limit: 101 is above 100"));
    let elsewhere = wire::Position { log_id: "another".into(), ..Default::default() };
    let request = wire::GetNowRequest { limit: 0, at_least: Some(elsewhere) };
    let refused = given.service.answers.get_now(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    given.service.stop().await;
}

#[tokio::test]
async fn a_reach_that_is_too_wide_says_so_and_where_all_of_it_is() {
    let mut given = told("wide").await;
    let made: Vec<String> = (0..450).map(|number| format!("orders>m{number}")).collect();
    let made: Vec<&str> = made.iter().map(String::as_str).collect();
    let mut events = vec![applied("raw", 1, plan(&["run"])), applied("wide", 1, plan(&["run"]))];
    events.extend(good_run("raw", 1, run_id(1), 1, &[">orders"]));
    events.extend(good_run("wide", 1, run_id(2), 1, &made));
    events.extend(bad_run("raw", 1, run_id(3), 5, (JOB, "exit status 1")));
    at_second(&given.log, 5, events).await;
    let answer = given.broken().await;
    let reach = answer.groups[0].reach.clone().unwrap();
    assert_eq!((reach.truncated, reach.asset_count, reach.assets.len()), (true, 400, 10));
    assert!(answer.groups[0].commands.contains(&"downbeat asset impact db/main.orders".to_owned()), "{answer:?}");
    given.service.stop().await;
}
