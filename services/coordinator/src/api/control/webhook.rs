//! Calls from outside, and events for sensors. Who called was checked by whoever took the call; here bodies are read and bounded.

use downbeat_domain::{Command, RunId, TakeWebhook, limits as domain_limits};
use downbeat_proto::control::v1 as wire;
use serde_json::Value;
use tonic::Status;

use super::{
    Control,
    asker::Asker,
    request::{command_id, pipeline_of},
};
use crate::{api::rejected, limits};

impl Control {
    pub(super) async fn webhook(
        &self,
        request: wire::TakeWebhookRequest,
        asker: &Asker,
    ) -> Result<wire::TakeWebhookResponse, Status> {
        let pipeline = pipeline_of(&request.pipeline)?;
        if request.delivery_id.is_empty() {
            return Err(Status::invalid_argument(
                "delivery_id: missing; it is what tells a repeated delivery from a new one",
            ));
        }
        let scheme = &request.signature_scheme;
        if scheme.chars().count() > limits::ACTOR_CHARS_MAX || scheme.chars().any(char::is_control) {
            return Err(Status::invalid_argument("signature_scheme: too long, or with invisible characters"));
        }
        let take = TakeWebhook {
            pipeline,
            delivery: request.delivery_id,
            payload: json("body", &request.body)?,
            signature: request.signature_scheme,
        };
        let run = RunId::of_webhook(pipeline, &take.delivery);
        let outcome = self.decide(asker, Command::TakeWebhook(take), None).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::TakeWebhookResponse {
            run_id: run.to_string(),
            created: answer.events > 0,
            status: answer.run_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            position: self.position(tail),
        })
    }

    pub(super) async fn tell_sensors(
        &self,
        request: wire::TakeSensorEventRequest,
        asker: &Asker,
    ) -> Result<wire::TakeSensorEventResponse, Status> {
        let id = command_id(&["sensor event", &request.event_type], &request.idempotency_key)?;
        let data = json("event", request.event.as_bytes())?;
        asker.person()?;
        let command = Command::TakeSensorEvent { event_type: request.event_type, data };
        let (answer, tail) = self.decide(asker, command, id).await?.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::TakeSensorEventResponse { stored: answer.events > 0, position: self.position(tail) })
    }
}

/// A JSON value of bounded size and depth; nothing is null.
fn json(field: &str, bytes: &[u8]) -> Result<Value, Status> {
    let (found, most) = (bytes.len(), domain_limits::EVENT_BYTES_MAX);
    if found > most {
        return Err(Status::invalid_argument(format!("{field}: {found} bytes; at most {most} are allowed")));
    }
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let value = serde_json::from_slice(bytes)
        .map_err(|error| Status::invalid_argument(format!("{field}: not JSON: {error}")))?;
    match downbeat_domain::incoming::is_deep(&value, domain_limits::EVENT_DEPTH_MAX) {
        true => {
            let most = domain_limits::EVENT_DEPTH_MAX;
            Err(Status::invalid_argument(format!("{field}: nested deeper than {most} levels")))
        }
        false => Ok(value),
    }
}
