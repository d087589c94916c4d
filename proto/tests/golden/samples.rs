//! One rich value for each kind of event of the first version, and more where a kind has shapes that exclude each other.

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, ConditionResult, Event, FailureClass, Outcome, PipelineApplied, PipelineId, RunCreated, RunId,
    RunStatus, StopReason, Trigger, WorkerId,
    metadata::{Asset, Collected, LineageEdge, Operation},
    plan::{Backoff, Node, Plan, PlanGroup, PlanInput, PlanSchedule, PlanTask},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) const RUN: RunId = RunId(*b"run-0123456789ab");
pub(crate) const PIPELINE: PipelineId = PipelineId(*b"pipe-123456789ab");
pub(crate) const ATTEMPT: AttemptRef = AttemptRef { run: RUN, task: 70_000, number: 3 };

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_763_800_000_000_000 + micros).unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

pub(crate) fn outputs() -> Map<String, Value> {
    object(json!({"rows": 1461, "hottest": {"day": "2014-08-11", "max": 35.6}, "list": [true, null, "é\u{1f321}"]}))
}

pub(crate) fn condition() -> Option<ConditionResult> {
    Some(ConditionResult { expression: "tasks['a'].outputs.rows > 3".to_owned(), value: json!(true) })
}

pub(crate) fn plan() -> Plan {
    let load = PlanTask {
        id: "load".to_owned(),
        name: "Load it".to_owned(),
        group: Some(0),
        depends_on: Vec::new(),
        condition: None,
        integration: "PYTHON".to_owned(),
        integration_job: "PYTHON_EXECUTE_SCRIPT".to_owned(),
        parameters: object(json!({"command": "python load.py", "day": "${{ inputs.day }}"})),
        connection: "warehouse".to_owned(),
        retries: 2,
        backoff: Backoff { delay_ms: 120_000, ..Backoff::default() },
        timeout_seconds: Some(900),
        treat_failure_as_warning: true,
        ..PlanTask::default()
    };
    let after = PlanTask {
        id: "after".to_owned(),
        depends_on: vec![Node::Group(0), Node::Task(0)],
        condition: Some("inputs.day == 'monday'".to_owned()),
        integration: "DOWNBEAT".to_owned(),
        integration_job: "NOOP".to_owned(),
        ..PlanTask::default()
    };
    let group = PlanGroup {
        id: "ingest".to_owned(),
        name: "Ingest".to_owned(),
        depends_on: vec![Node::Task(1)],
        condition: Some("true".to_owned()),
        ..PlanGroup::default()
    };
    let input = PlanInput {
        name: "day".to_owned(),
        kind: "string".to_owned(),
        default: Some(json!("monday")),
        optional: true,
        options: vec!["monday".to_owned(), "friday".to_owned()],
    };
    let bare =
        PlanInput { name: "n".to_owned(), kind: "number".to_owned(), default: None, optional: false, options: vec![] };
    let schedule = PlanSchedule {
        name: "daily".to_owned(),
        cron: "0 8 ? * MON-FRI *".to_owned(),
        timezone: "Europe/London".to_owned(),
        run_inputs: object(json!({"day": "friday"})),
        exclude: vec!["2026-12-25".to_owned()],
        ..PlanSchedule::default()
    };
    Plan {
        groups: vec![group],
        tasks: vec![load, after],
        inputs: vec![input, bare],
        schedules: vec![schedule],
        ..Plan::default()
    }
}

fn run_created(trigger: Trigger) -> Event {
    Event::RunCreated(Box::new(RunCreated {
        run: RUN,
        pipeline: PIPELINE,
        version: 4,
        trigger,
        inputs: object(json!({"day": "friday", "n": 1.5})),
        environment: object(json!({"REGION": "eu"})),
        environment_name: String::new(),
        gated: false,
        deadline: None,
        selection: None,
        at: at(2),
    }))
}

fn collected() -> Collected {
    let model = Operation {
        external_id: "model.shop.daily".to_owned(),
        name: "daily".to_owned(),
        kind: "MATERIALISATION".to_owned(),
        status: "SUCCEEDED".to_owned(),
        message: "OK".to_owned(),
        started_at: Some(at(10)),
        completed_at: Some(at(20)),
        rows_affected: Some(1461),
        asset: "duckdb://demo/main.daily".to_owned(),
        failures: None,
        column: String::new(),
        ..Operation::default()
    };
    let test = Operation {
        kind: "TEST".to_owned(),
        external_id: "test.shop.not_null".to_owned(),
        failures: Some(0),
        column: "day".to_owned(),
        rows_affected: None,
        started_at: None,
        ..model.clone()
    };
    let asset = Asset {
        key: "duckdb://demo/main.daily".to_owned(),
        name: "daily".to_owned(),
        kind: "TABLE".to_owned(),
        namespace: "duckdb://demo".to_owned(),
        description: "Weather by day".to_owned(),
        row_count: Some(0),
        integration: "DBT_CORE".to_owned(),
        ..Asset::default()
    };
    let edge = LineageEdge {
        from: "duckdb://demo/main.raw".to_owned(),
        to: asset.key.clone(),
        operation: model.external_id.clone(),
        ..LineageEdge::default()
    };
    Collected {
        operations: vec![model, test],
        assets: vec![Asset { row_count: None, ..asset.clone() }, asset],
        edges: vec![edge],
    }
}

fn of_runs() -> Vec<(&'static str, Event)> {
    let scheduled =
        Trigger::Scheduled { schedule: "daily".to_owned(), instant: at(0), coalesced: Vec::new(), coalesced_count: 0 };
    let text = |text: &str| text.to_owned();
    vec![
        ("PARTITION_OWNED", Event::PartitionOwned { owner: text("coordinator-1"), software_version: text("0.1.0") }),
        (
            "PIPELINE_APPLIED",
            Event::PipelineApplied(Box::new(PipelineApplied {
                pipeline: PIPELINE,
                alias: text("weather"),
                version: 4,
                name: text("Seattle weather"),
                source: text("version: v1\nname: Seattle weather\n"),
                source_root: text("/srv/weather"),
                digest: *blake3::hash(b"weather").as_bytes(),
                plan: plan(),
                origin: None,
                storage: None,
            })),
        ),
        ("RUN_CREATED", run_created(scheduled)),
        ("RUN_CREATED.manual", run_created(Trigger::Manual { user: text("user") })),
        ("RUN_CANCEL_REQUESTED", Event::RunCancelRequested { run: RUN, reason: text("wrong day"), at: at(3) }),
        (
            "RUN_FINISHED",
            Event::RunFinished { run: RUN, status: RunStatus::Warning, message: text("warning: load"), at: at(4) },
        ),
        ("GROUP_OPENED", Event::GroupOpened { run: RUN, group: 2, condition: condition() }),
        (
            "GROUP_SKIPPED",
            Event::GroupSkipped { run: RUN, group: 2, reason: text("because"), condition: condition(), at: at(5) },
        ),
        ("TASK_READY", Event::TaskReady { run: RUN, task: 7, condition: condition(), at: at(6) }),
        ("TASK_READY.unconditional", Event::TaskReady { run: RUN, task: 0, condition: None, at: at(6) }),
        (
            "TASK_SKIPPED",
            Event::TaskSkipped {
                run: RUN,
                task: 7,
                reason: text("because"),
                condition: condition(),
                seen_as: None,
                at: at(7),
            },
        ),
        (
            "TASK_FAILED",
            Event::TaskFailed { run: RUN, task: 7, message: text("no such output"), as_warning: true, at: at(8) },
        ),
    ]
}

fn of_attempts() -> Vec<(&'static str, Event)> {
    let text = |text: &str| text.to_owned();
    let leased = |parameters| Event::AttemptLeased {
        attempt: ATTEMPT,
        worker: WorkerId(*b"work-0123456789a"),
        parameters,
        remote: false,
        at: at(9),
    };
    vec![
        ("ATTEMPT_LEASED", leased(Some(object(json!({"day": "friday"}))))),
        ("ATTEMPT_LEASED.as-planned", leased(None)),
        ("ATTEMPT_LEASED.resolved-to-nothing", leased(Some(Map::new()))),
        (
            "ATTEMPT_STARTED",
            Event::AttemptStarted {
                attempt: ATTEMPT,
                at: at(10),
                handle: vec![1, 0, 255],
                external_id: text("job-17"),
                link: String::new(),
                deadline: Some(at(900_000_000)),
            },
        ),
        (
            "ATTEMPT_SUCCEEDED",
            Event::AttemptSucceeded {
                attempt: ATTEMPT,
                outcome: Outcome::Warning,
                outputs: outputs(),
                message: text("done"),
                at: at(11),
            },
        ),
        (
            "ATTEMPT_FAILED",
            Event::AttemptFailed {
                attempt: ATTEMPT,
                class: FailureClass::Transient,
                message: text("connection reset"),
                outputs: outputs(),
                retry_at: Some(at(120_000_000)),
                as_warning: false,
                at: at(12),
            },
        ),
        (
            "ATTEMPT_FAILED.for-good",
            Event::AttemptFailed {
                attempt: ATTEMPT,
                class: FailureClass::JobFailed,
                message: text("exit 1"),
                outputs: Map::new(),
                retry_at: None,
                as_warning: true,
                at: at(12),
            },
        ),
        (
            "ATTEMPT_LOST",
            Event::AttemptLost {
                attempt: ATTEMPT,
                reason: text("silent"),
                retry_at: Some(at(13)),
                as_warning: true,
                at: at(13),
            },
        ),
        (
            "ATTEMPT_STOP_REQUESTED",
            Event::AttemptStopRequested { attempt: ATTEMPT, reason: StopReason::TimedOut, at: at(14) },
        ),
        ("ATTEMPT_STOPPED", Event::AttemptStopped { attempt: ATTEMPT, unconfirmed: String::new(), at: at(15) }),
        ("WAIT_STARTED", Event::WaitStarted { attempt: ATTEMPT, at: at(16), until: at(60_000_000) }),
        (
            "OPERATIONS_COLLECTED",
            Event::OperationsCollected { attempt: ATTEMPT, chunk: 2, collected: Arc::new(collected()) },
        ),
    ]
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let mut events = of_runs();
    events.extend(of_attempts());
    events
}
