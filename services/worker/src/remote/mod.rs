//! Jobs that run in another system: what one must be able to do so that it is started once, whoever dies in between.
//!
//! The contract, held by the conformance suite for every one of them against a server that misbehaves:
//! - [`RemoteJob::prepare`] reads parameters and connection and touches nothing outside; a bad one is MISCONFIGURED and named;
//! - [`Prepared::start`] gives the token to the other side where that takes one; every error says whether the job may have been
//!   accepted ([`CallError::Unknown`]) or certainly was not;
//! - [`Reattach`] says truly how a start with an unknown outcome is settled, and [`Prepared::find`] does it for LOOK_UP;
//! - the [`Job`] is all that another worker needs, besides the same parameters: nothing is kept in memory between two calls;
//! - each call may be repeated, and ends within its own time; dropping it leaves nothing behind;
//! - what it says names integration, request and status, and never a credential.
//!
//! `life.rs` makes an attempt of these calls; it alone knows of attempts that were lost, of stops, and of how long to go on.
//! Nothing here knows how a job is described: `manifest/` makes them of data, `connectors/` of code.

mod life;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;

pub(crate) use life::Remote;

use crate::about::Tested;
pub(crate) use crate::attempt::Job;
use crate::attempt::{Collection, Failure};
use crate::connectors::Task;
use crate::limits;
use crate::lineage::Located;

/// How a start is settled of which nobody knows whether the other side took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reattach {
    /// Started again with the same token, the other side answers with the job that it has.
    Token,
    /// The job carries the token (a label, a name): it is looked for.
    LookUp,
    /// Twice does no harm: it only reads, or sets the same again.
    Repeat,
    /// It cannot be: the attempt fails, says so, and is not retried.
    Never,
}

/// Why a call came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CallError {
    /// Not accepted for certain, and may be tried again, not before `after`.
    Again {
        /// What happened.
        message: String,
        /// The least pause that the other side asks for.
        after: Option<Duration>,
    },
    /// Nobody knows whether it was accepted: no answer, or one that proves nothing (5xx).
    Unknown(String),
    /// It will not get better by itself: wrong parameters, credentials or rights.
    Refused(Failure),
    /// The other side knows no such job.
    Gone(String),
}

/// What a job is doing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// It waits there.
    Queued,
    /// It runs.
    Running,
    /// It did what it should.
    Succeeded {
        /// It wants to be shown as WARNING.
        warning: bool,
        /// JSON object; empty = {}.
        outputs: String,
    },
    /// It did not.
    Failed,
    /// It was ended there.
    Cancelled,
}

/// One look at a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observation {
    pub(crate) state: State,
    /// The other system's own word for the state.
    pub(crate) word: String,
    /// What it says about it; may be empty.
    pub(crate) message: String,
    /// When to look again at the earliest, if the other side says so.
    pub(crate) after: Option<Duration>,
}

/// How long to go on, and with which pauses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Between two tries of a call that failed: at first, and at most.
    pub(crate) again: (Duration, Duration),
    /// Instead of what the job asks for, between two looks.
    pub(crate) polls: Option<(Duration, Duration)>,
    /// How long a start is tried.
    pub(crate) start_wait: Duration,
    /// The longest pause that the other side may ask for.
    pub(crate) asked_most: Duration,
    /// How often the other side must say that there is no such job.
    pub(crate) looks: u32,
    /// Pause between these.
    pub(crate) look_again: Duration,
    /// How long a job may not be seen before nobody knows what it does.
    pub(crate) silence: Duration,
    /// How long its end is waited for once that was asked for.
    pub(crate) cancel_wait: Duration,
    /// How often its metadata is asked for.
    pub(crate) collects: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            again: (limits::REMOTE_AGAIN_MIN, limits::REMOTE_AGAIN_MAX),
            polls: None,
            start_wait: limits::REMOTE_START_WAIT,
            asked_most: limits::REMOTE_PAUSE_MAX,
            looks: limits::REMOTE_LOOKS,
            look_again: limits::REMOTE_LOOK_AGAIN,
            silence: limits::REMOTE_SILENCE_MAX,
            cancel_wait: limits::REMOTE_CANCEL_WAIT,
            collects: limits::REMOTE_COLLECTS,
        }
    }
}

/// A kind of job. See the module's documentation for the contract.
#[async_trait]
pub(crate) trait RemoteJob: std::fmt::Debug + Send + Sync {
    /// Integration and job that it serves.
    fn job(&self) -> (&str, &str);

    /// How a start with an unknown outcome is settled.
    fn reattach(&self) -> Reattach;

    /// What of its work becomes metadata, in words.
    fn collects(&self) -> String {
        "nothing".to_owned()
    }

    /// What it has met in tests.
    fn tested(&self) -> Tested {
        Tested::RecordedShape
    }

    /// Whether a manifest describes it.
    fn by_manifest(&self) -> bool {
        true
    }

    /// Whether it can do nothing without a connection, and no worker without any need offer it.
    fn needs_connection(&self) -> bool {
        false
    }

    /// How long to wait between two looks: at first, and at most.
    fn poll_every(&self) -> (Duration, Duration) {
        (Duration::from_secs(2), Duration::from_secs(30))
    }

    /// As [`crate::connectors::Connector::place`].
    ///
    /// # Errors
    /// As there.
    async fn place(&self, _task: &Task, _connection: &str) -> Result<Option<Located>, Failure> {
        Ok(None)
    }

    /// Reads parameters and connection; touches nothing outside.
    ///
    /// # Errors
    /// MISCONFIGURED, naming the parameter or the field.
    async fn prepare(&self, task: &Task) -> Result<Box<dyn Prepared>, Failure>;
}

/// The calls of one attempt.
#[async_trait]
pub(crate) trait Prepared: Send + Sync {
    /// Starts the job, with the attempt's token.
    async fn start(&self) -> Result<Job, CallError>;

    /// Looks for the job that carries the token. Asked for LOOK_UP only. `None`: there is none.
    async fn find(&self) -> Result<Option<Job>, CallError> {
        Ok(None)
    }

    /// Looks at the job.
    async fn poll(&self, job: &Job) -> Result<Observation, CallError>;

    /// Asks for its end; what came of that is seen by [`Prepared::poll`]. Of a job that has ended: no error.
    async fn cancel(&self, job: &Job) -> Result<(), CallError>;

    /// Whether the other system can end it at all.
    fn can_cancel(&self) -> bool {
        true
    }

    /// What it did, once it has ended. An error costs the metadata, not the job.
    async fn collect(&self, job: &Job, last: &Observation) -> Result<Collection, CallError>;

    /// The text without any credential of the connection.
    fn hide(&self, text: String) -> String {
        text
    }
}
