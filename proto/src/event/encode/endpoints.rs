//! Endpoints.

use bytes::Bytes;
use downbeat_domain::endpoint::{EndpointEvent, EndpointOpened, SignatureScheme};

use super::event;
use crate::{
    convert::{id_bytes, micros},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &EndpointEvent) -> wire::Event {
    match fact {
        EndpointEvent::Opened(made) => event(EventKind::EndpointOpened, &opened(made)),
        EndpointEvent::Rotated { endpoint, secret, old_until, at } => event(
            EventKind::EndpointRotated,
            &wire::EndpointRotated {
                endpoint_id: id_bytes(&endpoint.0),
                secret: *secret,
                old_until: micros(*old_until),
                at: micros(*at),
            },
        ),
        EndpointEvent::Closed { endpoint, name, pipeline, at } => event(
            EventKind::EndpointClosed,
            &wire::EndpointClosed {
                endpoint_id: id_bytes(&endpoint.0),
                name: name.clone(),
                pipeline_id: id_bytes(&pipeline.0),
                at: micros(*at),
            },
        ),
    }
}

pub(crate) fn opened(opened: &EndpointOpened) -> wire::EndpointOpened {
    let scheme = match opened.scheme {
        SignatureScheme::None => wire::SignatureScheme::None,
        SignatureScheme::StandardWebhooks => wire::SignatureScheme::StandardWebhooks,
        SignatureScheme::GitHub => wire::SignatureScheme::Github,
    };
    wire::EndpointOpened {
        endpoint_id: id_bytes(&opened.endpoint.0),
        pipeline_id: id_bytes(&opened.pipeline.0),
        name: opened.name.clone(),
        hash: Bytes::copy_from_slice(&opened.hash),
        scheme: scheme as i32,
        by: opened.by.clone(),
        at: micros(opened.at),
    }
}
