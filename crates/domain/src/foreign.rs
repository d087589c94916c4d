//! What other systems say about their own runs: jobs that nobody here started, or that a task of ours started somewhere else.
//!
//! The core only records it, once: whose it is and what follows from it, projections find by the ids that it carries. A large report
//! comes in parts, one decision each, since no decision outgrows a record.

use std::sync::Arc;

use jiff::Timestamp;

use crate::metadata::Collected;

/// A part of what another system said.
#[derive(Clone, Debug, PartialEq)]
pub struct LineageReported {
    /// What was said, as a whole, but for what it is about.
    pub said: Said,
    /// Which part, from 0.
    pub part: u32,
    /// Operations, assets and edges of this part.
    pub collected: Arc<Collected>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// One event of another system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The same for the same event, sent however often.
    pub identity: [u8; 16],
    /// Who made it: a URI of a client.
    pub producer: String,
    /// Its job; `None` = it is about a dataset.
    pub job: Option<ForeignJob>,
    /// Its run; `None` = it is about a job or a dataset.
    pub run: Option<ForeignRun>,
    /// When it says that it happened, by a clock that is not ours.
    pub said_at: Timestamp,
}

/// A job of another system.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignJob {
    /// Whose job.
    pub namespace: String,
    /// The same in every run.
    pub name: String,
}

/// A run of a job of another system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignRun {
    /// 16 bytes of a UUID of any version.
    pub id: [u8; 16],
    /// START, RUNNING, COMPLETE, ABORT, FAIL or OTHER.
    pub state: String,
    /// The run in which it runs.
    pub parent: Option<ForeignParent>,
    /// The outermost run.
    pub root: Option<ForeignParent>,
}

/// A run that another one runs in: of another system, or a task run or run of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignParent {
    /// As [`ForeignRun::id`].
    pub run: [u8; 16],
    /// Its job.
    pub job: ForeignJob,
}

/// Records a part of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportLineage {
    /// What was said.
    pub said: Said,
    /// Which part, from 0.
    pub part: u32,
    /// Of this part.
    pub collected: Arc<Collected>,
}
