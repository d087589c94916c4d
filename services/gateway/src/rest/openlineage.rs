//! What other systems say about their own runs: events of OpenLineage, one or many, at the path that its clients post to.
//!
//! Promises: events are read here and recorded in parts, each once; of many, those that are none are named and the others are recorded.

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;
use downbeat_lineage::openlineage;
use downbeat_proto::{control::v1::ReportLineageRequest, event::lineage_part_to_wire};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    http::{Call, Fault, Need, Route, Routes, Violation, json},
    limits,
};

/// What became of the events.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Taken {
    /// Events that could be read.
    events: usize,
    /// Parts of them that were recorded now; the others had been before.
    recorded: u32,
    /// What is wrong with those that could not.
    refused: Vec<Refused>,
}

/// An event that is none.
#[derive(Debug, Serialize, JsonSchema)]
struct Refused {
    /// Its place among those that came, from 0 on.
    event: usize,
    message: String,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "Takes events of OpenLineage: one, or a list of them";
    let need = Need::Account(Role::Operator);
    for path in ["/api/v1/lineage", "/api/v1/lineage/batch"] {
        routes.add(Route::new(Method::POST, path, need, says, take).takes_much().gives::<Taken>(201));
    }
}

async fn take(call: Call) -> Result<Response, Fault> {
    let body = call.body.clone();
    // Reading large events takes a while.
    let read = tokio::task::spawn_blocking(move || {
        let (mut taken, mut parts) = (Taken::default(), Vec::new());
        for (event, read) in openlineage::all(&body, limits::LINEAGE_EVENTS_MAX).into_iter().enumerate() {
            match read {
                Ok(report) => {
                    taken.events += 1;
                    parts.extend(openlineage::parts(report).iter().map(lineage_part_to_wire));
                }
                Err(fault) => taken.refused.push(Refused { event, message: fault.to_string() }),
            }
        }
        (taken, parts)
    });
    let (mut taken, parts) = read.await.map_err(|_| Fault::bad("the events cannot be read"))?;
    if taken.events == 0 {
        let violations = taken.refused.into_iter().map(|refused| {
            Violation::new(
                vec!["body".into(), crate::http::Place::Index(refused.event)],
                "value_error",
                refused.message,
            )
        });
        let violations: Vec<Violation> = violations.collect();
        if violations.is_empty() {
            return Err(Fault::invalid("body", "event", "missing", "no event of OpenLineage"));
        }
        return Err(Fault::Violations(violations));
    }
    for some in parts.chunks(limits::LINEAGE_PARTS_PER_CALL) {
        let request = ReportLineageRequest { parts: some.to_vec(), ..Default::default() };
        let answer = call.edge.upstream.control().report_lineage(call.ask(request)).await?.into_inner();
        taken.recorded += answer.recorded;
        call.edge.upstream.wrote(answer.position);
    }
    taken.refused.truncate(limits::VIOLATIONS_MAX);
    json(201, &taken)
}
