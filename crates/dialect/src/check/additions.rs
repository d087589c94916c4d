//! From `meta.downbeat` to typed additions; the checks have passed.

use std::collections::BTreeMap;

use jiff::{Span, SpanRelativeTo};

use super::{
    access, assets,
    build::{list_of, map_of, schedule_with, sensor},
    declared, event_triggers, options,
};
use crate::{
    BudgetRule, GroupAdditions, PipelineAdditions, PoolUse, RetryDelay, Schedule, TaskAdditions,
    cron::Cron,
    yaml::{Kind, Node},
};

pub(super) fn of_pipeline(root: &Node) -> Option<PipelineAdditions> {
    let Some(ours) = ours(root) else { return Some(PipelineAdditions::default()) };
    Some(PipelineAdditions {
        schedules: list_of(ours, "schedules", |node| {
            let schedule = schedule_with(node, "unix_cron", Cron::parse_unix)?;
            Some(Schedule { options: options::of(node)?, ..schedule })
        })?,
        triggers: event_triggers::of(ours)?,
        asset_triggers: assets::triggers_of(ours)?,
        freshness: assets::freshness_of(ours)?,
        deadlines: assets::deadlines_of(ours)?,
        sensors: map_of(ours, "sensors", sensor)?,
        timeout_ms: limit(ours.get("timeout"))?,
        priority: optional(ours.get("priority"), whole)?,
        owner: ours.get_text("owner").map(str::to_owned),
        labels: access::labels_of(ours)?,
        budget: optional(ours.get("budget"), budget)?,
        cancel_running: cancels_running(ours),
    })
}

pub(super) fn of_group(group: &Node) -> Option<GroupAdditions> {
    let Some(ours) = ours(group) else { return Some(GroupAdditions::default()) };
    Some(GroupAdditions { priority: optional(ours.get("priority"), whole)? })
}

pub(super) fn of_task(task: &Node) -> Option<TaskAdditions> {
    let Some(ours) = ours(task) else { return Some(TaskAdditions::default()) };
    Some(TaskAdditions {
        retry: optional(ours.get("retry"), retry)?,
        pool: optional(ours.get("pool"), pool)?,
        priority: optional(ours.get("priority"), whole)?,
        worker_labels: optional(ours.get("worker"), labels)?.unwrap_or_default(),
        wait: optional(ours.get("wait"), truth)?,
        owner: ours.get_text("owner").map(str::to_owned),
        reads: declared::keys_of(ours, "reads")?,
        writes: declared::keys_of(ours, "writes")?,
        approval_expires_ms: limit(ours.get("approval").and_then(|approval| approval.get("expires")))?,
    })
}

/// What stands under `meta.downbeat`, if anything does.
pub(super) fn ours(owner: &Node) -> Option<&Node> {
    owner.get("meta").and_then(|meta| meta.get("downbeat"))
}

/// Whether the additions of a pipeline ask for our fourth answer to a run that finds no free slot.
pub(super) fn cancels_running(ours: &Node) -> bool {
    ours.get("concurrency").and_then(|concurrency| concurrency.get_text("on_limit")) == Some("CANCEL_RUNNING")
}

/// A duration in milliseconds; a day has 24 hours.
pub(super) fn milliseconds(node: &Node) -> Option<u64> {
    let span: Span = node.text()?.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    u64::try_from(duration.as_millis()).ok()
}

/// What is absent is fine; what is there and cannot be read is not.
fn optional<T>(node: Option<&Node>, read: fn(&Node) -> Option<T>) -> Option<Option<T>> {
    node.map_or(Some(None), |node| read(node).map(Some))
}

/// A duration in milliseconds; one of nothing is no limit, as a `timeout` of 0 is none in the configuration.
fn limit(node: Option<&Node>) -> Option<Option<u64>> {
    optional(node, milliseconds).map(|found| found.filter(|duration| *duration > 0))
}

/// A whole number of 32 bits, written with or without a point.
pub(super) fn whole<T: TryFrom<i64>>(node: &Node) -> Option<T> {
    match node.kind {
        Kind::Integer(whole) => T::try_from(whole).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "there is no fraction, and the check against 32 bits follows"
        )]
        Kind::Decimal(decimal) if decimal.fract() == 0.0 => T::try_from(decimal as i64).ok(),
        _ => None,
    }
}

fn truth(node: &Node) -> Option<bool> {
    if let Kind::Bool(flag) = node.kind { Some(flag) } else { None }
}

fn budget(node: &Node) -> Option<BudgetRule> {
    let percents = |node: &Node| node.items().iter().map(whole).collect::<Option<Vec<u32>>>();
    let mut alert_at = optional(node.get("alert_at"), percents)?.unwrap_or_else(|| vec![100]);
    alert_at.sort_unstable();
    alert_at.dedup();
    Some(BudgetRule {
        amount: node.get_text("amount")?.to_owned(),
        currency: node.get_text("currency")?.to_owned(),
        period: node.get_text("period")?.to_owned(),
        timezone: node.get_text("timezone").unwrap_or("UTC").to_owned(),
        alert_at,
        enforce: optional(node.get("enforce"), truth)?.unwrap_or(false),
        span: node.span,
    })
}

fn pool(node: &Node) -> Option<PoolUse> {
    let slots = optional(node.get("slots"), whole)?.unwrap_or(1);
    Some(PoolUse { name: node.get_text("name")?.to_owned(), slots })
}

fn labels(node: &Node) -> Option<BTreeMap<String, String>> {
    node.entries().iter().map(|entry| Some((entry.key.clone(), entry.value.text()?.to_owned()))).collect()
}

fn retry(node: &Node) -> Option<RetryDelay> {
    let jitter = match node.get("jitter").map(|node| &node.kind) {
        #[expect(clippy::cast_precision_loss, reason = "it is 0 or 1")]
        Some(Kind::Integer(whole)) => *whole as f64,
        Some(Kind::Decimal(part)) => *part,
        _ => 0.0,
    };
    Some(RetryDelay {
        delay_ms: milliseconds(node.get("delay")?)?,
        exponential: node.get_text("backoff") == Some("exponential"),
        max_delay_ms: optional(node.get("max_delay"), milliseconds)?,
        jitter,
    })
}
