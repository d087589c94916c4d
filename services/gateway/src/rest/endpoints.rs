//! Addresses that others call to start a pipeline. Whoever knows one needs no key; where it is signed, the call must be.
//!
//! Promises: a call that is sent again starts nothing again, as long as it has the same id; what is not known is answered like what is not
//! there. Knows nothing of what the pipeline does with the body.

use axum::{
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
};
use downbeat_domain::endpoint::SignatureScheme;
use downbeat_proto::control::v1::TakeWebhookRequest;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    access::{
        Endpoint,
        signature::{self, Unsigned},
    },
    http::{Call, Fault, Need, Route, Routes, json},
    limits,
    server::whose,
    traces,
};

/// Headers in which senders say the id of a delivery, in the order in which they are looked at.
const DELIVERY: [&str; 4] = [signature::ID, "x-github-delivery", "x-gitlab-event-uuid", "idempotency-key"];

/// What became of a call.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Taken {
    message: &'static str,
    /// The run; none = the call only asked whether somebody is there.
    pipeline_run_id: Option<String>,
    /// False: this call came before, and the run is that of then.
    created: bool,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "Starts the pipeline of this address; the body is `outputs.payload` of its `webhook`";
    routes.add(Route::new(Method::POST, "/hooks/{address}", Need::Nothing, says, take).gives::<Taken>(200));
}

async fn take(call: Call) -> Result<Response, Fault> {
    let address = call.peer;
    call.edge.calls.take(whose(address), call.edge.clock.now().monotonic, limits::HOOKS_PER_MINUTE).map_err(
        |wait| {
            let said = format!("at most {} calls in a minute come from one address", limits::HOOKS_PER_MINUTE);
            Fault::TooEarly(wait, said)
        },
    )?;
    let table = call.edge.doors.table().await?;
    let endpoint = table.endpoint(call.param("address")).ok_or_else(|| Fault::unknown("not found"))?;
    signed(&call.headers, &call.body, call.now, &endpoint)?;
    is_json(&call.headers)?;
    if call.headers.get("x-github-event").is_some_and(|event| event == "ping") {
        return json(200, &Taken { message: "pong", pipeline_run_id: None, created: false });
    }
    let request = TakeWebhookRequest {
        pipeline: endpoint.pipeline_id.clone(),
        delivery_id: format!("{}/{}", endpoint.id, delivery(&call.headers)?),
        body: call.body.clone(),
        signature_scheme: endpoint.scheme.map_or("", SignatureScheme::as_str).to_owned(),
    };
    let began = traces::begin();
    let answer = call.edge.upstream.control().take_webhook(call.ask(request)).await?.into_inner();
    if answer.created {
        traces::started(began, "downbeat.control.v1.ControlService/TakeWebhook", &answer.run_id);
    }
    call.edge.upstream.wrote(answer.position);
    let message = if answer.created { "Run created" } else { "This call came before" };
    json(200, &Taken { message, pipeline_run_id: Some(answer.run_id), created: answer.created })
}

fn signed(headers: &HeaderMap, body: &[u8], now: Timestamp, endpoint: &Endpoint) -> Result<(), Fault> {
    let keys = endpoint.keys(now.as_microsecond());
    let verified = match endpoint.scheme {
        Some(SignatureScheme::None) => return Ok(()),
        Some(SignatureScheme::StandardWebhooks) => signature::standard(headers, body, keys, now.as_second()),
        Some(SignatureScheme::GitHub) => signature::github(headers, body, keys),
        None => {
            let said = "this gateway is older than the endpoint, and cannot tell whether the call is signed";
            return Err(Fault::Text(StatusCode::SERVICE_UNAVAILABLE, said.to_owned()));
        }
    };
    verified.map_err(|unsigned| match unsigned {
        // It may be signed rightly, and senders give up on a 401.
        Unsigned::Unfit if endpoint.unreadable => {
            let said = "a secret of this address cannot be read at the moment, so nobody can tell whether the call is signed: send it again";
            Fault::Text(StatusCode::SERVICE_UNAVAILABLE, said.to_owned())
        }
        unsigned => Fault::unauthorized(unsigned.to_string()),
    })
}

/// Some senders post forms unless they are told otherwise, which would come out as text.
fn is_json(headers: &HeaderMap) -> Result<(), Fault> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind.is_empty() || kind.ends_with("/json") || kind.ends_with("+json") {
        return Ok(());
    }
    let said = "the body has to be JSON: set the content type `application/json` where the webhook is made";
    Err(Fault::Text(StatusCode::UNSUPPORTED_MEDIA_TYPE, said.to_owned()))
}

/// The id of the delivery; one of our own where the sender has none, so that each call is another.
fn delivery(headers: &HeaderMap) -> Result<String, Fault> {
    let Some((name, value)) = DELIVERY.iter().find_map(|name| Some((name, headers.get(*name)?))) else {
        return Ok(uuid::Uuid::new_v4().to_string());
    };
    let id = value.to_str().unwrap_or_default();
    let fits = (1..=limits::DELIVERY_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_graphic());
    if fits {
        return Ok(id.to_owned());
    }
    let most = limits::DELIVERY_ID_CHARS_MAX;
    Err(Fault::invalid("header", name, "value_error", format!("expected 1 to {most} visible ASCII characters")))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{digest, hmac};
    use downbeat_proto::control::v1 as wire;

    use super::*;
    use crate::access::Table;

    /// An endpoint with these secrets that are valid for good.
    fn endpoint(keys: &[&'static [u8]], unreadable: bool) -> std::sync::Arc<Endpoint> {
        let hash = digest::digest(&digest::SHA256, b"address");
        let keys = keys.iter().copied();
        let secrets = keys.map(|key| wire::AccessSecret { key: bytes::Bytes::from_static(key), until: 0 });
        let told = wire::AccessEndpoint {
            hash: bytes::Bytes::copy_from_slice(hash.as_ref()),
            scheme: "GITHUB".to_owned(),
            secrets: secrets.collect(),
            unreadable,
            ..Default::default()
        };
        Table::read(wire::Access { endpoints: vec![told], ..Default::default() }).endpoint("address").unwrap()
    }

    #[test]
    fn a_call_that_may_be_signed_with_a_secret_that_cannot_be_read_is_asked_to_come_again() {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"secret"), b"{}");
        let (right, other): (&[u8], &[u8]) = (b"secret", b"another secret");
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("sha256={digits}");
        let call = headers(&[("x-hub-signature-256", signature.as_str())]);
        let none = HeaderMap::new();
        for (keys, unreadable, headers, expected) in [
            (vec![right], false, &call, None),
            // One that fits is enough.
            (vec![right], true, &call, None),
            (vec![other], false, &call, Some(401)),
            (vec![other], true, &call, Some(503)),
            (vec![], true, &call, Some(503)),
            // What is not signed at all no secret would fit.
            (vec![], true, &none, Some(401)),
        ] {
            let refused = signed(headers, b"{}", Timestamp::UNIX_EPOCH, &endpoint(&keys, unreadable)).err();
            assert_eq!(refused.map(|fault| fault.status().as_u16()), expected, "{keys:?} {unreadable}");
        }
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_delivery_has_the_id_that_its_sender_gives_it() {
        for (given, expected) in [
            (&[("webhook-id", "msg_1"), ("x-github-delivery", "72d3")][..], "msg_1"),
            (&[("x-github-delivery", "72d3")], "72d3"),
            (&[("idempotency-key", "k")], "k"),
        ] {
            assert_eq!(delivery(&headers(given)).unwrap(), expected);
        }
        let none = HeaderMap::new();
        assert_ne!(delivery(&none).unwrap(), delivery(&none).unwrap());
        let long = "x".repeat(limits::DELIVERY_ID_CHARS_MAX + 1);
        for unfit in ["", "two words", long.as_str()] {
            assert!(delivery(&headers(&[("webhook-id", unfit)])).is_err(), "{unfit}");
        }
    }

    #[test]
    fn bodies_are_json_or_nothing_is_said_of_them() {
        for (kind, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/cloudevents+json", true),
            ("application/x-www-form-urlencoded", false),
            ("text/plain", false),
        ] {
            assert_eq!(is_json(&headers(&[("content-type", kind)])).is_ok(), expected, "{kind}");
        }
        assert!(is_json(&HeaderMap::new()).is_ok());
    }
}
