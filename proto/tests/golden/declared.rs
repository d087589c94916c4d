//! Plans whose tasks say what they read and write, and where their operations land.

use downbeat_domain::{
    Event, PipelineApplied,
    plan::{Plan, PlanAsset, PlanDeclared, PlanTask},
};

use serde_json::json;

use crate::{
    added::text,
    samples::{PIPELINE, object},
};

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let asset = |namespace: &str, name: &str, short: &str| PlanAsset {
        key: format!("{namespace}/{name}"),
        namespace: text(namespace),
        name: text(short),
    };
    let declared = PlanDeclared {
        reads: vec![
            asset("s3://landing", "orders.csv", "csv"),
            asset("postgres://db:5432", "shop.public.rates", "rates"),
        ],
        writes: vec![asset("warehouse", "shop.orders", "orders")],
    };
    let task = PlanTask { id: text("load"), declared: Some(Box::new(declared)), ..PlanTask::default() };
    let applied = PipelineApplied {
        pipeline: PIPELINE,
        alias: text("weather"),
        version: 12,
        name: text("Weather"),
        source: text("version: v1\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"declared").as_bytes(),
        plan: Plan { tasks: vec![task], ..Plan::default() },
        origin: None,
        storage: None,
    };
    let landing = json!({"warehouse": {"integration": "SNOWFLAKE", "connection": "${{ ENV.WAREHOUSE }}"}});
    let task = PlanTask { id: text("build"), operation_metadata: object(landing), ..PlanTask::default() };
    let lands = PipelineApplied { version: 13, plan: Plan { tasks: vec![task], ..Plan::default() }, ..applied.clone() };
    vec![
        ("PIPELINE_APPLIED.declared", Event::PipelineApplied(Box::new(applied))),
        ("PIPELINE_APPLIED.landing", Event::PipelineApplied(Box::new(lands))),
    ]
}
