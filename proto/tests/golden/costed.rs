//! Operations that say what they processed and what they used that costs something, and somebody who watches how long they take.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    AttemptRef, Event, PipelineApplied, RunStatus,
    event::{AlertSubject, AlertsRaised, Anomaly},
    metadata::{Collected, CostBasis, Operation, Quantity},
    plan::{Plan, PlanAnomaly, PlanOperations, PlanTask},
};

use crate::{
    added::text,
    samples::{PIPELINE, RUN, at},
};

fn basis(whole: u64, micros: u32, unit: &str, attributes: &[(&str, &str)]) -> CostBasis {
    let attributes: BTreeMap<_, _> = attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
    CostBasis { quantity: Quantity::new(whole, micros), unit: text(unit), attributes }
}

fn collected() -> Event {
    let query = Operation {
        external_id: text("job-7"),
        name: text("SELECT 1"),
        kind: text("QUERY"),
        status: text("SUCCEEDED"),
        started_at: Some(at(10)),
        completed_at: Some(at(20)),
        bytes: Some(0),
        cost_basis: vec![
            basis(10_485_760, 0, "bytes_billed", &[]),
            basis(12, 500_000, "dbu", &[("sku", "JOBS_COMPUTE"), ("cloud", "AWS")]),
        ],
        ..Operation::default()
    };
    let collected = Collected { operations: vec![query], ..Collected::default() };
    let attempt = AttemptRef { run: RUN, task: 1, number: 2 };
    Event::OperationsCollected { attempt, chunk: 0, collected: Arc::new(collected) }
}

fn applied() -> Event {
    let operations = PlanOperations { names: vec![text("stg_*")], kinds: vec![text("QUERY")], most: 3 };
    let watched = PlanAnomaly {
        kind: text("operation_duration_below_baseline"),
        above: false,
        percentage: 75,
        min_baseline_ms: 10_000,
        destinations: Vec::new(),
        operations: Some(operations),
    };
    let task = PlanTask { id: text("build"), anomalies: vec![watched], ..PlanTask::default() };
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: PIPELINE,
        alias: text("weather"),
        version: 10,
        name: text("Weather"),
        source: text("version: v1\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"operations").as_bytes(),
        plan: Plan { tasks: vec![task], ..Plan::default() },
        origin: None,
        storage: None,
    }))
}

fn raised() -> Event {
    let anomaly = Anomaly {
        kind: text("operation_duration_below_baseline"),
        baseline_ms: 60_000,
        observed_ms: 9_000,
        threshold_ms: 15_000,
        compared: 3,
        operation: text("stg_orders"),
    };
    Event::AlertsRaised(Box::new(AlertsRaised {
        pipeline: PIPELINE,
        subject: AlertSubject::Task(RUN, 0),
        scope: text("build"),
        status: RunStatus::Failed,
        took_ms: None,
        alerts: Vec::new(),
        held: Vec::new(),
        anomalies: vec![anomaly],
        at: at(60),
    }))
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    vec![
        ("OPERATIONS_COLLECTED.cost", collected()),
        ("PIPELINE_APPLIED.operations", applied()),
        ("ALERTS_RAISED.operation", raised()),
    ]
}
