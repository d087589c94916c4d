//! Kinds of event that came after the first version, and second samples of kinds that have more to say since.

use std::collections::BTreeMap;

use downbeat_domain::{
    AttemptRef, Event, Mark, PipelineApplied, PipelineId, RestartMode, RunCreated, RunId, RunStatus, Selection,
    StopReason, TaskCarriedOver, TaskStatus, Trigger,
    plan::{Backoff, Plan, PlanConcurrency, PlanMatrix, PoolUse},
};
use serde_json::{Map, json};

use crate::samples::{ATTEMPT, PIPELINE, RUN, at, condition, object, outputs, plan};

pub(crate) const OTHER_RUN: RunId = RunId(*b"run-ab9876543210");
pub(crate) const OTHER_PIPELINE: PipelineId = PipelineId(*b"pipe-ba987654321");

pub(crate) fn text(text: &str) -> String {
    text.to_owned()
}

fn full_plan() -> Plan {
    let mut plan = plan();
    plan.timeout_ms = Some(90_000);
    plan.concurrency = Some(PlanConcurrency { max_active: text("${{ inputs.n }}"), on_limit: text("CANCEL_RUNNING") });
    plan.groups[0].paused = true;
    plan.groups[0].matrix = Some(PlanMatrix {
        inputs: vec![
            (text("shop"), json!(["a", {"id": "b", "rows": 1.5}, "${{ inputs.day }}"])),
            (text("day"), json!("${{ tasks['list'].outputs.days }}")),
        ],
        max_parallel: 2,
        continue_on_error: true,
    });
    let task = &mut plan.tasks[0];
    task.paused = true;
    task.backoff = Backoff { delay_ms: 1_500, exponential: true, max_delay_ms: 60_000, jitter_thousandths: 250 };
    task.concurrency = Some(PlanConcurrency { max_active: text("3"), on_limit: text("QUEUE") });
    task.pool = Some(PoolUse { name: text("warehouse"), slots: 2 });
    task.priority = -7;
    task.worker_labels = BTreeMap::from([(text("zone"), text("eu")), (text("gpu"), String::new())]);
    task.detached = true;
    task.approval_expires_ms = Some(0);
    plan
}

pub(crate) fn created(trigger: Trigger, selection: Option<Selection>) -> Event {
    Event::RunCreated(Box::new(RunCreated {
        run: RUN,
        pipeline: PIPELINE,
        version: 5,
        trigger,
        inputs: Map::new(),
        environment: object(json!({"REGION": "eu"})),
        environment_name: text("production"),
        gated: selection.is_some(),
        deadline: Some(at(90_000_000)),
        selection,
        at: at(17),
    }))
}

fn of_pipelines() -> Vec<(&'static str, Event)> {
    vec![
        (
            "PIPELINE_APPLIED.2",
            Event::PipelineApplied(Box::new(PipelineApplied {
                pipeline: PIPELINE,
                alias: text("weather"),
                version: 5,
                name: text("Seattle weather"),
                source: text("version: v1\nname: Seattle weather\n"),
                source_root: String::new(),
                digest: *blake3::hash(b"weather again").as_bytes(),
                plan: full_plan(),
                origin: None,
                storage: None,
            })),
        ),
        (
            "PIPELINE_PAUSED",
            Event::PipelinePaused { pipeline: PIPELINE, reason: text("the warehouse moves"), at: at(18) },
        ),
        ("PIPELINE_RESUMED", Event::PipelineResumed { pipeline: PIPELINE, at: at(19) }),
        ("PIPELINE_DELETED", Event::PipelineDeleted { pipeline: PIPELINE, at: at(20) }),
        ("POOL_SET", Event::PoolSet { name: text("warehouse"), slots: Some(0), at: at(21) }),
        ("POOL_SET.gone", Event::PoolSet { name: text("warehouse"), slots: None, at: at(21) }),
    ]
}

fn of_runs() -> Vec<(&'static str, Event)> {
    let selection = Selection { tasks: vec![0, 70_000], downstream: true };
    let restart = Trigger::Restart { user: text("ada"), run: OTHER_RUN, mode: RestartMode::FromTasks };
    let parent = Trigger::Parent {
        attempt: AttemptRef { run: OTHER_RUN, task: 4, number: 2 },
        pipeline: OTHER_PIPELINE,
        depth: 3,
    };
    vec![
        ("RUN_CREATED.2", created(restart, Some(selection))),
        ("RUN_CREATED.parent", created(parent, None)),
        ("RUN_QUEUED", Event::RunQueued { run: RUN, reason: text("1 of 1 runs are live"), at: at(22) }),
        ("RUN_ADMITTED", Event::RunAdmitted { run: RUN, deadline: Some(at(90_000_000)), at: at(23) }),
        ("RUN_ADMITTED.without-deadline", Event::RunAdmitted { run: RUN, deadline: None, at: at(23) }),
        ("RUN_TIMED_OUT", Event::RunTimedOut { run: RUN, at: at(24) }),
        ("CARRY_COMPLETED", Event::CarryCompleted { run: RUN, at: at(25) }),
        (
            "RUN_FINISHED.2",
            Event::RunFinished { run: RUN, status: RunStatus::Skipped, message: text("1 of 1 runs"), at: at(26) },
        ),
        (
            "MATRIX_EXPANDED",
            Event::MatrixExpanded {
                run: RUN,
                group: 2,
                axes: vec![
                    (text("shop"), vec![json!("a"), json!({"id": "b", "rows": 1.5}), json!(null)]),
                    (text("empty"), Vec::new()),
                ],
                at: at(27),
            },
        ),
        ("ITERATION_OPENED", Event::IterationOpened { run: RUN, group: 2, iteration: 1 }),
        (
            "ITERATION_SKIPPED",
            Event::IterationSkipped { run: RUN, group: 2, iteration: 70_000, reason: text("a failed"), at: at(28) },
        ),
        ("ITERATIONS_ENDED", Event::IterationsEnded { run: RUN, task: 7, status: TaskStatus::Cancelled, at: at(29) }),
    ]
}

fn of_tasks() -> Vec<(&'static str, Event)> {
    let carried = |iteration: Option<&str>, status| {
        Event::TaskCarriedOver(Box::new(TaskCarriedOver {
            run: RUN,
            task: 7,
            iteration: iteration.map(text),
            status,
            outputs: outputs(),
            at: at(30),
        }))
    };
    let resumes = |iteration: Option<&str>| Event::TaskResumes {
        run: RUN,
        task: 7,
        iteration: iteration.map(text),
        operations: vec![text("model.shop.daily"), text("test.shop.not_null")],
    };
    vec![
        ("TASK_CARRIED_OVER", carried(Some("b"), TaskStatus::Warning)),
        ("TASK_CARRIED_OVER.whole", carried(None, TaskStatus::Succeeded)),
        ("TASK_CARRIED_OVER.unnamed", carried(Some(""), TaskStatus::Succeeded)),
        ("TASK_RESUMES", resumes(None)),
        ("TASK_RESUMES.iteration", resumes(Some("0"))),
        (
            "TASK_MARKED",
            Event::TaskMarked {
                run: RUN,
                task: 7,
                mark: Mark::Succeeded,
                outputs: outputs(),
                reason: text("done by hand"),
                by: text("ada"),
                at: at(31),
            },
        ),
        (
            "TASK_SKIPPED.2",
            Event::TaskSkipped {
                run: RUN,
                task: 7,
                reason: text("it is paused"),
                condition: condition(),
                seen_as: Some(TaskStatus::Succeeded),
                at: at(32),
            },
        ),
    ]
}

fn of_attempts() -> Vec<(&'static str, Event)> {
    let child_started = |detached, deadline| Event::ChildStarted {
        attempt: ATTEMPT,
        child: OTHER_RUN,
        pipeline: OTHER_PIPELINE,
        detached,
        deadline,
        at: at(36),
    };
    let child_ended = |status, retry_at| Event::ChildEnded {
        attempt: ATTEMPT,
        status,
        message: text("run ended FAILED"),
        outputs: outputs(),
        retry_at,
        at: at(37),
    };
    vec![
        (
            "ATTEMPT_STOP_REQUESTED.2",
            Event::AttemptStopRequested { attempt: ATTEMPT, reason: StopReason::Marked, at: at(33) },
        ),
        (
            "APPROVAL_REQUESTED",
            Event::ApprovalRequested {
                attempt: ATTEMPT,
                approvers: vec![text("ada@example.com"), text("bob@example.com")],
                message: text("really?"),
                until: Some(at(60_000_000)),
                at: at(34),
            },
        ),
        (
            "APPROVAL_DECIDED",
            Event::ApprovalDecided {
                attempt: ATTEMPT,
                approved: true,
                by: text("ada@example.com"),
                comment: text("yes"),
                outputs: outputs(),
                as_warning: false,
                at: at(35),
            },
        ),
        (
            "APPROVAL_DECIDED.rejected",
            Event::ApprovalDecided {
                attempt: ATTEMPT,
                approved: false,
                by: text("ada@example.com"),
                comment: String::new(),
                outputs: Map::new(),
                as_warning: true,
                at: at(35),
            },
        ),
        ("CHILD_STARTED", child_started(false, Some(at(60_000_000)))),
        ("CHILD_STARTED.detached", child_started(true, None)),
        ("CHILD_ENDED", child_ended(TaskStatus::Failed, Some(at(120_000_000)))),
        ("CHILD_ENDED.for-good", child_ended(TaskStatus::Warning, None)),
    ]
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let mut events = of_pipelines();
    events.extend(of_runs());
    events.extend(of_tasks());
    events.extend(of_attempts());
    events
}
