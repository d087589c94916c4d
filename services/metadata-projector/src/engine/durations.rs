//! How long tasks and pipelines take: the last durations, and sums by day.
//!
//! Of a task, attempts that a worker held count, those of all iterations of a matrix under the task; of a pipeline, its runs. Days are
//! those of the decision (UTC).

use downbeat_domain::{Event, PipelineId, RunId, RunStatus};
use downbeat_proto::{convert::micros, metadata::v1 as wire};

use super::{
    batch::Batch,
    candidates::{self, Kind},
    costs::day_of,
    days::{self, Dated},
    ended::{self, How},
    keys::{self, savings, trends},
    plans::Plans,
    projection::{Fact, Projection},
    statistics::{Trend, span},
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Durations;

/// How long something takes. The lists of durations belong together, the oldest first.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DurationRow {
    /// When it ended, microseconds since the epoch.
    #[prost(int64, repeated, tag = "1")]
    pub ended_at: Vec<i64>,
    /// How long it ran, microseconds.
    #[prost(uint64, repeated, tag = "2")]
    pub ran: Vec<u64>,
    /// How long it waited before, microseconds.
    #[prost(uint64, repeated, tag = "3")]
    pub waited: Vec<u64>,
    /// In which run: 16 bytes each.
    #[prost(bytes = "vec", tag = "4")]
    pub runs: Vec<u8>,
    /// Records that say so.
    #[prost(uint64, repeated, tag = "5")]
    pub sequences: Vec<u64>,
    /// Sums by day.
    #[prost(message, repeated, tag = "6")]
    pub days: Vec<DurationDay>,
    /// How many ended well, of all times.
    #[prost(uint64, tag = "7")]
    pub good: u64,
    /// The last attempts that did not, the oldest first.
    #[prost(message, repeated, tag = "8")]
    pub failed: Vec<FailedAttempt>,
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "9")]
    pub last_run: Vec<u8>,
    /// When the last one ended, microseconds since the epoch.
    #[prost(int64, tag = "10")]
    pub last_at: i64,
}

/// What ended on one day.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DurationDay {
    /// Days since the epoch, UTC.
    #[prost(sint32, tag = "1")]
    pub day: i32,
    /// How many ended well.
    #[prost(uint64, tag = "2")]
    pub good: u64,
    /// How long these ran, microseconds.
    #[prost(uint64, tag = "3")]
    pub ran: u64,
    /// How long these waited, microseconds.
    #[prost(uint64, tag = "4")]
    pub waited: u64,
    /// How many attempts failed or were lost.
    #[prost(uint64, tag = "5")]
    pub failed: u64,
    /// How long these ran, microseconds.
    #[prost(uint64, tag = "6")]
    pub wasted: u64,
}

/// An attempt that did not end well.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FailedAttempt {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub run: Vec<u8>,
    /// Counts from 1.
    #[prost(uint32, tag = "2")]
    pub number: u32,
    /// Class of the failure, or LOST.
    #[prost(string, tag = "3")]
    pub class: String,
    /// The record that says so.
    #[prost(uint64, tag = "4")]
    pub sequence: u64,
}

impl Dated for DurationDay {
    fn place(&self) -> i32 {
        self.day
    }

    fn at(day: i32) -> Self {
        Self { day, ..Self::default() }
    }
}

impl Projection for Durations {
    const NAME: &'static str = "durations";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines", "runs", "task_runs"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        if let Event::RunFinished { run, status, at, .. } = fact.event {
            return run_finished(fact, *run, *status, micros(*at), batch);
        }
        let Some(ended) = ended::of(fact, plans, batch)? else { return Ok(()) };
        let Some(task) = ended.task() else { return Ok(()) };
        let key = trends::durations(ended.pipeline, &task.id);
        let mut row: DurationRow = batch.get(&key)?.unwrap_or_default();
        let run = ended.attempt.run;
        match &ended.how {
            How::Good => row.good(fact, (run, ended.at), ended.ran, ended.waited),
            How::Failed(class, _) => {
                row.ended(run, ended.at);
                if row.failed.len() >= limits::FAILED_ATTEMPTS_TOLD_MAX {
                    row.failed.remove(0);
                }
                row.failed.push(FailedAttempt {
                    run: run.0.to_vec(),
                    number: ended.attempt.number,
                    class: (*class).to_owned(),
                    sequence: fact.sequence,
                });
                if let Some(day) = days::entry(&mut row.days, day_of(fact.decided_at), limits::DAYS_KEPT) {
                    day.failed = day.failed.saturating_add(1);
                    day.wasted = day.wasted.saturating_add(ended.ran.unwrap_or(0));
                }
            }
        }
        note(ended.pipeline, &task.id, &row, batch)?;
        batch.put(key, &row);
        Ok(())
    }
}

/// Reads the row of the run as it was before: a run ends once (INV-02).
fn run_finished(fact: &Fact<'_>, run: RunId, status: RunStatus, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let live = |row: &wire::Run| row.completed_at == 0;
    let Some(shown) = batch.get::<wire::Run>(&keys::run(run))?.filter(live) else { return Ok(()) };
    let Ok(pipeline) = shown.pipeline_id.parse::<PipelineId>() else { return Ok(()) };
    if !matches!(status, RunStatus::Succeeded | RunStatus::Warning) {
        return Ok(());
    }
    let key = trends::durations(pipeline, "");
    let mut row: DurationRow = batch.get(&key)?.unwrap_or_default();
    let began = shown.started_at != 0;
    let waited = if began { span(shown.created_at, shown.started_at) } else { 0 };
    row.good(fact, (run, at), began.then(|| span(shown.started_at, at)), waited);
    note(pipeline, "", &row, batch)?;
    batch.put(key, &row);
    Ok(())
}

impl DurationRow {
    fn ended(&mut self, run: RunId, at: i64) {
        self.last_run = run.0.to_vec();
        self.last_at = at;
    }

    /// What never began has no duration, and is counted all the same.
    fn good(&mut self, fact: &Fact<'_>, (run, at): (RunId, i64), ran: Option<u64>, waited: u64) {
        self.ended(run, at);
        self.good = self.good.saturating_add(1);
        if let Some(day) = days::entry(&mut self.days, day_of(fact.decided_at), limits::DAYS_KEPT) {
            day.good = day.good.saturating_add(1);
            day.ran = day.ran.saturating_add(ran.unwrap_or(0));
            day.waited = day.waited.saturating_add(waited);
        }
        let Some(ran) = ran else { return };
        if self.ran.len() >= limits::DURATIONS_KEPT {
            self.ended_at.remove(0);
            self.ran.remove(0);
            self.waited.remove(0);
            self.runs.drain(..16);
            self.sequences.remove(0);
        }
        self.ended_at.push(at);
        self.ran.push(ran);
        self.waited.push(waited);
        self.runs.extend(run.0);
        self.sequences.push(fact.sequence);
    }

    /// The durations one by one, the oldest first.
    pub fn samples(&self) -> impl Iterator<Item = wire::DurationSample> {
        let runs = self.runs.chunks_exact(16).map(|run| RunId::from_slice(run).map(|run| run.to_string()));
        let times = self.ended_at.iter().zip(&self.ran).zip(&self.waited).zip(&self.sequences);
        runs.zip(times).map(|(run, (((ended_at, ran), waited), sequence))| wire::DurationSample {
            run_id: run.unwrap_or_default(),
            ended_at: *ended_at,
            ran: *ran,
            waited: *waited,
            sequence: *sequence,
        })
    }

    /// Sums of the last days up to and with today.
    pub fn sums(&self, today: i32, count: i32) -> wire::DurationSums {
        sums(days::last(&self.days, today, count))
    }
}

fn sums<'a>(days: impl Iterator<Item = &'a DurationDay>) -> wire::DurationSums {
    days.fold(wire::DurationSums::default(), |sum, day| wire::DurationSums {
        good: sum.good.saturating_add(day.good),
        ran: sum.ran.saturating_add(day.ran),
        waited: sum.waited.saturating_add(day.waited),
        failed: sum.failed.saturating_add(day.failed),
        wasted: sum.wasted.saturating_add(day.wasted),
    })
}

fn note(pipeline: PipelineId, task: &str, row: &DurationRow, batch: &mut Batch<'_>) -> Result<(), Error> {
    let subject = savings::of_pipeline(pipeline, task);
    let sums = sums(row.days.iter());
    let trend = Trend::of(&row.ran);
    let waits = sums.waited > sums.ran && sums.waited >= limits::WAITED_MICROS_MIN;
    let slow = trend.recent.as_ref().is_some_and(|recent| recent.median >= limits::SLOW_MICROS_MIN);
    let slowing = if trend.word == "SLOWING" { trend.grown().saturating_mul(sums.good) } else { 0 };
    let is_task = !task.is_empty();
    let found = [
        (Kind::Waits, if waits { sums.waited } else { 0 }),
        (Kind::Slow, if slow && is_task { sums.ran } else { 0 }),
        (Kind::Slowing, if is_task { slowing } else { 0 }),
        // Also where it took no time: it may have cost something.
        (Kind::Wasted, if sums.failed > 0 { sums.wasted.max(1) } else { 0 }),
    ];
    found.into_iter().try_for_each(|(kind, amount)| candidates::note((kind, ""), amount, &subject, batch))
}
