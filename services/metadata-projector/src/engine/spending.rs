//! What is spent on assets by those who write them, on tasks, on runs and on attempts: the ledger's entries, as somebody sums them who looks
//! for savings.
//!
//! Days are those on which something was used (UTC), but never later than that on which it was recorded. What has no pipeline and no asset
//! is in no sum here. Sums stop at the largest number there is.

use std::collections::BTreeMap;

use downbeat_domain::{
    AttemptRef, Event, PipelineId,
    cost::{CostEntry, CostEvent, CostRecorded},
};
use downbeat_proto::convert::micros;

use super::{
    batch::Batch,
    candidates::{self, Kind},
    costs::day_of,
    days::{self, Dated},
    ended::{self, How},
    graph::aliases,
    keys::{cost as cost_keys, graph::node, savings as keys},
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Spending;

/// What one who writes an asset spends on it, or what is spent on a task, in one currency.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SpendRow {
    /// Key of the asset; empty: it is about a task.
    #[prost(string, tag = "1")]
    pub asset: String,
    /// 16 bytes; empty = none.
    #[prost(bytes = "vec", tag = "2")]
    pub pipeline: Vec<u8>,
    /// Id of the task; empty = none.
    #[prost(string, tag = "3")]
    pub task: String,
    /// Of which money.
    #[prost(string, tag = "4")]
    pub currency: String,
    /// By day.
    #[prost(message, repeated, tag = "5")]
    pub days: Vec<SpendDay>,
    /// The last attempt that cost something here: its run (16 bytes), its task and number.
    #[prost(bytes = "vec", tag = "6")]
    pub last_attempt: Vec<u8>,
    /// The record that said so last.
    #[prost(uint64, tag = "7")]
    pub sequence: u64,
}

impl SpendRow {
    /// Its run; 16 bytes, or none.
    pub fn last_run(&self) -> &[u8] {
        self.last_attempt.get(..16).unwrap_or_default()
    }
}

/// What was spent on one day, millionths.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SpendDay {
    /// Days since the epoch.
    #[prost(sint32, tag = "1")]
    pub day: i32,
    /// All of it; negative where more was taken back.
    #[prost(sint64, tag = "2")]
    pub micros: i64,
    /// Of attempts that failed or were lost.
    #[prost(sint64, tag = "3")]
    pub wasted: i64,
    /// Attempts that cost something.
    #[prost(uint64, tag = "4")]
    pub times: u64,
}

impl Dated for SpendDay {
    fn place(&self) -> i32 {
        self.day
    }

    fn at(day: i32) -> Self {
        Self { day, ..Self::default() }
    }
}

/// What is spent on a run.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunSpendRow {
    /// Millionths by currency.
    #[prost(btree_map = "string, sint64", tag = "1")]
    pub micros: BTreeMap<String, i64>,
}

/// What is spent on an attempt.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AttemptSpendRow {
    /// It failed or was lost.
    #[prost(bool, tag = "1")]
    pub wasted: bool,
    /// By currency and day.
    #[prost(message, repeated, tag = "2")]
    pub spent: Vec<AttemptSpent>,
}

/// A part of an [`AttemptSpendRow`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct AttemptSpent {
    /// Of which money.
    #[prost(string, tag = "1")]
    pub currency: String,
    /// Days since the epoch.
    #[prost(sint32, tag = "2")]
    pub day: i32,
    /// Millionths.
    #[prost(sint64, tag = "3")]
    pub micros: i64,
}

impl Projection for Spending {
    const NAME: &'static str = "spending";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines", "task_runs", "graph", "costs"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        if let Event::Cost(cost) = fact.event {
            return match cost.as_ref() {
                CostEvent::CostRecorded(told) => recorded(told, fact.sequence, batch),
                _ => Ok(()),
            };
        }
        match ended::of(fact, plans, batch)? {
            Some(ended) if ended.how != How::Good => match ended.task() {
                Some(task) => wasted(ended.attempt, ended.pipeline, &task.id, batch),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn recorded(told: &CostRecorded, sequence: u64, batch: &mut Batch<'_>) -> Result<(), Error> {
    for entry in &told.entries {
        // The ledger's row as it was before: an entry counts once.
        if batch.bytes(&cost_keys::entry(micros(entry.incurred_at), entry.id))?.is_some() {
            continue;
        }
        let day = day_of(micros(entry.incurred_at).min(micros(told.at)));
        on_asset(told, entry, (day, sequence), batch)?;
        let Some(pipeline) = told.origin.pipeline else { continue };
        let is_wasted = match told.origin.attempt {
            Some(attempt) => on_attempt(attempt, entry, day, batch)?,
            None => false,
        };
        on_task(told, (pipeline, entry), (day, sequence), is_wasted, batch)?;
    }
    Ok(())
}

fn on_asset(
    told: &CostRecorded,
    entry: &CostEntry,
    (day, sequence): (i32, u64),
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    if entry.asset.is_empty() {
        return Ok(());
    }
    let asset = aliases::meant(&entry.asset, |row| batch.bytes(row))?;
    let pipeline = told.origin.pipeline.map(|pipeline| pipeline.0.to_vec()).unwrap_or_default();
    let currency = entry.currency.to_string();
    let at = node(&asset);
    let key = keys::spent_on_asset_by(at, &pipeline, &told.origin.task, &currency);
    let mut row: SpendRow = batch.get(&key)?.unwrap_or_else(|| SpendRow {
        asset,
        pipeline,
        task: told.origin.task.clone(),
        currency: currency.clone(),
        ..SpendRow::default()
    });
    row.spend(told.origin.attempt, entry.micros, false, (day, sequence));
    candidates::note((Kind::Asset, &currency), row.total(), &at, batch)?;
    batch.put(key, &row);
    Ok(())
}

fn on_task(
    told: &CostRecorded,
    (pipeline, entry): (PipelineId, &CostEntry),
    when: (i32, u64),
    is_wasted: bool,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let currency = entry.currency.to_string();
    let key = keys::spent_on_task_in(pipeline, &told.origin.task, &currency);
    let mut row: SpendRow = batch.get(&key)?.unwrap_or_else(|| SpendRow {
        pipeline: pipeline.0.to_vec(),
        task: told.origin.task.clone(),
        currency,
        ..SpendRow::default()
    });
    row.spend(told.origin.attempt, entry.micros, is_wasted, when);
    batch.put(key, &row);
    Ok(())
}

/// Says whether the attempt is one that failed.
fn on_attempt(attempt: AttemptRef, entry: &CostEntry, day: i32, batch: &mut Batch<'_>) -> Result<bool, Error> {
    let currency = entry.currency.to_string();
    let key = keys::spent_on_run(attempt.run);
    let mut run: RunSpendRow = batch.get(&key)?.unwrap_or_default();
    let sum = run.micros.entry(currency.clone()).or_default();
    *sum = sum.saturating_add(entry.micros);
    batch.put(key, &run);
    let key = keys::spent_on_attempt(attempt);
    let mut row: AttemptSpendRow = batch.get(&key)?.unwrap_or_default();
    let known = row.spent.iter().position(|spent| spent.currency == currency && spent.day == day);
    match known.and_then(|place| row.spent.get_mut(place)) {
        Some(spent) => spent.micros = spent.micros.saturating_add(entry.micros),
        None => {
            row.spent.push(AttemptSpent { currency, day, micros: entry.micros });
            row.spent.truncate(limits::ATTEMPT_SPENDING_KEPT);
        }
    }
    batch.put(key, &row);
    Ok(row.wasted)
}

/// What an attempt has cost so far is wasted now, and so is what is told of it later.
fn wasted(attempt: AttemptRef, pipeline: PipelineId, task: &str, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::spent_on_attempt(attempt);
    let mut row: AttemptSpendRow = batch.get(&key)?.unwrap_or_default();
    if row.wasted {
        return Ok(());
    }
    row.wasted = true;
    for spent in &row.spent {
        let key = keys::spent_on_task_in(pipeline, task, &spent.currency);
        let Some(mut task) = batch.get::<SpendRow>(&key)? else { continue };
        if let Some(day) = days::entry(&mut task.days, spent.day, limits::DAYS_KEPT) {
            day.wasted = day.wasted.saturating_add(spent.micros);
        }
        batch.put(key, &task);
    }
    batch.put(key, &row);
    Ok(())
}

impl SpendRow {
    fn spend(&mut self, attempt: Option<AttemptRef>, micros: i64, is_wasted: bool, (day, sequence): (i32, u64)) {
        let attempt = attempt.map(|of| [&of.run.0[..], &of.task.to_be_bytes(), &of.number.to_be_bytes()].concat());
        let is_new = attempt.as_ref().is_some_and(|attempt| *attempt != self.last_attempt);
        self.sequence = sequence;
        if let Some(day) = days::entry(&mut self.days, day, limits::DAYS_KEPT) {
            day.micros = day.micros.saturating_add(micros);
            day.times = day.times.saturating_add(u64::from(is_new));
            if is_wasted {
                day.wasted = day.wasted.saturating_add(micros);
            }
        }
        if let Some(attempt) = attempt {
            self.last_attempt = attempt;
        }
    }

    fn total(&self) -> u64 {
        let sum = self.days.iter().fold(0_i64, |sum, day| sum.saturating_add(day.micros));
        u64::try_from(sum).unwrap_or(0)
    }

    /// Sums of the last days up to and with today: all of it, of what failed, and how many attempts.
    pub fn sums(&self, today: i32, count: i32) -> SpendDay {
        days::last(&self.days, today, count).fold(SpendDay::at(today), |sum, day| SpendDay {
            micros: sum.micros.saturating_add(day.micros),
            wasted: sum.wasted.saturating_add(day.wasted),
            times: sum.times.saturating_add(day.times),
            ..sum
        })
    }
}
