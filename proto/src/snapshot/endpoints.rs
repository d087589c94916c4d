//! Endpoints between state and message.

use downbeat_domain::{
    EndpointId,
    endpoint::EndpointOpened,
    limits,
    state::{Endpoint, Endpoints},
};

use crate::{
    convert::{instant, micros},
    event,
    snapshots::v1 as wire,
};

pub(super) fn encode(endpoints: &Endpoints) -> Vec<wire::Endpoint> {
    let endpoint = |(id, state): (&EndpointId, &Endpoint)| {
        let opened = EndpointOpened {
            endpoint: *id,
            pipeline: state.pipeline,
            name: state.name.clone(),
            hash: state.hash,
            scheme: state.scheme,
            by: state.by.clone(),
            at: state.created_at,
        };
        let old = |(number, until): &(u32, _)| wire::OldSecret { number: *number, until: micros(*until) };
        wire::Endpoint {
            opened: Some(event::endpoint_opened(&opened)),
            secret: state.secret,
            old_secrets: state.old_secrets.iter().map(old).collect(),
        }
    };
    endpoints.open.iter().map(endpoint).collect()
}

/// `None` = they cannot be read, or are more than there may be.
pub(super) fn decode(endpoints: Vec<wire::Endpoint>) -> Option<Endpoints> {
    if endpoints.len() > limits::ENDPOINTS_MAX {
        return None;
    }
    let read = |message: wire::Endpoint| {
        let opened = event::endpoint_opened_of(message.opened?).ok()?;
        if message.old_secrets.len() > limits::OLD_SECRETS_MAX {
            return None;
        }
        let old = message.old_secrets.iter().map(|old| Some((old.number, instant(old.until)?)));
        let endpoint = Endpoint {
            pipeline: opened.pipeline,
            name: opened.name,
            hash: opened.hash,
            scheme: opened.scheme,
            by: opened.by,
            created_at: opened.at,
            secret: message.secret,
            old_secrets: old.collect::<Option<_>>()?,
        };
        Some((opened.endpoint, endpoint))
    };
    Some(Endpoints { open: endpoints.into_iter().map(read).collect::<Option<_>>()? })
}
