//! What the rules look at, read from the rows: at most so many candidates per rule, the largest first.

use std::collections::BTreeSet;

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;

use super::finding::Period;
use crate::{
    engine::{
        batch::ReadRows as _,
        candidates::Kind,
        durations::DurationRow,
        graph::aliases,
        keys::{
            self,
            graph::{Node, node},
            quality, savings, trends,
        },
        known, rows,
        spending::{SpendDay, SpendRow},
        statistics::Trend,
        usage::UsageRow,
    },
    limits,
    published::View,
    query::Refusal,
};

/// What a candidate is about, and whether all of a rule were looked at.
pub(super) struct Candidates {
    pub(super) subjects: Vec<Vec<u8>>,
    pub(super) complete: bool,
}

/// The largest candidates of a rule.
pub(super) fn candidates(view: &View<'_>, kind: Kind, group: &str, most: usize) -> Result<Candidates, Refusal> {
    let prefix = savings::candidates(kind as u8, group);
    let (mut seen, mut subjects) = (BTreeSet::new(), Vec::new());
    for row in view.store.scan(&prefix, None) {
        let (key, _) = row?;
        let Some(subject) = savings::subject(&key) else { continue };
        // The same one may stand at several sizes, which it had at several times.
        if seen.contains(subject) {
            continue;
        }
        if subjects.len() >= most {
            return Ok(Candidates { subjects, complete: false });
        }
        seen.insert(subject.to_vec());
        subjects.push(subject.to_vec());
    }
    Ok(Candidates { subjects, complete: true })
}

/// A pipeline that is there.
pub(super) fn pipeline(view: &View<'_>, id: PipelineId) -> Result<Option<wire::Pipeline>, Refusal> {
    let row: Option<wire::Pipeline> = view.get(&keys::pipeline(id))?;
    Ok(row.filter(|row| !row.deleted))
}

/// A task, or a pipeline as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct TaskFacts {
    pub(super) pipeline: Option<PipelineId>,
    /// `alias/task`, or the alias.
    pub(super) subject: String,
    pub(super) task: String,
    pub(super) row: DurationRow,
    /// Of the period.
    pub(super) sums: wire::DurationSums,
    pub(super) trend: Trend,
    /// Of the period, by currency.
    pub(super) spent: Vec<(String, SpendDay)>,
    /// What is usual for the runs of its pipeline, microseconds; 0 = not known.
    pub(super) pipeline_median: u64,
}

/// `None`: the pipeline is gone, or nothing of it ended in the period.
pub(super) fn task(view: &View<'_>, subject: &[u8], period: Period) -> Result<Option<TaskFacts>, Refusal> {
    let Some((id, task)) = savings::read_of_pipeline(subject) else { return Ok(None) };
    let Some(known) = pipeline(view, id)? else { return Ok(None) };
    let Some(row) = view.get::<DurationRow>(&trends::durations(id, task))? else { return Ok(None) };
    let sums = row.sums(period.today, limits::PERIOD_DAYS);
    if sums.good == 0 && sums.failed == 0 {
        return Ok(None);
    }
    let whole: DurationRow = match task {
        "" => DurationRow::default(),
        _ => view.get(&trends::durations(id, ""))?.unwrap_or_default(),
    };
    let trend = Trend::of(&row.ran);
    Ok(Some(TaskFacts {
        pipeline: Some(id),
        subject: subject_of(&known.alias, task),
        task: task.to_owned(),
        sums,
        trend,
        spent: spent_on_task(view, id, task, period)?,
        pipeline_median: Trend::of(&whole.ran).recent.map_or(0, |recent| recent.median),
        row,
    }))
}

/// `alias/task`, or the alias.
pub(super) fn subject_of(alias: &str, task: &str) -> String {
    if task.is_empty() { alias.to_owned() } else { format!("{alias}/{task}") }
}

/// What was spent on a task, by currency.
pub(super) fn spent_on_task(
    view: &View<'_>,
    pipeline: PipelineId,
    task: &str,
    period: Period,
) -> Result<Vec<(String, SpendDay)>, Refusal> {
    let prefix = match task {
        "" => savings::spent_on_pipeline(pipeline),
        task => savings::spent_on_task(pipeline, task),
    };
    let mut by_currency = std::collections::BTreeMap::<String, SpendDay>::new();
    for row in view.store.scan(&prefix, None).take(limits::SPENDING_ROWS_MAX) {
        let (key, bytes) = row?;
        let row: SpendRow = rows::read(&key, &bytes)?;
        let sums = row.sums(period.today, limits::PERIOD_DAYS);
        let sum = by_currency.entry(row.currency).or_default();
        sum.micros = sum.micros.saturating_add(sums.micros);
        sum.wasted = sum.wasted.saturating_add(sums.wasted);
        sum.times = sum.times.saturating_add(sums.times);
    }
    Ok(by_currency.into_iter().collect())
}

/// What was spent on an asset in one currency, and how much it is used.
#[derive(Clone, Debug, Default)]
pub(super) struct AssetFacts {
    pub(super) key: String,
    pub(super) currency: String,
    /// Of the period: money, and attempts that cost it.
    pub(super) spent: SpendDay,
    /// Who spends it: pipeline (16 bytes; empty = none of ours), task, last run (16 bytes; empty = none), record.
    pub(super) by: Vec<(Vec<u8>, String, Vec<u8>, u64)>,
    /// Reports of the period that use it.
    pub(super) uses: u64,
    /// Of all times; 0 = never.
    pub(super) last_used_at: i64,
    pub(super) first_seen_at: i64,
}

/// `None`: nothing was spent on it in the period.
pub(super) fn asset(
    view: &View<'_>,
    subject: &[u8],
    currency: &str,
    period: Period,
) -> Result<Option<AssetFacts>, Refusal> {
    let Ok(at) = Node::try_from(subject) else { return Ok(None) };
    let mut facts = AssetFacts { currency: currency.to_owned(), ..AssetFacts::default() };
    for row in spent_on_asset(view, at)?.into_iter().filter(|row| row.currency == currency) {
        let sums = row.sums(period.today, limits::PERIOD_DAYS);
        facts.spent.micros = facts.spent.micros.saturating_add(sums.micros);
        facts.spent.times = facts.spent.times.saturating_add(sums.times);
        facts.by.push((row.pipeline.clone(), row.task.clone(), row.last_run().to_vec(), row.sequence));
        facts.key = row.asset;
    }
    if facts.spent.micros <= 0 {
        return Ok(None);
    }
    // It may have become known since that it goes by another name: whoever reads it there reads it too.
    facts.key = aliases::meant(&facts.key, |row| view.store.get(row))?;
    let known: Option<wire::Asset> = known(view.get(&keys::asset(&facts.key))?);
    facts.first_seen_at = known.map_or(period.to, |known| known.first_seen_at);
    let mut names = aliases::known(&facts.key, view.store)?;
    names.push(facts.key.clone());
    for name in names {
        let Some(row) = view.get::<UsageRow>(&quality::usage(node(&name)))? else { continue };
        facts.last_used_at = facts.last_used_at.max(row.shown.last_used_at);
        let first = period.today.saturating_sub(limits::PERIOD_DAYS);
        let days = row.shown.days.iter().filter(|used| i32::try_from(used.day).is_ok_and(|day| day > first));
        facts.uses += days.map(|used| u64::from(used.uses)).sum::<u64>();
    }
    Ok(Some(facts))
}

/// Everybody who spends on an asset.
pub(super) fn spent_on_asset(view: &View<'_>, asset: Node) -> Result<Vec<SpendRow>, Refusal> {
    let mut found = Vec::new();
    for row in view.store.scan(&savings::spent_on_asset(asset), None).take(limits::SPENDING_ROWS_MAX) {
        let (key, bytes) = row?;
        found.push(rows::read(&key, &bytes)?);
    }
    Ok(found)
}
