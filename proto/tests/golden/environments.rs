//! Environments, a schedule in one of them, and what tools remember.

use std::collections::BTreeMap;

use downbeat_domain::{
    EnvironmentId, Event, PipelineApplied,
    environment::{EnvironmentEvent, EnvironmentSet, Variable, VariableKind},
    plan::{Plan, PlanSchedule},
    tool_state::ToolStateKept,
};
use serde_json::json;

use crate::{
    added::text,
    samples::{PIPELINE, at},
};

const ENVIRONMENT: EnvironmentId = EnvironmentId(*b"environment-0001");

fn set() -> Event {
    let variable = |kind, value| Variable { kind, value };
    Event::Environment(EnvironmentEvent::Set(Box::new(EnvironmentSet {
        environment: ENVIRONMENT,
        name: text("Production"),
        variables: BTreeMap::from([
            (text("REGION"), variable(VariableKind::String, json!("eu \"west\""))),
            (text("LIMIT"), variable(VariableKind::Int, json!(-7))),
            (text("DRY"), variable(VariableKind::Bool, json!(true))),
            (text("WAREHOUSE"), variable(VariableKind::Credential, json!("warehouse_12345"))),
        ]),
        is_default: true,
        at: at(40),
    })))
}

fn scheduled() -> Event {
    let schedule = PlanSchedule {
        name: text("hourly"),
        cron: text("0 * * * ? *"),
        timezone: text("UTC"),
        environment: text("Production"),
        ..PlanSchedule::default()
    };
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: PIPELINE,
        alias: text("weather"),
        version: 6,
        name: text("Seattle weather"),
        source: text("version: v1\nname: Seattle weather\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"weather in an environment").as_bytes(),
        plan: Plan { schedules: vec![schedule], ..Plan::default() },
        origin: None,
        storage: None,
    }))
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let removed = EnvironmentEvent::Removed { environment: ENVIRONMENT, name: text("Production"), at: at(41) };
    let entries = [("7.\"db\".\"s\".\"t\"", r#"{"checksum":"a","sources":{}}"#), ("model.a", "null")];
    let kept = ToolStateKept {
        integration: text("DBT_CORE"),
        entries: entries.into_iter().map(|(key, value)| (text(key), text(value))).collect(),
        at: at(42),
    };
    vec![
        ("ENVIRONMENT_SET", set()),
        ("ENVIRONMENT_REMOVED", Event::Environment(removed)),
        ("TOOL_STATE_KEPT", Event::ToolStateKept(Box::new(kept))),
        ("PIPELINE_APPLIED.environment", scheduled()),
    ]
}
