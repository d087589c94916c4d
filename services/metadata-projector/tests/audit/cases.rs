//! Each command with its events, and what its row has to say of them.

use super::*;

pub(super) const ENVIRONMENT: EnvironmentId = EnvironmentId(*b"environment-0001");

pub(super) fn applied(version: u32) -> Event {
    let Event::PipelineApplied(first) = pipeline(2, 0) else { unreachable!() };
    Event::PipelineApplied(Box::new(PipelineApplied { version, ..*first }))
}

pub(super) fn drafted(version: u32) -> Event {
    let Event::PipelineApplied(stored) = applied(version) else { unreachable!() };
    Event::PipelineDrafted(stored)
}

pub(super) fn kept() -> Event {
    let (provider, repository) = (StorageProvider::Git, "ssh://h/x".to_owned());
    let storage = PipelineStorage { provider, repository, ..PipelineStorage::ours() };
    Event::PipelineStorageSet { pipeline: pipeline_id(), storage, at: at(9) }
}

pub(super) fn created_by(trigger: Trigger) -> Event {
    let Event::RunCreated(created) = created(run_id(2), 9) else { unreachable!() };
    let inputs = json!({"day": "2026-01-01", "token": "of no concern"});
    let inputs: Map<String, Value> = inputs.as_object().cloned().unwrap();
    Event::RunCreated(Box::new(RunCreated { trigger, inputs, ..*created }))
}

/// A run that waits until it may go.
pub(super) fn gated() -> Event {
    let Event::RunCreated(created) = created(run_id(1), 1) else { unreachable!() };
    Event::RunCreated(Box::new(RunCreated { gated: true, ..*created }))
}

pub(super) fn backfill() -> Event {
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

pub(super) const ALERT: AlertId = AlertId([9; 16]);

pub(super) fn raised() -> Event {
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

pub(super) fn passed() -> Event {
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
pub(super) type Case = (CommandKind, Vec<Event>, Event, Value, Value, Vec<(&'static str, String)>);

pub(super) fn cases() -> Vec<Case> {
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
    let inventory = |fact| Event::Inventory(Box::new(fact));
    let asset = |name: &str, description: Option<String>| {
        let (name, meta) = (Some(name.to_owned()), Some(r#"{"tier":1}"#.to_owned()));
        let details = Box::new(AssetDetails { name, meta, description, ..AssetDetails::default() });
        inventory(InventoryEvent::Declared { asset: "sales".into(), details, at: at(9) })
    };
    let asset_target = || vec![("asset", "sales".to_owned())];
    let dependency = Dependency { from: "orders".into(), to: "sales".into(), link: Link::default() };
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
        (
            C::DeclareAsset,
            vec![],
            asset("Sales", None),
            Value::Null,
            json!({"name": "Sales", "meta": {"tier": 1}}),
            asset_target(),
        ),
        (
            C::DeclareAsset,
            vec![asset("Sales", None)],
            asset("Sales", Some("y".repeat(1_000))),
            json!({}),
            json!({"description": format!("\"{}\u{2026}", "y".repeat(199))}),
            asset_target(),
        ),
        (
            C::RemoveAsset,
            vec![asset("Sales", None)],
            inventory(InventoryEvent::Removed { asset: "sales".into(), at: at(9) }),
            json!({"name": "Sales", "meta": {"tier": 1}}),
            Value::Null,
            asset_target(),
        ),
        (
            C::DeclareDependencies,
            vec![],
            inventory(InventoryEvent::Depend { dependencies: vec![dependency; 60], at: at(9) }),
            Value::Null,
            json!({"dependencies": vec![json!({"from": "orders", "to": "sales"}); 50], "more_dependencies": 10}),
            vec![],
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
            C::RaiseLogLevel,
            vec![],
            Event::LevelRaised { before: 1, level: 2, at: at(9) },
            json!({"level": 1}),
            json!({"level": 2}),
            vec![("log", "level".into())],
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
