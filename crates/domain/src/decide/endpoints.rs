//! Endpoints are opened, given further secrets, and closed.

use super::{cut, later};
use crate::{
    command::{Context, Rejection},
    endpoint::{EndpointCommand, EndpointEvent, EndpointOpened, OpenEndpoint, SignatureScheme},
    event::Event,
    id::EndpointId,
    limits,
    state::{Endpoint, Partition},
};

const NAME: &str = "default";

pub(super) fn decide(
    partition: &Partition,
    command: &EndpointCommand,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    match command {
        EndpointCommand::Open(open) => self::open(partition, open, context),
        EndpointCommand::Rotate { endpoint, secret, overlap_seconds } => {
            rotate(known(partition, *endpoint)?, *endpoint, (*secret, *overlap_seconds), context)
        }
        // Closed twice is closed.
        EndpointCommand::Close { endpoint } => {
            Ok(partition.endpoints.open.get(endpoint).map_or_else(Vec::new, |state| {
                let closed = EndpointEvent::Closed {
                    endpoint: *endpoint,
                    name: state.name.clone(),
                    pipeline: state.pipeline,
                    at: context.now,
                };
                vec![Event::Endpoint(Box::new(closed))]
            }))
        }
    }
}

fn open(partition: &Partition, open: &OpenEndpoint, context: &Context) -> Result<Vec<Event>, Rejection> {
    let pipeline = partition.live_pipeline(open.pipeline)?;
    let name = if open.name.is_empty() { NAME } else { open.name.as_str() };
    check_name(name)?;
    let endpoints = &partition.endpoints;
    if endpoints.open.contains_key(&open.endpoint) {
        return Err(Rejection::EndpointExists { name: open.endpoint.to_string(), alias: pipeline.alias.clone() });
    }
    let mut of_pipeline = endpoints.of(open.pipeline);
    if of_pipeline.any(|(_, state)| state.name == name) {
        return Err(Rejection::EndpointExists { name: name.to_owned(), alias: pipeline.alias.clone() });
    }
    if endpoints.of(open.pipeline).count() >= limits::ENDPOINTS_PER_PIPELINE_MAX {
        return Err(Rejection::TooManyEndpoints { of: "the pipeline", most: limits::ENDPOINTS_PER_PIPELINE_MAX });
    }
    if endpoints.open.len() >= limits::ENDPOINTS_MAX {
        return Err(Rejection::TooManyEndpoints { of: "the account", most: limits::ENDPOINTS_MAX });
    }
    let opened = EndpointOpened {
        endpoint: open.endpoint,
        pipeline: open.pipeline,
        name: name.to_owned(),
        hash: open.hash,
        scheme: open.scheme,
        by: cut(&open.by, limits::BRIEF_BYTES_MAX),
        at: context.now,
    };
    Ok(vec![Event::Endpoint(Box::new(EndpointEvent::Opened(opened)))])
}

fn check_name(name: &str) -> Result<(), Rejection> {
    let most = limits::ENDPOINT_NAME_CHARS_MAX;
    let fits = (1..=most).contains(&name.chars().count()) && name.trim() == name && !name.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    let words = format!("an endpoint's name takes 1 to {most} characters, none of them invisible, no blanks around it");
    Err(Rejection::InvalidEndpoint(words))
}

fn rotate(
    state: &Endpoint,
    endpoint: EndpointId,
    (secret, overlap_seconds): (u32, u32),
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    if state.scheme == SignatureScheme::None {
        let words = format!("calls of endpoint `{}` are not signed: it has no secret", state.name);
        return Err(Rejection::InvalidEndpoint(words));
    }
    if secret <= state.secret {
        // Somebody else has rotated meanwhile: asked again, the next number is found.
        let words = format!("secret {secret} of endpoint `{}` is there already; try again", state.name);
        return Err(Rejection::InvalidEndpoint(words));
    }
    let most = limits::SECRET_OVERLAP_SECONDS_MAX;
    if overlap_seconds > most {
        let words = format!("old secrets stay valid for at most {most} s, not {overlap_seconds}");
        return Err(Rejection::InvalidEndpoint(words));
    }
    let rotated = EndpointEvent::Rotated {
        endpoint,
        secret,
        old_until: later(context.now, i64::from(overlap_seconds)),
        at: context.now,
    };
    Ok(vec![Event::Endpoint(Box::new(rotated))])
}

fn known(partition: &Partition, endpoint: EndpointId) -> Result<&Endpoint, Rejection> {
    partition.endpoints.open.get(&endpoint).ok_or(Rejection::UnknownEndpoint(endpoint))
}
