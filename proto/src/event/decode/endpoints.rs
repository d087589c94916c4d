//! Endpoints.

use downbeat_domain::{
    EndpointId, Event, PipelineId,
    endpoint::{EndpointEvent, EndpointOpened, SignatureScheme},
};

use super::fields::Fields;
use crate::{
    convert,
    event::DecodeError,
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let endpoint = |bytes: &[u8]| EndpointId::from_slice(bytes).ok_or(fields.missing("endpoint_id"));
    let fact = match kind {
        EventKind::EndpointOpened => {
            EndpointEvent::Opened(opened_of(fields.parse(payload)?).map_err(|field| fields.missing(field))?)
        }
        EventKind::EndpointRotated => {
            let event: wire::EndpointRotated = fields.parse(payload)?;
            EndpointEvent::Rotated {
                endpoint: endpoint(&event.endpoint_id)?,
                secret: event.secret,
                old_until: fields.at(event.old_until)?,
                at: fields.at(event.at)?,
            }
        }
        EventKind::EndpointClosed => {
            let event: wire::EndpointClosed = fields.parse(payload)?;
            EndpointEvent::Closed {
                endpoint: endpoint(&event.endpoint_id)?,
                name: event.name,
                pipeline: PipelineId::from_slice(&event.pipeline_id).ok_or(fields.missing("pipeline_id"))?,
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    };
    Ok(Event::Endpoint(Box::new(fact)))
}

/// The endpoint in a message, or the field that is missing or impossible.
pub(crate) fn opened_of(opened: wire::EndpointOpened) -> Result<EndpointOpened, &'static str> {
    let scheme = match wire::SignatureScheme::try_from(opened.scheme).map_err(|_| "scheme")? {
        wire::SignatureScheme::Unspecified => return Err("scheme"),
        wire::SignatureScheme::None => SignatureScheme::None,
        wire::SignatureScheme::StandardWebhooks => SignatureScheme::StandardWebhooks,
        wire::SignatureScheme::Github => SignatureScheme::GitHub,
    };
    Ok(EndpointOpened {
        endpoint: EndpointId::from_slice(&opened.endpoint_id).ok_or("endpoint_id")?,
        pipeline: PipelineId::from_slice(&opened.pipeline_id).ok_or("pipeline_id")?,
        name: opened.name,
        hash: opened.hash.as_ref().try_into().map_err(|_| "hash")?,
        scheme,
        by: opened.by,
        at: convert::instant(opened.at).ok_or("at")?,
    })
}
