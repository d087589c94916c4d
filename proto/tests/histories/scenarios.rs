//! One history per feature. Most end in the middle of something: a run that has ended shows little of itself.

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, BackfillId, Command, CreateBackfill, FireSchedule, IncomingEvent, Mark, Outcome, PassReason,
    PassedInstants, Report, RestartMode, RunId, TakeEvent, WorkerId,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::recorder::{Recorder, pipeline, run};

type Scenario = fn() -> Vec<Vec<u8>>;

pub(crate) const ALL: &[(&str, Scenario)] = &[
    ("dependencies", dependencies),
    ("conditions", conditions),
    ("retries-and-losses", retries_and_losses),
    ("timeouts", timeouts),
    ("cancel", cancel),
    ("matrix", matrix),
    ("matrix-stops", matrix_stops),
    ("approvals", approvals),
    ("sub-pipelines", sub_pipelines),
    ("waits-and-schedules", waits_and_schedules),
    ("pipeline-events", pipeline_events),
    ("events", events),
    ("remote", crate::remote::remote),
    ("sensors", crate::sensors::sensors),
    ("alerts", crate::alerts::alerts),
    ("audit", audit),
    ("operations", crate::alerts::operations),
    ("assets", crate::assets::assets),
    ("declared-assets", crate::assets::declared),
    ("costs", crate::costs::costs),
    ("foreign", crate::foreign::foreign),
    ("access", crate::access::access),
    ("endpoints", crate::endpoints::endpoints),
    ("logins", crate::access::logins),
    ("tools", crate::access::tools),
    ("environments", crate::environments::environments),
    ("connections", crate::connections::connections),
    ("inventory", crate::inventory::inventory),
    ("missed-schedules", missed_schedules),
    ("backfills", backfills),
    ("time-zones", time_zones),
    ("level", level),
    ("concurrency", concurrency),
    ("pools", pools),
    ("marks", marks),
    ("restart-from-failed", restart_from_failed),
    ("restart-of-iterations", restart_of_iterations),
    ("selection-and-paused", selection_and_paused),
    ("pipelines", pipelines),
    ("versions", crate::versions::versions),
    ("file-commits", crate::versions::file_commits),
    ("expressions-that-fail", expressions_that_fail),
];

const JOB: &str = "integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}";

pub(crate) fn with(body: &str) -> Recorder {
    Recorder::new(&body.replace("JOB", JOB))
}

fn dependencies() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {g: {tasks: {a: {JOB}, b: {JOB, depends_on: [a]}}}, h: {depends_on: [g], tasks: {c: {JOB}}}}\n",
    );
    demo.start(1).succeed(1, "a", json!({"rows": 3})).work(1, "b").operation(1, "b", "model.x").into_records()
}

/// Commands that are refused among others that are not.
fn audit() -> Vec<Vec<u8>> {
    let demo = with("pipeline: {a: {JOB}}\n");
    let cancel = || Command::CancelRun { run: run(1), reason: "enough".to_owned() };
    let resume = || Command::ResumePipeline { pipeline: pipeline("nowhere") };
    demo.refused(cancel()).start(1).run(cancel()).refused(cancel()).refused(resume()).into_records()
}

fn conditions() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {a: {JOB}, b: {JOB, depends_on: [a], condition: \"tasks['a'].outputs.n > 3\"}, \
         c: {JOB, depends_on: [a], condition: \"tasks['a'].status == 'SUCCEEDED'\"}, \
         g: {depends_on: [a], condition: \"False\", tasks: {d: {JOB}}}}\n",
    );
    demo.start(1).succeed(1, "a", json!({"n": 2})).into_records()
}

fn retries_and_losses() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {a: {JOB, configuration: {retries: 2}, meta: {downbeat: {retry: {delay: PT10S, backoff: exponential, jitter: 0.5}}}}, \
         b: {JOB}, c: {JOB, treat_failure_as_warning: true}}\n",
    );
    let failed = demo.start(1).fail(1, "a").after(60).wake(1).fail(1, "a").work(1, "b").fail(1, "c");
    let attempt = failed.attempt(1, "b");
    failed.run(Command::LoseAttempt { attempt, reason: "gone".to_owned() }).after(1).wake(1).into_records()
}

fn timeouts() -> Vec<Vec<u8>> {
    let demo = with(
        "meta: {downbeat: {timeout: PT1M}}\npipeline: {a: {JOB, configuration: {timeout: 10}}, b: {JOB}, c: {JOB, depends_on: [b]}}\n",
    );
    demo.start(1)
        .work(1, "a")
        .work(1, "b")
        .after(11)
        .wake(1)
        .report(1, "a", Report::Stopped { unconfirmed: String::new() })
        .after(60)
        .wake(1)
        .into_records()
}

fn cancel() -> Vec<Vec<u8>> {
    let demo = with("pipeline: {a: {JOB}, b: {JOB}, c: {JOB, depends_on: [b]}}\n").start(1).work(1, "a").work(1, "b");
    let cancel = Command::CancelRun { run: run(1), reason: "enough".to_owned() };
    demo.run(cancel).report(1, "a", Report::Stopped { unconfirmed: String::new() }).into_records()
}

fn matrix() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {list: {JOB}, g: {depends_on: [list], matrix: {inputs: {t: \"${{ tasks['list'].outputs.tables }}\"}, max_parallel: 2}, \
         tasks: {load: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: \"${{ matrix.t.name }}\"}}, \
         check: {JOB, depends_on: [load]}}}}\n",
    );
    let tables = json!({"tables": [{"id": "x", "name": "one"}, {"id": "y", "name": "two"}, {"name": "three"}]});
    let fanned = demo.start(1).succeed(1, "list", tables).succeed(1, "load[0]", Value::Null);
    fanned.succeed(1, "check[0]", json!({"ok": true})).work(1, "load[2]").into_records()
}

fn matrix_stops() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {g: {matrix: {inputs: {n: [1, 2, 3]}, sequential: true}, tasks: {a: {JOB}}}, z: {JOB, depends_on: [g]}, w: {JOB}}\n",
    );
    demo.start(1).succeed(1, "a[0]", Value::Null).fail(1, "a[1]").into_records()
}

fn approvals() -> Vec<Vec<u8>> {
    let approval = |more: &str| {
        format!(
            "{{integration: ORCHESTRA, integration_job: APPROVAL, parameters: {{approvers: [a@x.io, b@x.io]}}{more}}}"
        )
    };
    let body = format!(
        "pipeline: {{p: {}, q: {}, r: {}, s: {}}}\n",
        approval(""),
        approval(""),
        approval(", meta: {downbeat: {approval: {expires: PT1H}}}"),
        approval("")
    );
    let demo = Recorder::new(&body).start(1);
    let decide = |demo: Recorder, task: &str, approved| {
        let task = demo.place(1, task);
        let (by, comment) = ("A@x.io".to_owned(), "fine".to_owned());
        demo.run(Command::DecideApproval { run: run(1), task, approved, by, comment })
    };
    decide(decide(demo, "p", true), "q", false).after(3_601).wake(1).into_records()
}

fn sub_pipelines() -> Vec<Vec<u8>> {
    let child = pipeline("child");
    let trigger = format!(
        "integration: ORCHESTRA, integration_job: TRIGGER_PIPELINE, parameters: {{pipeline_id: {child}, run_inputs: {{n: 3}}}}"
    );
    let body = format!(
        "pipeline: {{a: {{{trigger}}}, b: {{{trigger}, meta: {{downbeat: {{wait: false}}}}}}, c: {{{trigger}, configuration: {{timeout: 5, retries: 1}}}}}}\n"
    );
    let child = format!("inputs: {{n: {{type: number}}}}\npipeline: {{x: {{{JOB}}}}}\n");
    let demo = Recorder::new(&body).apply("child", &child).start(1).after(6).wake(1);
    // The run that `a` waits for ends, the one of `c` is recalled.
    let waited = demo.partition.children.iter().find(|(_, parent)| parent.task == 0).map(|(child, _)| *child).unwrap();
    let cancel = Command::CancelRun { run: waited, reason: "by hand".to_owned() };
    demo.run(cancel).into_records()
}

fn waits_and_schedules() -> Vec<Vec<u8>> {
    let demo = with(
        "schedule: [{name: nightly, cron: 0 1 ? * * *}]\npipeline: {w: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}, \
         v: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 9}}, a: {JOB, depends_on: [w]}}\n",
    );
    let instant = jiff::Timestamp::from_second(1_789_999_980).unwrap();
    let fire = question(instant, None);
    demo.run(Command::FireSchedule(fire)).start(1).after(121).wake(1).into_records()
}

fn pipeline_events() -> Vec<Vec<u8>> {
    let follows = |trigger: &str| {
        format!(
            "inputs: {{n: {{type: number, optional: true}}}}\ntrigger_events: [{{type: pipeline, {trigger}}}]\npipeline: {{x: {{{JOB}}}}}\n"
        )
    };
    let demo = pipeline("demo");
    let takes = follows(&format!("pipeline_id: {demo}, run_inputs: {{n: \"${{{{ outputs['a']['rows'] }}}}\"}}"));
    let paused = Command::PausePipeline { pipeline: pipeline("paused"), reason: "busy".to_owned() };
    let demo = with("pipeline: {a: {JOB}}\n").apply("takes", &takes).apply("any", &follows("pipeline_id: '*'"));
    let demo = demo.apply("paused", &follows("pipeline_id: '*', statuses: [SUCCEEDED]")).run(paused);
    demo.start(1).succeed(1, "a", json!({"rows": 3})).start(2).fail(2, "a").into_records()
}

fn events() -> Vec<Vec<u8>> {
    let body = "inputs: {one: {type: string, optional: true}, two: {type: number, optional: true}}\n\
        meta: {downbeat: {triggers: [{name: single, nats: orders.>, when: event.data.n > 0, run_inputs: {two: event.data.n}}, \
        {name: both, all_of: [{nats: a, run_inputs: {one: event.id}}, {nats: b, run_inputs: {two: event.data.n}}], within: PT1H}]}}\n\
        pipeline: {a: {JOB}}\n";
    let take = |trigger: &str, address: &str, id: &str, n: i64| {
        let event = IncomingEvent {
            address: address.to_owned(),
            id: id.to_owned(),
            source: "shop".to_owned(),
            kind: "landed".to_owned(),
            subject: String::new(),
            time: jiff::Timestamp::from_second(1_789_999_990).ok(),
            data: json!({"n": n}),
            depth: 1,
        };
        let (pipeline, trigger) = (pipeline("demo"), trigger.to_owned());
        Command::TakeEvent(TakeEvent { pipeline, trigger, event: Arc::new(event) })
    };
    let demo = with(body).run(take("single", "orders.eu", "1", 3)).run(take("single", "orders.eu", "2", 0));
    let demo = demo.run(take("both", "a", "3", 0)).run(take("both", "a", "4", 0)).run(take("both", "b", "5", 7));
    let demo = demo.run(take("both", "b", "6", 8)).after(3_601).run(take("both", "a", "7", 0));
    demo.apply("demo", &body.replace("JOB", JOB).replace("n > 0", "n > 1")).into_records()
}

/// The only question about the schedule `nightly` of `demo`, by one who knows what was decided last.
fn question(instant: Timestamp, after: Option<Timestamp>) -> FireSchedule {
    let schedule = "nightly".to_owned();
    FireSchedule { version: 0, pipeline: pipeline("demo"), schedule, instant, after, passed: Vec::new(), fires: true }
}

fn missed_schedules() -> Vec<Vec<u8>> {
    let demo = with(
        "schedule: [{name: nightly, cron: 0 6 ? * * *, timezone: Europe/London}]\n\
         meta: {downbeat: {schedule_options: {nightly: {catchup: coalesce, dst: shift, jitter: PT1M, start: 2025-01-01}}}}\n\
         pipeline: {a: {JOB}}\n",
    );
    let at = |second| Timestamp::from_second(second).expect("an instant");
    let passed = |reason, first, last, count| PassedInstants {
        reason,
        count,
        first: at(first),
        last: at(last),
        listed: vec![at(last)],
        message: String::new(),
    };
    let skipped = FireSchedule {
        passed: vec![passed(PassReason::TooOld, 100, 500, 5), passed(PassReason::Paused, 600, 700, 2)],
        fires: false,
        ..question(at(700), None)
    };
    let late =
        FireSchedule { passed: vec![passed(PassReason::Coalesced, 800, 900, 2)], ..question(at(1_000), Some(at(700))) };
    demo.run(Command::FireSchedule(skipped)).run(Command::FireSchedule(late)).into_records()
}

fn backfills() -> Vec<Vec<u8>> {
    let demo = with(
        "inputs: {hour: {type: string, options: ['01', '02', '03', '04']}}\n\
         schedule: [{name: hourly, cron: 0 * ? * * *, run_inputs: {hour: \"${{ format_date(ORCHESTRA.CURRENT_TIME, '%H') }}\"}}]\n\
         pipeline: {a: {JOB}}\n",
    );
    let at = |hour: i64| Timestamp::from_second(1_789_948_800 + hour * 3_600).expect("an instant");
    let of = |number: u8, hours: std::ops::Range<i64>, force| {
        Command::CreateBackfill(Box::new(CreateBackfill {
            backfill: BackfillId([number; 16]),
            pipeline: pipeline("demo"),
            schedule: "hourly".to_owned(),
            from: at(hours.start),
            to: at(hours.end),
            instants: hours.map(at).collect(),
            max_active: 2,
            force,
            user: "ada".to_owned(),
        }))
    };
    let run = |hour| RunId::of_backfill(pipeline("demo"), "hourly", at(hour), 0);
    let cancel =
        |backfill| Command::CancelBackfill { backfill: BackfillId([backfill; 16]), reason: "enough".to_owned() };
    // Of the first one hour 0 is declined, 1 succeeds, and 2 and 3 are live; the second one finds 1 done; the third is cancelled.
    let demo = with_runs(demo.run(of(1, 0..5, false)), &[run(1)]).run(of(2, 1..3, true)).run(of(3, 1..5, false));
    demo.run(cancel(3)).into_records()
}

/// Workers do the one task of these runs.
fn with_runs(mut demo: Recorder, runs: &[RunId]) -> Recorder {
    for run in runs {
        let (worker, attempt) = (WorkerId([3; 16]), AttemptRef { run: *run, task: 0, number: 1 });
        let (outcome, outputs) = (Outcome::Succeeded, serde_json::Map::new());
        let report = Report::Succeeded { outcome, outputs, message: String::new() };
        demo = demo
            .run(Command::LeaseTask { run: *run, task: 0, worker, remote: false })
            .run(Command::Report { attempt, report });
    }
    demo
}

/// A scheduler with old rules lags behind the others; what it says changes nothing.
fn time_zones() -> Vec<Vec<u8>> {
    let note = |release: &str| Command::NoteTimeZones { release: release.to_owned() };
    with("pipeline: {a: {JOB}}\n").run(note("2026e")).run(note("2025b")).run(note("2026f")).into_records()
}

/// Raised once: whoever asks again is told that it is so.
fn level() -> Vec<Vec<u8>> {
    let raise = || Command::RaiseLevel;
    with("pipeline: {a: {JOB}}\n").start(1).run(raise()).run(raise()).into_records()
}

fn concurrency() -> Vec<Vec<u8>> {
    let limited = |on_limit: &str| {
        format!(
            "configuration: {{concurrency: {{max_active: 1, on_limit: {on_limit}}}}}\nmeta: {{downbeat: {{timeout: PT1H}}}}\npipeline: {{a: {{{JOB}}}}}\n"
        )
    };
    let demo = Recorder::new(&limited("QUEUE")).start(1).start(2).start(3).succeed(1, "a", Value::Null);
    let demo = demo.apply("demo", &limited("SKIP")).start(4).apply("demo", &limited("QUEUE_LATEST")).start(5);
    let cancelling = limited("QUEUE").replace("timeout: PT1H", "concurrency: {on_limit: CANCEL_RUNNING}");
    demo.apply("demo", &cancelling).start(6).into_records()
}

fn pools() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {a: {JOB, meta: {downbeat: {pool: {name: wh, slots: 2}}}}, b: {JOB, meta: {downbeat: {pool: {name: wh}}}}, \
         c: {JOB, configuration: {concurrency: {max_active: 1}}}}\n",
    );
    let set = |slots| Command::SetPool { name: "wh".to_owned(), slots };
    let demo = demo.run(set(Some(3))).start(1).work(1, "a").work(1, "b").start(2).run(set(Some(1)));
    demo.succeed(1, "c", Value::Null)
        .run(Command::SetPool { name: "gone".to_owned(), slots: Some(1) })
        .run(Command::SetPool { name: "gone".to_owned(), slots: None })
        .into_records()
}

fn marks() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {a: {JOB}, b: {JOB}, c: {JOB}, d: {JOB, depends_on: [b]}, e: {JOB, depends_on: [c]}, z: {JOB}}\n",
    );
    let mark = |demo: Recorder, task: &str, mark| {
        let task = demo.place(1, task);
        let outputs = json!({"by": "hand"}).as_object().cloned().unwrap();
        let (reason, by) = ("known".to_owned(), "ada".to_owned());
        demo.run(Command::MarkTask { run: run(1), task, mark, outputs, reason, by })
    };
    let demo = mark(mark(demo.start(1), "b", Mark::Succeeded), "c", Mark::Skipped).work(1, "a").work(1, "z");
    let demo = mark(mark(demo, "a", Mark::Failed), "z", Mark::Warning);
    demo.report(1, "a", Report::Stopped { unconfirmed: String::new() }).into_records()
}

fn restart_from_failed() -> Vec<Vec<u8>> {
    let demo = with("pipeline: {a: {JOB}, b: {JOB, depends_on: [a]}, c: {JOB, depends_on: [b]}}\n");
    let demo = demo.start(1).succeed(1, "a", json!({"rows": 7})).work(1, "b").operation(1, "b", "model.m");
    let class = downbeat_domain::FailureClass::JobFailed;
    let (message, outputs) = ("broke".to_owned(), serde_json::Map::new());
    let ended = demo.report(1, "b", Report::Failed { class, message, outputs });
    let again = ended.restart(1, 2, RestartMode::FromFailed, &[]);
    again
        .restart(1, 3, RestartMode::FromTasks, &["b"])
        .restart(1, 4, RestartMode::FromSelected, &["c"])
        .restart(1, 5, RestartMode::All, &[])
        .into_records()
}

fn restart_of_iterations() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {g: {matrix: {inputs: {t: [{id: x}, {id: y}]}, continue_on_error: true}, tasks: {a: {JOB}}}}\n",
    );
    let demo = demo.start(1).succeed(1, "a[0]", json!({"n": 1})).work(1, "a[1]").operation(1, "a[1]", "model.q");
    let class = downbeat_domain::FailureClass::JobFailed;
    let (message, outputs) = ("broke".to_owned(), serde_json::Map::new());
    let ended = demo.report(1, "a[1]", Report::Failed { class, message, outputs });
    ended.restart(1, 2, RestartMode::FromFailed, &[]).into_records()
}

fn selection_and_paused() -> Vec<Vec<u8>> {
    let demo = with(
        "inputs: {day: {type: string, default: mon}}\n\
         pipeline: {a: {JOB}, p: {JOB, paused: true, depends_on: [a]}, b: {JOB, depends_on: [p]}, \
         g: {paused: true, tasks: {x: {JOB}}}, c: {JOB, depends_on: [b]}}\n",
    );
    demo.start_with(1, json!({"day": "tue"}), &["b", "c"]).start(2).into_records()
}

fn pipelines() -> Vec<Vec<u8>> {
    let other = format!("pipeline: {{a: {{{JOB}}}}}\n");
    let demo = with("pipeline: {a: {JOB}}\n").apply("gone", &other).apply("held", &other).start(1).work(1, "a");
    demo.run(Command::PausePipeline { pipeline: pipeline("held"), reason: "repairs".to_owned() })
        .run(Command::PausePipeline { pipeline: pipeline("demo"), reason: "later".to_owned() })
        .run(Command::ResumePipeline { pipeline: pipeline("demo") })
        .run(Command::DeletePipeline { pipeline: pipeline("gone") })
        .into_records()
}

fn expressions_that_fail() -> Vec<Vec<u8>> {
    let demo = with(
        "pipeline: {a: {JOB}, b: {JOB, depends_on: [a], condition: \"tasks['a'].outputs.n > 3\"}, \
         g: {depends_on: [a], matrix: {inputs: {m: \"${{ tasks['a'].outputs.text }}\"}}, tasks: {x: {JOB}, y: {JOB}}}, z: {JOB}}\n",
    );
    demo.start(1).succeed(1, "a", json!({"text": "no list"})).into_records()
}
