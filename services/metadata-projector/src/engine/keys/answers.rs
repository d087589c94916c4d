//! Keys of what is going on and of what fails now; see the table of [`super`].
//!
//! Rows are replaced, never removed. What comes and goes is therefore kept in 256 rows of each kind, by one byte of its id: all of it is read
//! by reading these, however much there was before.

use downbeat_domain::PipelineId;

use super::{graph::Node, key};

/// What is kept in 256 rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kept {
    /// Runs that have not ended.
    LiveRuns = b'l',
    /// Failing tasks.
    Failing = b'f',
    /// Pipelines with breaches that go on.
    Breached = b'b',
    /// Alerts that were given up.
    DeadAlerts = b'd',
    /// Assets whose latest tests fail or warn.
    Unhealthy = b'a',
    /// Pipelines with schedules.
    Scheduled = b's',
    /// Pipelines with open windows of sensors.
    Windows = b'o',
}

/// Prefix of the rows of a kind.
pub fn kept(kind: Kept) -> Vec<u8> {
    key(b'G', &[&[kind as u8]])
}

/// The row of what has this id.
pub fn kept_with(kind: Kept, id: &[u8]) -> Vec<u8> {
    // The first byte of ids with version bits is as good as any; all of them are hashes or random.
    key(b'G', &[&[kind as u8], &id[..id.len().min(1)]])
}

/// How the runs of a pipeline stand.
pub fn standing(pipeline: PipelineId) -> Vec<u8> {
    key(b'G', &[b"p", &pipeline.0])
}

/// What failed in a run.
pub fn failed_in(run: downbeat_domain::RunId) -> Vec<u8> {
    key(b'G', &[b"r", &run.0])
}

/// What a task reads and writes; `reporter` is that of the lineage.
pub fn touched(reporter: Node) -> Vec<u8> {
    key(b'G', &[b"w", &reporter])
}

/// Pipelines that the end of a run of this one starts; `None` = of any.
pub fn followers(of: Option<PipelineId>) -> Vec<u8> {
    key(b'G', &[b"F", &of.map_or([0; 16], |of| of.0)])
}

/// Pipelines whose ends start runs of this one.
pub fn followed(by: PipelineId) -> Vec<u8> {
    key(b'G', &[b"T", &by.0])
}

/// Up to when the schedules of a pipeline are decided.
pub fn decided(pipeline: PipelineId) -> Vec<u8> {
    key(b'G', &[b"i", &pipeline.0])
}

/// Open windows of the sensors of a pipeline.
pub fn windows(pipeline: PipelineId) -> Vec<u8> {
    key(b'G', &[b"v", &pipeline.0])
}

/// Runs that ended in an hour, counted from the epoch.
pub fn hour(hour: i64) -> Vec<u8> {
    key(b'G', &[b"h", &(hour as u64 ^ (1 << 63)).to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_below_its_kind_and_no_other() {
        let row = kept_with(Kept::Failing, &[7, 8, 9]);
        assert!(row.starts_with(&kept(Kept::Failing)) && row.len() == 3);
        assert_eq!(row, kept_with(Kept::Failing, &[7, 1]));
        assert!(!row.starts_with(&kept(Kept::LiveRuns)));
        assert_eq!(kept_with(Kept::Failing, &[]), kept(Kept::Failing));
        assert!(hour(-1) < hour(0) && hour(0) < hour(1));
    }
}
