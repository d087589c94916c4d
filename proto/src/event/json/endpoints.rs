//! Endpoints. A hash is no secret, but nobody reads one: it is left out.

use downbeat_domain::{Event, endpoint::EndpointEvent};
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    let Event::Endpoint(fact) = event else { return None };
    Some(match fact.as_ref() {
        EndpointEvent::Opened(opened) => json!({
            "endpoint_id": opened.endpoint.to_string(), "pipeline_id": opened.pipeline.to_string(), "name": opened.name,
            "scheme": opened.scheme.as_str(), "by": opened.by, "at": at(opened.at),
        }),
        EndpointEvent::Rotated { endpoint, secret, old_until, at: when } => json!({
            "endpoint_id": endpoint.to_string(), "secret": secret, "old_until": at(*old_until), "at": at(*when),
        }),
        EndpointEvent::Closed { endpoint, name, pipeline, at: when } => json!({
            "endpoint_id": endpoint.to_string(), "name": name, "pipeline_id": pipeline.to_string(), "at": at(*when),
        }),
    })
}
