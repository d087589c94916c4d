//! Keys of what lists are filtered by, without a look at the rows themselves; see the table of [`super`].

use downbeat_domain::{PipelineId, RunId, TaskRunId};

use super::{graph::Node, key, newest_first};

/// Prefix of the statuses of task runs, those of newer runs first.
pub const TASK_STATUSES: &[u8] = b"Ns";
/// Prefix of the reports of operations, newest first.
pub const REPORTS: &[u8] = b"No";
/// Prefix of all assets with what they are filtered by.
pub const ASSETS: &[u8] = b"Naa";
/// Bytes by which a run stands in lists: its age and its id.
pub const RUN_BYTES: usize = 8 + 16;
/// Bytes by which a report stands in lists: its age and the key of its operations without the last number; those of an operation of
/// another system have it.
pub const REPORT_BYTES: usize = 8 + 16 + 4 + 4 + 4;

/// The place of a run in lists, newest first: its age and its id.
pub fn run_place(created_at: i64, run: RunId) -> [u8; RUN_BYTES] {
    let mut place = [0; RUN_BYTES];
    place[..8].copy_from_slice(&newest_first(created_at));
    place[8..].copy_from_slice(&run.0);
    place
}

/// What stands before everything of this instant in a list of newest first, and behind everything that is younger.
pub fn instant(at: i64) -> [u8; 8] {
    newest_first(at)
}

/// Statuses of the task runs of a run, so many of them a row.
pub fn task_statuses(created_at: i64, run: RunId, row: u32) -> Vec<u8> {
    key(b'N', &[b"s", &run_place(created_at, run), &row.to_be_bytes()])
}

/// Which task run an id is of.
pub fn task_run(id: TaskRunId) -> Vec<u8> {
    key(b'N', &[b"i", &id.0])
}

/// Integrations of the tasks of one version.
pub fn integrations(pipeline: PipelineId, version: u32) -> Vec<u8> {
    key(b'N', &[b"p", &pipeline.0, &version.to_be_bytes()])
}

/// The report that these operations came in; `operation` is the key of the first of them.
pub fn report(reported_at: i64, operation: &[u8]) -> Vec<u8> {
    let of = operation.get(1..1 + REPORT_BYTES - 8).unwrap_or_default();
    key(b'N', &[b"o", &newest_first(reported_at), of])
}

/// The same of an operation of another system, which comes alone; `operation` is its key.
pub fn foreign_report(reported_at: i64, operation: &[u8]) -> Vec<u8> {
    key(b'N', &[b"o", &newest_first(reported_at), operation.get(1..).unwrap_or_default()])
}

/// The key of an operation of a report, by its number in it; `None` for a key of another kind.
pub fn operation_of(report: &[u8], number: u32) -> Option<Vec<u8>> {
    let (_, of) = report.strip_prefix(REPORTS)?.split_at_checked(8)?;
    let number = number.to_be_bytes();
    // Of another system: it came alone, and its key has everything.
    let last: &[u8] = if of.len() > REPORT_BYTES - 8 { &[] } else { &number };
    Some(key(b'o', &[of, last]))
}

/// By what assets are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetIndex {
    /// The database of a table.
    Database,
    /// The schema of a table.
    Schema,
}

/// Prefix of the assets of a database or schema, whatever the case of its letters.
pub fn assets_of(index: AssetIndex, name: &str) -> Vec<u8> {
    let which: &[u8] = match index {
        AssetIndex::Database => b"ad",
        AssetIndex::Schema => b"as",
    };
    let digest = blake3::derive_key("downbeat place of an asset v1", name.to_lowercase().as_bytes());
    key(b'N', &[which, &digest[..16]])
}

/// An asset below a prefix of those.
pub fn asset_below(prefix: &[u8], first_seen_at: i64, asset: Node) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.extend(newest_first(first_seen_at));
    key.extend(asset);
    key
}

/// The asset that stands at the end of such a key.
pub fn asset_in(key: &[u8]) -> Option<Node> {
    key.get(key.len().checked_sub(16)?..)?.try_into().ok()
}

/// The key of the asset of this id.
pub fn asset_of_id(id: [u8; 16]) -> Vec<u8> {
    key(b'N', &[b"k", &id])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::keys;

    #[test]
    fn operations_of_a_report_are_those_that_came_in_it() {
        let run = RunId([7; 16]);
        let first = keys::operation(run, 3, 1, 2, 0);
        let report = report(-5, &first);
        assert_eq!(operation_of(&report, 9), Some(keys::operation(run, 3, 1, 2, 9)));
        let foreign = keys::foreign::operation(run, None, "step");
        assert_eq!(operation_of(&foreign_report(5, &foreign), 0), Some(foreign));
        assert_eq!((operation_of(b"No12", 0), operation_of(&first, 0)), (None, None));
    }

    #[test]
    fn newer_ones_stand_first() {
        let (old, new) = (RunId([1; 16]), RunId([2; 16]));
        assert!(task_statuses(5, new, 0) < task_statuses(4, old, 0));
        assert!(task_statuses(4, old, 0) < task_statuses(4, old, 1));
        assert!(run_place(4, old)[..] > instant(4)[..] && run_place(5, new)[..] < instant(4)[..]);
    }

    #[test]
    fn places_of_assets_have_no_case() {
        assert_eq!(assets_of(AssetIndex::Schema, "Main"), assets_of(AssetIndex::Schema, "MAIN"));
        assert_ne!(assets_of(AssetIndex::Schema, "main"), assets_of(AssetIndex::Database, "main"));
        let below = asset_below(&assets_of(AssetIndex::Schema, "main"), 7, [9; 16]);
        assert_eq!(asset_in(&below), Some([9; 16]));
    }
}
