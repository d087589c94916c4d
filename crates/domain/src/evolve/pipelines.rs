//! Versions of pipelines: which is current, which stand beside it.

use std::sync::Arc;

use super::{look_at_backfills, look_at_lanes, sensors};
use crate::{
    event::PipelineApplied,
    id::PipelineId,
    state::{Beside, Partition, PipelineState, Version, carried},
    storage::PipelineStorage,
};

pub(super) fn apply(partition: &mut Partition, applied: &PipelineApplied) {
    set_current(partition, applied, Version::new(applied));
    if let Some(state) = partition.pipelines.get_mut(&applied.pipeline) {
        take_note(state, applied);
    }
}

/// The current version stays; where there was none, or it was deleted, there is none.
pub(super) fn draft(partition: &mut Partition, drafted: &PipelineApplied) {
    if partition.pipelines.get(&drafted.pipeline).is_none_or(|state| state.deleted) {
        set_current(partition, drafted, Version::none(&drafted.name));
    }
    let Some(state) = partition.pipelines.get_mut(&drafted.pipeline) else { return };
    take_note(state, drafted);
    let version = Version::new(drafted);
    if state.version == 0 {
        // Until one is applied, the newest draft says what it is called.
        state.name = Arc::clone(&version.name);
    }
    keep(state, version);
}

pub(super) fn recall(partition: &mut Partition, recalled: &PipelineApplied) {
    if let Some(state) = partition.pipelines.get_mut(&recalled.pipeline).filter(|it| recalled.version <= it.latest) {
        keep(state, Version::new(recalled));
    }
}

fn keep(state: &mut PipelineState, version: Version) {
    if version.number != 0 && version.number != state.version {
        state.beside.keep(version);
    }
}

fn take_note(state: &mut PipelineState, stored: &PipelineApplied) {
    state.latest = state.latest.max(stored.version);
    if stored.storage.is_some() {
        state.storage.clone_from(&stored.storage);
    }
}

fn set_current(partition: &mut Partition, stored: &PipelineApplied, version: Version) {
    let (id, plan) = (stored.pipeline, &version.plan.plan);
    let before = partition.pipelines.remove(&id);
    let plan_before = before.as_ref().map(|before| &before.plan.plan);
    partition.followers.replace(id, plan_before, Some(plan));
    let asked_before = plan_before.filter(|_| before.as_ref().is_some_and(|before| !before.deleted));
    partition.asset_listeners.replace(id, asked_before, Some(plan));
    if let Some(before) = before.as_ref().filter(|before| !before.deleted) {
        partition.listeners.remove(id, &before.plan.plan);
    }
    partition.listeners.add(id, plan);
    let state = match before {
        Some(mut before) => {
            sensors::carry(&mut before, plan);
            before.assets.carry(&before.plan.plan, plan);
            before.alerts.carry(plan);
            before.triggers = carried(before.triggers, &before.plan.plan, plan);
            PipelineState {
                alias: stored.alias.clone(),
                name: Arc::clone(&version.name),
                version: version.number,
                digest: version.digest,
                source_root: Arc::clone(&version.source_root),
                plan: Arc::clone(&version.plan),
                deleted: false,
                ..before
            }
        }
        None => PipelineState {
            alias: stored.alias.clone(),
            name: Arc::clone(&version.name),
            version: version.number,
            latest: version.number,
            beside: Beside::default(),
            storage: None,
            digest: version.digest,
            source_root: Arc::clone(&version.source_root),
            plan: Arc::clone(&version.plan),
            watermarks: Default::default(),
            triggers: Default::default(),
            windows: Default::default(),
            assets: Default::default(),
            alerts: Default::default(),
            ends: Default::default(),
            paused: None,
            deleted: false,
        },
    };
    partition.pipelines.insert(id, state);
    crate::cost::set_budget_of(partition, id, plan.budget.as_ref());
    // The limit may be another one.
    look_at_lanes(partition, id);
    look_at_backfills(partition, id);
}

pub(super) fn set_storage(partition: &mut Partition, pipeline: PipelineId, storage: &PipelineStorage) {
    if let Some(state) = partition.pipelines.get_mut(&pipeline) {
        state.storage = Some(storage.clone());
    }
}
