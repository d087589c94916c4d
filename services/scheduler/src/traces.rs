//! What a scheduler tells of its part in runs: that it asked for them, because of what. Nothing is done of it where no spans are told.
//!
//! What asks for a run begins before there is one; its span is part of the run's trace all the same.

use downbeat_domain::{IncomingEvent, RunId};
use downbeat_proto::traces;
use downbeat_runtime::otlp::{self, Context, Kind, Span};
use serde_json::Value;

use crate::{
    engine::Firing,
    triggers::{TRIGGER_PREFIX, message::Message},
};

/// When it began. `None`: no spans are told.
pub(crate) fn begin() -> Option<u64> {
    otlp::traces().then(otlp::now)
}

/// An instant of a schedule became this run.
pub(crate) fn fired(began: Option<u64>, firing: &Firing, run: &str) {
    let Some((began, run_of)) = began.zip(place_of(run)) else { return };
    Span::begun(run_of.child("fire"), Kind::Client, &format!("fire {}", firing.schedule), began)
        .below(run_of)
        .with("rpc.system.name", "grpc")
        .with("rpc.method", "downbeat.control.v1.ControlService/FireSchedules")
        .with("rpc.response.status_code", "OK")
        .with("cicd.pipeline.run.id", run)
        .with("downbeat.pipeline.id", &firing.pipeline.to_string())
        .with("downbeat.schedule.name", &firing.schedule)
        .with("downbeat.schedule.instant", &firing.instant.to_string())
        .end();
}

/// A message became an event that started these runs.
pub(crate) fn took(began: Option<u64>, message: &Message, event: &IncomingEvent, runs: &[String]) {
    let Some(began) = began.filter(|_| !runs.is_empty()) else { return };
    let sender = sender(message);
    for run in runs {
        let Some(run_of) = place_of(run) else { continue };
        let mut span =
            Span::begun(run_of.child("take event"), Kind::Consumer, &format!("process {}", event.address), began)
                .below(run_of)
                .with("messaging.system", "nats")
                .with("messaging.operation.name", "process")
                .with("messaging.operation.type", "process")
                .with("messaging.destination.name", &format!("{TRIGGER_PREFIX}{}", event.address))
                .with("messaging.message.id", &event.id)
                .with("cicd.pipeline.run.id", run);
        if let Some(sender) = sender {
            span = span.linked(sender, "sent by");
        }
        span.end();
    }
}

fn place_of(run: &str) -> Option<Context> {
    let run: RunId = run.parse().ok()?;
    otlp::place(traces::of_run(run))
}

/// In what its publisher was: a header of W3C Trace Context, or the extension of CloudEvents of that name.
fn sender(message: &Message) -> Option<Context> {
    let header = |name: &str| message.headers.get(name).and_then(|text| Context::parse(text));
    header("traceparent").or_else(|| header("ce-traceparent")).or_else(|| {
        let body: Value = serde_json::from_slice(&message.payload).ok()?;
        body.get("specversion")?;
        Context::parse(body.get("traceparent")?.as_str()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_publisher_says_in_one_of_three_places_what_it_was_in() {
        let with = |name: &str, value: &str, payload: &str| {
            let headers = [(name.to_owned(), value.to_owned())].into_iter().collect();
            sender(&Message { headers, payload: payload.as_bytes().to_vec(), ..Message::default() })
        };
        let structured = format!(r#"{{"specversion": "1.0", "traceparent": "{SENT}"}}"#);
        let plain = format!(r#"{{"traceparent": "{SENT}"}}"#);
        for (name, value, payload, expected) in [
            ("traceparent", SENT, "", true),
            ("ce-traceparent", SENT, "x", true),
            ("x", "", structured.as_str(), true),
            ("traceparent", "nonsense", structured.as_str(), true),
            ("x", "", plain.as_str(), false),
            ("x", "", "no JSON", false),
        ] {
            assert_eq!(with(name, value, payload), Context::parse(SENT).filter(|_| expected), "{name} {payload}");
        }
    }
}
