//! The endpoints that are open.
//!
//! Promises: those of a pipeline that is deleted are closed with it; the newest secret of a signed one is valid for good. Knows nothing of
//! addresses and secrets, only of their hashes and numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    endpoint::{EndpointEvent, EndpointOpened, SignatureScheme},
    id::{EndpointId, PipelineId},
    limits,
};

/// An endpoint that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What it starts.
    pub pipeline: PipelineId,
    /// For people.
    pub name: String,
    /// SHA-256 of the last part of its address.
    pub hash: [u8; 32],
    /// How calls are signed.
    pub scheme: SignatureScheme,
    /// Who opened it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// Number of its newest secret; 0 = it has none.
    pub secret: u32,
    /// Those before that are still valid, each with its number and its end, oldest first.
    pub old_secrets: Vec<(u32, Timestamp)>,
}

/// All endpoints of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// By id.
    pub open: BTreeMap<EndpointId, Endpoint>,
}

impl Endpoints {
    /// Those of a pipeline.
    pub fn of(&self, pipeline: PipelineId) -> impl Iterator<Item = (EndpointId, &Endpoint)> {
        self.open.iter().filter(move |(_, state)| state.pipeline == pipeline).map(|(id, state)| (*id, state))
    }

    pub(crate) fn evolve(&mut self, event: &EndpointEvent) {
        match event {
            EndpointEvent::Opened(opened) => {
                self.open.insert(opened.endpoint, Endpoint::of(opened));
            }
            EndpointEvent::Rotated { endpoint, secret, old_until, at } => {
                if let Some(state) = self.open.get_mut(endpoint) {
                    state.rotate(*secret, *old_until, *at);
                }
            }
            EndpointEvent::Closed { endpoint, .. } => {
                self.open.remove(endpoint);
            }
        }
    }

    pub(crate) fn close_all_of(&mut self, pipeline: PipelineId) {
        self.open.retain(|_, state| state.pipeline != pipeline);
    }
}

impl Endpoint {
    fn of(opened: &EndpointOpened) -> Self {
        Self {
            pipeline: opened.pipeline,
            name: opened.name.clone(),
            hash: opened.hash,
            scheme: opened.scheme,
            by: opened.by.clone(),
            created_at: opened.at,
            secret: u32::from(opened.scheme != SignatureScheme::None),
            old_secrets: Vec::new(),
        }
    }

    /// No secret is valid for longer than was said when it was replaced, and there are never more than a few.
    fn rotate(&mut self, secret: u32, old_until: Timestamp, at: Timestamp) {
        self.old_secrets.retain(|(_, until)| *until > at);
        for (_, until) in &mut self.old_secrets {
            *until = (*until).min(old_until);
        }
        if old_until > at {
            self.old_secrets.push((self.secret, old_until));
        }
        let too_many = self.old_secrets.len().saturating_sub(limits::OLD_SECRETS_MAX);
        self.old_secrets.drain(..too_many);
        self.secret = secret;
    }

    /// Numbers of all its secrets, also of those whose time is over; others than these never come to be valid again.
    pub fn secrets(&self) -> impl Iterator<Item = u32> {
        let old = self.old_secrets.iter().map(|(number, _)| *number);
        old.chain((self.secret > 0).then_some(self.secret))
    }

    /// Numbers of the secrets by which a call may be signed.
    pub fn valid_secrets(&self, now: Timestamp) -> impl Iterator<Item = u32> {
        let old = self.old_secrets.iter().filter(move |(_, until)| *until > now).map(|(number, _)| *number);
        old.chain((self.secret > 0).then_some(self.secret))
    }
}
