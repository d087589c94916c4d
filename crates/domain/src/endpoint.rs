//! Endpoints: addresses that others call to start a pipeline (its `webhook`).
//!
//! Promises: neither the address nor a secret stands here, only the hash of the one and the number of the other; an endpoint has a secret
//! that is valid for good, and at most a few that are still valid for a while. Knows nothing about HTTP, or how a signature is made.

use jiff::Timestamp;

use crate::id::{EndpointId, PipelineId};

/// How a call shows that it comes from whoever knows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignatureScheme {
    /// It does not: whoever knows the address may call.
    None,
    /// As Standard Webhooks 1.0 has it: HMAC-SHA256 over id, instant and body.
    StandardWebhooks,
    /// `X-Hub-Signature-256`, as GitHub and many others have it: HMAC-SHA256 over the body.
    GitHub,
}

impl SignatureScheme {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::None, Self::StandardWebhooks, Self::GitHub];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::StandardWebhooks => "STANDARD_WEBHOOKS",
            Self::GitHub => "GITHUB",
        }
    }

    /// From the word of the API.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// A fact about endpoints; see [`crate::Event::Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointEvent {
    /// There is a further endpoint; if it is signed, with the secret of number 1.
    Opened(EndpointOpened),
    /// It has a further secret.
    Rotated {
        /// Which.
        endpoint: EndpointId,
        /// Number of the new secret: one more than that of the newest before.
        secret: u32,
        /// Until when those before are still valid.
        old_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// It starts nothing any more.
    Closed {
        /// Which.
        endpoint: EndpointId,
        /// What it was called.
        name: String,
        /// Which pipeline it started.
        pipeline: PipelineId,
        /// When.
        at: Timestamp,
    },
}

/// See [`EndpointEvent::Opened`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointOpened {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// What it starts.
    pub pipeline: PipelineId,
    /// For people; no other endpoint of the pipeline has it.
    pub name: String,
    /// SHA-256 of the last part of its address, as it was shown.
    pub hash: [u8; 32],
    /// How calls are signed.
    pub scheme: SignatureScheme,
    /// Who opened it, as actors are written.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl EndpointEvent {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            EndpointEvent::Opened(opened) => opened.at,
            EndpointEvent::Rotated { at, .. } | EndpointEvent::Closed { at, .. } => *at,
        }
    }
}

/// A request about endpoints; see [`crate::Command::Endpoint`].
#[derive(Clone, Debug)]
pub enum EndpointCommand {
    /// Open one.
    Open(Box<OpenEndpoint>),
    /// Give it a further secret.
    Rotate {
        /// Its id.
        endpoint: EndpointId,
        /// Number of the secret that was laid down for it.
        secret: u32,
        /// For how long those before stay valid, seconds.
        overlap_seconds: u32,
    },
    /// It starts nothing any more.
    Close {
        /// Its id.
        endpoint: EndpointId,
    },
}

/// See [`EndpointCommand::Open`]. Neither its address nor its secret comes here.
#[derive(Clone, Debug)]
pub struct OpenEndpoint {
    /// Id of the new endpoint, drawn by chance.
    pub endpoint: EndpointId,
    /// What it starts.
    pub pipeline: PipelineId,
    /// For people; empty = `default`.
    pub name: String,
    /// SHA-256 of the last part of its address.
    pub hash: [u8; 32],
    /// How calls are signed.
    pub scheme: SignatureScheme,
    /// Who opens it, as actors are written.
    pub by: String,
}
