//! Backfills: past instants of a schedule that are run because somebody asked for it.

use jiff::Timestamp;

use crate::id::{BackfillId, PipelineId};

/// See [`super::Event::BackfillCreated`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillCreated {
    /// The backfill.
    pub backfill: BackfillId,
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// Name of the schedule.
    pub schedule: String,
    /// It is about the instants from here...
    pub from: Timestamp,
    /// ... to before here.
    pub to: Timestamp,
    /// Those that are to get a run, ascending.
    pub instants: Vec<Timestamp>,
    /// Those that get none, because a run of theirs has succeeded; ascending.
    pub skipped: Vec<Timestamp>,
    /// How many of its runs may be live at once.
    pub max_active: u32,
    /// Instants count whose runs have succeeded.
    pub force: bool,
    /// Who asked.
    pub user: String,
    /// When.
    pub at: Timestamp,
}
