//! Rows of what fails.

/// A run, as far as the standing of its pipeline needs it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunMark {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub run: Vec<u8>,
    /// Of the pipeline.
    #[prost(uint32, tag = "2")]
    pub version: u32,
    /// When it ended, microseconds since the epoch; of a task that failed in a live run, when the task did.
    #[prost(int64, tag = "3")]
    pub at: i64,
    /// Of the record that says so.
    #[prost(uint64, tag = "4")]
    pub sequence: u64,
}

/// How the runs of a pipeline stand, one lane per environment.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Standing {
    /// In the order in which they came.
    #[prost(message, repeated, tag = "1")]
    pub lanes: Vec<Lane>,
}

/// How the runs of a pipeline stand in one environment.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Lane {
    /// Its name; empty = none.
    #[prost(string, tag = "1")]
    pub environment: String,
    /// The last run that ended, and neither was cancelled nor skipped.
    #[prost(message, optional, tag = "2")]
    pub last: Option<RunMark>,
    /// The last one after which nothing failed any more.
    #[prost(message, optional, tag = "3")]
    pub good: Option<RunMark>,
    /// What fails now.
    #[prost(message, repeated, tag = "4")]
    pub tasks: Vec<FailingTask>,
}

/// A task whose latest run failed; or a run that failed as a whole.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FailingTask {
    /// Its id with its iteration; empty = the run as a whole.
    #[prost(string, tag = "1")]
    pub task: String,
    /// Class of the error.
    #[prost(string, tag = "2")]
    pub class: String,
    /// What was said, cut. Not in the rows of all that fails.
    #[prost(string, tag = "3")]
    pub message: String,
    /// The latest run in which it failed, and when and in which record it did.
    #[prost(message, optional, tag = "4")]
    pub latest: Option<RunMark>,
    /// Its place among the task runs of that run.
    #[prost(uint32, tag = "5")]
    pub place: u32,
    /// Attempts of that run.
    #[prost(uint32, tag = "6")]
    pub attempts: u32,
    /// The first run in which it failed since it went well.
    #[prost(message, optional, tag = "7")]
    pub first: Option<RunMark>,
    /// Runs in which it failed since then.
    #[prost(uint32, tag = "8")]
    pub failures: u32,
    /// As its plan says.
    #[prost(string, tag = "9")]
    pub integration: String,
    /// As its plan says; empty = the default one.
    #[prost(string, tag = "10")]
    pub connection: String,
    /// The pipeline of the run that it started and that failed, 16 bytes; empty = none.
    #[prost(bytes = "vec", tag = "11")]
    pub child_pipeline: Vec<u8>,
    /// The failing task of the same run that it comes after; empty = none.
    #[prost(string, tag = "12")]
    pub after: String,
    /// The pipeline whose failed run started this one, 16 bytes; empty = none.
    #[prost(bytes = "vec", tag = "13")]
    pub follows: Vec<u8>,
    /// Assets that it writes, 16 bytes each, as in keys.
    #[prost(bytes = "vec", repeated, tag = "14")]
    pub outputs: Vec<Vec<u8>>,
    /// Assets that it reads.
    #[prost(bytes = "vec", repeated, tag = "15")]
    pub inputs: Vec<Vec<u8>>,
    /// Tasks that were skipped because of it.
    #[prost(uint32, tag = "16")]
    pub skipped: u32,
    /// Some of them. Not in the rows of all that fails.
    #[prost(string, repeated, tag = "17")]
    pub skipped_names: Vec<String>,
    /// Its run goes on.
    #[prost(bool, tag = "18")]
    pub live: bool,
}

/// What failed in a run.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FailedIn {
    /// In the order in which it did.
    #[prost(message, repeated, tag = "1")]
    pub tasks: Vec<FailingTask>,
    /// Further ones that are not listed.
    #[prost(uint32, tag = "2")]
    pub more: u32,
}

/// A part of all that fails.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FailingRow {
    /// By pipeline, environment and task.
    #[prost(message, repeated, tag = "1")]
    pub entries: Vec<FailingEntry>,
}

/// A failing task with whose it is.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FailingEntry {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub pipeline: Vec<u8>,
    /// Of its lane.
    #[prost(string, tag = "2")]
    pub environment: String,
    /// Without texts that only its group shows.
    #[prost(message, optional, tag = "3")]
    pub task: Option<FailingTask>,
}

/// Assets that a task was seen to read and write.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Touched {
    /// Written: 16 bytes each, as in keys, in the order in which they became known.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub outputs: Vec<Vec<u8>>,
    /// Read.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub inputs: Vec<Vec<u8>>,
}

/// Pipelines, 16 bytes each, in order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Pipelines {
    /// The pipelines.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub ids: Vec<Vec<u8>>,
}
