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
pub mod jobs;
mod operations;
mod parts;
mod place;
mod read;
pub mod write;

use downbeat_domain::{foreign::Said, metadata::Collected};

pub use self::{
    parts::parts,
    read::{all, batch, event},
};

/// What one event says.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Who said it of what, and when. A DatasetEvent has no job, a JobEvent no run.
    pub said: Said,
    /// What became of the run; `None` where there is none.
    pub state: Option<State>,
    /// Operations, assets and edges.
    pub collected: Collected,
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
