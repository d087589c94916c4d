//! What `meta.downbeat` says, in one form for everything that means the same: `PT60S` is `PT1M`, and one slot is the default.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{
    ChangeKind,
    collect::{Collector, Kinds, pairs},
    values::object,
};
use crate::{BudgetRule, Deadline, FreshnessRule, GroupAdditions, PipelineAdditions, TaskAdditions};

/// Under `meta`, together with the notes of the user; nothing where nothing is said.
pub(super) fn beside_notes(notes: &Map<String, Value>, additions: Map<String, Value>) -> Map<String, Value> {
    let mut meta = notes_of(notes);
    if !additions.is_empty() {
        meta.insert("downbeat".to_owned(), Value::Object(additions));
    }
    meta
}

/// What stands under `meta` besides our additions.
pub(super) fn notes_of(meta: &Map<String, Value>) -> Map<String, Value> {
    let theirs = meta.iter().filter(|(name, _)| *name != "downbeat");
    theirs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Without the schedules and the triggers.
pub(super) fn of_pipeline(additions: &PipelineAdditions) -> Map<String, Value> {
    object([
        ("timeout", additions.timeout_ms.map(duration)),
        ("freshness", list(additions.freshness.iter().map(freshness))),
        ("deadlines", list(additions.deadlines.iter().map(deadline))),
        ("priority", additions.priority.map(Value::from)),
        ("owner", additions.owner.as_ref().map(|owner| json!(owner))),
        ("labels", list(additions.labels.iter().map(|label| json!(label)))),
        ("budget", additions.budget.as_ref().map(budget)),
        ("concurrency", additions.cancel_running.then(|| json!({"on_limit": "CANCEL_RUNNING"}))),
    ])
}

fn list(items: impl Iterator<Item = Value>) -> Option<Value> {
    let items: Vec<Value> = items.collect();
    (!items.is_empty()).then_some(Value::Array(items))
}

fn budget(rule: &BudgetRule) -> Value {
    json!({
        "amount": rule.amount, "currency": rule.currency, "period": rule.period, "timezone": rule.timezone,
        "alert_at": rule.alert_at, "enforce": rule.enforce,
    })
}

fn freshness(rule: &FreshnessRule) -> Value {
    json!({"name": rule.name, "asset": rule.asset, "max_age": duration(rule.max_age_ms)})
}

fn deadline(deadline: &Deadline) -> Value {
    let schedule = &deadline.schedule;
    let key = if deadline.unix { "unix_cron" } else { "cron" };
    let exclude = &schedule.exclude;
    Value::Object(object([
        ("name", Some(json!(deadline.name))),
        (key, Some(json!(schedule.cron.to_string()))),
        ("timezone", Some(json!(schedule.timezone))),
        ("within", Some(duration(deadline.within_ms))),
        ("exclude", (!exclude.is_empty()).then(|| json!(exclude))),
        ("paused", schedule.options.paused.then(|| json!(true))),
    ]))
}

pub(super) fn of_group(additions: &GroupAdditions) -> Map<String, Value> {
    object([("priority", additions.priority.map(Value::from))])
}

pub(super) fn of_task(additions: &TaskAdditions) -> Map<String, Value> {
    let retry = additions.retry.as_ref().map(|retry| {
        Value::Object(object([
            ("delay", Some(duration(retry.delay_ms))),
            ("backoff", retry.exponential.then(|| json!("exponential"))),
            ("max_delay", retry.max_delay_ms.map(duration)),
            ("jitter", (retry.jitter != 0.0).then(|| json!(retry.jitter))),
        ]))
    });
    let pool = additions.pool.as_ref().map(|pool| json!({"name": pool.name, "slots": pool.slots}));
    let labels = &additions.worker_labels;
    object([
        ("retry", retry),
        ("pool", pool),
        ("priority", additions.priority.map(Value::from)),
        ("worker", (!labels.is_empty()).then(|| json!(labels))),
        ("owner", additions.owner.as_ref().map(|owner| json!(owner))),
        // To wait is what an absent one means.
        ("wait", additions.wait.filter(|wait| !wait).map(Value::from)),
        ("reads", keys(&additions.reads)),
        ("writes", keys(&additions.writes)),
        ("approval", additions.approval_expires_ms.map(|expires| json!({"expires": duration(expires)}))),
    ])
}

/// Keys of assets, in whichever order they are written.
fn keys(keys: &[String]) -> Option<Value> {
    list(keys.iter().collect::<BTreeSet<_>>().into_iter().map(|key| json!(key)))
}

pub(super) fn duration(milliseconds: u64) -> Value {
    json!(SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX)).to_string())
}

impl Collector {
    /// What stands under `meta.downbeat` of the pipeline (at an empty path), of a task or of a group.
    pub(super) fn additions(&mut self, path: &[&str], old: &Map<String, Value>, new: &Map<String, Value>) {
        for (name, old, new) in pairs(old, new) {
            let path = [path, &["meta", "downbeat", name]].concat();
            self.compare(&path, Kinds::all(ChangeKind::ConfigurationChanged), old, new);
        }
    }
}
