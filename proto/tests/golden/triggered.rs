//! What event triggers write.

use downbeat_domain::{
    Event, EventOrigin, EventTaken, PipelineApplied, Trigger,
    plan::{Plan, PlanEventPart, PlanEventTrigger},
};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    added::{created, text},
    samples::{PIPELINE, at, object},
};

fn origin(id: &str, time: Option<Timestamp>) -> EventOrigin {
    EventOrigin { id: text(id), source: text("shop"), address: text("orders.eu.landed"), time }
}

fn triggers() -> Vec<PlanEventTrigger> {
    let part = |subject: &str, when: Option<&str>, run_inputs: Vec<(String, String)>| PlanEventPart {
        subject: text(subject),
        when: when.map(text),
        run_inputs,
    };
    let inputs = vec![(text("table"), text("event.data.table")), (text("id"), text("event.id"))];
    vec![
        PlanEventTrigger {
            name: text("orders"),
            parts: vec![part("orders.*.landed", Some("event.data.rows > 0"), inputs)],
            within_ms: 0,
        },
        PlanEventTrigger {
            name: text("both"),
            parts: vec![part("a.landed", None, Vec::new()), part(">", None, Vec::new())],
            within_ms: 3_600_000,
        },
    ]
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "EVENT_TAKEN",
            Event::EventTaken(Box::new(EventTaken {
                pipeline: PIPELINE,
                trigger: text("both"),
                part: 1,
                origin: origin("8", Some(at(16))),
                depth: 2,
                inputs: object(json!({"table": "shop.orders"})),
                at: at(20),
            })),
        ),
        (
            "PIPELINE_APPLIED.triggers",
            Event::PipelineApplied(Box::new(PipelineApplied {
                pipeline: PIPELINE,
                alias: text("weather"),
                version: 6,
                name: text("Seattle weather"),
                source: text("version: v1\nname: Seattle weather\n"),
                source_root: String::new(),
                digest: *blake3::hash(b"weather on events").as_bytes(),
                plan: Plan { triggers: triggers(), ..Plan::default() },
                origin: None,
                storage: None,
            })),
        ),
        (
            "RUN_CREATED.event",
            created(
                Trigger::Event {
                    trigger: text("both"),
                    events: vec![origin("7", None), origin("8", Some(at(16)))],
                    depth: 2,
                },
                None,
            ),
        ),
    ]
}
