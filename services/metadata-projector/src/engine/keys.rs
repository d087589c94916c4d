//! Every key of the store, in one place.
//!
//! | first byte | then | value | written by |
//! |---|---|---|---|
//! | `h` | nothing | [`super::rows::Head`]: position, versions, counts | the fold itself |
//! | `q` | sequence, ordinal (8 + 4 bytes), name of the projection | [`super::rows::Quarantined`] | the fold itself |
//! | `p` | pipeline id | `metadata.v1.Pipeline` | pipelines |
//! | `n` | alias | pipeline id | pipelines |
//! | `P` | pipeline id, version (4) | [`super::rows::Plan`], zstd | pipelines |
//! | `d` | pipeline id, version (4) | the document's text, zstd | pipelines |
//! | `V` | pipeline id, version (4) | sequence (8) of the record that stored it | pipelines |
//! | `v` | pipeline id, version (4) | [`super::rows::VersionRow`] | pipelines |
//! | `r` | run id | `metadata.v1.Run` | runs |
//! | `R` | created, newest first (8), run id | [`super::marks::RunMark`] | runs |
//! | `S` | pipeline id, created, newest first (8), run id | the same | runs |
//! | `T` | run id | [`super::rows::RunHead`] | task_runs |
//! | `g` | run id, place of the group (4) | nothing: the group was opened or skipped | task_runs |
//! | `s` | run id | [`super::rows::Selected`]; absent = all | task_runs |
//! | `x` | run id, place of the group (4) | [`super::rows::Matrix`] | task_runs |
//! | `c` | run id, place in the plan (4), name of the iteration | [`super::rows::Kept`] | task_runs |
//! | `t` | run id, place (4): in the plan, then those of iterations | [`super::rows::TaskRow`]; absent = nothing happened to it yet | task_runs |
//! | `o` | run id, place (4), attempt (4), chunk (4), ordinal (4) | `metadata.v1.Operation` without the plan's fields | operations |
//! | `o` | run id, place (4), all ones (4), BLAKE3 of its id (8) | the same, of another system; an empty row = it has gone to its task | foreign |
//! | `Xr` | run of another system (16) | [`super::foreign::HangsBelow`] | foreign |
//! | `a` | asset key | `metadata.v1.Asset`; an empty row = it was removed | assets |
//! | `A` | asset (16) | `metadata.v1.Asset` as it was reported, with what people declare under this very key; only where they do, an alias may have nothing else | assets |
//! | `l` | run id, asset key | `metadata.v1.Asset` as this run left it | lineage |
//! | `b` | pipeline id, began, newest first (8), kind and name | `metadata.v1.Breach` | breaches |
//! | `B` | began, newest first (8), pipeline id, kind and name | nothing | breaches |
//! | `O` | pipeline id | [`super::rows::OpenBreaches`] | breaches |
//! | `w` | alert id | `metadata.v1.Alert` | alerts |
//! | `W` | raised, newest first (8), alert id | nothing | alerts |
//! | `e` | run id, BLAKE3 of the edge (16) | `events.v1.LineageEdge` | lineage |
//! | `f` | backfill id | `metadata.v1.Backfill` | backfills |
//! | `F` | created, newest first (8), backfill id | nothing | backfills |
//! | `k` | pipeline id, created, newest first (8), backfill id | nothing | backfills |
//! | `i` | backfill id, instant (8) | [`super::rows::BackfillInstant`] | backfills |
//! | `j` | run id | backfill id, instant (8) | backfills |
//! | `y` | sequence (8), ordinal of the decision (4) | `metadata.v1.AuditEntry` | audit |
//! | `Y` | at, newest first (8), sequence and ordinal, newest first (8 + 4) | nothing | audit |
//! | `z` | what it is an index of (1), BLAKE3 of the value (16), then as `Y` | nothing | audit |
//! | `Z` | name of a pool | its slots (4); nothing = it is gone | audit |
//! | `Me` | environment id | `events.v1.EnvironmentSet`; nothing = it is gone | audit |
//! | `Ms` | integration, zero byte, key of an entry | its value: JSON | tool_state |
//! | `Le` | asset written (16), asset read (16) | [`super::graph::rows::EdgeRow`] | graph |
//! | `Ld` | asset read (16), asset written (16) | nothing | graph |
//! | `Lw` | asset (16), who writes it (16) | [`super::graph::rows::WriterRow`] | graph |
//! | `La` | alias (16) | [`super::graph::rows::AliasRow`] | graph |
//! | `Lx` | asset (16) | [`super::graph::rows::RemovedRow`]; absent = nobody removed it | graph |
//! | `Lf` | pipeline id | [`super::graph::rows::DeclaredRow`]; only of pipelines that declared something | graph |
//! | `Qh` | asset (16), at, newest first (8), test and report (16) | `metadata.v1.AssetTest` | quality |
//! | `Qc` | asset (16) | [`super::schema::Columns`] | quality |
//! | `Qs` | asset (16), at, newest first (8), its number, last first (4) | `metadata.v1.SchemaChange` | quality |
//! | `Qt` | at, newest first (8), its number, last first (4), asset (16) | nothing | quality |
//! | `Qu` | asset (16), who uses it (16) | [`super::usage::ConsumerRow`] | usage |
//! | `Qd` | asset (16) | [`super::usage::UsageRow`] | usage |
//! | `Ce` | used at, newest first (8), entry (16) | [`super::costs::rows::EntryRow`] | costs |
//! | `Cd` | day (4), what it is for (16) | [`super::costs::rows::DayRow`] | costs |
//! | `Cm` | dimension (1), month (4), what it is for (16) | [`super::costs::rows::DayRow`] | costs |
//! | `Ct` | nothing | [`super::costs::rows::TotalsRow`] | costs |
//! | `Cu` | unit | [`super::costs::rows::UnpricedRow`] | costs |
//! | `Cx` | report with quantities that have no price (16) | nothing | costs |
//! | `Cb` | `p` and pipeline id, or `o` and owner | `metadata.v1.BudgetStatus` | costs |
//! | `Cp` | nothing | `events.v1.PricesSet` | costs |
//! | `Gf` | first byte of a pipeline id | [`super::failing::rows::FailingRow`] | failing |
//! | `Gp` | pipeline id | [`super::failing::rows::Standing`] | failing |
//! | `Gr` | run id | [`super::failing::rows::FailedIn`] | failing |
//! | `Gw` | who reads and writes (16) | [`super::failing::rows::Touched`] | failing |
//! | `GF` | pipeline id; zeros = any | [`super::failing::rows::Pipelines`] that follow it | failing |
//! | `GT` | pipeline id | [`super::failing::rows::Pipelines`] that it follows | failing |
//! | `Gl` `Gb` `Gd` `Ga` `Gs` `Go` | first byte of an id | [`super::kept::KeptRow`]: see [`answers::Kept`] | going_on |
//! | `Gi` | pipeline id | [`super::going_on::DecidedRow`] | going_on |
//! | `Gv` | pipeline id | [`super::going_on::WindowsRow`] | going_on |
//! | `Gh` | hour (8) | [`super::going_on::HourRow`] | going_on |
//! | `Lg` | asset (16) | [`super::graph::rows::AliasesRow`] | graph |
//! | `Dt` | pipeline id, id of a task; nothing = the pipeline | [`super::durations::DurationRow`] | durations |
//! | `Hs` | pipeline id, name of a schedule | [`super::schedules::ScheduleRow`] | schedules |
//! | `Hw` | run id | [`super::schedules::WorkRow`]; only of runs of schedules | schedules |
//! | `Ii` | integration, zero byte, connection | [`super::integrations::IntegrationRow`] | integrations |
//! | `Jc` | rule (1), currency (3), size, largest first (1), what it is about | nothing | durations, schedules, spending, twice |
//! | `Jj` | BLAKE3 of a job or a plan (16) | [`super::twice::SameRow`] | twice |
//! | `Jw` | asset (16) | [`super::twice::SameRow`]: who builds it | twice |
//! | `Js` | asset (16) | [`super::twice::SameRow`]: who copies it | twice |
//! | `Ka` | asset (16), who writes it and currency (16) | [`super::spending::SpendRow`] | spending |
//! | `Ks` | pipeline id, BLAKE3 of the task (16), currency | [`super::spending::SpendRow`] | spending |
//! | `Kr` | run id | [`super::spending::RunSpendRow`] | spending |
//! | `Kw` | run id, place (4), attempt (4) | [`super::spending::AttemptSpendRow`] | spending |
//! | `Ns` | created, newest first (8), run id, number of the row (4) | statuses, one byte per task run: [`super::marks::status_code`]; absent = CREATED | task_runs |
//! | `Ni` | task run id | run id, place (4); only once something happened to it | task_runs |
//! | `Np` | pipeline id, version (4) | [`super::marks::PlanIntegrations`] | pipelines |
//! | `No` | told of first, newest first (8), key of the first operation without its number | [`super::marks::ReportMark`] | operations |
//! | `No` | told of first, newest first (8), key of the operation | the same; an empty row = it has gone to its task | foreign |
//! | `Naa` | first seen, newest first (8), asset (16) | [`super::marks::AssetMark`]; an empty row = it was removed | assets |
//! | `Nad` `Nas` | BLAKE3 of its database, its schema (16), then as `Naa` | the same, without when it changed last; an empty row = it is there no more | assets |
//! | `Nk` | id of an asset (16) | its key | assets |
//!
//! Numbers are big-endian, ids are their 16 bytes: keys sort as people expect.

pub mod answers;
pub mod audit;
pub mod cost;
pub mod foreign;
pub mod graph;
pub mod lists;
pub mod owners;
pub mod quality;
pub mod savings;
pub mod tool_state;
pub mod trends;

use downbeat_domain::{AlertId, BackfillId, PipelineId, RunId};

/// Where the head row stands.
pub const HEAD: &[u8] = b"h";
/// Prefix of quarantined events.
pub const QUARANTINE: &[u8] = b"q";
/// Prefix of pipelines.
pub const PIPELINES: &[u8] = b"p";
/// Prefix of runs.
pub const RUNS: &[u8] = b"r";
/// Prefix of all runs by age.
pub const RUNS_BY_AGE: &[u8] = b"R";
/// Prefix of backfills.
pub const BACKFILLS: &[u8] = b"f";
/// Prefix of all backfills by age.
pub const BACKFILLS_BY_AGE: &[u8] = b"F";
/// Prefix of all breaches by age.
pub const BREACHES_BY_AGE: &[u8] = b"B";
/// Prefix of operations.
pub const OPERATIONS: &[u8] = b"o";
/// Prefix of all alerts by age.
pub const ALERTS_BY_AGE: &[u8] = b"W";
/// Prefix of assets.
pub const ASSETS: &[u8] = b"a";

fn key(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(prefix);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// Larger for earlier instants, so that an ascending scan gives the newest first.
fn newest_first(micros: i64) -> [u8; 8] {
    // Flipping the sign bit orders negative before positive; the complement turns the order round.
    (!((micros as u64) ^ (1 << 63))).to_be_bytes()
}

/// A quarantined event.
pub fn quarantine(sequence: u64, ordinal: u32, projection: &str) -> Vec<u8> {
    key(b'q', &[&sequence.to_be_bytes(), &ordinal.to_be_bytes(), projection.as_bytes()])
}

/// A pipeline.
pub fn pipeline(id: PipelineId) -> Vec<u8> {
    key(b'p', &[&id.0])
}

/// The pipeline of an alias.
pub fn alias(alias: &str) -> Vec<u8> {
    key(b'n', &[alias.as_bytes()])
}

/// The plan of one version.
pub fn plan(id: PipelineId, version: u32) -> Vec<u8> {
    key(b'P', &[&id.0, &version.to_be_bytes()])
}

/// The text of one version.
pub fn source(id: PipelineId, version: u32) -> Vec<u8> {
    key(b'd', &[&id.0, &version.to_be_bytes()])
}

/// What runs of one version are called, and where its text comes from.
pub fn version(id: PipelineId, version: u32) -> Vec<u8> {
    key(b'v', &[&id.0, &version.to_be_bytes()])
}

/// The record that applied or drafted one version.
pub fn applied_in(id: PipelineId, version: u32) -> Vec<u8> {
    key(b'V', &[&id.0, &version.to_be_bytes()])
}

/// A run.
pub fn run(id: RunId) -> Vec<u8> {
    key(b'r', &[&id.0])
}

/// A run among all runs, by age.
pub fn run_by_age(created_at: i64, id: RunId) -> Vec<u8> {
    key(b'R', &[&newest_first(created_at), &id.0])
}

/// Prefix of the runs of a pipeline, by age.
pub fn runs_of(pipeline: PipelineId) -> Vec<u8> {
    key(b'S', &[&pipeline.0])
}

/// A run among those of its pipeline, by age.
pub fn run_of(pipeline: PipelineId, created_at: i64, id: RunId) -> Vec<u8> {
    key(b'S', &[&pipeline.0, &newest_first(created_at), &id.0])
}

/// The run id at the end of a key of one of the two indexes by age.
pub fn indexed_run(key: &[u8]) -> Option<RunId> {
    RunId::from_slice(key.get(key.len().checked_sub(16)?..)?)
}

/// What the task runs of a run have in common.
pub fn run_head(run: RunId) -> Vec<u8> {
    key(b'T', &[&run.0])
}

/// Present once a group was opened or skipped.
pub fn decided_group(run: RunId, group: u32) -> Vec<u8> {
    key(b'g', &[&run.0, &group.to_be_bytes()])
}

/// The tasks that a run is about.
pub fn selected(run: RunId) -> Vec<u8> {
    key(b's', &[&run.0])
}

/// The elements of a matrix.
pub fn matrix(run: RunId, group: u32) -> Vec<u8> {
    key(b'x', &[&run.0, &group.to_be_bytes()])
}

/// What an iteration takes over from the run before.
pub fn kept(run: RunId, task: u32, iteration: &str) -> Vec<u8> {
    key(b'c', &[&run.0, &task.to_be_bytes(), iteration.as_bytes()])
}

/// Prefix of the task runs of a run.
pub fn task_runs(run: RunId) -> Vec<u8> {
    key(b't', &[&run.0])
}

/// A task run.
pub fn task_run(run: RunId, task: u32) -> Vec<u8> {
    key(b't', &[&run.0, &task.to_be_bytes()])
}

/// The run and the place of a task run's key; `None` for a key of another kind.
pub fn task_run_of(key: &[u8]) -> Option<(RunId, u32)> {
    let rest = key.strip_prefix(b"t")?;
    let (run, task) = rest.split_at_checked(16)?;
    Some((RunId::from_slice(run)?, u32::from_be_bytes(task.try_into().ok()?)))
}

/// The run of a run's key; `None` for a key of another kind.
pub fn run_id_of(key: &[u8]) -> Option<RunId> {
    RunId::from_slice(key.strip_prefix(RUNS)?)
}

/// Prefix of the operations of a task run.
pub fn operations_of(run: RunId, task: u32) -> Vec<u8> {
    key(b'o', &[&run.0, &task.to_be_bytes()])
}

/// Prefix of the operations of a run.
pub fn operations(run: RunId) -> Vec<u8> {
    key(b'o', &[&run.0])
}

/// An operation.
pub fn operation(run: RunId, task: u32, attempt: u32, chunk: u32, ordinal: u32) -> Vec<u8> {
    let numbers = [task.to_be_bytes(), attempt.to_be_bytes(), chunk.to_be_bytes(), ordinal.to_be_bytes()];
    key(b'o', &[&run.0, numbers.as_flattened()])
}

/// An asset.
pub fn asset(asset: &str) -> Vec<u8> {
    key(b'a', &[asset.as_bytes()])
}

/// An asset without what people declare of it.
pub fn reported_asset(asset: graph::Node) -> Vec<u8> {
    key(b'A', &[&asset])
}

/// Prefix of the assets of a run.
pub fn run_assets(run: RunId) -> Vec<u8> {
    key(b'l', &[&run.0])
}

/// An asset as a run left it.
pub fn run_asset(run: RunId, asset: &str) -> Vec<u8> {
    key(b'l', &[&run.0, asset.as_bytes()])
}

/// Prefix of the lineage edges of a run.
pub fn edges(run: RunId) -> Vec<u8> {
    key(b'e', &[&run.0])
}

/// A lineage edge: the same edge has the same key whoever reports it how often.
pub fn edge(run: RunId, from: &str, to: &str, operation: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat lineage edge v1");
    for part in [from, to, operation] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    key(b'e', &[&run.0, &hasher.finalize().as_bytes()[..16]])
}

/// A backfill.
pub fn backfill(id: BackfillId) -> Vec<u8> {
    key(b'f', &[&id.0])
}

/// A backfill among all of them, by age.
pub fn backfill_by_age(created_at: i64, id: BackfillId) -> Vec<u8> {
    key(b'F', &[&newest_first(created_at), &id.0])
}

/// Prefix of the backfills of a pipeline, by age.
pub fn backfills_of(pipeline: PipelineId) -> Vec<u8> {
    key(b'k', &[&pipeline.0])
}

/// A backfill among those of its pipeline, by age.
pub fn backfill_of(pipeline: PipelineId, created_at: i64, id: BackfillId) -> Vec<u8> {
    key(b'k', &[&pipeline.0, &newest_first(created_at), &id.0])
}

/// The backfill id at the end of a key of one of the two indexes by age.
pub fn indexed_backfill(key: &[u8]) -> Option<BackfillId> {
    indexed_run(key).map(|id| BackfillId(id.0))
}

/// Prefix of the instants of a backfill.
pub fn instants(backfill: BackfillId) -> Vec<u8> {
    key(b'i', &[&backfill.0])
}

/// An instant of a backfill; earlier ones come first.
pub fn instant(backfill: BackfillId, micros: i64) -> Vec<u8> {
    key(b'i', &[&backfill.0, &(!u64::from_be_bytes(newest_first(micros))).to_be_bytes()])
}

/// The instant at the end of the key of one, microseconds.
pub fn instant_in(key: &[u8]) -> Option<i64> {
    let bytes = key.get(key.len().checked_sub(8)?..)?.try_into().ok()?;
    Some((u64::from_be_bytes(bytes) ^ (1 << 63)) as i64)
}

/// The instant of a backfill that a run is of: the end of its key.
pub fn run_of_backfill(run: RunId) -> Vec<u8> {
    key(b'j', &[&run.0])
}

/// Prefix of the breaches of a pipeline, by age.
pub fn breaches_of(pipeline: PipelineId) -> Vec<u8> {
    key(b'b', &[&pipeline.0])
}

/// A breach; `name` is its kind and name.
pub fn breach(pipeline: PipelineId, began: i64, name: &str) -> Vec<u8> {
    key(b'b', &[&pipeline.0, &newest_first(began), name.as_bytes()])
}

/// A breach among all, by age.
pub fn breach_by_age(began: i64, pipeline: PipelineId, name: &str) -> Vec<u8> {
    key(b'B', &[&newest_first(began), &pipeline.0, name.as_bytes()])
}

/// The key of the breach that stands in the index by age; `None` for a key of another kind.
pub fn indexed_breach(key: &[u8]) -> Option<Vec<u8>> {
    let (began, rest) = key.strip_prefix(BREACHES_BY_AGE)?.split_at_checked(8)?;
    let (pipeline, name) = rest.split_at_checked(16)?;
    Some(self::key(b'b', &[pipeline, began, name]))
}

/// Breaches of a pipeline that go on.
pub fn open_breaches(pipeline: PipelineId) -> Vec<u8> {
    key(b'O', &[&pipeline.0])
}

/// An alert.
pub fn alert(alert: AlertId) -> Vec<u8> {
    key(b'w', &[&alert.0])
}

/// An alert among all, by age.
pub fn alert_by_age(raised: i64, alert: AlertId) -> Vec<u8> {
    key(b'W', &[&newest_first(raised), &alert.0])
}

/// The alert that stands in the index by age; `None` for a key of another kind.
pub fn indexed_alert(key: &[u8]) -> Option<AlertId> {
    let (_, alert) = key.strip_prefix(ALERTS_BY_AGE)?.split_at_checked(8)?;
    AlertId::from_slice(alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_runs_sort_before_earlier_ones() {
        let id = RunId([7; 16]);
        let instants = [i64::MAX, 2, 1, 0, -1, i64::MIN];
        let keys: Vec<_> = instants.iter().map(|at| run_by_age(*at, id)).collect();
        assert!(keys.is_sorted());
        assert!(keys.iter().all(|key| indexed_run(key) == Some(id)));
    }

    #[test]
    fn instants_of_a_backfill_are_in_order_and_read_back() {
        let instants = [i64::MIN, -1, 0, 1, i64::MAX];
        let keys: Vec<_> = instants.iter().map(|at| instant(BackfillId([7; 16]), *at)).collect();
        assert!(keys.is_sorted());
        assert!(keys.iter().zip(instants).all(|(key, at)| instant_in(key) == Some(at)));
    }

    #[test]
    fn keys_read_back_and_only_as_what_they_are() {
        let id = RunId([9; 16]);
        assert_eq!(task_run_of(&task_run(id, 77)), Some((id, 77)));
        assert_eq!(task_run_of(&run(id)), None);
        assert_eq!(run_id_of(&run(id)), Some(id));
        assert_eq!(run_id_of(&task_run(id, 1)), None);
        assert_eq!(indexed_run(b"R"), None);
        let pipeline = PipelineId([5; 16]);
        let indexed = indexed_breach(&breach_by_age(7, pipeline, "DEADLINE:a"));
        assert_eq!(indexed, Some(breach(pipeline, 7, "DEADLINE:a")));
        assert_eq!((indexed_breach(b"B1"), indexed_breach(b"R")), (None, None));
    }

    #[test]
    fn edges_differ_in_every_part() {
        let id = RunId([1; 16]);
        let edges = [edge(id, "ab", "c", ""), edge(id, "a", "bc", ""), edge(id, "a", "b", "c")];
        assert!(edges[0] != edges[1] && edges[1] != edges[2] && edges[0] != edges[2]);
    }
}
