//! Stories of pipelines that fail and recover, told in a few words.

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, Event, FailureClass, PipelineApplied, PipelineId, RunCreated, RunId, RunStatus, Trigger,
    metadata::{Asset, AssetColumn, Collected, EdgeKind, LineageEdge, Operation},
    plan::{Node, Plan, PlanPipelineTrigger, PlanTask},
};
use serde_json::Map;

use super::{at, attempt, leased, ready, started, succeeded};

pub fn pipeline_of(alias: &str) -> PipelineId {
    PipelineId::derive("default", alias)
}

/// Tasks as `name` or `name<before`, each with the connection `warehouse` of SNOWFLAKE.
pub fn plan(tasks: &[&str]) -> Plan {
    let names: Vec<&str> = tasks.iter().map(|task| task.split('<').next().unwrap()).collect();
    let task = |text: &&str| {
        let (name, before) = text.split_once('<').unwrap_or((text, ""));
        let place = names.iter().position(|known| *known == before);
        PlanTask {
            id: name.to_owned(),
            depends_on: place.map(|place| Node::Task(u32::try_from(place).unwrap())).into_iter().collect(),
            integration: "SNOWFLAKE".into(),
            integration_job: "SNOWFLAKE_RUN_QUERY".into(),
            connection: "warehouse".into(),
            ..PlanTask::default()
        }
    };
    Plan { tasks: tasks.iter().map(task).collect(), ..Plan::default() }
}

pub fn applied(alias: &str, version: u32, plan: Plan) -> Event {
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: pipeline_of(alias),
        alias: alias.into(),
        version,
        name: alias.into(),
        source: "version: v1".into(),
        source_root: String::new(),
        digest: [u8::try_from(version).unwrap(); 32],
        plan,
        origin: None,
        storage: None,
    }))
}

/// A plan that is started by the end of runs of another pipeline.
pub fn after(other: &str, mut plan: Plan) -> Plan {
    plan.pipeline_triggers = vec![PlanPipelineTrigger {
        pipeline: Some(pipeline_of(other)),
        statuses: vec![RunStatus::Succeeded],
        ..PlanPipelineTrigger::default()
    }];
    plan
}

pub fn begun(alias: &str, version: u32, run: RunId, second: i64, trigger: Trigger) -> Event {
    Event::RunCreated(Box::new(RunCreated {
        run,
        pipeline: pipeline_of(alias),
        version,
        trigger,
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        gated: false,
        deadline: None,
        selection: None,
        at: at(second),
    }))
}

pub fn by_hand() -> Trigger {
    Trigger::Manual { user: "ada".into() }
}

pub fn ended(run: RunId, status: RunStatus, second: i64) -> Event {
    Event::RunFinished { run, status, message: String::new(), at: at(second) }
}

/// A task begins and ends well.
pub fn goes_well(run: RunId, task: u32, second: i64) -> Vec<Event> {
    let attempt = attempt(run, task, 1);
    vec![ready(run, task, second), leased(attempt, second), started(attempt, second), succeeded(attempt, second)]
}

/// A task begins and fails for good.
pub fn fails(run: RunId, task: u32, second: i64, class: FailureClass, message: &str) -> Vec<Event> {
    let attempt = attempt(run, task, 1);
    let failed = failed(attempt, second, class, message);
    vec![ready(run, task, second), leased(attempt, second), started(attempt, second), failed]
}

pub fn failed(attempt: AttemptRef, second: i64, class: FailureClass, message: &str) -> Event {
    Event::AttemptFailed {
        attempt,
        class,
        message: message.into(),
        outputs: Map::new(),
        retry_at: None,
        as_warning: false,
        at: at(second),
    }
}

pub fn skipped(run: RunId, task: u32, second: i64) -> Event {
    let reason = "a task before it failed".into();
    Event::TaskSkipped { run, task, reason, condition: None, seen_as: None, at: at(second) }
}

fn key(name: &str) -> String {
    format!("db/main.{name}")
}

/// What a task says: edges as `a>b` (b was made of a) or `a=>b` (b shows a), `>b` where nothing is known of what it was made of.
pub fn says(run: RunId, task: u32, edges: &[&str]) -> Event {
    let edge = |text: &&str| {
        let shows = text.contains("=>");
        let (from, to) = text.split_once(if shows { "=>" } else { ">" }).unwrap();
        let kind = match (from, shows) {
            (_, true) => EdgeKind::Exposes,
            ("", _) => EdgeKind::Writes,
            _ => EdgeKind::Derives,
        };
        let from = if from.is_empty() { String::new() } else { key(from) };
        LineageEdge { from, to: key(to), operation: "op".into(), kind, columns: Vec::new() }
    };
    let collected = Collected { edges: edges.iter().map(edge).collect(), ..Collected::default() };
    Event::OperationsCollected { attempt: attempt(run, task, 1), chunk: 0, collected: Arc::new(collected) }
}

/// An asset with its owner and its columns.
pub fn describes(run: RunId, task: u32, asset: &str, owner: &str, columns: &[&str]) -> Event {
    let column = |name: &&str| AssetColumn { name: (*name).into(), kind: "INT".into(), ..AssetColumn::default() };
    let asset = Asset {
        key: key(asset),
        name: asset.into(),
        kind: "TABLE".into(),
        owners: vec![owner.into()],
        columns: columns.iter().map(column).collect(),
        ..Asset::default()
    };
    let collected = Collected { assets: vec![asset], ..Collected::default() };
    Event::OperationsCollected { attempt: attempt(run, task, 1), chunk: 1, collected: Arc::new(collected) }
}

/// A task says that people look at an asset.
pub fn draws(run: RunId, task: u32, asset: &str) -> Event {
    let chart = Asset { key: key(asset), name: asset.into(), kind: "CHART".into(), ..Asset::default() };
    let collected = Collected { assets: vec![chart], ..Collected::default() };
    Event::OperationsCollected { attempt: attempt(run, task, 1), chunk: 2, collected: Arc::new(collected) }
}

/// The result of a test of an asset.
pub fn tests(run: RunId, task: u32, asset: &str, status: &str) -> Event {
    let operation = Operation {
        external_id: "not_null".into(),
        name: "not_null".into(),
        kind: "TEST".into(),
        status: status.into(),
        asset: key(asset),
        failures: Some(3),
        ..Operation::default()
    };
    let collected = Collected { operations: vec![operation], ..Collected::default() };
    Event::OperationsCollected { attempt: attempt(run, task, 1), chunk: 2, collected: Arc::new(collected) }
}
