//! The audit as rows: what each command changed, who has a row and who has none, however often the log is folded.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::collections::BTreeMap;

use downbeat_domain::{
    AlertId, BackfillCreated, BackfillId, CallOrigin, CommandId, CommandKind, EnvironmentId, Event, Grant, KeyId, Mark,
    PassReason, PassedInstants, PipelineApplied, PipelineId, PipelineStorage, RestartMode, Role, RunCreated, RunStatus,
    ScheduleDecided, StorageProvider, Target, TargetKind, TaskRunId, Trigger,
    environment::{EnvironmentEvent, EnvironmentSet, Variable, VariableKind},
    event::{AccessEvent, Alert, AlertSubject, AlertsRaised, CommandRejected, KeyCreated, SensorEventTaken},
};
use downbeat_event_log::{Entry, EventLog, LogId, memory::MemoryLog};
use downbeat_metadata_projector::engine::{self, Fold, keys, rows};
use downbeat_proto::{
    metadata::v1::AuditEntry,
    record::{self, Decision},
};
use serde_json::{Map, Value, json};
use support::*;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

const ENVIRONMENT: EnvironmentId = EnvironmentId(*b"environment-0001");

fn by(actor: &str, events: Vec<Event>) -> Decision {
    Decision { actor: actor.into(), decided_at: at(50), events, ..Decision::default() }
}

async fn log_of(records: Vec<Vec<Decision>>) -> (MemoryLog, Vec<Entry>) {
    let log = MemoryLog::new(LogId("audit".into()));
    for decisions in &records {
        let decisions = decisions.iter().map(record::encode_decision).collect();
        append_payload(&log, record::encode(0, at(0), decisions)).await;
    }
    let entries = log.read(0, 10_000).await.unwrap();
    (log, entries)
}

/// Folds everything so many times, in batches of so many records.
fn fold(log: &MemoryLog, entries: &[Entry], batch: usize) -> Rows {
    let mut rows = Rows::new();
    let mut fold = Fold::new(engine::start_of(log.id()));
    for entries in entries.chunks(batch) {
        for entry in entries {
            fold.record(&rows, log.id(), entry).unwrap();
        }
        let commit = fold.take();
        assert_eq!(commit.head.quarantined_events, 0);
        rows.extend(commit.writes);
    }
    rows
}

fn audit(rows: &Rows) -> Vec<AuditEntry> {
    let found = rows.iter().filter(|(key, _)| key.starts_with(keys::audit::ENTRIES));
    found.map(|(key, row)| rows::read(key, row).unwrap()).collect()
}

async fn audited(records: Vec<Vec<Decision>>) -> Vec<AuditEntry> {
    let (log, entries) = log_of(records).await;
    let rows = fold(&log, &entries, 3);
    for batch in [1, entries.len()] {
        assert_eq!(fold(&log, &entries, batch), rows, "the size of batches does not matter");
    }
    // Folded once more over what is there: nothing changes.
    let mut again = rows.clone();
    let mut fold = Fold::new(engine::start_of(log.id()));
    entries.iter().for_each(|entry| fold.record(&again, log.id(), entry).unwrap());
    again.extend(fold.take().writes);
    assert_eq!(audit(&again), audit(&rows));
    audit(&rows)
}

fn json_of(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap() }
}

fn applied(version: u32) -> Event {
    let Event::PipelineApplied(first) = pipeline(2, 0) else { unreachable!() };
    Event::PipelineApplied(Box::new(PipelineApplied { version, ..*first }))
}

fn drafted(version: u32) -> Event {
    let Event::PipelineApplied(stored) = applied(version) else { unreachable!() };
    Event::PipelineDrafted(stored)
}

fn kept() -> Event {
    let (provider, repository) = (StorageProvider::Git, "ssh://h/x".to_owned());
    let storage = PipelineStorage { provider, repository, ..PipelineStorage::ours() };
    Event::PipelineStorageSet { pipeline: pipeline_id(), storage, at: at(9) }
}

fn created_by(trigger: Trigger) -> Event {
    let Event::RunCreated(created) = created(run_id(2), 9) else { unreachable!() };
    let inputs = json!({"day": "2026-01-01", "token": "of no concern"});
    let inputs: Map<String, Value> = inputs.as_object().cloned().unwrap();
    Event::RunCreated(Box::new(RunCreated { trigger, inputs, ..*created }))
}

/// A run that waits until it may go.
fn gated() -> Event {
    let Event::RunCreated(created) = created(run_id(1), 1) else { unreachable!() };
    Event::RunCreated(Box::new(RunCreated { gated: true, ..*created }))
}

fn backfill() -> Event {
    Event::BackfillCreated(Box::new(BackfillCreated {
        backfill: BackfillId([7; 16]),
        pipeline: pipeline_id(),
        schedule: "daily".into(),
        from: at(0),
        to: at(100),
        instants: vec![at(1), at(2)],
        skipped: vec![at(3)],
        max_active: 1,
        force: false,
        user: "ada".into(),
        at: at(9),
    }))
}

const ALERT: AlertId = AlertId([9; 16]);

fn raised() -> Event {
    Event::AlertsRaised(Box::new(AlertsRaised {
        pipeline: pipeline_id(),
        subject: AlertSubject::Run(run_id(1)),
        scope: String::new(),
        status: RunStatus::Failed,
        took_ms: None,
        alerts: vec![Alert {
            id: ALERT,
            name: "oops".into(),
            integration: "SLACK".into(),
            connection: String::new(),
            content: Map::new(),
        }],
        held: Vec::new(),
        anomalies: Vec::new(),
        at: at(9),
    }))
}

fn passed() -> Event {
    let passed = PassedInstants {
        reason: PassReason::Missed,
        count: 3,
        first: at(1),
        last: at(3),
        listed: vec![],
        message: String::new(),
    };
    Event::ScheduleDecided(Box::new(ScheduleDecided {
        pipeline: pipeline_id(),
        schedule: "daily".into(),
        passed: vec![passed],
        up_to: at(3),
        at: at(9),
    }))
}

/// Command, what was before it, its event, what its row says was before and is after, and its targets.
type Case = (CommandKind, Vec<Event>, Event, Value, Value, Vec<(&'static str, String)>);

fn cases() -> Vec<Case> {
    let pipeline_target = || vec![("pipeline", pipeline_id().to_string())];
    let run_targets = |run: u32| vec![("run", run_id(run).to_string()), ("pipeline", pipeline_id().to_string())];
    let task_targets = || {
        let task = TaskRunId::derive(run_id(1), 0).to_string();
        vec![("run", run_id(1).to_string()), ("task", task), ("pipeline", pipeline_id().to_string())]
    };
    let with_pipeline = |mut targets: Vec<(&'static str, String)>| {
        targets.extend(pipeline_target());
        targets
    };
    let (pipeline, mut finished_run) = (pipeline_id(), whole_task(run_id(1), 0));
    finished_run.insert(0, created(run_id(1), 1));
    finished_run.extend([ready(run_id(1), 1, 5), finished(run_id(1), 9)]);
    let live = || vec![created(run_id(1), 1), ready(run_id(1), 0, 2), leased(attempt(run_id(1), 0, 1), 3)];
    let live_waiting = || vec![created(run_id(1), 1), ready(run_id(1), 0, 2)];
    let mut running = live();
    running.push(started(attempt(run_id(1), 0, 1), 4));
    let pause = || Event::PipelinePaused { pipeline, reason: "a while".into(), at: at(8) };
    let approved = Event::ApprovalDecided {
        attempt: attempt(run_id(1), 0, 1),
        approved: true,
        by: "ada".into(),
        comment: "looks right".into(),
        outputs: Map::new(),
        as_warning: false,
        at: at(9),
    };
    let asked = Event::ApprovalRequested {
        attempt: attempt(run_id(1), 0, 1),
        approvers: vec![],
        message: String::new(),
        until: None,
        at: at(3),
    };
    let marked = Event::TaskMarked {
        run: run_id(1),
        task: 0,
        mark: Mark::Succeeded,
        outputs: json!({"rows": 3}).as_object().cloned().unwrap(),
        reason: "done by hand".into(),
        by: "ada".into(),
        at: at(9),
    };
    let environment = |region: &str, is_default| {
        let region = Variable { kind: VariableKind::String, value: json!(region) };
        let kept = Variable { kind: VariableKind::Int, value: json!(7) };
        Event::Environment(EnvironmentEvent::Set(Box::new(EnvironmentSet {
            environment: ENVIRONMENT,
            name: "Live".into(),
            variables: [("REGION".to_owned(), region), ("LIMIT".to_owned(), kept)].into(),
            is_default,
            at: at(9),
        })))
    };
    let no_environment =
        Event::Environment(EnvironmentEvent::Removed { environment: ENVIRONMENT, name: "Live".into(), at: at(9) });
    let environment_json =
        |variables: Value, default: bool| json!({"name": "Live", "default": default, "variables": variables});
    let environment_target = || vec![("environment", ENVIRONMENT.to_string())];
    let set = |slots| Event::PoolSet { name: "db".into(), slots, at: at(9) };
    let state = |version: u32| json!({"version": version, "name": "Weather", "tasks": 2, "source_root": "/repo"});
    let mut second = state(2);
    second["digest"] = json!("03".repeat(32));
    let mut draft = second.clone();
    draft["draft"] = json!(true);
    let place = |provider: &str, repository: &str| {
        json!({
            "provider": provider, "repository": repository, "default_branch": "", "working_branch": "", "yaml_path": "",
        })
    };
    let run = |json: Value| {
        let mut shown = json!({"run": run_id(2).to_string(), "version": 1, "inputs": ["day", "token"]});
        shown.as_object_mut().unwrap().extend(json.as_object().cloned().unwrap());
        shown
    };
    let failed = Event::AlertFailed { alert: ALERT, failures: 2, message: "no".into(), retry_at: None, at: at(8) };
    let manual = Trigger::Manual { user: "ada".into() };
    let restart = Trigger::Restart { user: "ada".into(), run: run_id(1), mode: RestartMode::FromFailed };
    let webhook = Trigger::Webhook { delivery: "d1".into(), signature: String::new() };
    let scheduled =
        Trigger::Scheduled { schedule: "daily".into(), instant: at(3), coalesced: vec![], coalesced_count: 0 };
    use CommandKind as C;
    vec![
        (C::ApplyPipeline, vec![], applied(2), state(1), second, pipeline_target()),
        (C::ApplyPipeline, vec![], drafted(2), json!({"latest_version": 1}), draft, pipeline_target()),
        (C::SetPipelineStorage, vec![], kept(), place("ORCHESTRA", ""), place("GIT", "ssh://h/x"), pipeline_target()),
        (C::PausePipeline, vec![], pause(), json!({"paused": false}), json!({"paused": true}), pipeline_target()),
        (
            C::ResumePipeline,
            vec![pause()],
            Event::PipelineResumed { pipeline, at: at(9) },
            json!({"paused": true, "paused_reason": "a while"}),
            json!({"paused": false}),
            pipeline_target(),
        ),
        (
            C::DeletePipeline,
            vec![],
            Event::PipelineDeleted { pipeline, at: at(9) },
            json!({"version": 1, "deleted": false}),
            json!({"deleted": true}),
            pipeline_target(),
        ),
        (
            C::SetEnvironment,
            vec![],
            environment("eu", true),
            Value::Null,
            environment_json(json!({"LIMIT": 7, "REGION": "eu"}), true),
            environment_target(),
        ),
        (
            C::SetEnvironment,
            vec![environment("eu", true)],
            environment(&"x".repeat(1_000), false),
            environment_json(json!({"REGION": "eu"}), true),
            environment_json(json!({"REGION": format!("\"{}…", "x".repeat(199))}), false),
            environment_target(),
        ),
        (
            C::RemoveEnvironment,
            vec![environment("eu", true)],
            no_environment,
            environment_json(json!({"LIMIT": 7, "REGION": "eu"}), true),
            Value::Null,
            environment_target(),
        ),
        (C::SetPool, vec![], set(Some(3)), json!({"slots": null}), json!({"slots": 3}), vec![("pool", "db".into())]),
        (
            C::SetPool,
            vec![set(Some(3))],
            set(None),
            json!({"slots": 3}),
            json!({"slots": null}),
            vec![("pool", "db".into())],
        ),
        (C::StartRun, vec![], created_by(manual), Value::Null, run(json!({})), run_targets(2)),
        (
            C::RestartRun,
            finished_run,
            created_by(restart),
            json!({"run": run_id(1).to_string(), "status": "SUCCEEDED"}),
            run(json!({"mode": "RESTART_FROM_FAILED"})),
            [run_targets(2), vec![("run", run_id(1).to_string())]].concat(),
        ),
        (
            C::CancelRun,
            running,
            Event::RunCancelRequested { run: run_id(1), reason: "enough".into(), at: at(9) },
            json!({"status": "RUNNING"}),
            json!({"status": "CANCELLING"}),
            run_targets(1),
        ),
        (
            C::ReleaseRun,
            vec![gated(), Event::RunQueued { run: run_id(1), reason: "the budget is spent".into(), at: at(2) }],
            Event::RunAdmitted { run: run_id(1), deadline: None, at: at(9) },
            json!({"status": "QUEUED"}),
            json!({"released": true}),
            run_targets(1),
        ),
        (
            C::MarkTask,
            live_waiting(),
            marked,
            json!({"status": "QUEUED"}),
            json!({"mark": "SUCCEEDED", "outputs": ["rows"]}),
            task_targets(),
        ),
        (
            C::DecideApproval,
            vec![created(run_id(1), 1), asked],
            approved,
            json!({"status": "RUNNING"}),
            json!({"approved": true}),
            task_targets(),
        ),
        (
            C::CreateBackfill,
            vec![],
            backfill(),
            Value::Null,
            json!({
                "schedule": "daily", "from": at(0).to_string(), "to": at(100).to_string(), "instants": 2, "skipped": 1,
                "max_active": 1, "force": false,
            }),
            with_pipeline(vec![("backfill", BackfillId([7; 16]).to_string())]),
        ),
        (
            C::CancelBackfill,
            vec![backfill()],
            Event::BackfillCancelled { backfill: BackfillId([7; 16]), reason: "enough".into(), at: at(9) },
            json!({"status": "RUNNING", "left": 2, "live": 0}),
            json!({"status": "CANCELLED", "dropped": 2}),
            with_pipeline(vec![("backfill", BackfillId([7; 16]).to_string())]),
        ),
        (
            C::RetryAlert,
            vec![raised(), failed],
            Event::AlertRetried { alert: ALERT, failures: 2, at: at(9) },
            json!({"state": "DEAD", "failures": 2}),
            json!({"state": "PENDING"}),
            with_pipeline(vec![("alert", ALERT.to_string())]),
        ),
        (C::TakeWebhook, vec![], created_by(webhook), Value::Null, run(json!({"delivery": "d1"})), run_targets(2)),
        (
            C::TakeSensorEvent,
            vec![],
            Event::SensorEventTaken(Box::new(SensorEventTaken {
                event_type: "landed".into(),
                data: Value::Null,
                at: at(9),
            })),
            Value::Null,
            Value::Null,
            vec![("event", "landed".into())],
        ),
        (
            C::FireSchedule,
            vec![],
            created_by(scheduled),
            Value::Null,
            run(json!({"instant": at(3).to_string()})),
            run_targets(2),
        ),
        (
            C::FireSchedule,
            vec![],
            passed(),
            Value::Null,
            json!({"schedule": "daily", "up_to": at(3).to_string(), "passed": [{"reason": "MISSED", "count": 3}]}),
            pipeline_target(),
        ),
        (
            C::NoteTimeZones,
            vec![],
            Event::TimeZonesChanged { before: "2026a".into(), release: "2026b".into(), at: at(9) },
            json!({"release": "2026a"}),
            json!({"release": "2026b"}),
            vec![("time_zones", "2026b".into())],
        ),
    ]
}

#[tokio::test]
async fn of_each_command_the_row_says_about_what_it_was_and_what_it_changed() {
    for (command, before, event, was, is, targets) in cases() {
        let what = format!("{command:?} of {event:?}");
        // What was before comes of the coordinator's own decisions, so that it has no row.
        let setup = [vec![pipeline(2, 0)], before].concat();
        let mut asked = by("user:ada", vec![event]);
        asked.command = Some(CommandId([0xAB; 16]));
        asked.origin = CallOrigin { address: "10.0.0.7:5123".into(), client: "downbeat/0.1.0".into() };
        let entries = audited(vec![vec![by("coordinator", setup)], vec![by("worker:1", vec![]), asked]]).await;
        assert_eq!(entries.len(), 1, "{what}");
        let entry = &entries[0];
        assert_eq!((entry.sequence, entry.ordinal, entry.record_hash.len()), (2, 1, 32), "{what}");
        assert_eq!((entry.command.as_str(), entry.outcome.as_str()), (command.as_str(), "ACCEPTED"), "{what}");
        assert_eq!((json_of(&entry.before), json_of(&entry.after)), (was, is), "{what}");
        let found: Vec<(&str, String)> = entry.targets.iter().map(|it| (it.kind.as_str(), it.id.clone())).collect();
        assert_eq!(found, targets, "{what}");
        assert_eq!((entry.actor.as_str(), entry.actor_kind.as_str()), ("user:ada", "USER"), "{what}");
        assert_eq!(entry.origin_address, "10.0.0.7:5123", "{what}");
        assert_eq!(entry.origin_client, "downbeat/0.1.0", "{what}");
        assert_eq!(entry.command_id, "ab".repeat(16), "{what}");
        assert!(!entry.summary.is_empty() && !entry.summary.contains("  "), "{what}: {}", entry.summary);
        assert!(!format!("{entry:?}").contains("of no concern"), "{what}: values of inputs are told elsewhere");
    }
}

#[tokio::test]
async fn why_is_what_the_caller_said_or_else_what_the_event_says() {
    let pause = || Event::PipelinePaused { pipeline: pipeline_id(), reason: "a while".into(), at: at(8) };
    for (given, expected) in [("", "a while"), ("as agreed", "as agreed")] {
        let asked = Decision { reason: given.into(), ..by("user", vec![pause()]) };
        let entries = audited(vec![vec![by("coordinator", vec![pipeline(1, 0)]), asked]]).await;
        assert_eq!(entries[0].reason, expected);
    }
}

#[tokio::test]
async fn what_follows_by_itself_and_what_workers_say_has_no_row() {
    let follows = Trigger::PipelineEnded {
        run: run_id(1),
        status: RunStatus::Succeeded,
        trigger: 0,
        chain: vec![PipelineId([1; 16])],
    };
    let cancel = |run| Event::RunCancelRequested { run: run_id(run), reason: "gone".into(), at: at(9) };
    let delete = Event::PipelineDeleted { pipeline: pipeline_id(), at: at(9) };
    let entries = audited(vec![
        vec![by("user", vec![pipeline(2, 0)]), by("user:ada", vec![created(run_id(1), 1), ready(run_id(1), 0, 1)])],
        vec![by("worker:9", whole_task(run_id(1), 0)), by("coordinator", vec![created_by(follows)])],
        vec![by("coordinator", vec![cancel(1)]), by("user:ada", vec![delete, cancel(1), cancel(2)])],
    ])
    .await;
    let found: Vec<(u64, u32, &str)> =
        entries.iter().map(|entry| (entry.sequence, entry.ordinal, entry.command.as_str())).collect();
    assert_eq!(found, [(1, 0, "APPLY_PIPELINE"), (1, 1, "START_RUN"), (3, 1, "DELETE_PIPELINE")]);
}

#[tokio::test]
async fn keys_that_are_made_and_revoked_have_rows_and_those_that_are_used_have_none() {
    let key = KeyId([5; 16]);
    let made = KeyCreated {
        key,
        name: "ci".into(),
        hash: [9; 32],
        grants: vec![Grant { role: Role::Editor, labels: vec!["eu".into()] }],
        by: "user:ada".into(),
        expires_at: at(99),
        at: at(1),
    };
    let access = |fact| Event::Access(Box::new(fact));
    let entries = audited(vec![
        vec![by("user:ada", vec![access(AccessEvent::KeyCreated(made))])],
        vec![by("gateway", vec![access(AccessEvent::KeysUsed { keys: vec![key], hour: at(0) })])],
        vec![by("key:ci", vec![access(AccessEvent::KeyRevoked { key, name: "ci".into(), at: at(2) })])],
    ])
    .await;
    let found: Vec<_> = entries
        .iter()
        .map(|it| (it.sequence, it.command.as_str(), it.actor_kind.as_str(), it.summary.as_str(), it.after.clone()))
        .collect();
    let after = json!({"grants": [{"role": "EDITOR", "labels": ["eu"]}], "expires_at": at(99).to_string()});
    assert_eq!(
        found,
        [
            (1, "CREATE_KEY", "USER", "made key ci", after.to_string()),
            (3, "REVOKE_KEY", "KEY", "revoked key ci", json!({"revoked": true}).to_string()),
        ]
    );
    for entry in &entries {
        let target = &entry.targets[0];
        assert_eq!((target.kind.as_str(), target.name.as_str(), &target.id), ("key", "ci", &key.to_string()));
    }
}

#[tokio::test]
async fn a_refused_command_has_a_row_and_many_that_were_counted_have_one_together() {
    let rejected = |more: u64| {
        Event::CommandRejected(Box::new(CommandRejected {
            command: CommandKind::PausePipeline,
            actor: "user:eve".into(),
            targets: vec![Target::new(TargetKind::Pipeline, pipeline_id())],
            code: if more == 0 { "PIPELINE_PAUSED".into() } else { String::new() },
            message: if more == 0 { "it is paused".into() } else { String::new() },
            more,
            since: at(60),
            at: at(70),
        }))
    };
    let mut asked = by("user:eve", vec![rejected(0)]);
    asked.origin = CallOrigin { address: "10.0.0.9:1".into(), client: String::new() };
    let counted = by("coordinator", vec![rejected(1_234)]);
    let entries = audited(vec![vec![by("coordinator", vec![pipeline(1, 0)])], vec![asked, counted]]).await;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        assert_eq!((entry.outcome.as_str(), entry.actor.as_str()), ("REJECTED", "user:eve"));
        assert_eq!(entry.targets[0].name, "weather", "the alias, where there is such a pipeline");
        assert_eq!((entry.before.as_str(), entry.after.as_str()), ("", ""));
    }
    assert_eq!((entries[0].code.as_str(), entries[0].more), ("PIPELINE_PAUSED", 0));
    assert_eq!((entries[0].origin_address.as_str(), entries[1].origin_address.as_str()), ("10.0.0.9:1", ""));
    assert_eq!(
        (entries[1].more, entries[1].since, entries[1].at),
        (1_234, 1_700_000_060_000_000, 1_700_000_070_000_000)
    );
    assert!(entries[1].summary.starts_with("1234 more of PAUSE_PIPELINE were refused"), "{}", entries[1].summary);
}
