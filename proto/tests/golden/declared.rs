//! A plan whose task says what it reads and writes.

use downbeat_domain::{
    Event, PipelineApplied,
    plan::{Plan, PlanAsset, PlanDeclared, PlanTask},
};

use crate::{added::text, samples::PIPELINE};

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
    };
    vec![("PIPELINE_APPLIED.declared", Event::PipelineApplied(Box::new(applied)))]
}
