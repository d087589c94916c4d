//! Rows of the lineage over all runs.

use downbeat_proto::events::v1::ColumnEdge;

/// An edge between two assets, with everybody who says that it is there.
#[derive(Clone, PartialEq, prost::Message)]
pub struct EdgeRow {
    /// Key of what was read.
    #[prost(string, tag = "1")]
    pub from: String,
    /// Key of what was written.
    #[prost(string, tag = "2")]
    pub to: String,
    /// As `events.v1.EdgeKind`.
    #[prost(int32, tag = "3")]
    pub kind: i32,
    /// Who says so, in the order in which they said it first.
    #[prost(message, repeated, tag = "4")]
    pub sources: Vec<Source>,
}

/// One who says that an edge is there.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Source {
    /// See [`super::reporter::Reporter`].
    #[prost(bytes = "vec", tag = "1")]
    pub reporter: Vec<u8>,
    /// 16 bytes; empty = none of ours.
    #[prost(bytes = "vec", tag = "2")]
    pub pipeline: Vec<u8>,
    /// Task with its iteration, or the job of another system.
    #[prost(string, tag = "3")]
    pub task: String,
    /// external_id of the operation that did it last.
    #[prost(string, tag = "4")]
    pub operation: String,
    /// 16 bytes; empty = none of ours.
    #[prost(bytes = "vec", tag = "5")]
    pub last_run: Vec<u8>,
    /// When it was said last.
    #[prost(int64, tag = "6")]
    pub last_at: i64,
    /// When it was there, in order.
    #[prost(message, repeated, tag = "7")]
    pub intervals: Vec<Interval>,
    /// People say it, by the system that they named; empty = a task does.
    #[prost(string, tag = "8")]
    pub declared_by: String,
    /// What they say of how: JSON; empty = nothing.
    #[prost(string, tag = "9")]
    pub detail: String,
}

/// Reports that followed each other and said the same.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Interval {
    /// The first of them, microseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub since: i64,
    /// The first report without it; 0 = there was none.
    #[prost(int64, tag = "2")]
    pub until: i64,
    /// The report that ended it; it may come back in a later part of the same report.
    #[prost(bytes = "vec", tag = "3")]
    pub ended_by: Vec<u8>,
    /// The last report that said it.
    #[prost(bytes = "vec", tag = "4")]
    pub report: Vec<u8>,
    /// In order, each once; empty = not known.
    #[prost(message, repeated, tag = "5")]
    pub columns: Vec<ColumnEdge>,
}

impl Interval {
    /// When it ended, which it also does when one of its assets is removed; 0 = it has not. `gone`: when they were, in order.
    pub fn ended(&self, gone: &[i64]) -> i64 {
        let removed = gone.iter().copied().find(|gone| *gone >= self.since);
        match (self.until, removed) {
            (0, removed) => removed.unwrap_or(0),
            (until, removed) => removed.map_or(until, |removed| removed.min(until)),
        }
    }

    /// Does it hold at this instant? 0 = now. `gone`: as before.
    pub fn holds(&self, at: i64, gone: &[i64]) -> bool {
        let until = self.ended(gone);
        match at {
            0 => until == 0,
            at => self.since <= at && (until == 0 || at < until),
        }
    }
}

/// When people removed an asset.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RemovedRow {
    /// Microseconds since the epoch, in order.
    #[prost(int64, repeated, tag = "1")]
    pub at: Vec<i64>,
    /// Sequence of the record that said so last.
    #[prost(uint64, tag = "2")]
    pub record: u64,
}

/// What one reporter said last about how an asset is made.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WriterRow {
    /// Key of the asset.
    #[prost(string, tag = "1")]
    pub asset: String,
    /// As in [`Source`].
    #[prost(bytes = "vec", tag = "2")]
    pub pipeline: Vec<u8>,
    /// As in [`Source`].
    #[prost(string, tag = "3")]
    pub task: String,
    /// 16 bytes; empty = none of ours.
    #[prost(bytes = "vec", tag = "4")]
    pub last_run: Vec<u8>,
    /// The first time that it wrote it.
    #[prost(int64, tag = "5")]
    pub first_at: i64,
    /// The last time.
    #[prost(int64, tag = "6")]
    pub last_at: i64,
    /// The last report that told of what it is made of; empty = none did.
    #[prost(bytes = "vec", tag = "7")]
    pub report: Vec<u8>,
    /// What it is made of as that report says: 16 bytes each, as in keys.
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub inputs: Vec<Vec<u8>>,
}

/// What the file of a pipeline says of outputs, and what its tasks have reported because a file said it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeclaredRow {
    /// The newest version.
    #[prost(uint32, tag = "1")]
    pub version: u32,
    /// What it says, of outputs that are made of something.
    #[prost(message, repeated, tag = "2")]
    pub now: Vec<DeclaredAsset>,
    /// What was reported and has not ended.
    #[prost(message, repeated, tag = "3")]
    pub said: Vec<SaidRow>,
}

/// An output that a task declares.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct DeclaredAsset {
    /// Id of the task, without an iteration.
    #[prost(string, tag = "1")]
    pub task: String,
    /// Key as it is declared.
    #[prost(string, tag = "2")]
    pub asset: String,
}

/// A declaration that was reported.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SaidRow {
    /// What.
    #[prost(message, required, tag = "1")]
    pub declared: DeclaredAsset,
    /// By whom: 16 bytes; each iteration is one.
    #[prost(bytes = "vec", tag = "2")]
    pub reporter: Vec<u8>,
}

/// The asset that an alias means.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AliasRow {
    /// Its key.
    #[prost(string, tag = "1")]
    pub asset: String,
}

/// The aliases of an asset.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AliasesRow {
    /// Their keys, in the order in which they became known.
    #[prost(string, repeated, tag = "1")]
    pub aliases: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_an_asset_ends_when_it_is_removed() {
        let interval = |since, until| Interval { since, until, ..Interval::default() };
        for (interval, gone, expected) in [
            (interval(10, 0), &[][..], 0),
            (interval(10, 0), &[5], 0),
            (interval(10, 0), &[5, 10, 30], 10),
            (interval(10, 0), &[20, 30], 20),
            (interval(10, 15), &[20], 15),
            (interval(10, 25), &[20], 20),
        ] {
            assert_eq!(interval.ended(gone), expected, "{interval:?} {gone:?}");
        }
        let interval = interval(10, 0);
        let holds = |at| interval.holds(at, &[20]);
        assert_eq!([9, 10, 19, 20, 0].map(holds), [false, true, true, false, false]);
    }
}
