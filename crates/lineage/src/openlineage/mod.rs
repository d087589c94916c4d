//! Events of OpenLineage: what other systems say about their runs, in our words.
//!
//! Promises: takes every event that follows the specification (2.0, RunEvent, JobEvent and DatasetEvent), with facets of any producer and
//! version: what is not known is passed over, what has the wrong type counts as absent. What is no event is refused with the place and
//! the reason. The same event always becomes the same report. Knows nothing about our runs: whose a report is, its reader finds by
//! the ids that it carries.
//!
//! Edges run per output: an output whose columns are told came of what these came of, and one that is alone came of all inputs. Where
//! several outputs stand beside several inputs and nobody tells more, each is only read or written: which came of which would be a guess.

mod datasets;
mod edges;
mod facets;
mod operations;
mod read;

use downbeat_domain::metadata::Collected;
use jiff::Timestamp;

pub use self::read::{batch, event};

/// What one event says.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Who made the event: a URI of a client.
    pub producer: String,
    /// When it says that it happened. Its clock is not ours.
    pub at: Timestamp,
    /// The job that it is about; `None` for a DatasetEvent.
    pub job: Option<Job>,
    /// The run that it is about; `None` for a JobEvent or a DatasetEvent.
    pub run: Option<Run>,
    /// The same for the same event, sent however often: of run, type and time, or of the whole event where there is no run.
    pub identity: [u8; 16],
    /// Operations, assets and edges.
    pub collected: Collected,
}

/// A job of another system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Whose job.
    pub namespace: String,
    /// Its name, the same in every run.
    pub name: String,
}

/// A run of a job of another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// A UUID, in lower case with hyphens.
    pub id: String,
    /// What became of it.
    pub state: State,
    /// The run in which it runs.
    pub parent: Option<Parent>,
    /// The outermost run.
    pub root: Option<Parent>,
}

/// A run that another one runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its id, as [`Run::id`].
    pub run: String,
    /// Its job.
    pub job: Job,
}

/// Types of run events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It began.
    Start,
    /// It goes on.
    Running,
    /// It did what it should.
    Complete,
    /// It was stopped.
    Abort,
    /// It did not.
    Fail,
    /// Something else is told of it.
    Other,
}

impl State {
    /// As the specification spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Running => "RUNNING",
            Self::Complete => "COMPLETE",
            Self::Abort => "ABORT",
            Self::Fail => "FAIL",
            Self::Other => "OTHER",
        }
    }

    /// Did it say what came of it? A run that only began, or that failed, has written nothing that can be relied on.
    fn tells_of_results(self) -> bool {
        matches!(self, Self::Running | Self::Complete | Self::Other)
    }

    /// Is it over?
    pub fn is_final(self) -> bool {
        matches!(self, Self::Complete | Self::Abort | Self::Fail)
    }
}

/// Why something is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Fault {
    /// Where, as a path: `run.runId`; `event` = the whole of it.
    pub place: String,
    /// What is wrong with it, and what is wanted.
    pub reason: String,
}
