//! Rows that are not messages of the public API: what the fold must remember beyond what it shows.

use std::io::Read;

use downbeat_domain::Level;
use downbeat_proto::metadata::v1 as wire;
use prost::Message;

use crate::error::Error;

/// Where the fold stands; commits with the rows it describes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Head {
    /// The last record that was folded.
    #[prost(message, optional, tag = "1")]
    pub position: Option<wire::Position>,
    /// Events of unknown kinds that were skipped.
    #[prost(uint64, tag = "2")]
    pub unknown_events: u64,
    /// Events that could not be applied; each has a quarantine row per projection.
    #[prost(uint64, tag = "3")]
    pub quarantined_events: u64,
    /// Which projections wrote the rows.
    #[prost(message, repeated, tag = "4")]
    pub projections: Vec<ProjectionVersion>,
    /// The newest level of the log that whoever skipped an event knew; 0 = nobody skipped one, or a version did that knew nothing of levels.
    #[prost(uint32, tag = "5")]
    pub skipped_at: u32,
}

impl Head {
    /// Whether rows lack events that a version skipped which knew less than this one: each of them may be wrong.
    pub fn lacks_events(&self) -> bool {
        self.unknown_events > 0 && self.skipped_at < Level::NEWEST.0
    }
}

/// A projection and the version of it that wrote the rows.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ProjectionVersion {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its version.
    #[prost(uint32, tag = "2")]
    pub version: u32,
}

/// An event that a projection could not apply.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Quarantined {
    /// The record.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    /// Which event of the record, from 0.
    #[prost(uint32, tag = "2")]
    pub ordinal: u32,
    /// The projection; empty = the event could not even be read.
    #[prost(string, tag = "3")]
    pub projection: String,
    /// Why.
    #[prost(string, tag = "4")]
    pub reason: String,
}

/// Breaches of one pipeline that go on, and how far it was said what is broken.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OpenBreaches {
    /// By kind and name: when it began.
    #[prost(btree_map = "string, int64", tag = "1")]
    pub began: std::collections::BTreeMap<String, i64>,
    /// By kind and name: the newest instant of which something was folded; what is older was folded before.
    #[prost(btree_map = "string, int64", tag = "2")]
    pub newest: std::collections::BTreeMap<String, i64>,
}

/// What the runs of one pipeline version need of its plan.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Plan {
    /// Groups, by place.
    #[prost(message, repeated, tag = "1")]
    pub groups: Vec<PlanGroup>,
    /// Tasks, by place.
    #[prost(message, repeated, tag = "2")]
    pub tasks: Vec<PlanTask>,
}

impl Plan {
    /// Places of the tasks of a group, in the order of the plan.
    pub fn members(&self, group: u32) -> Vec<u32> {
        let places = (0u32..).zip(&self.tasks);
        places.filter(|(_, task)| task.group_plus_one.checked_sub(1) == Some(group)).map(|(place, _)| place).collect()
    }
}

/// A group of a [`Plan`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct PlanGroup {
    /// Id as the file spells it.
    #[prost(string, tag = "1")]
    pub id: String,
    /// It does not run.
    #[prost(bool, tag = "2")]
    pub paused: bool,
    /// What must end first: see [`PlanTask::after`].
    #[prost(uint32, repeated, tag = "3")]
    pub after: Vec<u32>,
}

/// A task of a [`Plan`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct PlanTask {
    /// Id as the file spells it.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Display name; empty = none.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Place of its group plus one; 0 = none.
    #[prost(uint32, tag = "3")]
    pub group_plus_one: u32,
    /// Integration.
    #[prost(string, tag = "4")]
    pub integration: String,
    /// Job.
    #[prost(string, tag = "5")]
    pub integration_job: String,
    /// Parameters as written, JSON object; empty = `{}`.
    #[prost(string, tag = "6")]
    pub parameters: String,
    /// Ids of the nodes that must end first.
    #[prost(string, repeated, tag = "7")]
    pub depends_on: Vec<String>,
    /// The same by place: twice the place of a task; twice the place of a group, plus one.
    #[prost(uint32, repeated, tag = "8")]
    pub after: Vec<u32>,
    /// Name of the connection; empty = the default one.
    #[prost(string, tag = "9")]
    pub connection: String,
}

/// What the task runs of a run have in common.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunHead {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub pipeline: Vec<u8>,
    /// Version of the pipeline.
    #[prost(uint32, tag = "2")]
    pub version: u32,
    /// Tasks of its plan.
    #[prost(uint32, tag = "3")]
    pub tasks: u32,
    /// It was cancelled, or took too long: it goes no further.
    #[prost(bool, tag = "4")]
    pub halted: bool,
    /// It has ended: nothing changes any more (INV-02).
    #[prost(bool, tag = "5")]
    pub finished: bool,
    /// Matrices whose elements are known, in the order in which they became known.
    #[prost(message, repeated, tag = "6")]
    pub fans: Vec<Fan>,
    /// `concurrency` has let it go, or has nothing to say.
    #[prost(bool, tag = "7")]
    pub admitted: bool,
    /// It is about a part of its pipeline: there is a [`Selected`].
    #[prost(bool, tag = "8")]
    pub selects: bool,
    /// There are [`Kept`] rows.
    #[prost(bool, tag = "9")]
    pub keeps: bool,
    /// Sequence of the record that created it.
    #[prost(uint64, tag = "10")]
    pub first_sequence: u64,
    /// Sequence of the last record that tells of it, that of its end or of what its end did not start; 0 = it has not ended.
    #[prost(uint64, tag = "11")]
    pub last_sequence: u64,
    /// The run that it continues; empty = none.
    #[prost(string, tag = "12")]
    pub restart_of: String,
    /// When it was created, microseconds since the epoch.
    #[prost(int64, tag = "13")]
    pub created_at: i64,
}

/// The iterations of a group: their task runs follow behind all task runs that were there before, iteration by iteration, in the
/// order of the group.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Fan {
    /// Place of the group.
    #[prost(uint32, tag = "1")]
    pub group: u32,
    /// Place of the first task run.
    #[prost(uint32, tag = "2")]
    pub first: u32,
    /// Iterations.
    #[prost(uint32, tag = "3")]
    pub count: u32,
    /// Tasks of the group.
    #[prost(uint32, tag = "4")]
    pub members: u32,
    /// The first iteration that was neither opened nor skipped.
    #[prost(uint32, tag = "5")]
    pub next: u32,
}

impl Fan {
    /// Task runs of all iterations.
    pub fn size(&self) -> u32 {
        self.count.saturating_mul(self.members)
    }

    /// Place of the task run of an iteration, by the place of its task among those of the group.
    pub fn place(&self, iteration: u32, index: u32) -> u32 {
        self.first + iteration * self.members + index
    }
}

impl RunHead {
    /// All task runs, those of iterations included.
    pub fn total(&self) -> u32 {
        self.tasks + self.fans.iter().map(Fan::size).sum::<u32>()
    }

    /// The iterations of a group, once they are known.
    pub fn fan(&self, group: u32) -> Option<&Fan> {
        self.fans.iter().find(|fan| fan.group == group)
    }

    /// Place in the plan of what a task run runs, of those of iterations too.
    pub fn planned(&self, plan: &Plan, place: u32) -> Option<u32> {
        match self.iteration_of(place) {
            Some((fan, _, index)) => plan.members(fan.group).get(index as usize).copied(),
            None => Some(place),
        }
    }

    /// Of a task run of an iteration: the iterations, which of them, and the place of its task among those of the group.
    pub fn iteration_of(&self, place: u32) -> Option<(&Fan, u32, u32)> {
        let inside = |fan: &&Fan| place >= fan.first && place - fan.first < fan.size();
        let fan = self.fans.iter().find(inside)?;
        Some((fan, (place - fan.first) / fan.members, (place - fan.first) % fan.members))
    }
}

/// What has become of an instant of a backfill.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BackfillInstant {
    /// LEFT, LIVE, SKIPPED, DECLINED, or how its run ended. What is left when a backfill is cancelled stays LEFT.
    #[prost(string, tag = "1")]
    pub outcome: String,
    /// 16 bytes; empty = it has none.
    #[prost(bytes = "vec", tag = "2")]
    pub run: Vec<u8>,
    /// Why it has none.
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// The elements of a matrix.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Matrix {
    /// Per name: its values.
    #[prost(message, repeated, tag = "1")]
    pub axes: Vec<downbeat_proto::events::v1::MatrixAxis>,
    /// Names of the iterations.
    #[prost(string, repeated, tag = "2")]
    pub names: Vec<String>,
}

/// What an iteration takes over from the run before, until its matrix is known.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Kept {
    /// How it is seen; empty = it runs again.
    #[prost(string, tag = "1")]
    pub status: String,
    /// JSON object; empty = `{}`.
    #[prost(string, tag = "2")]
    pub outputs: String,
    /// Operations that it runs again for; 0 = all.
    #[prost(uint32, tag = "3")]
    pub operations: u32,
}

/// The tasks that a run is about.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Selected {
    /// Places in the plan.
    #[prost(uint32, repeated, tag = "1")]
    pub tasks: Vec<u32>,
}

/// A task run: what is shown of it, without what its plan says, and where it is in its life.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TaskRow {
    /// What is shown.
    #[prost(message, required, tag = "1")]
    pub shown: wire::TaskRun,
    /// See [`Phase`].
    #[prost(enumeration = "Phase", tag = "2")]
    pub phase: i32,
    /// When the current attempt began; 0 = it did not.
    #[prost(int64, tag = "3")]
    pub attempt_started_at: i64,
    /// The outcome that a person decided, while its attempt is being stopped; empty = nobody did.
    #[prost(string, tag = "4")]
    pub mark: String,
    /// A lost attempt may have left a job in another system: a worker sees to that before anything else.
    #[prost(bool, tag = "5")]
    pub unsettled: bool,
}

/// Where a task run is in its life; see the table in `downbeat_domain::state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Phase {
    /// Waits for what it depends on.
    Waiting = 0,
    /// Waits for a worker.
    Ready = 1,
    /// Offered to a worker.
    Leased = 2,
    /// A worker is at it.
    Running = 3,
    /// A worker was asked to stop it, for a cancel or a mark.
    Stopping = 4,
    /// A worker was asked to stop it, for its deadline.
    StoppingForTimeout = 5,
    /// A wait without a worker.
    Sleeping = 6,
    /// Waits for its next attempt.
    Backoff = 7,
    /// Ended.
    Ended = 8,
    /// Waits for a person.
    Approving = 9,
    /// Waits for a run that it started.
    Delegated = 10,
    /// That run is being stopped, for a cancel or a mark.
    Recalling = 11,
    /// That run is being stopped, for its deadline.
    RecallingForTimeout = 12,
    /// Stands for the iterations of a matrix.
    Fanned = 13,
}

impl Phase {
    /// Does a worker hold the current attempt?
    pub fn is_held(self) -> bool {
        matches!(self, Self::Leased | Self::Running | Self::Stopping | Self::StoppingForTimeout)
    }

    /// Does it wait for a run that it started?
    pub fn has_child(self) -> bool {
        matches!(self, Self::Delegated | Self::Recalling | Self::RecallingForTimeout)
    }

    /// Does it end at once when its run is halted?
    pub fn ends_with_a_halt(self) -> bool {
        matches!(self, Self::Waiting | Self::Ready | Self::Sleeping | Self::Approving | Self::Backoff | Self::Fanned)
    }
}

/// A version of a pipeline, besides its plan and its text.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VersionRow {
    /// Display name that it gives to the pipeline.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Tasks of its plan.
    #[prost(uint32, tag = "2")]
    pub tasks: u32,
    /// Where its text was read from.
    #[prost(message, optional, tag = "3")]
    pub origin: Option<downbeat_proto::events::v1::GitOrigin>,
    /// When it was stored, microseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_at: i64,
    /// By whom.
    #[prost(string, tag = "5")]
    pub created_by: String,
    /// As a draft.
    #[prost(bool, tag = "6")]
    pub draft: bool,
}

/// Reads a row; what does not read was never written by this code.
pub fn read<M: prost::Message + Default>(key: &[u8], bytes: &[u8]) -> Result<M, Error> {
    M::decode(bytes).map_err(|error| {
        let kind = key.first().copied().unwrap_or_default();
        Error::Damaged(format!("a row of kind `{}` does not read: {error}", kind.escape_ascii()))
    })
}

/// Packs a plan.
///
/// # Errors
/// `Internal` when the compressor has no memory.
pub fn pack_plan(plan: &Plan) -> Result<Vec<u8>, Error> {
    // Level 1: written once per version, read often.
    zstd::stream::encode_all(plan.encode_to_vec().as_slice(), 1)
        .map_err(|error| Error::Internal(format!("a plan does not pack: {error}")))
}

/// Packs the text of a pipeline.
///
/// # Errors
/// `Internal` when the compressor has no memory.
pub fn pack_source(source: &str) -> Result<Vec<u8>, Error> {
    zstd::stream::encode_all(source.as_bytes(), 1)
        .map_err(|error| Error::Internal(format!("the text of a pipeline does not pack: {error}")))
}

/// Unpacks the text of a pipeline.
///
/// # Errors
/// `Damaged`.
pub fn unpack_source(bytes: &[u8]) -> Result<String, Error> {
    let mut unpacked = String::new();
    zstd::stream::read::Decoder::new(bytes)
        .and_then(|decoder| decoder.take(crate::limits::ANSWER_BYTES_MAX as u64).read_to_string(&mut unpacked))
        .map_err(|error| Error::Damaged(format!("the text of a pipeline does not unpack: {error}")))?;
    Ok(unpacked)
}

/// Unpacks a plan.
///
/// # Errors
/// `Damaged`.
pub fn unpack_plan(bytes: &[u8]) -> Result<Plan, Error> {
    let mut unpacked = Vec::new();
    zstd::stream::read::Decoder::new(bytes)
        .and_then(|decoder| decoder.take(crate::limits::PLAN_BYTES_MAX as u64).read_to_end(&mut unpacked))
        .map_err(|error| Error::Damaged(format!("a plan does not unpack: {error}")))?;
    read(b"P", &unpacked)
}
