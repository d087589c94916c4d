//! Endpoints that are opened, get further secrets, and are closed.

use downbeat_domain::{
    EndpointId, Event,
    endpoint::{EndpointEvent, EndpointOpened, SignatureScheme},
};

use crate::{
    added::text,
    samples::{PIPELINE, at},
};

const ENDPOINT: EndpointId = EndpointId(*b"endpoint-of-shop");

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let endpoint = |fact| Event::Endpoint(Box::new(fact));
    let opened = EndpointOpened {
        endpoint: ENDPOINT,
        pipeline: PIPELINE,
        name: text("shop"),
        hash: [0x5a; 32],
        scheme: SignatureScheme::StandardWebhooks,
        by: text("user:ada"),
        at: at(80),
    };
    let open = |scheme| endpoint(EndpointEvent::Opened(EndpointOpened { scheme, ..opened.clone() }));
    let rotated = EndpointEvent::Rotated { endpoint: ENDPOINT, secret: 2, old_until: at(900), at: at(81) };
    let closed = EndpointEvent::Closed { endpoint: ENDPOINT, name: text("shop"), pipeline: PIPELINE, at: at(82) };
    vec![
        ("ENDPOINT_OPENED", open(SignatureScheme::StandardWebhooks)),
        ("ENDPOINT_OPENED.unsigned", open(SignatureScheme::None)),
        ("ENDPOINT_OPENED.github", open(SignatureScheme::GitHub)),
        ("ENDPOINT_ROTATED", endpoint(rotated)),
        ("ENDPOINT_CLOSED", endpoint(closed)),
    ]
}
